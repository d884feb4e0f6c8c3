/*
 * UTF-8: the edges of every range of RFC 3629 section 4 from both sides, and sequences cut short.
 */
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_table(void **state)
{
	static const struct {
		const char *text, *expected;
	} cases[] = {
		{"", ""},
		{"plain \x01\x7f", "plain \x01\x7f"},
		/* The first and last character of each length and range. */
		{"\xc2\x80|\xdf\xbf", "\xc2\x80|\xdf\xbf"},
		{"\xe0\xa0\x80|\xe0\xbf\xbf|\xe1\x80\x80",
	         "\xe0\xa0\x80|\xe0\xbf\xbf|\xe1\x80\x80"},
		{"\xec\xbf\xbf|\xed\x80\x80|\xed\x9f\xbf",
	         "\xec\xbf\xbf|\xed\x80\x80|\xed\x9f\xbf"},
		{"\xee\x80\x80|\xef\xbf\xbf", "\xee\x80\x80|\xef\xbf\xbf"},
		{"\xf0\x90\x80\x80|\xf0\xbf\xbf\xbf", "\xf0\x90\x80\x80|\xf0\xbf\xbf\xbf"},
		{"\xf1\x80\x80\x80|\xf3\xbf\xbf\xbf", "\xf1\x80\x80\x80|\xf3\xbf\xbf\xbf"},
		{"\xf4\x80\x80\x80|\xf4\x8f\xbf\xbf", "\xf4\x80\x80\x80|\xf4\x8f\xbf\xbf"},
		/* Continuation bytes without a lead; bytes that no character has. */
		{"a\x80z\xbf", "a?z?"},
		{"\xc0\xc1\xf5\xf8\xfc\xfe\xff", "???????"},
		/* Overlong forms. */
		{"\xc0\x80|\xc1\xbf", "??|??"},
		{"\xe0\x80\x80|\xe0\x9f\xbf", "???|???"},
		{"\xf0\x80\x80\x80|\xf0\x8f\xbf\xbf", "????|????"},
		/* Surrogates, beyond U+10FFFF. */
		{"\xed\xa0\x80|\xed\xbf\xbf", "???|???"},
		{"\xf4\x90\x80\x80|\xf5\x80\x80\x80", "????|????"},
		/* Cut short by the end, by ASCII, by a lead byte. */
		{"\xc3", "?"},
		{"\xe2\x82", "??"},
		{"\xf0\x9f\x93", "???"},
		{"\xf0", "?"},
		{"\xe2\x82z", "??z"},
		{"\xf0\x9f\x93z", "???z"},
		{"\xc3\xc3\xa9", "?\xc3\xa9"},
		{"\xe2\x82\xe2\x82\xac", "??\xe2\x82\xac"},
		/* One byte too many; good characters beside bad bytes stay. */
		{"\xc3\xa9\xa9", "\xc3\xa9?"},
		{"caf\xc3\xa9 \xff \xf0\x9f\x93\xba", "caf\xc3\xa9 ? \xf0\x9f\x93\xba"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		/* As long as the text, so that a read past its end is seen. */
		char *text = strdup(cases[i].text);

		assert_non_null(text);
		utf8_repair(text);
		if (strcmp(text, cases[i].expected) != 0)
			fail_msg("case %zu: \"%s\"", i, text);
		utf8_repair(text); /* nothing is left to repair */
		assert_string_equal(text, cases[i].expected);
		free(text);
	}
}

/* Write a number as a sequence of size bytes, whether it may be written so or not. */
static void encode(char *out, uint32_t number, int size)
{
	static const unsigned char leads[] = {0, 0, 0xc0, 0xe0, 0xf0};

	for (int i = size - 1; i > 0; i--, number >>= 6)
		out[i] = (char)(0x80 | (number & 0x3f));
	out[0] = (char)(leads[size] | number);
	out[size] = '\0';
}

/* Every number in every length: kept exactly when it is a character and this is its shortest form. */
static void test_every_number(void **state)
{
	static const uint32_t first[] = {0, 0, 0x80, 0x800, 0x10000}, bits[] = {0, 0, 11, 16, 21};

	(void)state;
	for (int size = 2; size <= 4; size++) {
		for (uint32_t n = 0; n < 1u << bits[size]; n++) {
			int good = n >= first[size] && n <= 0x10ffff && (n < 0xd800 || n > 0xdfff);
			char text[5], before[5];

			encode(text, n, size);
			memcpy(before, text, sizeof(before));
			utf8_repair(text);
			if (strcmp(text, good ? before : &"????"[4 - size]) != 0)
				fail_msg("U+%04X in %d bytes", (unsigned int)n, size);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_every_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
