/*
 * Program specific information: which program, which elementary streams (ISO/IEC 13818-1 section
 * 2.4.4).
 *
 * A program is followed through changes of its PMT's PID and version: the one of the number that was asked
 * for, or the first of the PAT for as long as the PAT lists it.
 */
#ifndef MEDIA_PSI_H
#define MEDIA_PSI_H

#include "section.h"

#include <stdbool.h>

#define PSI_MAX_STREAMS 201 /* for more a PMT, which is one section of 1024 bytes, has no room */

/* stream_type, table 2-34, and what ATSC, DVB and SCTE added. */
enum psi_stream_type {
	PSI_MPEG1_VIDEO = 0x01,
	PSI_MPEG2_VIDEO = 0x02,
	PSI_MPEG1_AUDIO = 0x03,
	PSI_MPEG2_AUDIO = 0x04,
	PSI_PRIVATE_SECTIONS = 0x05,
	PSI_PRIVATE_PES = 0x06,
	PSI_AAC_ADTS = 0x0f,
	PSI_AAC_LATM = 0x11,
	PSI_METADATA_PES = 0x15,
	PSI_H264 = 0x1b,
	PSI_HEVC = 0x24,
	PSI_AC3 = 0x81,
	PSI_SCTE35 = 0x86,
	PSI_EAC3 = 0x87,
};

#define PSI_LANGUAGE_BYTES 4

struct psi_stream {
	/*
	 * psi_stream_type, or another. Private data whose descriptors tell the codec (DVB and others: AC-3,
	 * E-AC-3, HEVC, H.264) has the type of that codec.
	 */
	uint8_t type;
	uint16_t pid;
	uint32_t registration; /* format_identifier of its registration descriptor, or 0 */
	char language[PSI_LANGUAGE_BYTES]; /* ISO 639-2, lower case; "": not told. Section 2.6.18 */
};

struct psi_program {
	uint16_t number;
	uint16_t pmt_pid, pcr_pid;
	uint8_t version;
	size_t stream_count;
	struct psi_stream streams[PSI_MAX_STREAMS]; /* in the order of the PMT */
};

struct psi;

/* A program was found or has changed; borrowed for the call. */
typedef void (*psi_program_fn)(void *context, const struct psi_program *program);

/*
 * Owns: *out is the caller's, freed by psi_destroy; untouched on error. changed is called from
 * psi_push, and only when something but the version differs. Errors: -ENOMEM. Thread: any.
 */
int psi_create(struct psi **out, psi_program_fn changed, void *context);

/* NULL is fine. Not from within changed. Thread: the one that pushes. */
void psi_destroy(struct psi *psi);

/*
 * Follow the program of that number, 0 for the first of the PAT, which is the beginning. If another was
 * followed, changed is called with a program without streams. Thread: as push, not from within changed.
 */
void psi_set_program(struct psi *psi, uint16_t number);

/* The PID carries the PAT or the PMT that is followed. Thread: as push. */
bool psi_wants(const struct psi *psi, uint16_t pid);

/*
 * Take a TS packet, 188 bytes with sync byte, of a PID that psi_wants. Malformed sections are
 * ignored: what was known stays. Thread: one at a time.
 */
void psi_push(struct psi *psi, const uint8_t *packet);

/* Packets are missing: drop sections half assembled. Thread: as push. */
void psi_reset(struct psi *psi);

/* What a stream_type is, for people: "H.264", "MPEG-1 audio" …; never NULL. Thread: any. */
const char *psi_get_type_name(uint8_t stream_type);

#endif
