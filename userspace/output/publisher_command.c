/*
 * connect has the fields that librtmp writes for a publisher, then those of Enhanced RTMP.
 */
#include "publisher_command.h"

#include "media/amf.h"

/* Behind those of connect, releaseStream, FCPublish, createStream and publish. */
#define UNPUBLISH_TRANSACTION 6
#define DELETE_TRANSACTION    7

#define CAN_FORWARD 4 /* FourCcInfoMask: we neither decode nor encode */

static const char *const video_codecs[] = {"hvc1"};
static const char *const audio_codecs[] = {"mp4a", "ac-3", "ec-3"};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static void write_text(struct amf_writer *w, const char *key, const char *text)
{
	amf_write_key(w, key);
	amf_write_string(w, text);
}

static void write_items(struct amf_writer *w, const char *const *codecs, size_t count)
{
	for (size_t i = 0; i < count; i++)
		amf_write_string(w, codecs[i]);
}

static void write_map(struct amf_writer *w, const char *key, const char *const *codecs,
                      size_t count)
{
	amf_write_key(w, key);
	amf_begin_object(w);
	for (size_t i = 0; i < count; i++) {
		amf_write_key(w, codecs[i]);
		amf_write_number(w, CAN_FORWARD);
	}
	amf_end(w);
}

size_t publisher_command_connect(uint8_t *out, const char *app, const char *tc_url)
{
	struct amf_writer w = amf_writer(out, PUBLISHER_COMMAND_BYTES);

	amf_write_string(&w, "connect");
	amf_write_number(&w, CONNECT_TRANSACTION);
	amf_begin_object(&w);
	write_text(&w, "app", app);
	write_text(&w, "type", "nonprivate");
	write_text(&w, "flashVer", "FMLE/3.0 (compatible; MediaLive Distributor)");
	write_text(&w, "tcUrl", tc_url);
	amf_write_key(&w, "fourCcList");
	amf_begin_list(&w, COUNT(video_codecs) + COUNT(audio_codecs));
	write_items(&w, video_codecs, COUNT(video_codecs));
	write_items(&w, audio_codecs, COUNT(audio_codecs));
	write_map(&w, "videoFourCcInfoMap", video_codecs, COUNT(video_codecs));
	write_map(&w, "audioFourCcInfoMap", audio_codecs, COUNT(audio_codecs));
	amf_write_key(&w, "capsEx"); /* neither reconnect requests nor multitrack nor ModEx */
	amf_write_number(&w, 0);
	amf_end(&w);
	return w.overrun ? 0 : amf_size(&w);
}

/* The command that names something of ours: its name, transaction, and no information object. */
static struct amf_writer begin_command(uint8_t *out, const char *name, unsigned int transaction)
{
	struct amf_writer w = amf_writer(out, PUBLISHER_COMMAND_BYTES);

	amf_write_string(&w, name);
	amf_write_number(&w, transaction);
	amf_write_null(&w);
	return w;
}

size_t publisher_command_unpublish(uint8_t *out, const char *key)
{
	struct amf_writer w = begin_command(out, "FCUnpublish", UNPUBLISH_TRANSACTION);

	amf_write_string(&w, key);
	return w.overrun ? 0 : amf_size(&w);
}

size_t publisher_command_delete(uint8_t *out, uint32_t message_stream)
{
	struct amf_writer w = begin_command(out, "deleteStream", DELETE_TRANSACTION);

	amf_write_number(&w, message_stream);
	return w.overrun ? 0 : amf_size(&w);
}
