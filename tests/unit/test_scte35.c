/*
 * SCTE-35 sections: the published examples and what they mean, commands and descriptors that they lack, hostile bytes.
 */
#include "media/scte35.h"

#include "scte35_vectors.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static uint8_t data[VECTOR_MAX_BYTES];
static struct scte35_section section;

static void parse(const char *vector)
{
	const size_t size = vector_decode(vector, data);

	assert_int_equal(scte35_parse(&section, data, size), 0);
}

struct segment {
	uint32_t id;
	uint8_t type, num, expected;
	uint64_t duration; /* 0: none */
	uint64_t upid;     /* of 8 bytes, or 0 */
};

static const struct {
	const char *vector;
	uint64_t pts;
	struct segment segments[3];
} signals[] = {
	{CUE_PO_START, 0x072bd0050, {{0x4800008e, 0x34, 2, 0, 0x1a599b0, 0x2ca0a18a}}},
	{CUE_PO_END, 0x0746290a0, {{0x4800008e, 0x35, 2, 0, 0, 0x2ca0a18a}}},
	{CUE_PROGRAM_SEAM,
         0x07a4d88b6,
         {{0x48000018, 0x11, 0, 0, 0, 0x2ccbc344}, {0x48000019, 0x10, 0, 0, 0, 0x2ca4dba0}}},
	{CUE_PROGRAM_OVERLAP, 0x0aebfff64, {{0x48000008, 0x17, 0, 0, 0, 0x2ca56cf5}}},
	{CUE_BLACKOUT,
         0x0932e380b,
         {{0x4800000a, 0x18, 0, 0, 0, 0x2ca0a1e3}, {0x48000009, 0x11, 0, 0, 0, 0x2ca0a18a}}},
	{CUE_PROGRAM_END, 0x0aef17c4c, {{0x48000007, 0x11, 0, 0, 0, 0x2ca56c97}}},
	{CUE_THREE,
         0x0a8cd44ed,
         {{0x480000ad, 0x35, 2, 0, 0, 0x2cb2d79d},
          {0x48000026, 0x11, 0, 0, 0, 0x2cb2d79d},
          {0x48000027, 0x10, 0, 0, 0, 0x2cb2d7b3}}},
	{CUE_PTS_33_BITS,
         7316880262,
         {{1073742098, 0x35, 0, 0, 0, 791755781}, {1073741893, 0x23, 0, 0, 0, 791755998}}},
	{CUE_MID, 4294967296, {{2, 0x37, 1, 3, 0, 0}}},
	{CUE_LENGTH_FFF, 3550479013, {{39965, 0x31, 1, 1, 10800000, 0}}},
	{CUE_NOT_CUEI, 4742663042, {{4294967295, 0x31, 10, 1, 1347087, 0}}},
};

static void check_segment(const struct segment *want, const struct scte35_segmentation *have)
{
	assert_int_equal(have->event_id, want->id);
	assert_false(have->cancel);
	assert_int_equal(have->type, want->type);
	assert_int_equal(have->segment_num, want->num);
	assert_int_equal(have->segments_expected, want->expected);
	assert_int_equal(have->has_duration, want->duration != 0);
	assert_int_equal(have->duration, want->duration);
	assert_true(have->program);
	assert_false(have->has_sub_segments);
	if (want->upid) {
		assert_int_equal(have->upid_type, 8);
		assert_int_equal(have->upid_size, 8);
		assert_int_equal(load_be32(have->upid), want->upid >> 32);
		assert_int_equal(load_be32(have->upid + 4), want->upid & 0xffffffff);
	}
}

static void test_time_signals(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		struct scte35_descriptor descriptor;
		struct scte35_segmentation segmentation;
		struct byte_reader loop;
		size_t found = 0;

		parse(signals[i].vector);
		assert_int_equal(section.command, SCTE35_TIME_SIGNAL);
		assert_string_equal(scte35_command_name(section.command), "time_signal");
		assert_true(section.time.specified);
		assert_int_equal(section.time.pts, signals[i].pts);
		assert_int_equal(section.pts_adjustment, 0);
		assert_int_equal(section.tier, 0xfff);
		assert_int_equal(section.sap_type, 3);
		assert_false(section.encrypted);
		loop = section.descriptors;
		while (scte35_next_descriptor(&loop, &descriptor)) {
			if (!scte35_get_segmentation(&descriptor, &segmentation))
				continue;
			assert_true(found < 3);
			check_segment(&signals[i].segments[found++], &segmentation);
		}
		assert_true(found == 3 || signals[i].segments[found].id == 0);
		assert_true(found > 0);
	}
}

static void test_restrictions(void **state)
{
	struct scte35_descriptor descriptor;
	struct scte35_segmentation s;

	(void)state;
	parse(CUE_PO_START);
	assert_true(scte35_next_descriptor(&section.descriptors, &descriptor));
	assert_true(scte35_get_segmentation(&descriptor, &s));
	assert_true(s.restricted && s.no_regional_blackout && s.archive_allowed);
	assert_false(s.web_allowed);
	assert_int_equal(s.device_restrictions, 3);
	parse(CUE_PO_END);
	assert_true(scte35_next_descriptor(&section.descriptors, &descriptor));
	assert_true(scte35_get_segmentation(&descriptor, &s));
	assert_true(s.restricted && s.web_allowed);
	parse(CUE_LENGTH_FFF);
	assert_true(scte35_next_descriptor(&section.descriptors, &descriptor));
	assert_true(scte35_get_segmentation(&descriptor, &s));
	assert_false(s.restricted);
	assert_int_equal(s.upid_type, 0x0c);
	assert_int_equal(s.upid_size, 16);
	assert_memory_equal(s.upid, "DISCYMWF0452000H", 16);
}

static void test_splice_inserts(void **state)
{
	static const struct {
		const char *vector;
		uint32_t id;
		bool out, immediate;
		uint64_t pts, adjusted, duration;
		uint16_t program;
		uint8_t expected;
	} inserts[] = {
		{CUE_SPLICE_INSERT, 0x4800008f, true, false, 0x7369c02e, 0x7369c02e, 0x52ccf5, 0,
	         0},
		{CUE_DTMF, 1073776558, true, false, 3490025771, 3490025771, 5400000, 45, 127},
		{CUE_AVAIL, 31230, true, false, 1122420281, 1122420281, 0, 0, 0},
		{CUE_STUFFED, 1644171239, false, true, 0, 0, 0, 9, 0},
		{CUE_ADJUSTED_OUT, 0x2c9182, true, false, 0x312c0f71, 0x8407f571, 5400000, 0, 0},
		{CUE_ADJUSTED_IN, 0x2c9184, false, false, 0x317ef3dc, 0x845ad9dc, 0, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(inserts) / sizeof(inserts[0]); i++) {
		const struct scte35_splice *insert = &section.insert;

		parse(inserts[i].vector);
		assert_int_equal(section.command, SCTE35_INSERT);
		assert_int_equal(insert->event_id, inserts[i].id);
		assert_false(insert->cancel);
		assert_int_equal(insert->out_of_network, inserts[i].out);
		assert_int_equal(insert->immediate, inserts[i].immediate);
		assert_true(insert->program);
		assert_int_equal(insert->time.specified, !inserts[i].immediate);
		assert_int_equal(insert->time.pts, inserts[i].pts);
		if (insert->time.specified)
			assert_int_equal(scte35_adjust(&section, insert->time.pts),
			                 inserts[i].adjusted);
		assert_int_equal(insert->has_duration, inserts[i].duration != 0);
		assert_int_equal(insert->duration, inserts[i].duration);
		/* The adjusted one is the only break that does not end by itself. */
		assert_int_equal(insert->auto_return,
		                 insert->has_duration && section.pts_adjustment == 0);
		assert_int_equal(insert->unique_program_id, inserts[i].program);
		assert_int_equal(insert->avail_num, 0);
		assert_int_equal(insert->avails_expected, inserts[i].expected);
	}
}

static void test_adjustment_wraps(void **state)
{
	(void)state;
	section = (struct scte35_section){.pts_adjustment = 0x1fffffff0ULL};
	assert_int_equal(scte35_adjust(&section, 0x20), 0x10);
}

static void test_descriptors(void **state)
{
	struct scte35_descriptor descriptor;
	struct scte35_dtmf dtmf;
	uint32_t avail = 1;

	(void)state;
	parse(CUE_DTMF);
	assert_true(scte35_next_descriptor(&section.descriptors, &descriptor));
	assert_false(scte35_get_avail(&descriptor, &avail));
	assert_true(scte35_get_dtmf(&descriptor, &dtmf));
	assert_int_equal(dtmf.preroll_ms, 8000);
	assert_int_equal(dtmf.count, 4);
	assert_memory_equal(dtmf.tones, "519*", 4);
	assert_false(scte35_next_descriptor(&section.descriptors, &descriptor));
	parse(CUE_SPLICE_INSERT);
	assert_true(scte35_next_descriptor(&section.descriptors, &descriptor));
	assert_true(scte35_get_avail(&descriptor, &avail));
	assert_int_equal(avail, 0x135);
	assert_false(scte35_get_dtmf(&descriptor, &dtmf));
	parse(CUE_NOT_CUEI);
	assert_true(scte35_next_descriptor(&section.descriptors, &descriptor));
	assert_int_equal(descriptor.identifier, 0x53415053);
	assert_int_equal(descriptor.size, 1);
	assert_false(scte35_get_avail(&descriptor, &avail));
}

/* A section with that command and those descriptors, its CRC right; returns its size. */
static size_t build(uint8_t command, const uint8_t *body, size_t size, const uint8_t *loop,
                    size_t loop_size)
{
	const size_t total = 14 + size + 2 + loop_size + 4;

	memset(data, 0, 14);
	data[0] = SCTE35_TABLE_ID;
	store_be16(data + 1, (uint16_t)(0x3000 | (total - 3)));
	store_be24(data + 10, (uint32_t)(0xfff000 | size));
	data[13] = command;
	if (size > 0)
		memcpy(data + 14, body, size);
	store_be16(data + 14 + size, (uint16_t)loop_size);
	if (loop_size > 0)
		memcpy(data + 16 + size, loop, loop_size);
	vector_seal(data, total);
	return total;
}

static void test_other_commands(void **state)
{
	static const uint8_t private_body[] = {'A', 'B', 'C', 'D', 1, 2, 3};
	size_t size;

	(void)state;
	parse(CUE_NULL);
	assert_int_equal(section.command, SCTE35_NULL);
	size = build(SCTE35_BANDWIDTH_RESERVATION, NULL, 0, NULL, 0);
	assert_int_equal(scte35_parse(&section, data, size), 0);
	assert_int_equal(section.command, SCTE35_BANDWIDTH_RESERVATION);
	size = build(SCTE35_PRIVATE, private_body, sizeof(private_body), NULL, 0);
	assert_int_equal(scte35_parse(&section, data, size), 0);
	assert_int_equal(section.private_identifier, 0x41424344);
	assert_int_equal(bytes_left(&section.private_data), 3);
	size = build(0x42, private_body, sizeof(private_body), NULL, 0);
	assert_int_equal(scte35_parse(&section, data, size), 0);
	assert_string_equal(scte35_command_name(section.command), "reserved");
	/* Their end is nowhere told. */
	store_be24(data + 10, 0xffffff);
	vector_seal(data, size);
	assert_int_equal(scte35_parse(&section, data, size), -EINVAL);
}

static void test_cancelled(void **state)
{
	static const uint8_t insert[] = {0, 0, 0, 9, 0xff};
	static const uint8_t signal[] = {0xff, 0, 0, 0, 0};
	static const uint8_t loop[] = {2, 9, 'C', 'U', 'E', 'I', 0, 0, 0, 8, 0xbf};
	struct scte35_descriptor descriptor;
	struct scte35_segmentation s;
	size_t size = build(SCTE35_INSERT, insert, sizeof(insert), NULL, 0);

	(void)state;
	assert_int_equal(scte35_parse(&section, data, size), 0);
	assert_true(section.insert.cancel);
	assert_int_equal(section.insert.event_id, 9);
	size = build(SCTE35_TIME_SIGNAL, signal, sizeof(signal), loop, sizeof(loop));
	assert_int_equal(scte35_parse(&section, data, size), 0);
	assert_int_equal(section.time.pts, 1ULL << 32);
	assert_true(scte35_next_descriptor(&section.descriptors, &descriptor));
	assert_true(scte35_get_segmentation(&descriptor, &s));
	assert_true(s.cancel);
	assert_false(s.id_compliance);
	assert_int_equal(s.event_id, 8);
}

static void test_components(void **state)
{
	/* Two components, one with its time, then a duration. */
	static const uint8_t insert[] = {0,
	                                 0,
	                                 0,
	                                 9,
	                                 0x7f,
	                                 0xa7,
	                                 2,
	                                 0x11,
	                                 0x7f,
	                                 0x12,
	                                 0xff,
	                                 0,
	                                 0,
	                                 0,
	                                 1,
	                                 /* break_duration */ 0xfe,
	                                 0,
	                                 0,
	                                 0x0b,
	                                 0xb8,
	                                 /* program, avail */ 0,
	                                 7,
	                                 3,
	                                 4};
	struct scte35_component component;
	const size_t size = build(SCTE35_INSERT, insert, sizeof(insert), NULL, 0);
	struct byte_reader components;

	(void)state;
	assert_int_equal(scte35_parse(&section, data, size), 0);
	assert_false(section.insert.program);
	assert_int_equal(section.insert.component_count, 2);
	components = section.insert.components;
	assert_true(scte35_next_component(&components, &section.insert, false, &component));
	assert_int_equal(component.tag, 0x11);
	assert_false(component.time.specified);
	assert_true(scte35_next_component(&components, &section.insert, false, &component));
	assert_int_equal(component.tag, 0x12);
	assert_int_equal(component.time.pts, 0x100000001ULL);
	assert_false(scte35_next_component(&components, &section.insert, false, &component));
	assert_true(section.insert.has_duration && section.insert.auto_return);
	assert_int_equal(section.insert.duration, 3000);
	assert_int_equal(section.insert.unique_program_id, 7);
	assert_int_equal(section.insert.avails_expected, 4);
}

static void test_schedule(void **state)
{
	static const uint8_t schedule[] = {
		3, /* events: cancelled; of the program; of a component, with duration */
		0, 0, 0, 1, 0xff,                                  /* */
		0, 0, 0, 2, 0x7f, 0xdf, 1, 2, 3, 4, 0, 5, 6,    7, /* */
		0, 0, 0, 3, 0x7f, 0x3f, 1, 9, 8, 7, 6, 5, 0x7e, 0, 0, 0, 9, 0, 1, 2, 3};
	struct scte35_splice event;
	struct scte35_component component;
	const size_t size = build(SCTE35_SCHEDULE, schedule, sizeof(schedule), NULL, 0);

	(void)state;
	assert_int_equal(scte35_parse(&section, data, size), 0);
	assert_int_equal(section.event_count, 3);
	assert_true(scte35_next_event(&section.events, &event));
	assert_true(event.cancel && event.event_id == 1);
	assert_true(scte35_next_event(&section.events, &event));
	assert_true(event.program && event.out_of_network && !event.has_duration);
	assert_int_equal(event.utc, 0x01020304);
	assert_int_equal(event.unique_program_id, 5);
	assert_true(scte35_next_event(&section.events, &event));
	assert_false(event.program || event.out_of_network);
	assert_true(event.has_duration && !event.auto_return);
	assert_int_equal(event.duration, 9);
	assert_true(scte35_next_component(&event.components, &event, true, &component));
	assert_int_equal(component.utc, 0x08070605);
	assert_int_equal(event.avails_expected, 3);
	assert_false(scte35_next_event(&section.events, &event));
}

static void test_sub_segments_and_offsets(void **state)
{
	static const uint8_t signal[] = {0x7f};
	static const uint8_t loop[] = {
		/* segmentation of a component, 5 and 6 of sub-segments */
		2, 4 + 6 + 7 + 2 + 3 + 2, 'C', 'U', 'E', 'I', 0, 0, 0, 8, 0x7f, 0x3f, 1, 0x21, 0xff,
		0, 0, 0, 2, 0, 0, 0x38, 1, 2, 5, 6,
		/* time */
		3, 16, 'C', 'U', 'E', 'I', 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 37};
	struct scte35_descriptor descriptor;
	struct scte35_segmentation s;
	struct scte35_clock clock;
	uint64_t offset;
	uint8_t tag;
	const size_t size = build(SCTE35_TIME_SIGNAL, signal, 1, loop, sizeof(loop));

	(void)state;
	assert_int_equal(scte35_parse(&section, data, size), 0);
	assert_false(section.time.specified);
	assert_true(scte35_next_descriptor(&section.descriptors, &descriptor));
	assert_true(scte35_get_segmentation(&descriptor, &s));
	assert_false(s.program);
	assert_int_equal(s.type, 0x38);
	assert_true(s.has_sub_segments);
	assert_int_equal(s.sub_segment_num, 5);
	assert_int_equal(s.sub_segments_expected, 6);
	assert_true(scte35_next_offset(&s.components, &tag, &offset));
	assert_int_equal(tag, 0x21);
	assert_int_equal(offset, 0x100000002ULL);
	assert_false(scte35_next_offset(&s.components, &tag, &offset));
	assert_true(scte35_next_descriptor(&section.descriptors, &descriptor));
	assert_true(scte35_get_time(&descriptor, &clock));
	assert_int_equal(clock.tai_seconds, (1ULL << 32) + 2);
	assert_int_equal(clock.tai_ns, 3);
	assert_int_equal(clock.utc_offset, 37);
}

static void test_encrypted_is_recognised(void **state)
{
	const size_t size = vector_decode(CUE_SPLICE_INSERT, data);

	(void)state;
	data[4] |= 0x80 | 3 << 1;
	vector_seal(data, size);
	assert_int_equal(scte35_parse(&section, data, size), 0);
	assert_true(section.encrypted);
	assert_int_equal(section.encryption_algorithm, 3);
	assert_int_equal(section.cw_index, 0xff);
	assert_int_equal(section.tier, 0xfff);
	assert_int_equal(bytes_left(&section.descriptors), 0);
	assert_int_equal(section.insert.event_id, 0);
}

static void test_refused(void **state)
{
	size_t size = vector_decode(CUE_WRONG_CRC, data);

	(void)state;
	assert_int_equal(scte35_parse(&section, data, size), -EBADMSG);
	size = vector_decode(CUE_PO_START, data);
	assert_int_equal(scte35_parse(&section, data, size - 1), -EINVAL);
	data[0] = 0xfd;
	assert_int_equal(scte35_parse(&section, data, size), -EINVAL);
	data[0] = 0xfc;
	data[3] = 1; /* protocol_version */
	vector_seal(data, size);
	assert_int_equal(scte35_parse(&section, data, size), -EINVAL);
}

/* Every prefix of every command and loop, with lengths and CRC made right, is refused or read; ASAN watches. */
static void test_cut_anywhere(void **state)
{
	static const char *vectors[] = {CUE_PO_START, CUE_SPLICE_INSERT, CUE_THREE,
	                                CUE_DTMF,     CUE_MID,           CUE_LENGTH_FFF};
	uint8_t whole[VECTOR_MAX_BYTES];
	unsigned int refused = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		const size_t size = vector_decode(vectors[i], whole);

		for (size_t cut = 20; cut < size; cut++) {
			uint8_t *copy = malloc(cut);

			assert_non_null(copy);
			memcpy(copy, whole, cut);
			store_be16(copy + 1, (uint16_t)(0x3000 | (cut - 3)));
			vector_seal(copy, cut);
			refused += scte35_parse(&section, copy, cut) == -EINVAL;
			free(copy);
		}
	}
	assert_true(refused > 300);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_time_signals),
		cmocka_unit_test(test_restrictions),
		cmocka_unit_test(test_splice_inserts),
		cmocka_unit_test(test_adjustment_wraps),
		cmocka_unit_test(test_descriptors),
		cmocka_unit_test(test_other_commands),
		cmocka_unit_test(test_cancelled),
		cmocka_unit_test(test_components),
		cmocka_unit_test(test_schedule),
		cmocka_unit_test(test_sub_segments_and_offsets),
		cmocka_unit_test(test_encrypted_is_recognised),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_cut_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
