/*
 * The list of interfaces that --interface takes: names that an interface can have, none of them twice.
 */
#ifndef INGEST_INTERFACE_NAMES_H
#define INGEST_INTERFACE_NAMES_H

#include <stddef.h>

#define INGEST_MAX_INTERFACES 16

/*
 * Is list (names with commas between them) one that can be served, should such interfaces exist or not?
 * Errors: -EINVAL, -E2BIG; why (size bytes) gets a sentence then. Thread: any.
 */
int interface_names_check(const char *list, char *why, size_t size);

#endif
