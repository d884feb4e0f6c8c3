/*
 * An output to JSON, as the REST API and the WebSocket show it: secrets masked, totals since the last reset.
 */
#ifndef CONTROL_SNAPSHOT_OUTPUT_H
#define CONTROL_SNAPSHOT_OUTPUT_H

#include "live.h"

#define SNAPSHOT_HISTORY_S 600 /* how far back the history goes */

/*
 * An output, by its index in the entry. readers: whether who reads from a listener is listed, not only counted.
 * Owns: a new reference, or NULL without memory. Thread: manager.
 */
json_t *snapshot_output(const struct live_channel *live, size_t index, bool readers);

/*
 * What metrics want of an output: "id", "name", "enabled", "state", "stats" with totals that no reset touches, and of
 * a listener "reader_count". Owns: as above. Thread: manager.
 */
json_t *snapshot_output_measures(const struct live_channel *live, size_t index);

/*
 * The body of its history, with the time that it is: the samples, oldest first, that are at most SNAPSHOT_HISTORY_S older than now_s (seconds
 * since 1970). Owns: as above. Thread: any.
 */
json_t *snapshot_history(const struct output_sample *samples, size_t count, int64_t now_s);

#endif
