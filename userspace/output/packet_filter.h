/*
 * The value of SRT's option packetfilter: "fec,cols:10,rows:5,layout:staircase,arq:onreq" (libsrt,
 * docs/features/packet-filtering-and-fec.md).
 */
#ifndef OUTPUT_PACKET_FILTER_H
#define OUTPUT_PACKET_FILTER_H

#include "url_text.h"

/*
 * Whether libsrt would take text; "fec" alone leaves the matrix to the peer. Errors: -EINVAL with a fault.
 * Thread: any.
 */
int packet_filter_check(const char *text, const struct url_fault *why);

#endif
