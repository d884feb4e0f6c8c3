/*
 * PAT and PMT. A PMT reader lives as long as the PID and the program number the PAT gave it.
 */
#include "psi.h"

#include "base/bytes.h"
#include "ts.h"

#include <errno.h>
#include <stdlib.h>

#define TABLE_PAT               0x00
#define TABLE_PMT               0x02
#define LONG_HEADER_BYTES       8
#define CRC_BYTES               4
#define DESCRIPTOR_REGISTRATION 0x05
#define DESCRIPTOR_DVB_AC3      0x6a
#define DESCRIPTOR_DVB_EAC3     0x7a

/* format_identifiers that name a codec (SMPTE registration authority) */
#define FORMAT_AC3  0x41432d33 /* AC-3 */
#define FORMAT_EAC3 0x45414333 /* EAC3 */

struct psi {
	psi_program_fn changed;
	void *context;
	struct section_reader *pat;
	struct section_reader *pmt; /* NULL: no program yet */
	struct psi_program program; /* number and pmt_pid by the PAT, the rest by the PMT */
	bool has_pmt;
};

static const struct {
	uint8_t type;
	const char *name;
} type_names[] = {
	{PSI_MPEG1_VIDEO, "MPEG-1 video"},
	{PSI_MPEG2_VIDEO, "MPEG-2 video"},
	{PSI_MPEG1_AUDIO, "MPEG-1 audio"},
	{PSI_MPEG2_AUDIO, "MPEG-2 audio"},
	{PSI_PRIVATE_SECTIONS, "private sections"},
	{PSI_PRIVATE_PES, "private data"},
	{PSI_AAC_ADTS, "AAC (ADTS)"},
	{PSI_AAC_LATM, "AAC (LATM)"},
	{PSI_METADATA_PES, "timed metadata"},
	{PSI_H264, "H.264"},
	{PSI_HEVC, "HEVC"},
	{PSI_AC3, "AC-3"},
	{PSI_SCTE35, "SCTE-35"},
	{PSI_EAC3, "E-AC-3"},
};

const char *psi_get_type_name(uint8_t stream_type)
{
	for (size_t i = 0; i < sizeof(type_names) / sizeof(type_names[0]); i++) {
		if (type_names[i].type == stream_type)
			return type_names[i].name;
	}
	return "unknown";
}

/*
 * Open a section of table_id in long form that is in force now: *payload is what is between header
 * and CRC, *extension its table_id_extension. Returns false for any other section.
 */
static bool open_section(const uint8_t *section, size_t size, uint8_t table_id, uint16_t *extension,
                         struct byte_reader *payload)
{
	bool long_form = section[1] & 0x80;

	if (size < SECTION_MIN_BYTES || section[0] != table_id || !long_form || !(section[5] & 1))
		return false;
	*extension = load_be16(section + 3);
	*payload = byte_reader(section + LONG_HEADER_BYTES, size - LONG_HEADER_BYTES - CRC_BYTES);
	return true;
}

static uint16_t read_pid(struct byte_reader *r)
{
	return bytes_u16(r) & 0x1fff;
}

/* A reader over the loop of a 12-bit length that is next; what exceeds the section is cut off. */
static struct byte_reader read_loop(struct byte_reader *r)
{
	size_t length = bytes_u16(r) & 0x0fff;
	struct byte_reader loop;

	if (length > bytes_left(r))
		length = bytes_left(r);
	loop = byte_reader(r->at, length);
	r->at += length;
	return loop;
}

/* What private data is by its descriptors, or PSI_PRIVATE_PES. */
static uint8_t find_private_type(uint8_t tag, uint32_t registration)
{
	if (tag == DESCRIPTOR_DVB_AC3 || registration == FORMAT_AC3)
		return PSI_AC3;
	if (tag == DESCRIPTOR_DVB_EAC3 || registration == FORMAT_EAC3)
		return PSI_EAC3;
	return PSI_PRIVATE_PES;
}

/* Read the descriptors of a stream: of each kind the first. Section 2.6.8. */
static void read_descriptors(struct psi_stream *stream, struct byte_reader loop)
{
	while (bytes_left(&loop) >= 2 && !loop.overrun) {
		uint8_t tag = bytes_u8(&loop), length = bytes_u8(&loop);
		const uint8_t *data = bytes_take(&loop, length);

		if (!data)
			return;
		if (tag == DESCRIPTOR_REGISTRATION && length >= 4 && !stream->registration)
			stream->registration = load_be32(data);
		if (stream->type == PSI_PRIVATE_PES)
			stream->type = find_private_type(tag, stream->registration);
	}
}

/* Everything but the version is the same. */
static bool is_same(const struct psi_program *a, const struct psi_program *b)
{
	bool same = a->number == b->number && a->pcr_pid == b->pcr_pid &&
	            a->stream_count == b->stream_count;

	for (size_t i = 0; same && i < a->stream_count; i++)
		same = a->streams[i].type == b->streams[i].type &&
		       a->streams[i].pid == b->streams[i].pid &&
		       a->streams[i].registration == b->streams[i].registration;
	return same;
}

static void take_pmt(void *context, const uint8_t *section, size_t size)
{
	struct psi *psi = context;
	struct psi_program *known = &psi->program;
	struct psi_program program = {.number = known->number, .pmt_pid = known->pmt_pid};
	struct byte_reader r;
	uint16_t number;
	bool same;

	if (!open_section(section, size, TABLE_PMT, &number, &r) || number != known->number)
		return;
	program.version = section[5] >> 1 & 0x1f;
	program.pcr_pid = read_pid(&r);
	read_loop(&r); /* program descriptors */
	while (bytes_left(&r) >= 5 && program.stream_count < PSI_MAX_STREAMS) {
		struct psi_stream *stream = &program.streams[program.stream_count++];

		stream->type = bytes_u8(&r);
		stream->pid = read_pid(&r);
		read_descriptors(stream, read_loop(&r));
	}
	if (r.overrun)
		return;
	same = psi->has_pmt && is_same(&program, known);
	*known = program;
	psi->has_pmt = true;
	if (!same)
		psi->changed(psi->context, known);
}

/* Follow program `number`, whose PMT is on pid. */
static void follow(struct psi *psi, uint16_t number, uint16_t pid)
{
	struct section_reader *reader;

	if (psi->pmt && psi->program.number == number && psi->program.pmt_pid == pid)
		return;
	/* Without memory the old program goes on; the next PAT tries again. */
	if (section_reader_create(&reader, SECTION_PSI_MAX_BYTES, take_pmt, psi) < 0)
		return;
	section_reader_destroy(psi->pmt);
	psi->pmt = reader;
	psi->has_pmt = psi->has_pmt && psi->program.number == number;
	psi->program.number = number;
	psi->program.pmt_pid = pid;
}

static void take_pat(void *context, const uint8_t *section, size_t size)
{
	struct psi *psi = context;
	uint16_t transport, first = 0, first_pid = 0;
	struct byte_reader r;
	bool whole;

	if (!open_section(section, size, TABLE_PAT, &transport, &r))
		return;
	while (bytes_left(&r) >= 4) {
		uint16_t number = bytes_u16(&r), pid = read_pid(&r);

		if (number == 0) /* the network information table */
			continue;
		if (psi->pmt && number == psi->program.number) {
			follow(psi, number, pid);
			return;
		}
		if (first == 0) {
			first = number;
			first_pid = pid;
		}
	}
	/* The program is gone, unless another section of the PAT lists it. */
	whole = section[7] == 0;
	if (first && (!psi->pmt || whole))
		follow(psi, first, first_pid);
}

int psi_create(struct psi **out, psi_program_fn changed, void *context)
{
	struct psi *psi = calloc(1, sizeof(*psi));
	int error;

	if (!psi)
		return -ENOMEM;
	psi->changed = changed;
	psi->context = context;
	error = section_reader_create(&psi->pat, SECTION_PSI_MAX_BYTES, take_pat, psi);
	if (error) {
		free(psi);
		return error;
	}
	*out = psi;
	return 0;
}

void psi_destroy(struct psi *psi)
{
	if (!psi)
		return;
	section_reader_destroy(psi->pmt);
	section_reader_destroy(psi->pat);
	free(psi);
}

bool psi_wants(const struct psi *psi, uint16_t pid)
{
	return pid == TS_PID_PAT || (psi->pmt && pid == psi->program.pmt_pid);
}

void psi_push(struct psi *psi, const uint8_t *packet)
{
	uint16_t pid = ts_get_pid(packet);

	if (pid == TS_PID_PAT)
		section_reader_push(psi->pat, packet);
	else if (psi->pmt && pid == psi->program.pmt_pid)
		section_reader_push(psi->pmt, packet);
}

void psi_reset(struct psi *psi)
{
	section_reader_reset(psi->pat);
	if (psi->pmt)
		section_reader_reset(psi->pmt);
}
