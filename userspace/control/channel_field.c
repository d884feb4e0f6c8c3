/*
 * Fields of channels.
 */
#include "channel_field.h"

#include "field.h"
#include "input_field.h"

const char *const channel_field_names[] = {
	"name",       "rtp_ip", "rtp_port",  "sources", "interface", "backup",  "failover",
	"reorder_ms", "fec",    "autostart", "max_pps", "program",   "outputs", NULL};

void channel_field_defaults(struct channel_entry *entry)
{
	input_field_defaults(&entry->inputs[0]);
	input_field_defaults(&entry->inputs[1]);
	entry->reorder_ms = ENTRY_REORDER_MS;
	entry->failover =
		(struct failover_entry){.timeout_ms = 500, .stable_ms = 10000, .merge_ms = 200};
}

/* Members that are absent stay as they are. */
static int apply_failover(struct failover_entry *to, const json_t *value, struct api_error *error)
{
	static const char *const known[] = {"mode",      "timeout_ms", "return",
	                                    "stable_ms", "merge_ms",   NULL};
	const json_t *member;

	if (field_members(value, known, "failover.", error))
		return -1;
	if ((member = json_object_get(value, "mode")) &&
	    field_choice(&to->merge, member, "failover.mode", "failover", "merge", error))
		return -1;
	if ((member = json_object_get(value, "return")) &&
	    field_choice(&to->returns, member, "failover.return", "stay", "return", error))
		return -1;
	if ((member = json_object_get(value, "timeout_ms")) &&
	    field_number(&to->timeout_ms, member, "failover.timeout_ms", 50, 60000, error))
		return -1;
	if ((member = json_object_get(value, "stable_ms")) &&
	    field_number(&to->stable_ms, member, "failover.stable_ms", 0, 3600000, error))
		return -1;
	if ((member = json_object_get(value, "merge_ms")) &&
	    field_number(&to->merge_ms, member, "failover.merge_ms", 1, 1000, error))
		return -1;
	return 0;
}

static int field_failover(struct failover_entry *to, const json_t *value, bool lenient,
                          struct api_error *error)
{
	static const char *const members[] = {"mode",      "timeout_ms", "return",
	                                      "stable_ms", "merge_ms",   NULL};
	json_t *known = NULL;
	int result;

	if (lenient && json_is_object(value) && !(known = field_known_members(value, members)))
		return api_error_no_memory(error);
	result = apply_failover(to, known ? known : value, error);
	json_decref(known);
	return result;
}

/* The member of that name, or NULL when it is absent, or null where that is the same. */
static const json_t *get(const json_t *object, const char *name, bool lenient)
{
	const json_t *value = json_object_get(object, name);

	return lenient && json_is_null(value) ? NULL : value;
}

/* Fields of the primary input and the backup. */
static int apply_inputs(struct channel_entry *entry, const json_t *object, bool lenient,
                        struct api_error *error)
{
	struct input_entry *primary = &entry->inputs[0];
	const json_t *value;

	if ((value = get(object, "rtp_ip", lenient)) &&
	    input_field_address(primary, value, "", error))
		return -1;
	if ((value = get(object, "rtp_port", lenient)) &&
	    input_field_port(primary, value, "", error))
		return -1;
	if ((value = get(object, "sources", lenient)) &&
	    input_field_sources(primary, value, "", error))
		return -1;
	if ((value = get(object, "interface", lenient)) &&
	    input_field_interface(primary, value, "", error))
		return -1;
	if ((value = get(object, "backup", lenient)) &&
	    input_field_backup(&entry->inputs[1], value, lenient, error))
		return -1;
	if ((value = get(object, "failover", lenient)) &&
	    field_failover(&entry->failover, value, lenient, error))
		return -1;
	return 0;
}

/* What no field can tell alone. */
static int check(const struct channel_entry *entry, struct api_error *error)
{
	if (input_entry_overlaps(&entry->inputs[0], entry->fec, &entry->inputs[1], entry->fec))
		return api_error_set(error, 422, "invalid_value", "backup.rtp_port",
		                     "The backup would receive what the primary receives%s",
		                     entry->fec ? " (FEC takes port + 2 and port + 4 too)" : "");
	return 0;
}

int channel_field_apply(struct channel_entry *entry, const json_t *object, bool lenient,
                        struct api_error *error)
{
	const json_t *value;

	if ((value = get(object, "name", lenient)) &&
	    field_name(&entry->name, value, "name", error))
		return -1;
	if (apply_inputs(entry, object, lenient, error))
		return -1;
	if ((value = get(object, "reorder_ms", lenient)) &&
	    field_number(&entry->reorder_ms, value, "reorder_ms", 0, ENTRY_MAX_REORDER_MS, error))
		return -1;
	if ((value = get(object, "max_pps", lenient)) &&
	    field_number(&entry->max_pps, value, "max_pps", 0, ENTRY_MAX_PPS, error))
		return -1;
	if ((value = get(object, "program", lenient)) &&
	    field_number(&entry->program, value, "program", 0, UINT16_MAX, error))
		return -1;
	if ((value = get(object, "fec", lenient)) &&
	    field_choice(&entry->fec, value, "fec", "off", "auto", error))
		return -1;
	if ((value = get(object, "autostart", lenient)) &&
	    field_bool(&entry->autostart, value, "autostart", error))
		return -1;
	return check(entry, error);
}

static json_t *failover_json(const struct failover_entry *entry)
{
	return json_pack("{s:s, s:i, s:s, s:i, s:i}", "mode", entry->merge ? "merge" : "failover",
	                 "timeout_ms", (int)entry->timeout_ms, "return",
	                 entry->returns ? "return" : "stay", "stable_ms", (int)entry->stable_ms,
	                 "merge_ms", (int)entry->merge_ms);
}

json_t *channel_field_json(const struct channel_entry *entry)
{
	const struct input_entry *primary = &entry->inputs[0];

	return json_pack("{s:s, s:s, s:i, s:o, s:o, s:o, s:o, s:i, s:i, s:i, s:s, s:b}", "name",
	                 entry->name, "rtp_ip", primary->rtp_ip, "rtp_port", primary->rtp_port,
	                 "sources", input_field_sources_json(primary), "interface",
	                 input_field_interface_json(primary), "backup",
	                 input_field_backup_json(&entry->inputs[1]), "failover",
	                 failover_json(&entry->failover), "max_pps", (int)entry->max_pps,
	                 "reorder_ms", (int)entry->reorder_ms, "program", (int)entry->program,
	                 "fec", entry->fec ? "auto" : "off", "autostart", entry->autostart);
}
