/*
 * H.264 parameter sets, kept as they came, one after the other in one block of memory.
 */
#include "h264_params.h"

#include "rbsp.h"

#include <errno.h>
#include <string.h>

#define RECORD_HEADER_BYTES 4
#define MAX_SPS             31 /* what avcC can count */
#define MAX_PPS             255

enum {
	PROFILE_BASELINE = 66,
	PROFILE_MAIN = 77,
	PROFILE_EXTENDED = 88,
};

static size_t record_bytes(const uint8_t *record)
{
	return RECORD_HEADER_BYTES + load_be16(record + 2);
}

static uint8_t *find(struct h264_params *params, uint8_t kind, uint8_t id)
{
	uint8_t *at = params->data, *end = params->data + params->size;

	while (at < end && (at[0] != kind || at[1] != id))
		at += record_bytes(at);
	return at < end ? at : NULL;
}

static unsigned int count(const struct h264_params *params, uint8_t kind)
{
	unsigned int n = 0;

	for (const uint8_t *at = params->data; at < params->data + params->size;
	     at += record_bytes(at))
		n += at[0] == kind;
	return n;
}

static void remove_record(struct h264_params *params, uint8_t *record)
{
	size_t bytes = record_bytes(record);

	memmove(record, record + bytes, (size_t)(params->data + params->size - record) - bytes);
	params->size -= bytes;
}

static void remove_kind(struct h264_params *params, uint8_t kind)
{
	uint8_t *at = params->data;

	while (at < params->data + params->size) {
		if (at[0] == kind)
			remove_record(params, at);
		else
			at += record_bytes(at);
	}
}

/* Store a set under its id, unless the very same is there already. */
static int replace(struct h264_params *params, uint8_t id, const struct h264_nal *nal)
{
	uint8_t kind = (uint8_t)h264_nal_type(nal);
	uint8_t *record = find(params, kind, id);
	size_t freed = record ? record_bytes(record) : 0;
	unsigned int max = kind == H264_NAL_SPS ? MAX_SPS : MAX_PPS;

	if (record && load_be16(record + 2) == nal->size &&
	    !memcmp(record + RECORD_HEADER_BYTES, nal->data, nal->size))
		return 0;
	if (nal->size > UINT16_MAX || (!record && count(params, kind) >= max) ||
	    params->size - freed + RECORD_HEADER_BYTES + nal->size > sizeof(params->data))
		return -ENOSPC;
	if (record)
		remove_record(params, record);
	if (kind == H264_NAL_SPS)
		remove_kind(params, H264_NAL_PPS);
	record = params->data + params->size;
	record[0] = kind;
	record[1] = id;
	store_be16(record + 2, (uint16_t)nal->size);
	memcpy(record + RECORD_HEADER_BYTES, nal->data, nal->size);
	params->size += record_bytes(record);
	params->pps_count = count(params, H264_NAL_PPS);
	params->changed = true;
	return 0;
}

static int add_sps(struct h264_params *params, const struct h264_nal *nal)
{
	struct h264_sps sps;
	int error = nal->size >= 4 ? h264_parse_sps(nal, &sps) : -EINVAL;

	if (!error)
		error = replace(params, (uint8_t)sps.id, nal);
	if (error)
		return error;
	params->sps = sps;
	params->has_sps = true;
	return 0;
}

static int add_pps(struct h264_params *params, const struct h264_nal *nal)
{
	struct rbsp_reader r = rbsp_reader(nal->data + 1, nal->size - 1);
	uint32_t id = rbsp_ue(&r);

	if (r.overrun || id > 255)
		return -EINVAL;
	return replace(params, (uint8_t)id, nal);
}

int h264_params_add(struct h264_params *params, const struct h264_nal *nal)
{
	switch (h264_nal_type(nal)) {
	case H264_NAL_SPS:
		return add_sps(params, nal);
	case H264_NAL_PPS:
		return add_pps(params, nal);
	default:
		return -EINVAL;
	}
}

bool h264_params_complete(const struct h264_params *params)
{
	return params->has_sps && params->pps_count > 0;
}

/* Append the sets of one kind, each behind its size, and return the end. */
static uint8_t *write_sets(const struct h264_params *params, uint8_t kind, uint8_t *out)
{
	for (const uint8_t *at = params->data; at < params->data + params->size;
	     at += record_bytes(at)) {
		size_t bytes = record_bytes(at) - 2; /* with the size that precedes the NAL unit */

		if (at[0] != kind)
			continue;
		memcpy(out, at + 2, bytes);
		out += bytes;
	}
	return out;
}

size_t h264_params_write_avcc(struct h264_params *params, uint8_t *out)
{
	const struct h264_sps *sps = &params->sps;
	uint8_t *p = out;

	*p++ = 1; /* configurationVersion */
	*p++ = sps->profile_idc;
	*p++ = sps->constraints;
	*p++ = sps->level_idc;
	*p++ = 0xfc | 3; /* NAL unit lengths of 4 bytes */
	*p++ = (uint8_t)(0xe0 | count(params, H264_NAL_SPS));
	p = write_sets(params, H264_NAL_SPS, p);
	*p++ = (uint8_t)params->pps_count;
	p = write_sets(params, H264_NAL_PPS, p);
	if (sps->profile_idc != PROFILE_BASELINE && sps->profile_idc != PROFILE_MAIN &&
	    sps->profile_idc != PROFILE_EXTENDED) {
		*p++ = (uint8_t)(0xfc | sps->chroma_format_idc);
		*p++ = (uint8_t)(0xf8 | (sps->bit_depth_luma - 8));
		*p++ = (uint8_t)(0xf8 | (sps->bit_depth_chroma - 8));
		*p++ = 0; /* no SPS extensions */
	}
	params->changed = false;
	return (size_t)(p - out);
}
