/*
 * Audio tracks, through the remuxer: ADTS, LATM, AC-3 and E-AC-3 frames out of PES packets.
 */
#include "remux_fixture.h"

#include "audio_build.h"

#define LC_48K_STEREO 0x1190
#define LC_44K_STEREO 0x1210
#define AC3_BYTES     128 /* 32 kbit/s, 48 kHz */
#define AC3_44K_BYTES 138 /* the same at 44.1 kHz, code 0 */
#define AC3_MODE      0x40
#define LATM(payload_)                                                            \
	{                                                                         \
		.config = LC_48K_STEREO, .config_bits = 16, .payload = (payload_) \
	}

static uint8_t es[64 * 1024];
static size_t es_size;
static struct flv_tag *frames[MAX_TAGS];

/* A program with an audio stream of that type, and descriptors. */
static void start_audio(struct remuxer *remuxer, uint8_t type, const uint8_t *descriptors,
                        size_t size)
{
	uint8_t body[64] = {0, 1, 0xc1, 0, 0, 0xe1, 0x01, 0xf0, 0, type, 0xe1, 0x01, 0xf0};

	body[13] = (uint8_t)size;
	if (size > 0)
		memcpy(body + 14, descriptors, size);
	ts_build_pat(&build, 0, programs, 1);
	ts_build_section(&build, PMT_PID, 0x02, body, 14 + size);
	push(remuxer);
	es_size = 0;
}

/* A PES packet with the bytes of es from start on. */
static void add_bytes(int64_t pts, size_t from, size_t size)
{
	ts_build_pes(&build, AUDIO_PID, pts, TS_BUILD_NONE, true, es + from, size);
}

/* A PES packet with all of es, which begins anew. */
static void add_es(int64_t pts)
{
	add_bytes(pts, 0, es_size);
	es_size = 0;
}

static void add_loas(struct latm_build latm)
{
	es_size += latm_build_sync(es + es_size, &latm);
}

static void add_ac3(unsigned int rate_code, size_t size)
{
	es_size += ac3_build_frame(es + es_size, rate_code, 0, AC3_MODE, size);
}

static void add_eac3(unsigned int type, unsigned int blocks_code, size_t size)
{
	const struct eac3_build frame = {
		.type = type, .blocks_code = blocks_code, .mode = 2, .size = size};

	es_size += eac3_build_frame(es + es_size, &frame);
}

static size_t count_frames(void)
{
	return select_frames(FLV_AUDIO, frames);
}

/* The sequence headers of audio among the tags. */
static size_t count_headers(struct flv_tag **header)
{
	size_t count = 0;

	for (size_t i = 0; i < tag_count; i++) {
		if (tags[i]->type != FLV_AUDIO || !tags[i]->header)
			continue;
		*header = tags[i];
		count++;
	}
	return count;
}

/*
 * Cut es, frames of frame_bytes, into PES packets of piece bytes, each with the PTS of the first frame that
 * starts in it, of step 90 kHz ticks each; the frames come out whole and at their times.
 */
static void check_pieces(struct remuxer *remuxer, size_t piece, size_t frame_bytes, double step)
{
	size_t count = es_size / frame_bytes;

	for (size_t at = 0; at < es_size; at += piece) {
		size_t first = (at + frame_bytes - 1) / frame_bytes;
		size_t n = es_size - at < piece ? es_size - at : piece;
		bool starts = first * frame_bytes < at + n;

		add_bytes(starts ? (int64_t)((double)first * step + 0.5) : TS_BUILD_NONE, at, n);
	}
	push(remuxer);
	assert_int_equal(count_frames(), count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(frames[i]->timestamp_ms, (int64_t)((double)i * step / 90 + 0.5));
	assert_int_equal(COUNTER(remuxer, malformed_units), 0);
}

static void test_latm(void **state)
{
	struct flv_tag *header = NULL;

	start_audio(*state, PSI_AAC_LATM, NULL, 0);
	add_loas((struct latm_build)LATM(300));
	add_loas((struct latm_build){.same = true, .payload = 200});
	add_loas((struct latm_build)LATM(0));
	add_loas((struct latm_build)LATM(100));
	add_es(9000);
	push(*state);
	assert_int_equal(count_headers(&header), 1);
	assert_int_equal(header->size, 4);
	assert_memory_equal(header->body, "\xaf\x00\x11\x90", 4);
	/* an empty frame has its time and no tag */
	assert_int_equal(count_frames(), 3);
	assert_int_equal(frames[0]->size, 2 + 300);
	assert_memory_equal(frames[0]->body, "\xaf\x01\x40\x40", 4);
	assert_int_equal(frames[1]->size, 2 + 200);
	assert_int_equal(frames[0]->timestamp_ms, 100);
	assert_int_equal(frames[1]->timestamp_ms, 121);
	assert_int_equal(frames[2]->timestamp_ms, 164);
}

static void test_latm_sub_frames(void **state)
{
	struct latm_build latm = LATM(90);

	latm.frames = 4;
	start_audio(*state, PSI_AAC_LATM, NULL, 0);
	for (int i = 0; i < 5; i++)
		add_loas(latm);
	add_es(0);
	push(*state);
	assert_int_equal(count_frames(), 20);
	for (size_t i = 0; i < 20; i++) {
		assert_int_equal(frames[i]->timestamp_ms, (i * 1920 + 45) / 90);
		assert_int_equal(frames[i]->body[2], 0x40 + i % 4);
	}
}

static void test_latm_spans_packets(void **state)
{
	start_audio(*state, PSI_AAC_LATM, NULL, 0);
	for (int i = 0; i < 12; i++)
		add_loas((struct latm_build)LATM(93));
	check_pieces(*state, 71, es_size / 12, 1920);
}

static void test_latm_joined_in_the_middle(void **state)
{
	start_audio(*state, PSI_AAC_LATM, NULL, 0);
	add_loas((struct latm_build){.same = true, .payload = 20});
	add_loas((struct latm_build)LATM(30));
	add_es(0);
	push(*state);
	assert_int_equal(count_frames(), 1);
	assert_int_equal(frames[0]->size, 2 + 30);
	assert_int_equal(COUNTER(*state, malformed_units), 0);
}

static void test_latm_config_changes(void **state)
{
	struct latm_build other = {.config = LC_44K_STEREO, .config_bits = 16, .payload = 30};
	struct flv_tag *header = NULL;

	start_audio(*state, PSI_AAC_LATM, NULL, 0);
	add_loas((struct latm_build)LATM(30));
	add_loas((struct latm_build)LATM(30));
	add_loas(other);
	add_loas(other);
	add_es(0);
	push(*state);
	assert_int_equal(count_headers(&header), 2);
	assert_memory_equal(header->body, "\xaf\x00\x12\x10", 4);
	assert_int_equal(header->timestamp_ms, 43);
	assert_int_equal(count_frames(), 4);
	assert_int_equal(frames[3]->timestamp_ms, 66); /* 42.67 + 23.22 */
}

static void test_latm_explicit_sbr(void **state)
{
	struct latm_build latm = {
		.config = 0x2b118800 >> 7, .config_bits = 25, .payload = 30, .version_1 = true};
	struct flv_tag *header = NULL;

	start_audio(*state, PSI_AAC_LATM, NULL, 0);
	add_loas(latm);
	add_loas(latm);
	add_es(0);
	push(*state);
	assert_int_equal(count_headers(&header), 1);
	assert_memory_equal(header->body, "\xaf\x00\x2b\x11\x88\x00", 6);
	assert_int_equal(count_frames(), 2);
	assert_int_equal(frames[1]->timestamp_ms, 43); /* 1024 samples of 24 kHz */
}

static void test_latm_malformed(void **state)
{
	start_audio(*state, PSI_AAC_LATM, NULL, 0);
	add_loas((struct latm_build)LATM(30));
	es[4] ^= 0x80; /* numSubFrames */
	add_loas((struct latm_build)LATM(30));
	add_es(0);
	push(*state);
	assert_int_equal(COUNTER(*state, malformed_units), 1);
	assert_int_equal(es[0], 0x56);
}

static void test_ac3(void **state)
{
	struct flv_tag *header = NULL;

	start_audio(*state, PSI_AC3, NULL, 0);
	for (int i = 0; i < 5; i++)
		add_ac3(0, AC3_BYTES);
	add_es(0);
	push(*state);
	assert_int_equal(count_headers(&header), 1);
	assert_int_equal(header->size, 5);
	assert_memory_equal(header->body,
	                    "\x90"
	                    "ac-3",
	                    5);
	assert_int_equal(tags[0]->type, FLV_SCRIPT);
	assert_int_equal(count_frames(), 5);
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(frames[i]->timestamp_ms, i * 32);
		assert_int_equal(frames[i]->size, 5 + AC3_BYTES);
		assert_memory_equal(frames[i]->body,
		                    "\x91"
		                    "ac-3\x0b\x77",
		                    7);
	}
}

static void test_ac3_spans_packets(void **state)
{
	start_audio(*state, PSI_AC3, NULL, 0);
	for (int i = 0; i < 40; i++)
		add_ac3(1, AC3_44K_BYTES);
	check_pieces(*state, 100, AC3_44K_BYTES, 1536 * 90000.0 / 44100);
}

/* One PTS and 400 frames: each at its millisecond. */
static void test_ac3_does_not_drift(void **state)
{
	start_audio(*state, PSI_AC3, NULL, 0);
	for (int i = 0; i < 400; i++)
		add_ac3(1, AC3_44K_BYTES);
	add_es(90000);
	push(*state);
	assert_int_equal(count_frames(), 400);
	for (int64_t i = 0; i < 400; i++) {
		double exact = 1000 + (double)i * 1536 * 1000 / 44100;

		assert_true(frames[i]->timestamp_ms >= exact - 0.51 &&
		            frames[i]->timestamp_ms <= exact + 0.51);
	}
}

static void test_ac3_by_descriptors(void **state)
{
	static const struct {
		uint8_t data[8];
		size_t size;
	} cases[] = {
		{{0x6a, 1, 0x00}, 3},
		{{0x7a, 1, 0x00}, 3},
		{{0x05, 4, 'A', 'C', '-', '3'}, 6},
		{{0x05, 4, 'E', 'A', 'C', '3'}, 6},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		teardown(state);
		setup(state);
		start_audio(*state, PSI_PRIVATE_PES, cases[i].data, cases[i].size);
		assert_int_equal(COUNTER(*state, unsupported_streams), 0);
		add_ac3(0, AC3_BYTES);
		add_es(0);
		push(*state);
		assert_int_equal(count_frames(), 1);
	}
	/* other private data is none */
	teardown(state);
	setup(state);
	start_audio(*state, PSI_PRIVATE_PES, (const uint8_t[]){0x59, 1, 0}, 3);
	add_ac3(0, AC3_BYTES);
	add_es(0);
	push(*state);
	assert_int_equal(COUNTER(*state, unsupported_streams), 1);
	assert_int_equal(tag_count, 0);
}

static void test_ac3_loss(void **state)
{
	start_audio(*state, PSI_AC3, NULL, 0);
	for (int i = 0; i < 4; i++)
		add_ac3(0, AC3_BYTES);
	add_bytes(0, 0, 3 * AC3_BYTES / 2);
	push(*state);
	build.continuity[AUDIO_PID]++;
	/* the end of a frame whose beginning is lost, then two */
	add_bytes(9000, 3 * AC3_BYTES / 2, 5 * AC3_BYTES / 2);
	push(*state);
	assert_int_equal(count_frames(), 3);
	assert_int_equal(frames[1]->timestamp_ms, 100);
	assert_int_equal(frames[2]->timestamp_ms, 132);
}

static void test_eac3(void **state)
{
	struct flv_tag *header = NULL;

	start_audio(*state, PSI_EAC3, NULL, 0);
	for (int i = 0; i < 3; i++) {
		add_eac3(0, 3, 200);
		add_eac3(1, 3, 100);
	}
	add_es(0);
	push(*state);
	assert_int_equal(count_headers(&header), 1);
	assert_memory_equal(header->body,
	                    "\x90"
	                    "ec-3",
	                    5);
	/* the last one too: a unit ends where its packet does */
	assert_int_equal(count_frames(), 3);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(frames[i]->size, 5 + 300);
		assert_int_equal(frames[i]->timestamp_ms, i * 32);
	}
}

static void test_eac3_short_frames(void **state)
{
	start_audio(*state, PSI_EAC3, NULL, 0);
	for (int i = 0; i < 30; i++)
		add_eac3(0, 0, 60);
	check_pieces(*state, 47, 60, 256 * 90000.0 / 48000);
}

/* Dependent substreams in PES packets of their own: once that is seen, units wait for them. */
static void test_eac3_divided(void **state)
{
	size_t count;

	start_audio(*state, PSI_EAC3, NULL, 0);
	for (int i = 0; i < 6; i++) {
		add_eac3(0, 3, 200);
		add_es(i * 2880);
		add_eac3(1, 3, 100);
		add_es(TS_BUILD_NONE);
		push(*state);
	}
	count = count_frames();
	assert_int_equal(count, 5); /* the last one waits */
	assert_int_equal(frames[0]->size, 5 + 200);
	assert_int_equal(COUNTER(*state, malformed_units), 1);
	for (size_t i = 1; i < count; i++) {
		assert_int_equal(frames[i]->size, 5 + 300);
		assert_int_equal(frames[i]->timestamp_ms, i * 32);
	}
}

/* From AC-3 to E-AC-3 and to another rate: a sequence header each. */
static void test_ac3_changes(void **state)
{
	struct flv_tag *header = NULL;

	start_audio(*state, PSI_AC3, NULL, 0);
	add_ac3(0, AC3_BYTES);
	add_ac3(0, AC3_BYTES);
	add_eac3(0, 3, 100);
	add_eac3(0, 3, 100);
	add_ac3(1, AC3_44K_BYTES);
	add_ac3(1, AC3_44K_BYTES);
	add_es(0);
	push(*state);
	assert_int_equal(count_headers(&header), 3);
	assert_int_equal(header->timestamp_ms, 128);
	assert_int_equal(count_frames(), 6);
	assert_int_equal(frames[5]->timestamp_ms, 163); /* 34.83 later */
}

static void test_adts_config_changes(void **state)
{
	struct flv_tag *header = NULL;

	start(*state);
	add_audio(0, 48000, 3);
	add_audio(3 * 1920, 44100, 3);
	push(*state);
	assert_int_equal(count_headers(&header), 2);
	assert_memory_equal(header->body, "\xaf\x00\x12\x10", 4);
	assert_int_equal(header->timestamp_ms, 64);
	assert_int_equal(count_frames(), 6);
}

/* The configuration changes where packets are lost. */
static void test_adts_config_changes_with_loss(void **state)
{
	struct flv_tag *header = NULL;

	start(*state);
	add_audio(0, 48000, 2);
	push(*state);
	build.continuity[AUDIO_PID]++;
	add_audio(9000, 44100, 1);
	add_audio(18000, 44100, 2);
	push(*state);
	assert_int_equal(count_headers(&header), 2);
	assert_memory_equal(header->body, "\xaf\x00\x12\x10", 4);
	assert_int_equal(count_frames(), 5);
	assert_int_equal(frames[2]->timestamp_ms, 100);
	assert_int_equal(frames[3]->timestamp_ms, 200);
}

/* A length that is wrong, either way: that frame is dropped, the next ones are at their times. */
static void test_adts_wrong_length(void **state)
{
	static const int changes[] = {-3, 5, 40, -31};

	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		size_t count;

		teardown(state);
		setup(state);
		start(*state);
		es_size = 0;
		for (int j = 0; j < 4; j++)
			es_size += write_adts(es + es_size, 48000, 60);
		es[67 + 4] = (uint8_t)((67 + changes[i]) >> 3);
		es[67 + 5] = (uint8_t)((67 + changes[i]) << 5 | 0x1f);
		add_es(0);
		add_audio(9000, 48000, 2);
		push(*state);
		assert_int_equal(COUNTER(*state, malformed_units), 1);
		count = count_frames();
		assert_int_equal(count, 5);
		for (size_t j = 0; j < 3; j++)
			assert_int_equal(frames[j]->size, 2 + 60);
		assert_int_equal(frames[3]->timestamp_ms, 100);
		assert_int_equal(frames[4]->timestamp_ms, 121);
	}
}

/* An ADTS frame whose channels are told by a program config element, of which this says the first one. */
static void add_adts_program(bool with_program, unsigned int elements)
{
	struct bit_build b = {0};
	size_t header = es_size;

	es_size += write_adts(es + es_size, 48000, 60);
	es[header + 2] &= 0xfe; /* channel_configuration 0 */
	es[header + 3] &= 0x3f;
	if (!with_program)
		return;
	bit_build_add(&b, 3, 5);
	bit_build_add(&b, 4 + 2 + 4, 1 << 4 | 3);
	bit_build_add(&b, 4 + 4 + 4 + 2 + 3 + 4, elements << 17);
	bit_build_add(&b, 3, 0);
	for (unsigned int i = 0; i < elements; i++)
		bit_build_add(&b, 5, 0x10 | i);
	memcpy(es + header + 7, b.data, bit_build_end(&b));
}

static void test_adts_program_config(void **state)
{
	struct flv_tag *header = NULL;

	start(*state);
	es_size = 0;
	add_adts_program(false, 0);
	add_adts_program(true, 2);
	add_adts_program(false, 0);
	add_adts_program(true, 3);
	add_es(0);
	push(*state);
	/* the first frame cannot be decoded */
	assert_int_equal(COUNTER(*state, malformed_units), 1);
	assert_int_equal(count_frames(), 3);
	assert_int_equal(frames[0]->timestamp_ms, 21);
	assert_int_equal(frames[1]->size, 2 + 60);
	assert_int_equal(count_headers(&header), 2);
	assert_int_equal(header->timestamp_ms, 64);
	/* LC, 48 kHz, 0; tag 0, LC, 48 kHz, 3 in front; 3 pairs; aligned; no comment */
	assert_int_equal(header->size, 2 + 2 + 7 + 1);
	assert_memory_equal(header->body, "\xaf\x00\x11\x80\x04\xcc\x00\x00\x21\x19\x00\x00", 12);
}

/* Bytes behind the last frame of each packet that only fill it up. */
static void test_adts_padding(void **state)
{
	static const uint8_t fill[] = {0x00, 0xff};

	start(*state);
	for (int i = 0; i < 4; i++) {
		es_size = write_adts(es, 48000, 60);
		memset(es + es_size, fill[i % 2], 50);
		es_size += 50;
		add_es(i * 1920);
	}
	push(*state);
	assert_int_equal(count_frames(), 4);
	assert_int_equal(COUNTER(*state, malformed_units), 0);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(frames[i]->size, 2 + 60);
}

/* A PTS in a packet in which nothing starts is no frame's. */
static void test_adts_pts_of_nothing(void **state)
{
	start(*state);
	es_size = write_adts(es, 48000, 500);
	es_size += write_adts(es + es_size, 48000, 500);
	add_bytes(0, 0, 200);
	add_bytes(90000, 200, 200);
	add_bytes(TS_BUILD_NONE, 400, es_size - 400);
	push(*state);
	assert_int_equal(count_frames(), 2);
	assert_int_equal(frames[0]->timestamp_ms, 0);
	assert_int_equal(frames[1]->timestamp_ms, 21);
}

/* A large packet of nothing, of what may always begin a frame, then frames. */
static void test_noise(void **state)
{
	static const uint8_t types[] = {PSI_AAC_ADTS, PSI_AAC_LATM, PSI_AC3};
	static const uint8_t starts[][4] = {
		{0xff, 0xf1, 0x4c, 0x80}, {0x56, 0xff, 0x56, 0xff}, {0x0b, 0x77, 0x0b, 0x77}};

	for (size_t i = 0; i < sizeof(types); i++) {
		teardown(state);
		setup(state);
		start_audio(*state, types[i], NULL, 0);
		for (size_t at = 0; at < sizeof(es); at += 4)
			memcpy(es + at, starts[i], 4);
		for (int j = 0; j < 4; j++)
			add_bytes(0, 0, 60000);
		push(*state);
		assert_true(count_frames() < 400);
		for (int j = 0; j < 40; j++) {
			es_size = 0;
			for (int k = 0; k < 4; k++) {
				if (i == 0)
					es_size += write_adts(es + es_size, 48000, 400);
				else if (i == 1)
					add_loas((struct latm_build)LATM(400));
				else
					add_ac3(0, AC3_BYTES);
			}
			add_es(900000 + j * 11520);
		}
		clear_tags();
		push(*state);
		assert_true(count_frames() > 100);
		assert_true(frames[count_frames() - 1]->timestamp_ms > 10000 + 39 * 128);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_latm),
		TEST(test_latm_sub_frames),
		TEST(test_latm_spans_packets),
		TEST(test_latm_joined_in_the_middle),
		TEST(test_latm_config_changes),
		TEST(test_latm_explicit_sbr),
		TEST(test_latm_malformed),
		TEST(test_ac3),
		TEST(test_ac3_spans_packets),
		TEST(test_ac3_does_not_drift),
		TEST(test_ac3_by_descriptors),
		TEST(test_ac3_loss),
		TEST(test_eac3),
		TEST(test_eac3_short_frames),
		TEST(test_eac3_divided),
		TEST(test_ac3_changes),
		TEST(test_adts_config_changes),
		TEST(test_adts_config_changes_with_loss),
		TEST(test_adts_wrong_length),
		TEST(test_adts_program_config),
		TEST(test_adts_padding),
		TEST(test_adts_pts_of_nothing),
		TEST(test_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
