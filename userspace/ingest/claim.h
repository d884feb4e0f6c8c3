/*
 * A claim on an interface, so that two of these programs never take it from each other.
 */
#ifndef INGEST_CLAIM_H
#define INGEST_CLAIM_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Claim the interface of that name in this network namespace; the claim ends with the process, however
 * that ends. Owns: *claim is the caller's, given back by claim_release. Errors: -EADDRINUSE when a living
 * process has it, whose id is then in *holder (0: of another PID namespace); other negative errno.
 * Thread: any.
 */
int claim_take(int *claim, const char *interface, pid_t *holder);

/*
 * Does a living process have the claim on the interface? *holder: as above. Takes nothing. Thread: any.
 */
bool claim_is_held(const char *interface, pid_t *holder);

/* Negative is fine. Thread: any. */
void claim_release(int claim);

#endif
