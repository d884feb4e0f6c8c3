/*
 * The options of udp:// and rtp:// URLs. SMPTE 2022-1 FEC is asked for with
 * fec_columns=L&fec_rows=D&fec_mode=column|both.
 */
#ifndef OUTPUT_UDP_OPTIONS_H
#define OUTPUT_UDP_OPTIONS_H

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

struct udp_options {
	uint8_t ttl;                    /* 1 to 255; 0: the system's (multicast 1) */
	int16_t tos;                    /* 0 to 255; -1 (default): the system's */
	char adapter[INET6_ADDRSTRLEN]; /* local address to send from; "": the system's choice */
	char interface[IF_NAMESIZE];    /* to send through; "": the route's */
	uint16_t localport;             /* 0: any */
	uint32_t pkt_size; /* bytes of TS a datagram, multiple of 188, 188 to 1316 (default) */
	uint8_t burst; /* ms that datagrams wait for others to leave with, 0 to 50; 0: a sender's tick */
	/* rtp:// alone */
	uint8_t payload_type; /* 0 to 127, default 33 (RFC 3551) */
	uint8_t fec_columns;  /* SMPTE 2022-1 L, 1 to 20; 0 (default): no FEC */
	uint8_t fec_rows;     /* D, 4 to 20 */
	bool fec_row_packets; /* row FEC too, on port + 4; column FEC goes to port + 2 */
};

struct url_fault;

/* All defaults; burst is 0 of udp://, and 20 of rtp://, whose timestamps tell its receiver when. Thread: any. */
void udp_options_init(struct udp_options *options, bool rtp);

/*
 * Parse "name=value&name=value" into options, which hold the defaults before; then check what does not go
 * together. rtp: with the options that rtp:// has besides. Errors: -EINVAL with a fault; options are half
 * filled then. Thread: any.
 */
int udp_options_parse(struct udp_options *options, bool rtp, const char *query,
                      const struct url_fault *why);

#endif
