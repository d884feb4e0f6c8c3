/*
 * Sections of one PID: PAT, PMT and any other table in the format of ISO/IEC 13818-1 section 2.4.4.
 *
 * libdvbpsi puts them together; section.c is the only file that includes it. Its own table
 * decoders are not used: they trust the lengths inside a section whose CRC is right, and a hostile
 * sender computes a right CRC. Sections are handed over whole and read with bounds.
 */
#ifndef MEDIA_SECTION_H
#define MEDIA_SECTION_H

#include <stddef.h>
#include <stdint.h>

#define SECTION_PSI_MAX_BYTES     1024 /* PAT and PMT */
#define SECTION_PRIVATE_MAX_BYTES 4096
#define SECTION_MIN_BYTES         12 /* of a section in long form: header, nothing, CRC */

struct section_reader;

/*
 * size bytes of a whole section, header and CRC included, borrowed. In the long form (syntax
 * indicator set) it has SECTION_MIN_BYTES at least and its CRC is right.
 */
typedef void (*section_fn)(void *context, const uint8_t *section, size_t size);

/*
 * A reader of sections up to max_bytes (at most SECTION_PRIVATE_MAX_BYTES). Owns: *out is the
 * caller's, freed by section_reader_destroy; untouched on error. Errors: -EINVAL, -ENOMEM. Thread:
 * any.
 */
int section_reader_create(struct section_reader **out, size_t max_bytes, section_fn deliver,
                          void *context);

/* NULL is fine. Not from within deliver. Thread: the one that pushes. */
void section_reader_destroy(struct section_reader *reader);

/*
 * Take a TS packet of the PID, 188 bytes with sync byte. Calls deliver for each section it
 * completes. Thread: one at a time.
 */
void section_reader_push(struct section_reader *reader, const uint8_t *packet);

/* Packets are missing: drop a section half assembled. Thread: as push. */
void section_reader_reset(struct section_reader *reader);

/* CRC_32 of Annex A; 0 over a whole section whose CRC is right. Thread: any. */
uint32_t section_crc(const uint8_t *data, size_t size);

#endif
