/*
 * SRT sockets (draft-sharabayko-srt-01, libsrt). srt_socket.c is the only user of libsrt.
 *
 * All non-blocking. A socket belongs to the thread that made or accepted it, and is closed there.
 */
#ifndef OUTPUT_SRT_SOCKET_H
#define OUTPUT_SRT_SOCKET_H

#include "srt_options.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define SRT_SOCKET_NONE (-1)

/* What a reason in words is cut to. */
#define SRT_REASON_BYTES 160

/*
 * Begin to connect to peer (caller), or to meet it (rendezvous). Callers of the same `sharer` (see srt_share.h)
 * whose options allow it share one local UDP port. bitrate_bps: of the channel, buffers are sized by it.
 * Errors: -1 with the reason in why (SRT_REASON_BYTES).
 */
int srt_socket_connect(int *out, const struct srt_options *options, const struct sockaddr *peer,
                       socklen_t size, unsigned int sharer, uint64_t bitrate_bps, char *why);

enum srt_progress { SRT_PROGRESS_PENDING, SRT_PROGRESS_UP, SRT_PROGRESS_DOWN };

/*
 * Where a socket that is to connect stands; when down, why (SRT_REASON_BYTES) says so in words. That a connection broke
 * later is what srt_socket_send and srt_socket_get_statistics tell.
 */
enum srt_progress srt_socket_progress(int socket, char *why);

/* SRT_SOCKET_NONE is fine. */
void srt_socket_close(int socket);

/*
 * Send one message that is age_us microseconds old, but not older than the connection: the receiver gives it on after
 * the latency, counted from then. Errors: -EAGAIN: the buffer is full; -EPIPE: the connection is gone.
 */
int srt_socket_send(int socket, const uint8_t *message, size_t size, uint32_t age_us);

/* Let the cap on retransmission follow the channel's rate, unless options say otherwise. */
void srt_socket_set_bitrate(int socket, const struct srt_options *options, uint64_t bitrate_bps);

/* libsrt's statistics of a connection since it was made, without those that 1.5.1 gets wrong. */
struct srt_statistics {
	uint64_t pktSentUnique, byteSentUnique, byteRetrans, byteSndDrop;
	uint64_t pktRetrans, pktSndLoss, pktRecvNAK, pktRecvACK; /* begin again after 32 bits */
	uint64_t rtt_us, mbpsSendRate_bps, mbpsBandwidth_bps, mbpsMaxBW_bps;
	uint64_t pktFlightSize, pktFlowWindow, pktSndBuf, msSndBuf, msSndTsbPdDelay,
		byteAvailSndBuf;
};

/* Errors: -EPIPE. */
int srt_socket_get_statistics(int socket, struct srt_statistics *out);

/* Why a listener refuses a caller; the caller is told. */
enum srt_refusal {
	SRT_ADMITTED,
	SRT_REFUSED_NOT_FOUND,  /* no such stream id */
	SRT_REFUSED_FORBIDDEN,  /* not from that address, or not to be read */
	SRT_REFUSED_OVERLOADED, /* as many readers as there may be */
};

/*
 * Somebody wants to read. stream_id: "" when none was given. On SRT_ADMITTED *options is whose passphrase, key length,
 * latency hold for this one; borrowed until the return. Thread: libsrt's: must not block for long.
 */
typedef enum srt_refusal (*srt_admit_fn)(void *context, int socket, const struct sockaddr *peer,
                                         const char *stream_id, const struct srt_options **options);

/*
 * Listen on a local address with a port of its own; admit decides on each caller. options: what holds for the port as a
 * whole. Errors: -1 with why.
 */
int srt_socket_listen(int *out, const struct srt_options *options, const struct sockaddr *local,
                      socklen_t size, srt_admit_fn admit, void *context, char *why);

/* The next reader that was admitted and has connected: the socket that admit saw. Errors: -EAGAIN, -EPIPE. */
int srt_socket_accept(int listener, int *out, struct sockaddr_storage *peer);

#endif
