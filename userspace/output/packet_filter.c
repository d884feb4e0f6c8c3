/*
 * Packet filters of SRT: the one that libsrt has built in, fec.
 */
#include "packet_filter.h"

#include <errno.h>
#include <string.h>

/* The number of a column travels in a signed byte; a greater matrix would only cost memory. */
#define MAX_LINES 127

static bool is_one_of(struct url_text value, const char *const *names)
{
	for (size_t i = 0; names[i]; i++)
		if (url_text_is(value, names[i]))
			return true;
	return false;
}

static int check_pair(struct url_text key, struct url_text value, const struct url_fault *why)
{
	static const char *const layouts[] = {"even", "staircase", NULL};
	static const char *const arqs[] = {"always", "onreq", "never", NULL};
	int64_t n;

	if (url_text_is(key, "cols"))
		return url_text_number(value, &n) && n >= 2 && n <= MAX_LINES
		               ? 0
		               : url_fault_set(why, "packetfilter: cols must be from 2 to %d",
		                               MAX_LINES);
	if (url_text_is(key, "rows"))
		return url_text_number(value, &n) &&
		                       ((n >= 1 && n <= MAX_LINES) || (n <= -2 && n >= -MAX_LINES))
		               ? 0
		               : url_fault_set(
					 why,
					 "packetfilter: rows must be from 1 to %d, or from -2 "
					 "to -%d for columns alone",
					 MAX_LINES, MAX_LINES);
	if (url_text_is(key, "layout"))
		return is_one_of(value, layouts)
		               ? 0
		               : url_fault_set(why,
		                               "packetfilter: layout must be even or staircase");
	if (url_text_is(key, "arq"))
		return is_one_of(value, arqs)
		               ? 0
		               : url_fault_set(why,
		                               "packetfilter: arq must be always, onreq or never");
	return url_fault_set(why, "packetfilter: fec has cols, rows, layout and arq");
}

int packet_filter_check(const char *text, const struct url_fault *why)
{
	struct url_text rest = {text, strlen(text)}, pair, key, seen[4];
	size_t count = 0;

	if (!url_text_split(&rest, ',', &pair) || !url_text_is(pair, "fec") ||
	    text[strlen(text) - 1] == ',')
		return url_fault_set(why, "packetfilter must be fec,cols:N,rows:N and so on");
	while (url_text_split(&rest, ',', &pair)) {
		if (!url_text_split(&pair, ':', &key))
			return url_fault_set(why,
			                     "packetfilter: there is nothing between two commas");
		for (size_t i = 0; i < count; i++)
			if (seen[i].size == key.size && !memcmp(seen[i].at, key.at, key.size))
				return url_fault_set(why, "packetfilter: %.*s is given twice",
				                     (int)key.size, key.at);
		if (check_pair(key, pair, why))
			return -EINVAL;
		seen[count++] = key; /* of four known ones, each once */
	}
	return 0;
}
