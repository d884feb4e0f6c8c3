/*
 * SMPTE 2022-1 decoder: rebuilds lost RTP packets from column and row FEC.
 *
 * Every FEC packet says itself which numbers it protects, so blocks may be aligned or staggered, and
 * packets of an old and a new matrix work side by side while L or D changes. A packet that cannot help
 * yet, because more than one of its numbers is missing or some are not yet due, is kept, FEC_PENDING_MAX
 * at most; each number that comes in or is recovered may make it useful. So recovery goes on between rows
 * and columns until nothing more can be had.
 *
 * A rebuilt packet is given out only if it is plausible: recovered length within the FEC payload, payload
 * type that of its neighbours, time stamp near theirs, and a payload of whole TS packets. Otherwise the
 * FEC packet is counted as wrong and dropped.
 *
 * That does not tell FEC of another stream, or of a former source with the same numbers: in an exclusive
 * or of like packets most of what is alike cancels out. So FEC has to earn trust: nothing is recovered
 * until one FEC packet, all of whose packets are here, was found to match them bit by bit. One in
 * FEC_SAMPLE of such packets is tested again; a mismatch, and any new source, ends the trust.
 * One thread at a time.
 */
#ifndef MEDIA_FEC_H
#define MEDIA_FEC_H

#include "fec_matrix.h"
#include "fec_packet.h"
#include "packet_store.h"
#include "rtp_counters.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FEC_PENDING_MAX 256 /* two 20×20 matrices have 80 */
#define FEC_SAMPLE      64

struct fec;

/*
 * The store holds the media packets and says which numbers are missing; it, the pool and the counters
 * are borrowed and outlive the decoder. Owns: *out is the caller's, freed by fec_destroy.
 * Errors: -ENOMEM.
 */
int fec_create(struct fec **out, struct packet_pool *pool, const struct packet_store *store,
               struct rtp_counters *counters);

/* NULL is fine. */
void fec_destroy(struct fec *fec);

/*
 * Take one FEC datagram; it is counted, and copied when it may help. newest: the newest media number.
 * Returns whether it was kept: fec_recover may now have something. SMPTE 2022-1 section 8.
 */
bool fec_push(struct fec *fec, enum fec_kind kind, const uint8_t *datagram, size_t size,
              uint16_t newest, int64_t now_ns);

/* Whether numbers have come due that a kept FEC packet waits for: fec_recover may have something. */
bool fec_is_due(const struct fec *fec, uint16_t newest);

/*
 * The next packet that can be rebuilt, as a whole RTP datagram with the given SSRC, borrowed until the
 * next call; its size in bytes goes to *size. NULL when there is none. Put each into the store and call
 * again until NULL: it may complete others. Call it when a missing number has come in, when numbers
 * went missing, and when fec_push or fec_is_due say so.
 */
const uint8_t *fec_recover(struct fec *fec, uint16_t newest, uint32_t ssrc, size_t *size);

/*
 * A new source: drop every FEC packet kept, and until there is trust again, any that is not complete, as it
 * may still be of the former source. The matrix stays, it most likely is the same.
 */
void fec_reset(struct fec *fec);

/* As fec_observer_expire: forget rows or columns that come no more. Call it once in a while. */
void fec_expire(struct fec *fec, uint32_t packets_per_s, int64_t now_ns);

/* The matrix in use. */
struct fec_matrix fec_matrix(const struct fec *fec);

#endif
