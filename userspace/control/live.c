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

static struct channel_settings settings_of(const struct channel_entry *entry)
{
	return (struct channel_settings){.reorder_ms = entry->reorder_ms,
	                                 .fec = entry->fec,
	                                 .backup = channel_entry_has_backup(entry),
	                                 .merge = entry->failover.merge,
	                                 .merge_ms = entry->failover.merge_ms,
	                                 .timeout_ms = entry->failover.timeout_ms,
	                                 .returns = entry->failover.returns,
	                                 .stable_ms = entry->failover.stable_ms};
}

/* Undo what was done to inputs. live: what the change was made for. */
static void undo_inputs(struct live_change *change, const struct live_channel *live)
{
	struct api_error error;

	for (size_t i = 0; i < ENTRY_INPUTS; i++) {
		ingest_unbind(change->media[i]);
		change->media[i] = NULL;
		if (change->filtered[i] &&
		    inputs_set_filter(&live->inputs[i], &live->entry, i, &error))
			log_error("channel \"%s\": the former sources and max_pps are not in force "
			          "again: %s",
			          live->entry.name, error.message);
		change->filtered[i] = false;
	}
}

/* Bind the inputs of a channel that starts: all, or with LIVE_RESTORE as many as there are to be had. */
static int bind_inputs(struct live_change *change, const struct live_env *env,
                       struct channel *channel, const struct channel_entry *entry,
                       struct api_error *error)
{
	size_t bound = 0;

	for (size_t i = 0; i < ENTRY_INPUTS; i++) {
		if (!entry->inputs[i].rtp_port)
			continue;
		if (!inputs_bind(&change->media[i], env->ingest, channel, entry, i, error))
			bound++;
		else if (change->intent == LIVE_RESTORE)
			snprintf(change->warning, sizeof(change->warning), "%s: %.240s",
			         i ? "backup" : "primary", error->message);
		else
			return -1;
	}
	return bound ? 0 : -1;
}

/* Channel, feed and bindings of a channel that starts. */
static int prepare_start(struct live_change *change, const struct live_env *env,
                         const struct live_channel *live, const struct channel_entry *entry,
                         struct api_error *error)
{
	const struct channel_config config = {
		.name = entry->name, .id = entry->id, .settings = settings_of(entry)};
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
	if (bind_inputs(change, env, channel, entry, error)) {
		undo_inputs(change, live);
		feed_destroy(change->feed, env->loops, env->loop_count);
		change->feed = NULL;
		return -1;
	}
	return 0;
}

/* 409: the channel itself is in the way of the place where an input is to go. */
static int check_way(const struct live_channel *live, const struct channel_entry *next,
                     size_t index, struct api_error *error)
{
	const struct input_entry *old = &live->entry.inputs[index], *new = &next->inputs[index];
	const char *field = "rtp_ip";
	char full[32];

	if (!channel_entry_overlap(next, index, &live->entry))
		return 0;
	if (new->rtp_port != old->rtp_port)
		field = "rtp_port";
	else if (strcmp(new->interface, old->interface) != 0)
		field = "interface";
	snprintf(full, sizeof(full), "%s%s", index ? "backup." : "", field);
	return api_error_set(error, 409, "channel_running", full,
	                     "The channel is running on this port: stop it to change this");
}

/* What changes in the inputs of a channel that goes on. */
static int prepare_inputs(struct live_change *change, const struct live_env *env,
                          const struct live_channel *live, const struct channel_entry *next,
                          struct api_error *error)
{
	int failed = 0;

	for (size_t i = 0; i < ENTRY_INPUTS && !failed; i++) {
		const struct input_entry *old = &live->entry.inputs[i], *new = &next->inputs[i];

		if (!new->rtp_port)
			continue;
		if (!input_entry_same_target(old, new)) {
			failed = check_way(live, next, i, error) ||
			         inputs_bind(&change->media[i], env->ingest,
			                     feed_channel(live->feed), next, i, error);
		} else if (next->max_pps != live->entry.max_pps ||
		           !input_entry_same_sources(old, new)) {
			change->filtered[i] = true;
			failed = inputs_set_filter(&live->inputs[i], next, i, error);
		}
	}
	if (failed)
		undo_inputs(change, live);
	return failed ? -1 : 0;
}

static bool moves(const struct live_channel *live, const struct channel_entry *next)
{
	return !input_entry_same_target(&live->entry.inputs[0], &next->inputs[0]) ||
	       !input_entry_same_target(&live->entry.inputs[1], &next->inputs[1]);
}

int live_prepare(struct live_change *change, const struct live_env *env,
                 const struct live_channel *live, struct channel_entry *next,
                 enum live_intent intent, struct api_error *error)
{
	const bool starts = intent == LIVE_START || intent == LIVE_RESTORE;
	const bool retries = intent == LIVE_KEEP && next->running && moves(live, next);
	struct live_change made = {.intent = intent};
	int failed = 0;

	made.outputs = calloc(next->output_count ? next->output_count : 1, sizeof(*made.outputs));
	if (!made.outputs)
		return api_error_no_memory(error);
	if (!live->feed && (starts || retries))
		failed = prepare_start(&made, env, live, next, error);
	else if (live->feed && intent != LIVE_STOP)
		failed = prepare_inputs(&made, env, live, next, error);
	if (failed) {
		free(made.outputs);
		return -1;
	}
	made.next = *next;
	*next = (struct channel_entry){0};
	*change = made;
	return 0;
}

void live_abandon(struct live_change *change, const struct live_env *env,
                  const struct live_channel *live)
{
	undo_inputs(change, live);
	feed_destroy(change->feed, env->loops, env->loop_count);
	free(change->outputs);
	channel_entry_free(&change->next);
}

static void stop_output(struct live_channel *live, size_t index)
{
	live_output_stop(&live->outputs[index], &live->entry.outputs[index], live->entry.name);
}

/* Stop the whole channel if it runs. */
static void stop_channel(struct live_channel *live, const struct live_env *env)
{
	if (!live->feed)
		return;
	for (size_t i = 0; i < ENTRY_INPUTS; i++) {
		inputs_unbind(&live->inputs[i]);
		live->inputs[i] = (struct live_input){0};
	}
	for (size_t i = 0; i < live->entry.output_count; i++)
		stop_output(live, i);
	feed_destroy(live->feed, env->loops, env->loop_count);
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

		if (!old || !next->enabled || !output_entry_same_target(old, next))
			continue;
		from = &live->outputs[old - live->entry.outputs];
		change->outputs[i] = *from;
		*from = (struct live_output){0};
	}
	for (size_t i = 0; i < live->entry.output_count; i++)
		stop_output(live, i);
}

/* Put the channel's new receiving side in place of the old. live->entry is the new one already. */
static void take_inputs(struct live_channel *live, struct live_change *change,
                        const struct live_env *env)
{
	struct channel *channel = feed_channel(live->feed);
	char no_fec[sizeof(live->last_error)] = "";
	bool complete = true;

	for (size_t i = 0; i < ENTRY_INPUTS; i++) {
		struct ingest_binding **media = &live->inputs[i].bindings[CHANNEL_MEDIA];

		if (change->media[i] || !live->entry.inputs[i].rtp_port)
			inputs_unbind(&live->inputs[i]);
		if (change->media[i])
			*media = change->media[i];
		if (live->entry.inputs[i].rtp_port && !*media)
			complete = false;
	}
	for (size_t i = 0; i < ENTRY_INPUTS; i++) {
		if (live->entry.fec && live->inputs[i].bindings[CHANNEL_MEDIA])
			inputs_bind_fec(&live->inputs[i], env->ingest, channel, &live->entry, i,
			                no_fec, sizeof(no_fec));
		else
			inputs_unbind_fec(&live->inputs[i]);
	}
	if (no_fec[0] && strcmp(no_fec, live->last_error) != 0)
		log_warning("channel \"%s\": %s", live->entry.name, no_fec);
	if (complete)
		snprintf(live->last_error, sizeof(live->last_error), "%s", no_fec);
	if (change->warning[0]) {
		snprintf(live->last_error, sizeof(live->last_error), "%s", change->warning);
		log_error("channel \"%s\": started without one of its inputs: %s", live->entry.name,
		          change->warning);
	}
}

static void log_inputs(const struct live_channel *live, const struct live_change *change)
{
	char endpoint[96];

	for (size_t i = 0; i < ENTRY_INPUTS; i++) {
		if (!change->media[i])
			continue;
		input_entry_endpoint(&live->entry.inputs[i], endpoint, sizeof(endpoint));
		log_info("channel \"%s\": %s on %s", live->entry.name,
		         i ? "backup" : (change->feed ? "started" : "moved"), endpoint);
	}
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
	if (change->feed)
		live->feed = change->feed;
	if (live->feed) {
		const struct channel_settings settings = settings_of(&live->entry);

		take_inputs(live, change, env);
		log_inputs(live, change);
		channel_configure(feed_channel(live->feed), &settings);
		feed_set_program(live->feed, (uint16_t)live->entry.program);
	}
	for (size_t i = 0; live->feed && i < live->entry.output_count; i++) {
		if (live->entry.outputs[i].enabled && !live->outputs[i].output &&
		    !live->outputs[i].why[0])
			live_output_start(&live->outputs[i], &live->entry.outputs[i],
			                  live->entry.name, live->feed);
	}
}

void live_get_output_status(const struct live_channel *live, size_t index,
                            struct output_status *status)
{
	const struct live_output *output = &live->outputs[index];

	*status = (struct output_status){.state = OUTPUT_STOPPED};
	if (output->output) {
		output_get_status(output->output, status);
	} else if (live->feed && live->entry.outputs[index].enabled) {
		status->state = OUTPUT_ERROR;
		snprintf(status->last_error, sizeof(status->last_error), "%s", output->why);
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
