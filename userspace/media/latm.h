/*
 * AAC in LATM, synchronised as LOAS (ISO/IEC 14496-3, section 1.7): AudioSyncStream, each with one
 * AudioMuxElement of one or more sub-frames.
 *
 * Read is what broadcast sends: one program of one layer, frames that tell their length
 * (frameLengthType 0), audioMuxVersion 0 or 1.
 */
#ifndef MEDIA_LATM_H
#define MEDIA_LATM_H

#include "aac_config.h"

#define LATM_HEADER_BYTES     3                            /* of AudioSyncStream */
#define LATM_MAX_SYNC_BYTES   (LATM_HEADER_BYTES + 0x1fff) /* the length has 13 bits */
#define LATM_MAX_CONFIG_BYTES 512                          /* with the longest program config */

/* A stream's StreamMuxConfig, which later elements refer to. Embedded, zero-initialised. */
struct latm {
	bool has_config;     /* the rest holds */
	unsigned int frames; /* sub-frames in an element */
	size_t other_bits;   /* other data behind them */
	struct aac_config config;
	uint8_t config_data[LATM_MAX_CONFIG_BYTES]; /* AudioSpecificConfig, in whole bytes */
	size_t config_bytes;
};

/*
 * Read the header of AudioSyncStream at data: *bytes is its whole size, header included. Errors:
 * -EINVAL when it is none, -EAGAIN when fewer bytes than LATM_HEADER_BYTES are there and those may
 * begin one. Section 1.7.2. Thread: any.
 */
int latm_parse_sync(const uint8_t *data, size_t size, size_t *bytes);

/*
 * Open an AudioMuxElement: take over the StreamMuxConfig in it, if there is one, and set *r to its first
 * sub-frame, over data, which it borrows. Errors: -ENOENT when it refers to a configuration that has
 * not come yet, -ENOTSUP for one that is not read here, -EINVAL. After the latter two no configuration
 * is known. Section 1.7.3. Thread: one at a time for a latm.
 */
int latm_open(struct latm *latm, const uint8_t *data, size_t size, struct bit_reader *r);

/*
 * Copy the next sub-frame to frame, which has room for LATM_MAX_SYNC_BYTES; *size is 0 when it is empty.
 * To be called latm->frames times. Errors: -EINVAL when it exceeds the element. Thread: as open.
 */
int latm_next(struct bit_reader *r, uint8_t *frame, size_t *size);

#endif
