/*
 * The tag queue: where a connection starts, what a slow one loses, what an ended one leaves behind, and
 * that every reference is given back. The remuxer is a stub that knows nothing but headers.
 */
#include "base/clock.h"
#include "output/tag_queue.h"

#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct remuxer {
	struct flv_tag *headers[3]; /* NULL: not known */
	struct flv_tag *cue;        /* of a splice to come, or NULL */
};

size_t remuxer_get_headers(const struct remuxer *remuxer, const struct remux_choice *choice,
                           struct flv_tag *headers[3])
{
	size_t count = 0;

	(void)choice;
	for (size_t i = 0; i < 3; i++)
		if (remuxer->headers[i])
			headers[count++] = flv_tag_ref(remuxer->headers[i]);
	return count;
}

size_t remuxer_get_cues(const struct remuxer *remuxer, const struct remux_choice *choice,
                        int64_t now_ms, struct flv_tag *cues[REMUX_MAX_CUES])
{
	(void)choice, (void)now_ms;
	if (!remuxer->cue)
		return 0;
	cues[0] = flv_tag_ref(remuxer->cue);
	return 1;
}

/* The tags of one audio track, and those of everyone. */
bool remuxer_wants(const struct remuxer *remuxer, const struct flv_tag *tag,
                   const struct remux_choice *choice)
{
	(void)remuxer;
	return tag->type != FLV_AUDIO || tag->audio_track == choice->audio_index;
}

#define MAX_TAGS   20000
#define BACKLOG_MS 4000

bool remuxer_has_video(const struct remuxer *remuxer)
{
	return remuxer->headers[1];
}

/* A queue, its remuxer, and every tag that was ever made, with a reference kept. */
struct bench {
	struct tag_queue *queue;
	struct remuxer remuxer;
	counter_t dropped;
	struct flv_tag *tags[MAX_TAGS];
	size_t count;
};

static struct flv_tag *make_tag(struct bench *b, enum flv_type type, int64_t timestamp_ms)
{
	struct flv_tag *tag = flv_tag_create(type, timestamp_ms, 1);

	assert_non_null(tag);
	assert_true(b->count < MAX_TAGS);
	tag->body[0] = 0;
	tag->audio_track = 1;
	b->tags[b->count++] = tag;
	return tag;
}

static struct flv_tag *make_header(struct bench *b, enum flv_type type, int64_t timestamp_ms)
{
	struct flv_tag *tag = make_tag(b, type, timestamp_ms);

	tag->header = true;
	return tag;
}

static struct flv_tag *offer(struct bench *b, struct flv_tag *tag)
{
	tag_queue_push(b->queue, tag, &b->remuxer);
	return tag;
}

static struct flv_tag *push_video(struct bench *b, int64_t timestamp_ms, bool key)
{
	struct flv_tag *tag = make_tag(b, FLV_VIDEO, timestamp_ms);

	tag->key = key;
	return offer(b, tag);
}

static struct flv_tag *push_audio(struct bench *b, int64_t timestamp_ms)
{
	return offer(b, make_tag(b, FLV_AUDIO, timestamp_ms));
}

static int setup(void **state)
{
	static const struct remux_choice choice = {.audio_index = 1};
	struct bench *b = calloc(1, sizeof(*b));

	if (!b || tag_queue_create(&b->queue, &choice, BACKLOG_MS, &b->dropped))
		return -1;
	b->remuxer.headers[0] = make_header(b, FLV_SCRIPT, 0);
	b->remuxer.headers[1] = make_header(b, FLV_VIDEO, 0);
	b->remuxer.headers[2] = make_header(b, FLV_AUDIO, 0);
	*state = b;
	return 0;
}

/* Whatever was queued, popped and dropped: in the end only the bench's own references are left. */
static int teardown(void **state)
{
	struct bench *b = *state;
	size_t unbalanced = 0;

	tag_queue_destroy(b->queue);
	for (size_t i = 0; i < b->count; i++) {
		unbalanced += atomic_load(&b->tags[i]->references) != 1;
		flv_tag_unref(b->tags[i]);
	}
	free(b);
	return unbalanced ? -1 : 0;
}

static void expect(struct bench *b, const struct flv_tag *expected)
{
	struct flv_tag *tag = tag_queue_pop(b->queue);

	assert_ptr_equal(tag, expected);
	flv_tag_unref(tag);
}

static void expect_headers(struct bench *b)
{
	for (size_t i = 0; i < 3; i++)
		if (b->remuxer.headers[i])
			expect(b, b->remuxer.headers[i]);
}

static uint64_t dropped(const struct bench *b)
{
	return counter_get(&b->dropped);
}

static void test_closed(void **state)
{
	struct bench *b = *state;

	push_video(b, 0, true);
	push_audio(b, 0);
	expect(b, NULL);
	assert_int_equal(dropped(b), 0);
}

static void test_start(void **state)
{
	struct bench *b = *state;
	struct flv_tag *key, *audio, *frame;

	tag_queue_open(b->queue);
	push_video(b, 0, false);
	push_audio(b, 10);
	offer(b, b->remuxer.headers[1]); /* is no place to start at */
	expect(b, NULL);
	key = push_video(b, 40, true);
	audio = push_audio(b, 50);
	frame = push_video(b, 80, false);
	expect_headers(b);
	expect(b, key);
	expect(b, audio);
	expect(b, frame);
	expect(b, NULL);
	assert_int_equal(dropped(b), 0);
}

/* A splice that was announced before is told behind the first frame, but before the audio kept for it. */
static void test_cue_at_start(void **state)
{
	struct bench *b = *state;
	struct flv_tag *key, *audio;

	b->remuxer.cue = make_tag(b, FLV_SCRIPT, 40);
	tag_queue_open(b->queue);
	audio = push_audio(b, 50);
	key = push_video(b, 40, true);
	expect_headers(b);
	expect(b, key);
	expect(b, b->remuxer.cue);
	expect(b, audio);
	expect(b, NULL);
}

static void test_header_in_the_stream(void **state)
{
	struct bench *b = *state;
	struct flv_tag *header, *key;

	tag_queue_open(b->queue);
	key = push_video(b, 0, true);
	expect_headers(b);
	expect(b, key);
	header = offer(b, make_header(b, FLV_VIDEO, 40));
	key = push_video(b, 40, true);
	expect(b, header);
	expect(b, key);
	expect(b, NULL);
}

static void test_audio_only(void **state)
{
	struct bench *b = *state;
	struct flv_tag *audio;

	b->remuxer.headers[1] = NULL;
	tag_queue_open(b->queue);
	audio = push_audio(b, 1000);
	expect_headers(b);
	expect(b, audio);
	expect(b, NULL);
}

/* The first tag that a new output is offered is audio, but the channel has video: wait for that. */
static void test_audio_comes_first(void **state)
{
	struct bench *b = *state;
	struct flv_tag *key;

	tag_queue_open(b->queue);
	push_audio(b, 1000);
	push_video(b, 1010, false);
	expect(b, NULL);
	key = push_video(b, 1050, true);
	expect_headers(b);
	expect(b, key);
	expect(b, NULL);
}

/* Headers may be hours old; the age of the queue is that of its frames. */
static void test_old_headers_are_no_delay(void **state)
{
	struct bench *b = *state;
	const int64_t now_ms = 3600 * 1000;
	struct flv_tag *key, *frame;

	tag_queue_open(b->queue);
	key = push_video(b, now_ms, true);
	expect(b, b->remuxer.headers[0]);
	frame = push_video(b, now_ms + 40, false);
	expect(b, b->remuxer.headers[1]);
	expect(b, b->remuxer.headers[2]);
	expect(b, key);
	expect(b, frame);
	expect(b, NULL);
	assert_int_equal(dropped(b), 0);
}

static void test_overflow_by_time(void **state)
{
	struct bench *b = *state;
	struct flv_tag *first, *second, *key;

	tag_queue_open(b->queue);
	first = push_video(b, 1000, true);
	second = push_video(b, 1040, false);
	expect_headers(b);
	expect(b, first);
	for (int ms = 80; ms <= BACKLOG_MS; ms += 40) /* these fit */
		push_video(b, 1000 + ms, false);
	assert_int_equal(dropped(b), 0);
	push_video(b, 1000 + BACKLOG_MS + 1, false);
	push_audio(b, 1000 + BACKLOG_MS + 1);
	push_video(b, 1000 + BACKLOG_MS + 40, true); /* a key frame, but no room */
	assert_int_equal(dropped(b), 3);
	expect(b, second);
	push_video(b, 1000 + BACKLOG_MS + 80, false); /* room, but no key frame */
	assert_int_equal(dropped(b), 4);
	for (int ms = 80; ms <= BACKLOG_MS; ms += 40)
		expect(b, b->tags[3 + ms / 40]);
	expect(b, NULL);
	key = push_video(b, 6000, true);
	expect_headers(b);
	expect(b, key);
	assert_int_equal(dropped(b), 4);
}

/* The source pauses, or its time stamps jump: whoever has taken all before is not slow. */
static void test_jump_is_no_delay(void **state)
{
	struct bench *b = *state;
	struct flv_tag *first, *second, *third, *audio;

	tag_queue_open(b->queue);
	first = push_video(b, 1000, true);
	expect_headers(b);
	expect(b, first);
	second = push_video(b, 1000 + 2 * BACKLOG_MS, false);
	audio = push_audio(b, 1000 + 2 * BACKLOG_MS);
	third = push_video(b, 1040 + 2 * BACKLOG_MS, false);
	expect(b, second);
	expect(b, audio);
	expect(b, third);
	assert_int_equal(dropped(b), 0);
	/* It does not make the backlog longer either. */
	for (int ms = 80; ms <= 2 * BACKLOG_MS; ms += 40)
		push_video(b, 1000 + 2 * BACKLOG_MS + ms, false);
	assert_in_range(dropped(b), BACKLOG_MS / 40 - 2, BACKLOG_MS / 40 + 2);
}

/* What is dropped counts: the frames that wait are as old as if it were there. */
static void test_dropped_is_delay(void **state)
{
	struct bench *b = *state;
	struct flv_tag *tag;
	int64_t ms = 0;

	tag_queue_open(b->queue);
	push_video(b, ms, true);
	expect_headers(b);
	while (!dropped(b))
		push_video(b, ms += 40, false);
	for (int64_t end = ms + BACKLOG_MS; ms < end; ms += 1000) { /* it takes a second of four */
		for (int i = 0; i < 25; i++)
			push_video(b, ms + i * 40, i == 0);
		for (int i = 0; i < 6; i++) {
			tag = tag_queue_pop(b->queue);
			assert_non_null(tag);
			assert_in_range(ms + 960 - tag->timestamp_ms, 0, BACKLOG_MS + 4000);
			flv_tag_unref(tag);
		}
	}
	while ((tag = tag_queue_pop(b->queue))) { /* nothing of the last seconds was taken */
		assert_true(tag->timestamp_ms <= BACKLOG_MS + 40);
		flv_tag_unref(tag);
	}
}

/* Key frames that are farther apart than the backlog is long: what comes right behind the first one after a loss fits. */
static void test_long_group(void **state)
{
	struct bench *b = *state;
	struct flv_tag *tag, *key, *audio;
	int64_t ms = 0;

	tag_queue_open(b->queue);
	push_video(b, ms, true);
	expect_headers(b);
	while (!dropped(b))
		push_video(b, ms += 40, false);
	while ((tag = tag_queue_pop(b->queue)))
		flv_tag_unref(tag);
	for (int i = 0; i < 2 * BACKLOG_MS / 40; i++)
		push_video(b, ms += 40, false);
	key = push_video(b, ms += 40, true);
	audio = push_audio(b, ms);
	expect_headers(b);
	expect(b, key);
	expect(b, audio);
}

/* A multiplexer sends video long before the audio of the same time. */
static void test_offset_is_no_delay(void **state)
{
	struct bench *b = *state;
	struct flv_tag *audio, *video;

	tag_queue_open(b->queue);
	video = push_video(b, 2 * BACKLOG_MS, true);
	expect_headers(b);
	expect(b, video);
	for (int ms = 40; ms <= 2 * BACKLOG_MS; ms += 40) {
		audio = push_audio(b, ms);
		video = push_video(b, 2 * BACKLOG_MS + ms, false);
		expect(b, audio);
		audio = push_audio(b, ms + 20);
		expect(b, video);
		expect(b, audio);
	}
	assert_int_equal(dropped(b), 0);
}

static void test_overflow_by_number(void **state)
{
	struct bench *b = *state;
	struct flv_tag *tag, *key;
	size_t popped = 0;

	tag_queue_open(b->queue);
	for (int i = 0; i < 3000; i++) /* all within the time limit */
		push_video(b, i, i == 0);
	while ((tag = tag_queue_pop(b->queue))) {
		flv_tag_unref(tag);
		popped++;
	}
	assert_true(popped > 500);
	assert_int_equal(popped - 3 + dropped(b), 3000);
	push_video(b, 3000, false);
	assert_int_equal(popped - 3 + dropped(b), 3001);
	key = push_video(b, 3001, true);
	expect_headers(b);
	expect(b, key);
	assert_int_equal(popped - 3 + dropped(b), 3001);
}

/* A peer that reads nothing at all from the start on is bounded too. */
static void test_never_popped(void **state)
{
	struct bench *b = *state;

	tag_queue_open(b->queue);
	for (int i = 0; i < 5000; i++)
		push_video(b, i * 40, i % 50 == 0);
	assert_true(dropped(b) > 3900);
}

static void test_reopen(void **state)
{
	struct bench *b = *state;
	struct flv_tag *key;

	tag_queue_open(b->queue);
	push_video(b, 0, true);
	push_video(b, 40, false);
	tag_queue_close(b->queue);
	push_video(b, 80, true);
	expect(b, NULL);
	tag_queue_open(b->queue);
	push_video(b, 120, false);
	expect(b, NULL);
	key = push_video(b, 160, true);
	expect_headers(b);
	expect(b, key);
	expect(b, NULL);
	assert_int_equal(dropped(b), 0);
}

/* Closed and opened again between two pushes: the old connection's tags do not reach the new one. */
static void test_reopen_unseen(void **state)
{
	struct bench *b = *state;
	struct flv_tag *key;

	tag_queue_open(b->queue);
	push_video(b, 0, true);
	tag_queue_close(b->queue);
	tag_queue_open(b->queue);
	push_video(b, 40, false);
	key = push_video(b, 80, true);
	expect_headers(b);
	expect(b, key);
	expect(b, NULL);
}

/* What a dead connection left in the queue is no reason to drop what the next one wants. */
static void test_reopen_full(void **state)
{
	struct bench *b = *state;
	uint64_t before;
	struct flv_tag *key;

	tag_queue_open(b->queue);
	for (int i = 0; i < 2000; i++)
		push_video(b, i, i == 0);
	tag_queue_close(b->queue);
	before = dropped(b);
	tag_queue_open(b->queue);
	key = push_video(b, 60000, true);
	expect_headers(b);
	expect(b, key);
	expect(b, NULL);
	assert_int_equal(dropped(b), before);
}

/* Nor does it keep memory while nobody is connected. */
static void test_close_lets_go(void **state)
{
	struct bench *b = *state;

	tag_queue_open(b->queue);
	for (int i = 0; i < 100; i++)
		push_video(b, i, i == 0);
	tag_queue_close(b->queue);
	for (size_t i = 0; i < b->count; i++)
		assert_int_equal(atomic_load(&b->tags[i]->references), 1);
}

/* Another audio track is neither queued nor counted as dropped. */
static void test_unwanted(void **state)
{
	struct bench *b = *state;
	struct flv_tag *key, *other = make_tag(b, FLV_AUDIO, 10), *audio;

	other->audio_track = 0;
	tag_queue_open(b->queue);
	offer(b, other);
	key = push_video(b, 0, true);
	offer(b, other);
	audio = push_audio(b, 20);
	expect_headers(b);
	expect(b, key);
	expect(b, audio);
	expect(b, NULL);
	assert_int_equal(dropped(b), 0);
}

/* A long backlog has the room that its time takes. */
static void test_long_backlog(void **state)
{
	static const struct remux_choice choice = {.audio_index = 1};
	struct bench *b = *state;

	tag_queue_destroy(b->queue);
	assert_int_equal(tag_queue_create(&b->queue, &choice, 30000, &b->dropped), 0);
	tag_queue_open(b->queue);
	push_video(b, 0, true);
	expect_headers(b);
	for (int i = 1; i < 30 * 110; i++)
		push_video(b, i * 1000 / 110, false);
	assert_int_equal(dropped(b), 0);
}

static bool is_readable(const struct bench *b)
{
	struct pollfd polled = {.fd = tag_queue_fd(b->queue), .events = POLLIN};

	return poll(&polled, 1, 0) == 1;
}

static void test_event(void **state)
{
	struct bench *b = *state;

	tag_queue_flush(b->queue);
	assert_false(is_readable(b));
	tag_queue_open(b->queue);
	push_video(b, 0, false);
	tag_queue_flush(b->queue);
	assert_false(is_readable(b)); /* it was not queued */
	push_video(b, 0, true);
	assert_false(is_readable(b));
	tag_queue_flush(b->queue);
	assert_true(is_readable(b));
	tag_queue_clear(b->queue);
	assert_false(is_readable(b));
	tag_queue_clear(b->queue);
	tag_queue_flush(b->queue);
	assert_false(is_readable(b));
}

static void test_note(void **state)
{
	struct bench *b = *state;
	char text[8];

	assert_false(tag_queue_get_note(b->queue, text, sizeof(text)));
	tag_queue_set_note(b->queue, "first");
	tag_queue_set_note(b->queue, "MPEG-2 video");
	tag_queue_flush(b->queue);
	assert_true(is_readable(b));
	assert_true(tag_queue_get_note(b->queue, text, sizeof(text)));
	assert_string_equal(text, "MPEG-2 ");
	assert_false(tag_queue_get_note(b->queue, text, sizeof(text)));
	tag_queue_set_note(b->queue, "left behind");
}

#ifdef __SANITIZE_THREAD__
#define RACE_TAGS 5000
#else
#define RACE_TAGS (MAX_TAGS - 10)
#endif

/* The producer on a thread of its own; the consumer opens, reads, stalls and closes meanwhile. */
static void *produce(void *argument)
{
	struct bench *b = argument;

	for (int i = 0; i < RACE_TAGS; i++) {
		if (i % 3 == 2)
			push_audio(b, i * 10);
		else
			push_video(b, i * 10, i % 30 == 0);
		if (i % 5 == 0) {
			tag_queue_flush(b->queue);
			sched_yield();
		}
	}
	return NULL;
}

/* One connection: headers, a key frame, and then rising time stamps. */
static void consume(struct bench *b, int wanted)
{
	int64_t last_ms = -1;
	int got = 0;

	tag_queue_open(b->queue);
	for (int tries = 0; got < wanted && tries < 20000; tries++) {
		struct flv_tag *tag = tag_queue_pop(b->queue);

		if (!tag) {
			sched_yield();
			continue;
		}
		if (got < 3)
			assert_ptr_equal(tag, b->remuxer.headers[got]);
		if (got == 3)
			assert_true(tag->type == FLV_VIDEO && tag->key);
		if (!tag->header) {
			assert_true(tag->timestamp_ms > last_ms);
			last_ms = tag->timestamp_ms;
		}
		flv_tag_unref(tag);
		got++;
	}
	tag_queue_close(b->queue);
}

static void test_race(void **state)
{
	struct bench *b = *state;
	pthread_t producer;

	assert_int_equal(pthread_create(&producer, NULL, produce, b), 0);
	for (int i = 0; i < 100; i++)
		consume(b, 5 + i % 7 * 40);
	pthread_join(producer, NULL);
	consume(b, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_closed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_start, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cue_at_start, setup, teardown),
		cmocka_unit_test_setup_teardown(test_header_in_the_stream, setup, teardown),
		cmocka_unit_test_setup_teardown(test_audio_only, setup, teardown),
		cmocka_unit_test_setup_teardown(test_audio_comes_first, setup, teardown),
		cmocka_unit_test_setup_teardown(test_old_headers_are_no_delay, setup, teardown),
		cmocka_unit_test_setup_teardown(test_overflow_by_time, setup, teardown),
		cmocka_unit_test_setup_teardown(test_jump_is_no_delay, setup, teardown),
		cmocka_unit_test_setup_teardown(test_dropped_is_delay, setup, teardown),
		cmocka_unit_test_setup_teardown(test_long_group, setup, teardown),
		cmocka_unit_test_setup_teardown(test_offset_is_no_delay, setup, teardown),
		cmocka_unit_test_setup_teardown(test_overflow_by_number, setup, teardown),
		cmocka_unit_test_setup_teardown(test_never_popped, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reopen, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reopen_unseen, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reopen_full, setup, teardown),
		cmocka_unit_test_setup_teardown(test_close_lets_go, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unwanted, setup, teardown),
		cmocka_unit_test_setup_teardown(test_long_backlog, setup, teardown),
		cmocka_unit_test_setup_teardown(test_event, setup, teardown),
		cmocka_unit_test_setup_teardown(test_note, setup, teardown),
		cmocka_unit_test_setup_teardown(test_race, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
