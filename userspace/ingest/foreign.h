/*
 * XDP programs that are not ours.
 */
#ifndef INGEST_FOREIGN_H
#define INGEST_FOREIGN_H

#include <stdbool.h>
#include <stddef.h>

struct foreign {
	char program[96]; /* program 12 "name" */
	char show[64];    /* the command that shows it … */
	char remove[128]; /* … and the one that removes it … */
	bool is_unsure;   /* … unless it was attached by a link, which only CAP_SYS_ADMIN sees */
};

/*
 * Which XDP program is attached to the interface. Its name needs CAP_SYS_ADMIN; without, it goes by its
 * number. Errors: -ENOENT when there is none, other negative errno; then out is left alone. Thread: any.
 */
int foreign_find(unsigned int ifindex, struct foreign *out);

/*
 * Say which XDP program is attached to the interface, and the commands that show and remove it: why (size
 * bytes) gets a sentence.
 * Errors: -ENOENT when there is none, other negative errno; then why is left alone. Thread: main.
 */
int foreign_describe(unsigned int ifindex, char *why, size_t size);

#endif
