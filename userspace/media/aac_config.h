/*
 * AudioSpecificConfig: what a decoder of AAC must know beforehand (ISO/IEC 14496-3, section 1.6.2.1).
 */
#ifndef MEDIA_AAC_CONFIG_H
#define MEDIA_AAC_CONFIG_H

#include "aac.h"
#include "bits.h"

struct aac_config {
	uint8_t object_type;        /* of what the frames hold: 1 to 4; 2 is AAC-LC */
	bool sbr, ps;               /* told explicitly; false says nothing */
	unsigned int sample_rate;   /* Hz, by which the samples of a frame are counted */
	unsigned int output_rate;   /* Hz: higher than sample_rate with SBR */
	unsigned int channels;      /* that come out; 0: not told */
	unsigned int frame_samples; /* 1024 or 960 */
};

/*
 * Read an AudioSpecificConfig of AAC, moving r to its end. whole: it takes up all of r, and an
 * extension (SBR told in a compatible way) is looked for at its end. config is written on success only.
 * Errors: -EINVAL when it is malformed or cut off, -ENOTSUP for an object type that is not AAC.
 * Thread: any.
 */
int aac_config_parse(struct bit_reader *r, bool whole, struct aac_config *config);

/* The longest program_config_element has 385 bits before it is aligned and a comment follows. */
#define AAC_MAX_PROGRAM_BYTES 64

/*
 * Write the AudioSpecificConfig of an ADTS frame whose channel_config is 0: with the program config element
 * that its payload, size bytes, begins with, and the channels that tells. Returns its size, 0 when there is
 * no such element. Section 4.5.1.1. Thread: any.
 */
size_t aac_config_write_program(const struct aac_header *header, const uint8_t *payload,
                                size_t size, uint8_t config[AAC_MAX_PROGRAM_BYTES],
                                unsigned int *channels);

#endif
