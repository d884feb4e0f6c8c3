/*
 * The RTMP session.
 *
 * Messages are sent with full (type 0) chunk headers: 12 bytes on some hundred messages a second buy
 * freedom from librtmp's header compression, which turns equal sizes and times into a wrong delta.
 * librtmp writes chunk headers into the body, so each tag is copied into the session's own buffer.
 *
 * After the handshake librtmp reads nothing any more: its reader trusts the server with lengths. Chunks are
 * read by media/chunk.h, which bounds them (that also bounds how deep librtmp's recursive AMF decoder can
 * go: 1500 bytes are 500 levels), and only commands are handed to librtmp.
 */
#include "publisher.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "base/log.h"
#include "media/chunk.h"

#include <errno.h>
#include <librtmp/log.h>
#include <librtmp/rtmp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CHUNK_BYTES      4096
#define CONTROL_CHANNEL  2 /* chunk stream ids, RTMP 1.0 section 5.3.1.1 */
#define DATA_CHANNEL     4
#define AUDIO_CHANNEL    5
#define PING_REQUEST     6 /* user control events, section 7.1.7 */
#define PING_RESPONSE    7
#define VIDEO_CHANNEL    6
#define PUBLISH_LIMIT_NS (10 * NS_PER_S) /* until the server has to say that publishing started */

struct publisher {
	RTMP rtmp;
	char tc_url[sizeof(((struct output_url *)0)->host) +
	            sizeof(((struct output_url *)0)->rtmp.app) + 32];
	struct chunk_reader reader;
	char why[256]; /* what ended the session */
	bool failed;   /* a send has failed: the server gets no farewell */
	char *body;    /* RTMP_MAX_HEADER_SIZE bytes of headroom, then the message */
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
	char code[80], description[120];
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

static int handle_command(struct publisher *p, const struct chunk_message *message)
{
	RTMPPacket packet = {.m_packetType = message->type,
	                     .m_nBodySize = (uint32_t)message->size,
	                     .m_body = (char *)(uintptr_t)message->body};

	if (!message->size)
		return 0;
	if (is_refusal(&p->rtmp, &packet, p->why, sizeof(p->why)))
		return -EIO;
	RTMP_ClientPacket(&p->rtmp, &packet);
	if (RTMP_IsConnected(&p->rtmp))
		return 0;
	snprintf(p->why, sizeof(p->why), "the server ended the session");
	return -EIO;
}

/* Commands and pings concern a publisher; what else a server may send does not. */
static int handle_message(void *context, const struct chunk_message *message)
{
	struct publisher *p = context;

	if (message->type == RTMP_PACKET_TYPE_INVOKE)
		return handle_command(p, message);
	if (message->type == RTMP_PACKET_TYPE_CONTROL && message->size >= 6 &&
	    load_be16(message->body) == PING_REQUEST)
		RTMP_SendCtrl(&p->rtmp, PING_RESPONSE, load_be32(message->body + 2), 0);
	return 0;
}

static int take_bytes(struct publisher *p, const void *data, size_t size)
{
	const int error = chunk_reader_push(&p->reader, data, size, handle_message, p);

	if (error == -EBADMSG)
		snprintf(p->why, sizeof(p->why), "the server does not speak RTMP as it should");
	return error;
}

int publisher_receive(struct publisher *p, char *why, size_t size)
{
	uint8_t data[4096];
	const ssize_t count = recv(p->rtmp.m_sb.sb_socket, data, sizeof(data), MSG_DONTWAIT);
	int error = 0;

	if (count > 0)
		error = take_bytes(p, data, (size_t)count);
	else if (count == 0 || (errno != EAGAIN && errno != EINTR))
		error = -EIO;
	if (error)
		snprintf(why, size, "%s", p->why);
	return error ? -EIO : 0;
}

/* What librtmp read beyond the handshake, then what comes, until the server says that it has started. */
static int wait_for_publish(struct publisher *p, char *why, size_t size)
{
	const int64_t deadline_ns = clock_now_ns() + PUBLISH_LIMIT_NS;
	struct pollfd polled = {.fd = p->rtmp.m_sb.sb_socket, .events = POLLIN};
	RTMPSockBuf *buffer = &p->rtmp.m_sb;
	int64_t left_ns;
	int error = take_bytes(p, buffer->sb_start, (size_t)buffer->sb_size);

	buffer->sb_size = 0;
	if (error)
		snprintf(why, size, "%s", p->why);
	while (!error && !p->rtmp.m_bPlaying) {
		left_ns = deadline_ns - clock_now_ns();
		if (left_ns <= 0) {
			snprintf(why, size, "the server did not start publishing");
			return -EIO;
		}
		if (poll(&polled, 1, (int)(left_ns / NS_PER_MS) + 1) > 0)
			error = publisher_receive(p, why, size);
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
	chunk_reader_init(&p->reader);
	snprintf(p->why, sizeof(p->why), "the server closed the connection");
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
