/*
 * The program's log: one line an event on standard error, as text or as JSON objects.
 *
 * Lines are for operators: they name the channel and the output and say what failed and why. Never
 * called per packet, never given a secret.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/*
 * Set what is written and how. level: lines above it are left out. json: one JSON object a line
 * instead of text. Thread: main, before other threads exist.
 */
void log_configure(enum log_level level, bool json);

/* The level of that name (error, warning, info, debug). Errors: -EINVAL. Thread: any. */
int log_level_parse(const char *name, enum log_level *level);

/* Write one line, without a newline at its end; longer than 1000 bytes is cut. Thread: any. */
void log_write(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...)   log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...)    log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)   log_write(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
