/*
 * FLV tags: memory and reference counts. The bodies are made in flv_write.c.
 */
#include "flv.h"

#include <stdlib.h>

struct flv_tag *flv_tag_create(enum flv_type type, int64_t timestamp_ms, size_t size)
{
	struct flv_tag *tag;

	if (size == 0 || size > FLV_MAX_BODY_BYTES)
		return NULL;
	tag = malloc(sizeof(*tag) + size);
	if (!tag)
		return NULL;
	atomic_init(&tag->references, 1);
	tag->type = type;
	tag->timestamp_ms = timestamp_ms;
	tag->key = false;
	tag->header = false;
	tag->audio_track = 0;
	tag->variant = 0;
	tag->size = size;
	return tag;
}

struct flv_tag *flv_tag_ref(struct flv_tag *tag)
{
	atomic_fetch_add_explicit(&tag->references, 1, memory_order_relaxed);
	return tag;
}

void flv_tag_unref(struct flv_tag *tag)
{
	/* Release on the way down, acquire before freeing: the last sees every earlier use. */
	if (tag && atomic_fetch_sub_explicit(&tag->references, 1, memory_order_acq_rel) == 1)
		free(tag);
}
