/*
 * Commands of an RTMP server from hostile bytes, alone and as messages of a chunk stream; and the chunk writer, whose
 * cuts of the same bytes must be read as what they were.
 */
#include "media/amf_command.h"

#include "media/chunk.h"
#include "media/chunk_write.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The texts end within their arrays. */
static void check_command(const struct amf_command *command)
{
	if (!memchr(command->name, 0, sizeof(command->name)) ||
	    !memchr(command->level, 0, sizeof(command->level)) ||
	    !memchr(command->code, 0, sizeof(command->code)) ||
	    !memchr(command->description, 0, sizeof(command->description)))
		abort();
}

static int read_command(void *context, const struct chunk_message *message)
{
	struct amf_command command;

	(void)context;
	if (!amf_command_read(&command, message->body, message->size))
		check_command(&command);
	return 0;
}

struct original {
	const uint8_t *data;
	size_t size, heard;
};

static int compare(void *context, const struct chunk_message *message)
{
	struct original *original = context;

	if (message->size != original->size || memcmp(message->body, original->data, message->size))
		abort();
	original->heard++;
	return 0;
}

/* The input as a body, cut into chunks, gathered a slice at a time, and read again. */
static void round_trip(const uint8_t *data, size_t size)
{
	struct original original = {data, size, 0};
	struct chunk_reader reader;
	struct chunk_writer writer;
	struct chunk_cut cut;
	struct iovec part;

	chunk_writer_init(&writer);
	chunk_reader_init(&reader);
	writer.chunk_size = reader.chunk_size = 1 + data[0];
	for (unsigned int i = 0; i < 2; i++) {
		chunk_write(&writer, &cut, 6, 9, 1, (uint32_t)data[size - 1] << 17, data, size);
		for (size_t at = 0; chunk_cut_gather(&cut, at, &part, 1); at += part.iov_len)
			if (chunk_reader_push(&reader, part.iov_base, part.iov_len, compare,
			                      &original))
				abort();
	}
	if (original.heard != 2)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct amf_command command;
	struct chunk_reader reader;

	if (!amf_command_read(&command, data, size))
		check_command(&command);
	chunk_reader_init(&reader);
	chunk_reader_push(&reader, data, size, read_command, NULL);
	if (size > 0 && size <= CHUNK_MESSAGE_BYTES)
		round_trip(data, size);
	return 0;
}
