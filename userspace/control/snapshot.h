/*
 * State to JSON, as the REST API and the WebSocket show it (design section 6): secrets masked, every
 * counter of the tables under its own name. Under the manager's lock.
 */
#ifndef CONTROL_SNAPSHOT_H
#define CONTROL_SNAPSHOT_H

#include "live.h"

/*
 * One channel with its outputs. readers: see snapshot_output. now_ns: monotonic, to tell receiving from no_signal.
 * Owns: a new reference, or NULL without memory. Thread: manager.
 */
json_t *snapshot_channel(const struct live_channel *live, bool readers, int64_t now_ns);

/*
 * What metrics want of a channel: "id", "name", "desired" (whether it shall run), "state", "inputs" and "stats" as
 * above, "outputs" as snapshot_output_measures. Owns: as above. Thread: manager.
 */
json_t *snapshot_measures(const struct live_channel *live, int64_t now_ns);

/*
 * The body of GET /api/health. started_ns: monotonic time when the program started.
 * Owns: as above. Thread: manager.
 */
json_t *snapshot_health(struct live_channel *const *channels, size_t count,
                        const struct live_env *env, int64_t started_ns, int64_t now_ns);

#endif
