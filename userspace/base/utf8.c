/*
 * UTF-8 as RFC 3629 section 4 spells it: what a lead byte allows its second byte to be rules out overlong
 * forms, surrogates and what lies beyond U+10FFFF; all further bytes are 80 to bf.
 */
#include "utf8.h"

#include <stddef.h>

/* Bytes of the well-formed character at s, or 0 when there is none. The final NUL ends a sequence. */
static size_t character_bytes(const unsigned char *s)
{
	const size_t size = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	unsigned char low = 0x80, high = 0xbf;

	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	if (s[0] == 0xe0)
		low = 0xa0;
	else if (s[0] == 0xed)
		high = 0x9f;
	else if (s[0] == 0xf0)
		low = 0x90;
	else if (s[0] == 0xf4)
		high = 0x8f;
	if (s[1] < low || s[1] > high)
		return 0;
	for (size_t i = 2; i < size; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	}
	return size;
}

void utf8_repair(char *text)
{
	while (*text) {
		size_t size = character_bytes((const unsigned char *)text);

		if (!size)
			*text = '?';
		text += size ? size : 1;
	}
}
