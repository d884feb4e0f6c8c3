/*
 * A remuxer with what it needs to be tested: a stream to build, its tags kept, frames to send.
 * For one test program each; its objects are static.
 */
#ifndef TESTS_REMUX_FIXTURE_H
#define TESTS_REMUX_FIXTURE_H

#include "media/remux.h"

#include "ts_build.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define PMT_PID    0x1000
#define VIDEO_PID  0x100
#define AUDIO_PID  0x101
#define FRAME_TIME 3600
#define MAX_TAGS   4096

static const struct remux_choice usual;
static struct ts_build build;
static struct flv_tag *tags[MAX_TAGS];
static size_t tag_count;

#define SPS                                                                                       \
	0x67, 0x64, 0x00, 0x1e, 0xac, 0xd9, 0x40, 0xa0, 0x2f, 0xf9, 0x70, 0x11, 0x00, 0x00, 0x03, \
		0x00, 0x01, 0x00, 0x00, 0x03, 0x00, 0x32, 0x0f, 0x16, 0x2d, 0x96
#define SPS_INTERLACED                                                                            \
	0x67, 0x64, 0x00, 0x1e, 0xac, 0xd9, 0x40, 0xa0, 0x63, 0xf3, 0xe0, 0x22, 0x00, 0x00, 0x03, \
		0x00, 0x02, 0x00, 0x00, 0x03, 0x00, 0x64, 0x3e, 0x28, 0x53, 0x2c
#define PPS   0x68, 0xef, 0x8f, 0xcb
#define START 0, 0, 0, 1
#define AUD   START, 0x09, 0xf0

/* Slices: first_mb 0, type 7 (I) or 5 (P), pps 0, frame_num 0, and some data. */
static const uint8_t key_frame[] = {AUD, START, SPS, START, PPS, 0, 0, 1, 0x65, 0x88, 0x84, 0x12};
static const uint8_t inter_frame[] = {AUD, START, 0x06, 0x05, 0x01, 0x11, 0x80,
                                      0,   0,     1,    0x41, 0x9a, 0x04, 0x56};

static const struct ts_build_program programs[] = {{1, PMT_PID}};
static const struct ts_build_stream av[] = {{PSI_H264, VIDEO_PID}, {PSI_AAC_ADTS, AUDIO_PID}};

static inline void take_tag(void *context, struct flv_tag *tag)
{
	(void)context;
	assert_true(tag_count < MAX_TAGS);
	tags[tag_count++] = tag;
}

static inline void clear_tags(void)
{
	while (tag_count > 0)
		flv_tag_unref(tags[--tag_count]);
}

static inline int setup(void **state)
{
	struct remuxer *remuxer;

	memset(&build, 0, sizeof(build));
	if (remuxer_create(&remuxer, take_tag, NULL) < 0)
		return -1;
	*state = remuxer;
	return 0;
}

static inline int teardown(void **state)
{
	clear_tags();
	remuxer_destroy(*state);
	return 0;
}

/* Push what was built, with more to come. */
static inline void push_open(struct remuxer *remuxer)
{
	remuxer_push(remuxer, build.packets, build.count);
	ts_build_clear(&build);
}

/* Push what was built, which ends with whole access units. */
static inline void push(struct remuxer *remuxer)
{
	push_open(remuxer);
	remuxer_flush(remuxer);
}

static inline void start(struct remuxer *remuxer)
{
	ts_build_pat(&build, 0, programs, 1);
	ts_build_pmt(&build, PMT_PID, 1, 0, av, 2);
	push(remuxer);
}

static inline void add_video(int64_t pts, int64_t dts, const uint8_t *data, size_t size)
{
	ts_build_pes(&build, VIDEO_PID, pts, dts, true, data, size);
}

#define ADD_KEY(pts, dts)   add_video(pts, dts, key_frame, sizeof(key_frame))
#define ADD_INTER(pts, dts) add_video(pts, dts, inter_frame, sizeof(inter_frame))

/* Write an ADTS frame of 44.1 or 48 kHz stereo. */
static inline size_t write_adts(uint8_t *out, unsigned int rate, size_t payload)
{
	size_t size = 7 + payload;

	out[0] = 0xff;
	out[1] = 0xf1;
	out[2] = (uint8_t)(0x40 | (rate == 48000 ? 3 : 4) << 2);
	out[3] = (uint8_t)(0x80 | size >> 11);
	out[4] = (uint8_t)(size >> 3);
	out[5] = (uint8_t)(size << 5 | 0x1f);
	out[6] = 0xfc;
	memset(out + 7, 0x21, payload);
	return size;
}

static inline void add_audio(int64_t pts, unsigned int rate, unsigned int frames)
{
	uint8_t data[4096];
	size_t size = 0;

	while (frames--)
		size += write_adts(data + size, rate, 40);
	ts_build_pes(&build, AUDIO_PID, pts, TS_BUILD_NONE, true, data, size);
}

static inline uint64_t counter(const struct remuxer *remuxer, size_t offset)
{
	return counter_get((const counter_t *)((const char *)remuxer_counters(remuxer) + offset));
}

#define COUNTER(remuxer, name) counter(remuxer, offsetof(struct remux_counters, name))

/* The frames of one type, headers left out, into frames; returns their number. */
static inline size_t select_frames(enum flv_type type, struct flv_tag **frames)
{
	size_t count = 0;

	for (size_t i = 0; i < tag_count; i++) {
		if (tags[i]->type == type && !tags[i]->header)
			frames[count++] = tags[i];
	}
	return count;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

#endif
