/*
 * rtmp_fault_server ADDRESS PORT MODE [WORDS]: an RTMP server that does not do its part. None of the product's code.
 *
 *	silent     takes connections, says nothing
 *	drip       its half of the handshake a byte at a time, five a second
 *	handshake  shakes hands, says nothing more
 *	garbage    says what is no RTMP at all
 *	noise      shakes hands, then says what is no RTMP
 *	deny CODE  accepts connect and createStream, refuses to publish with that code and "no entry today"
 *
 * It reads what it is sent, and prints a line for each connection. Ends on SIGTERM.
 */
#include "network.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define SIG_BYTES 1536
#define COMMAND   20

struct message {
	uint8_t bytes[512];
	size_t size;
};

static void put(struct message *m, const void *data, size_t size)
{
	if (m->size + size > sizeof(m->bytes))
		abort();
	memcpy(m->bytes + m->size, data, size);
	m->size += size;
}

static void put_text(struct message *m, const char *text)
{
	const uint8_t length[2] = {0, (uint8_t)strlen(text)};

	put(m, length, 2);
	put(m, text, strlen(text));
}

/* AMF0: a string, then a small number as a double. */
static void put_head(struct message *m, const char *name, unsigned int number)
{
	const double value = number;
	uint8_t wire[9] = {0};
	uint64_t bits;

	memcpy(&bits, &value, sizeof(bits));
	for (int i = 0; i < 8; i++)
		wire[1 + i] = (uint8_t)(bits >> (56 - 8 * i));
	put(m, "\2", 1);
	put_text(m, name);
	put(m, wire, sizeof(wire));
}

static void say(int fd, const void *data, size_t size)
{
	if (write(fd, data, size) != (ssize_t)size)
		_exit(0); /* the client has gone */
}

/* As one chunk of 128 bytes at most, type 0, chunk stream 3. */
static void say_command(int fd, const struct message *m)
{
	uint8_t head[12] = {3, 0, 0, 0, 0, 0, (uint8_t)m->size, COMMAND};

	if (m->size > 128)
		abort();
	say(fd, head, sizeof(head));
	say(fd, m->bytes, m->size);
}

static void say_result(int fd, unsigned int transaction)
{
	static const uint8_t null_one[] = {5, 0, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0};
	struct message m = {0};

	put_head(&m, "_result", transaction);
	put(&m, null_one, sizeof(null_one));
	say_command(fd, &m);
}

static void say_denied(int fd, const char *code)
{
	struct message m = {0};

	put_head(&m, "onStatus", 0);
	put(&m, "\5\3", 2);
	put_text(&m, "level");
	put(&m, "\2", 1);
	put_text(&m, "error");
	put_text(&m, "code");
	put(&m, "\2", 1);
	put_text(&m, code);
	put_text(&m, "description");
	put(&m, "\2", 1);
	put_text(&m, "no entry today");
	put(&m, "\0\0\11", 3);
	say_command(fd, &m);
}

static void read_exactly(int fd, size_t size)
{
	static uint8_t data[1 + 2 * SIG_BYTES];

	if (recv(fd, data, size, MSG_WAITALL) != (ssize_t)size)
		_exit(0);
}

/* Pseudo-random, the same every time; never the version 3 first. */
static void say_noise(int fd, size_t size)
{
	uint32_t state = 0x2545f491;

	for (size_t i = 0; i < size; i++) {
		const uint8_t byte = (uint8_t)(state >> 24 | 0x80);

		say(fd, &byte, 1);
		state = state * 1664525 + 1013904223;
	}
}

static void shake_hands(int fd, useconds_t pause_us)
{
	const uint8_t hello[1 + 2 * SIG_BYTES] = {3};

	if (!pause_us) {
		read_exactly(fd, 1 + SIG_BYTES);
		say(fd, hello, sizeof(hello));
		read_exactly(fd, SIG_BYTES);
		return;
	}
	for (size_t i = 0; i < sizeof(hello); i++) {
		say(fd, hello + i, 1);
		usleep(pause_us);
	}
}

static void serve(int fd, const char *mode, const char *words)
{
	uint8_t data[4096];

	if (!strcmp(mode, "garbage"))
		say_noise(fd, 8192);
	else if (strcmp(mode, "silent") != 0)
		shake_hands(fd, strcmp(mode, "drip") ? 0 : 200000);
	if (!strcmp(mode, "noise"))
		say_noise(fd, 8192);
	if (!strcmp(mode, "deny")) {
		say_result(fd, 1); /* connect */
		say_result(fd, 4); /* createStream, behind releaseStream and FCPublish */
		say_denied(fd, words);
	}
	while (read(fd, data, sizeof(data)) > 0)
		;
}

static int listen_at(const char *address, int port)
{
	const struct sockaddr_in local = make_address(address, port);
	const int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (fd < 0 || bind(fd, (const struct sockaddr *)&local, sizeof(local)) || listen(fd, 16)) {
		perror("rtmp_fault_server");
		exit(1);
	}
	return fd;
}

int main(int argc, char **argv)
{
	int listener, fd;

	if (argc < 4) {
		fprintf(stderr, "usage: %s ADDRESS PORT MODE [WORDS]\n", argv[0]);
		return 2;
	}
	signal(SIGCHLD, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	listener = listen_at(argv[1], atoi(argv[2]));
	while ((fd = accept(listener, NULL, NULL)) >= 0) {
		puts("connection");
		fflush(stdout);
		if (fork() == 0) {
			prctl(PR_SET_PDEATHSIG, SIGTERM);
			serve(fd, argv[3], argc > 4 ? argv[4] : "");
			_exit(0);
		}
		close(fd);
	}
	return 1;
}
