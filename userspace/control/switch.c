/*
 * The switch call.
 */
#include "switch.h"

#include "field.h"

#include "base/clock.h"
#include "output/feed.h"

bool switch_is_alive(const struct live_channel *live, unsigned int path, int64_t now_ns)
{
	const int64_t last_ns = channel_input_last_ns(feed_channel(live->feed), path);

	return last_ns && now_ns - last_ns < live->entry.failover.timeout_ms * NS_PER_MS;
}

/* Errors: -1 with 409 when no input can be chosen. */
static int check(const struct live_channel *live, struct api_error *error)
{
	if (!channel_entry_has_backup(&live->entry))
		return api_error_set(error, 409, "no_backup", NULL, "The channel has one input");
	if (live->entry.failover.merge)
		return api_error_set(error, 409, "merging", NULL,
		                     "The inputs are merged, both are on the air");
	if (!live->feed)
		return api_error_set(error, 409, "not_running", NULL, "The channel does not run");
	return 0;
}

int switch_input(struct live_channel *live, const json_t *body, int64_t now_ns,
                 struct api_error *error)
{
	static const char *const known[] = {"input", NULL};
	const json_t *value = json_object_get(body, "input");
	struct channel *channel;
	unsigned int path;
	bool backup = false;

	if (field_members(body, known, "", error) ||
	    (value && field_choice(&backup, value, "input", "primary", "backup", error)) ||
	    check(live, error))
		return -1;
	channel = feed_channel(live->feed);
	path = value ? backup : !channel_active(channel);
	if (path != channel_active(channel) && !switch_is_alive(live, path, now_ns))
		return api_error_set(error, 409, "input_dead", "input", "The %s brings no TS",
		                     path ? "backup" : "primary");
	channel_select(channel, path);
	return 0;
}
