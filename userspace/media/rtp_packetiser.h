/*
 * RTP headers for a transport stream that is sent on: a source of our own, with its SSRC, sequence numbers and
 * 90 kHz time stamps (RFC 3550 section 5.1, RFC 2250 section 2).
 *
 * The time stamp is the time at which the datagram's first TS packet arrived here. RFC 2250 asks for the time of
 * transmission; arrival is that, less the time spent here, without the jitter of our own tick, and unlike PCR it
 * cannot jump where the stream is spliced, needs no PID to be found, and is there for any content. It never goes
 * back. One thread at a time.
 */
#ifndef MEDIA_RTP_PACKETISER_H
#define MEDIA_RTP_PACKETISER_H

#include "rtp.h"

#include <stdint.h>

/* All fields are private; set them with rtp_packetiser_init. */
struct rtp_packetiser {
	uint8_t payload_type;
	uint16_t sequence; /* the next */
	uint32_t ssrc;
	uint32_t offset;   /* of the time stamps */
	int64_t newest_us; /* arrival that the newest time stamp is of */
};

/* The start of a source; RFC 3550 wants every number random. */
struct rtp_start {
	uint32_t ssrc, timestamp;
	uint16_t sequence;
};

/* payload_type: 0 to 127. */
void rtp_packetiser_init(struct rtp_packetiser *packetiser, uint8_t payload_type,
                         const struct rtp_start *start);

/*
 * Write the header of the next datagram to out (RTP_HEADER_BYTES). arrival_us: monotonic time at which its first
 * TS packet arrived, 0 or more.
 */
void rtp_packetiser_next(struct rtp_packetiser *packetiser, uint8_t *out, int64_t arrival_us);

/* Take the last `count` numbers back: their datagrams are to be made again. */
void rtp_packetiser_take_back(struct rtp_packetiser *packetiser, uint16_t count);

#endif
