/*
 * Options of output URLs: defaults, every spelling, ranges, and what does not go together.
 */
#include "base/address.h"
#include "output/url.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct output_url parsed(const char *text)
{
	struct output_url url;
	char why[160];

	if (output_url_parse(&url, text, why, sizeof(why)))
		fail_msg("%s: %s", text, why);
	return url;
}

struct refusal {
	const char *options, *sentence;
};

/* Each must be refused, whole sentence, and leave the result untouched. */
static void check_refused(const char *base, const struct refusal *cases, size_t count)
{
	struct output_url url, before;
	char text[OUTPUT_URL_BYTES], why[160];

	memset(&before, 0x5a, sizeof(before));
	for (size_t i = 0; i < count; i++) {
		url = before;
		snprintf(text, sizeof(text), "%s%s", base, cases[i].options);
		if (!output_url_parse(&url, text, why, sizeof(why)))
			fail_msg("%s is accepted", text);
		if (strcmp(why, cases[i].sentence) != 0)
			fail_msg("%s: \"%s\", not \"%s\"", text, why, cases[i].sentence);
		assert_memory_equal(&url, &before, sizeof(url));
	}
}

static void test_srt_defaults(void **state)
{
	const struct srt_options o = parsed("srt://h:1").srt;

	(void)state;
	assert_int_equal(o.mode, SRT_MODE_CALLER);
	assert_string_equal(o.adapter, "");
	assert_int_equal(o.localport, 0);
	assert_int_equal(o.latency_ms, 120);
	assert_int_equal(o.peerlatency_ms, 0);
	assert_int_equal(o.conntimeo_ms, 3000);
	assert_int_equal(o.peeridletimeo_ms, 5000);
	assert_string_equal(o.passphrase, "");
	assert_int_equal(o.pbkeylen, 0);
	assert_string_equal(o.streamid, "");
	assert_true(o.maxbw == 0);
	assert_true(o.inputbw == 0);
	assert_int_equal(o.oheadbw, 25);
	assert_int_equal(o.mss, 1500);
	assert_int_equal(o.payloadsize, 1316);
	assert_true(o.tlpktdrop);
	assert_int_equal(o.snddropdelay_ms, 0);
	assert_int_equal(o.ttl, 0);
	assert_int_equal(o.tos, -1);
	assert_int_equal(o.minversion, 0);
	assert_string_equal(o.packetfilter, "");
	assert_int_equal(o.maxreaders, SRT_MAX_READERS);
	assert_int_equal(o.source_count, 0);
}

static void test_srt_all(void **state)
{
	const struct srt_options o =
		parsed("srt://h:1?mode=caller&adapter=10.0.0.9&localport=5001&latency=250&"
	               "peerlatency=300&conntimeo=5000&peeridletimeo=7000&"
	               "passphrase=se%26cret%2012345&pbkeylen=32&"
	               "streamid=#!::r=live/a,m=publish&inputbw=625000&oheadbw=100&mss=1400&"
	               "payloadsize=1128&tlpktdrop=yes&snddropdelay=-1&ttl=64&tos=184&"
	               "minversion=1.4.2&packetfilter=fec,cols:10,rows:-5,layout:even,arq:onreq&"
	               "transtype=live")
			.srt;

	(void)state;
	assert_int_equal(o.mode, SRT_MODE_CALLER);
	assert_string_equal(o.adapter, "10.0.0.9");
	assert_int_equal(o.localport, 5001);
	assert_int_equal(o.latency_ms, 250);
	assert_int_equal(o.peerlatency_ms, 300);
	assert_int_equal(o.conntimeo_ms, 5000);
	assert_int_equal(o.peeridletimeo_ms, 7000);
	assert_string_equal(o.passphrase, "se&cret 12345");
	assert_int_equal(o.pbkeylen, 32);
	assert_string_equal(o.streamid, "#!::r=live/a,m=publish");
	assert_true(o.maxbw == 0);
	assert_true(o.inputbw == 625000);
	assert_int_equal(o.oheadbw, 100);
	assert_int_equal(o.mss, 1400);
	assert_int_equal(o.payloadsize, 1128);
	assert_true(o.tlpktdrop);
	assert_int_equal(o.snddropdelay_ms, -1);
	assert_int_equal(o.ttl, 64);
	assert_int_equal(o.tos, 184);
	assert_int_equal(o.minversion, 0x010402);
	assert_string_equal(o.packetfilter, "fec,cols:10,rows:-5,layout:even,arq:onreq");
}

static void test_srt_spellings(void **state)
{
	static const struct {
		const char *text;
		bool on;
	} switches[] = {{"1", true},  {"yes", true}, {"on", true},   {"true", true},
	                {"0", false}, {"no", false}, {"off", false}, {"false", false}};
	char text[64];

	(void)state;
	for (size_t i = 0; i < sizeof(switches) / sizeof(switches[0]); i++) {
		snprintf(text, sizeof(text), "srt://h:1?tlpktdrop=%s", switches[i].text);
		assert_int_equal(parsed(text).srt.tlpktdrop, switches[i].on);
	}
	assert_int_equal(parsed("srt://1.2.3.4:1?mode=client").srt.mode, SRT_MODE_CALLER);
	assert_int_equal(parsed("srt://1.2.3.4:1?mode=server").srt.mode, SRT_MODE_LISTENER);
	assert_int_equal(parsed("srt://1.2.3.4:1?mode=rendezvous").srt.mode, SRT_MODE_RENDEZVOUS);
	assert_int_equal(parsed("srt://h:1?port=7").srt.localport, 7);
	assert_int_equal(parsed("srt://h:1?ipttl=7").srt.ttl, 7);
	assert_int_equal(parsed("srt://h:1?iptos=0").srt.tos, 0);
	assert_int_equal(parsed("srt://h:1?minversion=1.4").srt.minversion, 0x010400);
	assert_int_equal(parsed("srt://h:1?minversion=0x010301").srt.minversion, 0x010301);
	assert_int_equal(parsed("srt://h:1?minversion=0X10aF0").srt.minversion, 0x010af0);
	assert_true(parsed("srt://h:1?maxbw=-1").srt.maxbw == -1);
	assert_true(parsed("srt://h:1?maxbw=12500000000").srt.maxbw == INT64_C(12500000000));
	assert_string_equal(parsed("srt://h:1?adapter=::ffff:10.0.0.1").srt.adapter, "10.0.0.1");
	assert_string_equal(parsed("srt://h:1?packetfilter=fec").srt.packetfilter, "fec");
	assert_int_equal(parsed("srt://h:1?&&latency=5&").srt.latency_ms, 5);
	assert_int_equal(parsed("srt://h:1?pbkeylen=0").srt.pbkeylen, 0);
}

static void test_srt_listener(void **state)
{
	const struct srt_options o =
		parsed("srt://:9000?maxreaders=3&streamid=a&sources=10.0.0.0/8,2001:db8::%2F32")
			.srt;
	struct in6_addr first, second;

	(void)state;
	assert_int_equal(o.maxreaders, 3);
	assert_int_equal(o.source_count, 2);
	assert_int_equal(address_parse(&first, "10.0.0.0"), 0);
	assert_int_equal(address_parse(&second, "2001:db8::"), 0);
	assert_memory_equal(&o.sources[0].address, &first, sizeof(first));
	assert_int_equal(o.sources[0].bits, 96 + 8);
	assert_memory_equal(&o.sources[1].address, &second, sizeof(second));
	assert_int_equal(o.sources[1].bits, 32);
}

static void test_srt_values_refused(void **state)
{
	static const struct refusal cases[] = {
		{"mode=", "mode must be caller, listener or rendezvous"},
		{"mode=Caller", "mode must be caller, listener or rendezvous"},
		{"latncy=1", "unknown option \"latncy\""},
		{"pass=0123456789", "unknown option \"pass\", is passphrase meant?"},
		{"pbkeylength=16", "unknown option \"pbkeylength\", is pbkeylen meant?"},
		{"=1", "unknown option \"\""},
		{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	         "unknown option \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\""},
		{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xc3\xa9z",
	         "unknown option \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\""},
		{"fec_columns=5", "unknown option \"fec_columns\""},
		{"latency", "latency must be a number from 0 to 60000"},
		{"latency=60001", "latency must be a number from 0 to 60000"},
		{"latency=-1", "latency must be a number from 0 to 60000"},
		{"latency=1&latency=2", "option latency is given twice"},
		{"ttl=1&ipttl=2", "option ttl is given twice"},
		{"passphrase=short", "passphrase must have at least 10 characters"},
		{"passphrase=%", "passphrase: % must be followed by two hex digits"},
		{"passphrase=0123456789%4", "passphrase: % must be followed by two hex digits"},
		{"passphrase=0123456789%zz", "passphrase: % must be followed by two hex digits"},
		{"streamid=%00", "streamid: control characters are not allowed"},
		{"pbkeylen=17", "pbkeylen must be 0, 16, 24 or 32"},
		{"conntimeo=99", "conntimeo must be a number from 100 to 60000"},
		{"peeridletimeo=999", "peeridletimeo must be a number from 1000 to 60000"},
		{"localport=0", "localport must be a number from 1 to 65535"},
		{"port=65536", "localport must be a number from 1 to 65535"},
		{"adapter=eth0", "adapter must be an IP address of this machine"},
		{"adapter=[::1]", "adapter must be an IP address of this machine"},
		{"adapter=", "adapter must be an IP address of this machine"},
		{"adapter=239.1.1.1", "adapter must be an IP address of this machine"},
		{"maxbw=-2", "maxbw must be a number from -1 to 12500000000"},
		{"maxbw=99999999999999999999", "maxbw must be a number from -1 to 12500000000"},
		{"inputbw=-1", "inputbw must be a number from 0 to 12500000000"},
		{"inputbw=5M", "inputbw must be a number from 0 to 12500000000"},
		{"oheadbw=4", "oheadbw must be a number from 5 to 100"},
		{"mss=1501", "mss must be a number from 76 to 1500"},
		{"payloadsize=1317", "payloadsize must be a number from 188 to 1316"},
		{"payloadsize=1315", "payloadsize must be a multiple of 188 from 188 to 1316"},
		{"tlpktdrop=2", "tlpktdrop must be 1, yes, on, true or 0, no, off, false"},
		{"snddropdelay=-2", "snddropdelay must be a number from -1 to 60000"},
		{"ttl=0", "ttl must be a number from 1 to 255"},
		{"tos=256", "tos must be a number from 0 to 255"},
		{"tos=-1", "tos must be a number from 0 to 255"},
		{"minversion=1", "minversion must be a version, as 1.4.0 or 0x010400"},
		{"minversion=1.4.0.0", "minversion must be a version, as 1.4.0 or 0x010400"},
		{"minversion=1.4.", "minversion must be a version, as 1.4.0 or 0x010400"},
		{"minversion=1.256.0", "minversion must be a version, as 1.4.0 or 0x010400"},
		{"minversion=1.-4", "minversion must be a version, as 1.4.0 or 0x010400"},
		{"minversion=0x", "minversion must be a version, as 1.4.0 or 0x010400"},
		{"minversion=0x1040000", "minversion must be a version, as 1.4.0 or 0x010400"},
		{"minversion=0x01g", "minversion must be a version, as 1.4.0 or 0x010400"},
		{"transtype=file", "transtype must be live"},
		{"mode=listener&maxreaders=0", "maxreaders must be a number from 1 to 64"},
		{"mode=listener&maxreaders=65", "maxreaders must be a number from 1 to 64"},
	};

	(void)state;
	check_refused("srt://10.0.0.1:1?", cases, sizeof(cases) / sizeof(cases[0]));
}

static void test_sources_refused(void **state)
{
	static const char prefixes[] =
		"sources must be prefixes as 10.0.0.0/8,2001:db8::/32, with no bits set beyond "
		"the length";
	static const struct refusal cases[] = {
		{"sources=", "sources must have at least 1 characters"},
		{"sources=10.0.0.1/8", prefixes},
		{"sources=10.0.0.0/8,", prefixes},
		{"sources=,10.0.0.0/8", prefixes},
		{"sources=10.0.0.0/8,,::1", prefixes},
		{"sources=10.0.0.0/33", prefixes},
		{"sources=11111111111111111111111111111111111111111111111111111111111", prefixes},
		{"sources=::1,::1,::1,::1,::1,::1,::1,::1,::1,::1,::1,::1,::1,::1,::1,::1,::1",
	         "sources has at most 16 prefixes"},
	};

	(void)state;
	check_refused("srt://:1?", cases, sizeof(cases) / sizeof(cases[0]));
	assert_int_equal(parsed("srt://:1?sources="
	                        "::1,::1,::1,::1,::1,::1,::1,::1,::1,::1,::1,::1,::1,::1,::1,::1")
	                         .srt.source_count,
	                 SRT_MAX_SOURCES);
}

static void test_packet_filter(void **state)
{
	static const char *const good[] = {
		"fec,cols:2",
		"fec,cols:127,rows:127",
		"fec,cols:10,rows:1,arq:never",
		"fec,cols:10,rows:-2,layout:staircase,arq:always",
		"fec,arq:onreq",
	};
	static const struct refusal cases[] = {
		{"", "packetfilter must have at least 1 characters"},
		{"Fec", "packetfilter must be fec,cols:N,rows:N and so on"},
		{",fec", "packetfilter must be fec,cols:N,rows:N and so on"},
		{"fec,", "packetfilter must be fec,cols:N,rows:N and so on"},
		{"fec,,cols:2", "packetfilter: there is nothing between two commas"},
		{"fec,cols", "packetfilter: cols must be from 2 to 127"},
		{"fec,cols:1", "packetfilter: cols must be from 2 to 127"},
		{"fec,cols:128", "packetfilter: cols must be from 2 to 127"},
		{"fec,rows:0",
	         "packetfilter: rows must be from 1 to 127, or from -2 to -127 for columns alone"},
		{"fec,rows:-1",
	         "packetfilter: rows must be from 1 to 127, or from -2 to -127 for columns alone"},
		{"fec,rows:-128",
	         "packetfilter: rows must be from 1 to 127, or from -2 to -127 for columns alone"},
		{"fec,layout:odd", "packetfilter: layout must be even or staircase"},
		{"fec,arq:yes", "packetfilter: arq must be always, onreq or never"},
		{"fec,cols:5,cols:6", "packetfilter: cols is given twice"},
		{"fec,depth:5", "packetfilter: fec has cols, rows, layout and arq"},
	};
	char text[128];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		snprintf(text, sizeof(text), "srt://h:1?packetfilter=%s", good[i]);
		assert_string_equal(parsed(text).srt.packetfilter, good[i]);
	}
	check_refused("srt://h:1?packetfilter=", cases, sizeof(cases) / sizeof(cases[0]));
}

static void test_srt_contradictions(void **state)
{
	static const struct refusal cases[] = {
		{"maxreaders=5", "maxreaders is an option of mode=listener alone"},
		{"mode=rendezvous&sources=::/0", "sources is an option of mode=listener alone"},
		{"localport=5&mode=listener",
	         "localport does not go with mode=listener, which listens on the URL's own port"},
		{"mode=listener&conntimeo=500",
	         "conntimeo does not go with mode=listener, which calls nobody"},
		{"mode=rendezvous&streamid=a",
	         "streamid does not go with mode=rendezvous: both sides would give one"},
		{"pbkeylen=16", "pbkeylen needs a passphrase"},
		{"maxbw=-1&inputbw=5", "inputbw counts only with maxbw=0"},
		{"oheadbw=30&maxbw=1000000", "oheadbw counts only with maxbw=0"},
		{"tlpktdrop=0&snddropdelay=0", "snddropdelay counts only with tlpktdrop=1"},
		{"mss=1359",
	         "payloadsize=1316 does not fit into mss=1359: headers take 44 bytes of it"},
		{"mss=1363&packetfilter=fec",
	         "payloadsize=1316 does not fit into mss=1363: headers take 48 bytes of it"},
		{"mss=231&payloadsize=188",
	         "payloadsize=188 does not fit into mss=231: headers take 44 bytes of it"},
	};

	(void)state;
	check_refused("srt://10.0.0.1:1?", cases, sizeof(cases) / sizeof(cases[0]));
	/* and what is just right */
	parsed("srt://h:1?mss=1360");
	parsed("srt://h:1?mss=1364&packetfilter=fec");
	parsed("srt://h:1?maxbw=-1&inputbw=0");
	parsed("srt://h:1?mode=rendezvous&localport=2&conntimeo=500");
	parsed("srt://:1?streamid=a&passphrase=0123456789&pbkeylen=24");
}

static void test_udp(void **state)
{
	struct udp_options o = parsed("udp://h:1").udp;

	(void)state;
	assert_int_equal(o.ttl, 0);
	assert_int_equal(o.tos, -1);
	assert_string_equal(o.adapter, "");
	assert_string_equal(o.interface, "");
	assert_int_equal(o.localport, 0);
	assert_int_equal(o.pkt_size, 1316);
	assert_int_equal(o.burst, 0);
	assert_int_equal(o.fec_columns, 0);

	o = parsed("udp://239.1.1.1:5000?ttl=16&tos=184&adapter=10.0.0.1&interface=eth0.100&"
	           "localport=5001&pkt_size=188&burst=50")
	            .udp;
	assert_int_equal(o.ttl, 16);
	assert_int_equal(o.tos, 184);
	assert_string_equal(o.adapter, "10.0.0.1");
	assert_string_equal(o.interface, "eth0.100");
	assert_int_equal(o.localport, 5001);
	assert_int_equal(o.pkt_size, 188);
	assert_int_equal(o.burst, 50);
	assert_int_equal(parsed("udp://h:1?iptos=4&ipttl=3").udp.tos, 4);
}

static void test_rtp(void **state)
{
	struct udp_options o = parsed("rtp://h:1").udp;

	(void)state;
	assert_int_equal(o.payload_type, 33);
	assert_int_equal(o.burst, 20);
	assert_int_equal(o.fec_columns, 0);

	o = parsed("rtp://h:65533?payload_type=96&fec_columns=5&fec_rows=20&burst=0").udp;
	assert_int_equal(o.burst, 0);
	assert_int_equal(o.payload_type, 96);
	assert_int_equal(o.fec_columns, 5);
	assert_int_equal(o.fec_rows, 20);
	assert_false(o.fec_row_packets);
	assert_true(
		parsed("rtp://h:65531?fec_columns=4&fec_rows=4&fec_mode=both").udp.fec_row_packets);
	assert_false(
		parsed("rtp://h:1?fec_columns=1&fec_rows=4&fec_mode=column").udp.fec_row_packets);
}

static void test_udp_refused(void **state)
{
	static const struct refusal of_udp[] = {
		{"payload_type=33", "payload_type is an option of rtp:// alone"},
		{"fec_columns=5&fec_rows=5", "fec_columns is an option of rtp:// alone"},
		{"fec_mode=both", "fec_mode is an option of rtp:// alone"},
		{"latency=5", "unknown option \"latency\""},
		{"pkt_size=200", "pkt_size must be a multiple of 188 from 188 to 1316"},
		{"pkt_size=1504", "pkt_size must be a number from 188 to 1316"},
		{"burst=51", "burst must be a number from 0 to 50"},
		{"ttl=256", "ttl must be a number from 1 to 255"},
		{"interface=", "interface must have at least 1 characters"},
		{"interface=..", "interface must be the name of a network interface"},
		{"interface=a/b", "interface must be the name of a network interface"},
		{"interface=a%20b", "interface must be the name of a network interface"},
		{"interface=0123456789abcdef", "interface is longer than 15 bytes"},
	};
	static const struct refusal of_rtp[] = {
		{"payload_type=128", "payload_type must be a number from 0 to 127"},
		{"fec_columns=5", "FEC needs both fec_columns and fec_rows"},
		{"fec_rows=5", "FEC needs both fec_columns and fec_rows"},
		{"fec_mode=column", "FEC needs both fec_columns and fec_rows"},
		{"fec_columns=21&fec_rows=4", "fec_columns must be a number from 1 to 20"},
		{"fec_columns=5&fec_rows=3", "fec_rows must be a number from 4 to 20"},
		{"fec_columns=5&fec_rows=5&fec_mode=row", "fec_mode must be column or both"},
		{"fec_columns=11&fec_rows=10",
	         "fec_columns times fec_rows must be at most 100 (SMPTE 2022-1)"},
		{"fec_columns=3&fec_rows=5&fec_mode=both",
	         "fec_mode=both needs at least 4 fec_columns (SMPTE 2022-1)"},
	};

	(void)state;
	check_refused("udp://h:1?", of_udp, sizeof(of_udp) / sizeof(of_udp[0]));
	check_refused("rtp://h:1?", of_rtp, sizeof(of_rtp) / sizeof(of_rtp[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_srt_defaults),
		cmocka_unit_test(test_srt_all),
		cmocka_unit_test(test_srt_spellings),
		cmocka_unit_test(test_srt_listener),
		cmocka_unit_test(test_srt_values_refused),
		cmocka_unit_test(test_sources_refused),
		cmocka_unit_test(test_packet_filter),
		cmocka_unit_test(test_srt_contradictions),
		cmocka_unit_test(test_udp),
		cmocka_unit_test(test_rtp),
		cmocka_unit_test(test_udp_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
