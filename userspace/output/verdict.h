/*
 * What a server's command means for a publisher: go on, or why not, in the server's words.
 */
#ifndef OUTPUT_VERDICT_H
#define OUTPUT_VERDICT_H

#include "media/amf_command.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Does the command end the session? awaited: its transaction is one without which there is none (connect, createStream,
 * publish); releaseStream and FCPublish are unknown to many servers, which answer _error and go on. If so, why (size
 * bytes) gets the reason. Thread: any.
 */
bool verdict_is_end(const struct amf_command *command, bool awaited, char *why, size_t size);

#endif
