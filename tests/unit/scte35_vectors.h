/*
 * Cues to test with: the examples of SCTE 35 section 14, and others that parsers are tested with in public. All are
 * base64 of whole sections.
 */
#ifndef TESTS_SCTE35_VECTORS_H
#define TESTS_SCTE35_VECTORS_H

#include "base/bytes.h"
#include "media/section.h"

#include <string.h>

#define VECTOR_MAX_BYTES 512

/* 14.1 to 14.8 */
#define CUE_PO_START      "/DA0AAAAAAAA///wBQb+cr0AUAAeAhxDVUVJSAAAjn/PAAGlmbAICAAAAAAsoKGKNAIAmsnRfg=="
#define CUE_SPLICE_INSERT "/DAvAAAAAAAA///wFAVIAACPf+/+c2nALv4AUsz1AAAAAAAKAAhDVUVJAAABNWLbowo="
#define CUE_PO_END        "/DAvAAAAAAAA///wBQb+dGKQoAAZAhdDVUVJSAAAjn+fCAgAAAAALKChijUCAKnMZ1g="
#define CUE_PROGRAM_SEAM                                                                       \
	"/DBIAAAAAAAA///wBQb+ek2ItgAyAhdDVUVJSAAAGH+fCAgAAAAALMvDRBEAAAIXQ1VFSUgAABl/nwgIAAAA" \
	"ACyk26AQAACZcuND"
#define CUE_PROGRAM_OVERLAP "/DAvAAAAAAAA///wBQb+rr//ZAAZAhdDVUVJSAAACH+fCAgAAAAALKVs9RcAAJUdsKg="
#define CUE_BLACKOUT                                                                           \
	"/DBIAAAAAAAA///wBQb+ky44CwAyAhdDVUVJSAAACn+fCAgAAAAALKCh4xgAAAIXQ1VFSUgAAAl/nwgIAAAA" \
	"ACygoYoRAAC0IX6w"
#define CUE_PROGRAM_END "/DAvAAAAAAAA///wBQb+rvF8TAAZAhdDVUVJSAAAB3+fCAgAAAAALKVslxEAAMSHai4="
#define CUE_THREE                                                                              \
	"/DBhAAAAAAAA///wBQb+qM1E7QBLAhdDVUVJSAAArX+fCAgAAAAALLLXnTUCAAIXQ1VFSUgAACZ/nwgIAAAA" \
	"ACyy150RAAACF0NVRUlIAAAnf58ICAAAAAAsstezEAAAihiGnw=="

#define CUE_DTMF "/DAxAAAAAAAAAP/wFAVAAIeuf+/+0AWRK/4AUmXAAC0AfwAMAQpDVUVJUJ81MTkqo5/+gA=="
#define CUE_PTS_33_BITS                                                                        \
	"/DBIAAAAAAAAAP/wBQb/tB67hgAyAhdDVUVJQAABEn+fCAgAAAAALzE8BTUAAAIXQ1VFSUAAAEV/nwgIAAAA" \
	"AC8xPN4jAAAfiOPE"
#define CUE_AVAIL "/DAqAAAAAAAAAP/wDwUAAHn+f8/+QubGOQAAAAAACgAIQ1VFSQAAAADizteX"
#define CUE_MID                                                                                \
	"/DBrAAAAAAAAAP/wBQb/AAAAAABVAlNDVUVJAAAAAn+/DUQKDBR3i+Xj9gAAAAAAAAoMFHeL5eP2AAAAAAAA" \
	"CSZTSUdOQUw6THk5RU1HeEtSMGhGWlV0cE1IZENVVlpuUlVGblp6MTcBA6QTOe8="
#define CUE_LENGTH_FFF \
	"/DA8AAAAAAAAAP///wb+06ACpQAmAiRDVUVJAACcHX//AACky4AMEERJU0NZTVdGMDQ1MjAwMEgxAQEMm4c0"
#define CUE_NOT_CUEI                                                                           \
	"/DBPAAAAAAAAAP/wBQb/Gq9LggA5AAVTQVBTCwIwQ1VFSf////9//wAAFI4PDxx1cm46bmJjdW5pLmNvbTpi" \
	"cmM6NDk5ODY2NDM0MQoBbM98zw=="
#define CUE_NULL "/DARAAAAAAAAAP/wAAAAAHpPv/8="
#define CUE_WRONG_CRC \
	"/DA4AAAAAAAAAP/wFAUABDEAf+//mWEhzP4Azf5gAQAAAAATAhFDVUVJAAAAAX+/AQIwNAEAAKeYO3Q="
#define CUE_STUFFED "/DAeAAAAAAAAAP///wViAA/nf18ACQAAAAAskJv+YPtE"
/* With pts_adjustment, a tier and alignment_stuffing: out and in of one break. */
#define CUE_ADJUSTED_OUT \
	"/DA0AABS2+YAAACgFAUALJGCf+/+MSwPcX4AUmXAAAAAAAAMAQpDVUVJRp8xMjEq3pnIPCi6lw=="
#define CUE_ADJUSTED_IN "/DAvAABS2+YAAACgDwUALJGEf0/+MX7z3AAAAAAADAEKQ1VFSQCfMTIxI6SMuQkzWQI="

/* Decode base64 into data, which has room for VECTOR_MAX_BYTES; returns the size. */
static inline size_t vector_decode(const char *text, uint8_t *data)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint32_t bits = 0;
	unsigned int count = 0;
	size_t size = 0;

	for (; *text && *text != '=' && size < VECTOR_MAX_BYTES; text++) {
		const char *digit = strchr(digits, *text);

		if (!digit)
			continue;
		bits = bits << 6 | (uint32_t)(digit - digits);
		count += 6;
		if (count >= 8) {
			count -= 8;
			data[size++] = (uint8_t)(bits >> count);
		}
	}
	return size;
}

/* Write the CRC that belongs to a section of size bytes into its last four. */
static inline void vector_seal(uint8_t *section, size_t size)
{
	store_be32(section + size - 4, section_crc(section, size - 4));
}

#endif
