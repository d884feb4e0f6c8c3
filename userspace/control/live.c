/*
 * Starting, changing and stopping channels.
 *
 * Order of a start: channel, feed, ingest binding, outputs. Order of a stop: ingest binding, outputs,
 * feed; the feed takes the channel along once every loop has passed (base/tick.h).
 */
#include "live.h"

#include "base/log.h"
#include "output/feed.h"
#include "relay/channel.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int live_create(struct live_channel **out, struct channel_entry *entry)
{
	struct live_channel *live = calloc(1, sizeof(*live));

	if (!live)
		return -ENOMEM;
	live->outputs =
		calloc(entry->output_count ? entry->output_count : 1, sizeof(*live->outputs));
	if (!live->outputs) {
		free(live);
		return -ENOMEM;
	}
	live->entry = *entry;
	*entry = (struct channel_entry){0};
	*out = live;
	return 0;
}

/* What an ingest error means to the caller of the API. */
static int bind_error(struct api_error *error, int code, const char *why)
{
	switch (code) {
	case -EADDRINUSE:
		return api_error_set(error, 409, "port_in_use", "rtp_port", "%s", why);
	case -EADDRNOTAVAIL:
	case -EINVAL:
		return api_error_set(error, 422, "invalid_value", "rtp_ip", "%s", why);
	case -EACCES:
	case -EPERM:
		return api_error_set(error, 422, "invalid_value", "rtp_port", "%s", why);
	default:
		return api_error_set(error, 500, "start_failed", NULL, "%s", why);
	}
}

static int bind_input(struct ingest_binding **binding, const struct live_env *env,
                      struct channel *channel, const struct channel_entry *entry,
                      struct api_error *error)
{
	char why[200] = "", endpoint[64];
	const struct ingest_target target = {
		.channel = channel, .address = entry->address, .port = entry->rtp_port};
	int code = ingest_bind(binding, env->ingest, &target, NULL, why, sizeof(why));

	if (!code)
		return 0;
	channel_entry_endpoint(entry, endpoint, sizeof(endpoint));
	if (!why[0])
		snprintf(why, sizeof(why), "cannot receive on %s: %s", endpoint, strerror(-code));
	return bind_error(error, code, why);
}

/* Channel, feed and binding of a channel that starts. */
static int prepare_start(struct live_change *change, const struct live_env *env,
                         const struct channel_entry *entry, struct api_error *error)
{
	const struct channel_config config = {
		.name = entry->name, .reorder_ms = entry->reorder_ms, .fec = entry->fec};
	struct channel *channel;
	int code = channel_create(&channel, &config);

	if (code)
		return api_error_set(error, 500, "start_failed", NULL,
		                     "cannot make the channel: %s", strerror(-code));
	code = feed_create(&change->feed, channel, env->senders);
	if (code) {
		channel_destroy(channel);
		return api_error_set(error, 500, "start_failed", NULL, "cannot make the feed: %s",
		                     strerror(-code));
	}
	if (bind_input(&change->binding, env, channel, entry, error)) {
		feed_destroy(change->feed, env->loops, env->loop_count);
		change->feed = NULL;
		return -1;
	}
	return 0;
}

int live_prepare(struct live_change *change, const struct live_env *env,
                 const struct live_channel *live, struct channel_entry *next,
                 enum live_intent intent, struct api_error *error)
{
	bool moves = !channel_entry_same_input(&live->entry, next);
	bool retries = intent == LIVE_KEEP && next->running && moves;
	struct live_change made = {.intent = intent};
	int code = 0;

	made.outputs = calloc(next->output_count ? next->output_count : 1, sizeof(*made.outputs));
	if (!made.outputs)
		return api_error_set(error, 500, "out_of_memory", NULL, "Not enough memory");
	if (!live->feed && (intent == LIVE_START || retries))
		code = prepare_start(&made, env, next, error);
	else if (live->feed && intent != LIVE_STOP && moves &&
	         channel_entry_overlaps(&live->entry, next))
		code = api_error_set(error, 409, "channel_running", "rtp_ip",
		                     "The channel is running on this port: stop it to change its "
		                     "address alone");
	else if (live->feed && intent != LIVE_STOP && moves)
		code = bind_input(&made.binding, env, feed_channel(live->feed), next, error);
	if (code) {
		free(made.outputs);
		return -1;
	}
	made.next = *next;
	*next = (struct channel_entry){0};
	*change = made;
	return 0;
}

void live_abandon(struct live_change *change, const struct live_env *env)
{
	ingest_unbind(change->binding);
	feed_destroy(change->feed, env->loops, env->loop_count);
	free(change->outputs);
	channel_entry_free(&change->next);
}

static void stop_output(const struct live_channel *live, size_t index)
{
	struct live_output *output = &live->outputs[index];

	output->why[0] = '\0';
	if (!output->output)
		return;
	log_info("channel \"%s\": output \"%s\": stopped", live->entry.name,
	         live->entry.outputs[index].name);
	output_destroy(output->output);
	output->output = NULL;
}

static void start_output(struct live_channel *live, size_t index)
{
	const struct output_entry *entry = &live->entry.outputs[index];
	struct live_output *output = &live->outputs[index];
	struct output_config config = {.name = entry->name};
	char shown[OUTPUT_URL_BYTES];
	int error;

	output->why[0] = '\0';
	if (output_url_parse(&config.url, entry->url, output->why, sizeof(output->why)))
		goto fail;
	error = output_create(&output->output, &config, live->feed);
	if (error) {
		output->output = NULL;
		snprintf(output->why, sizeof(output->why), "cannot start: %s", strerror(-error));
		goto fail;
	}
	output_url_mask(shown, entry->url);
	log_info("channel \"%s\": output \"%s\": started to %.300s", live->entry.name, entry->name,
	         shown);
	return;
fail:
	log_error("channel \"%s\": output \"%s\": %s", live->entry.name, entry->name, output->why);
}

static void unbind_fec(struct live_channel *live)
{
	for (int i = 0; i < 2; i++) {
		ingest_unbind(live->fec[i]);
		live->fec[i] = NULL;
	}
}

/*
 * Receive FEC beside the media, if that is wanted. A port that cannot be had costs the recovery, not the
 * channel.
 */
static void bind_fec(struct live_channel *live, const struct live_env *env)
{
	static const enum channel_input inputs[2] = {CHANNEL_FEC_COLUMN, CHANNEL_FEC_ROW};

	for (int i = 0; i < 2; i++) {
		const int port = live->entry.rtp_port + 2 * (i + 1);
		const struct ingest_target target = {.channel = feed_channel(live->feed),
		                                     .input = inputs[i],
		                                     .address = live->entry.address,
		                                     .port = (uint16_t)port};
		char why[200] = "there is no such port";

		if (live->fec[i])
			continue;
		if (port > UINT16_MAX ||
		    ingest_bind(&live->fec[i], env->ingest, &target, NULL, why, sizeof(why))) {
			live->fec[i] = NULL;
			log_warning("channel \"%s\": no FEC on port %d: %s", live->entry.name, port,
			            why);
		}
	}
}

/* Stop the whole channel if it runs. */
static void stop_channel(struct live_channel *live, const struct live_env *env)
{
	if (!live->feed)
		return;
	unbind_fec(live);
	ingest_unbind(live->binding);
	for (size_t i = 0; i < live->entry.output_count; i++)
		stop_output(live, i);
	feed_destroy(live->feed, env->loops, env->loop_count);
	live->binding = NULL;
	live->feed = NULL;
	log_info("channel \"%s\": stopped", live->entry.name);
}

/* Move the outputs that stay as they are over to the change; the others stop. */
static void keep_outputs(struct live_channel *live, struct live_change *change)
{
	for (size_t i = 0; i < change->next.output_count; i++) {
		const struct output_entry *next = &change->next.outputs[i];
		const struct output_entry *old = channel_entry_find(&live->entry, next->id);
		struct live_output *from;

		if (!old || !next->enabled || strcmp(old->url, next->url) != 0)
			continue;
		from = &live->outputs[old - live->entry.outputs];
		change->outputs[i] = *from;
		from->output = NULL;
	}
	for (size_t i = 0; i < live->entry.output_count; i++)
		stop_output(live, i);
}

/* Put the channel's new receiving side in place of the old. */
static void take_input(struct live_channel *live, struct live_change *change)
{
	char endpoint[64];
	bool starts = change->feed != NULL;

	if (!change->binding)
		return;
	unbind_fec(live);
	ingest_unbind(live->binding);
	live->binding = change->binding;
	if (starts)
		live->feed = change->feed;
	live->last_error[0] = '\0';
	channel_entry_endpoint(&live->entry, endpoint, sizeof(endpoint));
	log_info("channel \"%s\": %s on %s", live->entry.name, starts ? "started" : "moved",
	         endpoint);
}

void live_apply(struct live_channel *live, struct live_change *change, const struct live_env *env)
{
	if (change->intent == LIVE_STOP) {
		stop_channel(live, env);
		live->last_error[0] = '\0';
	}
	keep_outputs(live, change);
	channel_entry_free(&live->entry);
	free(live->outputs);
	live->entry = change->next;
	live->outputs = change->outputs;
	take_input(live, change);
	if (live->feed)
		channel_set_recovery(feed_channel(live->feed), live->entry.reorder_ms,
		                     live->entry.fec);
	if (live->feed && live->entry.fec)
		bind_fec(live, env);
	else
		unbind_fec(live);
	for (size_t i = 0; live->feed && i < live->entry.output_count; i++) {
		if (live->entry.outputs[i].enabled && !live->outputs[i].output &&
		    !live->outputs[i].why[0])
			start_output(live, i);
	}
}

void live_destroy(struct live_channel *live, const struct live_env *env)
{
	if (!live)
		return;
	stop_channel(live, env);
	channel_entry_free(&live->entry);
	free(live->outputs);
	free(live);
}
