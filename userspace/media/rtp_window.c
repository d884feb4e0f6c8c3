/*
 * Ordering and accounting of sequence numbers.
 */
#include "rtp_window.h"

#include <string.h>

/* What the history byte of a number says. Path p is SEEN << p. */
#define SEEN      0x01u
#define SEEN_ANY  0x03u
#define RECOVERED 0x04u
#define GIVEN_UP  0x08u

void rtp_window_init(struct rtp_window *window, struct packet_store *store,
                     struct rtp_counters *counters, rtp_emit_fn emit, void *context)
{
	*window = (struct rtp_window){
		.store = store, .counters = counters, .emit = emit, .context = context};
}

static uint8_t *history_at(struct rtp_window *window, uint16_t sequence)
{
	return &window->history[sequence % RTP_WINDOW_SIZE];
}

static void emit_payload(struct rtp_window *window, const uint8_t *payload, size_t size,
                         bool recovered)
{
	counter_add(&window->counters->rtp_emitted, 1);
	if (recovered)
		counter_add(&window->counters->rtp_recovered_fec, 1);
	window->next++;
	if (size == 0)
		return;
	window->emit(window->context, payload, size, window->broken);
	window->broken = false;
}

static void drop(struct rtp_window *window, uint16_t sequence)
{
	if (window->filled)
		packet_store_drop(window->store, sequence);
}

/* Drop copies that neither wait nor are to be kept. */
static void trim(struct rtp_window *window)
{
	while (window->oldest != window->next &&
	       rtp_distance(window->oldest, window->newest) >= (int)window->keep) {
		drop(window, window->oldest);
		window->oldest++;
	}
	if (window->filled && packet_store_is_empty(window->store))
		window->filled = false;
}

/* Pass on the stored packet whose turn it is. */
static void emit_stored(struct rtp_window *window, const struct packet_slot *slot)
{
	const bool recovered = *history_at(window, window->next) & RECOVERED;

	if (!recovered)
		counter_add(&window->counters->rtp_held, (uint64_t)-1);
	emit_payload(window, slot->datagram + slot->offset, slot->payload_size, recovered);
}

static void give_up_next(struct rtp_window *window)
{
	*history_at(window, window->next) |= GIVEN_UP;
	counter_add(&window->counters->rtp_lost, 1);
	window->broken = true;
	window->next++;
}

/* Pass on or give up everything before sequence, at most newest + 1. */
static void pass_until(struct rtp_window *window, uint16_t sequence)
{
	while (rtp_distance(window->next, sequence) > 0) {
		const struct packet_slot *slot = packet_store_at(window->store, window->next);

		if (slot->state == PACKET_STORED)
			emit_stored(window, slot);
		else
			give_up_next(window);
	}
}

/* Pass on what waits and has no gap before it. */
static void drain(struct rtp_window *window)
{
	while (rtp_window_is_waiting(window)) {
		const struct packet_slot *slot = packet_store_at(window->store, window->next);

		if (slot->state != PACKET_STORED)
			break;
		emit_stored(window, slot);
	}
	trim(window);
}

void rtp_window_stop(struct rtp_window *window)
{
	if (!window->started)
		return;
	pass_until(window, (uint16_t)(window->newest + 1));
	packet_store_clear(window->store);
	window->broken = true;
	window->started = false;
}

void rtp_window_start(struct rtp_window *window, uint16_t sequence)
{
	rtp_window_stop(window);
	memset(window->history, 0, sizeof(window->history));
	window->started = true;
	window->next = window->oldest = sequence;
	window->newest = (uint16_t)(sequence - 1);
}

/* One more number falls behind: settle which path brought the one RTP_WINDOW_SETTLED before. */
static void settle(struct rtp_window *window, uint16_t sequence)
{
	const unsigned int seen =
		*history_at(window, (uint16_t)(sequence - RTP_WINDOW_SETTLED)) & SEEN_ANY;

	if (seen == SEEN)
		counter_add(&window->counters->path0_only, 1);
	else if (seen == SEEN << 1)
		counter_add(&window->counters->path1_only, 1);
}

static void newest_step(struct rtp_window *window)
{
	window->newest++;
	*history_at(window, window->newest) = 0;
	if (window->two_paths)
		settle(window, window->newest);
}

static int put(struct rtp_window *window, const struct rtp_arrival *a)
{
	const struct rtp_packet *packet = a->packet;

	window->filled = true;
	return packet_store_put(window->store, packet->sequence, a->datagram, a->size,
	                        (size_t)(packet->payload - a->datagram), packet->size, a->now_ns);
}

/* Pass on the packet whose turn it is, straight from the datagram. */
static void pass_arrival(struct rtp_window *window, const struct rtp_arrival *a, bool recovered)
{
	emit_payload(window, a->packet->payload, a->packet->size, recovered);
	if (window->keep == 0 || put(window, a) != 0)
		drop(window, a->packet->sequence);
}

/*
 * Put a packet at or after `next` in its place. One that cannot be stored ends the wait for everything
 * before it.
 */
static void place(struct rtp_window *window, const struct rtp_arrival *a, bool recovered)
{
	if (a->packet->sequence != window->next && window->waits && put(window, a) == 0) {
		if (!recovered)
			counter_add(&window->counters->rtp_held, 1);
		return;
	}
	pass_until(window, a->packet->sequence);
	pass_arrival(window, a, recovered);
	drain(window);
}

/* Move the newest forward to sequence, noting what is missing on the way. */
static void advance(struct rtp_window *window, uint16_t sequence, int64_t now_ns)
{
	while ((uint16_t)(window->newest + 1) != sequence) {
		/* The window is full: the oldest wait ends. */
		if (rtp_distance(window->next, window->newest) >= (int)RTP_WINDOW_SIZE - 2)
			pass_until(window, (uint16_t)(window->next + 1));
		newest_step(window);
		trim(window);
		if (window->waits) {
			window->filled = true;
			(void)packet_store_miss(window->store, window->newest, now_ns);
		}
	}
	newest_step(window);
}

static void count_first(struct rtp_window *window, int path)
{
	counter_add(path == 0 ? &window->counters->path0_first : &window->counters->path1_first, 1);
}

/* A packet whose number has been passed already. Late ones still help FEC. */
static bool add_late(struct rtp_window *window, const struct rtp_arrival *a)
{
	const uint16_t sequence = a->packet->sequence;

	counter_add(&window->counters->rtp_late, 1);
	return window->keep > 0 && rtp_distance(window->oldest, sequence) >= 0 &&
	       packet_store_at(window->store, sequence)->state == PACKET_MISSING &&
	       put(window, a) == 0;
}

static bool add_behind(struct rtp_window *window, const struct rtp_arrival *a, int path,
                       bool behind)
{
	const uint16_t sequence = a->packet->sequence;
	uint8_t *history = history_at(window, sequence);
	const unsigned int before = *history;

	if (rtp_distance(window->newest, sequence) <= -(int)RTP_WINDOW_SIZE) {
		counter_add(&window->counters->rtp_late, 1);
		return false;
	}
	*history = (uint8_t)(before | SEEN << path);
	if (before & SEEN_ANY || (before & RECOVERED && !(before & GIVEN_UP))) {
		counter_add(&window->counters->rtp_duplicates, 1);
		return false;
	}
	if (rtp_distance(window->next, sequence) < 0)
		return add_late(window, a);
	count_first(window, path);
	if (behind)
		counter_add(&window->counters->rtp_reordered, 1);
	place(window, a, false);
	return true;
}

bool rtp_window_add(struct rtp_window *window, const struct rtp_arrival *arrival, int path,
                    bool behind)
{
	const uint16_t sequence = arrival->packet->sequence;
	const int ahead = rtp_distance(window->newest, sequence);

	if (ahead <= 0)
		return add_behind(window, arrival, path, behind);
	advance(window, sequence, arrival->now_ns);
	*history_at(window, sequence) = (uint8_t)(SEEN << path);
	count_first(window, path);
	place(window, arrival, false);
	trim(window);
	return ahead > 1;
}

void rtp_window_recover(struct rtp_window *window, const struct rtp_arrival *arrival)
{
	const uint16_t sequence = arrival->packet->sequence;

	*history_at(window, sequence) |= RECOVERED;
	if (rtp_distance(window->next, sequence) >= 0) {
		place(window, arrival, true);
		return;
	}
	counter_add(&window->counters->fec_late, 1);
	if (put(window, arrival) != 0)
		drop(window, sequence);
}

void rtp_window_expire(struct rtp_window *window, const struct rtp_patience *patience,
                       int64_t now_ns)
{
	while (rtp_window_is_waiting(window)) {
		const struct packet_slot *slot = packet_store_at(window->store, window->next);
		const int64_t age = now_ns - slot->since_ns;

		if (slot->state == PACKET_MISSING && age < patience->max_ns &&
		    (age < patience->min_ns ||
		     rtp_distance(window->next, patience->reached) < (int)patience->packets))
			break;
		pass_until(window, (uint16_t)(window->next + 1));
	}
	trim(window);
}
