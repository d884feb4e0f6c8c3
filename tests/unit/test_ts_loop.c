/*
 * Playing a transport stream again and again: continuity, PCR, PTS, DTS and splice times run on.
 *
 * The stream is made here: 25 frames of video a second with a PCR before each, audio, a table, a cue,
 * null packets.
 */
#include "media-source/ts_loop.h"

#include "ts_build.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define VIDEO       0x100
#define AUDIO       0x101
#define CUE         0x102
#define PCR         0x1ff
#define FRAMES      50
#define FRAME_90K   3600
#define FRAME_27M   (FRAME_90K * 300LL)
#define START_90K   900000LL
#define MAX_PACKETS 20000

static struct ts_build build;
static uint8_t got[MAX_PACKETS * TS_PACKET_BYTES];
static uint64_t times[MAX_PACKETS];

static void add_pcr(int64_t pcr)
{
	uint8_t *p = ts_build_packet(&build, build.count++);

	memset(p, 0xff, TS_PACKET_BYTES);
	p[0] = TS_SYNC_BYTE;
	p[1] = PCR >> 8;
	p[2] = (uint8_t)PCR;
	p[3] = 0x20; /* no payload: the counter stays */
	p[4] = 183;
	p[5] = 0x10;
	ts_set_pcr(p, (pcr % TS_WRAP_27M + TS_WRAP_27M) % TS_WRAP_27M);
}

/* A time_signal for pts, in a packet of its own. */
static void add_cue(int64_t pts)
{
	uint8_t data[1 + 25] = {0, 0xfc, 0x30, 22, [11] = 0xff, 0xf0, 5, 6, 0xfe};

	store_be32(data + 16, (uint32_t)pts); /* bit 32, before it, is 0 */
	store_be32(data + 22, section_crc(data + 1, 21));
	ts_build_add(&build, CUE, true, data, sizeof(data));
}

/* FRAMES frames from START_90K + offset on; video with DTS one frame before PTS. */
static void make_stream(int64_t offset)
{
	static const uint8_t frame[700] = {1, 2, 3};

	memset(&build, 0, sizeof(build));
	build.continuity[VIDEO] = 5;
	for (int i = 0; i < FRAMES; i++) {
		int64_t now = START_90K + offset + (int64_t)i * FRAME_90K;

		add_pcr(now * 300 - 27000000);
		ts_build_pes(&build, VIDEO, now + FRAME_90K, now, false, frame,
		             i % 10 ? 200 : sizeof(frame));
		ts_build_pes(&build, AUDIO, now, TS_BUILD_NONE, true, frame, 100);
		ts_build_add(&build, TS_PID_NULL, false, frame, 184);
	}
}

static struct ts_loop *open_loop(const struct ts_loop_config *config)
{
	size_t size = build.count * TS_PACKET_BYTES;
	uint8_t *data = malloc(size);
	struct ts_loop *loop = NULL;
	char why[256] = "";

	assert_non_null(data);
	memcpy(data, build.packets, size);
	if (ts_loop_create(&loop, data, size, config, why, sizeof(why)))
		fail_msg("%s", why);
	return loop;
}

/* Read everything, `step` packets at a time, into got and times. Returns the number of packets. */
static size_t read_all(struct ts_loop *loop, unsigned int step)
{
	size_t count = 0;
	unsigned int n;

	do {
		assert_true(count + step <= MAX_PACKETS);
		n = ts_loop_read(loop, got + count * TS_PACKET_BYTES, step, &times[count]);
		count += n;
	} while (n == step);
	return count;
}

static const uint8_t *packet(size_t index)
{
	return got + index * TS_PACKET_BYTES;
}

/* Every PID's counter goes on by one with each payload. */
static void check_continuity(size_t count)
{
	int last[8192];

	memset(last, 0xff, sizeof(last));
	for (size_t i = 0; i < count; i++) {
		uint16_t pid = ts_get_pid(packet(i));
		uint8_t counter = ts_get_continuity(packet(i));

		if (pid == TS_PID_NULL)
			continue;
		if (last[pid] >= 0)
			assert_int_equal(counter, (last[pid] + ts_has_payload(packet(i))) & 15);
		last[pid] = counter;
	}
}

/* PCRs, PTSs and DTSs are a frame apart, modulo their wraps. Returns the number of PCRs. */
static size_t check_times(size_t count, int64_t first_pts)
{
	int64_t pcr = -1, next[2] = {first_pts, first_pts - FRAME_90K};
	size_t pcrs = 0, size;

	for (size_t i = 0; i < count; i++) {
		const uint8_t *payload = ts_get_payload(packet(i), &size);
		uint16_t pid = ts_get_pid(packet(i));

		if (ts_has_pcr(packet(i))) {
			int64_t now = ts_get_pcr(packet(i));

			if (pcrs++ > 0)
				assert_int_equal(now, (pcr + FRAME_27M) % TS_WRAP_27M);
			pcr = now;
		}
		if (!payload || !ts_starts_unit(packet(i)) || (pid != VIDEO && pid != AUDIO))
			continue;
		assert_int_equal(ts_get_timestamp(payload + 9), next[pid == AUDIO] % TS_WRAP_90K);
		if (pid == VIDEO)
			assert_int_equal(ts_get_timestamp(payload + 14),
			                 (next[0] - FRAME_90K) % TS_WRAP_90K);
		next[pid == AUDIO] += FRAME_90K;
	}
	return pcrs;
}

static void test_first_play_is_the_file(void **state)
{
	struct ts_loop_config config = {.plays = 1, .start_pts = -1};
	struct ts_loop *loop;

	(void)state;
	make_stream(0);
	loop = open_loop(&config);
	assert_int_equal(read_all(loop, 7), build.count);
	assert_memory_equal(got, build.packets, build.count * TS_PACKET_BYTES);
	assert_int_equal(ts_loop_read(loop, got, 7, &times[0]), 0);
	ts_loop_destroy(loop);
	ts_loop_destroy(NULL);
}

static void test_plays_are_continuous(void **state)
{
	struct ts_loop_config config = {.plays = 20, .start_pts = -1};
	struct ts_loop *loop;
	size_t count;

	(void)state;
	make_stream(0);
	loop = open_loop(&config);
	count = read_all(loop, 7);
	assert_int_equal(count, 20 * build.count);
	check_continuity(count);
	assert_int_equal(check_times(count, START_90K + FRAME_90K), 20 * FRAMES);
	ts_loop_destroy(loop);
}

/* The 33-bit wrap inside the file, at the joint, and in a later play. */
static void test_wrap(void **state)
{
	static const int64_t frames_before[] = {0, 1, 10, FRAMES - 1, FRAMES, FRAMES + 1, 130};

	(void)state;
	for (size_t i = 0; i < sizeof(frames_before) / sizeof(frames_before[0]); i++) {
		int64_t offset = TS_WRAP_90K - START_90K - frames_before[i] * FRAME_90K;
		struct ts_loop_config config = {.plays = 4, .start_pts = -1};
		struct ts_loop *loop;
		size_t count;

		make_stream(offset); /* the file itself wraps … */
		loop = open_loop(&config);
		count = read_all(loop, 5);
		check_continuity(count);
		check_times(count, START_90K + offset + FRAME_90K);
		ts_loop_destroy(loop);

		make_stream(0); /* … or is shifted there */
		config.pts_offset = offset;
		loop = open_loop(&config);
		count = read_all(loop, 5);
		check_continuity(count);
		check_times(count, START_90K + offset + FRAME_90K);
		ts_loop_destroy(loop);
	}
}

static void test_start_pts(void **state)
{
	static const int64_t starts[] = {0, 1, FRAME_90K, 1LL << 32, TS_WRAP_90K - 1};

	(void)state;
	make_stream(0);
	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		struct ts_loop_config config = {.plays = 2, .start_pts = starts[i]};
		struct ts_loop *loop = open_loop(&config);
		size_t count = read_all(loop, 7);

		check_times(count, starts[i] + TS_WRAP_90K);
		ts_loop_destroy(loop);
	}
}

/* The pace follows the PCRs, over the joint too. */
static void test_pace(void **state)
{
	struct ts_loop_config config = {.plays = 3, .start_pts = -1};
	struct ts_loop_info info;
	struct ts_loop *loop;
	uint64_t first = 0;
	size_t count, pcrs = 0;

	(void)state;
	make_stream(0);
	loop = open_loop(&config);
	info = ts_loop_info(loop);
	assert_int_equal(info.packets, build.count);
	assert_int_equal(info.pcr_jumps, 0);
	assert_true(info.play_s > 1.999999 && info.play_s < 2.000001);
	assert_true(info.stamp_s > 1.999999 && info.stamp_s < 2.000001);
	count = read_all(loop, 1);
	for (size_t i = 0; i < count; i++) {
		assert_true(i == 0 || times[i] > times[i - 1]);
		if (!ts_has_pcr(packet(i)))
			continue;
		first = pcrs == 0 ? times[i] : first;
		assert_int_equal(times[i] - first, (uint64_t)pcrs++ * FRAME_27M);
	}
	ts_loop_destroy(loop);
}

static void test_bitrate(void **state)
{
	struct ts_loop_config config = {.plays = 2, .start_pts = -1, .bitrate_bps = 1504000};
	struct ts_loop *loop;
	size_t count;

	(void)state;
	make_stream(0);
	loop = open_loop(&config);
	count = read_all(loop, 1);
	for (size_t i = 0; i < count; i++) /* 1000 packets a second */
		assert_in_range(times[i], i * 27000, i * 27000 + 2);
	check_continuity(count);
	check_times(count, START_90K + FRAME_90K); /* stamps go by the PCRs all the same */
	ts_loop_destroy(loop);
}

/* One damaged PCR is not believed; a new clock is, and time goes on. */
static void test_pcr_jumps(void **state)
{
	struct ts_loop_config config = {.plays = 2, .start_pts = -1};
	struct ts_loop *loop;
	size_t pcrs = 0, count;

	(void)state;
	make_stream(0);
	for (size_t i = 0; i < build.count; i++) {
		uint8_t *p = ts_build_packet(&build, i);

		if (ts_has_pcr(p) && pcrs++ == 20)
			ts_set_pcr(p, 12345);
	}
	loop = open_loop(&config);
	assert_int_equal(ts_loop_info(loop).pcr_jumps, 0);
	assert_true(ts_loop_info(loop).play_s > 1.999999 && ts_loop_info(loop).play_s < 2.000001);
	ts_loop_destroy(loop);

	pcrs = 0;
	make_stream(0);
	for (size_t i = 0; i < build.count; i++) {
		uint8_t *p = ts_build_packet(&build, i);

		if (ts_has_pcr(p) && pcrs++ >= 20)
			ts_set_pcr(p, (ts_get_pcr(p) + 900LL * TS_PCR_HZ) % TS_WRAP_27M);
	}
	loop = open_loop(&config);
	assert_int_equal(ts_loop_info(loop).pcr_jumps, 1);
	assert_true(ts_loop_info(loop).play_s > 1.9 && ts_loop_info(loop).play_s < 2.1);
	assert_true(ts_loop_info(loop).stamp_s > 901.9 && ts_loop_info(loop).stamp_s < 902.1);
	count = read_all(loop, 7);
	check_continuity(count);
	ts_loop_destroy(loop);
}

/* A PES header that runs over the end of its first packet. */
static void test_split_header(void **state)
{
	struct ts_loop_config config = {.plays = 3, .start_pts = -1};
	uint8_t pes[19] = {0, 0, 1, 0xe0, 0, 0, 0x80, 0xc0, 10, 0x31, 0, 0, 0, 0, 0x11};

	(void)state;
	for (size_t cut = 1; cut < sizeof(pes); cut++) {
		struct ts_loop *loop;
		uint8_t joined[sizeof(pes)];
		size_t length;

		make_stream(0);
		length = build.count;
		ts_set_timestamp(pes + 9, 777);
		ts_set_timestamp(pes + 14, 555);
		ts_build_add(&build, 0x200, true, pes, cut);
		ts_build_add(&build, 0x200, false, pes + cut, sizeof(pes) - cut);
		loop = open_loop(&config);
		read_all(loop, 3);
		for (int64_t play = 0; play < 3; play++) {
			size_t at = (size_t)play * (length + 2) + length;

			memcpy(joined, packet(at) + TS_PACKET_BYTES - cut, cut);
			memcpy(joined + cut, packet(at + 2) - (sizeof(pes) - cut),
			       sizeof(pes) - cut);
			assert_int_equal(ts_get_timestamp(joined + 9), 777 + play * 180000);
			assert_int_equal(ts_get_timestamp(joined + 14), 555 + play * 180000);
			assert_memory_equal(joined, pes, 9);
		}
		ts_loop_destroy(loop);
	}
}

/* A cue's pts_adjustment moves with the stream, and its CRC_32 stays right. */
static void test_cues(void **state)
{
	struct ts_loop_config config = {.plays = 3, .start_pts = -1};
	struct ts_loop *loop;
	size_t count, size, seen = 0;

	(void)state;
	make_stream(0);
	add_cue(START_90K);
	loop = open_loop(&config);
	count = read_all(loop, 7);
	for (size_t i = 0; i < count; i++) {
		const uint8_t *section = ts_get_payload(packet(i), &size);

		if (ts_get_pid(packet(i)) != CUE)
			continue;
		section++;
		assert_int_equal(section_crc(section, 3u + section[2]), 0);
		assert_int_equal(load_be32(section + 5), seen++ * 180000);
	}
	assert_int_equal(seen, 3);
	ts_loop_destroy(loop);
}

/* Packets marked as damaged are passed on as they are. */
static void test_damaged_packets(void **state)
{
	struct ts_loop_config config = {.plays = 2, .start_pts = -1};
	struct ts_loop *loop;

	(void)state;
	make_stream(0);
	add_pcr(42);
	ts_build_packet(&build, build.count - 1)[1] |= 0x80;
	loop = open_loop(&config);
	read_all(loop, 7);
	assert_memory_equal(packet(2 * build.count - 1), ts_build_packet(&build, build.count - 1),
	                    TS_PACKET_BYTES);
	ts_loop_destroy(loop);
}

/* Duplicate packets inside the file stay duplicates in every play. */
static void test_duplicates_stay(void **state)
{
	struct ts_loop_config config = {.plays = 3, .start_pts = -1};
	struct ts_loop *loop;

	(void)state;
	make_stream(0);
	memcpy(ts_build_packet(&build, build.count), ts_build_packet(&build, build.count - 2),
	       TS_PACKET_BYTES);
	build.count++;
	loop = open_loop(&config);
	read_all(loop, 7);
	for (size_t play = 0; play < 3; play++) {
		size_t last = (play + 1) * build.count - 1;

		assert_int_equal(ts_get_continuity(packet(last)),
		                 ts_get_continuity(packet(last - 2)));
	}
	ts_loop_destroy(loop);
}

static int try_create(const uint8_t *data, size_t size, uint64_t bitrate_bps, int64_t start_pts)
{
	struct ts_loop_config config = {.plays = 1, .start_pts = start_pts};
	struct ts_loop *loop = NULL;
	char why[256] = "";
	uint8_t *copy = malloc(size + 1);
	int err;

	assert_non_null(copy);
	memcpy(copy, data, size);
	config.bitrate_bps = bitrate_bps;
	err = ts_loop_create(&loop, copy, size, &config, why, sizeof(why));
	assert_int_equal(err != 0, why[0] != '\0');
	assert_int_equal(err != 0, loop == NULL);
	ts_loop_destroy(loop);
	return err;
}

static void test_hostile_files(void **state)
{
	size_t size;

	(void)state;
	make_stream(0);
	size = build.count * TS_PACKET_BYTES;
	assert_int_equal(try_create(build.packets, size, 0, -1), 0);
	assert_int_equal(try_create(build.packets, 0, 0, -1), -EINVAL);
	assert_int_equal(try_create(build.packets, size - 1, 0, -1), -EINVAL);
	build.packets[7 * TS_PACKET_BYTES] = 0x46;
	assert_int_equal(try_create(build.packets, size, 0, -1), -EINVAL);
	assert_int_equal(try_create(build.packets, TS_PACKET_BYTES, 0, -1), -ENODATA);
	assert_int_equal(try_create(build.packets, TS_PACKET_BYTES, 1000, -1), 0);
	assert_int_equal(try_create(build.packets, TS_PACKET_BYTES, 1000, 5), -EINVAL);
	memset(build.packets + 1, 0xff, TS_PACKET_BYTES - 1); /* adaptation field of 255 bytes */
	assert_int_equal(try_create(build.packets, TS_PACKET_BYTES, 1000, -1), 0);
}

/* Random bytes behind every sync byte: nothing but the bounds is expected. */
static void test_noise(void **state)
{
	struct ts_loop_config config = {.plays = 3, .start_pts = -1, .bitrate_bps = 1000000};
	uint32_t random = 1;

	(void)state;
	for (int round = 0; round < 50; round++) {
		struct ts_loop *loop;

		build.count = 300;
		for (size_t i = 0; i < build.count * TS_PACKET_BYTES; i++) {
			random = random * 1664525 + 1013904223;
			build.packets[i] = (uint8_t)(random >> 24 & (random >> 16 | 0x1f));
			if (i % TS_PACKET_BYTES == 0)
				build.packets[i] = TS_SYNC_BYTE;
			if (i % TS_PACKET_BYTES == 1)
				build.packets[i] &= 0x40; /* few PIDs, no errors */
		}
		config.bitrate_bps = round % 2 ? 1000000 : 1000;
		loop = open_loop(&config);
		assert_int_equal(read_all(loop, 7), 900);
		ts_loop_destroy(loop);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_play_is_the_file),
		cmocka_unit_test(test_plays_are_continuous),
		cmocka_unit_test(test_wrap),
		cmocka_unit_test(test_start_pts),
		cmocka_unit_test(test_pace),
		cmocka_unit_test(test_bitrate),
		cmocka_unit_test(test_pcr_jumps),
		cmocka_unit_test(test_split_header),
		cmocka_unit_test(test_cues),
		cmocka_unit_test(test_damaged_packets),
		cmocka_unit_test(test_duplicates_stay),
		cmocka_unit_test(test_hostile_files),
		cmocka_unit_test(test_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
