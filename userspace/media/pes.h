/*
 * PES packets of one PID put together from TS packets (ISO/IEC 13818-1 section 2.4.3.6).
 *
 * A PES packet of a told length is handed over with its last byte; one of length 0 when the next
 * one starts, or by pes_flush. A packet that misses some of its TS packets is dropped whole. The
 * buffer grows to the largest packet seen, at most PES_MAX_BYTES, and is used again.
 */
#ifndef MEDIA_PES_H
#define MEDIA_PES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PES_MAX_BYTES (8u << 20)

/* A whole PES packet, its header taken off. Borrowed for the call. */
struct pes_packet {
	const uint8_t *data;
	size_t size;
	uint8_t stream_id;
	bool has_pts;
	int64_t pts, dts; /* 33 bits, 90 kHz; dts equals pts when only that is told */
};

enum pes_fault {
	PES_DISCONTINUITY, /* TS packets are missing */
	PES_DAMAGED,   /* a PES packet dropped for that, or for not having the length it tells */
	PES_MALFORMED, /* a PES packet dropped for its header or its size */
	PES_SCRAMBLED, /* a TS packet ignored */
};

struct pes_handler {
	void *context;
	void (*packet)(void *context, const struct pes_packet *packet);
	void (*fault)(void *context, enum pes_fault fault);
};

struct pes_assembler;

/*
 * Owns: *out is the caller's, freed by pes_destroy; untouched on error. handler is copied.
 * Errors: -ENOMEM. Thread: any.
 */
int pes_create(struct pes_assembler **out, const struct pes_handler *handler);

/* NULL is fine. Not from within the handler. Thread: the one that pushes. */
void pes_destroy(struct pes_assembler *pes);

/*
 * Take a TS packet of the PID: 188 bytes with sync byte, no transport error, and an adaptation
 * field no longer than the packet. Thread: one at a time.
 */
void pes_push(struct pes_assembler *pes, const uint8_t *packet);

/*
 * The stream ends or pauses: hand over a PES packet of unknown length if its last TS packet looks like the last one;
 * else wait for the rest. Thread: as push.
 */
void pes_flush(struct pes_assembler *pes);

/* Packets are missing: drop what is half assembled, as a fault. Thread: as push. */
void pes_reset(struct pes_assembler *pes);

#endif
