/*
 * See rtmp_session.h.
 */
#include "rtmp_session.h"

#include "base/bytes.h"

#include <errno.h>
#include <string.h>

#define HANDSHAKE      1536
#define DEFAULT_CHUNK  128
#define MAX_CHUNK      0xffffffu
#define GAP_MS         100
#define WINDOW_BYTES   2500000
#define CONTROL_STREAM 2
#define COMMAND_STREAM 3
#define EXTENDED       0xffffffu

enum message {
	SET_CHUNK_SIZE = 1,
	WINDOW_SIZE = 5,
	PEER_BANDWIDTH = 6,
	AUDIO = 8,
	VIDEO = 9,
	COMMAND = 20
};

void rtmp_session_init(struct rtmp_session *session)
{
	memset(session, 0, sizeof(*session));
	session->chunk_size = DEFAULT_CHUNK;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* ---- answers ---- */

static bool put(struct rtmp_session *s, const void *data, size_t size)
{
	if (size > RTMP_SESSION_OUT - s->out_size)
		return false;
	memcpy(s->out + s->out_size, data, size);
	s->out_size += size;
	return true;
}

/* A message of one chunk: no answer of ours is longer than 128 bytes. */
static bool put_message(struct rtmp_session *s, uint8_t chunk_stream, enum message type,
                        uint8_t message_stream, const uint8_t *body, size_t size)
{
	uint8_t header[12] = {chunk_stream};

	store_be24(header + 4, (uint32_t)size);
	header[7] = (uint8_t)type;
	header[8] = message_stream;
	return size <= DEFAULT_CHUNK && put(s, header, sizeof(header)) && put(s, body, size);
}

/* An AMF0 command (section 7): name, the transaction it answers, and the values behind, as bytes. */
static bool put_command(struct rtmp_session *s, uint8_t message_stream, const char *name,
                        const uint8_t transaction[8], const void *values, size_t size)
{
	const size_t length = strlen(name);
	uint8_t body[DEFAULT_CHUNK] = {2, 0, (uint8_t)length};

	if (3 + length + 9 + size > sizeof(body))
		return false;
	memcpy(body + 3, name, length);
	memcpy(body + 3 + length + 1, transaction, 8);
	memcpy(body + 3 + length + 9, values, size);
	return put_message(s, COMMAND_STREAM, COMMAND, message_stream, body, 3 + length + 9 + size);
}

/* null, and an object with the status code. */
#define STATUS(text)                                \
	"\x05\x03\0\x05level\x02\0\x06status\0\x04" \
	"code\x02\0" text "\0\0\x09"

static bool answer_connect(struct rtmp_session *s, const uint8_t *transaction)
{
	static const char status[] = STATUS("\x1dNetConnection.Connect.Success");
	uint8_t window[5] = {0, 0, 0, 0, 2};

	store_be32(window, WINDOW_BYTES);
	return put_message(s, CONTROL_STREAM, WINDOW_SIZE, 0, window, 4) &&
	       put_message(s, CONTROL_STREAM, PEER_BANDWIDTH, 0, window, 5) &&
	       put_command(s, 0, "_result", transaction, status, sizeof(status) - 1);
}

static bool is_command(const char *name, const uint8_t *text, size_t length)
{
	return strlen(name) == length && !memcmp(name, text, length);
}

/* What else publishers say (releaseStream, FCPublish, deleteStream) they wait for no answer to. */
static bool take_command(struct rtmp_session *s)
{
	static const char stream_one[] = "\x05\0\x3f\xf0\0\0\0\0\0\0";
	static const char status[] = STATUS("\x17NetStream.Publish.Start");
	static const uint8_t none[8];
	struct byte_reader r = byte_reader(s->kept, s->kept_have);
	const uint8_t *name, *transaction;
	size_t length;

	if (bytes_u8(&r) != 2)
		return false;
	length = bytes_u16(&r);
	name = bytes_take(&r, length);
	bytes_u8(&r); /* the kind, a number */
	transaction = bytes_take(&r, 8);
	if (r.overrun)
		return false;
	if (is_command("connect", name, length))
		return answer_connect(s, transaction);
	if (is_command("createStream", name, length))
		return put_command(s, 0, "_result", transaction, stream_one,
		                   sizeof(stream_one) - 1);
	if (is_command("publish", name, length))
		return put_command(s, 1, "onStatus", none, status, sizeof(status) - 1);
	return true;
}

/* ---- messages ---- */

static void count_media(struct rtmp_session *s, const struct rtmp_chunk_stream *stream)
{
	s->messages++;
	s->bytes += stream->length;
	if (stream->type != VIDEO)
		return;
	s->gaps += s->has_video && stream->time_ms - s->last_video_ms > GAP_MS;
	s->has_video = true;
	s->last_video_ms = stream->time_ms;
}

static bool is_kept(uint8_t type)
{
	return type == SET_CHUNK_SIZE || type == COMMAND;
}

static bool end_message(struct rtmp_session *s)
{
	const uint8_t type = s->current->type;

	if (type == AUDIO || type == VIDEO)
		count_media(s, s->current);
	if (type == COMMAND)
		return take_command(s);
	if (type != SET_CHUNK_SIZE)
		return true;
	s->chunk_size = s->kept_have == 4 ? load_be32(s->kept) : 0;
	return s->chunk_size > 0 && s->chunk_size <= MAX_CHUNK;
}

static size_t take_payload(struct rtmp_session *s, const uint8_t *data, size_t size)
{
	const size_t n = least(size, s->chunk_left);

	if (is_kept(s->current->type)) {
		memcpy(s->kept + s->kept_have, data, n);
		s->kept_have += n;
	}
	s->chunk_left -= (uint32_t)n;
	s->current->left -= (uint32_t)n;
	if (!s->chunk_left)
		s->phase = RTMP_HEADER;
	return n;
}

/* ---- chunk headers, section 5.3.1 ---- */

static const uint8_t message_header[] = {11, 7, 3, 0};

/* How long the header is, as far as that is known; 0: a chunk stream that publishers do not use. */
static size_t header_need(const struct rtmp_session *s)
{
	const unsigned int format = s->header[0] >> 6, number = s->header[0] & 63;
	const size_t size = 1 + message_header[format];
	bool extended;

	if (!s->header_have)
		return 1;
	if (number < 2)
		return 0;
	if (s->header_have < size)
		return size;
	extended = format < 3 ? load_be24(s->header + 1) == EXTENDED : s->streams[number].extended;
	return size + (extended ? 4 : 0);
}

static bool begin_message(struct rtmp_session *s, unsigned int format, uint32_t time)
{
	struct rtmp_chunk_stream *stream = s->current;

	if (format < 2) {
		stream->length = load_be24(s->header + 4);
		stream->type = s->header[7];
	}
	if (format == 0)
		stream->time_ms = time;
	else if (format < 3)
		stream->delta_ms = time;
	if (format > 0)
		stream->time_ms += stream->delta_ms;
	stream->left = stream->length;
	if (is_kept(stream->type))
		s->kept_have = 0;
	return !is_kept(stream->type) || stream->length <= RTMP_SESSION_KEPT;
}

static bool end_header(struct rtmp_session *s)
{
	const unsigned int format = s->header[0] >> 6;
	const size_t size = 1 + message_header[format];
	uint32_t time = format < 3 ? load_be24(s->header + 1) : 0;

	s->current = &s->streams[s->header[0] & 63];
	if (format < 3)
		s->current->extended = time == EXTENDED;
	if (s->current->extended)
		time = load_be32(s->header + size);
	if (format < 3 && s->current->left)
		return false; /* a new message amid another one of the same stream */
	if (!s->current->left && !begin_message(s, format, time))
		return false;
	s->header_have = 0;
	s->chunk_left = (uint32_t)least(s->current->left, s->chunk_size);
	s->phase = s->chunk_left ? RTMP_PAYLOAD : RTMP_HEADER;
	return true;
}

/* A byte of a chunk header. */
static bool take_header(struct rtmp_session *s, uint8_t byte)
{
	size_t need;

	s->header[s->header_have++] = byte;
	need = header_need(s);
	if (!need)
		return false;
	return s->header_have < need || end_header(s);
}

/* ---- handshake, section 5.2 ---- */

/* C0 and C1: answered by S0, an S1 of zeros, and S2, which repeats C1. */
static bool take_hello(struct rtmp_session *s)
{
	static const uint8_t ours[1 + HANDSHAKE] = {3};

	s->phase = RTMP_ECHO;
	s->kept_have = 0;
	return s->kept[0] == 3 && put(s, ours, sizeof(ours)) && put(s, s->kept + 1, HANDSHAKE);
}

static size_t take_handshake(struct rtmp_session *s, const uint8_t *data, size_t size)
{
	const size_t whole = s->phase == RTMP_HELLO ? 1 + HANDSHAKE : HANDSHAKE;
	const size_t n = least(size, whole - s->kept_have);

	memcpy(s->kept + s->kept_have, data, n);
	s->kept_have += n;
	return n;
}

/* Some of the bytes; 0 when the peer is no publisher. */
static size_t take_some(struct rtmp_session *s, const uint8_t *data, size_t size)
{
	size_t n = 1;

	if (s->phase == RTMP_HEADER)
		return take_header(s, data[0]) ? n : 0;
	if (s->phase == RTMP_PAYLOAD) {
		n = take_payload(s, data, size);
		return s->current->left || end_message(s) ? n : 0;
	}
	n = take_handshake(s, data, size);
	if (s->phase == RTMP_HELLO && s->kept_have == 1 + HANDSHAKE)
		return take_hello(s) ? n : 0;
	if (s->phase == RTMP_ECHO && s->kept_have == HANDSHAKE)
		s->phase = RTMP_HEADER;
	return n;
}

int rtmp_session_take(struct rtmp_session *session, const uint8_t *data, size_t size)
{
	while (size > 0) {
		const size_t n = take_some(session, data, size);

		if (!n)
			return -EPROTO;
		data += n;
		size -= n;
	}
	return 0;
}
