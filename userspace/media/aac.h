/*
 * AAC in ADTS frames (ISO/IEC 13818-7, section 6.2) and its AudioSpecificConfig (ISO/IEC 14496-3,
 * section 1.6.2.1). Pure functions; any thread.
 */
#ifndef MEDIA_AAC_H
#define MEDIA_AAC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AAC_FRAME_SAMPLES    1024
#define AAC_MIN_HEADER_BYTES 7
#define AAC_MAX_FRAME_BYTES  8191 /* with header: the length has 13 bits */
#define AAC_CONFIG_BYTES     2

struct aac_header {
	uint8_t object_type;       /* MPEG-4 audio object type, 1 to 4; 2 is AAC-LC */
	uint8_t sample_rate_index; /* 0 to 12 */
	uint8_t channel_config;    /* 1 to 7; 0: told by a program config element in the frame */
	uint8_t raw_blocks;        /* raw data blocks in the frame, 1 to 4 */
	unsigned int sample_rate;  /* Hz */
	size_t header_bytes;       /* 7, or 9 with CRC */
	size_t frame_bytes;        /* header and payload */
};

/*
 * Read the ADTS header at data. Errors: -EINVAL when it is none, -EAGAIN when fewer bytes than
 * AAC_MIN_HEADER_BYTES are there and those may begin one.
 */
int aac_parse_header(const uint8_t *data, size_t size, struct aac_header *header);

/*
 * Bytes that open a PES packet are ADTS frames: two or more in a row, or one that ends with them.
 * Tells AAC from MPEG audio where the PMT has the stream type of the latter for both.
 */
bool aac_is_adts(const uint8_t *data, size_t size);

/* Hz of a sampling frequency index (table 1.18), or 0 when that is reserved. */
unsigned int aac_get_rate(unsigned int index);

/* Channels of the configuration, 0 for configuration 0. */
unsigned int aac_get_channels(const struct aac_header *header);

/* Write the AudioSpecificConfig that goes with the header. */
void aac_write_config(const struct aac_header *header, uint8_t config[AAC_CONFIG_BYTES]);

#endif
