/*
 * The FEC matrix of a stream as its FEC packets tell it, row and column FEC each on their own.
 *
 * A size is believed when two packets in a row of the same kind agree on it, so that a single forged
 * packet cannot stretch the time that gaps are waited for. One thread at a time.
 */
#ifndef MEDIA_FEC_MATRIX_H
#define MEDIA_FEC_MATRIX_H

#include "fec_packet.h"

#include <stdbool.h>
#include <stdint.h>

struct fec_matrix {
	uint8_t columns; /* L, 0 when no FEC is in use */
	uint8_t rows;    /* D, 0 without column FEC */
	bool column_fec, row_fec;
};

/* What the packets of one kind say. */
struct fec_dimension {
	bool active, has_candidate;
	uint8_t offset, count;
	uint8_t next_offset, next_count;
	int64_t last_ns;
};

/* Zero-initialise. */
struct fec_observer {
	struct fec_dimension kinds[FEC_KINDS];
};

/* Take note of a FEC packet at now_ns. Returns whether a size in use has changed to another. */
bool fec_observer_learn(struct fec_observer *observer, enum fec_kind kind,
                        const struct fec_packet *packet, int64_t now_ns);

/*
 * Forget the rows or columns of which none has come for 3 s and three matrices; packets_per_s is the
 * rate of media, 0 when it is not known.
 */
void fec_observer_expire(struct fec_observer *observer, uint32_t packets_per_s, int64_t now_ns);

/* The matrix in use. */
struct fec_matrix fec_observer_matrix(const struct fec_observer *observer);

/*
 * How far in packets the stream must have gone on beyond a missing one until FEC can no longer bring
 * it: the column FEC of a matrix is spread over the next one, so 2·L·D, and a margin for FEC that lags
 * behind media between two ports; with rows alone 2·L. 0 when no FEC is in use.
 */
uint32_t fec_matrix_span(const struct fec_matrix *matrix);

#endif
