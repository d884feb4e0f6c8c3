/*
 * Fuzz target: elementary streams as PES payloads, past the TS layer. The first byte chooses the
 * track; then each PES packet is a byte of flags, two bytes of size, ten bytes of time stamps and
 * its payload.
 */
#include "base/bytes.h"
#include "media/track.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take_tag(void *context, struct flv_tag *tag)
{
	(void)context;
	flv_tag_unref(tag);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct byte_reader r = byte_reader(data, size);
	static const struct track_class *const classes[] = {&track_h264, &track_aac, &track_hevc};
	const struct track_class *class = classes[bytes_u8(&r) % 3];
	struct remux_counters counters = {0};
	struct timeline timeline = {0};
	struct track_host host = {
		.emit = take_tag,
		.timeline = &timeline,
		.counters = &counters,
		.forms = 3,
	};
	struct flv_metadata metadata = {0};
	struct track *track = class->create(&host);

	if (!track)
		return 0;
	while (!r.overrun && bytes_left(&r) > 0) {
		uint8_t flags = bytes_u8(&r);
		struct pes_packet packet = {.size = bytes_u16(&r), .has_pts = flags & 1};

		packet.pts = (int64_t)(flags >> 7) << 32 | bytes_u32(&r);
		packet.dts = (int64_t)(flags >> 6 & 1) << 32 | bytes_u32(&r);
		if (packet.size > bytes_left(&r))
			packet.size = bytes_left(&r);
		packet.data = bytes_take(&r, packet.size);
		if (!packet.data)
			break;
		if (flags & 2)
			class->lose(track);
		if (class->accepts(&packet) || flags & 4)
			class->push(track, &packet);
		if (flags & 8 && class->flush)
			class->flush(track);
	}
	class->describe(track, &metadata);
	class->destroy(track);
	return 0;
}
