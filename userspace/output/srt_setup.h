/*
 * What an SRT socket needs before it connects or listens. Internal to srt_socket.c; both use libsrt, nobody else.
 */
#ifndef OUTPUT_SRT_SETUP_H
#define OUTPUT_SRT_SETUP_H

#include "srt_socket.h"

/*
 * A new socket of a family that does not block, with the options that every mode has. Starts libsrt when it is the
 * first. Owns: *out is the caller's, closed by srt_close(). Errors: -1 with why (SRT_REASON_BYTES). Thread: any (all).
 */
int srt_setup_socket(int *out, const struct srt_options *options, int family, uint64_t bitrate_bps,
                     char *why);

/* The options of one who calls or meets peer, and a local port, see srt_socket_connect. Errors: -1 with why. */
int srt_setup_caller(int socket, const struct srt_options *options, const struct sockaddr *peer,
                     unsigned int sharer, char *why);

/* The options of one whom a listener admits. Errors: -1 with why. */
int srt_setup_admitted(int socket, const struct srt_options *options, char *why);

/* Errors: -1; srt_setup_explain_bind then says why, on the same thread. */
int srt_setup_bind(int socket, const struct sockaddr_storage *local);
void srt_setup_explain_bind(const struct sockaddr_storage *local, char *why);

/*
 * The input bandwidth in bytes a second that, with oheadbw on top, is the most that a connection sends.
 */
int64_t srt_setup_cap(const struct srt_options *options, uint64_t bitrate_bps);

#endif
