/*
 * The writer of the Prometheus text format: hostile names and help, numbers at their edges, its bound; and what
 * counters are called as metrics.
 */
#include "api/exposition.h"
#include "api/metric_name.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PLENTY 100000

static void test_labels(void **state)
{
	static const struct {
		const char *value, *expected;
	} cases[] = {
		{"", "a=\"\""},
		{"News", "a=\"News\""},
		{"\"", "a=\"\\\"\""},
		{"\\", "a=\"\\\\\""},
		{"\n", "a=\"\\n\""},
		{"\\n", "a=\"\\\\n\""},
		{"\\\"", "a=\"\\\\\\\"\""},
		{"x\",b=\"y", "a=\"x\\\",b=\\\"y\""},
		{"} 17\nevil_total{a=\"", "a=\"} 17\\nevil_total{a=\\\"\""},
		{"# HELP x\r", "a=\"# HELP x\r\""},
		{"\t{}=,", "a=\"\t{}=,\""},
		{"\xff\xc3\xa9\xf0\x9f\x93", "a=\"?\xc3\xa9???\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *labels = NULL;

		assert_int_equal(exposition_label(&labels, "a", cases[i].value), 0);
		assert_string_equal(labels, cases[i].expected);
		free(labels);
	}
}

static void test_several_labels(void **state)
{
	char *labels = NULL;

	(void)state;
	assert_int_equal(exposition_label(&labels, "channel", "1"), 0);
	assert_int_equal(exposition_label(&labels, "name", "a\"b"), 0);
	assert_int_equal(exposition_label(&labels, "state", ""), 0);
	assert_string_equal(labels, "channel=\"1\",name=\"a\\\"b\",state=\"\"");
	free(labels);
}

/* Help keeps its quotes; a family says HELP and TYPE once, and nothing at all without samples. */
static void test_families(void **state)
{
	struct exposition out = {.max_bytes = PLENTY};

	(void)state;
	exposition_family(&out, "silent", EXPOSITION_GAUGE, "Nobody has it");
	exposition_family(&out, "a_total", EXPOSITION_COUNTER,
	                  "Back\\slash \"quoted\"\n# TYPE x y");
	exposition_integer(&out, "", UINT64_MAX);
	exposition_integer(&out, "b=\"c\"", 0);
	exposition_family(&out, "g", EXPOSITION_GAUGE, "");
	exposition_number(&out, "", 0.25);
	assert_int_equal(out.error, 0);
	assert_string_equal(out.text, "# HELP a_total Back\\\\slash \"quoted\"\\n# TYPE x y\n"
	                              "# TYPE a_total counter\n"
	                              "a_total 18446744073709551615\n"
	                              "a_total{b=\"c\"} 0\n"
	                              "# HELP g \n"
	                              "# TYPE g gauge\n"
	                              "g 0.25\n");
	assert_int_equal(out.size, strlen(out.text));
	exposition_free(&out);
	assert_null(out.text);
}

static void test_numbers(void **state)
{
	static const struct {
		double value;
		const char *expected;
	} cases[] = {
		{0, "g 0\n"},
		{-0.5, "g -0.5\n"},
		{12.345, "g 12.345\n"},
		{1e300, "g 1e+300\n"},
		{INFINITY, "g +Inf\n"},
		{-INFINITY, "g -Inf\n"},
		{NAN, "g NaN\n"},
		{0.05, "g 0.05\n"},
		{1234567890123.0, "g 1234567890123\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct exposition out = {.max_bytes = PLENTY};

		exposition_family(&out, "g", EXPOSITION_GAUGE, "Help");
		exposition_number(&out, "", cases[i].value);
		assert_string_equal(out.text + strlen("# HELP g Help\n# TYPE g gauge\n"),
		                    cases[i].expected);
		exposition_free(&out);
	}
}

/* At every bound: nothing is written beyond it, and what was written stays a text. */
static void test_bound(void **state)
{
	static const char whole[] = "# HELP g Help\n# TYPE g gauge\ng{a=\"b\"} 7\n";

	(void)state;
	for (size_t max = 0; max <= sizeof(whole) + 1; max++) {
		struct exposition out = {.max_bytes = max};

		exposition_family(&out, "g", EXPOSITION_GAUGE, "Help");
		exposition_integer(&out, "a=\"b\"", 7);
		assert_int_equal(out.error, max < sizeof(whole) ? -EFBIG : 0);
		assert_true(!out.text || out.size + 1 <= max);
		assert_true(!out.text || !strncmp(out.text, whole, out.size));
		exposition_integer(&out, "a=\"b\"", 8);
		assert_int_equal(out.error, -EFBIG);
		exposition_free(&out);
	}
}

static void test_growth(void **state)
{
	struct exposition out = {.max_bytes = 1 << 20};
	const char *at;

	(void)state;
	exposition_family(&out, "g", EXPOSITION_GAUGE, "Help");
	for (unsigned int i = 0; i < 10000; i++)
		exposition_integer(&out, "", i);
	assert_int_equal(out.error, 0);
	at = strstr(out.text, "g 0\n");
	for (unsigned int i = 0; i < 10000; i++) {
		char line[20];

		snprintf(line, sizeof(line), "g %u\n", i);
		assert_memory_equal(at, line, strlen(line));
		at += strlen(line);
	}
	assert_int_equal(*at, '\0');
	exposition_free(&out);
}

static void test_names(void **state)
{
	static const struct {
		struct counter_info info;
		const char *name;
		double value; /* of 1000 */
	} cases[] = {
		{{"rtp_lost", COUNTER_TOTAL, "packets", ""}, "d_rtp_lost_total", 1000},
		{{"bytes_sent", COUNTER_TOTAL, "bytes", ""}, "d_bytes_sent_total", 1000},
		{{"packets_lost", COUNTER_TOTAL, "ts_packets", ""}, "d_packets_lost_total", 1000},
		{{"rtp_held", COUNTER_GAUGE, "packets", ""}, "d_rtp_held", 1000},
		{{"rtp_memory_bytes", COUNTER_GAUGE, "bytes", ""}, "d_rtp_memory_bytes", 1000},
		{{"rtp_hold_ms", COUNTER_GAUGE, "milliseconds", ""}, "d_rtp_hold_seconds", 1},
		{{"rtp_jitter_us", COUNTER_GAUGE, "microseconds", ""},
	         "d_rtp_jitter_seconds",
	         0.001},
		{{"bitrate_bps", COUNTER_GAUGE, "bits_per_second", ""},
	         "d_bitrate_bytes_per_second",
	         125},
		{{"arrival_le_1ms", COUNTER_TOTAL, "packets", ""}, "d_arrival_le_1ms_total", 1000},
		{{"pktSentUniqueTotal", COUNTER_TOTAL, "packets", ""},
	         "d_srt_sent_unique_packets_total",
	         1000},
		{{"byteSndDropTotal", COUNTER_TOTAL, "bytes", ""},
	         "d_srt_snd_drop_bytes_total",
	         1000},
		{{"pktRecvNAKTotal", COUNTER_TOTAL, "packets", ""},
	         "d_srt_recv_nak_packets_total",
	         1000},
		{{"msRTT", COUNTER_GAUGE_MILLI, "milliseconds", ""}, "d_srt_rtt_seconds", 1},
		{{"mbpsMaxBW", COUNTER_GAUGE_MILLI, "megabits_per_second", ""},
	         "d_srt_max_bw_bytes_per_second",
	         125000000},
		{{"msSndTsbPdDelay", COUNTER_GAUGE, "milliseconds", ""},
	         "d_srt_snd_tsb_pd_delay_seconds",
	         1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct metric_name name;

		assert_int_equal(metric_name_make(&name, "d_", &cases[i].info), 0);
		assert_string_equal(name.text, cases[i].name);
		assert_true(fabs(1000 * name.multiply / name.divide - cases[i].value) < 1e-9);
	}
}

static void test_long_name(void **state)
{
	struct counter_info info = {NULL, COUNTER_TOTAL, "packets", ""};
	struct metric_name name;
	char text[200];

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	info.name = text;
	assert_int_equal(metric_name_make(&name, "d_", &info), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_labels),   cmocka_unit_test(test_several_labels),
		cmocka_unit_test(test_families), cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_bound),    cmocka_unit_test(test_growth),
		cmocka_unit_test(test_names),    cmocka_unit_test(test_long_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
