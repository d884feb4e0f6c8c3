/*
 * GET /api/system: the program, the machine, and how each interface is served, for operators who ask why.
 */
#ifndef CONTROL_SYSTEM_H
#define CONTROL_SYSTEM_H

#include <jansson.h>

struct ingest;

/* All of it as one object, a new reference; NULL without memory. Thread: any. */
json_t *system_describe(const struct ingest *ingest);

#endif
