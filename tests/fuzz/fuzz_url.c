/*
 * Output URLs from anywhere: parsing, masking and unmasking must stay within their buffers, what is accepted
 * must be what the rest of the program relies on, and a secret must never show in a masked URL.
 */
#include "base/address.h"
#include "output/url.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void want(bool condition)
{
	if (!condition)
		abort();
}

static void check_srt(const struct output_url *url)
{
	const struct srt_options *o = &url->srt;
	struct in6_addr address;

	want(!o->adapter[0] || !address_parse(&address, o->adapter));
	want(o->payloadsize >= 188 && o->payloadsize <= 1316 && o->payloadsize % 188 == 0);
	want(o->payloadsize + 44 <= o->mss && o->mss <= 1500);
	want(!o->passphrase[0] || strnlen(o->passphrase, 80) - 10 <= 69);
	want(strnlen(o->streamid, 513) <= 512 && strnlen(o->packetfilter, 128) <= 127);
	want(o->maxbw >= -1 && o->inputbw >= 0 && (!o->maxbw || !o->inputbw));
	want(o->source_count <= SRT_MAX_SOURCES && o->minversion <= 0xffffff);
	if (o->mode == SRT_MODE_LISTENER)
		want(!strcmp(url->host, o->adapter) && !o->localport &&
		     o->maxreaders - 1 < SRT_MAX_READERS);
	else
		want(url->host[0] && !o->source_count);
}

static void check_udp(const struct output_url *url)
{
	const struct udp_options *o = &url->udp;
	struct in6_addr address;

	want(url->host[0] && (!o->adapter[0] || !address_parse(&address, o->adapter)));
	want(o->pkt_size >= 188 && o->pkt_size <= 1316 && o->pkt_size % 188 == 0);
	want(o->payload_type < 128 && strnlen(o->interface, IF_NAMESIZE) < IF_NAMESIZE);
	want(o->fec_columns * o->fec_rows <= 100 && !o->fec_columns == !o->fec_rows);
	want(url->scheme == OUTPUT_RTP || !o->fec_columns);
}

static bool ends_with(const char *text, const char *end)
{
	return strlen(text) >= strlen(end) && !strcmp(text + strlen(text) - strlen(end), end);
}

/* The key is hidden, or the query where there is no key. */
static void check_rtmp(const struct output_url *url, const char *text, const char *masked)
{
	const char *query = strchr(url->rtmp.app, '?');

	want(url->host[0] && url->rtmp.app[0] && url->rtmp.app[0] != '/');
	want(!url->rtmp.key[0] || !query);
	if (url->rtmp.key[0])
		want(ends_with(masked, "/***"));
	else
		want(query ? ends_with(masked, "?***") : !strcmp(masked, text));
}

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
	want(url.port);
	if (url.scheme == OUTPUT_SRT)
		check_srt(&url);
	else if (url.scheme != OUTPUT_RTMP)
		check_udp(&url);
	if (url.scheme == OUTPUT_RTMP)
		check_rtmp(&url, text, masked);
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
