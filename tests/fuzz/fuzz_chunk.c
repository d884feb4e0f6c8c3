/*
 * RTMP chunk streams from hostile bytes, in two pieces. Every byte of every message handed on is read.
 */
#include "media/chunk.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int read_all(void *context, const struct chunk_message *message)
{
	unsigned int *sum = context;

	for (size_t i = 0; i < message->size; i++)
		*sum += message->body[i];
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const size_t cut = size ? data[0] % size : 0;
	struct chunk_reader reader;
	unsigned int sum = 0;

	chunk_reader_init(&reader);
	if (!chunk_reader_push(&reader, data, cut, read_all, &sum))
		chunk_reader_push(&reader, data + cut, size - cut, read_all, &sum);
	return 0;
}
