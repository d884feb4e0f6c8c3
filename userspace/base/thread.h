/*
 * Threads that nobody joins: they end by themselves and own what they use.
 */
#ifndef BASE_THREAD_H
#define BASE_THREAD_H

#define THREAD_STACK_BYTES (256u << 10) /* enough for getaddrinfo with its plug-ins, and for TLS */

/*
 * Run main(argument) on a thread of its own, detached, with a stack of THREAD_STACK_BYTES.
 * Owns: argument is the thread's on success. Errors: -EAGAIN. Thread: any.
 */
int thread_start_detached(void *(*main)(void *argument), void *argument);

#endif
