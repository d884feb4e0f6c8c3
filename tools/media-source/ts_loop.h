/*
 * A transport stream in memory, played again and again as if it never ended: continuity counters, PCR,
 * PTS, DTS and splice times run on over the joint, and wrap at 33 bits where they must.
 *
 * The stream is indexed once; playing it copies packets and writes a few bytes of some of them. The
 * first play is the file as it is, unless its time stamps are shifted. Any thread, one at a time.
 */
#ifndef MEDIA_SOURCE_TS_LOOP_H
#define MEDIA_SOURCE_TS_LOOP_H

#include <stddef.h>
#include <stdint.h>

#define TS_LOOP_MAX_BYTES (2LL << 30) /* greatest file */

struct ts_loop_config {
	uint64_t plays;       /* how often the file is played; 0: without end */
	uint64_t bitrate_bps; /* constant bit rate, 1000 to 10^10 bit/s; 0: paced by PCR */
	int64_t pts_offset;   /* added to PCR, PTS and DTS: -2^33 to 2^33, 90 kHz */
	int64_t start_pts;    /* what the first PTS in the file becomes, 0 to 2^33 - 1, before
			       * pts_offset; -1: as it is */
};

struct ts_loop_info {
	uint32_t packets;    /* of one play */
	double play_s;       /* its duration, seconds */
	double stamp_s;      /* what PCR, PTS and DTS advance by, seconds */
	uint32_t pcr_jumps;  /* PCR discontinuities in the file */
	uint32_t split_cues; /* SCTE-35 sections whose times cannot be carried on */
};

struct ts_loop;

/*
 * Prepare size bytes of transport stream. Owns: data, from malloc, becomes the loop's and is freed also
 * on error; *out is the caller's, freed by ts_loop_destroy, untouched on error. why: on error, a sentence
 * that says what is wrong with the stream, without a full stop. Errors: -EINVAL when it is not a
 * transport stream or start_pts is asked of one without PTS, -ENODATA when it has no usable PCR and there
 * is no bit rate, -ERANGE when one play takes more than 48 hours, -ENOMEM.
 */
int ts_loop_create(struct ts_loop **out, uint8_t *data, size_t size,
                   const struct ts_loop_config *config, char *why, size_t why_size);

/* As ts_loop_create, with the contents of a file. Errors: also the negative errno of reading it. */
int ts_loop_load(struct ts_loop **out, const char *path, const struct ts_loop_config *config,
                 char *why, size_t why_size);

/* Free the loop. NULL is fine. */
void ts_loop_destroy(struct ts_loop *loop);

/* What was found in the file. */
struct ts_loop_info ts_loop_info(const struct ts_loop *loop);

/*
 * Copy the next packets, at most max of them, to out (max times 188 bytes). *time: when the first of them
 * leaves, in 27 MHz units since the first packet of all; it never falls. Returns the number of packets:
 * fewer than max only at the end of the last play, 0 behind it.
 */
unsigned int ts_loop_read(struct ts_loop *loop, uint8_t *out, unsigned int max, uint64_t *time);

#endif
