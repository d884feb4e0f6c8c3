#include "metrics_owner.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void metrics_owners_add(struct metrics_owners *owners, const json_t *object,
                        const struct metrics_label *labels, size_t count)
{
	const size_t room = owners->room ? 2 * owners->room : 16;
	struct metrics_owner *owner, *list = owners->list;

	if (owners->count == owners->room) {
		list = reallocarray(owners->list, room, sizeof(*list));
		if (!list) {
			owners->error = -ENOMEM;
			return;
		}
		owners->list = list;
		owners->room = room;
	}
	owner = &list[owners->count];
	*owner = (struct metrics_owner){.object = object};
	for (size_t i = 0; i < count; i++) {
		if (!exposition_label(&owner->labels, labels[i].name,
		                      labels[i].value ? labels[i].value : ""))
			continue;
		free(owner->labels);
		owners->error = -ENOMEM;
		return;
	}
	owners->count++;
}

void metrics_owners_free(struct metrics_owners *owners)
{
	for (size_t i = 0; i < owners->count; i++)
		free(owners->list[i].labels);
	free(owners->list);
	*owners = (struct metrics_owners){0};
}

static void write_value(struct exposition *out, const char *labels, const json_t *value,
                        double multiply, double divide)
{
	const int is_plain = multiply == divide;

	if (json_is_boolean(value))
		exposition_integer(out, labels, json_is_true(value));
	else if (json_is_integer(value) && is_plain && json_integer_value(value) >= 0)
		exposition_integer(out, labels, (uint64_t)json_integer_value(value));
	else if (json_is_number(value))
		exposition_number(out, labels, json_number_value(value) * multiply / divide);
}

void metrics_write_member(struct exposition *out, const struct metrics_owners *owners,
                          const struct metric_name *name, const char *member,
                          enum exposition_type type, const char *help)
{
	exposition_family(out, name->text, type, help);
	for (size_t i = 0; i < owners->count; i++)
		write_value(out, owners->list[i].labels,
		            json_object_get(owners->list[i].object, member), name->multiply,
		            name->divide);
}

void metrics_write_plain(struct exposition *out, const struct metrics_owners *owners,
                         const char *name, const char *member, enum exposition_type type,
                         const char *help)
{
	struct metric_name plain = {.multiply = 1, .divide = 1};

	snprintf(plain.text, sizeof(plain.text), "%s", name);
	metrics_write_member(out, owners, &plain, member, type, help);
}

/* The samples of one owner. Errors: -ENOMEM. */
static int write_states(struct exposition *out, const struct metrics_owner *owner,
                        const char *member, const char *const *values, size_t count)
{
	const char *is = json_string_value(json_object_get(owner->object, member));

	for (size_t i = 0; is && i < count; i++) {
		char *labels = strdup(owner->labels);

		if (!labels || exposition_label(&labels, member, values[i])) {
			free(labels);
			return -ENOMEM;
		}
		exposition_integer(out, labels, !strcmp(is, values[i]));
		free(labels);
	}
	return 0;
}

void metrics_write_states(struct exposition *out, const struct metrics_owners *owners,
                          const char *name, const char *member, const char *const *values,
                          size_t count, const char *help)
{
	exposition_family(out, name, EXPOSITION_GAUGE, help);
	for (size_t i = 0; i < owners->count && !out->error; i++)
		out->error = write_states(out, &owners->list[i], member, values, count);
}
