/*
 * One WebSocket handshake, or one goodbye, at a time.
 *
 * Ulfius 2.7 reallocates its list of connections outside the lock that guards it when one is added: two
 * handshakes at once, or one beside a connection that goes away, corrupt the heap. And a connection that
 * is reset within its handshake stays on that list for ever, which ulfius_stop_framework waits for. So
 * whoever changes the list holds a ticket, and lost connections are taken off it here.
 *
 * Process-wide, like the threads that ulfius detaches.
 */
#ifndef API_HANDSHAKE_H
#define API_HANDSHAKE_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

/* What libmicrohttpd is to be given as MHD_OPTION_NOTIFY_COMPLETED, with the instance as its closure. */
void handshake_request_completed(void *instance, struct MHD_Connection *connection, void **request,
                                 enum MHD_RequestTerminationCode code);

/*
 * Wait for the list, at most 2 s in which the process runs, and take it. Returns a ticket, never 0. Thread: HTTP, before it
 * answers with an upgrade.
 */
uint64_t handshake_enter(void);

/* Give the list back, if the ticket still holds it. Thread: any. */
void handshake_leave(uint64_t ticket);

/*
 * Give the list back if the calling thread took it and nobody has given it back since; returns whether
 * it was so. Thread: any.
 */
bool handshake_abandon(void);

/* Take the list until the calling thread has ended. Thread: one that ulfius is about to end. */
void handshake_hold_to_end(void);

/* Wait until threads that ended with the list in their hands are gone. Thread: any. */
void handshake_settle(void);

#endif
