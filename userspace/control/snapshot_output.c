#include "snapshot_output.h"

#include "rtmp_field.h"
#include "shown.h"

#include <stdlib.h>

/*
 * What every kind of output counts, and what its own does. base: what is taken off totals, the common ones first;
 * NULL: nothing.
 */
static json_t *stats(const struct output_entry *entry, const struct live_output *live,
                     const uint64_t *base)
{
	const struct output *output = live->output;
	json_t *object = shown_counters(json_object(), output_counter_table, OUTPUT_COUNTER_COUNT,
	                                output ? output_counters(output) : NULL, base);
	const struct counter_info *table;
	size_t count;

	table = live_output_own_table(entry, &count);
	return shown_counters(object, table, count, output ? output_own_counters(output) : NULL,
	                      base ? base + OUTPUT_COUNTER_COUNT : NULL);
}

/* Under libsrt's names, as in the counters of the output. */
static json_t *reader(const struct output_reader *r)
{
	return json_pack("{s:I, s:o, s:o, s:o, s:{s:I, s:I, s:I, s:I, s:I, s:f, s:I}}", "id",
	                 (json_int_t)r->id, "address", shown_text(r->address), "stream_id",
	                 shown_text(r->stream_id), "connected_at", shown_time(r->connected_at_s),
	                 "stats", "bytes_sent", (json_int_t)r->bytes_sent, "packets_lost",
	                 (json_int_t)r->packets_lost, "pktRetransTotal", (json_int_t)r->pktRetrans,
	                 "pktSndLossTotal", (json_int_t)r->pktSndLoss, "byteSndDropTotal",
	                 (json_int_t)r->byteSndDrop, "msRTT", (double)r->rtt_us / 1000, "msSndBuf",
	                 (json_int_t)r->msSndBuf);
}

static json_t *reader_list(const struct output_reader *readers, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < count; i++) {
		if (json_array_append_new(list, reader(&readers[i]))) {
			json_decref(list);
			list = NULL;
		}
	}
	return list;
}

/* Add who reads from a listener. Returns object, or NULL when that fails. */
static json_t *add_readers(json_t *object, const struct live_output *live, bool listed)
{
	struct output_reader *readers = calloc(SRT_MAX_READERS, sizeof(*readers));
	size_t count = 0;
	int failed = !readers;

	if (readers && live->output)
		count = output_get_readers(live->output, readers, SRT_MAX_READERS);
	failed |= json_object_set_new(object, "reader_count", json_integer((json_int_t)count));
	if (listed)
		failed |= json_object_set_new(object, "readers", reader_list(readers, count));
	free(readers);
	if (!failed)
		return object;
	json_decref(object);
	return NULL;
}

/* What is worth a second look though nothing has failed. */
static json_t *warning(const struct output_entry *entry)
{
	if (output_entry_is_rtmp(entry) && !entry->rtmp.tls_verify)
		return json_string("The server's certificate is not verified: anybody on the way "
		                   "may read and change what is sent");
	return json_null();
}

json_t *snapshot_output(const struct live_channel *live, size_t index, bool readers)
{
	const struct output_entry *entry = &live->entry.outputs[index];
	const struct live_output *output = &live->outputs[index];
	struct output_status status;
	json_t *counters = stats(entry, output, output->base), *object;

	live_get_output_status(live, index, &status);
	object = json_pack("{s:s, s:s, s:s, s:b, s:s, s:o, s:o, s:o, s:I, s:O, s:o, s:o, s:o}",
	                   "id", entry->id, "name", entry->name, "url", entry->shown, "enabled",
	                   entry->enabled, "state", output_state_name(status.state), "last_error",
	                   shown_text(status.last_error), "note", shown_text(status.note),
	                   "warning", warning(entry), "retry_in_ms", (json_int_t)status.retry_in_ms,
	                   "reconnects", json_object_get(counters, "reconnects"), "connected_at",
	                   shown_time(status.connected_at_s), "stats_since",
	                   shown_time(output->reset_at_s), "stats", counters);
	object = rtmp_field_add(object, entry, RTMP_SECRETS_MASKED);
	if (!object || !entry->listens)
		return object;
	return add_readers(object, output, readers);
}

json_t *snapshot_output_measures(const struct live_channel *live, size_t index)
{
	const struct output_entry *entry = &live->entry.outputs[index];
	const struct live_output *output = &live->outputs[index];
	struct output_status status;
	json_t *object;

	live_get_output_status(live, index, &status);
	object = json_pack("{s:s, s:s, s:b, s:s, s:o}", "id", entry->id, "name", entry->name,
	                   "enabled", entry->enabled, "state", output_state_name(status.state),
	                   "stats", stats(entry, output, NULL));
	return object && entry->listens ? add_readers(object, output, false) : object;
}

static json_t *sample(const struct output_sample *s)
{
	return json_pack("{s:o, s:f, s:I, s:I, s:I, s:I}", "at", shown_time(s->at_s), "msRTT",
	                 (double)s->rtt_us / 1000, "msSndBuf", (json_int_t)s->send_buffer_ms,
	                 "pktRetrans", (json_int_t)s->retransmitted, "pktSndLoss",
	                 (json_int_t)s->lost, "bitrate_bps", (json_int_t)s->bitrate_kbps * 1000);
}

json_t *snapshot_history(const struct output_sample *samples, size_t count, int64_t now_s)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < count; i++) {
		if (now_s - samples[i].at_s > SNAPSHOT_HISTORY_S)
			continue;
		if (json_array_append_new(list, sample(&samples[i]))) {
			json_decref(list);
			list = NULL;
		}
	}
	return json_pack("{s:o, s:o}", "now", shown_time(now_s), "samples", list);
}
