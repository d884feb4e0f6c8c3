/*
 * Output URLs: schemes, hosts and ports, what is refused with which word, secrets hidden and kept. Options have
 * test_url_options.c.
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

static void test_authority(void **state)
{
	static const struct {
		const char *text, *host;
		enum output_scheme scheme;
		uint16_t port;
	} cases[] = {
		{"srt://example.com:9000", "example.com", OUTPUT_SRT, 9000},
		{"SRT://[2001:db8::1]:1/", "2001:db8::1", OUTPUT_SRT, 1},
		{"srt://10.0.0.1:09000?latency=1", "10.0.0.1", OUTPUT_SRT, 9000},
		{"udp://10.1.2.3:5000", "10.1.2.3", OUTPUT_UDP, 5000},
		{"udp://239.1.2.3:65535/", "239.1.2.3", OUTPUT_UDP, 65535},
		{"Rtp://[ff3e::8000:1]:5004?ttl=4", "ff3e::8000:1", OUTPUT_RTP, 5004},
		{"rtp://encoder_1.plant:5004", "encoder_1.plant", OUTPUT_RTP, 5004},
	};
	struct output_url url;
	char why[160];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(output_url_parse(&url, cases[i].text, why, sizeof(why)), 0);
		assert_int_equal(url.scheme, cases[i].scheme);
		assert_string_equal(url.host, cases[i].host);
		assert_int_equal(url.port, cases[i].port);
	}
}

/* The host of a listener is its own address, and may be given as its adapter. */
static void test_listener(void **state)
{
	static const struct {
		const char *text, *address;
		enum srt_mode mode;
	} cases[] = {
		{"srt://:9000", "", SRT_MODE_LISTENER},
		{"srt://:9000?mode=listener", "", SRT_MODE_LISTENER},
		{"srt://:9000/?mode=server&streamid=a", "", SRT_MODE_LISTENER},
		{"srt://10.0.0.1:9000?mode=listener", "10.0.0.1", SRT_MODE_LISTENER},
		{"srt://:9000?adapter=10.0.0.1", "10.0.0.1", SRT_MODE_LISTENER},
		{"srt://10.0.0.1:9000?mode=listener&adapter=10.0.0.1", "10.0.0.1",
	         SRT_MODE_LISTENER},
		{"srt://0.0.0.0:9000?mode=listener", "0.0.0.0", SRT_MODE_LISTENER},
		{"srt://[::]:9000?mode=listener", "::", SRT_MODE_LISTENER},
		{"srt://[2001:DB8:0::1]:9000?mode=listener", "2001:db8::1", SRT_MODE_LISTENER},
		{"srt://[::ffff:10.0.0.1]:9000?mode=listener", "10.0.0.1", SRT_MODE_LISTENER},
	};
	struct output_url url;
	char why[160];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(output_url_parse(&url, cases[i].text, why, sizeof(why)), 0);
		assert_int_equal(url.srt.mode, cases[i].mode);
		assert_string_equal(url.host, cases[i].address);
		assert_string_equal(url.srt.adapter, cases[i].address);
		assert_int_equal(url.port, 9000);
	}
}

static void test_rtmp(void **state)
{
	static const struct {
		const char *text, *host, *app, *key;
		uint16_t port;
		bool tls;
	} cases[] = {
		{"rtmp://a.rtmp.youtube.com/live2/abcd-efgh", "a.rtmp.youtube.com", "live2",
	         "abcd-efgh", 1935, false},
		{"rtmps://a.rtmps.youtube.com/live2/abcd-efgh-ijkl-mnop-qrst",
	         "a.rtmps.youtube.com", "live2", "abcd-efgh-ijkl-mnop-qrst", 443, true},
		{"rtmps://live-api-s.facebook.com:443/rtmp/"
	         "FB-1234567890-0-Abx_9?s_bl=1&s_psm=1&s_sw=0&s_tids=1&s_vt=api-s&a=AbwX-%2F",
	         "live-api-s.facebook.com", "rtmp",
	         "FB-1234567890-0-Abx_9?s_bl=1&s_psm=1&s_sw=0&s_tids=1&s_vt=api-s&a=AbwX-%2F", 443,
	         true},
		{"rtmp://fra05.contribute.live-video.net/app/live_12345_AbC?bandwidthtest=true",
	         "fra05.contribute.live-video.net", "app", "live_12345_AbC?bandwidthtest=true",
	         1935, false},
		{"RTMPS://ingest.global-contribute.live-video.net:443/app/live_1_a",
	         "ingest.global-contribute.live-video.net", "app", "live_1_a", 443, true},
		{"rtmp://p.ep123456.i.akamaientrypoint.net/EntryPoint/prog_1_500@123456",
	         "p.ep123456.i.akamaientrypoint.net", "EntryPoint", "prog_1_500@123456", 1935,
	         false},
		{"rtmp://10.0.0.1:1935/live/channel/a/main", "10.0.0.1", "live/channel/a", "main",
	         1935, false},
		{"rtmp://wowza:1935/live/_definst_/my.stream?wowzatokenhash=aB%2F==&x=/y/z",
	         "wowza", "live/_definst_", "my.stream?wowzatokenhash=aB%2F==&x=/y/z", 1935, false},
		{"rtmps://h:1/a/k=e=y&more=", "h", "a", "k=e=y&more=", 1, true},
		{"rtmp://h/app/key with space?a=b c", "h", "app", "key with space?a=b c", 1935,
	         false},
		{"rtmp://h:19350/app/inst/x/key?a=b/c&d=e", "h", "app/inst/x", "key?a=b/c&d=e",
	         19350, false},
		{"Rtmp://[::1]:1936/app//key", "::1", "app", "key", 1936, false},
		{"rtmps://[2001:db8::1]/app/key", "2001:db8::1", "app", "key", 443, true},
		{"rtmp://h//app/key%20#x", "h", "app", "key%20#x", 1935, false},
		/* without a key */
		{"rtmp://h/app", "h", "app", "", 1935, false},
		{"rtmp://h//app", "h", "app", "", 1935, false},
		{"rtmps://live-api-s.facebook.com:443/rtmp/", "live-api-s.facebook.com", "rtmp", "",
	         443, true},
		{"rtmp://h/a/b//", "h", "a/b", "", 1935, false},
		{"rtmp://h/app?token=a/b", "h", "app?token=a/b", "", 1935, false},
		{"rtmp://h/a/b/?token=1", "h", "a/b?token=1", "", 1935, false},
		{"rtmp://h/app?", "h", "app", "", 1935, false},
	};
	struct output_url url;
	char why[160];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (output_url_parse(&url, cases[i].text, why, sizeof(why)))
			fail_msg("%s: %s", cases[i].text, why);
		assert_int_equal(url.scheme, OUTPUT_RTMP);
		assert_string_equal(url.host, cases[i].host);
		assert_string_equal(url.rtmp.app, cases[i].app);
		assert_string_equal(url.rtmp.key, cases[i].key);
		assert_int_equal(url.port, cases[i].port);
		assert_int_equal(url.rtmp.tls, cases[i].tls);
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
		{"udp:/h:1", "begin with"},
		{"rtmpt://h/app/key", "rtmps://"},
		{"rtmpe://h/app/key", "begin with"},
		{"srt://h", "port is missing"},
		{"srt://", "port is missing"},
		{"srt://?mode=listener", "port is missing"},
		{"udp://h", "port is missing"},
		{"rtp://h/x", "port is missing"},
		{"srt://h:", "port must"},
		{"srt://h:0", "port must"},
		{"srt://h:65536", "port must"},
		{"srt://h:99999999999999999999", "port must"},
		{"srt://h:+1", "port must"},
		{"srt://:9000?mode=caller", "host is missing"},
		{"srt://:9000?mode=rendezvous", "host is missing"},
		{"udp://:9000", "host is missing"},
		{"rtp://:9000", "host is missing"},
		{"rtmp://:1935/app/key", "host is missing"},
		{"srt://[::1:9000", "closing bracket"},
		{"srt://[::1]9000", "only a port"},
		{"srt://[1.2.3.4]:9000", "not an IPv6"},
		{"srt://[]:9000", "not an IPv6"},
		{"srt://::1:9000", "in brackets"},
		{"srt://user@h:1", "user or password"},
		{"srt://h\"x:1", "character"},
		{"srt://h:1/path", "no path"},
		{"srt://h:1 ", "space"},
		{"srt://h:1?streamid=a b", "space"},
		{"srt://h:1?streamid=a\nb", "control"},
		{"udp://@239.1.1.1:5000", "user or password"},
		{"udp://h:1/path", "no path"},
		{"rtp://h:1#x", "no path"},
		{"srt://0.0.0.0:9000", "mode=listener was meant"},
		{"srt://[::]:9000?mode=rendezvous", "no destination"},
		{"udp://0.0.0.0:9000", "no destination"},
		{"srt://239.1.1.1:9000", "multicast"},
		{"srt://[ff02::1]:9000?mode=rendezvous", "multicast"},
		{"srt://239.1.1.1:9000?mode=listener", "multicast"},
		{"srt://localhost:9000?mode=listener", "address of this machine"},
		{"srt://10.0.0.1:9000?mode=listener&adapter=10.0.0.2", "differ"},
		{"srt://10.0.0.1:9000?mode=listener&adapter=::1", "differ"},
		{"srt://10.0.0.1:9000?adapter=::1", "both be IPv4 or both IPv6"},
		{"srt://[::1]:9000?mode=rendezvous&adapter=10.0.0.1", "both be IPv4 or both IPv6"},
		{"udp://[ff02::1]:9000?adapter=10.0.0.1", "both be IPv4 or both IPv6"},
		{"rtp://h:65534?fec_columns=4&fec_rows=4", "port + 2"},
		{"rtp://h:65532?fec_columns=4&fec_rows=4&fec_mode=both", "port + 4"},
		{"rtmp://h", "stream key"},
		{"rtmp://h/", "stream key"},
		{"rtmps://h", "rtmps://host/app/key"},
		{"rtmp://h///", "stream key"},
		{"rtmp://h/?a=b", "stream key"},
		{"rtmp://h?x/app/key", "stream key"},
		{"rtmp://h#x/app/key", "stream key"},
		{"rtmp://user:password@h/app/key", "user or password"},
		{"rtmps://user@[::1]:443/app/key", "user or password"},
		{"rtmp://::1/app/key", "in brackets"},
		{"rtmp://a b/app/key", "character"},
		{"rtmp://h/app/key ", "ends with a space"},
		{"rtmps://h/app/k\tey", "control"},
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
	snprintf(text, sizeof(text), "srt://h:1?packetfilter=fec,%.124s", run);
	assert_int_equal(output_url_parse(&url, text, why, sizeof(why)), -EINVAL);
	assert_string_equal(why, "packetfilter is longer "); /* cut to its buffer */
	snprintf(text, sizeof(text), "udp://h:1?interface=%.15s", run);
	assert_int_equal(output_url_parse(&url, text, why, sizeof(why)), 0);
	snprintf(text, sizeof(text), "udp://h:1?interface=%.16s", run);
	assert_int_equal(output_url_parse(&url, text, why, sizeof(why)), -EINVAL);
	snprintf(text, sizeof(text), "srt://h:1?adapter=%.60s", run);
	assert_int_equal(output_url_parse(&url, text, why, sizeof(why)), -EINVAL);
	snprintf(text, sizeof(text), "srt://%.253s:1", run);
	assert_int_equal(output_url_parse(&url, text, why, sizeof(why)), 0);
	snprintf(text, sizeof(text), "srt://%.254s:1", run);
	assert_int_equal(output_url_parse(&url, text, why, sizeof(why)), -EINVAL);
	snprintf(text, sizeof(text), "rtmp://h/%.511s/%.959s", run, run);
	assert_int_equal(output_url_parse(&url, text, why, sizeof(why)), 0);
	snprintf(text, sizeof(text), "rtmp://h/%.512s/k", run);
	assert_int_equal(output_url_parse(&url, text, why, sizeof(why)), -EINVAL);
	snprintf(text, sizeof(text), "rtmp://h/a/%.960s", run);
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
		{"srt://:9000?passphrase=0123456789", "srt://:9000?passphrase=***"},
		{"srt://10.0.0.1:9000?mode=listener&passphrase=0123456789&maxreaders=2",
	         "srt://10.0.0.1:9000?mode=listener&passphrase=***&maxreaders=2"},
		{"srt://h:1?mode=rendezvous&passphrase=0123456789",
	         "srt://h:1?mode=rendezvous&passphrase=***"},
		{"srt://h:1?latency=5&streamid=x", "srt://h:1?latency=5&streamid=x"},
		{"udp://239.1.1.1:5000?ttl=3", "udp://239.1.1.1:5000?ttl=3"},
		{"rtp://h:5000", "rtp://h:5000"},
		{"udp://h:1?passphrase=0123456789", "***"},
		{"rtmp://h/app/key?token=1", "rtmp://h/app/***"},
		{"rtmp://h:1/a/b/k", "rtmp://h:1/a/b/***"},
		{"rtmps://h/app/key?token=1/2", "rtmps://h/app/***"},
		{"RTMPS://[::1]:1/a/b/k with space", "RTMPS://[::1]:1/a/b/***"},
		{"rtmp://h/app", "rtmp://h/app"},
		{"rtmps://h/app/", "rtmps://h/app/"},
		{"rtmp://h/app?token=1/2", "rtmp://h/app?***"},
		{"rtmp://h/a/b/?token=1", "rtmp://h/a/b/?***"},
		{"rtmp://h/app?", "rtmp://h/app?"},
		{"rtmp://user:password@h/app/key", "***"},
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
		{"srt://:9000?passphrase=***&maxreaders=3",
	         "srt://:9000?mode=listener&passphrase=0123456789",
	         "srt://:9000?passphrase=0123456789&maxreaders=3"},
		{"srt://h:1?passphrase=***&mode=rendezvous", "srt://h:1?passphrase=0123456789",
	         "srt://h:1?passphrase=0123456789&mode=rendezvous"},
		/* what else is wrong is not for unmask to say */
		{"srt://h:1?passphrase=***&latency=x", "srt://h:1?passphrase=0123456789",
	         "srt://h:1?passphrase=0123456789&latency=x"},
		{"udp://h:1?passphrase=***", "srt://h:1?passphrase=0123456789",
	         "udp://h:1?passphrase=***"},
		/* a secret does not go to another peer */
		{"srt://:9001?passphrase=***", "srt://:9000?passphrase=0123456789", NULL},
		{"srt://h:9000?passphrase=***", "srt://:9000?passphrase=0123456789", NULL},
		{"srt://10.0.0.1:1?passphrase=***",
	         "srt://10.0.0.1:1?mode=listener&passphrase=0123456789", NULL},
		{"srt://10.0.0.1:1?mode=listener&passphrase=***",
	         "srt://10.0.0.1:1?passphrase=0123456789", NULL},
		{"srt://new:1?passphrase=***", "srt://h:1?passphrase=0123456789", NULL},
		{"srt://h:12?passphrase=***", "srt://h:1?passphrase=0123456789", NULL},
		{"rtmp://new/a/***", "rtmp://h/a/key", NULL},
		{"rtmp://h:1936/a/***", "rtmp://h/a/key", NULL},
		{"rtmp://h/b/***", "rtmp://h/a/key", NULL},
		{"rtmps://h/a/***", "rtmps://h:443/a/key?t=1", "rtmps://h/a/key?t=1"},
		{"rtmp://h/a?***", "rtmp://h/a?t=1", "rtmp://h/a?t=1"},
		{"rtmp://h/a/?***", "rtmp://h/a?t=1", "rtmp://h/a/?t=1"},
		{"rtmp://h:443/a/***", "rtmps://h/a/key", NULL}, /* never in the clear */
		{"rtmp://h/b?***", "rtmp://h/a?t=1", NULL},
		{"rtmp://h/a?***", "rtmp://h/a/key", NULL},
		{"rtmp://h/a/***", "rtmp://h/a?t=1", NULL},
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

static void test_hide(void **state)
{
	static const struct {
		const char *url, *text, *result;
	} cases[] = {
		{"rtmp://h/a/secret", "stream secret is in use", "stream ****** is in use"},
		{"rtmp://h/a/secret", "secret, secret", "******, ******"},
		{"rtmp://h/a/secret?t=1", "no secret?t=1 here", "no ********** here"},
		{"rtmp://h/a/secret?t=1", "no /secret here", "no /****** here"},
		{"rtmp://h/a/secret", "cut short at secr", "cut short at ****"},
		{"rtmp://h/a/secret", "cut short at sec", "cut short at sec"},
		{"rtmp://h/a?token=1", "bad token=1", "bad *******"},
		{"rtmp://h/a/key", "the key is bad", "the key is bad"},
		{"rtmp://h/a/****", "a b", "a b"},
		{"rtmp://h/a/secret", "", ""},
		{"srt://h:1?passphrase=0123456789", "as it was", "as it was"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct output_url url;
		char text[64], why[128];

		assert_int_equal(output_url_parse(&url, cases[i].url, why, sizeof(why)), 0);
		snprintf(text, sizeof(text), "%s", cases[i].text);
		output_url_hide(text, &url);
		assert_string_equal(text, cases[i].result);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_authority), cmocka_unit_test(test_listener),
		cmocka_unit_test(test_rtmp),      cmocka_unit_test(test_refused),
		cmocka_unit_test(test_lengths),   cmocka_unit_test(test_mask),
		cmocka_unit_test(test_unmask),    cmocka_unit_test(test_hide),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
