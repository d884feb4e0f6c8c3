/*
 * HTTP and WebSocket client for tests, on plain sockets.
 */
#include "http_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int http_connect(uint16_t port)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
	                         .sin_port = htons(port),
	                         .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct timeval limit = {.tv_sec = 30};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)))
		abort();
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	return fd;
}

/* A process that was stopped, or frozen with its machine, is interrupted when it goes on: a socket has a time limit. */
static ssize_t receive(int fd, void *data, size_t size)
{
	ssize_t n;

	do
		n = recv(fd, data, size, 0);
	while (n < 0 && errno == EINTR);
	return n;
}

/* Bytes that the server no longer wants are no failure of the client. */
static void send_all(int fd, const void *data, size_t size)
{
	const char *at = data;
	ssize_t n;

	while (size && (n = send(fd, at, size, MSG_NOSIGNAL)) > 0) {
		at += n;
		size -= (size_t)n;
	}
}

static int read_all(int fd, void *data, size_t size)
{
	char *at = data;
	ssize_t n;

	for (; size; at += n, size -= (size_t)n) {
		n = receive(fd, at, size);
		if (n <= 0)
			return -1;
	}
	return 0;
}

/* Byte by byte, so that nothing of what follows is taken. */
static int read_head(int fd, char *head, size_t size)
{
	size_t n = 0;

	while (n + 1 < size && receive(fd, head + n, 1) == 1) {
		head[++n] = '\0';
		if (n >= 4 && !memcmp(head + n - 4, "\r\n\r\n", 4))
			return 0;
	}
	return -1;
}

const char *http_header(const struct http_reply *reply, const char *name)
{
	static _Thread_local char value[1024];
	size_t n = strlen(name);

	for (const char *at = strstr(reply->head, "\r\n"); at; at = strstr(at, "\r\n")) {
		at += 2;
		if (!strncasecmp(at, name, n) && at[n] == ':') {
			at += n + 1;
			at += strspn(at, " ");
			snprintf(value, sizeof(value), "%.*s", (int)strcspn(at, "\r"), at);
			return value;
		}
	}
	return NULL;
}

void http_read(int fd, struct http_reply *reply, int is_head)
{
	const char *length;

	memset(reply, 0, sizeof(*reply));
	if (read_head(fd, reply->head, sizeof(reply->head)) ||
	    sscanf(reply->head, "HTTP/1.%*d %d", &reply->status) != 1) {
		reply->status = 0;
		return;
	}
	length = http_header(reply, "Content-Length");
	reply->size = length && !is_head ? strtoul(length, NULL, 10) : 0;
	reply->body = calloc(1, reply->size + 1);
	if (!reply->body || read_all(fd, reply->body, reply->size))
		abort();
	reply->json = json_loads(reply->body, 0, NULL);
}

void http_call(uint16_t port, struct http_reply *reply, const char *method, const char *path,
               const char *head, const void *body, size_t size)
{
	int fd = http_connect(port);
	char request[4096], length[64] = "";

	if (body)
		snprintf(length, sizeof(length), "Content-Length: %zu\r\n", size);
	snprintf(request, sizeof(request), "%s %s HTTP/1.1\r\nHost: localhost\r\n%s%s\r\n", method,
	         path, length, head);
	send_all(fd, request, strlen(request));
	if (body)
		send_all(fd, body, size);
	http_read(fd, reply, !strcmp(method, "HEAD"));
	close(fd);
}

void http_free(struct http_reply *reply)
{
	free(reply->body);
	json_decref(reply->json);
	memset(reply, 0, sizeof(*reply));
}

int websocket_connect(uint16_t port)
{
	static const char request[] = "GET /ws HTTP/1.1\r\nHost: localhost\r\n"
				      "Upgrade: websocket\r\nConnection: Upgrade\r\n"
				      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
				      "Sec-WebSocket-Version: 13\r\n\r\n";
	static const char accept[] = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="; /* RFC 6455 section 1.3 */
	struct http_reply reply;
	const char *answer;
	int fd = http_connect(port), status;

	send_all(fd, request, sizeof(request) - 1);
	memset(&reply, 0, sizeof(reply));
	if (read_head(fd, reply.head, sizeof(reply.head)) ||
	    sscanf(reply.head, "HTTP/1.%*d %d", &status) != 1)
		status = 1;
	answer = http_header(&reply, "Sec-WebSocket-Accept");
	if (status == 101 && answer && !strcmp(answer, accept))
		return fd;
	close(fd);
	return -status;
}

void websocket_send(int fd, uint8_t opcode, const void *data, size_t size)
{
	static const uint8_t mask[4] = {0x12, 0x34, 0x56, 0x78};
	uint8_t *frame = malloc(size + 14);
	size_t n = 2;

	if (!frame)
		abort();
	frame[0] = 0x80 | opcode;
	if (size < 126) {
		frame[1] = (uint8_t)(0x80 | size);
	} else {
		frame[1] = 0x80 | 127;
		for (int i = 7; i >= 0; i--)
			frame[n++] = (uint8_t)((uint64_t)size >> (8 * i));
	}
	memcpy(frame + n, mask, 4);
	n += 4;
	for (size_t i = 0; i < size; i++)
		frame[n + i] = ((const uint8_t *)data)[i] ^ mask[i % 4];
	send_all(fd, frame, n + size);
	free(frame);
}

int websocket_read(int fd, char **data, size_t *size, int timeout_ms)
{
	struct pollfd ready = {.fd = fd, .events = POLLIN};
	uint8_t header[2], longer[8];
	size_t width;

	*data = NULL;
	if (poll(&ready, 1, timeout_ms) != 1 || read_all(fd, header, 2))
		return -1;
	width = header[1] == 127 ? 8 : header[1] == 126 ? 2 : 0;
	*size = header[1];
	if (width) {
		if (read_all(fd, longer, width))
			return -1;
		*size = 0;
		for (size_t i = 0; i < width; i++)
			*size = *size << 8 | longer[i];
	}
	*data = calloc(1, *size + 1);
	if (!*data || read_all(fd, *data, *size))
		return -1;
	return header[0] & 0x0f;
}
