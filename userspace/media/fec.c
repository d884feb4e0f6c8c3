/*
 * FEC packets wait in an unordered array until they can recover something or never will. A packet that
 * can is turned into the recovered packet in place and given out from where it lies.
 */
#include "fec.h"

#include "fec_rebuild.h"
#include "rtp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct pending {
	struct fec_packet packet;
	enum fec_kind kind;
	uint16_t size;
	uint8_t *datagram;
};

struct fec {
	struct packet_pool *pool;
	const struct packet_store *store;
	struct rtp_counters *counters;
	struct fec_observer observer;
	bool trusted;          /* one has matched the media */
	bool strict;           /* there was another source: without trust, keep nothing */
	unsigned int complete; /* since the last test */
	uint8_t *output;       /* block of the packet given out last */
	bool has_wake;
	uint16_t wake; /* the first number that a pending packet waits for to be due */
	size_t count;
	struct pending pending[FEC_PENDING_MAX];
};

enum prospect {
	PROSPECT_EARLY,    /* some of its numbers are not yet due */
	PROSPECT_COMPLETE, /* all are in the store */
	PROSPECT_NOTHING,  /* all are here, some only as a memory */
	PROSPECT_HOPELESS, /* some are gone for good */
	PROSPECT_WAITING,  /* two or more are missing */
	PROSPECT_READY,    /* exactly one is missing */
};

int fec_create(struct fec **out, struct packet_pool *pool, const struct packet_store *store,
               struct rtp_counters *counters)
{
	struct fec *fec = calloc(1, sizeof(*fec));

	if (!fec)
		return -ENOMEM;
	fec->pool = pool;
	fec->store = store;
	fec->counters = counters;
	*out = fec;
	return 0;
}

void fec_destroy(struct fec *fec)
{
	if (!fec)
		return;
	fec_reset(fec);
	packet_pool_give(fec->pool, fec->output);
	free(fec);
}

static counter_t *fault_counter(struct rtp_counters *counters, int fault)
{
	switch (fault) {
	case -FEC_SIZE:
		return &counters->fec_malformed_size;
	case -FEC_VERSION:
		return &counters->fec_malformed_version;
	case -FEC_HEADER:
		return &counters->fec_malformed_header;
	case -FEC_DIRECTION:
		return &counters->fec_malformed_direction;
	default:
		return &counters->fec_malformed_matrix;
	}
}

/* *missing is the missing number when the result is PROSPECT_READY. */
static enum prospect judge(const struct fec *fec, const struct fec_packet *packet, uint16_t newest,
                           uint16_t *missing)
{
	unsigned int missed = 0, unknown = 0;

	if (rtp_distance(newest, fec_packet_last(packet)) > 0)
		return PROSPECT_EARLY;
	for (unsigned int k = 0; k < packet->count; k++) {
		const uint16_t number = fec_packet_number(packet, k);
		const enum packet_state state = packet_store_at(fec->store, number)->state;

		if (state == PACKET_UNKNOWN)
			unknown++;
		if (state == PACKET_MISSING) {
			missed++;
			*missing = number;
		}
	}
	if (missed == 0)
		return unknown > 0 ? PROSPECT_NOTHING : PROSPECT_COMPLETE;
	if (unknown > 0)
		return PROSPECT_HOPELESS;
	return missed == 1 ? PROSPECT_READY : PROSPECT_WAITING;
}

/* Take pending[i] out; the block is the caller's. */
static uint8_t *pending_remove(struct fec *fec, size_t i)
{
	uint8_t *datagram = fec->pending[i].datagram;

	fec->pending[i] = fec->pending[--fec->count];
	counter_set(&fec->counters->fec_held, fec->count);
	return datagram;
}

/* Drop pending[i], counted as `why`. */
static void pending_drop(struct fec *fec, size_t i, counter_t *why)
{
	packet_pool_give(fec->pool, pending_remove(fec, i));
	counter_add(why, 1);
}

/* Room for one more: the one that protects the oldest numbers goes. */
static void pending_make_room(struct fec *fec)
{
	size_t oldest = 0;

	if (fec->count < FEC_PENDING_MAX)
		return;
	for (size_t i = 1; i < fec->count; i++) {
		if (rtp_distance(fec->pending[oldest].packet.base, fec->pending[i].packet.base) < 0)
			oldest = i;
	}
	pending_drop(fec, oldest, &fec->counters->fec_unused);
}

static bool pending_has(const struct fec *fec, const struct pending *wanted)
{
	for (size_t i = 0; i < fec->count; i++) {
		const struct pending *p = &fec->pending[i];

		if (p->packet.base == wanted->packet.base &&
		    p->packet.offset == wanted->packet.offset &&
		    p->packet.count == wanted->packet.count && p->kind == wanted->kind)
			return true;
	}
	return false;
}

static void note_wake(struct fec *fec, const struct fec_packet *packet)
{
	const uint16_t last = fec_packet_last(packet);

	if (!fec->has_wake || rtp_distance(fec->wake, last) < 0)
		fec->wake = last;
	fec->has_wake = true;
}

static bool pending_add(struct fec *fec, struct pending *entry, const uint8_t *datagram)
{
	if (pending_has(fec, entry)) {
		counter_add(&fec->counters->fec_unneeded, 1);
		return false;
	}
	pending_make_room(fec);
	entry->datagram = packet_pool_take(fec->pool, entry->size);
	if (!entry->datagram) {
		counter_add(&fec->counters->fec_unused, 1);
		return false;
	}
	memcpy(entry->datagram, datagram, entry->size);
	fec->pending[fec->count++] = *entry;
	counter_set(&fec->counters->fec_held, fec->count);
	return true;
}

/* Does a FEC packet, all of whose packets are in the store, match them? Trust follows. */
static void test_trust(struct fec *fec, const struct pending *entry, const uint8_t *datagram)
{
	uint8_t *copy;

	if (fec->trusted && ++fec->complete < FEC_SAMPLE) {
		counter_add(&fec->counters->fec_unneeded, 1);
		return;
	}
	copy = packet_pool_take(fec->pool, entry->size);
	if (copy) {
		memcpy(copy, datagram, entry->size);
		fec->complete = 0;
		fec->trusted = fec_verify(&entry->packet, fec->store, copy, entry->size);
		if (!fec->trusted)
			fec_reset(fec);
		packet_pool_give(fec->pool, copy);
	}
	counter_add(fec->trusted ? &fec->counters->fec_unneeded : &fec->counters->fec_wrong, 1);
}

/* Keep a FEC packet if it may help some day. Returns whether it can at once. */
static bool consider(struct fec *fec, struct pending *entry, const uint8_t *datagram,
                     uint16_t newest)
{
	uint16_t missing;
	const enum prospect prospect = judge(fec, &entry->packet, newest, &missing);
	const bool was_trusted = fec->trusted;

	switch (prospect) {
	case PROSPECT_COMPLETE:
		test_trust(fec, entry, datagram);
		return fec->trusted && !was_trusted;
	case PROSPECT_NOTHING:
		counter_add(&fec->counters->fec_unneeded, 1);
		return false;
	case PROSPECT_HOPELESS:
		counter_add(&fec->counters->fec_unused, 1);
		return false;
	default:
		break;
	}
	if (fec->strict && !fec->trusted) {
		counter_add(&fec->counters->fec_unused, 1);
		return false;
	}
	if (!pending_add(fec, entry, datagram))
		return false;
	if (prospect == PROSPECT_EARLY)
		note_wake(fec, &entry->packet);
	return prospect == PROSPECT_READY;
}

bool fec_push(struct fec *fec, enum fec_kind kind, const uint8_t *datagram, size_t size,
              uint16_t newest, int64_t now_ns)
{
	struct pending entry = {.kind = kind, .size = (uint16_t)size};
	const int fault = fec_packet_parse(&entry.packet, kind, datagram, size);
	int ahead;

	counter_add(&fec->counters->fec_received, 1);
	if (fault) {
		counter_add(fault_counter(fec->counters, fault), 1);
		return false;
	}
	ahead = rtp_distance(newest, fec_packet_last(&entry.packet));
	if (ahead > RTP_MAX_DROPOUT || ahead < -(int)PACKET_STORE_SLOTS / 2) {
		counter_add(&fec->counters->fec_stray, 1);
		return false;
	}
	if (fec_observer_learn(&fec->observer, kind, &entry.packet, now_ns))
		counter_add(&fec->counters->fec_changes, 1);
	return consider(fec, &entry, datagram, newest);
}

bool fec_is_due(const struct fec *fec, uint16_t newest)
{
	return fec->has_wake && rtp_distance(fec->wake, newest) >= 0;
}

/* Rebuild with pending[i], which is used up. */
static const uint8_t *pending_rebuild(struct fec *fec, size_t i, uint16_t missing, uint32_t ssrc,
                                      size_t *size)
{
	const struct pending entry = fec->pending[i];
	const struct fec_rebuild job = {
		.packet = &entry.packet, .missing = missing, .ssrc = ssrc, .store = fec->store};
	const uint8_t *rebuilt;

	packet_pool_give(fec->pool, fec->output);
	fec->output = pending_remove(fec, i);
	rebuilt = fec_rebuild(&job, fec->output, entry.size, size);
	counter_add(rebuilt ? &fec->counters->fec_used : &fec->counters->fec_wrong, 1);
	return rebuilt;
}

/* All of pending[i] has come in. Returns whether the others have to be looked at again. */
static bool pending_complete(struct fec *fec, size_t i)
{
	const bool was_trusted = fec->trusted;
	const struct pending entry = fec->pending[i];
	uint8_t *datagram = pending_remove(fec, i);

	test_trust(fec, &entry, datagram);
	packet_pool_give(fec->pool, datagram);
	return fec->trusted != was_trusted;
}

const uint8_t *fec_recover(struct fec *fec, uint16_t newest, uint32_t ssrc, size_t *size)
{
	size_t i = 0;

	fec->has_wake = false;
	while (i < fec->count) {
		const uint8_t *rebuilt;
		uint16_t missing;

		switch (judge(fec, &fec->pending[i].packet, newest, &missing)) {
		case PROSPECT_EARLY:
			note_wake(fec, &fec->pending[i].packet);
			i++;
			break;
		case PROSPECT_WAITING:
			i++;
			break;
		case PROSPECT_COMPLETE:
			if (pending_complete(fec, i))
				i = 0;
			break;
		case PROSPECT_NOTHING:
			pending_drop(fec, i, &fec->counters->fec_unneeded);
			break;
		case PROSPECT_HOPELESS:
			pending_drop(fec, i, &fec->counters->fec_unused);
			break;
		case PROSPECT_READY:
			if (!fec->trusted) {
				i++;
				break;
			}
			rebuilt = pending_rebuild(fec, i, missing, ssrc, size);
			if (rebuilt)
				return rebuilt;
			break;
		}
	}
	return NULL;
}

void fec_reset(struct fec *fec)
{
	while (fec->count > 0)
		pending_drop(fec, fec->count - 1, &fec->counters->fec_unused);
	fec->has_wake = false;
	fec->trusted = false;
	fec->strict = true;
}

void fec_expire(struct fec *fec, uint32_t packets_per_s, int64_t now_ns)
{
	fec_observer_expire(&fec->observer, packets_per_s, now_ns);
}

struct fec_matrix fec_matrix(const struct fec *fec)
{
	return fec_observer_matrix(&fec->observer);
}
