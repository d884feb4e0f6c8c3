/*
 * XDP programs that are not ours.
 */
#ifndef INGEST_FOREIGN_H
#define INGEST_FOREIGN_H

#include <stddef.h>

/*
 * Say which XDP program is attached to the interface, and the commands that show and remove it: why (size
 * bytes) gets a sentence. Its name needs CAP_SYS_ADMIN; without, it goes by its number.
 * Errors: -ENOENT when there is none, other negative errno; then why is left alone. Thread: main.
 */
int foreign_describe(unsigned int ifindex, char *why, size_t size);

#endif
