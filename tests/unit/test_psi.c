/*
 * Sections, PAT and PMT.
 */
#include "media/psi.h"

#include "ts_build.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define PMT_PID 0x1000

static struct ts_build build;
static struct psi_program last;
static unsigned int changes;

static const struct ts_build_program one_program[] = {{0, 0x10}, {7, PMT_PID}};
static const struct ts_build_stream av[] = {{PSI_H264, 0x100}, {PSI_AAC_ADTS, 0x101}};

static void take_program(void *context, const struct psi_program *program)
{
	(void)context;
	last = *program;
	changes++;
}

static int setup(void **state)
{
	struct psi *psi;

	memset(&build, 0, sizeof(build));
	memset(&last, 0, sizeof(last));
	changes = 0;
	if (psi_create(&psi, take_program, NULL) < 0)
		return -1;
	*state = psi;
	return 0;
}

static int teardown(void **state)
{
	psi_destroy(*state);
	return 0;
}

/* Push what was built, as far as it is wanted, and start anew. */
static void push(struct psi *psi)
{
	for (size_t i = 0; i < build.count; i++) {
		const uint8_t *packet = ts_build_packet(&build, i);

		if (psi_wants(psi, ts_get_pid(packet)))
			psi_push(psi, packet);
	}
	ts_build_clear(&build);
}

static void test_first_program(void **state)
{
	struct psi *psi = *state;

	assert_true(psi_wants(psi, 0));
	assert_false(psi_wants(psi, PMT_PID));
	ts_build_pat(&build, 0, one_program, 2);
	push(psi);
	assert_true(psi_wants(psi, PMT_PID));
	assert_int_equal(changes, 0);
	ts_build_pmt(&build, PMT_PID, 7, 0, av, 2);
	ts_build_pmt(&build, PMT_PID, 7, 0, av, 2);
	push(psi);
	assert_int_equal(changes, 1);
	assert_int_equal(last.number, 7);
	assert_int_equal(last.pcr_pid, 0x100);
	assert_int_equal(last.stream_count, 2);
	assert_int_equal(last.streams[1].type, PSI_AAC_ADTS);
	assert_int_equal(last.streams[1].pid, 0x101);
}

/* The wire bytes of a PAT and a PMT as ffmpeg writes them, CRC included. */
static void test_wire(void **state)
{
	static const uint8_t pat[] = {0x00, 0x00, 0xb0, 0x0d, 0x00, 0x01, 0xc1, 0x00, 0x00,
	                              0x00, 0x01, 0xf0, 0x00, 0x2a, 0xb1, 0x04, 0xb2};
	static const uint8_t pmt[] = {0x00, 0x02, 0xb0, 0x17, 0x00, 0x01, 0xc1, 0x00, 0x00,
	                              0xe1, 0x00, 0xf0, 0x00, 0x1b, 0xe1, 0x00, 0xf0, 0x00,
	                              0x0f, 0xe1, 0x01, 0xf0, 0x00, 0x2f, 0x44, 0xb9, 0x9b};

	ts_build_add(&build, 0, true, pat, sizeof(pat));
	ts_build_add(&build, PMT_PID, true, pmt, sizeof(pmt));
	push(*state);
	assert_int_equal(changes, 1);
	assert_int_equal(last.stream_count, 2);
}

static void test_pmt_changes(void **state)
{
	static const struct ts_build_stream other[] = {{PSI_HEVC, 0x200}};

	ts_build_pat(&build, 0, one_program, 2);
	ts_build_pmt(&build, PMT_PID, 7, 0, av, 2);
	/* a new version of the same content, then other content in the same version */
	ts_build_pmt(&build, PMT_PID, 7, 1, av, 2);
	push(*state);
	assert_int_equal(changes, 1);
	ts_build_pmt(&build, PMT_PID, 7, 1, other, 1);
	push(*state);
	assert_int_equal(changes, 2);
	assert_int_equal(last.streams[0].pid, 0x200);
}

static void test_pat_changes(void **state)
{
	static const struct ts_build_program moved[] = {{9, 0x1100}, {7, 0x1200}};
	static const struct ts_build_program gone[] = {{9, 0x1100}};
	struct psi *psi = *state;

	ts_build_pat(&build, 0, one_program, 2);
	ts_build_pmt(&build, PMT_PID, 7, 0, av, 2);
	ts_build_pat(&build, 1, moved, 2);
	push(psi);
	assert_false(psi_wants(psi, PMT_PID));
	assert_true(psi_wants(psi, 0x1200));
	ts_build_pmt(&build, 0x1200, 7, 0, av, 2);
	push(psi);
	assert_int_equal(changes, 1); /* the same program elsewhere */
	ts_build_pat(&build, 2, gone, 1);
	ts_build_pmt(&build, 0x1100, 9, 0, av, 2);
	push(psi);
	assert_int_equal(changes, 2);
	assert_int_equal(last.number, 9);
}

static void test_rejected(void **state)
{
	struct psi *psi = *state;
	uint8_t *packet;

	/* bad CRC */
	ts_build_pat(&build, 0, one_program, 2);
	ts_build_packet(&build, 0)[TS_PACKET_BYTES - 1] ^= 1;
	push(psi);
	assert_false(psi_wants(psi, PMT_PID));
	/* transport error, scrambled, no payload: as if they were not there */
	for (int i = 0; i < 3; i++) {
		static const uint8_t bits[][2] = {{1, 0x80}, {3, 0x40}, {3, 0x00}};

		ts_build_pat(&build, 0, one_program, 2);
		packet = ts_build_packet(&build, 0);
		packet[bits[i][0]] |= bits[i][1];
		if (i == 2)
			packet[3] &= 0x2f;
		push(psi);
		assert_false(psi_wants(psi, PMT_PID));
	}
	/* another program's PMT on our PID */
	ts_build_pat(&build, 0, one_program, 2);
	ts_build_pmt(&build, PMT_PID, 8, 0, av, 2);
	push(psi);
	assert_true(psi_wants(psi, PMT_PID));
	assert_int_equal(changes, 0);
}

/* Lengths in the PMT that exceed the section, under a right CRC. */
static void test_lengths_that_lie(void **state)
{
	static const uint8_t bodies[][14] = {
		{0, 7, 0xc1, 0, 0, 0xe1, 0, 0xff, 0xff, 0x1b, 0xe1, 0x00, 0xf0, 0x00},
		{0, 7, 0xc1, 0, 0, 0xe1, 0, 0xf0, 0x00, 0x1b, 0xe1, 0x00, 0xff, 0xff},
	};

	ts_build_pat(&build, 0, one_program, 2);
	for (size_t i = 0; i < 2; i++)
		ts_build_section(&build, PMT_PID, 0x02, bodies[i], sizeof(bodies[i]));
	/* sections with nothing in them */
	for (size_t size = 0; size < 9; size++)
		ts_build_section(&build, PMT_PID, 0x02, bodies[0], size);
	push(*state);
	assert_int_equal(changes, 2);
	assert_int_equal(last.stream_count, 1);
}

/* Packets whose adaptation or pointer field points out of them. */
static void test_pointers_out_of_packet(void **state)
{
	uint8_t payload[184];

	memset(payload, 0xff, sizeof(payload));
	ts_build_add(&build, 0, true, payload, sizeof(payload));
	for (unsigned int length = 180; length < 256; length++) {
		ts_build_add(&build, 0, true, payload, 10);
		ts_build_packet(&build, build.count - 1)[4] = (uint8_t)length;
	}
	push(*state);
	assert_int_equal(changes, 0);
}

/* As many as a section has room for: the last one may be the video. */
static void test_many_streams(void **state)
{
	struct ts_build_stream streams[PSI_MAX_STREAMS];

	for (uint16_t i = 0; i < PSI_MAX_STREAMS; i++)
		streams[i] = (struct ts_build_stream){PSI_PRIVATE_PES, (uint16_t)(0x100 + i)};
	streams[PSI_MAX_STREAMS - 1].type = PSI_H264;
	ts_build_pat(&build, 0, one_program, 2);
	ts_build_pmt(&build, PMT_PID, 7, 0, streams, PSI_MAX_STREAMS); /* over six TS packets */
	push(*state);
	assert_int_equal(changes, 1);
	assert_int_equal(last.stream_count, 201);
	assert_int_equal(last.streams[200].type, PSI_H264);
}

static void test_reset_drops_half_a_section(void **state)
{
	struct ts_build_stream streams[60];
	struct psi *psi = *state;

	for (uint16_t i = 0; i < 60; i++)
		streams[i] = (struct ts_build_stream){PSI_PRIVATE_PES, (uint16_t)(0x100 + i)};
	ts_build_pat(&build, 0, one_program, 2);
	push(psi);
	ts_build_pmt(&build, PMT_PID, 7, 0, streams, 60);
	psi_push(psi, ts_build_packet(&build, 0));
	psi_reset(psi);
	psi_push(psi, ts_build_packet(&build, 1));
	assert_int_equal(changes, 0);
}

static void test_garbage(void **state)
{
	uint8_t packet[TS_PACKET_BYTES];

	srand(1);
	ts_build_pat(&build, 0, one_program, 2);
	push(*state);
	for (int i = 0; i < 20000; i++) {
		for (size_t j = 0; j < sizeof(packet); j++)
			packet[j] = (uint8_t)rand();
		packet[0] = TS_SYNC_BYTE;
		packet[1] &= 0x40;
		packet[2] = 0;
		if (i % 2)
			packet[1] |= PMT_PID >> 8;
		psi_push(*state, packet);
	}
}

/* Private data is of the codec that its descriptors tell; languages are in lower case, or none. */
static void test_descriptors(void **state)
{
	static const uint8_t body[] = {
		0,    7,    0xc1, 0,    0,    0xe1, 0x00, 0xf0, 0,    0x06, 0xe1, 0x00,
		0xf0, 9,    0x0a, 4,    'F',  'R',  'A',  0,    0x6a, 1,    0, /* DVB AC-3 */
		0x06, 0xe1, 0x01, 0xf0, 3,    0x7a, 1,    0,                   /* DVB E-AC-3 */
		0x06, 0xe1, 0x02, 0xf0, 6,    0x05, 4,    'A',  'C',  '-',  '3',  0x06,
		0xe1, 0x03, 0xf0, 6,    0x05, 4,    'H',  'E',  'V',  'C',  0x06, 0xe1,
		0x04, 0xf0, 3,    0x59, 1,    0, /* subtitles */
		0x0f, 0xe1, 0x05, 0xf0, 6,    0x0a, 4,    'e',  0,    'g',  0,    0x0f,
		0xe1, 0x06, 0xf0, 4,    0x0a, 9,    'e',  'n', /* longer than its loop */
	};
	static const uint8_t types[] = {PSI_AC3,         PSI_EAC3,     PSI_AC3,     PSI_HEVC,
	                                PSI_PRIVATE_PES, PSI_AAC_ADTS, PSI_AAC_ADTS};

	ts_build_pat(&build, 0, one_program, 2);
	ts_build_section(&build, PMT_PID, 0x02, body, sizeof(body));
	push(*state);
	push(*state);
	assert_int_equal(last.stream_count, 7);
	for (size_t i = 0; i < 7; i++)
		assert_int_equal(last.streams[i].type, types[i]);
	assert_string_equal(last.streams[0].language, "fra");
	assert_string_equal(last.streams[5].language, "");
	assert_string_equal(last.streams[6].language, "");
}

static void test_chosen_program(void **state)
{
	static const struct ts_build_program two[] = {{7, PMT_PID}, {9, 0x1001}};
	static const struct ts_build_stream other[] = {{PSI_HEVC, 0x200}};

	psi_set_program(*state, 9);
	ts_build_pat(&build, 0, two, 2);
	push(*state);
	ts_build_pmt(&build, PMT_PID, 7, 0, av, 2);
	ts_build_pmt(&build, 0x1001, 9, 0, other, 1);
	push(*state);
	assert_int_equal(changes, 1);
	assert_int_equal(last.number, 9);
	psi_set_program(*state, 9);
	assert_int_equal(changes, 1);
	psi_set_program(*state, 0);
	assert_int_equal(changes, 2);
	assert_int_equal(last.stream_count, 0);
	ts_build_pat(&build, 0, two, 2);
	push(*state);
	ts_build_pmt(&build, PMT_PID, 7, 0, av, 2);
	push(*state);
	assert_int_equal(last.number, 7);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_first_program),
		TEST(test_wire),
		TEST(test_pmt_changes),
		TEST(test_pat_changes),
		TEST(test_rejected),
		TEST(test_lengths_that_lie),
		TEST(test_pointers_out_of_packet),
		TEST(test_many_streams),
		TEST(test_reset_drops_half_a_section),
		TEST(test_garbage),
		TEST(test_descriptors),
		TEST(test_chosen_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
