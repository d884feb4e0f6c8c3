/*
 * What has to be changed in a transport stream when it is played again: the places of every PCR, PTS,
 * DTS and splice time (ISO/IEC 13818-1 sections 2.4.3.4 to 2.4.3.7, SCTE 35 section 9.6), and by how
 * much each PID's continuity counter moves from one play to the next.
 *
 * Packets with transport_error_indicator are left alone: what they say cannot be believed. ESCR, OPCR
 * and cues that run over the end of a packet are not indexed. Any thread, one at a time.
 */
#ifndef MEDIA_SOURCE_LOOP_INDEX_H
#define MEDIA_SOURCE_LOOP_INDEX_H

#include <stddef.h>
#include <stdint.h>

#define LOOP_PIDS 8192

enum patch_kind {
	PATCH_PCR,       /* 27 MHz */
	PATCH_TIMESTAMP, /* PTS or DTS, 90 kHz */
	PATCH_CUE,       /* pts_adjustment of a splice_info_section, 90 kHz, and its CRC_32 */
};

struct patch {
	enum patch_kind kind;
	uint16_t pid;
	uint32_t packet; /* the first packet it changes */
	uint32_t
		at[5]; /* byte offsets in the stream: of a time stamp every byte, since a PES header
			  * may run over the end of a packet; else [0], of the packet or the section */
	int64_t value; /* as it stands in the file */
};

/* Decoding times of one PID, unwrapped, 90 kHz. */
struct pid_times {
	int64_t first, last;
	uint32_t count;
};

struct loop_index {
	struct patch *patches; /* in the order of their packets */
	size_t patch_count, patch_room;
	uint8_t continuity_step[LOOP_PIDS]; /* 0 to 15, added modulo 16 with every play */
	struct pid_times times[LOOP_PIDS];
	int64_t first_pts;   /* the first PTS in the file, 90 kHz; -1 when there is none */
	uint32_t split_cues; /* cues not indexed because they run over the end of a packet */
};

/*
 * Index `packets` packets at data, each of which has its sync byte. Owns: *out is the caller's, freed by
 * loop_index_destroy, untouched on error; data is borrowed for the call. Errors: -ENOMEM.
 */
int loop_index_create(struct loop_index **out, const uint8_t *data, uint32_t packets);

/* Free the index. NULL is fine. */
void loop_index_destroy(struct loop_index *index);

/*
 * The longest time that a PID's PES packets fill, from the first decoding time to the end of the last
 * access unit, among the PIDs (of ten PES packets and more) for which it lies between min and max. All
 * 90 kHz. Returns 0 when there is none.
 */
int64_t loop_index_span(const struct loop_index *index, int64_t min, int64_t max);

/*
 * Write the patch's value plus shift, a multiple of 300 in 27 MHz units from 0 to TS_WRAP_27M - 1, into
 * the stream the index was made of. Wraps at 33 bits.
 */
void loop_index_apply(const struct patch *patch, uint8_t *data, int64_t shift);

#endif
