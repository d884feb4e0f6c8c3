/*
 * Options of udp:// and rtp://.
 */
#include "udp_options.h"

#include "url_option.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* SMPTE 2022-1: L × D is at most 100, and row FEC needs rows of 4 at least. */
#define FEC_MAX_CELLS   100
#define FEC_MIN_ROW_FEC 4
#define RTP_BURST_MS    20 /* as SRT outputs, whose receivers restore the timing as well */

enum {
	OPTION_TTL,
	OPTION_TOS,
	OPTION_ADAPTER,
	OPTION_INTERFACE,
	OPTION_LOCALPORT,
	OPTION_PKT_SIZE,
	OPTION_BURST,
	OPTION_PAYLOAD_TYPE, /* from here on: of rtp:// alone */
	OPTION_FEC_COLUMNS,
	OPTION_FEC_ROWS,
	OPTION_FEC_MODE,
	OPTION_COUNT
};

#define UDP_COUNT OPTION_PAYLOAD_TYPE

/* What the kernel takes as the name of a device (dev_valid_name). */
static int parse_interface(const struct url_fault *why, const struct url_option *option,
                           struct url_text value, void *out)
{
	struct udp_options *options = out;

	if (url_option_string(why, option, value, out))
		return -EINVAL;
	if (!strcmp(options->interface, ".") || !strcmp(options->interface, "..") ||
	    options->interface[strcspn(options->interface, "/: ")])
		return url_fault_set(why, "%s must be the name of a network interface",
		                     option->name);
	return 0;
}

static int parse_fec_mode(const struct url_fault *why, const struct url_option *option,
                          struct url_text value, void *out)
{
	struct udp_options *options = out;

	options->fec_row_packets = url_text_is(value, "both");
	if (options->fec_row_packets || url_text_is(value, "column"))
		return 0;
	return url_fault_set(why, "%s must be column or both", option->name);
}

#define FIELD(name) URL_FIELD(struct udp_options, name)
#define NUMBER(name, low, high)                                           \
	{                                                                 \
#name, NULL, url_option_number, FIELD(name), low, high, 0 \
	}

static const struct url_option table[OPTION_COUNT] = {
	[OPTION_TTL] = {"ttl", "ipttl", url_option_number, FIELD(ttl), 1, 255, 0},
	[OPTION_TOS] = {"tos", "iptos", url_option_number, FIELD(tos), 0, 255, 0},
	[OPTION_ADAPTER] = {"adapter", NULL, url_option_address, FIELD(adapter), 0, 0, 0},
	[OPTION_INTERFACE] = {"interface", NULL, parse_interface, FIELD(interface), 1, 0, 0},
	[OPTION_LOCALPORT] = NUMBER(localport, 1, 65535),
	[OPTION_PKT_SIZE] = {"pkt_size", NULL, url_option_number, FIELD(pkt_size), 188, 1316, 188},
	[OPTION_BURST] = NUMBER(burst, 0, 50),
	[OPTION_PAYLOAD_TYPE] = NUMBER(payload_type, 0, 127),
	[OPTION_FEC_COLUMNS] = NUMBER(fec_columns, 1, 20),
	[OPTION_FEC_ROWS] = NUMBER(fec_rows, 4, 20),
	[OPTION_FEC_MODE] = {"fec_mode", NULL, parse_fec_mode, 0, 0, 0, 0, 0},
};

_Static_assert(OPTION_COUNT <= URL_MAX_OPTIONS, "the bits of a word say which were given");

/* udp:// refuses what rtp:// has with a better reason than that nobody knows it. */
static int check_udp(const char *query, const struct url_fault *why)
{
	struct url_text value;

	for (size_t i = UDP_COUNT; i < OPTION_COUNT; i++)
		if (url_options_find(query, table[i].name, &value))
			return url_fault_set(why, "%s is an option of rtp:// alone", table[i].name);
	return 0;
}

static int check_fec(const struct udp_options *o, uint64_t given, const struct url_fault *why)
{
	const uint64_t fec = UINT64_C(1) << OPTION_FEC_COLUMNS | UINT64_C(1) << OPTION_FEC_ROWS;

	if (!(given & (fec | UINT64_C(1) << OPTION_FEC_MODE)))
		return 0;
	if ((given & fec) != fec)
		return url_fault_set(why, "FEC needs both fec_columns and fec_rows");
	if (o->fec_columns * o->fec_rows > FEC_MAX_CELLS)
		return url_fault_set(why,
		                     "fec_columns times fec_rows must be at most %d (SMPTE 2022-1)",
		                     FEC_MAX_CELLS);
	if (o->fec_row_packets && o->fec_columns < FEC_MIN_ROW_FEC)
		return url_fault_set(why,
		                     "fec_mode=both needs at least %d fec_columns (SMPTE 2022-1)",
		                     FEC_MIN_ROW_FEC);
	return 0;
}

void udp_options_init(struct udp_options *options, bool rtp)
{
	*options = (struct udp_options){
		.tos = -1, .pkt_size = 1316, .burst = rtp ? RTP_BURST_MS : 0, .payload_type = 33};
}

int udp_options_parse(struct udp_options *options, bool rtp, const char *query,
                      const struct url_fault *why)
{
	uint64_t given;

	if (!rtp && check_udp(query, why))
		return -EINVAL;
	if (url_options_parse(why, table, rtp ? OPTION_COUNT : UDP_COUNT, query, options, &given))
		return -EINVAL;
	return check_fec(options, given, why);
}
