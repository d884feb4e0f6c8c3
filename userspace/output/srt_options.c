/*
 * SRT options: the table, the values that are no plain numbers, and what contradicts what.
 *
 * Ranges are libsrt's (docs/API/API-socket-options.md) where it has any. srt-live-transmit spells some
 * options in two ways or differently; these are the aliases.
 */
#include "srt_options.h"

#include "packet_filter.h"
#include "url_option.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define MAX_BYTES_PER_S INT64_C(12500000000) /* 100 Gbit/s */
#define HEADER_BYTES    44                   /* IPv4, UDP and SRT: of an IP packet no payload */
#define FILTER_BYTES    4                    /* of a packet filter's header */

enum {
	OPTION_MODE,
	OPTION_ADAPTER,
	OPTION_LOCALPORT,
	OPTION_LATENCY,
	OPTION_PEERLATENCY,
	OPTION_CONNTIMEO,
	OPTION_PEERIDLETIMEO,
	OPTION_PASSPHRASE,
	OPTION_PBKEYLEN,
	OPTION_STREAMID,
	OPTION_MAXBW,
	OPTION_INPUTBW,
	OPTION_OHEADBW,
	OPTION_MSS,
	OPTION_PAYLOADSIZE,
	OPTION_TLPKTDROP,
	OPTION_SNDDROPDELAY,
	OPTION_TTL,
	OPTION_TOS,
	OPTION_MINVERSION,
	OPTION_PACKETFILTER,
	OPTION_MAXREADERS,
	OPTION_SOURCES,
	OPTION_TRANSTYPE,
	OPTION_COUNT
};

static int parse_mode(const struct url_fault *why, const struct url_option *option,
                      struct url_text value, void *out)
{
	static const struct {
		const char *name;
		enum srt_mode mode;
	} modes[] = {
		{"caller", SRT_MODE_CALLER},         {"client", SRT_MODE_CALLER},
		{"listener", SRT_MODE_LISTENER},     {"server", SRT_MODE_LISTENER},
		{"rendezvous", SRT_MODE_RENDEZVOUS},
	};
	struct srt_options *options = out;

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (url_text_is(value, modes[i].name)) {
			options->mode = modes[i].mode;
			return 0;
		}
	}
	return url_fault_set(why, "%s must be caller, listener or rendezvous", option->name);
}

static int parse_pbkeylen(const struct url_fault *why, const struct url_option *option,
                          struct url_text value, void *out)
{
	struct srt_options *options = out;
	int64_t n;

	if (!url_text_number(value, &n) || (n != 0 && n != 16 && n != 24 && n != 32))
		return url_fault_set(why, "%s must be 0, 16, 24 or 32", option->name);
	options->pbkeylen = (uint8_t)n;
	return 0;
}

/* "0x010400": up to six digits. */
static bool parse_hex_version(struct url_text value, uint32_t *out)
{
	uint32_t version = 0;

	if (value.size < 3 || value.size > 8 || value.at[0] != '0' || (value.at[1] | 0x20) != 'x')
		return false;
	for (size_t i = 2; i < value.size; i++) {
		const int digit = url_text_hex_digit(value.at[i]);

		if (digit < 0)
			return false;
		version = version << 4 | (uint32_t)digit;
	}
	*out = version;
	return true;
}

/* "1.4.0" or "1.4". */
static bool parse_dotted_version(struct url_text value, uint32_t *out)
{
	struct url_text part;
	uint32_t version = 0;
	unsigned int parts = 0;
	int64_t n;

	if (!value.size || value.at[value.size - 1] == '.')
		return false;
	while (url_text_split(&value, '.', &part)) {
		if (parts == 3 || !url_text_number(part, &n) || n < 0 || n > 255)
			return false;
		version |= (uint32_t)n << (16 - 8 * parts++);
	}
	*out = version;
	return parts >= 2;
}

static int parse_minversion(const struct url_fault *why, const struct url_option *option,
                            struct url_text value, void *out)
{
	struct srt_options *options = out;

	if (parse_dotted_version(value, &options->minversion) ||
	    parse_hex_version(value, &options->minversion))
		return 0;
	return url_fault_set(why, "%s must be a version, as 1.4.0 or 0x010400", option->name);
}

static int parse_packetfilter(const struct url_fault *why, const struct url_option *option,
                              struct url_text value, void *out)
{
	struct srt_options *options = out;

	if (url_option_string(why, option, value, out))
		return -EINVAL;
	return packet_filter_check(options->packetfilter, why);
}

static int parse_sources(const struct url_fault *why, const struct url_option *option,
                         struct url_text value, void *out)
{
	char text[SRT_MAX_SOURCES * PREFIX_TEXT_BYTES], one[PREFIX_TEXT_BYTES];
	struct srt_options *options = out;
	struct url_text rest, piece;

	if (url_text_decode(why, option->name, value, 1, sizeof(text) - 1, text))
		return -EINVAL;
	rest = (struct url_text){text, strlen(text)};
	while (url_text_split(&rest, ',', &piece)) {
		if (options->source_count == SRT_MAX_SOURCES)
			return url_fault_set(why, "%s has at most %d prefixes", option->name,
			                     SRT_MAX_SOURCES);
		if (piece.size >= sizeof(one))
			piece.size = 0; /* too long for any: as no prefix */
		memcpy(one, piece.at, piece.size);
		one[piece.size] = '\0';
		if (prefix_parse(&options->sources[options->source_count++], one) ||
		    (!rest.size && piece.at[piece.size] == ','))
			return url_fault_set(why,
			                     "%s must be prefixes as 10.0.0.0/8,2001:db8::/32, "
			                     "with no bits set beyond the length",
			                     option->name);
	}
	return 0;
}

static int parse_transtype(const struct url_fault *why, const struct url_option *option,
                           struct url_text value, void *out)
{
	(void)out;
	if (url_text_is(value, "live"))
		return 0;
	return url_fault_set(why, "%s must be live", option->name);
}

#define FIELD(name) URL_FIELD(struct srt_options, name)
#define NUMBER(name, low, high)                                           \
	{                                                                 \
#name, NULL, url_option_number, FIELD(name), low, high, 0 \
	}
#define MILLISECONDS(name, low, high)                                          \
	{                                                                      \
#name, NULL, url_option_number, FIELD(name##_ms), low, high, 0 \
	}
#define CUSTOM(name, parse)                      \
	{                                        \
		name, NULL, parse, 0, 0, 0, 0, 0 \
	}

static const struct url_option table[OPTION_COUNT] = {
	[OPTION_MODE] = CUSTOM("mode", parse_mode),
	[OPTION_ADAPTER] = {"adapter", NULL, url_option_address, FIELD(adapter), 0, 0, 0},
	[OPTION_LOCALPORT] = {"localport", "port", url_option_number, FIELD(localport), 1, 65535,
                              0},
	[OPTION_LATENCY] = MILLISECONDS(latency, 0, 60000),
	[OPTION_PEERLATENCY] = MILLISECONDS(peerlatency, 0, 60000),
	[OPTION_CONNTIMEO] = MILLISECONDS(conntimeo, 100, 60000),
	[OPTION_PEERIDLETIMEO] = MILLISECONDS(peeridletimeo, 1000, 60000),
	[OPTION_PASSPHRASE] = {"passphrase", NULL, url_option_string, FIELD(passphrase), 10, 0, 0},
	[OPTION_PBKEYLEN] = CUSTOM("pbkeylen", parse_pbkeylen),
	[OPTION_STREAMID] = {"streamid", NULL, url_option_string, FIELD(streamid), 0, 0, 0},
	[OPTION_MAXBW] = NUMBER(maxbw, -1, MAX_BYTES_PER_S),
	[OPTION_INPUTBW] = NUMBER(inputbw, 0, MAX_BYTES_PER_S),
	[OPTION_OHEADBW] = NUMBER(oheadbw, 5, 100),
	[OPTION_MSS] = NUMBER(mss, 76, 1500),
	[OPTION_PAYLOADSIZE] = {"payloadsize", NULL, url_option_number, FIELD(payloadsize), 188,
                                1316, 188},
	[OPTION_TLPKTDROP] = {"tlpktdrop", NULL, url_option_bool, FIELD(tlpktdrop), 0, 0, 0},
	[OPTION_SNDDROPDELAY] = MILLISECONDS(snddropdelay, -1, 60000),
	[OPTION_TTL] = {"ttl", "ipttl", url_option_number, FIELD(ttl), 1, 255, 0},
	[OPTION_TOS] = {"tos", "iptos", url_option_number, FIELD(tos), 0, 255, 0},
	[OPTION_MINVERSION] = CUSTOM("minversion", parse_minversion),
	[OPTION_PACKETFILTER] = {"packetfilter", NULL, parse_packetfilter, FIELD(packetfilter), 1,
                                 0, 0},
	[OPTION_MAXREADERS] = NUMBER(maxreaders, 1, SRT_MAX_READERS),
	[OPTION_SOURCES] = CUSTOM("sources", parse_sources),
	[OPTION_TRANSTYPE] = CUSTOM("transtype", parse_transtype),
};

_Static_assert(OPTION_COUNT <= URL_MAX_OPTIONS, "the bits of a word say which were given");

static bool has(uint64_t given, unsigned int option)
{
	return given >> option & 1;
}

/* Options that say nothing in the mode that they are given with. */
static int check_mode(const struct srt_options *o, uint64_t given, const struct url_fault *why)
{
	static const unsigned int of_listeners[] = {OPTION_MAXREADERS, OPTION_SOURCES};
	static const unsigned int of_others[] = {OPTION_LOCALPORT, OPTION_CONNTIMEO};
	const bool listens = o->mode == SRT_MODE_LISTENER;

	for (size_t i = 0; i < 2; i++) {
		if (!listens && has(given, of_listeners[i]))
			return url_fault_set(why, "%s is an option of mode=listener alone",
			                     table[of_listeners[i]].name);
		if (listens && has(given, of_others[i]))
			return url_fault_set(why, "%s does not go with mode=listener%s",
			                     table[of_others[i]].name,
			                     of_others[i] == OPTION_LOCALPORT
			                             ? ", which listens on the URL's own port"
			                             : ", which calls nobody");
	}
	if (o->mode == SRT_MODE_RENDEZVOUS && has(given, OPTION_STREAMID))
		return url_fault_set(why, "streamid does not go with mode=rendezvous: both sides "
		                          "would give one");
	return 0;
}

/* maxbw=0 is what makes libsrt look at inputbw and oheadbw. */
static int check_bandwidth(const struct srt_options *o, uint64_t given, const struct url_fault *why)
{
	if (!o->maxbw)
		return 0;
	if (o->inputbw)
		return url_fault_set(why, "inputbw counts only with maxbw=0");
	if (has(given, OPTION_OHEADBW))
		return url_fault_set(why, "oheadbw counts only with maxbw=0");
	return 0;
}

static int check_sizes(const struct srt_options *o, const struct url_fault *why)
{
	const uint32_t taken = HEADER_BYTES + (o->packetfilter[0] ? FILTER_BYTES : 0);

	if (o->payloadsize + taken > o->mss)
		return url_fault_set(why,
		                     "payloadsize=%u does not fit into mss=%u: headers take %u "
		                     "bytes of it",
		                     o->payloadsize, o->mss, taken);
	return 0;
}

static int check(const struct srt_options *o, uint64_t given, const struct url_fault *why)
{
	if (check_mode(o, given, why) || check_bandwidth(o, given, why) || check_sizes(o, why))
		return -EINVAL;
	if (o->pbkeylen && !o->passphrase[0])
		return url_fault_set(why, "pbkeylen needs a passphrase");
	if (!o->tlpktdrop && has(given, OPTION_SNDDROPDELAY))
		return url_fault_set(why, "snddropdelay counts only with tlpktdrop=1");
	return 0;
}

void srt_options_init(struct srt_options *options)
{
	*options = (struct srt_options){
		.latency_ms = 120,
		.conntimeo_ms = 3000,
		.peeridletimeo_ms = 5000,
		.oheadbw = 25,
		.mss = 1500,
		.payloadsize = 1316,
		.tlpktdrop = true,
		.tos = -1,
		.maxreaders = SRT_MAX_READERS,
	};
}

int srt_options_parse(struct srt_options *options, const char *query, const struct url_fault *why)
{
	uint64_t given;

	if (url_options_parse(why, table, OPTION_COUNT, query, options, &given))
		return -EINVAL;
	return check(options, given, why);
}
