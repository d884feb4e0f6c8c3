/*
 * Demultiplexer: TS packets in, the program and the PES packets of chosen streams out.
 */
#ifndef MEDIA_DEMUX_H
#define MEDIA_DEMUX_H

#include "pes.h"
#include "psi.h"

#define DEMUX_SLOTS 12 /* streams at a time */

struct demux_handler {
	void *context;
	/* The program was found or has changed; choose streams with demuxer_select. Borrowed. */
	void (*program)(void *context, const struct psi_program *program);
	/* A PES packet of the stream in that slot. Borrowed. */
	void (*packet)(void *context, size_t slot, const struct pes_packet *packet);
	/* A section of the PID that demuxer_select_sections chose, see section.h. Borrowed. */
	void (*section)(void *context, const uint8_t *section, size_t size);
	/* What went wrong in the stream in that slot. */
	void (*fault)(void *context, size_t slot, enum pes_fault fault);
	/*
	 * A TS packet was ignored: no sync byte, transport error, or an adaptation field longer
	 * than the packet.
	 */
	void (*bad_packet)(void *context);
};

struct demuxer;

/*
 * Owns: *out is the caller's, freed by demuxer_destroy; untouched on error. handler is copied; it
 * is called from demuxer_push. Errors: -ENOMEM. Thread: any.
 */
int demuxer_create(struct demuxer **out, const struct demux_handler *handler);

/* NULL is fine. Not from within the handler. Thread: the one that pushes. */
void demuxer_destroy(struct demuxer *demuxer);

/* A PID that stands for no stream. */
#define DEMUX_NO_PID 0xffff

/*
 * Put the stream of pid, or DEMUX_NO_PID, into a slot, 0 to DEMUX_SLOTS - 1. What is half
 * assembled is dropped, unless the PID is the same as before. Thread: as push, from within
 * `program` too.
 */
void demuxer_select(struct demuxer *demuxer, size_t slot, uint16_t pid);

/*
 * Deliver the sections of pid, or, with DEMUX_NO_PID, no more. Errors: -ENOMEM, and there are none.
 * Thread: as push, from within `program` too.
 */
int demuxer_select_sections(struct demuxer *demuxer, uint16_t pid);

/* Follow another program, see psi_set_program. Thread: as push, not from within the handler. */
void demuxer_set_program(struct demuxer *demuxer, uint16_t number);

/* Take count TS packets of 188 bytes each, hostile. Thread: one at a time. */
void demuxer_push(struct demuxer *demuxer, const uint8_t *packets, size_t count);

/* The stream ends: hand over what only the next PES packet would complete. Thread: as push. */
void demuxer_flush(struct demuxer *demuxer);

/* TS packets are missing: drop what is half assembled, as faults. Thread: as push. */
void demuxer_reset(struct demuxer *demuxer);

#endif
