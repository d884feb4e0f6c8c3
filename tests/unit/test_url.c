/*
 * Output URLs: what is accepted, what is refused with which word, secrets hidden and kept.
 */
#include "output/url.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void test_srt(void **state)
{
	struct output_url url;
	char why[160];

	(void)state;
	assert_int_equal(output_url_parse(&url,
	                                  "srt://example.com:9000?mode=caller&latency=250&"
	                                  "passphrase=se%26cret%2012345&pbkeylen=32&"
	                                  "streamid=#!::r=live/a,m=publish&conntimeo=5000",
	                                  why, sizeof(why)),
	                 0);
	assert_int_equal(url.scheme, OUTPUT_SRT);
	assert_string_equal(url.host, "example.com");
	assert_int_equal(url.port, 9000);
	assert_int_equal(url.srt.latency_ms, 250);
	assert_string_equal(url.srt.passphrase, "se&cret 12345");
	assert_int_equal(url.srt.pbkeylen, 32);
	assert_string_equal(url.srt.streamid, "#!::r=live/a,m=publish");
	assert_int_equal(url.srt.conntimeo_ms, 5000);

	assert_int_equal(output_url_parse(&url, "SRT://[2001:db8::1]:1/", why, sizeof(why)), 0);
	assert_string_equal(url.host, "2001:db8::1");
	assert_int_equal(url.port, 1);
	assert_int_equal(url.srt.latency_ms, 120);
	assert_int_equal(url.srt.conntimeo_ms, 3000);
	assert_int_equal(url.srt.pbkeylen, 0);
	assert_string_equal(url.srt.passphrase, "");
}

static void test_rtmp(void **state)
{
	static const struct {
		const char *text, *host, *app, *key;
		uint16_t port;
	} cases[] = {
		{"rtmp://a.rtmp.youtube.com/live2/abcd-efgh", "a.rtmp.youtube.com", "live2",
	         "abcd-efgh", 1935},
		{"rtmp://h:19350/app/inst/x/key?a=b/c&d=e", "h", "app/inst/x", "key?a=b/c&d=e",
	         19350},
		{"Rtmp://[::1]:1936/app//key", "::1", "app", "key", 1936},
		{"rtmp://h//app/key%20#x", "h", "app", "key%20#x", 1935},
	};
	struct output_url url;
	char why[160];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(output_url_parse(&url, cases[i].text, why, sizeof(why)), 0);
		assert_int_equal(url.scheme, OUTPUT_RTMP);
		assert_string_equal(url.host, cases[i].host);
		assert_string_equal(url.rtmp.app, cases[i].app);
		assert_string_equal(url.rtmp.key, cases[i].key);
		assert_int_equal(url.port, cases[i].port);
	}
}

static void test_refused(void **state)
{
	static const struct {
		const char *text, *word;
	} cases[] = {
		{"", "begin with"},
		{"srt:/h:1", "begin with"},
		{"http://h:1", "begin with"},
		{"udp://h:1", "begin with"},
		{"rtmps://h/app/key", "rtmps:// is not supported"},
		{"srt://h", "port is missing"},
		{"srt://h:", "port must"},
		{"srt://h:0", "port must"},
		{"srt://h:65536", "port must"},
		{"srt://h:99999999999999999999", "port must"},
		{"srt://h:+1", "port must"},
		{"srt://:9000", "host is missing"},
		{"srt://[::1:9000", "closing bracket"},
		{"srt://[::1]9000", "only a port"},
		{"srt://[1.2.3.4]:9000", "not an IPv6"},
		{"srt://[]:9000", "host is missing"},
		{"srt://::1:9000", "in brackets"},
		{"srt://user@h:1", "user or password"},
		{"srt://h\"x:1", "character"},
		{"srt://h:1/path", "no path"},
		{"srt://h:1 ", "space"},
		{"srt://h:1?streamid=a\nb", "control"},
		{"srt://h:1?mode=listener", "mode=listener is not supported"},
		{"srt://h:1?mode=rendezvous", "mode=rendezvous is not supported"},
		{"srt://h:1?mode=", "mode must"},
		{"srt://h:1?mode=xyz", "mode must"},
		{"srt://h:1?latncy=1", "\"latncy\""},
		{"srt://h:1?latency", "latency must"},
		{"srt://h:1?latency=60001", "latency must"},
		{"srt://h:1?latency=-1", "latency must"},
		{"srt://h:1?latency=1&latency=2", "twice"},
		{"srt://h:1?passphrase=short", "at least 10"},
		{"srt://h:1?passphrase=%", "hex"},
		{"srt://h:1?passphrase=0123456789%4", "hex"},
		{"srt://h:1?passphrase=0123456789%zz", "hex"},
		{"srt://h:1?streamid=%00", "control"},
		{"srt://h:1?pbkeylen=17", "pbkeylen must"},
		{"srt://h:1?conntimeo=99", "conntimeo must"},
		{"rtmp://h", "stream key"},
		{"rtmp://h/", "stream key"},
		{"rtmp://h/app", "stream key"},
		{"rtmp://h/app/", "stream key"},
		{"rtmp://h/app/?a=b", "stream key"},
		{"rtmp://h//key", "stream key"},
		{"rtmp://h?x/app/key", "stream key"},
		{"rtmp:///app/key", "host is missing"},
	};
	struct output_url url, before;
	char why[160];

	(void)state;
	memset(&before, 0x5a, sizeof(before));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		url = before;
		assert_int_equal(output_url_parse(&url, cases[i].text, why, sizeof(why)), -EINVAL);
		if (!strstr(why, cases[i].word))
			fail_msg("%s: \"%s\" lacks \"%s\"", cases[i].text, why, cases[i].word);
		assert_memory_equal(&url, &before, sizeof(url));
	}
}

static void test_lengths(void **state)
{
	struct output_url url;
	char text[4096], why[24], run[2100];

	(void)state;
	memset(run, 'a', sizeof(run));
	snprintf(text, sizeof(text), "srt://h:1?passphrase=%.79s", run);
	assert_int_equal(output_url_parse(&url, text, why, sizeof(why)), 0);
	snprintf(text, sizeof(text), "srt://h:1?passphrase=%.80s", run);
	assert_int_equal(output_url_parse(&url, text, why, sizeof(why)), -EINVAL);
	snprintf(text, sizeof(text), "srt://h:1?streamid=%.512s", run);
	assert_int_equal(output_url_parse(&url, text, why, sizeof(why)), 0);
	assert_int_equal(strlen(url.srt.streamid), 512);
	snprintf(text, sizeof(text), "srt://h:1?streamid=%.513s", run);
	assert_int_equal(output_url_parse(&url, text, why, sizeof(why)), -EINVAL);
	snprintf(text, sizeof(text), "srt://%.253s:1", run);
	assert_int_equal(output_url_parse(&url, text, why, sizeof(why)), 0);
	snprintf(text, sizeof(text), "srt://%.254s:1", run);
	assert_int_equal(output_url_parse(&url, text, why, sizeof(why)), -EINVAL);
	snprintf(text, sizeof(text), "rtmp://h/%.511s/%.1023s", run, run);
	assert_int_equal(output_url_parse(&url, text, why, sizeof(why)), 0);
	snprintf(text, sizeof(text), "rtmp://h/%.512s/k", run);
	assert_int_equal(output_url_parse(&url, text, why, sizeof(why)), -EINVAL);
	snprintf(text, sizeof(text), "rtmp://h/a/%.1024s", run);
	assert_int_equal(output_url_parse(&url, text, why, sizeof(why)), -EINVAL);
	snprintf(text, sizeof(text), "srt://h:1?&%.2037s", run);
	assert_int_equal(output_url_parse(&url, text, why, sizeof(why)), -EINVAL);
	assert_int_equal(strlen(why), sizeof(why) - 1); /* cut, not overrun */
}

static void test_mask(void **state)
{
	static const struct {
		const char *text, *masked;
	} cases[] = {
		{"srt://h:1?latency=5&passphrase=0123456789&streamid=x",
	         "srt://h:1?latency=5&passphrase=***&streamid=x"},
		{"srt://h:1?streamid=passphrase=0", "srt://h:1?streamid=passphrase=0"},
		{"srt://h:1", "srt://h:1"},
		{"rtmp://h/app/key?token=1", "rtmp://h/app/***"},
		{"rtmp://h:1/a/b/k", "rtmp://h:1/a/b/***"},
		{"rtmp://h/app", "***"},
		{"srt://h:1?pass%70hrase=0123456789", "***"},
		{"srt://h:1?passphrase=short", "***"},
		{"nonsense", "***"},
		{"", "***"},
	};
	char out[OUTPUT_URL_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		output_url_mask(out, cases[i].text);
		assert_string_equal(out, cases[i].masked);
	}
}

static void test_unmask(void **state)
{
	static const struct {
		const char *text, *stored, *result;
	} cases[] = {
		{"srt://h:1?passphrase=***&latency=9", "srt://h:1?passphrase=012345678%26",
	         "srt://h:1?passphrase=012345678%26&latency=9"},
		{"srt://new:2?passphrase=another-one", "srt://h:1?passphrase=0123456789",
	         "srt://new:2?passphrase=another-one"},
		{"srt://new:2", "srt://h:1?passphrase=0123456789", "srt://new:2"},
		{"rtmp://H:1935/a/***", "rtmp://h/a/key?t=1", "rtmp://H:1935/a/key?t=1"},
		/* a secret does not go to another peer */
		{"srt://new:1?passphrase=***", "srt://h:1?passphrase=0123456789", NULL},
		{"srt://h:12?passphrase=***", "srt://h:1?passphrase=0123456789", NULL},
		{"rtmp://new/a/***", "rtmp://h/a/key", NULL},
		{"rtmp://h:1936/a/***", "rtmp://h/a/key", NULL},
		{"rtmp://h/b/***", "rtmp://h/a/key", NULL},
		{"rtmp://new/app/k", NULL, "rtmp://new/app/k"},
		{"srt://new:2?passphrase=***", "rtmp://h/a/key", NULL},
		{"rtmp://new/app/***", "srt://h:1", NULL},
		{"rtmp://new/app/***", NULL, NULL},
		{"srt://new:2?passphrase=***", "srt://h:1?latency=1", NULL},
	};
	char out[OUTPUT_URL_BYTES], stored[OUTPUT_URL_BYTES], text[OUTPUT_URL_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int error = output_url_unmask(out, cases[i].text, cases[i].stored);

		assert_int_equal(error, cases[i].result ? 0 : -EINVAL);
		if (!error)
			assert_string_equal(out, cases[i].result);
	}
	memset(text, '0', sizeof(text));
	memcpy(text, "srt://h:1?passphrase=***&latency=", 33);
	text[sizeof(text) - 1] = '\0';
	snprintf(stored, sizeof(stored), "srt://h:1?passphrase=0123456789");
	assert_int_equal(output_url_unmask(out, text, stored), -ENAMETOOLONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_srt),     cmocka_unit_test(test_rtmp),
		cmocka_unit_test(test_refused), cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_mask),    cmocka_unit_test(test_unmask),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
