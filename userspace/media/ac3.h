/*
 * AC-3 and E-AC-3 frames (ETSI TS 102 366, chapter 4 and annex E). Pure functions; any thread.
 */
#ifndef MEDIA_AC3_H
#define MEDIA_AC3_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AC3_HEADER_BYTES    7     /* all that ac3_parse_header looks at */
#define AC3_MAX_FRAME_BYTES 4096  /* E-AC-3: 11 bits of words; AC-3 has at most 3840 */
#define AC3_MAX_UNIT_BYTES  32768 /* 8 of the largest frames: more than any profile sends */

struct ac3_header {
	bool enhanced;  /* E-AC-3 */
	bool dependent; /* a dependent substream: adds to the frame before it */
	uint8_t substream;
	uint8_t coding_mode; /* acmod */
	bool has_lfe;
	unsigned int sample_rate; /* Hz */
	unsigned int samples;     /* of each channel */
	size_t frame_bytes;       /* header included */
};

/*
 * What is decoded together: a frame of the first independent substream, and those of all other
 * substreams, dependent or not, of the same time.
 */
struct ac3_unit {
	size_t bytes;
	bool enhanced; /* a frame of it is E-AC-3 */
	unsigned int sample_rate, samples;
	unsigned int channels; /* of the first independent substream with its dependent ones */
};

/*
 * Read the frame header at data. Errors: -EINVAL when it is none, -EAGAIN when fewer bytes than
 * AC3_HEADER_BYTES are there and those may begin one.
 */
int ac3_parse_header(const uint8_t *data, size_t size, struct ac3_header *header);

/*
 * Find the end of the unit that begins at data. ends: a unit ends with the data if a frame does; else
 * it takes the header of the next one to know. Errors: -EINVAL when no unit begins there, or it exceeds
 * AC3_MAX_UNIT_BYTES; -EAGAIN when its end is beyond the data.
 */
int ac3_parse_unit(const uint8_t *data, size_t size, bool ends, struct ac3_unit *unit);

#endif
