/*
 * Stream ids: both forms, what they name, and what is meant by faulty ones.
 */
#include "output/stream_id.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void test_forms(void **state)
{
	static const struct {
		const char *text, *resource; /* NULL: none is named */
		bool request;
	} cases[] = {
		{"", "", true},
		{"news", "news", true},
		{"live/news?x=1,m=publish", "live/news?x=1,m=publish", true},
		{"#!::r=news", "news", true},
		{"#!::r=news,m=request", "news", true},
		{"#!::m=request,r=news", "news", true},
		{"#!::u=alice,r=live/news,h=example.com,s=4711,t=stream,m=request", "live/news",
	         true},
		{"#!::r=a=b", "a=b", true},
		{"#!::r=", "", true},
		{"#!::u=alice", NULL, true},
		{"#!::acme_token=1,r=news", "news", true},
		{"#!::r=news,m=publish", "news", false},
		{"#!::m=bidirectional,r=news", "news", false},
		{"#!::r=news,m=", "news", false},
		{"#!::r=news,m=requests", "news", false},
		{"#!::r=news,m=reques", "news", false},
		{"#!::r=news,M=publish", "news", true},
		{"#!::r=news,t=file", "news", false},
		{"#!::r=news,t=auth", "news", false},
		/* Plain, because they are no lists of pairs, or say something twice. */
		{"#!::", "#!::", true},
		{"#!::news", "#!::news", true},
		{"#!::r=news,", "#!::r=news,", true},
		{"#!::,r=news", "#!::,r=news", true},
		{"#!::=news", "#!::=news", true},
		{"#!::r=news,m", "#!::r=news,m", true},
		{"#!::r=news,r=sport", "#!::r=news,r=sport", true},
		{"#!::m=request,m=publish", "#!::m=request,m=publish", true},
		{"#!:{r=news}", "#!:{r=news}", true},
		{"#!:r=news", "#!:r=news", true},
		{" #!::r=news", " #!::r=news", true},
		{"\xff\x01,=", "\xff\x01,=", true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct stream_id id;

		stream_id_parse(&id, cases[i].text);
		assert_true(stream_id_is(&id, cases[i].text));
		assert_int_equal(stream_id_is_request(&id), cases[i].request);
		if (cases[i].resource)
			assert_true(stream_id_has_resource(&id, cases[i].resource));
		else
			assert_null(id.resource.text);
	}
}

static void test_differences(void **state)
{
	struct stream_id id;

	(void)state;
	stream_id_parse(&id, "#!::r=news,m=request");
	assert_false(stream_id_is(&id, "news"));
	assert_false(stream_id_is(&id, "#!::r=news"));
	assert_false(stream_id_has_resource(&id, "new"));
	assert_false(stream_id_has_resource(&id, "news,"));
	assert_false(stream_id_has_resource(&id, "News"));
	assert_false(stream_id_has_resource(&id, ""));
	stream_id_parse(&id, "#!::u=alice");
	assert_false(stream_id_has_resource(&id, ""));
}

/* The longest that libsrt hands over. */
static void test_long(void **state)
{
	char text[STREAM_ID_BYTES] = "#!::r=";
	struct stream_id id;

	(void)state;
	memset(text + 6, 'x', sizeof(text) - 7);
	stream_id_parse(&id, text);
	assert_int_equal(id.resource.size, STREAM_ID_BYTES - 7);
	assert_true(stream_id_has_resource(&id, text + 6));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_differences),
		cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
