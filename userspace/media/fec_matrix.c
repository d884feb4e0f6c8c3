/*
 * Learning L and D.
 */
#include "fec_matrix.h"

#include "base/clock.h"

#define SILENCE_NS  (3 * NS_PER_S)
#define MARGIN_PKTS 48u /* a sender in bursts, seen through two sockets; FFmpeg needed 35 */

bool fec_observer_learn(struct fec_observer *observer, enum fec_kind kind,
                        const struct fec_packet *packet, int64_t now_ns)
{
	struct fec_dimension *d = &observer->kinds[kind];
	const bool changes = d->active;

	if (d->active && d->offset == packet->offset && d->count == packet->count) {
		d->has_candidate = false;
		d->last_ns = now_ns;
		return false;
	}
	if (!d->has_candidate || d->next_offset != packet->offset ||
	    d->next_count != packet->count) {
		d->has_candidate = true;
		d->next_offset = packet->offset;
		d->next_count = packet->count;
		return false;
	}
	*d = (struct fec_dimension){.active = true,
	                            .offset = packet->offset,
	                            .count = packet->count,
	                            .last_ns = now_ns};
	return changes;
}

void fec_observer_expire(struct fec_observer *observer, uint32_t packets_per_s, int64_t now_ns)
{
	for (int kind = 0; kind < FEC_KINDS; kind++) {
		struct fec_dimension *d = &observer->kinds[kind];
		int64_t limit = SILENCE_NS;

		if (packets_per_s > 0)
			limit += 3 * NS_PER_S * d->offset * d->count / packets_per_s;
		if (d->active && now_ns - d->last_ns > limit)
			*d = (struct fec_dimension){0};
	}
}

struct fec_matrix fec_observer_matrix(const struct fec_observer *observer)
{
	const struct fec_dimension *column = &observer->kinds[FEC_COLUMN];
	const struct fec_dimension *row = &observer->kinds[FEC_ROW];
	struct fec_matrix matrix = {.column_fec = column->active, .row_fec = row->active};

	if (column->active) {
		matrix.columns = column->offset;
		matrix.rows = column->count;
	} else if (row->active) {
		matrix.columns = row->count;
	}
	return matrix;
}

uint32_t fec_matrix_span(const struct fec_matrix *matrix)
{
	if (matrix->columns == 0)
		return 0;
	if (!matrix->column_fec)
		return 2u * matrix->columns + MARGIN_PKTS;
	return 2u * matrix->columns * matrix->rows + matrix->columns + MARGIN_PKTS;
}
