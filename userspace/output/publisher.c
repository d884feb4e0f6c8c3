/*
 * The RTMP session.
 *
 * Messages are sent with full (type 0) chunk headers: 12 bytes on some hundred messages a second buy
 * freedom from librtmp's header compression, which turns equal sizes and times into a wrong delta.
 * librtmp writes chunk headers into the body, so each tag is copied into the session's own buffer.
 */
#include "publisher.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <librtmp/log.h>
#include <librtmp/rtmp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK_BYTES      4096
#define CONTROL_CHANNEL  2 /* chunk stream ids, RTMP 1.0 section 5.3.1.1 */
#define DATA_CHANNEL     4
#define AUDIO_CHANNEL    5
#define VIDEO_CHANNEL    6
#define PUBLISH_LIMIT_NS (10 * NS_PER_S) /* until the server has to say that publishing started */
#define READS_PER_CALL   32   /* chunks, so that a talkative server cannot keep us from sending */
#define MAX_INVOKE_BYTES 1500 /* librtmp decodes recursively: bounds the depth to 500 levels */

struct publisher {
	RTMP rtmp;
	char tc_url[sizeof(((struct output_url *)0)->host) +
	            sizeof(((struct output_url *)0)->rtmp.app) + 32];
	bool failed; /* a send has failed: the server gets no farewell */
	char *body;  /* RTMP_MAX_HEADER_SIZE bytes of headroom, then the message */
	size_t capacity;
};

static pthread_once_t library_once = PTHREAD_ONCE_INIT;

__attribute__((format(printf, 2, 0))) static void log_library(int level, const char *format,
                                                              va_list args)
{
	char line[400];

	if (level > RTMP_LOGERROR)
		return;
	vsnprintf(line, sizeof(line), format, args);
	log_debug("librtmp: %s", line);
}

/* RTMP_Init makes a global TLS context without a lock the first time: do that once, here. */
static void start_library(void)
{
	RTMP *rtmp = RTMP_Alloc();

	RTMP_LogSetCallback(log_library);
	RTMP_LogSetLevel(RTMP_LOGERROR);
	if (rtmp)
		RTMP_Init(rtmp);
	RTMP_Free(rtmp);
}

static AVal make_aval(const char *text)
{
	return (AVal){.av_val = (char *)(uintptr_t)text, .av_len = (int)strlen(text)};
}

static void set_link(struct publisher *p, const struct output_url *url)
{
	const bool v6 = strchr(url->host, ':');
	RTMP_LNK *link = &p->rtmp.Link;
	char port[8] = "";

	if (url->port != 1935)
		snprintf(port, sizeof(port), ":%u", url->port);
	snprintf(p->tc_url, sizeof(p->tc_url), "rtmp://%s%s%s%s/%s", v6 ? "[" : "", url->host,
	         v6 ? "]" : "", port, url->rtmp.app);
	link->protocol = RTMP_PROTOCOL_RTMP | RTMP_FEATURE_WRITE;
	link->hostname = make_aval(url->host);
	link->port = url->port;
	link->app = make_aval(url->rtmp.app);
	link->tcUrl = make_aval(p->tc_url);
	link->playpath = make_aval(url->rtmp.key);
	link->flashVer = make_aval("FMLE/3.0 (compatible; MediaLive Distributor)");
	link->lFlags |= RTMP_LF_LIVE;
	link->timeout = 5;
}

/* The text of a string property anywhere in the object, or "". */
static void find_text(AMFObject *object, const char *name, char *out, size_t size)
{
	const AVal key = make_aval(name);
	AMFObjectProperty property;
	AVal text = {0};

	out[0] = '\0';
	if (!RTMP_FindFirstMatchingProperty(object, &key, &property) ||
	    AMFProp_GetType(&property) != AMF_STRING)
		return;
	AMFProp_GetString(&property, &text);
	snprintf(out, size, "%.*s", text.av_len, text.av_val);
}

/*
 * Is this transaction one whose failure ends the session? Those are the ones that librtmp waits for
 * (connect, createStream, publish); releaseStream and FCPublish are unknown to many servers, which
 * answer _error and go on.
 */
static bool is_awaited(const RTMP *rtmp, double transaction)
{
	for (int i = 0; i < rtmp->m_numCalls; i++)
		if (rtmp->m_methodCalls[i].num == (int)transaction)
			return true;
	return false;
}

static bool names_failure(const RTMP *rtmp, AMFObject *object)
{
	char level[32];
	AVal method;

	AMFProp_GetString(AMF_GetProp(object, NULL, 0), &method);
	if (method.av_len == 6 && !memcmp(method.av_val, "_error", 6))
		return is_awaited(rtmp, AMFProp_GetNumber(AMF_GetProp(object, NULL, 1)));
	find_text(object, "level", level, sizeof(level));
	return method.av_len == 8 && !memcmp(method.av_val, "onStatus", 8) &&
	       !strcmp(level, "error");
}

/* Does this command say that publishing failed? Then why gets the server's words. */
static bool is_refusal(const RTMP *rtmp, const RTMPPacket *packet, char *why, size_t size)
{
	char code[80], description[100];
	bool refusal = false;
	AMFObject object;

	if (packet->m_body[0] == AMF_STRING &&
	    AMF_Decode(&object, packet->m_body, (int)packet->m_nBodySize, FALSE) >= 0)
		refusal = names_failure(rtmp, &object);
	if (refusal) {
		find_text(&object, "code", code, sizeof(code));
		find_text(&object, "description", description, sizeof(description));
		snprintf(why, size, "the server refused: %s%s%s", code,
		         *code && *description ? ": " : "", description);
	}
	if (packet->m_body[0] == AMF_STRING)
		AMF_Reset(&object); /* also what was decoded before a fault */
	return refusal;
}

/*
 * Answer a whole message: protocol control and commands. Everything else a server may send does not
 * concern a publisher, and librtmp's decoders are not let near it.
 */
static int answer(struct publisher *p, RTMPPacket *packet, char *why, size_t size)
{
	switch (packet->m_packetType) {
	case RTMP_PACKET_TYPE_INVOKE:
		if (packet->m_nBodySize > MAX_INVOKE_BYTES)
			return 0;
		if (is_refusal(&p->rtmp, packet, why, size))
			return -EIO;
		break;
	case RTMP_PACKET_TYPE_CHUNK_SIZE:
	case RTMP_PACKET_TYPE_BYTES_READ_REPORT:
	case RTMP_PACKET_TYPE_CONTROL:
	case RTMP_PACKET_TYPE_SERVER_BW:
	case RTMP_PACKET_TYPE_CLIENT_BW:
		break;
	default:
		return 0;
	}
	RTMP_ClientPacket(&p->rtmp, packet);
	return 0;
}

/* Read one chunk and answer it if it completes a message. */
static int read_message(struct publisher *p, RTMPPacket *packet, char *why, size_t size)
{
	int error = 0;

	if (!RTMP_ReadPacket(&p->rtmp, packet)) {
		snprintf(why, size, "the server closed the connection");
		return -EIO;
	}
	if (!RTMPPacket_IsReady(packet))
		return 0;
	if (packet->m_nBodySize)
		error = answer(p, packet, why, size);
	RTMPPacket_Free(packet);
	return error;
}

static int wait_for_publish(struct publisher *p, char *why, size_t size)
{
	const int64_t deadline_ns = clock_now_ns() + PUBLISH_LIMIT_NS;
	RTMPPacket packet = {0};
	int error = 0;

	p->rtmp.m_mediaChannel = 0;
	while (!error && !p->rtmp.m_bPlaying && clock_now_ns() < deadline_ns)
		error = read_message(p, &packet, why, size);
	RTMPPacket_Free(&packet);
	if (!error && !p->rtmp.m_bPlaying) {
		snprintf(why, size, "the server did not start publishing");
		error = -EIO;
	}
	return error;
}

/* Make room for a message body of size bytes. */
static int reserve(struct publisher *p, size_t size)
{
	char *body;

	if (size <= p->capacity)
		return 0;
	size += size / 2;
	body = realloc(p->body, size + RTMP_MAX_HEADER_SIZE);
	if (!body)
		return -ENOMEM;
	p->body = body;
	p->capacity = size;
	return 0;
}

static int send_body(struct publisher *p, uint8_t type, int channel, uint32_t timestamp_ms,
                     size_t size)
{
	RTMPPacket packet = {
		.m_headerType = RTMP_PACKET_SIZE_LARGE,
		.m_packetType = type,
		.m_hasAbsTimestamp = TRUE,
		.m_nChannel = channel,
		.m_nTimeStamp = timestamp_ms,
		.m_nInfoField2 = channel == CONTROL_CHANNEL ? 0 : p->rtmp.m_stream_id,
		.m_nBodySize = (uint32_t)size,
		.m_body = p->body + RTMP_MAX_HEADER_SIZE,
	};

	p->failed = !RTMP_SendPacket(&p->rtmp, &packet, FALSE);
	return p->failed ? -EIO : 0;
}

static int raise_chunk_size(struct publisher *p)
{
	int error = reserve(p, 4);

	if (error)
		return error;
	store_be32((uint8_t *)p->body + RTMP_MAX_HEADER_SIZE, CHUNK_BYTES);
	error = send_body(p, RTMP_PACKET_TYPE_CHUNK_SIZE, CONTROL_CHANNEL, 0, 4);
	if (!error)
		p->rtmp.m_outChunkSize = CHUNK_BYTES;
	return error;
}

int publisher_open(struct publisher **out, int fd, const struct output_url *url, char *why,
                   size_t size)
{
	struct publisher *p = calloc(1, sizeof(*p));
	int error;

	pthread_once(&library_once, start_library);
	if (!p) {
		close(fd);
		snprintf(why, size, "out of memory");
		return -ENOMEM;
	}
	RTMP_Init(&p->rtmp);
	set_link(p, url);
	p->rtmp.m_sb.sb_socket = fd;
	snprintf(why, size, "the RTMP handshake failed");
	error = RTMP_Connect1(&p->rtmp, NULL) ? wait_for_publish(p, why, size) : -EIO;
	if (!error)
		error = raise_chunk_size(p);
	if (error) {
		publisher_close(p);
		return error;
	}
	*out = p;
	return 0;
}

static int channel_of(enum flv_type type)
{
	switch (type) {
	case FLV_AUDIO:
		return AUDIO_CHANNEL;
	case FLV_VIDEO:
		return VIDEO_CHANNEL;
	default:
		return DATA_CHANNEL;
	}
}

int publisher_send(struct publisher *p, const struct flv_tag *tag, uint32_t timestamp_ms)
{
	int error = reserve(p, tag->size);

	if (error)
		return error;
	memcpy(p->body + RTMP_MAX_HEADER_SIZE, tag->body, tag->size);
	return send_body(p, (uint8_t)tag->type, channel_of(tag->type), timestamp_ms, tag->size);
}

int publisher_receive(struct publisher *p, char *why, size_t size)
{
	RTMPPacket packet = {0};
	int error = 0, reads = 0;

	do { /* librtmp may have read more than one message from the socket */
		error = read_message(p, &packet, why, size);
	} while (!error && p->rtmp.m_sb.sb_size > 0 && ++reads < READS_PER_CALL);
	RTMPPacket_Free(&packet);
	return error;
}

bool publisher_has_more(const struct publisher *p)
{
	return p->rtmp.m_sb.sb_size > 0;
}

void publisher_close(struct publisher *p)
{
	if (!p)
		return;
	if (p->failed)
		p->rtmp.m_stream_id = -1; /* else each farewell would wait for the time limit */
	RTMP_Close(&p->rtmp);
	free(p->body);
	free(p);
}
