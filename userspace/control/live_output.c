#include "live_output.h"

#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The key that was given apart. REST refuses an output without any, but a file may have one. */
static int take_key(struct output_url *url, const struct output_entry *entry,
                    struct live_output *live)
{
	if (entry->stream_key)
		snprintf(url->rtmp.key, sizeof(url->rtmp.key), "%s", entry->stream_key);
	if (url->rtmp.key[0])
		return 0;
	snprintf(live->why, sizeof(live->why), "it has no stream key");
	return -EINVAL;
}

void live_output_start(struct live_output *live, const struct output_entry *entry,
                       const char *channel, struct feed *feed)
{
	struct output_config config = {.name = entry->name, .rtmp = entry->rtmp};
	int error;

	if (output_url_parse(&config.url, entry->url, live->why, sizeof(live->why)))
		goto fail;
	if (output_entry_is_rtmp(entry) && take_key(&config.url, entry, live))
		goto fail;
	error = output_create(&live->output, &config, feed);
	if (error) {
		live->output = NULL;
		snprintf(live->why, sizeof(live->why), "cannot start: %s", strerror(-error));
		goto fail;
	}
	log_info("channel \"%s\": output \"%s\": started to %.300s", channel, entry->name,
	         entry->shown);
	return;
fail:
	log_error("channel \"%s\": output \"%s\": %s", channel, entry->name, live->why);
}

void live_output_stop(struct live_output *live, const struct output_entry *entry,
                      const char *channel)
{
	if (live->output) {
		log_info("channel \"%s\": output \"%s\": stopped", channel, entry->name);
		output_destroy(live->output);
	}
	free(live->base);
	*live = (struct live_output){0};
}

const struct counter_info *live_output_own_table(const struct output_entry *entry, size_t *count)
{
	if (entry->known)
		return output_own_table(entry->scheme, count);
	*count = 0;
	return NULL;
}

int live_output_reset(struct live_output *live, const struct output_entry *entry, int64_t now_s)
{
	size_t own_count;
	uint64_t *base;

	if (!live->output)
		return 0;
	live_output_own_table(entry, &own_count);
	base = calloc(OUTPUT_COUNTER_COUNT + own_count, sizeof(*base));
	if (!base)
		return -ENOMEM;
	for (size_t i = 0; i < OUTPUT_COUNTER_COUNT; i++)
		base[i] = counter_at(output_counters(live->output), i);
	for (size_t i = 0; output_own_counters(live->output) && i < own_count; i++)
		base[OUTPUT_COUNTER_COUNT + i] = counter_at(output_own_counters(live->output), i);
	free(live->base);
	live->base = base;
	live->reset_at_s = now_s;
	return 0;
}
