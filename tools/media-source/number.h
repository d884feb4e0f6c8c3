/*
 * Numbers of the command line, read strictly: the whole text, within a range. On error the value is
 * undefined. Thread: any.
 */
#ifndef MEDIA_SOURCE_NUMBER_H
#define MEDIA_SOURCE_NUMBER_H

#include <stdint.h>

/* A decimal or 0x number from 0 to max. Errors: -EINVAL. */
int number_parse(const char *text, uint64_t max, uint64_t *value);

/* A decimal or 0x number from 1 to max. Errors: -EINVAL. */
int number_parse_positive(const char *text, uint64_t max, uint64_t *value);

/* A decimal fraction from min to max. Errors: -EINVAL. */
int number_parse_real(const char *text, double min, double max, double *value);

/* A bit rate such as 5000000, 5000k or 5M, 1000 to 10^10 bit/s. Errors: -EINVAL. */
int number_parse_bitrate(const char *text, uint64_t *bps);

/* Ticks of 90 kHz with or without a minus, -2^33 to 2^33. Errors: -EINVAL. */
int number_parse_ticks(const char *text, int64_t *ticks);

#endif
