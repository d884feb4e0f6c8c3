/*
 * The receive side of an RTP stream as a whole: what comes out is compared packet by packet with what
 * went in, and after every test the sums of the counters must close.
 */
#include "base/clock.h"
#include "fec_build.h"
#include "media/rtp_stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define STEP_NS   (2 * NS_PER_MS) /* between packets: 500 a second */
#define MAX_INDEX 60000u

struct bench {
	struct rtp_stream *stream;
	const struct rtp_counters *counters;
	struct build_source source;
	int64_t now_ns;
	bool running;    /* something was emitted */
	uint32_t next;   /* index after the one emitted last */
	uint32_t serial; /* of the source emitted last */
	unsigned int emitted, breaks;
	uint8_t seen[MAX_INDEX]; /* emitted, of source */
};

/* Every payload is whole, newer than the one before, and marked exactly when something is missing. */
static void take(void *context, const uint8_t *payload, size_t size, bool broken)
{
	struct bench *b = context;
	const uint32_t index = (uint32_t)payload[4] << 24 | (uint32_t)payload[5] << 16 |
	                       (uint32_t)payload[6] << 8 | payload[7];
	const uint32_t serial = payload[11];
	struct build_source source = b->source;
	uint8_t media[BUILD_MAX];
	size_t offset, whole;

	source.serial = serial;
	whole = build_media(media, &source, index, &offset);
	if (media[0] & 0x20)
		whole -= 4;
	assert_int_equal(size, whole - offset);
	assert_memory_equal(payload, media + offset, size);
	if (b->running && serial == b->serial && !broken)
		assert_int_equal(index, b->next);
	if (broken)
		b->breaks++;
	else
		assert_true(!b->running || serial == b->serial);
	b->running = true;
	b->serial = serial;
	b->next = index + 1;
	b->emitted++;
	if (serial == b->source.serial && index < MAX_INDEX) {
		assert_false(b->seen[index]);
		b->seen[index] = 1;
	}
}

static void bench_open(struct bench *b, unsigned int reorder_ms, unsigned int merge_ms, bool fec)
{
	const struct rtp_stream_config config = {
		.options = {.reorder_ms = reorder_ms, .merge_ms = merge_ms, .fec = fec},
		.emit = take,
		.context = b,
	};

	memset(b, 0, sizeof(*b));
	b->source = (struct build_source){.ssrc = 0xabcd, .first = 65000, .clock = 77};
	b->now_ns = NS_PER_S;
	assert_int_equal(rtp_stream_create(&b->stream, &config), 0);
	b->counters = rtp_stream_counters(b->stream);
}

#define VALUE(b, name) counter_get(&(b)->counters->name)

static void check_sums(const struct bench *b)
{
	const struct rtp_counters *c = b->counters;

	assert_int_equal(VALUE(b, rtp_received),
	                 VALUE(b, rtp_emitted) - VALUE(b, rtp_recovered_fec) +
	                         VALUE(b, rtp_duplicates) + VALUE(b, rtp_late) +
	                         VALUE(b, rtp_malformed) + VALUE(b, rtp_stray) +
	                         VALUE(b, rtp_held));
	assert_int_equal(VALUE(b, rtp_received),
	                 VALUE(b, path0_received) + VALUE(b, path1_received));
	assert_int_equal(VALUE(b, fec_received),
	                 VALUE(b, fec_malformed_size) + VALUE(b, fec_malformed_version) +
	                         VALUE(b, fec_malformed_header) +
	                         VALUE(b, fec_malformed_direction) +
	                         VALUE(b, fec_malformed_matrix) + VALUE(b, fec_stray) +
	                         VALUE(b, fec_unneeded) + VALUE(b, fec_used) +
	                         VALUE(b, fec_unused) + VALUE(b, fec_wrong) + VALUE(b, fec_held));
	assert_int_equal(counter_get(&c->rtp_emitted), b->emitted);
}

/* Let all time pass, check the sums, and free. spanned: sequence numbers from first to newest. */
static void bench_close(struct bench *b, uint64_t spanned)
{
	for (int i = 0; i < 1200; i++) {
		b->now_ns += 10 * NS_PER_MS;
		rtp_stream_tick(b->stream, b->now_ns);
	}
	check_sums(b);
	assert_int_equal(VALUE(b, rtp_emitted) + VALUE(b, rtp_lost), spanned);
	rtp_stream_destroy(b->stream);
}

static void push_path(struct bench *b, int path, const struct build_source *source, uint32_t index)
{
	uint8_t media[BUILD_MAX];
	const size_t size = build_media(media, source, index, NULL);

	assert_in_range(rtp_stream_push(b->stream, path, media, size, b->now_ns), 0, 1);
	check_sums(b);
}

/* Packet `index` now, and one step of time. */
static void push(struct bench *b, uint32_t index)
{
	push_path(b, 0, &b->source, index);
	b->now_ns += STEP_NS;
	rtp_stream_tick(b->stream, b->now_ns);
}

static void push_range(struct bench *b, uint32_t from, uint32_t to)
{
	for (; from < to; from++)
		push(b, from);
}

static void push_fec(struct bench *b, bool row, uint32_t first, uint32_t step, uint32_t count)
{
	uint8_t fec[28 + BUILD_MAX];
	const size_t size = build_fec(fec, &b->source, row, first, step, count);

	rtp_stream_push_fec(b->stream, row ? FEC_ROW : FEC_COLUMN, fec, size, b->now_ns);
	check_sums(b);
}

/* ---- order ---- */

static void test_in_order(void **state)
{
	static struct bench b;

	(void)state;
	bench_open(&b, 50, 0, true);
	b.source.varied = true;
	for (uint32_t i = 0; i < 3000; i++) {
		push(&b, i);
		assert_int_equal(b.emitted, i + 1); /* at once */
	}
	assert_int_equal(b.breaks, 0);
	assert_int_equal(VALUE(&b, rtp_memory_bytes), 0); /* and without a copy */
	bench_close(&b, 3000);
}

/* 189 ticks a packet, 180 of which go by: a jitter of 9 ticks, 100 us. A new source begins at 0. */
static void test_arrival(void **state)
{
	static struct bench b;

	(void)state;
	bench_open(&b, 50, 0, false);
	push_range(&b, 0, 500);
	b.now_ns += 4 * NS_PER_MS;
	push(&b, 500);
	push_range(&b, 501, 1000);
	assert_in_range(VALUE(&b, rtp_jitter_us), 94, 105); /* as the integers round */
	assert_int_equal(VALUE(&b, arrival_le_2ms), 998);
	assert_int_equal(VALUE(&b, arrival_le_10ms), 1);
	b.source.ssrc++;
	b.source.serial++;
	memset(b.seen, 0, sizeof(b.seen));
	push_range(&b, 0, 2);
	rtp_stream_tick(b.stream, b.now_ns += 100 * NS_PER_MS);
	assert_int_equal(VALUE(&b, rtp_jitter_us), 0);
	assert_int_equal(VALUE(&b, arrival_le_2ms), 998);
	push_range(&b, 2, 50);
	assert_in_range(VALUE(&b, arrival_le_2ms), 998 + 47, 998 + 48);
	bench_close(&b, 1050);
}

static void test_reorder(void **state)
{
	static struct bench b;

	(void)state;
	for (uint32_t distance = 1; distance <= 24; distance++) { /* below 50 ms */
		bench_open(&b, 50, 0, true);
		push_range(&b, 0, 600);
		push_range(&b, 601, 601 + distance);
		assert_int_equal(b.emitted, 600);
		push(&b, 600);
		assert_int_equal(b.emitted, 601 + distance);
		assert_int_equal(VALUE(&b, rtp_reordered), 1);
		assert_int_equal(VALUE(&b, rtp_lost), 0);
		assert_int_equal(b.breaks, 0);
		bench_close(&b, 601 + distance);
	}
}

static void test_reorder_too_late(void **state)
{
	static struct bench b;

	(void)state;
	bench_open(&b, 50, 0, true);
	push_range(&b, 0, 600);
	push_range(&b, 601, 630);
	assert_int_equal(b.emitted, 629); /* given up after 50 ms */
	assert_int_equal(b.breaks, 1);
	push(&b, 600);
	assert_int_equal(VALUE(&b, rtp_late), 1);
	push(&b, 600);
	assert_int_equal(VALUE(&b, rtp_late), 1);
	assert_int_equal(VALUE(&b, rtp_duplicates), 1);
	assert_int_equal(VALUE(&b, rtp_lost), 1);
	push_range(&b, 630, 700);
	bench_close(&b, 700);
}

/* The window is exact: it counts from when the gap was seen, not from when the next packet came. */
static void test_window_exact(void **state)
{
	static struct bench b;

	(void)state;
	bench_open(&b, 50, 0, true);
	push_path(&b, 0, &b.source, 0);
	push_path(&b, 0, &b.source, 3);
	b.now_ns += 40 * NS_PER_MS;
	push_path(&b, 0, &b.source, 2);
	b.now_ns += 10 * NS_PER_MS - 1;
	rtp_stream_tick(b.stream, b.now_ns);
	assert_int_equal(b.emitted, 1);
	b.now_ns++;
	rtp_stream_tick(b.stream, b.now_ns);
	assert_int_equal(b.emitted, 3);
	assert_int_equal(VALUE(&b, rtp_lost), 1);
	bench_close(&b, 4);
}

static void test_reorder_off(void **state)
{
	static struct bench b;

	(void)state;
	bench_open(&b, 0, 0, true);
	push_range(&b, 0, 100);
	push(&b, 103);
	assert_int_equal(b.emitted, 101);
	assert_int_equal(b.breaks, 1);
	push(&b, 101);
	assert_int_equal(VALUE(&b, rtp_late), 1);
	push_range(&b, 104, 200);
	assert_int_equal(VALUE(&b, rtp_memory_bytes), 0);
	bench_close(&b, 200);
}

/* Shuffled within the window and partly doubled: in order, all there. */
static void test_shuffle(void **state)
{
	static struct bench b;
	static uint32_t order[5000];
	uint32_t seed = 99;

	(void)state;
	for (uint32_t i = 0; i < 5000; i++)
		order[i] = i;
	for (uint32_t block = 8; block + 8 <= 5000; block += 8) {
		for (uint32_t i = 7; i > 0; i--) {
			const uint32_t j = build_random(&seed) % (i + 1);
			const uint32_t kept = order[block + i];

			order[block + i] = order[block + j];
			order[block + j] = kept;
		}
	}
	bench_open(&b, 50, 0, true);
	b.source.varied = true;
	for (uint32_t i = 0; i < 5000; i++) {
		push(&b, order[i]);
		if (build_random(&seed) % 4 == 0)
			push_path(&b, 0, &b.source, order[i]);
	}
	assert_int_equal(b.emitted, 5000);
	assert_int_equal(b.breaks, 0);
	assert_true(VALUE(&b, rtp_duplicates) > 1000);
	assert_true(VALUE(&b, rtp_reordered) > 1000);
	bench_close(&b, 5000);
}

/* The wrap of the numbers at every place around a gap that is filled, and around one that is not. */
static void test_wrap(void **state)
{
	static struct bench b;

	(void)state;
	for (unsigned int wrap = 0; wrap < 60; wrap++) {
		bench_open(&b, 20, 0, true);
		b.source.first = (uint16_t)(65536 - wrap);
		push_range(&b, 0, 20);
		push_range(&b, 22, 25);
		push(&b, 21);
		push(&b, 20);
		assert_int_equal(b.emitted, 25);
		push_range(&b, 30, 60);
		assert_int_equal(VALUE(&b, rtp_lost), 5);
		assert_int_equal(b.breaks, 1);
		bench_close(&b, 60);
	}
}

/* ---- sources ---- */

static void test_new_source(void **state)
{
	static struct bench b;
	struct build_source other;

	(void)state;
	bench_open(&b, 50, 0, true);
	push_range(&b, 0, 500);
	push_range(&b, 501, 510);
	other = b.source;
	other.ssrc++;
	other.first = 1234;
	other.serial = 1;
	push_path(&b, 0, &other, 0);
	assert_int_equal(b.emitted, 500);
	push_path(&b, 0, &other, 1); /* the second is believed, and nothing was lost of it */
	assert_int_equal(b.emitted, 500 + 9 + 2);
	assert_int_equal(b.breaks, 2);
	assert_int_equal(VALUE(&b, rtp_restarts), 1);
	assert_int_equal(VALUE(&b, rtp_lost), 1); /* the gap before, not the jump */
	for (uint32_t i = 2; i < 100; i++)
		push_path(&b, 0, &other, i);
	bench_close(&b, 510 + 100);
}

static void test_jumps(void **state)
{
	static const struct {
		int jump;
		bool restart;
	} cases[] = {{-30000, true}, {-5000, true}, {-130, true}, {17, false},
	             {100, false},   {3000, false}, {3001, true}, {30000, true}};
	static struct bench b;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct build_source moved;

		bench_open(&b, 50, 0, true);
		push_range(&b, 0, 500);
		moved = b.source;
		moved.first = (uint16_t)(b.source.first + 499 + cases[i].jump);
		moved.serial = 1;
		for (uint32_t k = 0; k < 50; k++) {
			push_path(&b, 0, &moved, k);
			b.now_ns += STEP_NS;
			rtp_stream_tick(b.stream, b.now_ns);
		}
		assert_int_equal(b.emitted, 550);
		assert_int_equal(VALUE(&b, rtp_restarts), cases[i].restart);
		assert_int_equal(VALUE(&b, rtp_stray), 0);
		assert_int_equal(VALUE(&b, rtp_lost), cases[i].restart ? 0 : cases[i].jump - 1);
		bench_close(&b, 550 + (cases[i].restart ? 0u : (unsigned int)cases[i].jump - 1));
	}
}

static void test_silence(void **state)
{
	static struct bench b;
	struct build_source moved;

	(void)state;
	bench_open(&b, 50, 0, true);
	push_range(&b, 0, 500);
	b.now_ns += 5 * NS_PER_S;
	push_range(&b, 500, 600); /* a pause is no restart */
	assert_int_equal(VALUE(&b, rtp_restarts), 0);
	b.now_ns += 5 * NS_PER_S;
	moved = b.source;
	moved.first = (uint16_t)(b.source.first + 590);
	moved.serial = 1;
	push_path(&b, 0, &moved, 0); /* a step back is, and the first packet is believed */
	assert_int_equal(b.emitted, 601);
	assert_int_equal(VALUE(&b, rtp_restarts), 1);
	b.now_ns += 5 * NS_PER_S;
	moved.ssrc = 1;
	moved.serial = 2;
	push_path(&b, 0, &moved, 0);
	assert_int_equal(b.emitted, 602);
	assert_int_equal(VALUE(&b, rtp_restarts), 2);
	bench_close(&b, 602);
}

/* Forged packets between good ones: single SSRCs, jumps of every size. The stream does not notice. */
static void test_forgery(void **state)
{
	static struct bench b;
	uint32_t seed = 5;

	(void)state;
	bench_open(&b, 50, 0, true);
	for (uint32_t i = 0; i < 20000; i++) {
		struct build_source forged = b.source;

		push(&b, i);
		if (i % 2)
			forged.ssrc = build_random(&seed);
		else
			forged.first = (uint16_t)(b.source.first + i + 17 +
			                          build_random(&seed) % (65536 - 300));
		push_path(&b, 0, &forged, 0);
		if (i % 2) { /* several, each of another SSRC */
			forged.ssrc = build_random(&seed);
			push_path(&b, 0, &forged, 1);
		}
	}
	assert_int_equal(b.emitted, 20000);
	assert_int_equal(b.breaks, 0);
	assert_int_equal(VALUE(&b, rtp_lost) + VALUE(&b, rtp_restarts), 0);
	rtp_stream_reset(b.stream); /* the last candidate goes */
	assert_int_equal(VALUE(&b, rtp_stray) + VALUE(&b, rtp_held), 30000);
	bench_close(&b, 20000);
}

static void test_malformed(void **state)
{
	static struct bench b;
	uint8_t media[BUILD_MAX];

	(void)state;
	bench_open(&b, 50, 0, true);
	push_range(&b, 0, 10);
	build_media(media, &b.source, 10, NULL);
	assert_int_equal(rtp_stream_push(b.stream, 0, media, 11, 0), -RTP_TRUNCATED);
	assert_int_equal(rtp_stream_push(b.stream, 0, media, 12 + 187, 0), -RTP_TS_SIZE);
	media[12 + 188] = 0;
	assert_int_equal(rtp_stream_push(b.stream, 0, media, 12 + 376, 0), -RTP_TS_SYNC);
	media[0] = 0x40;
	assert_int_equal(rtp_stream_push(b.stream, 0, media, 12 + 188, 0), -RTP_VERSION);
	assert_int_equal(VALUE(&b, rtp_malformed), 4);
	push_range(&b, 10, 20);
	assert_int_equal(b.emitted, 20);
	bench_close(&b, 20);
}

/* Memory that is used up ends the wait, not the stream; so does a gap wider than the window. */
static void test_no_memory(void **state)
{
	static struct bench b;
	const struct rtp_stream_config config = {
		.options = {.reorder_ms = 1000}, .max_bytes = 20000, .emit = take, .context = &b};

	(void)state;
	bench_open(&b, 50, 0, true);
	rtp_stream_destroy(b.stream);
	assert_int_equal(rtp_stream_create(&b.stream, &config), 0);
	b.counters = rtp_stream_counters(b.stream);
	push_range(&b, 0, 100);
	push_range(&b, 101, 150);
	assert_true(b.emitted > 120);
	assert_true(VALUE(&b, rtp_memory_bytes) <= 20000);
	for (uint32_t i = 0; i < 9; i++) { /* nothing in between comes for less than 1 s */
		push_path(&b, 0, &b.source, 150 + i * 2000 + 1998);
		push_path(&b, 0, &b.source, 150 + i * 2000 + 1999);
	}
	bench_close(&b, 150 + 18000);
}

/* ---- FEC ---- */

#define L 4u
#define D 4u

/* A matrix of media from `start` with losses by mask, then FEC as kinds say: 1 column, 2 row. */
static void push_matrix(struct bench *b, uint32_t start, uint32_t mask, int kinds)
{
	for (uint32_t i = 0; i < L * D; i++) {
		if (!(mask >> i & 1))
			push(b, start + i);
		if (i % L == L - 1 && kinds & 2)
			push_fec(b, true, start + i - (L - 1), 1, L);
	}
	for (uint32_t c = 0; c < L && kinds & 1; c++)
		push_fec(b, false, start + c, L, D);
}

/* What peeling leaves of a mask. */
static uint32_t peel(uint32_t mask, int kinds)
{
	uint32_t before;

	do {
		before = mask;
		for (unsigned int i = 0; i < 4; i++) {
			const uint32_t row = 0xfu << (4 * i), column = 0x1111u << i;

			if (kinds & 2 && __builtin_popcount(mask & row) == 1)
				mask &= ~row;
			if (kinds & 1 && __builtin_popcount(mask & column) == 1)
				mask &= ~column;
		}
	} while (mask != before);
	return mask;
}

/* Through the whole stream, every pattern of up to four losses. */
static void test_fec_patterns(void **state)
{
	static struct bench b;

	(void)state;
	for (int kinds = 1; kinds <= 3; kinds++) {
		uint32_t start = 0, lost = 0, recovered = 0;

		bench_open(&b, 50, 0, true);
		b.source.varied = true;
		for (; start < 32 * L * D; start += L * D)
			push_matrix(&b, start, 0, kinds);
		for (uint32_t mask = 0; mask < 1u << 16; mask++) {
			const uint32_t left = peel(mask, kinds);

			if (__builtin_popcount(mask) > 4)
				continue;
			push_matrix(&b, start, mask, kinds);
			start += L * D;
			lost += (uint32_t)__builtin_popcount(left);
			recovered += (uint32_t)__builtin_popcount(mask & ~left);
		}
		for (int i = 0; i < 8; i++, start += L * D)
			push_matrix(&b, start, 0, kinds);
		assert_int_equal(VALUE(&b, rtp_recovered_fec), recovered);
		assert_int_equal(VALUE(&b, fec_wrong) + VALUE(&b, fec_late), 0);
		assert_int_equal(VALUE(&b, rtp_lost), lost);
		bench_close(&b, start);
	}
}

/* Column FEC spread over the next matrix, rows at once; bursts of a whole row, changes of size. */
static void test_fec_spread(void **state)
{
	static const uint32_t sizes[][2] = {{5, 10}, {20, 20}, {8, 5}, {10, 10}};
	static struct bench b;
	uint32_t start = 0, gone = 0;

	(void)state;
	bench_open(&b, 50, 0, true);
	for (size_t s = 0; s < 4; s++) {
		const uint32_t columns = sizes[s][0], rows = sizes[s][1], cells = columns * rows;

		for (uint32_t m = 0; m < 12; m++, start += cells) {
			for (uint32_t i = 0; i < cells; i++) {
				/* A burst of one row in every third matrix, clean ones around. */
				const bool lose = m > 2 && m % 3 == 0 && i >= cells / 2 &&
				                  i < cells / 2 + columns;

				if (!lose)
					push(&b, start + i);
				gone += lose;
				if (i % columns == columns - 1)
					push_fec(&b, true, start + i + 1 - columns, 1, columns);
				if (m > 0 && i % rows == 0)
					push_fec(&b, false, start - cells + i / rows, columns,
					         rows);
			}
		}
		assert_int_equal(VALUE(&b, fec_columns), columns);
		assert_int_equal(VALUE(&b, fec_rows), rows);
	}
	assert_int_equal(VALUE(&b, rtp_lost), 0);
	assert_int_equal(VALUE(&b, rtp_recovered_fec), gone);
	assert_int_equal(VALUE(&b, fec_changes), 6);
	assert_int_equal(VALUE(&b, rtp_restarts), 0);
	assert_int_equal(b.breaks, 0);
	assert_true(VALUE(&b, rtp_memory_bytes) < 4 << 20);
	bench_close(&b, start);
}

/* The hold follows the matrix, and goes when FEC goes. */
static void test_fec_hold(void **state)
{
	static struct bench b;
	uint32_t start = 0;

	(void)state;
	bench_open(&b, 50, 0, true);
	push_range(&b, 0, 1500);
	start = 1500;
	assert_int_equal(VALUE(&b, rtp_hold_ms), 50);
	for (int m = 0; m < 20; m++, start += 16)
		push_matrix(&b, start, 0, 3);
	assert_in_range(VALUE(&b, rtp_hold_ms), 64,
	                180); /* 32 packets and a margin at 500 a second */
	assert_int_equal(rtp_stream_matrix(b.stream).columns, 4);
	push_range(&b, start + 1, start + 20);
	assert_int_equal(VALUE(&b, rtp_lost), 0);
	push_range(&b, start + 20, start + 90);
	assert_int_equal(VALUE(&b, rtp_lost), 1);
	push_range(&b, start + 90, start + 3000);
	assert_int_equal(VALUE(&b, rtp_hold_ms), 50);
	assert_int_equal(VALUE(&b, fec_columns), 0);
	bench_close(&b, start + 3000);
}

static void test_fec_off(void **state)
{
	static struct bench b;

	(void)state;
	bench_open(&b, 50, 0, false);
	for (uint32_t m = 0; m < 10; m++)
		push_matrix(&b, m * 16, 0, 3);
	push_matrix(&b, 160, 0x20, 3);
	push_range(&b, 176, 250);
	assert_int_equal(VALUE(&b, rtp_lost), 1);
	assert_int_equal(VALUE(&b, fec_stray), VALUE(&b, fec_received));
	assert_int_equal(VALUE(&b, fec_columns), 0);
	bench_close(&b, 250);
}

/* A packet that is only late, and arrives when FEC has brought it already, is a duplicate. */
static void test_fec_and_late(void **state)
{
	static struct bench b;

	(void)state;
	bench_open(&b, 50, 0, true);
	for (uint32_t m = 0; m < 10; m++)
		push_matrix(&b, m * 16, 0, 3);
	push_matrix(&b, 160, 0x20, 2);
	assert_int_equal(VALUE(&b, rtp_recovered_fec), 1);
	push(&b, 165);
	assert_int_equal(VALUE(&b, rtp_duplicates), 1);
	/* Recovered while it waits behind another gap, then it comes. */
	push_matrix(&b, 176, 0x203, 2);
	assert_int_equal(VALUE(&b, rtp_recovered_fec), 1);
	push(&b, 185);
	push(&b, 176); /* which lets FEC have 177 as well */
	push(&b, 177);
	assert_int_equal(VALUE(&b, rtp_recovered_fec), 3);
	assert_int_equal(VALUE(&b, rtp_duplicates), 3);
	assert_int_equal(b.emitted, 192);
	bench_close(&b, 192);
}

/* A restart on the same numbers while FEC of the former source still comes. */
static void test_fec_restart(void **state)
{
	static struct bench b;
	struct build_source old;
	uint8_t fec[28 + BUILD_MAX];

	(void)state;
	bench_open(&b, 50, 0, true);
	for (uint32_t m = 0; m < 20; m++)
		push_matrix(&b, m * 16, 0, 3);
	old = b.source;
	b.source.ssrc = 9;
	b.source.serial = 7;
	b.source.clock += 4242;
	memset(b.seen, 0, sizeof(b.seen));
	for (uint32_t m = 0; m < 20; m++) {
		push_matrix(&b, m * 16, m % 4 == 3 ? 0x0200 : 0, m > 4 ? 3 : 0);
		for (uint32_t c = 0; m <= 4 && c < 4; c++)
			rtp_stream_push_fec(b.stream, FEC_COLUMN, fec,
			                    build_fec(fec, &old, false, m * 16 + c, 4, 4),
			                    b.now_ns);
	}
	push_range(&b, 320, 420);
	assert_int_equal(VALUE(&b, rtp_restarts), 1);
	assert_int_equal(VALUE(&b, rtp_recovered_fec), 4);
	assert_int_equal(VALUE(&b, rtp_lost), 1);
	assert_true(VALUE(&b, fec_wrong) > 0);
	bench_close(&b, 320 + 420);
}

/* ---- two paths ---- */

/* Two paths, the second `lag` steps behind, each losing `loss` percent: all that one had comes out. */
static void merge(uint32_t lag, uint32_t loss, unsigned int merge_ms)
{
	static struct bench b;
	uint32_t seed = 1 + lag + loss, both = 0, only0 = 0, only1 = 0;
	static uint8_t has[20000];
	const uint32_t total = 20000;

	for (uint32_t i = 0; i < total; i++) {
		/* Clean until both have joined, and at the end, where gaps still wait. */
		const bool edge = i < 500 || i >= total - 500;

		has[i] = (uint8_t)((edge || build_random(&seed) % 100 >= loss) |
		                   (edge || build_random(&seed) % 100 >= loss) << 1);
		both += has[i] == 0;
		only0 += has[i] == 1 && i + 6144 < total;
		only1 += has[i] == 2 && i + 6144 < total;
	}
	bench_open(&b, 50, merge_ms, true);
	for (uint32_t i = 0; i < total + lag; i++) {
		if (i < total && has[i] & 1)
			push_path(&b, 0, &b.source, i);
		if (i >= lag && has[i - lag] & 2)
			push_path(&b, 1, &b.source, i - lag);
		b.now_ns += STEP_NS;
		rtp_stream_tick(b.stream, b.now_ns);
	}
	assert_int_equal(VALUE(&b, rtp_lost), both);
	assert_int_equal(b.emitted, total - both);
	assert_int_equal(VALUE(&b, rtp_late) + VALUE(&b, rtp_stray) + VALUE(&b, rtp_restarts), 0);
	assert_int_equal(VALUE(&b, path0_first) + VALUE(&b, path1_first), b.emitted);
	/* Those before the second path has joined do not count. */
	assert_in_range(VALUE(&b, path0_only), only0, only0 + lag + 2);
	assert_int_equal(VALUE(&b, path1_only), only1);
	bench_close(&b, total);
}

static void test_merge(void **state)
{
	(void)state;
	merge(0, 5, 200);
	merge(1, 5, 200);
	merge(50, 5, 200);   /* 100 ms apart */
	merge(450, 5, 1000); /* 900 ms apart */
	merge(5, 30, 200);
	merge(5, 0, 200);
}

/* The second path is behind the first: what it brings late is late without the merge window. */
static void test_merge_path_dies(void **state)
{
	static struct bench b;

	(void)state;
	bench_open(&b, 50, 500, true);
	for (uint32_t i = 0; i < 2000; i++) {
		if (i < 1000)
			push_path(&b, 0, &b.source, i);
		push_path(&b, 1, &b.source, i);
		b.now_ns += STEP_NS;
		rtp_stream_tick(b.stream, b.now_ns);
	}
	assert_int_equal(VALUE(&b, rtp_hold_ms), 50); /* one path: no merge window */
	for (uint32_t i = 2000; i < 3000; i++) {      /* the other way round */
		push_path(&b, 0, &b.source, i);
		b.now_ns += STEP_NS;
		rtp_stream_tick(b.stream, b.now_ns);
	}
	assert_int_equal(b.emitted, 3000);
	assert_int_equal(b.breaks, 0);
	assert_int_equal(VALUE(&b, rtp_restarts), 0);
	bench_close(&b, 3000);
}

/* Another stream on the second path is kept out, and taken when the first path ends. */
static void test_merge_stranger(void **state)
{
	static struct bench b;
	struct build_source other;

	(void)state;
	bench_open(&b, 50, 500, true);
	other = b.source;
	other.ssrc = 55;
	other.first = 9;
	other.serial = 3;
	for (uint32_t i = 0; i < 3000; i++) {
		if (i < 1000)
			push_path(&b, 0, &b.source, i);
		push_path(&b, 1, &other, i);
		b.now_ns += STEP_NS;
		rtp_stream_tick(b.stream, b.now_ns);
	}
	assert_int_equal(VALUE(&b, rtp_restarts), 1);
	assert_int_equal(b.breaks, 1);
	assert_in_range(b.emitted, 1000 + 1490, 1000 + 1500);
	assert_int_equal(VALUE(&b, rtp_lost), 0);
	bench_close(&b, b.emitted);
}

/* The encoder restarts: both paths bring the new source, one later. No packet of either is lost. */
static void test_merge_restart(void **state)
{
	static struct bench b;
	const uint32_t lag = 40;

	(void)state;
	bench_open(&b, 50, 500, true);
	for (uint32_t i = 0; i < 2000 + lag; i++) {
		for (int path = 0; path < 2; path++) {
			struct build_source source = b.source;
			const uint32_t index = i - (path ? lag : 0);

			if (index >= 2000)
				continue;
			if (index >= 1000) {
				source.ssrc = 77;
				source.first = 30000;
				source.serial = 1;
			}
			push_path(&b, path, &source, index % 1000);
		}
		b.now_ns += STEP_NS;
		rtp_stream_tick(b.stream, b.now_ns);
	}
	assert_int_equal(VALUE(&b, rtp_restarts), 1);
	assert_int_equal(VALUE(&b, rtp_lost), 0);
	assert_int_equal(b.emitted, 2000);
	assert_int_equal(b.breaks, 1);
	bench_close(&b, 2000);
}

/* A switch to another input: what waits comes out, the next source starts without a restart. */
static void test_reset(void **state)
{
	static struct bench b;

	(void)state;
	bench_open(&b, 50, 0, true);
	push_range(&b, 0, 100);
	push_range(&b, 101, 110);
	assert_int_equal(b.emitted, 100);
	rtp_stream_reset(b.stream);
	assert_int_equal(b.emitted, 109);
	b.source.serial = 1;
	b.source.ssrc++;
	b.source.first = 5;
	memset(b.seen, 0, sizeof(b.seen));
	push_range(&b, 0, 50);
	assert_int_equal(VALUE(&b, rtp_restarts), 0);
	assert_int_equal(b.breaks, 2);
	bench_close(&b, 110 + 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_in_order),       cmocka_unit_test(test_arrival),
		cmocka_unit_test(test_reorder),        cmocka_unit_test(test_reorder_too_late),
		cmocka_unit_test(test_window_exact),   cmocka_unit_test(test_reorder_off),
		cmocka_unit_test(test_shuffle),        cmocka_unit_test(test_wrap),
		cmocka_unit_test(test_new_source),     cmocka_unit_test(test_jumps),
		cmocka_unit_test(test_silence),        cmocka_unit_test(test_forgery),
		cmocka_unit_test(test_malformed),      cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_fec_patterns),   cmocka_unit_test(test_fec_spread),
		cmocka_unit_test(test_fec_hold),       cmocka_unit_test(test_fec_off),
		cmocka_unit_test(test_fec_and_late),   cmocka_unit_test(test_fec_restart),
		cmocka_unit_test(test_merge),          cmocka_unit_test(test_merge_path_dies),
		cmocka_unit_test(test_merge_stranger), cmocka_unit_test(test_merge_restart),
		cmocka_unit_test(test_reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
