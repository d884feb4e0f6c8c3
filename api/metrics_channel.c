/*
 * Channels, inputs and outputs. What an input counts has its channel's names with `input_` before them, and is written
 * where there are two: the only one counts what its channel does. A counter that both channels and outputs have is, for
 * the latter, written with `output_`, so that no sum takes both.
 */
#include "metrics.h"

#include "metrics_owner.h"

#include "ingest/ingest.h"
#include "media/remux.h"
#include "media/rtp_counters.h"
#include "output/output.h"
#include "relay/channel.h"

#include <stdbool.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct counter_info remux_table[] = {REMUX_COUNTERS(COUNTER_ROW)};

struct table {
	const struct counter_info *rows;
	size_t count;
};

/* The stats of the owners that there are, and the owners themselves. */
struct owners {
	struct metrics_owners shown, stats;
};

static const char *text_at(const json_t *object, const char *member)
{
	return json_string_value(json_object_get(object, member));
}

static void add(struct owners *owners, const json_t *object, const struct metrics_label *labels,
                size_t count)
{
	metrics_owners_add(&owners->shown, object, labels, count);
	metrics_owners_add(&owners->stats, json_object_get(object, "stats"), labels, count);
}

static int release(struct owners *owners)
{
	const int error = owners->shown.error ? owners->shown.error : owners->stats.error;

	metrics_owners_free(&owners->shown);
	metrics_owners_free(&owners->stats);
	return error;
}

static bool table_has(const struct table *table, const char *name)
{
	for (size_t i = 0; i < table->count; i++) {
		if (!strcmp(table->rows[i].name, name))
			return true;
	}
	return false;
}

/* Write a table's families. Those whose name other has too get other_prefix. other NULL: none. */
static void write_table(struct exposition *out, const struct metrics_owners *stats,
                        const struct table *table, const char *prefix, const struct table *other,
                        const char *other_prefix)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct counter_info *row = &table->rows[i];
		const bool is_shared = other && table_has(other, row->name);
		struct metric_name name;

		if (metric_name_make(&name, is_shared ? other_prefix : prefix, row))
			continue; /* longer than any, which a test would see */
		metrics_write_member(out, stats, &name, row->name,
		                     row->type == COUNTER_TOTAL ? EXPOSITION_COUNTER
		                                                : EXPOSITION_GAUGE,
		                     row->help);
	}
}

static const char *const signal_states[] = {"stopped", "waiting", "receiving", "no_signal",
                                            "error"};

static int write_channels(struct exposition *out, const json_t *channels)
{
	const struct table tables[] = {{channel_counter_table, CHANNEL_COUNTER_COUNT},
	                               {rtp_counter_table, RTP_COUNTER_COUNT},
	                               {ingest_counter_table, INGEST_COUNTER_COUNT},
	                               {remux_table, COUNT(remux_table)}};
	struct owners owners = {0};
	const json_t *channel;
	size_t i;

	json_array_foreach(channels, i, channel)
	{
		const struct metrics_label labels[] = {{"channel", text_at(channel, "id")},
		                                       {"name", text_at(channel, "name")}};

		add(&owners, channel, labels, COUNT(labels));
	}
	metrics_write_states(out, &owners.shown, "distributor_channel_state", "state",
	                     signal_states, COUNT(signal_states),
	                     "1 for the state that the channel is in");
	metrics_write_plain(out, &owners.shown, "distributor_channel_desired", "desired",
	                    EXPOSITION_GAUGE, "1 when the channel shall run");
	for (i = 0; i < COUNT(tables); i++)
		write_table(out, &owners.stats, &tables[i], "distributor_", NULL, NULL);
	return release(&owners);
}

static int write_inputs(struct exposition *out, const json_t *channels)
{
	const struct table tables[] = {{input_counter_table, INPUT_COUNTER_COUNT},
	                               {rtp_counter_table, RTP_COUNTER_COUNT},
	                               {ingest_counter_table, INGEST_COUNTER_COUNT}};
	const json_t *channel, *inputs, *input;
	struct owners owners = {0};
	size_t i, j;

	json_array_foreach(channels, i, channel)
	{
		inputs = json_object_get(channel, "inputs");
		if (json_array_size(inputs) < 2)
			continue;
		json_array_foreach(inputs, j, input)
		{
			const struct metrics_label labels[] = {{"channel", text_at(channel, "id")},
			                                       {"name", text_at(channel, "name")},
			                                       {"input", text_at(input, "name")}};

			add(&owners, input, labels, COUNT(labels));
		}
	}
	metrics_write_states(out, &owners.shown, "distributor_input_state", "state", signal_states,
	                     COUNT(signal_states) - 1, "1 for the state that the input is in");
	metrics_write_plain(out, &owners.shown, "distributor_input_active", "active",
	                    EXPOSITION_GAUGE, "1 when the input is on the air");
	for (i = 0; i < COUNT(tables); i++)
		write_table(out, &owners.stats, &tables[i], "distributor_input_", NULL, NULL);
	return release(&owners);
}

/* What each kind of output counts besides; UDP and RTP are one. */
static void write_own_tables(struct exposition *out, const struct metrics_owners *stats)
{
	const struct counter_info *written = NULL;
	struct table table;

	for (enum output_scheme scheme = OUTPUT_SRT; scheme <= OUTPUT_RTP; scheme++) {
		table.rows = output_own_table(scheme, &table.count);
		if (table.rows != written)
			write_table(out, stats, &table, "distributor_", NULL, NULL);
		written = table.rows;
	}
}

static int write_outputs(struct exposition *out, const json_t *channels)
{
	const struct table table = {output_counter_table, OUTPUT_COUNTER_COUNT},
			   channel_table = {channel_counter_table, CHANNEL_COUNTER_COUNT};
	const char *states[OUTPUT_ERROR + 1];
	const json_t *channel, *output;
	struct owners owners = {0};
	size_t i, j;

	json_array_foreach(channels, i, channel)
	{
		json_array_foreach(json_object_get(channel, "outputs"), j, output)
		{
			const struct metrics_label labels[] = {
				{"channel", text_at(channel, "id")},
				{"name", text_at(channel, "name")},
				{"output", text_at(output, "id")},
				{"output_name", text_at(output, "name")}};

			add(&owners, output, labels, COUNT(labels));
		}
	}
	for (i = 0; i < COUNT(states); i++)
		states[i] = output_state_name((enum output_state)i);
	metrics_write_states(out, &owners.shown, "distributor_output_state", "state", states,
	                     COUNT(states), "1 for the state that the output is in");
	metrics_write_plain(out, &owners.shown, "distributor_output_enabled", "enabled",
	                    EXPOSITION_GAUGE, "1 when the output is enabled");
	metrics_write_plain(out, &owners.shown, "distributor_output_readers", "reader_count",
	                    EXPOSITION_GAUGE, "How many read from the listener");
	write_table(out, &owners.stats, &table, "distributor_", &channel_table,
	            "distributor_output_");
	write_own_tables(out, &owners.stats);
	return release(&owners);
}

int metrics_write_channels(struct exposition *out, const json_t *channels)
{
	int error = write_channels(out, channels);

	if (!error)
		error = write_inputs(out, channels);
	return error ? error : write_outputs(out, channels);
}
