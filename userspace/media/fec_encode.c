/*
 * Each FEC packet grows in place: the recovery fields and the payload are sums (exclusive or) from the first
 * packet on, 64 bits at a time; headers are written when it is given out.
 */
#include "fec_encode.h"

#include "base/bytes.h"
#include "packet_pool.h"
#include "rtp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FEC_HEADER_BYTES (FEC_PAYLOAD_START - FEC_RTP_BYTES)
#define WORD_BYTES       sizeof(uint64_t)

/* What the packets of a row or column add up to. */
struct sum {
	uint16_t base;       /* number of its first packet */
	uint16_t length;     /* exclusive or of the lengths beyond FEC_RTP_BYTES */
	uint16_t longest;    /* of them */
	uint8_t flags, type; /* of the first two bytes */
	uint32_t timestamp;
	uint8_t *packet; /* FEC_PAYLOAD_START, then the payload's sum */
};

struct fec_encoder {
	struct fec_encoder_config config;
	size_t stride;      /* bytes of a sum's packet */
	unsigned int at;    /* packets of this matrix so far, below L * D */
	bool started;       /* since the numbers last broke off */
	bool has_previous;  /* columns of the matrix before wait to be given out */
	uint16_t next;      /* number that continues */
	uint32_t timestamp; /* of the newest packet */
	uint16_t sequence[FEC_KINDS];
	const uint8_t *due[FEC_KINDS];
	size_t due_bytes[FEC_KINDS];
	unsigned int half; /* of columns that is being filled; the other is given out */
	struct sum columns[2][FEC_MAX_COLUMNS], row;
	uint8_t *memory;
};

int fec_encoder_create(struct fec_encoder **out, const struct fec_encoder_config *config)
{
	struct fec_encoder *e;
	uint8_t *at;

	if (config->columns < 1 || config->columns > FEC_MAX_COLUMNS || config->rows < 1 ||
	    config->rows > FEC_MAX_ROWS || config->max_media_bytes <= FEC_RTP_BYTES ||
	    config->max_media_bytes > PACKET_MAX_BYTES - FEC_HEADER_BYTES)
		return -EINVAL;
	e = calloc(1, sizeof(*e));
	if (!e)
		return -ENOMEM;
	e->config = *config;
	e->stride = (config->max_media_bytes + FEC_HEADER_BYTES + WORD_BYTES) & ~(WORD_BYTES - 1);
	e->memory = calloc(2u * config->columns + 1, e->stride);
	if (!e->memory) {
		free(e);
		return -ENOMEM;
	}
	at = e->memory;
	e->row.packet = at;
	for (unsigned int i = 0; i < 2u * config->columns; i++)
		e->columns[i / config->columns][i % config->columns].packet = at += e->stride;
	*out = e;
	return 0;
}

void fec_encoder_destroy(struct fec_encoder *encoder)
{
	if (!encoder)
		return;
	free(encoder->memory);
	free(encoder);
}

/* Neither has an alignment that is known: memcpy is what says so, and costs nothing. */
static void add_bytes(uint8_t *sum, const uint8_t *data, size_t size)
{
	uint64_t a, b;

	for (; size >= WORD_BYTES; size -= WORD_BYTES, sum += WORD_BYTES, data += WORD_BYTES) {
		memcpy(&a, sum, WORD_BYTES);
		memcpy(&b, data, WORD_BYTES);
		a ^= b;
		memcpy(sum, &a, WORD_BYTES);
	}
	while (size--)
		*sum++ ^= *data++;
}

static void sum_begin(struct sum *sum, const uint8_t *packet, size_t size)
{
	const size_t payload = size - FEC_RTP_BYTES;

	sum->base = load_be16(packet + 2);
	sum->length = sum->longest = (uint16_t)payload;
	sum->flags = packet[0] & 0x3f;
	sum->type = packet[1];
	sum->timestamp = load_be32(packet + 4);
	memcpy(sum->packet + FEC_PAYLOAD_START, packet + FEC_RTP_BYTES, payload);
}

static void sum_add(struct sum *sum, const uint8_t *packet, size_t size)
{
	const uint8_t *payload = packet + FEC_RTP_BYTES;
	uint8_t *to = sum->packet + FEC_PAYLOAD_START;
	const size_t bytes = size - FEC_RTP_BYTES;
	const size_t both = bytes < sum->longest ? bytes : sum->longest;

	sum->length ^= (uint16_t)bytes;
	sum->flags ^= packet[0] & 0x3f;
	sum->type ^= packet[1];
	sum->timestamp ^= load_be32(packet + 4);
	add_bytes(to, payload, both);
	if (bytes > both) { /* the shorter ones end in zeros */
		memcpy(to + both, payload + both, bytes - both);
		sum->longest = (uint16_t)bytes;
	}
}

/* The headers of a FEC packet; SMPTE 2022-1 sections 8.3 and 8.4. */
static void give_out(struct fec_encoder *e, enum fec_kind kind, struct sum *sum)
{
	uint8_t *out = sum->packet, *fec = out + RTP_HEADER_BYTES;

	rtp_write_header(out, FEC_PAYLOAD_TYPE, e->sequence[kind]++, e->timestamp, 0);
	out[0] |= sum->flags;
	out[1] |= sum->type & 0x80;
	store_be16(fec, sum->base);
	store_be16(fec + 2, sum->length);
	store_be32(fec + 4, (0x80u | (sum->type & 0x7fu)) << 24);
	store_be32(fec + 8, sum->timestamp);
	fec[12] = kind == FEC_ROW ? 0x40 : 0;
	fec[13] = kind == FEC_ROW ? 1 : e->config.columns;
	fec[14] = kind == FEC_ROW ? e->config.columns : e->config.rows;
	fec[15] = 0;
	e->due[kind] = out;
	e->due_bytes[kind] = (size_t)FEC_PAYLOAD_START + sum->longest;
}

static void add_to_row(struct fec_encoder *e, unsigned int column, const uint8_t *packet,
                       size_t size)
{
	if (column == 0)
		sum_begin(&e->row, packet, size);
	else
		sum_add(&e->row, packet, size);
	if (column == e->config.columns - 1u)
		give_out(e, FEC_ROW, &e->row);
}

/* Begin anew when the packet's number does not follow. */
static void follow(struct fec_encoder *e, uint16_t number)
{
	if (!e->started || number != e->next) {
		e->at = 0;
		e->has_previous = false;
	}
	e->started = true;
	e->next = (uint16_t)(number + 1);
}

void fec_encoder_add(struct fec_encoder *e, const uint8_t *packet, size_t size)
{
	const unsigned int columns = e->config.columns, rows = e->config.rows;
	struct sum *sum;

	e->due[FEC_COLUMN] = e->due[FEC_ROW] = NULL;
	if (size <= FEC_RTP_BYTES || size > e->config.max_media_bytes) {
		e->started = false;
		return;
	}
	follow(e, load_be16(packet + 2));
	e->timestamp = load_be32(packet + 4);
	sum = &e->columns[e->half][e->at % columns];
	if (e->at < columns)
		sum_begin(sum, packet, size);
	else
		sum_add(sum, packet, size);
	if (e->config.row_packets)
		add_to_row(e, e->at % columns, packet, size);
	if (e->has_previous && e->at % rows == 0)
		give_out(e, FEC_COLUMN, &e->columns[!e->half][e->at / rows]);
	if (++e->at == columns * rows) {
		e->at = 0;
		e->half = !e->half;
		e->has_previous = true;
	}
}

const uint8_t *fec_encoder_due(struct fec_encoder *encoder, enum fec_kind kind, size_t *size)
{
	*size = encoder->due_bytes[kind];
	return encoder->due[kind];
}
