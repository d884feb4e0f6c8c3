/*
 * The seeded pattern, and the line of datagrams held back.
 *
 * Every held datagram waits for the same number of later ones, so the line is first in, first out: a
 * ring of copies. Only datagrams that go out on time count as passing; two neighbours that are both
 * held leave in their order, both behind the one that passed them.
 */
#include "impair.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum fault { FAULT_DROP = 1, FAULT_DUPLICATE, FAULT_REORDER };

struct held {
	uint32_t passed; /* datagrams emitted since it was held back */
	bool duplicate;
	size_t size;
	uint8_t data[IMPAIR_MAX_BYTES];
};

struct impair {
	struct impair_config config;
	struct impair_counts counts;
	impair_emit_fn emit;
	void *context;
	size_t head, held_count;
	struct held held[IMPAIR_MAX_HELD];
};

static bool is_percentage(double value, double max)
{
	return value >= 0 && value <= max; /* false for NaN */
}

int impair_create(struct impair **out, const struct impair_config *config, impair_emit_fn emit,
                  void *context)
{
	struct impair *impair;

	if (!is_percentage(config->drop_percent, 100) ||
	    !is_percentage(config->duplicate_percent, 100) ||
	    !is_percentage(config->reorder_percent, 50) || config->reorder_distance < 1 ||
	    config->reorder_distance > IMPAIR_MAX_DISTANCE ||
	    config->drop_list_count > IMPAIR_MAX_RANGES)
		return -EINVAL;
	impair = calloc(1, sizeof(*impair));
	if (!impair)
		return -ENOMEM;
	impair->config = *config;
	impair->emit = emit;
	impair->context = context;
	*out = impair;
	return 0;
}

void impair_destroy(struct impair *impair)
{
	free(impair);
}

/* The output function of SplitMix64. */
static uint64_t mix(uint64_t z)
{
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

uint64_t impair_random(uint64_t seed, uint64_t stream, uint64_t index)
{
	const uint64_t step = 0x9e3779b97f4a7c15u;
	uint64_t start = mix(mix(seed + step) + stream * step);

	return mix(start + (index + 1) * step);
}

/* Whether the fault happens to datagram index. */
static bool happens(const struct impair_config *config, enum fault fault, uint64_t index)
{
	const double percents[] = {[FAULT_DROP] = config->drop_percent,
	                           [FAULT_DUPLICATE] = config->duplicate_percent,
	                           [FAULT_REORDER] = config->reorder_percent};
	uint64_t random = impair_random(config->seed, fault, index);

	return (double)(random >> 11) * 0x1p-53 * 100 < percents[fault];
}

static bool is_listed(const struct impair_config *config, uint64_t index)
{
	for (size_t i = 0; i < config->drop_list_count; i++) {
		if (index >= config->drop_list[i].first && index <= config->drop_list[i].last)
			return true;
	}
	return false;
}

static void emit(struct impair *impair, const uint8_t *data, size_t size, bool duplicate)
{
	impair->counts.emitted++;
	impair->emit(impair->context, data, size, false);
	if (!duplicate)
		return;
	impair->counts.emitted++;
	impair->counts.duplicated++;
	impair->emit(impair->context, data, size, true);
}

/* Emit the datagram that was held back first. */
static void release(struct impair *impair)
{
	const struct held *held = &impair->held[impair->head];

	if (held->passed > 0)
		impair->counts.reordered++;
	impair->head = (impair->head + 1) % IMPAIR_MAX_HELD;
	impair->held_count--;
	emit(impair, held->data, held->size, held->duplicate);
}

static void hold(struct impair *impair, const uint8_t *data, size_t size, bool duplicate)
{
	size_t tail = (impair->head + impair->held_count++) % IMPAIR_MAX_HELD;
	struct held *held = &impair->held[tail];

	held->passed = 0;
	held->duplicate = duplicate;
	held->size = size;
	memcpy(held->data, data, size);
}

bool impair_submit(struct impair *impair, const uint8_t *data, size_t size)
{
	const struct impair_config *config = &impair->config;
	uint64_t index = impair->counts.submitted++;
	bool duplicate = happens(config, FAULT_DUPLICATE, index);

	if (is_listed(config, index) || happens(config, FAULT_DROP, index)) {
		impair->counts.dropped++;
		return false;
	}
	if (happens(config, FAULT_REORDER, index) && impair->held_count < IMPAIR_MAX_HELD) {
		hold(impair, data, size, duplicate);
		return true;
	}
	emit(impair, data, size, duplicate);
	for (size_t i = 0; i < impair->held_count; i++)
		impair->held[(impair->head + i) % IMPAIR_MAX_HELD].passed++;
	while (impair->held_count > 0 &&
	       impair->held[impair->head].passed >= config->reorder_distance)
		release(impair);
	return true;
}

void impair_flush(struct impair *impair)
{
	while (impair->held_count > 0)
		release(impair);
}

struct impair_counts impair_counts(const struct impair *impair)
{
	return impair->counts;
}

/* A decimal number at *text, which moves behind it. */
static int parse_index(const char **text, uint64_t *value)
{
	char *end;

	if (**text < '0' || **text > '9')
		return -EINVAL;
	errno = 0;
	*value = strtoull(*text, &end, 10);
	if (errno)
		return -EINVAL;
	*text = end;
	return 0;
}

int impair_parse_drop_list(struct impair_config *config, const char *text)
{
	struct impair_range range;

	for (;; text++) {
		if (parse_index(&text, &range.first))
			return -EINVAL;
		range.last = range.first;
		if (*text == '-') {
			text++;
			if (parse_index(&text, &range.last) || range.last < range.first)
				return -EINVAL;
		}
		if (config->drop_list_count == IMPAIR_MAX_RANGES)
			return -E2BIG;
		config->drop_list[config->drop_list_count++] = range;
		if (*text == '\0')
			return 0;
		if (*text != ',')
			return -EINVAL;
	}
}
