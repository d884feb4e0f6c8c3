/*
 * State to JSON. Values are put together with json_pack, whose failures (no memory) travel up as NULL.
 */
#include "snapshot.h"

#include "channel_field.h"
#include "shown.h"
#include "snapshot_output.h"
#include "switch.h"

#include "base/clock.h"
#include "base/version.h"
#include "media/remux.h"
#include "output/feed.h"

#define MAX_INTERFACES 32

static const struct counter_info remux_counter_table[] = {REMUX_COUNTERS(COUNTER_ROW)};

static const char *channel_state(const struct live_channel *live, int64_t now_ns)
{
	int64_t last_ns;

	if (!live->feed)
		return live->last_error[0] ? "error" : "stopped";
	last_ns = channel_last_ns(feed_channel(live->feed));
	if (!last_ns)
		return "waiting";
	return now_ns - last_ns <= CHANNEL_NO_SIGNAL_NS ? "receiving" : "no_signal";
}

/* With two inputs one is without signal when the other one may be taken for it. */
static const char *input_state(const struct live_channel *live, unsigned int path, int64_t now_ns)
{
	const bool fails_over =
		channel_entry_has_backup(&live->entry) && !live->entry.failover.merge;
	int64_t last_ns;

	if (!live->feed || !live->inputs[path].bindings[CHANNEL_MEDIA])
		return "stopped";
	last_ns = channel_input_last_ns(feed_channel(live->feed), path);
	if (!last_ns)
		return "waiting";
	if (now_ns - last_ns > CHANNEL_NO_SIGNAL_NS ||
	    (fails_over && !switch_is_alive(live, path, now_ns)))
		return "no_signal";
	return "receiving";
}

static bool has_rtmp(const struct channel_entry *entry)
{
	for (size_t i = 0; i < entry->output_count; i++)
		if (output_entry_is_rtmp(&entry->outputs[i]))
			return true;
	return false;
}

static json_t *channel_stats(const struct live_channel *live, const struct ingest_counters *dropped)
{
	const struct channel *channel = live->feed ? feed_channel(live->feed) : NULL;
	struct ingest_counters sum = {0};
	struct rtp_counters rtp = {0};
	json_t *stats = shown_counters(json_object(), channel_counter_table, CHANNEL_COUNTER_COUNT,
	                               channel ? channel_counters(channel) : NULL, NULL);

	if (channel)
		channel_rtp_counters(channel, &rtp);
	for (size_t i = 0; i < ENTRY_INPUTS; i++)
		counters_add(&sum, &dropped[i], INGEST_COUNTER_COUNT);
	stats = shown_counters(stats, rtp_counter_table, RTP_COUNTER_COUNT, &rtp, NULL);
	stats = shown_counters(stats, ingest_counter_table, INGEST_COUNTER_COUNT, &sum, NULL);
	if (!has_rtmp(&live->entry))
		return stats;
	return shown_counters(stats, remux_counter_table, 0 REMUX_COUNTERS(COUNTER_ONE),
	                      live->feed ? feed_remux_counters(live->feed) : NULL, NULL);
}

/* Inputs that are merged have one RTP stream; its counters are the channel's alone. */
static json_t *input_stats(const struct live_channel *live, unsigned int path,
                           const struct ingest_counters *dropped)
{
	const struct channel *channel = live->feed ? feed_channel(live->feed) : NULL;
	const bool merges = channel_entry_has_backup(&live->entry) && live->entry.failover.merge;
	json_t *stats =
		shown_counters(json_object(), input_counter_table, INPUT_COUNTER_COUNT,
	                       channel ? channel_input_counters(channel, path) : NULL, NULL);

	stats = shown_counters(stats, ingest_counter_table, INGEST_COUNTER_COUNT, dropped, NULL);
	if (merges)
		return stats;
	return shown_counters(stats, rtp_counter_table, RTP_COUNTER_COUNT,
	                      channel ? channel_input_rtp_counters(channel, path) : NULL, NULL);
}

static json_t *inputs(const struct live_channel *live, const struct ingest_counters *dropped,
                      int64_t now_ns)
{
	const struct channel *channel = live->feed ? feed_channel(live->feed) : NULL;
	const unsigned int active = channel ? channel_active(channel) : 0;
	const unsigned int count = channel_entry_has_backup(&live->entry) ? 2 : 1;
	json_t *list = json_array();
	char endpoint[96];

	for (unsigned int i = 0; list && i < count; i++) {
		const bool is_active = channel && (i == active || live->entry.failover.merge);

		input_entry_endpoint(&live->entry.inputs[i], endpoint, sizeof(endpoint));
		if (json_array_append_new(
			    list, json_pack("{s:s, s:s, s:s, s:b, s:o}", "name",
		                            i ? "backup" : "primary", "address", endpoint, "state",
		                            input_state(live, i, now_ns), "active", is_active,
		                            "stats", input_stats(live, i, &dropped[i])))) {
			json_decref(list);
			list = NULL;
		}
	}
	return list;
}

/* What did not get to each input; asked for once: it costs system calls. */
static void count_dropped(const struct live_channel *live, struct ingest_counters *dropped)
{
	for (size_t i = 0; i < ENTRY_INPUTS; i++) {
		dropped[i] = (struct ingest_counters){0};
		inputs_count(&live->inputs[i], &dropped[i]);
	}
}

json_t *snapshot_channel(const struct live_channel *live, bool readers, int64_t now_ns)
{
	const struct channel_entry *entry = &live->entry;
	json_t *outputs = json_array(), *fields = channel_field_json(entry), *shown;
	struct ingest_counters dropped[ENTRY_INPUTS];

	count_dropped(live, dropped);
	for (size_t i = 0; outputs && i < entry->output_count; i++) {
		if (json_array_append_new(outputs, snapshot_output(live, i, readers))) {
			json_decref(outputs);
			outputs = NULL;
		}
	}
	shown = json_pack("{s:s, s:o, s:s, s:s, s:o, s:o, s:o, s:o}", "id", entry->id, "created_at",
	                  shown_time(entry->created_at_s), "desired",
	                  entry->running ? "running" : "stopped", "state",
	                  channel_state(live, now_ns), "last_error", shown_text(live->last_error),
	                  "inputs", inputs(live, dropped, now_ns), "stats",
	                  channel_stats(live, dropped), "outputs", outputs);
	if (!fields || json_object_update(shown, fields)) {
		json_decref(shown);
		shown = NULL;
	}
	json_decref(fields);
	return shown;
}

json_t *snapshot_measures(const struct live_channel *live, int64_t now_ns)
{
	json_t *outputs = json_array();
	struct ingest_counters dropped[ENTRY_INPUTS];

	count_dropped(live, dropped);
	for (size_t i = 0; outputs && i < live->entry.output_count; i++) {
		if (json_array_append_new(outputs, snapshot_output_measures(live, i))) {
			json_decref(outputs);
			outputs = NULL;
		}
	}
	return json_pack("{s:s, s:s, s:b, s:s, s:o, s:o, s:o}", "id", live->entry.id, "name",
	                 live->entry.name, "desired", live->entry.running, "state",
	                 channel_state(live, now_ns), "inputs", inputs(live, dropped, now_ns),
	                 "stats", channel_stats(live, dropped), "outputs", outputs);
}

static json_t *interfaces(const struct ingest *ingest)
{
	struct ingest_interface_info infos[MAX_INTERFACES];
	size_t count = ingest_interfaces(ingest, infos, MAX_INTERFACES);
	json_t *list = json_array();

	for (size_t i = 0; list && i < count && i < MAX_INTERFACES; i++) {
		json_t *item =
			json_pack("{s:s, s:s, s:i, s:s, s:I, s:I}", "name", infos[i].name, "mode",
		                  infos[i].mode, "queues", (int)infos[i].queues, "reason",
		                  infos[i].reason, "rx_dropped", (json_int_t)infos[i].rx_dropped,
		                  "rx_ring_full", (json_int_t)infos[i].rx_ring_full);

		if (json_array_append_new(list, item)) {
			json_decref(list);
			list = NULL;
		}
	}
	return list;
}

json_t *snapshot_health(struct live_channel *const *channels, size_t count,
                        const struct live_env *env, int64_t started_ns, int64_t now_ns)
{
	size_t running = 0, outputs = 0, connected = 0;
	struct output_status status;

	for (size_t i = 0; i < count; i++) {
		running += channels[i]->feed != NULL;
		outputs += channels[i]->entry.output_count;
		for (size_t j = 0; j < channels[i]->entry.output_count; j++) {
			live_get_output_status(channels[i], j, &status);
			connected += status.state == OUTPUT_CONNECTED;
		}
	}
	return json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:o}", "status", "ok", "version",
	                 DISTRIBUTOR_VERSION, "uptime_s",
	                 (json_int_t)((now_ns - started_ns) / NS_PER_S), "channels",
	                 (json_int_t)count, "channels_running", (json_int_t)running, "outputs",
	                 (json_int_t)outputs, "outputs_connected", (json_int_t)connected,
	                 "interfaces", interfaces(env->ingest));
}
