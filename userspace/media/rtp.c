/*
 * RTP header parsing and sequence tracking.
 *
 * Arrivals are kept as one bit a sequence number over the last RTP_HISTORY numbers. A number whose bit
 * is still clear when the window moves past it is lost; until then it may arrive late. So reordering is
 * never counted as loss, and the count only grows.
 */
#include "rtp.h"

#include "base/bytes.h"

#include <string.h>

#define HEADER_BYTES 12

int rtp_parse(struct rtp_packet *out, const uint8_t *datagram, size_t size)
{
	struct byte_reader r = byte_reader(datagram, size);
	struct rtp_packet packet = {0};
	unsigned int first, second;
	size_t padding = 0;

	if (size < HEADER_BYTES)
		return -RTP_TRUNCATED;
	first = bytes_u8(&r);
	if (first >> 6 != 2)
		return -RTP_VERSION;
	second = bytes_u8(&r);
	packet.marker = second & 0x80;
	packet.payload_type = second & 0x7f;
	packet.sequence = bytes_u16(&r);
	packet.timestamp = bytes_u32(&r);
	packet.ssrc = bytes_u32(&r);
	bytes_take(&r, (first & 0x0f) * 4u);
	if (first & 0x10) {
		bytes_u16(&r);
		bytes_take(&r, bytes_u16(&r) * 4u);
	}
	if (r.overrun)
		return -RTP_TRUNCATED;
	if (first & 0x20) {
		padding = bytes_left(&r) ? datagram[size - 1] : 0;
		if (padding == 0 || padding > bytes_left(&r))
			return -RTP_PADDING;
	}
	packet.payload = r.at;
	packet.size = bytes_left(&r) - padding;
	*out = packet;
	return 0;
}

static bool seen_get(const struct rtp_sequence *state, uint16_t sequence)
{
	return state->seen[sequence % RTP_HISTORY / 8] >> (sequence % 8) & 1;
}

static void seen_set(struct rtp_sequence *state, uint16_t sequence, bool value)
{
	uint8_t *byte = &state->seen[sequence % RTP_HISTORY / 8];
	const unsigned int bit = 1u << (sequence % 8);

	*byte = (uint8_t)(value ? *byte | bit : *byte & ~bit);
}

/* Everything before this packet counts as arrived: nobody knows of it, so it is not lost. */
static void sequence_start(struct rtp_sequence *state, const struct rtp_packet *packet)
{
	memset(state->seen, 0xff, sizeof(state->seen));
	state->started = true;
	state->has_stray = false;
	state->ssrc = packet->ssrc;
	state->newest = packet->sequence;
}

/* Move the window forward to sequence, giving up what falls out of it without having arrived. */
static void sequence_advance(struct rtp_sequence *state, uint16_t sequence, uint64_t *lost)
{
	while (state->newest != sequence) {
		state->newest++;
		if (!seen_get(state, state->newest)) /* the number RTP_HISTORY before it */
			++*lost;
		seen_set(state, state->newest, false);
	}
	seen_set(state, sequence, true);
}

enum rtp_verdict rtp_sequence_update(struct rtp_sequence *state, const struct rtp_packet *packet,
                                     uint64_t *lost)
{
	const bool restarted = state->started;
	int ahead;

	if (!state->started || packet->ssrc != state->ssrc) {
		sequence_start(state, packet);
		return restarted ? RTP_RESTART : RTP_IN_ORDER;
	}
	ahead = rtp_distance(state->newest, packet->sequence);
	if (ahead > RTP_MAX_DROPOUT || ahead < -RTP_MAX_MISORDER) {
		if (state->has_stray && packet->sequence == state->stray) {
			sequence_start(state, packet);
			return RTP_RESTART;
		}
		state->has_stray = true;
		state->stray = (uint16_t)(packet->sequence + 1);
		return RTP_STRAY;
	}
	state->has_stray = false;
	if (ahead > 0) {
		sequence_advance(state, packet->sequence, lost);
		return RTP_IN_ORDER;
	}
	if (seen_get(state, packet->sequence))
		return RTP_DUPLICATE;
	seen_set(state, packet->sequence, true);
	return RTP_LATE;
}
