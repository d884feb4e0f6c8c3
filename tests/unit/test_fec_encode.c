/*
 * The SMPTE 2022-1 encoder: its packets against those made straight from the standard (fec_build.h), when they come,
 * and what the decoder recovers with them.
 */
#include "base/bytes.h"
#include "fec_build.h"
#include "media/fec.h"
#include "media/fec_encode.h"
#include "media/rtp.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define BLOCKS       3

static const uint8_t sizes[] = {1, 2, 3, 4, 5, 7, 8, 10, 19, 20};

static const struct build_source source = {
	.ssrc = 0x01020304, .first = 0xff00, .clock = 0xfffffff0, .varied = true, .serial = 5};

static struct fec_encoder *make(uint8_t columns, uint8_t rows, bool row_packets)
{
	const struct fec_encoder_config config = {.columns = columns,
	                                          .rows = rows,
	                                          .row_packets = row_packets,
	                                          .max_media_bytes = BUILD_MAX};
	struct fec_encoder *encoder = NULL;

	assert_int_equal(fec_encoder_create(&encoder, &config), 0);
	return encoder;
}

/* Give the encoder packet `index`, in memory of exactly its size. */
static void add(struct fec_encoder *encoder, const struct build_source *from, uint32_t index)
{
	uint8_t media[BUILD_MAX], *exact;
	const size_t size = build_media(media, from, index, NULL);

	exact = malloc(size);
	assert_non_null(exact);
	memcpy(exact, media, size);
	fec_encoder_add(encoder, exact, size);
	free(exact);
}

/* The packet is that of the standard, but for number, time and source, which are the FEC stream's own. */
static void same_as_built(const uint8_t *packet, size_t size, bool row, uint32_t first,
                          unsigned int step, unsigned int count)
{
	uint8_t wanted[28 + BUILD_MAX];

	assert_int_equal(size, build_fec(wanted, &source, row, first, step, count));
	memcpy(wanted + 2, packet + 2, 10);
	assert_memory_equal(packet, wanted, size);
}

/* Every packet of BLOCKS matrices of one size: which, when, and its bytes. */
static void check_matrix(unsigned int columns, unsigned int rows, bool row_packets)
{
	struct fec_encoder *encoder = make((uint8_t)columns, (uint8_t)rows, row_packets);
	const uint32_t block = columns * rows;
	uint16_t numbers[FEC_KINDS] = {0};

	for (uint32_t i = 0; i < BLOCKS * block; i++) {
		const uint32_t at = i % block;
		const uint8_t *packet;
		uint8_t media[BUILD_MAX];
		size_t size;

		add(encoder, &source, i);
		build_media(media, &source, i, NULL);
		packet = fec_encoder_due(encoder, FEC_ROW, &size);
		assert_int_equal(!!packet, row_packets && i % columns == columns - 1);
		if (packet) {
			same_as_built(packet, size, true, i + 1 - columns, 1, columns);
			assert_int_equal(load_be16(packet + 2), numbers[FEC_ROW]++);
			assert_memory_equal(packet + 4, media + 4, 4);
		}
		packet = fec_encoder_due(encoder, FEC_COLUMN, &size);
		assert_int_equal(!!packet, i >= block && at % rows == 0);
		if (packet) {
			same_as_built(packet, size, false, i - at - block + at / rows, columns,
			              rows);
			assert_int_equal(load_be16(packet + 2), numbers[FEC_COLUMN]++);
			assert_int_equal(load_be32(packet + 8), 0);
		}
	}
	fec_encoder_destroy(encoder);
}

static void test_packets(void **state)
{
	(void)state;
	for (size_t c = 0; c < COUNT(sizes); c++) {
		for (size_t r = 0; r < COUNT(sizes); r++) {
			check_matrix(sizes[c], sizes[r], true);
			check_matrix(sizes[c], sizes[r], false);
		}
	}
}

/* What one FEC packet looks like on the wire. */
static void test_wire_bytes(void **state)
{
	static const uint8_t media[2][RTP_HEADER_BYTES + 4] = {
		{0x80, 33, 0xff, 0xff, 0, 0, 0, 1, 9, 9, 9, 9, 0x47, 1, 2, 3},
		{0x80, 33, 0x00, 0x00, 0, 0, 0, 3, 9, 9, 9, 9, 0x47, 0x11, 0, 0},
	};
	static const uint8_t wanted[] = {
		0x80, 96,   0, 0, 0,    0,    0, 3, 0, 0, 0, 0, /* RTP */
		0xff, 0xff, 0, 0, 0x80, 0,    0, 0, 0, 0, 0, 2,
		0x40, 1,    2, 0, 0,    0x10, 2, 3, /* payload */
	};
	struct fec_encoder *encoder = make(2, 4, true);
	const uint8_t *packet;
	size_t size;

	(void)state;
	fec_encoder_add(encoder, media[0], sizeof(media[0]));
	assert_null(fec_encoder_due(encoder, FEC_ROW, &size));
	fec_encoder_add(encoder, media[1], sizeof(media[1]));
	packet = fec_encoder_due(encoder, FEC_ROW, &size);
	assert_non_null(packet);
	assert_int_equal(size, sizeof(wanted));
	assert_memory_equal(packet, wanted, sizeof(wanted));
	fec_encoder_destroy(encoder);
}

/* Where numbers break off, or a packet is none, a new matrix begins. */
static void test_restart(void **state)
{
	struct fec_encoder *encoder = make(4, 4, true);
	const uint8_t junk[BUILD_MAX + 1] = {0};
	const uint8_t *packet;
	unsigned int columns = 0, rows = 0;
	size_t size;

	(void)state;
	for (uint32_t i = 0; i < 18; i++)
		add(encoder, &source, i);
	for (uint32_t i = 100; i < 132; i++) {
		if (i == 116)
			fec_encoder_add(encoder, junk, i % 2 ? 12 : sizeof(junk));
		add(encoder, &source, i);
		packet = fec_encoder_due(encoder, FEC_ROW, &size);
		if (packet)
			same_as_built(packet, size, true, i - 3, 1, 4), rows++;
		columns += !!fec_encoder_due(encoder, FEC_COLUMN, &size);
	}
	assert_int_equal(rows, 8);
	assert_int_equal(columns, 0); /* each matrix was the first of its run */
	fec_encoder_add(encoder, junk, 12);
	assert_null(fec_encoder_due(encoder, FEC_ROW, &size));
	fec_encoder_destroy(encoder);
}

static void test_refuses(void **state)
{
	static const struct fec_encoder_config wrong[] = {
		{.columns = 0, .rows = 4, .max_media_bytes = 1328},
		{.columns = 21, .rows = 4, .max_media_bytes = 1328},
		{.columns = 4, .rows = 0, .max_media_bytes = 1328},
		{.columns = 4, .rows = 21, .max_media_bytes = 1328},
		{.columns = 4, .rows = 4, .max_media_bytes = 12},
		{.columns = 4, .rows = 4, .max_media_bytes = 8985},
	};
	struct fec_encoder *encoder = NULL;

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++)
		assert_int_equal(fec_encoder_create(&encoder, &wrong[i]), -EINVAL);
	assert_null(encoder);
	fec_encoder_destroy(NULL);
}

/* ---- through the decoder ---- */

struct receiver {
	struct packet_pool pool;
	struct packet_store *store;
	struct rtp_counters counters;
	struct fec *fec;
	uint32_t recovered;
};

static void put(struct receiver *r, const uint8_t *datagram, size_t size)
{
	struct rtp_packet packet;

	assert_int_equal(rtp_parse(&packet, datagram, size), 0);
	assert_int_equal(packet_store_put(r->store, packet.sequence, datagram, size,
	                                  (size_t)(packet.payload - datagram), packet.size, 0),
	                 0);
}

static void recover(struct receiver *r, uint16_t newest)
{
	uint8_t media[BUILD_MAX];
	const uint8_t *rebuilt;
	size_t size;

	while ((rebuilt = fec_recover(r->fec, newest, source.ssrc, &size))) {
		const uint16_t index = (uint16_t)(load_be16(rebuilt + 2) - source.first);

		assert_int_equal(size, build_media(media, &source, index, NULL));
		assert_memory_equal(rebuilt, media, size);
		put(r, rebuilt, size);
		r->recovered++;
	}
}

/*
 * Four matrices, the first one and the last whole. Of those between `lost` says which are lost, by their place in the
 * matrix. Returns how many came back, each compared byte by byte.
 */
static uint32_t send_through(uint8_t columns, uint8_t rows, bool row_packets, const bool *lost)
{
	struct fec_encoder *encoder = make(columns, rows, row_packets);
	struct receiver r = {.pool.max_bytes = 32u << 20};
	const uint32_t block = (uint32_t)columns * rows;

	assert_int_equal(packet_store_create(&r.store, &r.pool), 0);
	assert_int_equal(fec_create(&r.fec, &r.pool, r.store, &r.counters), 0);
	for (uint32_t i = 0; i < 4 * block; i++) {
		const uint16_t number = (uint16_t)(source.first + i);
		uint8_t media[BUILD_MAX];
		const size_t size = build_media(media, &source, i, NULL);

		if (i >= block && i < 3 * block && lost[i % block])
			assert_int_equal(packet_store_miss(r.store, number, 0), 0);
		else
			put(&r, media, size);
		add(encoder, &source, i);
		for (int kind = 0; kind < FEC_KINDS; kind++) {
			size_t fec_size;
			const uint8_t *fec = fec_encoder_due(encoder, kind, &fec_size);

			if (fec && fec_push(r.fec, kind, fec, fec_size, number, 0))
				recover(&r, number);
		}
	}
	assert_int_equal(counter_get(&r.counters.fec_wrong), 0);
	assert_int_equal(counter_get(&r.counters.fec_malformed_matrix), 0);
	fec_destroy(r.fec);
	packet_store_destroy(r.store);
	packet_pool_clear(&r.pool);
	fec_encoder_destroy(encoder);
	return r.recovered;
}

/* A burst as long as a row is what columns are for, wherever it begins. */
static void test_recovers_bursts(void **state)
{
	bool lost[FEC_MAX_COLUMNS * FEC_MAX_ROWS];

	(void)state;
	for (size_t c = 0; c < COUNT(sizes); c++) {
		for (size_t r = 0; r < COUNT(sizes); r++) {
			const uint32_t columns = sizes[c], rows = sizes[r];
			const uint32_t from = columns * rows > columns ? columns / 2 : 0;

			for (uint32_t i = 0; i < columns * rows; i++)
				lost[i] = i >= from && i < from + columns;
			assert_int_equal(send_through(sizes[c], sizes[r], false, lost),
			                 2 * columns);
		}
	}
}

/* With rows, two in a column come back as well: a block of 2 by 2 is the first that does not. */
static void test_recovers_with_rows(void **state)
{
	bool lost[FEC_MAX_COLUMNS * FEC_MAX_ROWS] = {0};

	(void)state;
	lost[0] = lost[1] = lost[10] = true;
	assert_int_equal(send_through(10, 5, true, lost), 2 * 3);
	assert_int_equal(send_through(10, 5, false, lost), 2 * 1);
	lost[11] = true;
	assert_int_equal(send_through(10, 5, true, lost), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_packets),         cmocka_unit_test(test_wire_bytes),
		cmocka_unit_test(test_restart),         cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_recovers_bursts), cmocka_unit_test(test_recovers_with_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
