/*
 * UDP and RTP outputs.
 *
 * An output is a task of its sender thread. Each tick, or as often as its option burst says, everything whole that the
 * ring has goes out with one system call: datagrams of 7 TS packets, the last of them shorter when nothing more came
 * for a while. With RTP each has a header of our own; FEC goes to the ports beside it.
 *
 * UDP has no connection. Connected means: the socket is open, and the kernel takes what it is given. What it refuses is
 * counted and gone, as if a network had lost it; only when it refuses everything for a while is the output retrying,
 * and starts anew with the name. That nobody listens at the other end is nobody's business.
 */
#include "output_base.h"

#include "base/clock.h"
#include "base/container.h"
#include "base/rate.h"
#include "base/resolve.h"
#include "burst.h"
#include "cutter.h"
#include "datagram_socket.h"
#include "feed.h"
#include "media/fec_encode.h"
#include "media/ts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define BATCHES_PER_TICK    16
#define REFUSAL_PATIENCE_NS (500 * NS_PER_MS) /* then it is no hiccup */
#define COLUMN_PORT         2                 /* above that of the media */
#define ROW_PORT            4

enum phase { PHASE_IDLE, PHASE_RESOLVING, PHASE_SENDING };

struct output_udp {
	struct output base;
	struct udp_counters own;
	struct sender_task task;
	struct channel *channel;
	char host[256];
	uint16_t port;
	struct udp_options options;
	/* Everything below is the sender thread's. */
	enum phase phase;
	int64_t due_ns; /* IDLE: next try; SENDING: next sample */
	struct resolve *resolve;
	struct resolve_result addresses;
	struct datagram_socket socket;
	struct burst burst;
	struct cutter cutter;
	struct fec_encoder *fec; /* NULL: none */
	int64_t refused_ns;      /* since when everything is refused; 0: it is not */
	struct rate rate;
};

static void retry(struct output_udp *u, int64_t now_ns, const char *what, const char *why)
{
	datagram_socket_close(&u->socket);
	u->phase = PHASE_IDLE;
	u->due_ns = now_ns + output_set_retrying(&u->base, "%s: %s", what, why) * NS_PER_MS;
}

static void begin_resolve(struct output_udp *u, int64_t now_ns)
{
	output_set_connecting(&u->base);
	if (resolve_start(&u->resolve, u->host, u->port, SOCK_DGRAM))
		retry(u, now_ns, "cannot resolve the host name", "no memory");
	else
		u->phase = PHASE_RESOLVING;
}

/* The first of the name's addresses that can be sent to. */
static void begin_sending(struct output_udp *u, int64_t now_ns)
{
	const char *what = NULL, *first_what = NULL;
	int error = -EDESTADDRREQ, first_error = 0;

	for (size_t i = 0; error && i < u->addresses.count; i++) {
		error = datagram_socket_open(&u->socket,
		                             (const struct sockaddr *)&u->addresses.list[i].address,
		                             u->addresses.list[i].length, &u->options, &what);
		if (!first_error || first_error == -EAFNOSUPPORT) {
			first_error = error;
			first_what = what;
		}
	}
	if (error) {
		retry(u, now_ns, first_what, strerror(-first_error));
		return;
	}
	u->phase = PHASE_SENDING;
	cutter_start(&u->cutter, now_ns);
	u->refused_ns = 0;
	u->rate = (struct rate){0};
	u->due_ns = now_ns + NS_PER_S;
	output_set_connected(&u->base);
}

static void poll_resolve(struct output_udp *u, int64_t now_ns)
{
	const int error = resolve_poll(u->resolve, &u->addresses);
	char reason[128];

	if (error == -EAGAIN)
		return;
	if (error)
		snprintf(reason, sizeof(reason), "%s", resolve_error(u->resolve));
	resolve_drop(u->resolve);
	u->resolve = NULL;
	if (error)
		retry(u, now_ns, "cannot resolve the host name", reason);
	else
		begin_sending(u, now_ns);
}

static void send_fec(struct output_udp *u, enum fec_kind kind, uint16_t port_offset)
{
	size_t size;
	const uint8_t *packet = fec_encoder_due(u->fec, kind, &size);

	if (!packet)
		return;
	if (datagram_socket_send_beside(&u->socket, packet, size, port_offset))
		counter_add(&u->own.send_errors, 1);
	else
		counter_add(&u->own.fec_sent, 1);
}

/* Protect the batch's first `count` datagrams. */
static void protect(struct output_udp *u, const struct batch *batch, size_t count)
{
	const size_t full = cutter_full_bytes(&u->cutter);

	for (size_t i = 0; i < count; i++) {
		fec_encoder_add(u->fec, batch->bytes + i * full,
		                cutter_bytes(&u->cutter, batch, i));
		send_fec(u, FEC_COLUMN, COLUMN_PORT);
		send_fec(u, FEC_ROW, ROW_PORT);
	}
}

/* Of the batch's first `done` datagrams `sent` were taken. */
static void count_batch(struct output_udp *u, const struct batch *batch, size_t sent, size_t done)
{
	uint64_t packets = 0;

	for (size_t i = 0; i < sent; i++)
		packets += cutter_packets(&u->cutter, batch, i);
	counter_add(&u->own.datagrams_sent, sent);
	counter_add(&u->own.send_errors, done - sent);
	counter_add(&u->base.counters.bytes_sent, packets * TS_PACKET_BYTES);
}

/*
 * Send a batch. What finds no room is left in the ring, the rest is done with, sent or not: numbers go on, and FEC
 * covers what was refused. Returns whether all of it was sent.
 */
static bool send_batch(struct output_udp *u, const struct batch *batch, int64_t now_ns)
{
	int error = 0;
	const size_t sent = datagram_socket_send(
		&u->socket, batch->bytes, cutter_full_bytes(&u->cutter), batch->count,
		cutter_bytes(&u->cutter, batch, batch->count - 1), &error);
	const size_t done = error == -EAGAIN ? sent : batch->count;

	count_batch(u, batch, sent, done);
	cutter_done(&u->cutter, batch, done);
	if (u->fec)
		protect(u, batch, done);
	if (sent)
		u->refused_ns = 0;
	else if (!u->refused_ns)
		u->refused_ns = now_ns;
	else if (now_ns - u->refused_ns > REFUSAL_PATIENCE_NS)
		retry(u, now_ns, "cannot send there", strerror(-error));
	return sent == batch->count;
}

static void send_waiting(struct output_udp *u, int64_t now_ns)
{
	struct batch batch;

	for (int i = 0; i < BATCHES_PER_TICK; i++) {
		counter_add(&u->base.counters.packets_lost, cutter_cut(&u->cutter, &batch, now_ns));
		if (!batch.count || !send_batch(u, &batch, now_ns))
			return;
	}
}

static void run_sending(struct output_udp *u, int64_t now_ns)
{
	struct output_sample sample = {0};

	if (burst_is_due(&u->burst, now_ns))
		send_waiting(u, now_ns);
	if (u->phase != PHASE_SENDING)
		return;
	rate_update(&u->rate, now_ns, counter_get(&u->base.counters.bytes_sent),
	            &u->base.counters.bitrate_bps);
	if (now_ns < u->due_ns)
		return;
	u->due_ns = now_ns + NS_PER_S;
	sample.at_s = clock_wall_s();
	sample.bitrate_kbps = (uint32_t)(counter_get(&u->base.counters.bitrate_bps) / 1000);
	output_add_sample(&u->base, &sample);
}

static void output_udp_tick(struct sender_task *task, int64_t now_ns)
{
	struct output_udp *u = container_of(task, struct output_udp, task);

	switch (u->phase) {
	case PHASE_IDLE:
		if (now_ns >= u->due_ns)
			begin_resolve(u, now_ns);
		break;
	case PHASE_RESOLVING:
		poll_resolve(u, now_ns);
		break;
	case PHASE_SENDING:
		run_sending(u, now_ns);
		break;
	}
}

static void free_output(struct output_udp *u)
{
	datagram_socket_close(&u->socket);
	fec_encoder_destroy(u->fec);
	resolve_drop(u->resolve);
	output_fini(&u->base);
	free(u);
}

static void output_udp_release(struct sender_task *task)
{
	free_output(container_of(task, struct output_udp, task));
}

static void output_udp_give_up(struct output *output)
{
	sender_remove(&container_of(output, struct output_udp, base)->task);
}

static const struct output_ops udp_ops = {.give_up = output_udp_give_up};

/* What rtp:// has besides. Errors: negative errno. */
static int make_rtp(struct output_udp *u)
{
	const struct fec_encoder_config fec = {
		.columns = u->options.fec_columns,
		.rows = u->options.fec_rows,
		.row_packets = u->options.fec_row_packets,
		.max_media_bytes = (uint16_t)(RTP_HEADER_BYTES + u->options.pkt_size),
	};
	struct rtp_packetiser rtp;
	struct rtp_start start;

	if (getrandom(&start, sizeof(start), 0) != sizeof(start))
		return -EAGAIN;
	rtp_packetiser_init(&rtp, u->options.payload_type, &start);
	cutter_init(&u->cutter, channel_ring(u->channel), u->options.pkt_size, &rtp);
	return fec.columns ? fec_encoder_create(&u->fec, &fec) : 0;
}

int output_udp_create(struct output **out, const struct output_config *config, struct feed *feed)
{
	struct output_udp *u = calloc(1, sizeof(*u));
	int error = 0;

	if (!u)
		return -ENOMEM;
	if (output_init(&u->base, config, channel_name(feed_channel(feed)), &udp_ops)) {
		free(u);
		return -ENOMEM;
	}
	u->channel = feed_channel(feed);
	snprintf(u->host, sizeof(u->host), "%s", config->url.host);
	u->port = config->url.port;
	u->options = config->url.udp;
	u->burst.period_ns = u->options.burst ? u->options.burst * NS_PER_MS : 1;
	u->base.own_counters = &u->own;
	u->socket.fd = -1;
	cutter_init(&u->cutter, channel_ring(u->channel), u->options.pkt_size, NULL);
	if (config->url.scheme == OUTPUT_RTP)
		error = make_rtp(u);
	if (error) {
		free_output(u);
		return error;
	}
	u->task.tick = output_udp_tick;
	u->task.release = output_udp_release;
	sender_add(senders_pick(feed_senders(feed)), &u->task);
	*out = &u->base;
	return 0;
}
