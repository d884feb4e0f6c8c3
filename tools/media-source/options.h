/*
 * The command line. Thread: main.
 */
#ifndef MEDIA_SOURCE_OPTIONS_H
#define MEDIA_SOURCE_OPTIONS_H

#include "destination.h"
#include "impair.h"
#include "ts_loop.h"

#include <stdbool.h>
#include <stdint.h>

struct options {
	const char *file;
	struct destination_list destinations;
	struct destination sources[2];
	uint32_t source_count;
	const char *interface; /* NULL: by the routing table */
	uint32_t ttl;          /* 1 to 255 */

	struct ts_loop_config loop;
	double speed;             /* times real time, 0.01 to 1000; 0: as fast as max_bitrate_bps */
	uint64_t max_bitrate_bps; /* bound for speed 0 */
	double duration_s;        /* of stream time; 0: no limit */
	uint64_t datagrams;       /* 0: no limit */

	bool plain_udp;
	uint32_t packets_per_datagram; /* 1 to 7 */
	uint32_t ssrc, timestamp;
	uint16_t sequence;

	struct impair_config impair;

	const char *record; /* NULL: do not record */
	double report_s;    /* 0: only at the end */
	bool json;
};

enum options_result { OPTIONS_RUN, OPTIONS_HELP, OPTIONS_WRONG };

/*
 * Read the command line. What is wrong goes to standard error; --help is written to standard output.
 * Owns: out->destinations is freed by options_free, whatever the result; strings are argv's.
 */
enum options_result options_parse(struct options *out, int argc, char **argv);

/* Free what options_parse made. */
void options_free(struct options *options);

/* The text of --help. */
extern const char options_help[];

#endif
