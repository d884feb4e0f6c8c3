/*
 * The stream is patched in place, each packet when it is read for the first time in a play: nothing is
 * walked through at the joint, and a time stamp that runs over two packets is whole before its first
 * byte leaves. Continuity counters move by a step per PID and play, which keeps duplicates and
 * discontinuities inside the file as they are.
 */
#include "ts_loop.h"

#include "loop_clock.h"
#include "loop_index.h"
#include "media/ts.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct ts_loop {
	uint8_t *data;
	uint32_t packets;
	uint64_t plays; /* 0: without end */
	struct loop_index *index;
	struct loop_clock clock;

	uint64_t play;       /* the present one, from 0 */
	uint64_t play_start; /* its time, 27 MHz */
	int64_t shift;       /* of its time stamps, 27 MHz */
	bool shifted;        /* by anything but 0, now or before */
	uint32_t next;       /* packet */
	size_t next_patch;   /* first patch not applied in this play */
	size_t clock_cursor;
};

/* Errors: -EINVAL, with why. */
static int check_stream(const uint8_t *data, size_t size, char *why, size_t why_size)
{
	if (size == 0 || size % TS_PACKET_BYTES) {
		snprintf(why, why_size, "size of %zu bytes is not a multiple of %d (or is 0)", size,
		         TS_PACKET_BYTES);
		return -EINVAL;
	}
	if ((long long)size > TS_LOOP_MAX_BYTES) {
		snprintf(why, why_size, "more than %lld bytes", TS_LOOP_MAX_BYTES);
		return -EINVAL;
	}
	for (size_t at = 0; at < size; at += TS_PACKET_BYTES) {
		if (ts_has_sync(data + at))
			continue;
		snprintf(why, why_size,
		         "packet %zu (byte %zu) does not begin with the sync byte 0x47",
		         at / TS_PACKET_BYTES, at);
		return -EINVAL;
	}
	return 0;
}

/* The shift of the first play. Errors: -EINVAL, with why. */
static int set_shift(struct ts_loop *loop, const struct ts_loop_config *config, char *why,
                     size_t why_size)
{
	int64_t shift = config->pts_offset;

	if (config->start_pts >= 0) {
		if (loop->index->first_pts < 0) {
			snprintf(why, why_size, "no PTS that could be given a start value");
			return -EINVAL;
		}
		shift += config->start_pts - loop->index->first_pts;
	}
	shift %= TS_WRAP_90K;
	loop->shift = (shift < 0 ? shift + TS_WRAP_90K : shift) * 300;
	loop->shifted = loop->shift != 0;
	return 0;
}

static void explain_clock(int err, char *why, size_t why_size)
{
	if (err == -ENODATA)
		snprintf(why, why_size,
		         "no two PCRs that belong together; a constant bit rate must be given "
		         "(--bitrate)");
	else if (err == -ERANGE)
		snprintf(why, why_size, "one play would take more than 48 hours");
	else
		snprintf(why, why_size, "%s", strerror(-err));
}

int ts_loop_create(struct ts_loop **out, uint8_t *data, size_t size,
                   const struct ts_loop_config *config, char *why, size_t why_size)
{
	struct ts_loop *loop = calloc(1, sizeof(*loop));
	int err;

	if (!loop) {
		free(data);
		explain_clock(-ENOMEM, why, why_size);
		return -ENOMEM;
	}
	loop->data = data;
	err = check_stream(data, size, why, why_size);
	if (err)
		goto fail;
	loop->packets = (uint32_t)(size / TS_PACKET_BYTES);
	loop->plays = config->plays;
	err = loop_index_create(&loop->index, data, loop->packets);
	if (!err)
		err = loop_clock_init(&loop->clock, loop->index, loop->packets,
		                      config->bitrate_bps);
	if (err) {
		explain_clock(err, why, why_size);
		goto fail;
	}
	err = set_shift(loop, config, why, why_size);
	if (err)
		goto fail;
	*out = loop;
	return 0;
fail:
	ts_loop_destroy(loop);
	return err;
}

/* Read a whole file. Owns: *data is the caller's, from malloc. Errors: negative errno, with why. */
static int read_file(const char *path, uint8_t **data, size_t *size, char *why, size_t why_size)
{
	FILE *file = fopen(path, "rb");
	uint8_t *bytes = NULL;
	struct stat stat;
	int err = 0;

	if (!file || fstat(fileno(file), &stat))
		err = -errno;
	else if (!S_ISREG(stat.st_mode))
		err = -EINVAL;
	else if (stat.st_size > TS_LOOP_MAX_BYTES)
		err = -EFBIG;
	if (!err) {
		*size = (size_t)stat.st_size;
		bytes = malloc(*size + 1);
		if (!bytes)
			err = -ENOMEM;
		else if (fread(bytes, 1, *size, file) != *size)
			err = -EIO;
	}
	if (file)
		fclose(file);
	if (err) {
		snprintf(why, why_size, "%s",
		         err == -EINVAL ? "not a regular file" : strerror(-err));
		free(bytes);
		return err;
	}
	*data = bytes;
	return 0;
}

int ts_loop_load(struct ts_loop **out, const char *path, const struct ts_loop_config *config,
                 char *why, size_t why_size)
{
	uint8_t *data;
	size_t size;
	int err = read_file(path, &data, &size, why, why_size);

	return err ? err : ts_loop_create(out, data, size, config, why, why_size);
}

void ts_loop_destroy(struct ts_loop *loop)
{
	if (!loop)
		return;
	loop_clock_free(&loop->clock);
	loop_index_destroy(loop->index);
	free(loop->data);
	free(loop);
}

struct ts_loop_info ts_loop_info(const struct ts_loop *loop)
{
	return (struct ts_loop_info){
		.packets = loop->packets,
		.play_s = (double)loop->clock.length / TS_PCR_HZ,
		.stamp_s = (double)loop->clock.stamp_length / TS_PCR_HZ,
		.pcr_jumps = loop->clock.jumps,
		.split_cues = loop->index->split_cues,
	};
}

/* Begin the next play. */
static void rewind_loop(struct ts_loop *loop)
{
	loop->play++;
	loop->play_start += (uint64_t)loop->clock.length;
	loop->shift = (loop->shift + loop->clock.stamp_length) % TS_WRAP_27M;
	loop->shifted |= loop->shift != 0;
	loop->next = 0;
	loop->next_patch = 0;
}

/* Make the packet that comes next what it is in this play. */
static void patch_packet(struct ts_loop *loop, uint8_t *packet)
{
	const struct loop_index *index = loop->index;

	if (loop->play > 0 && !ts_has_error(packet)) {
		unsigned int step = index->continuity_step[ts_get_pid(packet)];

		ts_set_continuity(packet, (uint8_t)(ts_get_continuity(packet) + step));
	}
	for (; loop->next_patch < index->patch_count; loop->next_patch++) {
		const struct patch *patch = &index->patches[loop->next_patch];

		if (patch->packet > loop->next)
			break;
		if (loop->shifted)
			loop_index_apply(patch, loop->data, loop->shift);
	}
}

unsigned int ts_loop_read(struct ts_loop *loop, uint8_t *out, unsigned int max, uint64_t *time)
{
	unsigned int n;

	for (n = 0; n < max; n++) {
		uint8_t *packet;

		if (loop->next == loop->packets) {
			if (loop->plays && loop->play + 1 >= loop->plays)
				break;
			rewind_loop(loop);
		}
		if (n == 0)
			*time = loop->play_start + (uint64_t)loop_clock_at(&loop->clock,
			                                                   &loop->clock_cursor,
			                                                   loop->next);
		packet = loop->data + (size_t)loop->next * TS_PACKET_BYTES;
		patch_packet(loop, packet);
		memcpy(out + (size_t)n * TS_PACKET_BYTES, packet, TS_PACKET_BYTES);
		loop->next++;
	}
	return n;
}
