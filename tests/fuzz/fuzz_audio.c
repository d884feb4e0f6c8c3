/*
 * Fuzz target: audio tracks. The first byte chooses the track; then each PES packet is a byte of flags, two
 * bytes of size and its payload; time goes by itself. Tags must come in order, and hold nothing but a header
 * or bytes there were.
 */
#include "base/bytes.h"
#include "media/track.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	bool any;
	int64_t last_ms;
	size_t frame_bytes;
};

static void take_tag(void *context, struct flv_tag *tag)
{
	struct seen *seen = context;

	if (tag->type != FLV_AUDIO || (seen->any && tag->timestamp_ms < seen->last_ms))
		abort();
	seen->any = true;
	seen->last_ms = tag->timestamp_ms;
	if (!tag->header)
		seen->frame_bytes += tag->size - (tag->body[0] >> 4 == 9 ? 5 : 2);
	flv_tag_unref(tag);
}

static void push_packets(const struct track_class *class, struct track *track,
                         struct byte_reader *r)
{
	int64_t pts = 0;

	while (!r->overrun && bytes_left(r) > 0) {
		uint8_t flags = bytes_u8(r);
		struct pes_packet packet = {.size = bytes_u16(r), .has_pts = flags & 1};

		pts += (flags & 0xf0) * 100;
		packet.pts = packet.dts = pts;
		if (packet.size > bytes_left(r))
			packet.size = bytes_left(r);
		packet.data = bytes_take(r, packet.size);
		if (!packet.data)
			return;
		if (flags & 2)
			class->lose(track);
		class->accepts(&packet);
		class->push(track, &packet);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct track_class *const classes[] = {&track_aac, &track_latm, &track_ac3};
	struct byte_reader r = byte_reader(data, size);
	const struct track_class *class = classes[bytes_u8(&r) % 3];
	struct seen seen = {0};
	struct remux_counters counters = {0};
	struct timeline timeline = {0};
	struct track_host host = {
		.context = &seen,
		.emit = take_tag,
		.timeline = &timeline,
		.counters = &counters,
	};
	struct flv_metadata metadata = {0};
	struct track *track = class->create(&host);

	if (!track)
		return 0;
	push_packets(class, track, &r);
	class->describe(track, &metadata);
	if (metadata.has_audio && metadata.sample_rate == 0)
		abort();
	if (seen.frame_bytes > size)
		abort();
	class->destroy(track);
	return 0;
}
