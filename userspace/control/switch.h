/*
 * Choosing the input of a channel by hand.
 */
#ifndef CONTROL_SWITCH_H
#define CONTROL_SWITCH_H

#include "live.h"

#include <jansson.h>

/*
 * Put an input on the air: {"input": "primary"} or "backup", or {} for the one that is not active. One that
 * brings no TS is refused: it would be left again after timeout_ms, which would be a gap for nothing.
 * Errors: -1 with 409 (no_backup, merging, not_running, input_dead) or 422. Thread: manager.
 */
int switch_input(struct live_channel *live, const json_t *body, int64_t now_ns,
                 struct api_error *error);

/*
 * Whether an input of a running channel brings TS: more than null packets if there are two, and within
 * failover's timeout_ms. Thread: manager.
 */
bool switch_is_alive(const struct live_channel *live, unsigned int path, int64_t now_ns);

#endif
