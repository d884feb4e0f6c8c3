/*
 * The summary: one line on standard output, as key=value or as a JSON object. Thread: one at a time.
 */
#ifndef MEDIA_SOURCE_REPORT_H
#define MEDIA_SOURCE_REPORT_H

#include "destination.h"
#include "impair.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct report {
	bool final;
	uint64_t plays; /* begun */
	struct impair_counts counts;
	uint64_t ts_packets; /* in the datagrams not dropped */
	uint64_t bytes;      /* of those */
	bool plain_udp;      /* no sequence, no SSRC */
	uint16_t first_sequence, last_sequence;
	uint32_t ssrc;
	double elapsed_s;
	double late_max_ms;
	uint64_t pauses;
	const struct destination_list *destinations;
};

/*
 * Write the summary. As text the destinations with errors are named, as JSON all of them. Errors: -EIO.
 */
int report_print(FILE *file, const struct report *report, bool json);

#endif
