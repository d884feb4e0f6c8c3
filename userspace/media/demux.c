/*
 * Demultiplexer. A packet's PID is compared with the few that are wanted; all others are passed
 * over.
 */
#include "demux.h"

#include "ts.h"

#include <errno.h>
#include <stdlib.h>

#define MAX_ADAPTATION_BYTES 183

struct slot {
	struct demuxer *demuxer;
	struct pes_assembler *pes;
	uint16_t pid;
};

struct demuxer {
	struct demux_handler handler;
	struct psi *psi;
	struct section_reader *sections; /* NULL: no PID is chosen */
	uint16_t section_pid;
	struct slot slots[DEMUX_SLOTS];
};

static size_t slot_number(const struct slot *slot)
{
	return (size_t)(slot - slot->demuxer->slots);
}

static void take_program(void *context, const struct psi_program *program)
{
	struct demuxer *demuxer = context;

	demuxer->handler.program(demuxer->handler.context, program);
}

static void take_section(void *context, const uint8_t *section, size_t size)
{
	struct demuxer *demuxer = context;

	demuxer->handler.section(demuxer->handler.context, section, size);
}

static void take_packet(void *context, const struct pes_packet *packet)
{
	struct slot *slot = context;
	struct demux_handler *handler = &slot->demuxer->handler;

	handler->packet(handler->context, slot_number(slot), packet);
}

static void take_fault(void *context, enum pes_fault fault)
{
	struct slot *slot = context;
	struct demux_handler *handler = &slot->demuxer->handler;

	handler->fault(handler->context, slot_number(slot), fault);
}

int demuxer_create(struct demuxer **out, const struct demux_handler *handler)
{
	struct demuxer *demuxer = calloc(1, sizeof(*demuxer));
	int error;

	if (!demuxer)
		return -ENOMEM;
	demuxer->handler = *handler;
	demuxer->section_pid = DEMUX_NO_PID;
	error = psi_create(&demuxer->psi, take_program, demuxer);
	for (size_t i = 0; i < DEMUX_SLOTS && !error; i++) {
		struct slot *slot = &demuxer->slots[i];
		struct pes_handler pes_handler = {
			.context = slot,
			.packet = take_packet,
			.fault = take_fault,
		};

		slot->demuxer = demuxer;
		slot->pid = DEMUX_NO_PID;
		error = pes_create(&slot->pes, &pes_handler);
	}
	if (error) {
		demuxer_destroy(demuxer);
		return error;
	}
	*out = demuxer;
	return 0;
}

void demuxer_destroy(struct demuxer *demuxer)
{
	if (!demuxer)
		return;
	for (size_t i = 0; i < DEMUX_SLOTS; i++)
		pes_destroy(demuxer->slots[i].pes);
	section_reader_destroy(demuxer->sections);
	psi_destroy(demuxer->psi);
	free(demuxer);
}

void demuxer_select(struct demuxer *demuxer, size_t slot, uint16_t pid)
{
	struct slot *s = &demuxer->slots[slot];

	if (s->pid == pid)
		return;
	pes_reset(s->pes);
	s->pid = pid;
}

int demuxer_select_sections(struct demuxer *demuxer, uint16_t pid)
{
	int error = 0;

	if (demuxer->section_pid == pid)
		return 0;
	section_reader_destroy(demuxer->sections);
	demuxer->sections = NULL;
	demuxer->section_pid = DEMUX_NO_PID;
	if (pid != DEMUX_NO_PID)
		error = section_reader_create(&demuxer->sections, SECTION_PRIVATE_MAX_BYTES,
		                              take_section, demuxer);
	if (!error)
		demuxer->section_pid = pid;
	return error;
}

void demuxer_set_program(struct demuxer *demuxer, uint16_t number)
{
	psi_set_program(demuxer->psi, number);
}

static void push_packet(struct demuxer *demuxer, const uint8_t *packet)
{
	uint16_t pid = ts_get_pid(packet);

	if (!ts_has_sync(packet) || ts_has_error(packet) ||
	    (ts_has_adaptation(packet) && packet[4] > MAX_ADAPTATION_BYTES)) {
		demuxer->handler.bad_packet(demuxer->handler.context);
		return;
	}
	/* First, so that a PMT cannot claim its own PID for a stream. */
	if (psi_wants(demuxer->psi, pid)) {
		psi_push(demuxer->psi, packet);
		return;
	}
	for (size_t i = 0; i < DEMUX_SLOTS; i++) {
		if (demuxer->slots[i].pid == pid) {
			pes_push(demuxer->slots[i].pes, packet);
			return;
		}
	}
	if (pid == demuxer->section_pid)
		section_reader_push(demuxer->sections, packet);
}

void demuxer_push(struct demuxer *demuxer, const uint8_t *packets, size_t count)
{
	for (size_t i = 0; i < count; i++)
		push_packet(demuxer, packets + i * TS_PACKET_BYTES);
}

void demuxer_flush(struct demuxer *demuxer)
{
	for (size_t i = 0; i < DEMUX_SLOTS; i++)
		pes_flush(demuxer->slots[i].pes);
}

void demuxer_reset(struct demuxer *demuxer)
{
	psi_reset(demuxer->psi);
	if (demuxer->sections)
		section_reader_reset(demuxer->sections);
	for (size_t i = 0; i < DEMUX_SLOTS; i++)
		pes_reset(demuxer->slots[i].pes);
}
