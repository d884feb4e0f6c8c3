/*
 * Exclusive or over headers and payloads, and the checks that a rebuilt packet has to pass.
 */
#include "fec_rebuild.h"

#include "base/bytes.h"
#include "rtp_ts.h"

#include <string.h>

/* Where the RTP header is built: directly before the payload. */
#define HEADER_START (FEC_PAYLOAD_START - FEC_RTP_BYTES)
#define SLACK_90K    90000 /* 1 s */

/* The recovery fields, combined with the protected packets one by one. */
struct recovery {
	uint8_t first;  /* P, X, CC */
	uint8_t second; /* M, payload type */
	uint16_t length;
	uint32_t timestamp;
	/* Of the protected packets */
	bool any;
	uint8_t type;
	uint32_t reference;       /* time stamp */
	int32_t earliest, latest; /* relative to reference */
};

static struct recovery recovery_open(const uint8_t *datagram)
{
	return (struct recovery){
		.first = datagram[0] & 0x3f,
		.second = (uint8_t)((datagram[1] & 0x80) | (datagram[16] & 0x7f)),
		.length = load_be16(datagram + 14),
		.timestamp = load_be32(datagram + 20),
	};
}

static void fold_bytes(uint8_t *into, const uint8_t *from, size_t size)
{
	size_t i = 0;

	for (; i + 8 <= size; i += 8) {
		uint64_t a, b;

		memcpy(&a, into + i, 8);
		memcpy(&b, from + i, 8);
		a ^= b;
		memcpy(into + i, &a, 8);
	}
	for (; i < size; i++)
		into[i] ^= from[i];
}

/* Fold one protected packet in; room is the size of the FEC payload. False when it does not fit. */
static bool recovery_fold(struct recovery *r, const struct packet_slot *slot, uint8_t *payload,
                          size_t room)
{
	const uint8_t *p = slot->datagram;
	const size_t size = slot->size - (size_t)FEC_RTP_BYTES;
	const uint32_t timestamp = load_be32(p + 4);
	int32_t distance;

	if (size > room)
		return false;
	if (!r->any) {
		r->any = true;
		r->type = p[1] & 0x7f;
		r->reference = timestamp;
	}
	distance = (int32_t)(timestamp - r->reference);
	if (distance < r->earliest)
		r->earliest = distance;
	if (distance > r->latest)
		r->latest = distance;
	r->first ^= p[0] & 0x3f;
	r->second ^= p[1];
	r->length ^= (uint16_t)size;
	r->timestamp ^= timestamp;
	fold_bytes(payload, p + FEC_RTP_BYTES, size);
	return true;
}

static bool recovery_is_plausible(const struct recovery *r, size_t room)
{
	const int32_t distance = (int32_t)(r->timestamp - r->reference);
	const int64_t slack = SLACK_90K + ((int64_t)r->latest - r->earliest);

	if (r->length == 0 || r->length > room)
		return false;
	if (!r->any) /* a matrix of one packet */
		return true;
	return (r->second & 0x7f) == r->type && distance >= r->earliest - slack &&
	       distance <= r->latest + slack;
}

static void header_write(uint8_t *p, const struct recovery *r, const struct fec_rebuild *job)
{
	p[0] = 0x80 | r->first;
	p[1] = r->second;
	store_be16(p + 2, job->missing);
	store_be32(p + 4, r->timestamp);
	store_be32(p + 8, job->ssrc);
}

uint8_t *fec_rebuild(const struct fec_rebuild *job, uint8_t *datagram, size_t size,
                     size_t *rebuilt_size)
{
	struct recovery recovery = recovery_open(datagram);
	const size_t room = size - FEC_PAYLOAD_START;
	uint8_t *payload = datagram + FEC_PAYLOAD_START, *rebuilt = datagram + HEADER_START;
	struct rtp_packet packet;

	for (unsigned int k = 0; k < job->packet->count; k++) {
		const uint16_t number = fec_packet_number(job->packet, k);

		if (number != job->missing &&
		    !recovery_fold(&recovery, packet_store_at(job->store, number), payload, room))
			return NULL;
	}
	if (!recovery_is_plausible(&recovery, room))
		return NULL;
	header_write(rebuilt, &recovery, job);
	*rebuilt_size = (size_t)FEC_RTP_BYTES + recovery.length;
	if (rtp_ts_parse(&packet, rebuilt, *rebuilt_size) || packet.size == 0)
		return NULL;
	return rebuilt;
}

bool fec_verify(const struct fec_packet *packet, const struct packet_store *store,
                uint8_t *datagram, size_t size)
{
	struct recovery recovery = recovery_open(datagram);
	const size_t room = size - FEC_PAYLOAD_START;
	uint8_t *payload = datagram + FEC_PAYLOAD_START;

	for (unsigned int k = 0; k < packet->count; k++) {
		const uint16_t number = fec_packet_number(packet, k);

		if (!recovery_fold(&recovery, packet_store_at(store, number), payload, room))
			return false;
	}
	return !recovery.first && !recovery.second && !recovery.length && !recovery.timestamp &&
	       payload[0] == 0 && memcmp(payload, payload + 1, room - 1) == 0;
}
