/*
 * Options of RTMP outputs as text and back.
 */
#include "rtmp_options.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define AUDIO_MUST_BE                                                                           \
	"the number of an audio stream from 0 to 255, a language of three letters (ISO 639-2, " \
	"\"eng\"), or both (\"eng:1\")"

static const char *const hevc_names[] = {[HEVC_ENHANCED] = "enhanced", [HEVC_LEGACY] = "legacy"};

static const char *const cue_names[CUE_FLAVOURS] = {
	[CUE_OFF] = "off",
	[CUE_ONCUEPOINT_SCTE35] = "oncuepoint_scte35",
	[CUE_ONCUEPOINT] = "oncuepoint",
	[CUE_ONADCUE] = "onadcue",
	[CUE_YOUTUBE] = "youtube",
};

/* The index of text in a list, or -1. */
static int find(const char *const *names, int count, const char *text)
{
	while (count-- && strcmp(names[count], text) != 0)
		;
	return count;
}

/* One to three digits, at most 255, and nothing else. */
static bool parse_index(const char *text, uint8_t *index)
{
	const size_t digits = strspn(text, "0123456789");
	unsigned int n = 0;

	if (digits < 1 || digits > 3 || text[digits])
		return false;
	for (; *text; text++)
		n = n * 10 + (unsigned int)(*text - '0');
	if (n > UINT8_MAX)
		return false;
	*index = (uint8_t)n;
	return true;
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static const char *set_audio(struct rtmp_options *options, const char *text)
{
	struct remux_choice choice = options->choice;

	memset(choice.audio_language, 0, sizeof(choice.audio_language));
	choice.audio_index = 0;
	if (is_letter(text[0])) {
		for (int i = 0; i < 3; i++, text++) {
			if (!is_letter(*text))
				return AUDIO_MUST_BE;
			choice.audio_language[i] = (char)tolower((unsigned char)*text);
		}
		if (*text && *text != ':')
			return AUDIO_MUST_BE;
		if (*text && !parse_index(text + 1, &choice.audio_index))
			return AUDIO_MUST_BE;
	} else if (!parse_index(text, &choice.audio_index)) {
		return AUDIO_MUST_BE;
	}
	options->choice = choice;
	return NULL;
}

static void get_audio(const struct rtmp_options *options, char *out)
{
	const struct remux_choice *choice = &options->choice;

	if (!choice->audio_language[0])
		snprintf(out, RTMP_OPTION_BYTES, "%u", choice->audio_index);
	else if (!choice->audio_index)
		snprintf(out, RTMP_OPTION_BYTES, "%s", choice->audio_language);
	else
		snprintf(out, RTMP_OPTION_BYTES, "%s:%u", choice->audio_language,
		         choice->audio_index);
}

static const char *set_hevc(struct rtmp_options *options, const char *text)
{
	const int form = find(hevc_names, 2, text);

	if (form < 0)
		return "enhanced or legacy";
	options->choice.hevc = (enum hevc_form)form;
	return NULL;
}

static void get_hevc(const struct rtmp_options *options, char *out)
{
	snprintf(out, RTMP_OPTION_BYTES, "%s", hevc_names[options->choice.hevc]);
}

static const char *set_cues(struct rtmp_options *options, const char *text)
{
	const int flavour = find(cue_names, CUE_FLAVOURS, text);

	if (flavour < 0)
		return "off, oncuepoint_scte35, oncuepoint, onadcue or youtube";
	options->choice.cues = (enum cue_flavour)flavour;
	return NULL;
}

static void get_cues(const struct rtmp_options *options, char *out)
{
	snprintf(out, RTMP_OPTION_BYTES, "%s", cue_names[options->choice.cues]);
}

static const char *set_tls_verify(struct rtmp_options *options, const char *text)
{
	const bool on = !strcmp(text, "on");

	if (!on && strcmp(text, "off") != 0)
		return "on or off";
	options->tls_verify = on;
	return NULL;
}

static void get_tls_verify(const struct rtmp_options *options, char *out)
{
	snprintf(out, RTMP_OPTION_BYTES, "%s", options->tls_verify ? "on" : "off");
}

/* Absolute: a relative one would depend on where the program was started. "": the system's authorities. */
static const char *set_tls_ca(struct rtmp_options *options, const char *text)
{
	const size_t n = strnlen(text, sizeof(options->tls_ca));

	if (n == sizeof(options->tls_ca))
		return "a path of at most 255 bytes";
	for (const char *c = text; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			return "a path without control characters";
	if (n && *text != '/')
		return "the absolute path of a PEM file";
	memcpy(options->tls_ca, text, n + 1);
	return NULL;
}

static void get_tls_ca(const struct rtmp_options *options, char *out)
{
	snprintf(out, RTMP_OPTION_BYTES, "%s", options->tls_ca);
}

const struct rtmp_option rtmp_option_table[RTMP_TEXT_OPTIONS] = {
	{"audio", false, set_audio, get_audio},
	{"hevc", false, set_hevc, get_hevc},
	{"cues", false, set_cues, get_cues},
	{"tls_verify", true, set_tls_verify, get_tls_verify},
	{"tls_ca", true, set_tls_ca, get_tls_ca},
};

bool rtmp_options_equal(const struct rtmp_options *a, const struct rtmp_options *b)
{
	return a->choice.audio_index == b->choice.audio_index &&
	       !strcmp(a->choice.audio_language, b->choice.audio_language) &&
	       a->choice.hevc == b->choice.hevc && a->choice.cues == b->choice.cues &&
	       a->tls_verify == b->tls_verify && !strcmp(a->tls_ca, b->tls_ca) &&
	       a->backlog_ms == b->backlog_ms;
}
