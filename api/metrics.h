/*
 * The body of GET /metrics: every counter of the tables (base/table.h), states, the interfaces and the program
 * itself, for Prometheus.
 *
 * The manager's lock is held while numbers are copied, not while text is made of them.
 */
#ifndef API_METRICS_H
#define API_METRICS_H

#include "exposition.h"

#include "control/error.h"

#include <jansson.h>

#define METRICS_MAX_BYTES (64u << 20) /* about ten thousand SRT outputs */

struct manager;

/*
 * Write all metrics. Owns: what out gets is the caller's, also after an error; out must be empty.
 * Errors: -1 with 500, or 503 when the text would be longer than METRICS_MAX_BYTES. Thread: HTTP.
 */
int metrics_write(struct exposition *out, struct manager *manager, struct api_error *error);

/*
 * Write the families of channels, their inputs and their outputs. channels: of manager_measures.
 * Errors: -ENOMEM. Thread: HTTP (both).
 */
int metrics_write_channels(struct exposition *out, const json_t *channels);

/* Write the families of interfaces and their queues. interfaces: as in the reply of manager_system. */
int metrics_write_interfaces(struct exposition *out, const json_t *interfaces);

#endif
