/*
 * Output URLs from anywhere: parsing, masking and unmasking must stay within their buffers, and a secret
 * must never show in a masked URL.
 */
#include "output/url.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is masked is masked again to the same, and gets its secret back from the original. */
static void check_mask(const char *text)
{
	static char masked[OUTPUT_URL_BYTES], again[OUTPUT_URL_BYTES], back[OUTPUT_URL_BYTES];
	struct output_url url;
	char why[80];

	output_url_mask(masked, text);
	if (output_url_parse(&url, text, why, sizeof(why))) {
		if (strcmp(masked, "***") != 0)
			abort();
		return;
	}
	if (url.scheme == OUTPUT_RTMP && strcmp(strrchr(masked, '/'), "/***") != 0)
		abort();
	if (output_url_unmask(back, masked, text) || strcmp(back, text) != 0)
		abort();
	if (url.scheme == OUTPUT_RTMP) {
		output_url_mask(again, masked);
		if (strcmp(again, masked) != 0)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char out[OUTPUT_URL_BYTES];
	const uint8_t *zero = memchr(data, 0, size);
	size_t first = zero ? (size_t)(zero - data) : size;
	char *text = strndup((const char *)data, first);
	char *stored = zero ? strndup((const char *)zero + 1, size - first - 1) : NULL;

	if (text && output_url_unmask(out, text, stored) == 0)
		check_mask(out);
	if (text)
		check_mask(text);
	free(text);
	free(stored);
	return 0;
}
