/*
 * RTP datagrams from anywhere: the payload lies within the datagram. The same bytes, taken as numbers of
 * arriving packets, must never make the sequence tracker count more loss than there were gaps.
 */
#include "base/bytes.h"
#include "media/rtp.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_parse(const uint8_t *data, size_t size)
{
	struct rtp_packet packet;
	const int result = rtp_parse(&packet, data, size);

	if (result) {
		if (result != -RTP_TRUNCATED && result != -RTP_VERSION && result != -RTP_PADDING)
			abort();
		return;
	}
	if (packet.payload < data + 12 || packet.payload > data + size ||
	    packet.size > (size_t)(data + size - packet.payload))
		abort();
}

/* Three bytes a packet: source and sequence number. */
static void check_sequence(const uint8_t *data, size_t size)
{
	struct byte_reader r = byte_reader(data, size);
	struct rtp_sequence state = {0};
	uint64_t lost = 0, advanced = 0;

	while (bytes_left(&r) >= 3) {
		const uint16_t newest = state.newest;
		const uint64_t before = lost;
		struct rtp_packet packet = {.ssrc = bytes_u8(&r) % 4, .sequence = bytes_u16(&r)};
		const enum rtp_verdict verdict = rtp_sequence_update(&state, &packet, &lost);

		if (verdict == RTP_IN_ORDER)
			advanced += (uint64_t)rtp_distance(newest, packet.sequence) & 0xffff;
		else if (lost != before)
			abort();
		if (verdict > RTP_STRAY || lost < before || lost > advanced)
			abort();
		if (verdict != RTP_STRAY &&
		    rtp_sequence_update(&state, &packet, &lost) != RTP_DUPLICATE)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_parse(data, size);
	check_sequence(data, size);
	return 0;
}
