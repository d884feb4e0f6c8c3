/*
 * Options of RTMP outputs as text and back.
 */
#include "output/rtmp_options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct rtmp_option *option(const char *name)
{
	for (size_t i = 0; i < RTMP_TEXT_OPTIONS; i++)
		if (!strcmp(rtmp_option_table[i].name, name))
			return &rtmp_option_table[i];
	fail_msg("no option %s", name);
	return NULL;
}

static void assert_taken(struct rtmp_options *options, const char *name, const char *text,
                         const char *usual)
{
	const char *must_be = option(name)->set(options, text);
	char out[RTMP_OPTION_BYTES];

	if (must_be)
		fail_msg("%s=%s must be %s", name, text, must_be);
	option(name)->get(options, out);
	assert_string_equal(out, usual);
}

static void assert_refused(const char *name, const char *text)
{
	struct rtmp_options options = rtmp_options_default(), before;
	const char *must_be;

	options.choice = (struct remux_choice){3, "deu", HEVC_LEGACY, CUE_YOUTUBE};
	strcpy(options.tls_ca, "/ca");
	before = options;
	must_be = option(name)->set(&options, text);
	if (!must_be || !*must_be || !rtmp_options_equal(&options, &before))
		fail_msg("%s=%s", name, text);
}

static void test_audio(void **state)
{
	static const char *const refused[] = {
		"",   "-1", "+1",   " 1",   "1 ",     "256",   "0000",  "1:eng", "e",      "en",
		"e1", "1e", "engl", "eng:", "eng:-1", "eng:x", "eng 1", "en:1",  "eng:256"};
	struct rtmp_options options = rtmp_options_default();

	(void)state;
	assert_taken(&options, "audio", "0", "0");
	assert_taken(&options, "audio", "255", "255");
	assert_int_equal(options.choice.audio_index, 255);
	assert_taken(&options, "audio", "eng", "eng");
	assert_int_equal(options.choice.audio_index, 0); /* not the index from before */
	assert_taken(&options, "audio", "DEU:007", "deu:7");
	assert_string_equal(options.choice.audio_language, "deu");
	assert_int_equal(options.choice.audio_index, 7);
	assert_taken(&options, "audio", "qaa:0", "qaa");
	assert_taken(&options, "audio", "2", "2"); /* nor the language */
	assert_string_equal(options.choice.audio_language, "");
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		assert_refused("audio", refused[i]);
}

static void test_words(void **state)
{
	struct rtmp_options options = rtmp_options_default();

	(void)state;
	assert_taken(&options, "hevc", "legacy", "legacy");
	assert_int_equal(options.choice.hevc, HEVC_LEGACY);
	assert_taken(&options, "hevc", "enhanced", "enhanced");
	assert_int_equal(options.choice.hevc, HEVC_ENHANCED);
	assert_refused("hevc", "");
	assert_refused("hevc", "Legacy");
	assert_taken(&options, "cues", "oncuepoint_scte35", "oncuepoint_scte35");
	assert_int_equal(options.choice.cues, CUE_ONCUEPOINT_SCTE35);
	assert_taken(&options, "cues", "oncuepoint", "oncuepoint");
	assert_int_equal(options.choice.cues, CUE_ONCUEPOINT);
	assert_taken(&options, "cues", "onadcue", "onadcue");
	assert_int_equal(options.choice.cues, CUE_ONADCUE);
	assert_taken(&options, "cues", "youtube", "youtube");
	assert_int_equal(options.choice.cues, CUE_YOUTUBE);
	assert_taken(&options, "cues", "off", "off");
	assert_int_equal(options.choice.cues, CUE_OFF);
	assert_refused("cues", "on");
	assert_refused("cues", "");
}

static void test_tls(void **state)
{
	struct rtmp_options options = rtmp_options_default();
	char path[300];

	(void)state;
	assert_true(options.tls_verify);
	assert_taken(&options, "tls_verify", "off", "off");
	assert_false(options.tls_verify);
	assert_taken(&options, "tls_verify", "on", "on");
	assert_true(options.tls_verify);
	assert_refused("tls_verify", "1");
	assert_refused("tls_verify", "ON");
	memset(path, 'x', sizeof(path));
	path[0] = '/';
	path[255] = '\0';
	assert_taken(&options, "tls_ca", path, path);
	assert_taken(&options, "tls_ca", "", "");
	path[255] = 'x';
	path[256] = '\0';
	assert_refused("tls_ca", path);
	assert_refused("tls_ca", "ca.pem");
	assert_refused("tls_ca", "/a\nb");
	assert_refused("tls_ca", "/a\x7f");
	for (size_t i = 0; i < RTMP_TEXT_OPTIONS; i++)
		assert_int_equal(rtmp_option_table[i].tls,
		                 !strncmp(rtmp_option_table[i].name, "tls_", 4));
}

/* Each of them alone makes a difference. */
static void test_equal(void **state)
{
	static const char *const changes[RTMP_TEXT_OPTIONS][2] = {{"audio", "1"},
	                                                          {"hevc", "legacy"},
	                                                          {"cues", "onadcue"},
	                                                          {"tls_verify", "off"},
	                                                          {"tls_ca", "/ca"}};
	const struct rtmp_options usual = rtmp_options_default();
	struct rtmp_options other = usual;

	(void)state;
	assert_true(rtmp_options_equal(&usual, &other));
	for (size_t i = 0; i < RTMP_TEXT_OPTIONS; i++) {
		other = usual;
		assert_null(option(changes[i][0])->set(&other, changes[i][1]));
		assert_false(rtmp_options_equal(&usual, &other));
	}
	other = usual;
	assert_null(option("audio")->set(&other, "eng"));
	assert_false(rtmp_options_equal(&usual, &other));
	other = usual;
	other.backlog_ms++;
	assert_false(rtmp_options_equal(&usual, &other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_audio),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_tls),
		cmocka_unit_test(test_equal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
