/*
 * The options of an SRT URL, under the names and in the units of srt-live-transmit. Pure text and numbers:
 * libsrt is not needed to know them.
 */
#ifndef OUTPUT_SRT_OPTIONS_H
#define OUTPUT_SRT_OPTIONS_H

#include "base/prefix.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SRT_MAX_SOURCES 16
#define SRT_MAX_READERS 64 /* of one listener output */

enum srt_mode { SRT_MODE_CALLER, SRT_MODE_LISTENER, SRT_MODE_RENDEZVOUS };

struct srt_options {
	enum srt_mode mode;
	char adapter
		[INET6_ADDRSTRLEN]; /* local address; "": any; of a listener as the URL's host */
	uint16_t localport;         /* of a caller or rendezvous; 0: shared, or the peer's */
	uint32_t latency_ms;        /* 0 to 60000, default 120 */
	uint32_t peerlatency_ms;    /* 0 to 60000, default 0; the greater of both ends counts */
	uint32_t conntimeo_ms;      /* 100 to 60000, default 3000 */
	uint32_t peeridletimeo_ms;  /* 1000 to 60000, default 5000 */
	char passphrase[80];        /* 10 to 79 characters, or empty: clear */
	uint8_t pbkeylen;           /* 0 (library's default), 16, 24 or 32 bytes */
	char streamid[513];         /* at most 512 bytes, or empty */
	int64_t maxbw;              /* bytes a second; 0: by inputbw and oheadbw; -1: no limit */
	int64_t inputbw;            /* bytes a second; 0: follows the channel's rate */
	uint32_t oheadbw;           /* per cent above inputbw, 5 to 100, default 25 */
	uint32_t mss;               /* bytes of an IP packet, 76 to 1500, default 1500 */
	uint32_t payloadsize;       /* bytes, a multiple of 188 from 188 to 1316, default 1316 */
	bool tlpktdrop;             /* default true */
	int32_t snddropdelay_ms;    /* -1 to 60000, default 0; -1: never drop */
	uint8_t ttl;                /* 1 to 255; 0: the system's */
	int16_t tos;                /* 0 to 255; -1: the system's */
	uint32_t minversion;        /* 0xMMmmpp, as 1.4.0 or 0x010400; 0: any */
	char packetfilter[128];     /* as "fec,cols:10,rows:5", or empty */
	uint32_t maxreaders;        /* of a listener, 1 to SRT_MAX_READERS, default that */
	struct prefix sources[SRT_MAX_SOURCES]; /* of a listener: who may read */
	size_t source_count;                    /* 0: anybody */
};

struct url_fault;

/* All defaults, mode=caller. Thread: any. */
void srt_options_init(struct srt_options *options);

/*
 * Parse "name=value&name=value" into options, which hold the defaults before; then check what does not go
 * together. Errors: -EINVAL with a fault; options are half filled then. Thread: any.
 */
int srt_options_parse(struct srt_options *options, const char *query, const struct url_fault *why);

#endif
