/*
 * The connect command of a publisher (Adobe RTMP 1.0, section 7.2.1.1), with what Enhanced RTMP v2 adds: the codecs by
 * FourCC that may come.
 */
#ifndef OUTPUT_CONNECT_COMMAND_H
#define OUTPUT_CONNECT_COMMAND_H

#include <stddef.h>
#include <stdint.h>

#define CONNECT_COMMAND_BYTES 2048 /* longest body */
#define CONNECT_TRANSACTION   1

/*
 * Write the message's body to out (CONNECT_COMMAND_BYTES); app and tc_url as the server shall see them. Returns its size,
 * or 0 when they are too long. Thread: any.
 */
size_t connect_command_write(uint8_t *out, const char *app, const char *tc_url);

#endif
