/*
 * Ethernet frames from anywhere: the payload lies within the frame, what comes after it does not matter,
 * and a frame that ends before its payload does is refused.
 */
#include "ingest/frame.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_same(const struct frame_datagram *a, const struct frame_datagram *b)
{
	return !memcmp(&a->source, &b->source, sizeof(a->source)) &&
	       !memcmp(&a->destination, &b->destination, sizeof(a->destination)) &&
	       a->port == b->port && a->size == b->size && a->payload == b->payload;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct frame_datagram datagram, again;
	size_t end;

	if (frame_parse(&datagram, data, size))
		return 0;
	if (datagram.payload < data + 14 + 20 + 8 || datagram.payload > data + size)
		abort();
	end = (size_t)(datagram.payload - data) + datagram.size;
	if (end > size)
		abort();
	if (frame_parse(&again, data, end) || !is_same(&datagram, &again))
		abort();
	if (!frame_parse(&again, data, end - 1))
		abort();
	return 0;
}
