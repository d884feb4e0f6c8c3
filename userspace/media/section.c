/*
 * Section assembly: a decoder of our own kind on top of libdvbpsi.
 */
#include "section.h"

#include "ts.h"

#include <dvbpsi/dvbpsi.h>
#include <dvbpsi/psi.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct section_reader {
	dvbpsi_t *dvbpsi;
	section_fn deliver;
	void *context;
};

uint32_t section_crc(const uint8_t *data, size_t size)
{
	uint32_t crc = 0xffffffff;

	for (size_t i = 0; i < size; i++) {
		crc ^= (uint32_t)data[i] << 24;
		for (int bit = 0; bit < 8; bit++)
			crc = crc << 1 ^ (crc & 0x80000000 ? 0x04c11db7 : 0);
	}
	return crc;
}

/* libdvbpsi has a whole section, and checked its CRC if it knows the table to have one. */
static void gather(dvbpsi_t *dvbpsi, dvbpsi_psi_section_t *section)
{
	struct section_reader *reader = dvbpsi->p_sys;
	size_t size = 3u + section->i_length;

	dvbpsi->p_decoder->b_discontinuity = false;
	if (!section->b_syntax_indicator ||
	    (size >= SECTION_MIN_BYTES && section_crc(section->p_data, size) == 0))
		reader->deliver(reader->context, section->p_data, size);
	dvbpsi_DeletePSISections(section);
}

int section_reader_create(struct section_reader **out, size_t max_bytes, section_fn deliver,
                          void *context)
{
	struct section_reader *reader;

	if (max_bytes < SECTION_MIN_BYTES || max_bytes > SECTION_PRIVATE_MAX_BYTES)
		return -EINVAL;
	reader = calloc(1, sizeof(*reader));
	if (!reader)
		return -ENOMEM;
	reader->deliver = deliver;
	reader->context = context;
	reader->dvbpsi = dvbpsi_new(NULL, DVBPSI_MSG_NONE);
	if (!reader->dvbpsi)
		goto free_reader;
	reader->dvbpsi->p_sys = reader;
	reader->dvbpsi->p_decoder =
		dvbpsi_decoder_new(gather, (int)max_bytes, false, sizeof(dvbpsi_decoder_t));
	if (!reader->dvbpsi->p_decoder)
		goto free_dvbpsi;
	*out = reader;
	return 0;

free_dvbpsi:
	dvbpsi_delete(reader->dvbpsi);
free_reader:
	free(reader);
	return -ENOMEM;
}

void section_reader_destroy(struct section_reader *reader)
{
	if (!reader)
		return;
	dvbpsi_decoder_delete(reader->dvbpsi->p_decoder);
	reader->dvbpsi->p_decoder = NULL;
	dvbpsi_delete(reader->dvbpsi);
	free(reader);
}

void section_reader_push(struct section_reader *reader, const uint8_t *packet)
{
	uint8_t copy[TS_PACKET_BYTES]; /* libdvbpsi's argument is not const */
	const uint8_t *payload;
	size_t size;

	/* libdvbpsi believes the adaptation field's length and the pointer field. */
	payload = ts_get_payload(packet, &size);
	if (!payload || ts_has_error(packet) || ts_is_scrambled(packet) ||
	    (ts_starts_unit(packet) && payload[0] >= size))
		return;
	memcpy(copy, packet, sizeof(copy));
	dvbpsi_packet_push(reader->dvbpsi, copy);
}

void section_reader_reset(struct section_reader *reader)
{
	dvbpsi_decoder_t *decoder = reader->dvbpsi->p_decoder;

	dvbpsi_DeletePSISections(decoder->p_current_section);
	decoder->p_current_section = NULL;
}
