/*
 * SMPTE 2022-1: FEC headers as bytes, and recovery against a solver that knows nothing but which numbers
 * each FEC packet protects.
 */
#include "fec_build.h"
#include "media/fec.h"
#include "media/fec_rebuild.h"
#include "media/rtp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MAX_PACKETS  1200
#define MAX_SETS     400

/* ---- headers ---- */

#define RTP_PART 0x80, 0x60, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0

static const struct vector {
	const char *name;
	enum fec_kind kind;
	uint8_t bytes[32];
	size_t size;
	int result;
	struct fec_packet packet;
} vectors[] = {
	{"column 8 by 5",
         FEC_COLUMN,
         {RTP_PART, 0xff, 0xfe, 5, 0x24, 0xa1, 0, 0, 0, 1, 2, 3, 4, 0x00, 8, 5, 0, 'a'},
         29,
         0,
         {0xfffe, 8, 5}},
	{"row of 8",
         FEC_ROW,
         {RTP_PART, 0x12, 0x34, 5, 0x24, 0xa1, 0, 0, 0, 1, 2, 3, 4, 0x40, 1, 8, 0, 'a'},
         29,
         0,
         {0x1234, 1, 8}},
	{"twenty columns",
         FEC_COLUMN,
         {RTP_PART, 0, 0, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0x00, 20, 20, 0, 'a'},
         29,
         0,
         {0, 20, 20}},
	{"one column",
         FEC_COLUMN,
         {RTP_PART, 0, 0, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0x00, 1, 4, 0, 'a'},
         29,
         0,
         {0, 1, 4}},
	{"header bits of the protected packets",
         FEC_COLUMN,
         {0xbf, 0xe0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9,  0,
          0,    0x80, 0, 0, 0, 0, 0, 0, 0, 0, 4, 4, 0, 'a'},
         29,
         0,
         {9, 4, 4}},
	{"index and extension are of no account",
         FEC_COLUMN,
         {RTP_PART, 0, 9, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0x07, 4, 4, 9, 'a'},
         29,
         0,
         {9, 4, 4}},
	{"nothing", FEC_COLUMN, {0}, 0, -FEC_SIZE, {0}},
	{"no payload",
         FEC_COLUMN,
         {RTP_PART, 0, 0, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 8, 5, 0},
         28,
         -FEC_SIZE,
         {0}},
	{"version 1",
         FEC_COLUMN,
         {0x40, 0x60, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,  0,
          0,    0x80, 0, 0, 0, 0, 0, 0, 0, 0, 8, 5, 0, 'a'},
         29,
         -FEC_VERSION,
         {0}},
	{"not extended",
         FEC_COLUMN,
         {RTP_PART, 0, 0, 0, 0, 0x21, 0, 0, 0, 0, 0, 0, 0, 0, 8, 5, 0, 'a'},
         29,
         -FEC_HEADER,
         {0}},
	{"a mask",
         FEC_COLUMN,
         {RTP_PART, 0, 0, 0, 0, 0xa1, 0, 0, 1, 0, 0, 0, 0, 0, 8, 5, 0, 'a'},
         29,
         -FEC_HEADER,
         {0}},
	{"Hamming",
         FEC_COLUMN,
         {RTP_PART, 0, 0, 0, 0, 0xa1, 0, 0, 0, 0, 0, 0, 0, 0x08, 8, 5, 0, 'a'},
         29,
         -FEC_HEADER,
         {0}},
	{"Reed-Solomon",
         FEC_COLUMN,
         {RTP_PART, 0, 0, 0, 0, 0xa1, 0, 0, 0, 0, 0, 0, 0, 0x10, 8, 5, 0, 'a'},
         29,
         -FEC_HEADER,
         {0}},
	{"reserved bit",
         FEC_COLUMN,
         {RTP_PART, 0, 0, 0, 0, 0xa1, 0, 0, 0, 0, 0, 0, 0, 0x80, 8, 5, 0, 'a'},
         29,
         -FEC_HEADER,
         {0}},
	{"row as column",
         FEC_COLUMN,
         {RTP_PART, 0, 0, 0, 0, 0xa1, 0, 0, 0, 0, 0, 0, 0, 0x40, 1, 8, 0, 'a'},
         29,
         -FEC_DIRECTION,
         {0}},
	{"column as row",
         FEC_ROW,
         {RTP_PART, 0, 0, 0, 0, 0xa1, 0, 0, 0, 0, 0, 0, 0, 0x00, 8, 5, 0, 'a'},
         29,
         -FEC_DIRECTION,
         {0}},
	{"no columns",
         FEC_COLUMN,
         {RTP_PART, 0, 0, 0, 0, 0xa1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 'a'},
         29,
         -FEC_MATRIX,
         {0}},
	{"no rows",
         FEC_COLUMN,
         {RTP_PART, 0, 0, 0, 0, 0xa1, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 'a'},
         29,
         -FEC_MATRIX,
         {0}},
	{"21 columns",
         FEC_COLUMN,
         {RTP_PART, 0, 0, 0, 0, 0xa1, 0, 0, 0, 0, 0, 0, 0, 0, 21, 5, 0, 'a'},
         29,
         -FEC_MATRIX,
         {0}},
	{"255 rows",
         FEC_COLUMN,
         {RTP_PART, 0, 0, 0, 0, 0xa1, 0, 0, 0, 0, 0, 0, 0, 0, 8, 255, 0, 'a'},
         29,
         -FEC_MATRIX,
         {0}},
	{"row with a step",
         FEC_ROW,
         {RTP_PART, 0, 0, 0, 0, 0xa1, 0, 0, 0, 0, 0, 0, 0, 0x40, 2, 8, 0, 'a'},
         29,
         -FEC_MATRIX,
         {0}},
	{"row of 21",
         FEC_ROW,
         {RTP_PART, 0, 0, 0, 0, 0xa1, 0, 0, 0, 0, 0, 0, 0, 0x40, 1, 21, 0, 'a'},
         29,
         -FEC_MATRIX,
         {0}},
};

static void test_headers(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(vectors); i++) {
		const struct vector *v = &vectors[i];
		struct fec_packet packet = {1, 2, 3};
		uint8_t *exact = malloc(v->size ? v->size : 1);
		int result;

		assert_non_null(exact);
		memcpy(exact, v->bytes, v->size);
		result = fec_packet_parse(&packet, v->kind, exact, v->size);
		if (result != v->result)
			fail_msg("%s: %d instead of %d", v->name, result, v->result);
		if (result)
			assert_true(packet.base == 1 && packet.offset == 2 && packet.count == 3);
		else if (packet.base != v->packet.base || packet.offset != v->packet.offset ||
		         packet.count != v->packet.count)
			fail_msg("%s: wrong fields", v->name);
		free(exact);
	}
}

static void test_header_sizes(void **state)
{
	uint8_t *bytes = calloc(1, PACKET_MAX_BYTES + 1);
	struct fec_packet packet;

	(void)state;
	assert_non_null(bytes);
	memcpy(bytes, vectors[0].bytes, 28);
	for (size_t size = 0; size <= 28; size++)
		assert_int_equal(fec_packet_parse(&packet, FEC_COLUMN, bytes, size), -FEC_SIZE);
	assert_int_equal(fec_packet_parse(&packet, FEC_COLUMN, bytes, PACKET_MAX_BYTES), 0);
	assert_int_equal(fec_packet_parse(&packet, FEC_COLUMN, bytes, PACKET_MAX_BYTES + 1),
	                 -FEC_SIZE);
	free(bytes);
}

/* ---- a bench: packets with losses in the store, FEC pushed in, what is recovered compared ---- */

struct bench {
	struct build_source source;
	struct packet_pool pool;
	struct packet_store *store;
	struct rtp_counters counters;
	struct fec *fec;
	uint32_t total;
	bool here[MAX_PACKETS];      /* as the decoder has it */
	bool reachable[MAX_PACKETS]; /* as the solver has it */
	struct set {
		bool row;
		uint32_t first, step, count;
	} sets[MAX_SETS];
	size_t set_count;
};

static void put_media(struct bench *b, const uint8_t *datagram, size_t size)
{
	struct rtp_packet packet;

	assert_int_equal(rtp_parse(&packet, datagram, size), 0);
	assert_int_equal(packet_store_put(b->store, packet.sequence, datagram, size,
	                                  (size_t)(packet.payload - datagram), packet.size, 0),
	                 0);
}

/* Two packets before the others, and FEC for them, which shows that FEC and media belong together. */
static void gain_trust(struct bench *b)
{
	uint8_t bytes[28 + BUILD_MAX];

	for (uint32_t i = 0; i < 2; i++)
		put_media(b, bytes, build_media(bytes, &b->source, i - 2, NULL));
	fec_push(b->fec, FEC_ROW, bytes, build_fec(bytes, &b->source, true, (uint32_t)-2, 1, 2),
	         (uint16_t)(b->source.first - 1), 0);
	assert_int_equal(counter_get(&b->counters.fec_unneeded), 1);
	counter_set(&b->counters.fec_unneeded, 0);
	counter_set(&b->counters.fec_received, 0);
}

/* A bench of total packets of which those with lost[i] are missing; lost may be NULL. */
static void bench_open(struct bench *b, const struct build_source *source, uint32_t total,
                       const bool *lost)
{
	uint8_t media[BUILD_MAX];

	memset(b, 0, sizeof(*b));
	b->source = *source;
	b->total = total;
	b->pool.max_bytes = 16u << 20;
	assert_int_equal(packet_store_create(&b->store, &b->pool), 0);
	assert_int_equal(fec_create(&b->fec, &b->pool, b->store, &b->counters), 0);
	gain_trust(b);
	for (uint32_t i = 0; i < total; i++) {
		b->here[i] = b->reachable[i] = !(lost && lost[i]);
		if (b->here[i])
			put_media(b, media, build_media(media, source, i, NULL));
		else
			assert_int_equal(
				packet_store_miss(b->store, (uint16_t)(source->first + i), 0), 0);
	}
}

static uint64_t fec_outcomes(const struct rtp_counters *c)
{
	return counter_get(&c->fec_malformed_size) + counter_get(&c->fec_malformed_version) +
	       counter_get(&c->fec_malformed_header) + counter_get(&c->fec_malformed_direction) +
	       counter_get(&c->fec_malformed_matrix) + counter_get(&c->fec_stray) +
	       counter_get(&c->fec_unneeded) + counter_get(&c->fec_used) +
	       counter_get(&c->fec_unused) + counter_get(&c->fec_wrong) + counter_get(&c->fec_held);
}

static void bench_close(struct bench *b)
{
	assert_int_equal(fec_outcomes(&b->counters), counter_get(&b->counters.fec_received));
	fec_destroy(b->fec);
	packet_store_destroy(b->store);
	packet_pool_clear(&b->pool);
	assert_int_equal(b->pool.used_bytes, 0);
}

static uint16_t newest(const struct bench *b)
{
	return (uint16_t)(b->source.first + b->total - 1);
}

/* Take everything that is recovered; each packet is whole and was missing. */
static void drain(struct bench *b)
{
	const uint8_t *rebuilt;
	size_t size;

	while ((rebuilt = fec_recover(b->fec, newest(b), b->source.ssrc, &size))) {
		const uint32_t index =
			(uint16_t)(((unsigned int)rebuilt[2] << 8 | rebuilt[3]) - b->source.first);
		uint8_t media[BUILD_MAX];

		assert_true(index < b->total);
		assert_false(b->here[index]);
		assert_int_equal(size, build_media(media, &b->source, index, NULL));
		assert_memory_equal(rebuilt, media, size);
		b->here[index] = true;
		put_media(b, rebuilt, size);
	}
}

static void push_set(struct bench *b, const struct set *set)
{
	uint8_t *fec = malloc(28 + BUILD_MAX), *exact;
	size_t size;

	assert_non_null(fec);
	size = build_fec(fec, &b->source, set->row, set->first, set->step, set->count);
	exact = malloc(size); /* its own block: an overrun is seen */
	assert_non_null(exact);
	memcpy(exact, fec, size);
	if (fec_push(b->fec, set->row ? FEC_ROW : FEC_COLUMN, exact, size, newest(b), 0))
		drain(b);
	free(exact);
	free(fec);
	assert_true(b->set_count < MAX_SETS);
	b->sets[b->set_count++] = *set;
}

/* Solve: a set with one unreachable member makes it reachable, until nothing changes. */
static void solve(struct bench *b)
{
	bool changed = true;

	while (changed) {
		changed = false;
		for (size_t s = 0; s < b->set_count; s++) {
			uint32_t gone = 0, last = 0;

			for (uint32_t k = 0; k < b->sets[s].count; k++) {
				const uint32_t i = b->sets[s].first + k * b->sets[s].step;

				if (!b->reachable[i]) {
					gone++;
					last = i;
				}
			}
			if (gone == 1) {
				b->reachable[last] = true;
				changed = true;
			}
		}
	}
}

static void compare(struct bench *b)
{
	drain(b);
	solve(b);
	assert_memory_equal(b->here, b->reachable, b->total * sizeof(bool));
	assert_int_equal(counter_get(&b->counters.fec_wrong), 0);
}

#define COLUMNS 1
#define ROWS    2

/* The FEC of the matrix that starts at packet `start`; column c starts c * stagger rows further on. */
static void push_matrix(struct bench *b, uint32_t start, uint32_t columns, uint32_t rows, int kinds,
                        uint32_t stagger)
{
	for (uint32_t r = 0; r < rows && kinds & ROWS; r++)
		push_set(b, &(struct set){true, start + r * columns, 1, columns});
	for (uint32_t c = 0; c < columns && kinds & COLUMNS; c++) {
		const struct set set = {false, start + c + c * stagger * columns, columns, rows};

		if (set.first + (rows - 1) * columns < b->total)
			push_set(b, &set);
	}
}

/* Every pattern of up to four losses in a 4 by 4 matrix, recovered as far as can be and no further. */
static void test_all_patterns(void **state)
{
	static struct bench b;
	const struct build_source source = {
		.ssrc = 0xcafe, .first = 65530, .clock = 0xffffff00, .varied = true};
	unsigned int patterns = 0, recovered = 0;

	(void)state;
	for (unsigned int mask = 0; mask < 1u << 16; mask++) {
		bool lost[16];

		if (__builtin_popcount(mask) > 4)
			continue;
		for (int i = 0; i < 16; i++)
			lost[i] = mask >> i & 1;
		for (int kinds = COLUMNS; kinds <= (COLUMNS | ROWS); kinds++) {
			bench_open(&b, &source, 16, lost);
			push_matrix(&b, 0, 4, 4, kinds, 0);
			compare(&b);
			recovered += (unsigned int)counter_get(&b.counters.fec_used);
			bench_close(&b);
			patterns++;
		}
	}
	assert_int_equal(patterns, 2517 * 3);
	assert_true(recovered > 10000);
}

/* The wrap of the numbers at every place of the matrix, one loss at every place. */
static void test_wrap(void **state)
{
	static struct bench b;

	(void)state;
	for (unsigned int wrap = 0; wrap <= 30; wrap++) {
		for (unsigned int gone = 0; gone < 30; gone++) {
			const struct build_source source = {.ssrc = 1,
			                                    .first = (uint16_t)(65536 - wrap)};
			bool lost[30] = {false};

			lost[gone] = true;
			for (int kinds = COLUMNS; kinds <= ROWS; kinds++) {
				bench_open(&b, &source, 30, lost);
				push_matrix(&b, 0, 5, 6, kinds, 0);
				drain(&b);
				assert_true(b.here[gone]);
				bench_close(&b);
			}
		}
	}
}

/* Matrices of every size with random losses of media and FEC, aligned and staggered. */
static void test_random(void **state)
{
	static struct bench b;
	static bool lost[MAX_PACKETS];
	uint32_t seed = 4711;

	(void)state;
	for (int round = 0; round < 400; round++) {
		const uint32_t columns = 1 + build_random(&seed) % 20;
		const uint32_t rows = 1 + build_random(&seed) % 20;
		const uint32_t stagger = build_random(&seed) % 2;
		const uint32_t rate = 1 + build_random(&seed) % 20;
		const int kinds = 1 + (int)(build_random(&seed) % 3);
		const struct build_source source = {.ssrc = build_random(&seed),
		                                    .first = (uint16_t)build_random(&seed),
		                                    .clock = build_random(&seed),
		                                    .varied = build_random(&seed) % 2};
		const uint32_t total = columns * rows * 3;

		for (uint32_t i = 0; i < total; i++)
			lost[i] = build_random(&seed) % 100 < rate;
		bench_open(&b, &source, total, lost);
		for (uint32_t m = 0; m < 3; m++)
			push_matrix(&b, m * columns * rows, columns, rows, kinds, stagger);
		compare(&b);
		bench_close(&b);
	}
}

/* FEC of two sizes at once, and bursts as long as a row. */
static void test_two_matrices(void **state)
{
	static struct bench b;
	const struct build_source source = {.ssrc = 1, .first = 65500, .varied = true};
	bool lost[200] = {false};

	(void)state;
	for (int i = 0; i < 10; i++)
		lost[37 + i] = lost[140 + i] = true;
	bench_open(&b, &source, 200, lost);
	push_matrix(&b, 0, 10, 10, COLUMNS, 0);
	push_matrix(&b, 100, 20, 5, COLUMNS, 0);
	compare(&b);
	assert_true(b.here[37] && b.here[46] && b.here[140] && b.here[149]);
	assert_int_equal(fec_matrix(b.fec).columns, 20);
	assert_int_equal(fec_matrix(b.fec).rows, 5);
	assert_int_equal(counter_get(&b.counters.fec_changes), 1);
	bench_close(&b);
}

/* ---- the matrix ---- */

static void test_matrix(void **state)
{
	struct fec_observer observer = {0};
	const struct fec_packet column = {.offset = 8, .count = 5}, row = {.offset = 1, .count = 8},
				other = {.offset = 20, .count = 20};
	struct fec_matrix matrix;
	const int64_t second = 1000000000;

	(void)state;
	matrix = fec_observer_matrix(&observer);
	assert_int_equal(fec_matrix_span(&matrix), 0);
	assert_false(fec_observer_learn(&observer, FEC_ROW, &row, 0));
	assert_int_equal(fec_observer_matrix(&observer).columns, 0);
	assert_false(fec_observer_learn(&observer, FEC_ROW, &row, 0));
	matrix = fec_observer_matrix(&observer);
	assert_true(matrix.row_fec && !matrix.column_fec && matrix.columns == 8 && !matrix.rows);
	assert_in_range(fec_matrix_span(&matrix), 16, 80);
	fec_observer_learn(&observer, FEC_COLUMN, &column, second);
	fec_observer_learn(&observer, FEC_COLUMN, &column, second);
	matrix = fec_observer_matrix(&observer);
	assert_true(matrix.row_fec && matrix.column_fec && matrix.columns == 8 && matrix.rows == 5);
	assert_in_range(fec_matrix_span(&matrix), 80, 140);

	/* One forged packet between good ones changes nothing, two of a new size do. */
	for (int i = 0; i < 10; i++) {
		assert_false(fec_observer_learn(&observer, FEC_COLUMN, &other, second));
		assert_false(fec_observer_learn(&observer, FEC_COLUMN, &column, second));
	}
	assert_int_equal(fec_observer_matrix(&observer).rows, 5);
	assert_false(fec_observer_learn(&observer, FEC_COLUMN, &other, second));
	assert_true(fec_observer_learn(&observer, FEC_COLUMN, &other, second));
	matrix = fec_observer_matrix(&observer);
	assert_int_equal(matrix.columns, 20);
	assert_true(fec_matrix_span(&matrix) >= 800);

	/* Rows end first, then columns, whose matrix takes longer. */
	fec_observer_expire(&observer, 400, 4 * second);
	assert_false(fec_observer_matrix(&observer).row_fec);
	assert_true(fec_observer_matrix(&observer).column_fec);
	fec_observer_expire(&observer, 400, 8 * second);
	assert_int_equal(fec_observer_matrix(&observer).columns, 0);
}

/* ---- what must not come out ---- */

struct damage {
	const char *name;
	size_t at;
	uint8_t flip;
};

/* A FEC packet with any one of these flipped bits gives nothing rather than a wrong packet. */
static const struct damage damages[] = {
	{"length", 14, 0x10},        {"length, odd", 15, 0x01}, {"payload type", 16, 0x02},
	{"time stamp", 20, 0x80},    {"time stamp", 21, 0x20},  {"sync byte", 28, 0x01},
	{"last sync", 28 + 1128, 4}, {"CSRC count", 0, 0x0f},   {"extension", 0, 0x10},
	{"padding", 0, 0x20},
};

static void test_wrong(void **state)
{
	static struct bench b;
	const struct build_source source = {.ssrc = 1, .first = 100};
	bool lost[20] = {false};
	uint8_t fec[28 + BUILD_MAX];

	(void)state;
	lost[6] = true;
	for (size_t i = 0; i < COUNT(damages); i++) {
		size_t size = build_fec(fec, &source, false, 1, 5, 4);

		fec[damages[i].at] ^= damages[i].flip;
		bench_open(&b, &source, 20, lost);
		assert_true(fec_push(b.fec, FEC_COLUMN, fec, size, newest(&b), 0));
		drain(&b);
		if (b.here[6] || counter_get(&b.counters.fec_wrong) != 1)
			fail_msg("damaged %s came out", damages[i].name);
		/* A good row mends it all the same. */
		push_set(&b, &(struct set){true, 5, 1, 5});
		drain(&b);
		assert_true(b.here[6]);
		bench_close(&b);
	}
}

/* FEC cut short: any length gives the packet whole or not at all. */
static void test_cut(void **state)
{
	static struct bench b;
	const struct build_source source = {.ssrc = 1, .first = 100};
	bool lost[20] = {false};
	uint8_t fec[28 + BUILD_MAX];
	const size_t size = build_fec(fec, &source, true, 5, 1, 5);

	(void)state;
	lost[6] = true;
	for (size_t cut = 0; cut < size; cut += 7) {
		uint8_t *exact = malloc(cut ? cut : 1);

		assert_non_null(exact);
		memcpy(exact, fec, cut);
		bench_open(&b, &source, 20, lost);
		fec_push(b.fec, FEC_ROW, exact, cut, newest(&b), 0);
		drain(&b);
		assert_false(b.here[6]);
		bench_close(&b);
		free(exact);
	}
}

static void push_all(struct bench *b, const struct build_source *source)
{
	uint8_t fec[28 + BUILD_MAX];

	for (uint32_t r = 0; r < 8; r++)
		fec_push(b->fec, FEC_ROW, fec, build_fec(fec, source, true, r * 5, 1, 5), newest(b),
		         0);
	for (uint32_t c = 0; c < 5; c++)
		fec_push(b->fec, FEC_COLUMN, fec, build_fec(fec, source, false, c, 5, 8), newest(b),
		         0);
	drain(b);
}

/*
 * FEC of a former source that used the same numbers: same lengths, sync bytes and the upper half of the
 * time stamps cancel out. It is found out by the packets that are complete; what is not is not kept.
 */
static void test_former_source(void **state)
{
	static struct bench b;
	const struct build_source former = {
		.ssrc = 1, .first = 100, .clock = 0x31415926, .serial = 1};
	const struct build_source source = {
		.ssrc = 2, .first = 100, .clock = 0xdeadbeef, .serial = 2};
	bool lost[40] = {false};

	(void)state;
	lost[6] = lost[17] = true;
	bench_open(&b, &source, 40, lost);
	fec_reset(b.fec);
	push_all(&b, &former);
	assert_false(b.here[6] || b.here[17]);
	assert_int_equal(counter_get(&b.counters.fec_wrong), 6 + 3);
	assert_int_equal(counter_get(&b.counters.fec_unused), 2 + 2);
	push_all(&b, &source);
	assert_true(b.here[6] && b.here[17]);
	bench_close(&b);
}

/* FEC of another stream from the start: kept, tested, thrown out, nothing recovered with it. */
static void test_other_stream(void **state)
{
	static struct bench b;
	const struct build_source other = {
		.ssrc = 1, .first = 100, .clock = 0xdeadbe00, .serial = 1};
	const struct build_source source = {
		.ssrc = 2, .first = 100, .clock = 0xdeadbeef, .serial = 2};
	bool lost[40] = {false};

	(void)state;
	for (int i = 0; i < 20; i++)
		lost[i] = i % 5 == 2;
	bench_open(&b, &source, 40, lost);
	fec_destroy(b.fec); /* one without trust, nor suspicion */
	assert_int_equal(fec_create(&b.fec, &b.pool, b.store, &b.counters), 0);
	push_all(&b, &other);
	assert_false(b.here[2]);
	assert_true(counter_get(&b.counters.fec_wrong) >= 1);
	push_all(&b, &source); /* trust comes with its later rows, */
	push_all(&b, &source); /* so the earlier ones have to come again */
	assert_true(b.here[2] && b.here[17]);
	bench_close(&b);
}

/* Trust that was earned is tested again and again. */
static void test_trust_ends(void **state)
{
	static struct bench b;
	const struct build_source other = {
		.ssrc = 1, .first = 100, .clock = 0xdeadbe00, .serial = 1};
	const struct build_source source = {
		.ssrc = 2, .first = 100, .clock = 0xdeadbeef, .serial = 2};
	bool lost[40] = {false};

	(void)state;
	bench_open(&b, &source, 40, lost);
	for (int i = 0; i < 4; i++)
		push_all(&b, &source);
	assert_int_equal(counter_get(&b.counters.fec_wrong), 0);
	for (int i = 0; i < 6; i++)
		push_all(&b, &other);
	assert_true(counter_get(&b.counters.fec_wrong) > 0);
	bench_close(&b);
}

/* ---- bounds and order ---- */

static void test_far_off(void **state)
{
	static struct bench b;
	const struct build_source source = {.ssrc = 1, .first = 1000};
	uint8_t fec[28 + BUILD_MAX];
	size_t size;

	(void)state;
	bench_open(&b, &source, 40, NULL);
	size = build_fec(fec, &source, true, 0, 1, 5);
	fec[12] ^= 0x80;
	assert_false(fec_push(b.fec, FEC_ROW, fec, size, newest(&b), 0));
	assert_int_equal(counter_get(&b.counters.fec_stray), 1);
	fec[12] ^= 0x80;
	assert_false(fec_push(b.fec, FEC_ROW, fec, size, newest(&b), 0));
	assert_int_equal(counter_get(&b.counters.fec_unneeded), 1);
	bench_close(&b);
}

/* FEC that comes before its media waits until they are due, and does not take them for lost. */
static void test_early(void **state)
{
	static struct bench b;
	const struct build_source source = {.ssrc = 1, .first = 65533};
	uint8_t media[BUILD_MAX];

	(void)state;
	bench_open(&b, &source, 3, NULL);
	push_set(&b, &(struct set){true, 0, 1, 5});
	drain(&b);
	assert_false(fec_is_due(b.fec, newest(&b)));
	packet_store_miss(b.store, (uint16_t)(source.first + 3), 0);
	put_media(&b, media, build_media(media, &source, 4, NULL));
	b.here[4] = true;
	b.total = 5;
	assert_true(fec_is_due(b.fec, newest(&b)));
	drain(&b);
	assert_true(b.here[3]);
	bench_close(&b);
}

/* A flood of FEC that cannot help is bounded, and the newest stay. */
static void test_flood(void **state)
{
	static struct bench b;
	static bool lost[MAX_PACKETS];
	const struct build_source source = {.ssrc = 1, .first = 9};
	uint8_t fec[28 + BUILD_MAX];

	(void)state;
	for (int i = 0; i < 1200; i++)
		lost[i] = true;
	bench_open(&b, &source, 1200, lost);
	for (uint32_t i = 0; i < 1100; i++) {
		fec_push(b.fec, FEC_ROW, fec, build_fec(fec, &source, true, i, 1, 4), newest(&b),
		         0);
		assert_in_range(counter_get(&b.counters.fec_held), 1, FEC_PENDING_MAX);
	}
	fec_push(b.fec, FEC_ROW, fec, build_fec(fec, &source, true, 1099, 1, 4), newest(&b), 0);
	assert_int_equal(counter_get(&b.counters.fec_unneeded), 1); /* the same once more */
	assert_int_equal(counter_get(&b.counters.fec_unused), 1100 - FEC_PENDING_MAX);
	assert_true(b.pool.used_bytes < 600 * 1024);
	fec_reset(b.fec);
	assert_int_equal(counter_get(&b.counters.fec_held), 0);
	bench_close(&b);
}

/* Numbers that were passed on without a copy cannot be used. */
static void test_no_copies(void **state)
{
	static struct bench b;
	const struct build_source source = {.ssrc = 1, .first = 9};
	bool lost[20] = {false};

	(void)state;
	lost[6] = true;
	bench_open(&b, &source, 20, lost);
	packet_store_drop(b.store, (uint16_t)(source.first + 7));
	push_set(&b, &(struct set){true, 5, 1, 5});
	drain(&b);
	assert_false(b.here[6]);
	assert_int_equal(counter_get(&b.counters.fec_unused), 1);
	bench_close(&b);
}

/* Without memory for FEC packets nothing breaks. */
static void test_no_memory(void **state)
{
	static struct bench b;
	const struct build_source source = {.ssrc = 1, .first = 9};
	bool lost[20] = {false};

	(void)state;
	lost[6] = true;
	bench_open(&b, &source, 20, lost);
	b.pool.max_bytes = b.pool.used_bytes;
	push_set(&b, &(struct set){true, 5, 1, 5});
	drain(&b);
	assert_int_equal(counter_get(&b.counters.fec_unused), 1);
	b.pool.max_bytes *= 2;
	push_set(&b, &(struct set){true, 5, 1, 5});
	drain(&b);
	assert_true(b.here[6]);
	bench_close(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_headers),      cmocka_unit_test(test_header_sizes),
		cmocka_unit_test(test_all_patterns), cmocka_unit_test(test_wrap),
		cmocka_unit_test(test_random),       cmocka_unit_test(test_two_matrices),
		cmocka_unit_test(test_matrix),       cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_cut),          cmocka_unit_test(test_former_source),
		cmocka_unit_test(test_other_stream), cmocka_unit_test(test_trust_ends),
		cmocka_unit_test(test_far_off),      cmocka_unit_test(test_early),
		cmocka_unit_test(test_flood),        cmocka_unit_test(test_no_copies),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
