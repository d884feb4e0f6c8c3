/*
 * SMPTE 2022-1 encoder: column FEC, and row FEC when wanted, for a stream of RTP packets. The format is described
 * in fec_packet.h.
 *
 * Packets are taken as they go by, in matrices of L columns and D rows, one after the other (block aligned). A row
 * is protected as soon as it is whole. A matrix's columns are all complete with its last row: they are given out
 * one at a time while the next matrix goes by, every D packets, so that FEC is no burst, and a burst of loss that
 * takes a matrix's end leaves its FEC alone.
 *
 * FEC packets have payload type 96, SSRC 0, numbers of their own from 0 on for each kind, and the time stamp of
 * the newest media packet. Memory is fixed when the encoder is made: 2 * L + 1 packets. One thread at a time.
 */
#ifndef MEDIA_FEC_ENCODE_H
#define MEDIA_FEC_ENCODE_H

#include "fec_packet.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FEC_PAYLOAD_TYPE 96

struct fec_encoder;

struct fec_encoder_config {
	uint8_t columns;          /* L, 1 to FEC_MAX_COLUMNS */
	uint8_t rows;             /* D, 1 to FEC_MAX_ROWS; the standard has 4 and more */
	bool row_packets;         /* row FEC too */
	uint16_t max_media_bytes; /* the longest RTP packet, 13 to 9000 - 16 */
};

/* Owns: *out is the caller's, freed by fec_encoder_destroy. Errors: -EINVAL, -ENOMEM. */
int fec_encoder_create(struct fec_encoder **out, const struct fec_encoder_config *config);

/* NULL is fine. */
void fec_encoder_destroy(struct fec_encoder *encoder);

/*
 * Take the stream's next RTP packet, of more than FEC_RTP_BYTES and at most max_media_bytes. Its number must follow
 * that of the packet before; else, and when its size is out of range, the matrix begun is given up, with what was
 * still to be sent of the one before.
 */
void fec_encoder_add(struct fec_encoder *encoder, const uint8_t *packet, size_t size);

/*
 * The FEC packet of a kind that is due after the last fec_encoder_add, its size in bytes in *size; borrowed until
 * the next call of that. NULL: none is. Ask once for each kind.
 */
const uint8_t *fec_encoder_due(struct fec_encoder *encoder, enum fec_kind kind, size_t *size);

#endif
