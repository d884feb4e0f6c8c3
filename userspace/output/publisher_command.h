/*
 * The command messages that a publisher begins and ends with: connect (Adobe RTMP 1.0, section 7.2.1.1) with what
 * Enhanced RTMP v2 adds, the codecs by FourCC that may come; FCUnpublish, which is Adobe's and in no standard; and
 * deleteStream (section 7.2.2.3). librtmp writes those between.
 */
#ifndef OUTPUT_PUBLISHER_COMMAND_H
#define OUTPUT_PUBLISHER_COMMAND_H

#include <stddef.h>
#include <stdint.h>

#define PUBLISHER_COMMAND_BYTES 2048 /* longest body */
#define CONNECT_TRANSACTION     1    /* librtmp counts on from there */

/*
 * Write the body of a message to out (PUBLISHER_COMMAND_BYTES). Returns its size, or 0 when the texts are too long.
 * app, tc_url: as the server shall see them. Thread: any (all).
 */
size_t publisher_command_connect(uint8_t *out, const char *app, const char *tc_url);
size_t publisher_command_unpublish(uint8_t *out, const char *key);
size_t publisher_command_delete(uint8_t *out, uint32_t message_stream);

#endif
