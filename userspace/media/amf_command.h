/*
 * Commands that an RTMP server sends (Adobe RTMP 1.0, section 7.1.1), read from AMF0: the name, the transaction, and
 * of the information object what tells success from failure (section 7.2.2).
 */
#ifndef MEDIA_AMF_COMMAND_H
#define MEDIA_AMF_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Texts are cut to what fits, control characters replaced; "": not there. They need not be UTF-8. */
struct amf_command {
	char name[32]; /* "_result", "onStatus" */
	double transaction;
	char level[16]; /* "status", "warning", "error" */
	char code[80];  /* "NetStream.Publish.BadName" */
	char description[160];
	bool exotic; /* has a reference or a typed object, which some readers do not know */
};

/*
 * Read the body, size bytes, of a command message; all of it is checked, so that what follows the name may be given to
 * a less careful reader. Errors: -EBADMSG for what is no AMF0, nested deeper than AMF_COMMAND_DEPTH, or no command.
 * Thread: any.
 */
int amf_command_read(struct amf_command *out, const uint8_t *body, size_t size);

#define AMF_COMMAND_DEPTH 8

#endif
