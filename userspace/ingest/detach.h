/*
 * --detach: remove what a program that was killed has left in the kernel.
 */
#ifndef INGEST_DETACH_H
#define INGEST_DETACH_H

/*
 * Detach the XDP programs and remove the pins and directories of ours in this network namespace.
 * interfaces: comma-separated names, or NULL for all. Says on standard output what it removed. What a living
 * program serves is left alone, and said so on standard error.
 * Errors: -EBUSY for that, other negative errno; what can be removed is removed all the same. Nothing there
 * is 0. Thread: main, in a process that runs no ingest.
 */
int detach_all(const char *interfaces);

#endif
