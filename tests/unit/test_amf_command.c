/*
 * Commands from a server: wire vectors, each also cut at every length and with every byte changed.
 */
#include "media/amf_command.h"

#include "media/amf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void write_text(struct amf_writer *w, const char *key, const char *text)
{
	amf_write_key(w, key);
	amf_write_string(w, text);
}

/* An onStatus with something of every kind around what matters. */
static size_t write_status(uint8_t *out, size_t size)
{
	struct amf_writer w = amf_writer(out, size);

	amf_write_string(&w, "onStatus");
	amf_write_number(&w, 3);
	amf_write_null(&w);
	amf_begin_object(&w);
	amf_write_key(&w, "data");
	amf_begin_array(&w, 1);
	write_text(&w, "level", "inner");
	amf_end(&w);
	amf_write_key(&w, "list");
	amf_begin_list(&w, 2);
	amf_write_boolean(&w, true);
	amf_write_number(&w, 1);
	write_text(&w, "level", "error");
	write_text(&w, "code", "NetStream.Publish.BadName");
	write_text(&w, "description", "Already\npublishing");
	amf_end(&w);
	assert_false(w.overrun);
	return amf_size(&w);
}

static void test_status(void **state)
{
	struct amf_command command;
	uint8_t body[400];
	const size_t size = write_status(body, sizeof(body));

	(void)state;
	assert_int_equal(amf_command_read(&command, body, size), 0);
	assert_string_equal(command.name, "onStatus");
	assert_true(command.transaction == 3);
	assert_string_equal(command.level, "error");
	assert_string_equal(command.code, "NetStream.Publish.BadName");
	assert_string_equal(command.description, "Already publishing");
}

/* Each piece is read from memory of just its size, where a sanitizer sees what lies beyond. */
static int read_exact(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);
	struct amf_command command;
	int error;

	assert_non_null(copy);
	memcpy(copy, data, size);
	error = amf_command_read(&command, copy, size);
	free(copy);
	return error;
}

static void test_cut(void **state)
{
	uint8_t body[400];
	const size_t size = write_status(body, sizeof(body));
	size_t whole = 0;

	(void)state;
	for (size_t i = 0; i < size; i++)
		whole += read_exact(body, i) == 0;
	assert_int_equal(whole, 2); /* before the null and before the object */
	for (size_t i = 0; i < size; i++) {
		for (unsigned int bit = 0; bit < 8; bit++) {
			body[i] ^= (uint8_t)(1 << bit);
			read_exact(body, size);
			body[i] ^= (uint8_t)(1 << bit);
		}
	}
}

static void test_refused(void **state)
{
	static const uint8_t no_name[] = {0, 0, 0, 0, 0, 0, 0, 0, 0};
	static const uint8_t no_number[] = {2, 0, 1, 'a', 2, 0, 1, 'b'};
	static const uint8_t unknown[] = {2, 0, 1, 'a', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x11};
	static const uint8_t endless[] = {2, 0, 1, 'a', 0,    0,    0,    0,    0, 0,
	                                  0, 0, 0, 10,  0xff, 0xff, 0xff, 0xff, 5};

	(void)state;
	assert_int_equal(read_exact(no_name, sizeof(no_name)), -EBADMSG);
	assert_int_equal(read_exact(no_number, sizeof(no_number)), -EBADMSG);
	assert_int_equal(read_exact(unknown, sizeof(unknown)), -EBADMSG);
	assert_int_equal(read_exact(endless, sizeof(endless)), -EBADMSG);
}

/* Lists in lists: so many are read, and no more. */
static int read_nested(unsigned int levels)
{
	uint8_t body[20000];
	struct amf_writer w = amf_writer(body, sizeof(body));

	amf_write_string(&w, "a");
	amf_write_number(&w, 0);
	for (unsigned int i = 0; i < levels; i++)
		amf_begin_list(&w, 1);
	amf_write_null(&w);
	assert_false(w.overrun);
	return read_exact(body, amf_size(&w));
}

static void test_depth(void **state)
{
	(void)state;
	assert_int_equal(read_nested(AMF_COMMAND_DEPTH), 0);
	assert_int_equal(read_nested(AMF_COMMAND_DEPTH + 1), -EBADMSG);
	assert_int_equal(read_nested(3000), -EBADMSG);
}

/* Texts that are longer than what is kept. */
static void test_long(void **state)
{
	struct amf_command command;
	uint8_t body[1000];
	struct amf_writer w = amf_writer(body, sizeof(body));
	char text[301];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[300] = '\0';
	amf_write_string(&w, text);
	amf_write_number(&w, 0);
	amf_begin_object(&w);
	write_text(&w, "code", text);
	amf_end(&w);
	assert_int_equal(amf_command_read(&command, body, amf_size(&w)), 0);
	assert_int_equal(strlen(command.name), sizeof(command.name) - 1);
	assert_int_equal(strlen(command.code), sizeof(command.code) - 1);
}

/* What some readers do not know is read, and told of, at whatever depth. */
static void test_exotic(void **state)
{
	static const uint8_t values[][6] = {{5}, {7, 0, 0}, {16, 0, 0, 0, 0, 9}};
	struct amf_command command;
	uint8_t body[200];

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		for (unsigned int levels = 0; levels < 3; levels++) {
			struct amf_writer w = amf_writer(body, sizeof(body));
			size_t size;

			amf_write_string(&w, "a");
			amf_write_number(&w, 0);
			for (unsigned int level = 0; level < levels; level++)
				amf_begin_list(&w, 1);
			size = i == 0 ? 1 : i == 1 ? 3 : 6;
			memcpy(body + amf_size(&w), values[i], size);
			size += amf_size(&w);
			assert_int_equal(amf_command_read(&command, body, size), 0);
			assert_int_equal(command.exotic, i > 0);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_status),  cmocka_unit_test(test_cut),
		cmocka_unit_test(test_refused), cmocka_unit_test(test_depth),
		cmocka_unit_test(test_long),    cmocka_unit_test(test_exotic),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
