/*
 * What a counter of the tables (base/table.h) is called as a metric, and in what unit.
 */
#ifndef API_METRIC_NAME_H
#define API_METRIC_NAME_H

#include "base/table.h"

#define METRIC_NAME_BYTES 96

struct metric_name {
	char text[METRIC_NAME_BYTES];
	double multiply, divide; /* the counter's value, to get the metric's; both 1 for most */
};

/*
 * prefix, the counter's name, its base unit where the name tells another (`rtp_hold_ms`: `rtp_hold_seconds`,
 * `bitrate_bps`: `bitrate_bytes_per_second`), and `_total` for totals. Names of libsrt are put in lower case behind
 * `srt_`, with their unit last: `msRTT` is `srt_rtt_seconds`, `pktSndLossTotal` `srt_snd_loss_packets_total`.
 * Errors: -1 when it does not fit. Thread: any.
 */
int metric_name_make(struct metric_name *out, const char *prefix, const struct counter_info *info);

#endif
