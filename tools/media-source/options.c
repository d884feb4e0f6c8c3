/*
 * Every option is a row of the table: its number, its range, and where it goes. What needs more than a
 * number is told by its kind.
 */
#include "options.h"

#include "number.h"

#include "media/ts.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

/* What is gathered before it can be put into the options. */
struct raw {
	struct options *out;
	struct destination_range range;
	uint64_t count, port_step, ttl, packets, distance, ssrc, sequence, timestamp;
	int64_t loop; /* 0: forever, -1: not given */
	bool has_ssrc, has_sequence, has_timestamp;
};

static int parse_loop(const char *text, int64_t *loop)
{
	uint64_t value;

	if (!strcmp(text, "forever")) {
		*loop = 0;
		return 0;
	}
	if (number_parse_positive(text, INT64_MAX, &value))
		return -EINVAL;
	*loop = (int64_t)value;
	return 0;
}

static int parse_ports(const char *text, struct destination_range *range)
{
	char first[8] = "";
	const char *dash = strchr(text, '-');
	uint64_t a, b;

	if (!dash || (size_t)(dash - text) >= sizeof(first))
		return -EINVAL;
	memcpy(first, text, (size_t)(dash - text));
	if (number_parse_positive(first, 65535, &a) || number_parse_positive(dash + 1, 65535, &b) ||
	    a > b)
		return -EINVAL;
	range->first_port = (uint16_t)a;
	range->last_port = (uint16_t)b;
	return 0;
}

static int parse_source(const char *text, struct options *out)
{
	char why[256];

	if (out->source_count == 2)
		return -E2BIG;
	if (destination_parse_source(&out->sources[out->source_count], text, why, sizeof(why)))
		return -EINVAL;
	out->source_count++;
	return 0;
}

enum {
	OPT_BITRATE = 1,
	OPT_COUNT,
	OPT_DATAGRAMS,
	OPT_DROP,
	OPT_DROP_LIST,
	OPT_DUPLICATE,
	OPT_DURATION,
	OPT_HELP,
	OPT_INTERFACE,
	OPT_JSON,
	OPT_LOOP,
	OPT_MAX_BITRATE,
	OPT_PACKETS,
	OPT_PORTS,
	OPT_PORT_STEP,
	OPT_PTS_OFFSET,
	OPT_RECORD,
	OPT_REORDER,
	OPT_REORDER_DISTANCE,
	OPT_REPORT,
	OPT_SEED,
	OPT_SEQUENCE,
	OPT_SOURCE,
	OPT_SPEED,
	OPT_SSRC,
	OPT_START_PTS,
	OPT_TIMESTAMP,
	OPT_TTL,
	OPT_UDP,
};

static const struct option table[] = {
	{"bitrate", required_argument, NULL, OPT_BITRATE},
	{"count", required_argument, NULL, OPT_COUNT},
	{"datagrams", required_argument, NULL, OPT_DATAGRAMS},
	{"drop", required_argument, NULL, OPT_DROP},
	{"drop-list", required_argument, NULL, OPT_DROP_LIST},
	{"duplicate", required_argument, NULL, OPT_DUPLICATE},
	{"duration", required_argument, NULL, OPT_DURATION},
	{"help", no_argument, NULL, OPT_HELP},
	{"interface", required_argument, NULL, OPT_INTERFACE},
	{"json", no_argument, NULL, OPT_JSON},
	{"loop", required_argument, NULL, OPT_LOOP},
	{"max-bitrate", required_argument, NULL, OPT_MAX_BITRATE},
	{"packets-per-datagram", required_argument, NULL, OPT_PACKETS},
	{"ports", required_argument, NULL, OPT_PORTS},
	{"port-step", required_argument, NULL, OPT_PORT_STEP},
	{"pts-offset", required_argument, NULL, OPT_PTS_OFFSET},
	{"record", required_argument, NULL, OPT_RECORD},
	{"reorder", required_argument, NULL, OPT_REORDER},
	{"reorder-distance", required_argument, NULL, OPT_REORDER_DISTANCE},
	{"report", required_argument, NULL, OPT_REPORT},
	{"seed", required_argument, NULL, OPT_SEED},
	{"sequence", required_argument, NULL, OPT_SEQUENCE},
	{"source", required_argument, NULL, OPT_SOURCE},
	{"speed", required_argument, NULL, OPT_SPEED},
	{"ssrc", required_argument, NULL, OPT_SSRC},
	{"start-pts", required_argument, NULL, OPT_START_PTS},
	{"timestamp", required_argument, NULL, OPT_TIMESTAMP},
	{"ttl", required_argument, NULL, OPT_TTL},
	{"udp", no_argument, NULL, OPT_UDP},
	{0},
};

/* Options about the stream and its pace. Errors: -EINVAL; 1 when it is not one of them. */
static int take_stream_option(struct raw *raw, int option, const char *value)
{
	struct options *out = raw->out;

	switch (option) {
	case OPT_BITRATE:
		return number_parse_bitrate(value, &out->loop.bitrate_bps);
	case OPT_LOOP:
		return parse_loop(value, &raw->loop);
	case OPT_PTS_OFFSET:
		return number_parse_ticks(value, &out->loop.pts_offset);
	case OPT_START_PTS:
		return number_parse_ticks(value, &out->loop.start_pts) || out->loop.start_pts < 0 ||
		                       out->loop.start_pts >= TS_WRAP_90K
		               ? -EINVAL
		               : 0;
	case OPT_SPEED:
		return number_parse_real(value, 0, 1000, &out->speed) ||
		                       (out->speed > 0 && out->speed < 0.01)
		               ? -EINVAL
		               : 0;
	case OPT_MAX_BITRATE:
		return number_parse_bitrate(value, &out->max_bitrate_bps);
	case OPT_DURATION:
		return number_parse_real(value, 1e-3, 1e9, &out->duration_s);
	case OPT_DATAGRAMS:
		return number_parse_positive(value, INT64_MAX, &out->datagrams);
	case OPT_RECORD:
		out->record = value;
		return 0;
	case OPT_REPORT:
		return number_parse_real(value, 0.1, 86400, &out->report_s);
	case OPT_JSON:
		out->json = true;
		return 0;
	default:
		return 1;
	}
}

/* Options about addresses and datagrams. Errors: -EINVAL; 1 when it is not one of them. */
static int take_network_option(struct raw *raw, int option, const char *value)
{
	switch (option) {
	case OPT_COUNT:
		return number_parse_positive(value, DESTINATION_MAX, &raw->count);
	case OPT_PORTS:
		return parse_ports(value, &raw->range);
	case OPT_PORT_STEP:
		return number_parse_positive(value, 65535, &raw->port_step);
	case OPT_SOURCE:
		return parse_source(value, raw->out);
	case OPT_INTERFACE:
		raw->out->interface = value;
		return 0;
	case OPT_TTL:
		return number_parse_positive(value, 255, &raw->ttl);
	case OPT_UDP:
		raw->out->plain_udp = true;
		return 0;
	case OPT_PACKETS:
		return number_parse_positive(value, 7, &raw->packets);
	case OPT_SSRC:
		raw->has_ssrc = true;
		return number_parse(value, UINT32_MAX, &raw->ssrc);
	case OPT_SEQUENCE:
		raw->has_sequence = true;
		return number_parse(value, UINT16_MAX, &raw->sequence);
	case OPT_TIMESTAMP:
		raw->has_timestamp = true;
		return number_parse(value, UINT32_MAX, &raw->timestamp);
	default:
		return 1;
	}
}

/* Options about faults. Errors: -EINVAL, -E2BIG. */
static int take_fault_option(struct raw *raw, int option, const char *value)
{
	struct impair_config *impair = &raw->out->impair;

	switch (option) {
	case OPT_SEED:
		return number_parse(value, UINT64_MAX, &impair->seed);
	case OPT_DROP:
		return number_parse_real(value, 0, 100, &impair->drop_percent);
	case OPT_DROP_LIST:
		return impair_parse_drop_list(impair, value);
	case OPT_DUPLICATE:
		return number_parse_real(value, 0, 100, &impair->duplicate_percent);
	case OPT_REORDER:
		return number_parse_real(value, 0, 50, &impair->reorder_percent);
	case OPT_REORDER_DISTANCE:
		return number_parse_positive(value, IMPAIR_MAX_DISTANCE, &raw->distance);
	default:
		return -EINVAL;
	}
}

/* Put together what depends on more than one option. */
static void settle(struct raw *raw)
{
	struct options *out = raw->out;
	uint64_t seed = out->impair.seed, random = impair_random(seed, 0, 0);
	bool limited = out->duration_s > 0 || out->datagrams > 0;

	out->loop.plays = raw->loop >= 0 ? (uint64_t)raw->loop : limited ? 0 : 1;
	raw->range.count = (uint32_t)raw->count;
	raw->range.step = (uint16_t)raw->port_step;
	out->ttl = (uint32_t)raw->ttl;
	out->packets_per_datagram = (uint32_t)raw->packets;
	out->impair.reorder_distance = (uint32_t)raw->distance;
	out->ssrc = (uint32_t)(raw->has_ssrc ? raw->ssrc : random);
	out->sequence = (uint16_t)(raw->has_sequence ? raw->sequence : random >> 32);
	out->timestamp =
		(uint32_t)(raw->has_timestamp ? raw->timestamp : impair_random(seed, 0, 1));
}

static enum options_result wrong(const char *what)
{
	fprintf(stderr, "media-source: %s (--help tells more)\n", what);
	return OPTIONS_WRONG;
}

/* Errors: OPTIONS_WRONG, having said so. */
static enum options_result take_options(struct raw *raw, int argc, char **argv)
{
	int option, index = 0, err;
	char what[512];

	while ((option = getopt_long(argc, argv, "h", table, &index)) != -1) {
		if (option == OPT_HELP || option == 'h') {
			fputs(options_help, stdout);
			return OPTIONS_HELP;
		}
		if (option == '?')
			return wrong("wrong option");
		err = take_stream_option(raw, option, optarg);
		if (err > 0)
			err = take_network_option(raw, option, optarg);
		if (err > 0)
			err = take_fault_option(raw, option, optarg);
		if (err) {
			snprintf(what, sizeof(what), "--%s: \"%.200s\" is not possible",
			         table[index].name, optarg);
			return wrong(what);
		}
	}
	return OPTIONS_RUN;
}

enum options_result options_parse(struct options *out, int argc, char **argv)
{
	struct raw raw = {.out = out, .count = 1, .port_step = 1, .ttl = 1, .packets = 7};
	enum options_result result;
	char why[512];

	raw.distance = 1;
	raw.loop = -1;
	*out = (struct options){.speed = 1, .max_bitrate_bps = 100000000};
	out->loop.start_pts = -1;
	out->impair.seed = 1;
	result = take_options(&raw, argc, argv);
	if (result != OPTIONS_RUN)
		return result;
	if (argc - optind < 2)
		return wrong("a file and at least one destination are needed");
	settle(&raw);
	out->file = argv[optind];
	for (int i = optind + 1; i < argc; i++) {
		if (destination_add(&out->destinations, argv[i], &raw.range, why, sizeof(why)))
			return wrong(why);
	}
	return OPTIONS_RUN;
}

void options_free(struct options *options)
{
	destination_free(&options->destinations);
}
