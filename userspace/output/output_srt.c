/*
 * SRT caller outputs. The only user of libsrt.
 *
 * An output is a task of its sender thread: a small state machine that is ticked every 5 ms. Callers of
 * one sender share its local UDP port (one per address family), hence one pair of libsrt threads.
 * While connected, each tick hands over all whole messages of 7 TS packets; what is left over follows
 * when nothing came for a while, so the peer gets every byte, in the sizes that SRT likes.
 */
#include "output_base.h"

#include "base/clock.h"
#include "base/container.h"
#include "base/log.h"
#include "base/rate.h"
#include "base/resolve.h"
#include "feed.h"
#include "srt_link.h"
#include "media/ts.h"

#include <errno.h>
#include <srt/access_control.h>
#include <srt/srt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGE_PACKETS      7
#define MESSAGE_BYTES        (MESSAGE_PACKETS * TS_PACKET_BYTES)
#define MESSAGES_PER_TICK    1024              /* 1.3 MB */
#define LEFTOVER_PATIENCE_NS (20 * NS_PER_MS)  /* then a short message is sent */
#define STATE_CHECK_NS       (200 * NS_PER_MS) /* with nothing to send */
#define CONNECT_MARGIN_NS    NS_PER_S          /* beyond conntimeo, in case libsrt stays silent */
#define MAX_SENDERS          16
#define SRT_PACKET_BYTES     1456
#define MIN_FLOW_PACKETS     512
#define MAX_FLOW_PACKETS     25600
#define MIN_SIZED_BPS        50000000u /* limits are never sized for less: memory follows use */

enum phase { PHASE_IDLE, PHASE_RESOLVING, PHASE_CONNECTING, PHASE_CONNECTED };

struct output_srt {
	struct output base;
	struct srt_counters own;
	struct sender_task task;
	struct channel *channel;
	struct output_url url;
	/* Everything below is the sender thread's. */
	enum phase phase;
	int64_t due_ns; /* IDLE: next try; CONNECTING: give up; CONNECTED: next look at the state */
	struct resolve *resolve;
	struct resolve_result addresses;
	unsigned int attempt;
	SRTSOCKET socket;
	uint64_t position; /* in the ring */
	uint64_t newest;   /* ring head when it last moved */
	int64_t newest_ns;
	struct rate rate;
};

/* Local port that the callers of a sender share, by address family; 0 until the first is bound. */
static uint16_t shared_ports[MAX_SENDERS][2];

static pthread_once_t library_once = PTHREAD_ONCE_INIT;

static void log_library(void *opaque, int level, const char *file, int line, const char *area,
                        const char *message)
{
	(void)opaque;
	(void)level;
	(void)file;
	(void)line;
	log_debug("libsrt: %s: %s", area, message);
}

static void stop_library(void)
{
	srt_cleanup();
}

static void start_library(void)
{
	srt_startup();
	srt_setloghandler(NULL, log_library);
	srt_setlogflags(SRT_LOGF_DISABLE_TIME | SRT_LOGF_DISABLE_THREADNAME |
	                SRT_LOGF_DISABLE_SEVERITY | SRT_LOGF_DISABLE_EOL);
	srt_setloglevel(2 /* LOG_CRIT */);
	atexit(stop_library);
}

static int set_int(SRTSOCKET socket, SRT_SOCKOPT option, int value)
{
	return srt_setsockflag(socket, option, &value, sizeof(value));
}

/* Packets that may be on their way or wait for retransmission: bit rate x (latency + 1 s). */
static int flow_packets(const struct output_srt *s)
{
	uint64_t bps = counter_get(&channel_counters(s->channel)->bitrate_bps) * 3 / 2;
	uint64_t packets;

	if (bps < MIN_SIZED_BPS)
		bps = MIN_SIZED_BPS;
	packets = bps / 8 * (s->url.srt.latency_ms + 1000) / 1000 / MESSAGE_BYTES;
	if (packets < MIN_FLOW_PACKETS)
		return MIN_FLOW_PACKETS;
	return packets > MAX_FLOW_PACKETS ? MAX_FLOW_PACKETS : (int)packets;
}

/* Returns 0, or SRT_ERROR when libsrt refused an option. TRANSTYPE resets the others: it goes first. */
static int set_options(struct output_srt *s)
{
	const struct output_url *url = &s->url;
	const int flow = flow_packets(s);
	const SRTSOCKET u = s->socket;
	int error = set_int(u, SRTO_TRANSTYPE, SRTT_LIVE);

	error |= set_int(u, SRTO_RCVSYN, 0);
	error |= set_int(u, SRTO_SNDSYN, 0);
	error |= set_int(u, SRTO_LATENCY, (int)url->srt.latency_ms);
	error |= set_int(u, SRTO_CONNTIMEO, (int)url->srt.conntimeo_ms);
	error |= set_int(u, SRTO_FC, flow);
	error |= set_int(u, SRTO_SNDBUF, flow * SRT_PACKET_BYTES);
	error |= set_int(u, SRTO_RCVBUF, 32 * SRT_PACKET_BYTES); /* nothing is received */
	if (url->srt.passphrase[0]) {
		error |= set_int(u, SRTO_PBKEYLEN, url->srt.pbkeylen);
		error |= srt_setsockflag(u, SRTO_PASSPHRASE, url->srt.passphrase,
		                         (int)strlen(url->srt.passphrase));
	}
	if (url->srt.streamid[0])
		error |= srt_setsockflag(u, SRTO_STREAMID, url->srt.streamid,
		                         (int)strlen(url->srt.streamid));
	return error ? SRT_ERROR : 0;
}

static int bind_port(SRTSOCKET socket, int family, uint16_t port)
{
	struct sockaddr_storage any = {.ss_family = (sa_family_t)family};

	if (family == AF_INET6) {
		((struct sockaddr_in6 *)&any)->sin6_port = htons(port);
		return srt_bind(socket, (struct sockaddr *)&any, sizeof(struct sockaddr_in6));
	}
	((struct sockaddr_in *)&any)->sin_port = htons(port);
	return srt_bind(socket, (struct sockaddr *)&any, sizeof(struct sockaddr_in));
}

/* Bind to the port that the sender's callers share, or begin a new one when that is gone. */
static int bind_shared(struct output_srt *s, int family)
{
	uint16_t *port =
		&shared_ports[sender_index(s->task.sender) % MAX_SENDERS][family == AF_INET6];
	struct sockaddr_storage local;
	int length = sizeof(local);

	if (family == AF_INET6 && set_int(s->socket, SRTO_IPV6ONLY, 1))
		return SRT_ERROR;
	if (*port && bind_port(s->socket, family, *port) == 0)
		return 0;
	if (bind_port(s->socket, family, 0) ||
	    srt_getsockname(s->socket, (struct sockaddr *)&local, &length))
		return SRT_ERROR;
	*port = ntohs(family == AF_INET6 ? ((struct sockaddr_in6 *)&local)->sin6_port
	                                 : ((struct sockaddr_in *)&local)->sin_port);
	return 0;
}

static void close_socket(struct output_srt *s)
{
	if (s->socket != SRT_INVALID_SOCK)
		srt_close(s->socket);
	s->socket = SRT_INVALID_SOCK;
}

static void retry(struct output_srt *s, int64_t now_ns, const char *reason)
{
	close_socket(s);
	s->phase = PHASE_IDLE;
	s->due_ns = now_ns + output_set_retrying(&s->base, "%s", reason) * NS_PER_MS;
}

static void begin_resolve(struct output_srt *s, int64_t now_ns)
{
	output_set_connecting(&s->base);
	if (resolve_start(&s->resolve, s->url.host, s->url.port, SOCK_DGRAM))
		retry(s, now_ns, "no memory to resolve the host name");
	else
		s->phase = PHASE_RESOLVING;
}

static void begin_connect(struct output_srt *s, int64_t now_ns)
{
	const unsigned int choice = s->attempt++ % (unsigned int)s->addresses.count;
	const struct sockaddr *address =
		(const struct sockaddr *)&s->addresses.list[choice].address;

	s->socket = srt_create_socket();
	if (s->socket == SRT_INVALID_SOCK || set_options(s) || bind_shared(s, address->sa_family) ||
	    srt_connect(s->socket, address, (int)s->addresses.list[choice].length) == SRT_ERROR) {
		retry(s, now_ns, srt_getlasterror_str());
		return;
	}
	s->phase = PHASE_CONNECTING;
	s->due_ns = now_ns + s->url.srt.conntimeo_ms * NS_PER_MS + CONNECT_MARGIN_NS;
}

static void poll_resolve(struct output_srt *s, int64_t now_ns)
{
	const int error = resolve_poll(s->resolve, &s->addresses);
	char reason[128];

	if (error == -EAGAIN)
		return;
	if (error)
		snprintf(reason, sizeof(reason), "cannot resolve the host name: %s",
		         resolve_error(s->resolve));
	resolve_drop(s->resolve);
	s->resolve = NULL;
	if (error)
		retry(s, now_ns, reason);
	else
		begin_connect(s, now_ns);
}

/* libsrt's reject codes in words that tell an operator what to look at. */
static const char *explain_reject(int code)
{
	switch (code) {
	case SRT_REJ_TIMEOUT:
		return "no answer from the peer (timeout)";
	case SRT_REJ_BADSECRET:
		return "wrong passphrase";
	case SRT_REJ_UNSECURE:
		return "one side has a passphrase, the other has none";
	case SRT_REJX_UNAUTHORIZED:
		return "the peer refused: not authorized";
	case SRT_REJX_OVERLOAD:
		return "the peer refused: overloaded";
	case SRT_REJX_FORBIDDEN:
		return "the peer refused: forbidden";
	case SRT_REJX_NOTFOUND:
		return "the peer refused: stream id not found";
	case SRT_REJX_CONFLICT:
		return "the peer refused: stream id in use";
	default:
		return srt_rejectreason_str(code);
	}
}

static void begin_sending(struct output_srt *s, int64_t now_ns)
{
	s->phase = PHASE_CONNECTED;
	s->due_ns = now_ns;
	s->position = s->newest = ring_head(channel_ring(s->channel));
	s->newest_ns = now_ns;
	s->attempt = 0;
	output_set_connected(&s->base);
}

static void poll_connect(struct output_srt *s, int64_t now_ns)
{
	const SRT_SOCKSTATUS state = srt_getsockstate(s->socket);
	const int reject = srt_getrejectreason(s->socket);

	if (state == SRTS_CONNECTED)
		begin_sending(s, now_ns);
	else if (reject != SRT_REJ_UNKNOWN)
		retry(s, now_ns, explain_reject(reject));
	else if (state >= SRTS_BROKEN || now_ns > s->due_ns)
		retry(s, now_ns, explain_reject(SRT_REJ_TIMEOUT));
}

/* Send the next message of up to max packets. Returns whether to go on. */
static bool send_message(struct output_srt *s, size_t max, int64_t now_ns)
{
	const struct ring *ring = channel_ring(s->channel);
	uint64_t position = s->position, lost = 0;
	uint8_t message[MESSAGE_BYTES];
	size_t bytes = ring_read(ring, &position, message, max, NULL, &lost) * TS_PACKET_BYTES;

	if (lost) {
		counter_add(&s->base.counters.packets_lost, lost);
		s->position = position;
	}
	if (!bytes)
		return false;
	if (srt_sendmsg2(s->socket, (const char *)message, (int)bytes, NULL) == SRT_ERROR) {
		/* With a full buffer the ring keeps the packets until the next tick. */
		if (srt_getlasterror(NULL) != SRT_EASYNCSND)
			retry(s, now_ns, "connection lost");
		return false;
	}
	s->position = position;
	counter_add(&s->base.counters.bytes_sent, bytes);
	return true;
}

static void send_waiting(struct output_srt *s, int64_t now_ns)
{
	const uint64_t head = ring_head(channel_ring(s->channel));
	bool going = true;

	if (head != s->newest) {
		s->newest = head;
		s->newest_ns = now_ns;
	}
	for (int i = 0; going && i < MESSAGES_PER_TICK && head - s->position >= MESSAGE_PACKETS;
	     i++)
		going = send_message(s, MESSAGE_PACKETS, now_ns);
	if (going && head != s->position && head - s->position < MESSAGE_PACKETS &&
	    now_ns - s->newest_ns > LEFTOVER_PATIENCE_NS)
		send_message(s, (size_t)(head - s->position), now_ns);
}

/*
 * What became of the packets on this connection since the last look, under libsrt's names. Its pktSndDrop is
 * left out: it is wrong in 1.5.1.
 */
static void count_losses(struct output_srt *s)
{
	struct srt_counters *counters = &s->own;
	SRT_TRACEBSTATS statistics;

	if (srt_bistats(s->socket, &statistics, 1, 1) == SRT_ERROR)
		return;
	counter_add(&counters->pktSndLossTotal, (uint64_t)statistics.pktSndLoss);
	counter_add(&counters->pktRetransTotal, (uint64_t)statistics.pktRetrans);
	counter_add(&counters->byteSndDropTotal, statistics.byteSndDrop);
}

static void run_connected(struct output_srt *s, int64_t now_ns)
{
	if (now_ns >= s->due_ns) {
		s->due_ns = now_ns + STATE_CHECK_NS;
		if (srt_getsockstate(s->socket) != SRTS_CONNECTED) {
			retry(s, now_ns, "connection lost");
			return;
		}
		count_losses(s);
	}
	send_waiting(s, now_ns);
	rate_update(&s->rate, now_ns, counter_get(&s->base.counters.bytes_sent),
	            &s->base.counters.bitrate_bps);
}

static void output_srt_tick(struct sender_task *task, int64_t now_ns)
{
	struct output_srt *s = container_of(task, struct output_srt, task);

	switch (s->phase) {
	case PHASE_IDLE:
		if (now_ns >= s->due_ns)
			begin_resolve(s, now_ns);
		break;
	case PHASE_RESOLVING:
		poll_resolve(s, now_ns);
		break;
	case PHASE_CONNECTING:
		poll_connect(s, now_ns);
		break;
	case PHASE_CONNECTED:
		run_connected(s, now_ns);
		break;
	}
}

static void output_srt_release(struct sender_task *task)
{
	struct output_srt *s = container_of(task, struct output_srt, task);

	close_socket(s);
	resolve_drop(s->resolve);
	output_fini(&s->base);
	free(s);
}

static void output_srt_give_up(struct output *output)
{
	sender_remove(&container_of(output, struct output_srt, base)->task);
}

static const struct output_ops srt_ops = {.give_up = output_srt_give_up};
const struct counter_info srt_counter_table[] = {SRT_COUNTERS(COUNTER_ROW)};

int output_srt_listener_create(struct output **out, const struct output_config *config,
                               struct feed *feed)
{
	(void)out;
	(void)config;
	(void)feed;
	return -ENOTSUP;
}

int output_srt_create(struct output **out, const struct output_config *config, struct feed *feed)
{
	struct output_srt *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	if (output_init(&s->base, config, channel_name(feed_channel(feed)), &srt_ops)) {
		free(s);
		return -ENOMEM;
	}
	pthread_once(&library_once, start_library);
	s->channel = feed_channel(feed);
	s->url = config->url;
	s->base.own_counters = &s->own;
	s->socket = SRT_INVALID_SOCK;
	s->task.tick = output_srt_tick;
	s->task.release = output_srt_release;
	sender_add(senders_pick(feed_senders(feed)), &s->task);
	*out = &s->base;
	return 0;
}
