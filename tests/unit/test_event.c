/*
 * Events: kept in order, found by id, the oldest forgotten.
 */
#include "base/event.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct event events[EVENT_COUNT + 1];

static void test_list(void **state)
{
	(void)state;
	assert_int_equal(event_newest(), 0);
	assert_int_equal(event_list(0, events, EVENT_COUNT), 0);
	event_add(LOG_LEVEL_DEBUG, "first", "a", "number %d", 1);
	event_add(LOG_LEVEL_DEBUG, "second", "b", "number %d", 2);
	assert_int_equal(event_newest(), 2);
	assert_int_equal(event_list(0, events, EVENT_COUNT), 2);
	assert_int_equal(events[0].id, 1);
	assert_string_equal(events[0].type, "first");
	assert_string_equal(events[0].subject, "a");
	assert_string_equal(events[0].text, "number 1");
	assert_true(events[0].wall_ms > 1700000000000);
	assert_int_equal(events[1].id, 2);
	assert_int_equal(event_list(0, events, 1), 1);
	assert_int_equal(events[0].id, 1);
	assert_int_equal(event_list(1, events, EVENT_COUNT), 1);
	assert_int_equal(events[0].id, 2);
	assert_int_equal(event_list(2, events, EVENT_COUNT), 0);
	assert_int_equal(event_list(UINT64_MAX, events, EVENT_COUNT), 0);
}

static void test_oldest_go(void **state)
{
	char long_text[400];

	(void)state;
	memset(long_text, 'x', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = '\0';
	for (int i = 0; i < EVENT_COUNT; i++)
		event_add(LOG_LEVEL_DEBUG, long_text, long_text, "%s", long_text);
	assert_int_equal(event_newest(), EVENT_COUNT + 2);
	assert_int_equal(event_list(0, events, EVENT_COUNT + 1), EVENT_COUNT);
	for (int i = 0; i < EVENT_COUNT; i++)
		assert_int_equal(events[i].id, (uint64_t)i + 3);
	assert_int_equal(strlen(events[0].type), sizeof(events[0].type) - 1);
	assert_int_equal(strlen(events[0].subject), sizeof(events[0].subject) - 1);
	assert_int_equal(strlen(events[0].text), sizeof(events[0].text) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_oldest_go),
	};

	log_configure(LOG_LEVEL_ERROR, false);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
