/*
 * SRT sockets: options, local ports, connecting, listening, statistics, and libsrt's codes in words.
 */
#include "srt_socket.h"

#include "base/log.h"
#include "srt_share.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <srt/access_control.h>
#include <srt/srt.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IP_UDP_BYTES      28
#define IP_UDP_SRT_BYTES  44
#define MIN_FLOW_PACKETS  512
#define MAX_FLOW_PACKETS  25600
#define MIN_SIZED_BPS     50000000u /* limits are never sized for less: memory follows use */
#define RECEIVE_PACKETS   32        /* nothing is received; libsrt's least */
#define RETRANSMISSION_MS 1000 /* beyond the latency, libsrt's least before it gives a packet up */
#define BACKLOG           64   /* callers that connect at once */
#define MAX_LISTENERS     1024
#define RATE_MARGIN       4       /* see cap_of() */
#define MIN_CAP           1250000 /* bytes/s, 10 Mb/s: of next to nothing, four times is too little */
#define NO_CAP            125000000 /* bytes/s, 1 Gb/s, libsrt's infinite: the rate is not known */

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

/* A socket whose options are being set, up to the first that libsrt refuses. */
struct setting {
	SRTSOCKET socket;
	char *why;
	bool refused;
};

static void set_bytes(struct setting *s, SRT_SOCKOPT option, const char *name, const void *value,
                      size_t size)
{
	if (s->refused || srt_setsockflag(s->socket, option, value, (int)size) == 0)
		return;
	s->refused = true;
	snprintf(s->why, SRT_REASON_BYTES, "SRT refuses the option %s: %s", name,
	         srt_getlasterror_str());
}

static void set_int(struct setting *s, SRT_SOCKOPT option, const char *name, int64_t value)
{
	const int number = (int)value;

	set_bytes(s, option, name, &number, sizeof(number));
}

static void set_wide(struct setting *s, SRT_SOCKOPT option, const char *name, int64_t value)
{
	set_bytes(s, option, name, &value, sizeof(value));
}

/* Packets that may be on their way or wait for retransmission: bit rate x (latency + 1 s). */
static int flow_packets(const struct srt_options *options, uint64_t bitrate_bps)
{
	const uint32_t latency_ms = options->latency_ms > options->peerlatency_ms
	                                    ? options->latency_ms
	                                    : options->peerlatency_ms;
	const uint32_t delay_ms =
		options->snddropdelay_ms > 0 ? (uint32_t)options->snddropdelay_ms : 0;
	uint64_t bps = bitrate_bps * 3 / 2, packets;

	if (bps < MIN_SIZED_BPS)
		bps = MIN_SIZED_BPS;
	packets =
		bps / 8 * (latency_ms + delay_ms + RETRANSMISSION_MS) / 1000 / options->payloadsize;
	if (packets < MIN_FLOW_PACKETS)
		return MIN_FLOW_PACKETS;
	return packets > MAX_FLOW_PACKETS ? MAX_FLOW_PACKETS : (int)packets;
}

/* The input bandwidth that, with oheadbw on top, is the most that a connection sends. */
static int64_t cap_of(const struct srt_options *options, uint64_t bitrate_bps)
{
	const int64_t cap = (int64_t)(bitrate_bps / 8) * RATE_MARGIN;

	if (options->inputbw)
		return options->inputbw;
	if (!bitrate_bps)
		return NO_CAP;
	return cap < MIN_CAP ? MIN_CAP : cap;
}

/* What libsrt fixes when a socket is bound. TRANSTYPE resets the others and MSS is what buffers are measured in. */
static void set_before_bind(struct setting *s, const struct srt_options *options, int family,
                            uint64_t bitrate_bps)
{
	const int flow = flow_packets(options, bitrate_bps);
	const int64_t packet_bytes = (int64_t)options->mss - IP_UDP_BYTES;

	set_int(s, SRTO_TRANSTYPE, "transtype", SRTT_LIVE);
	set_int(s, SRTO_MSS, "mss", options->mss);
	set_int(s, SRTO_FC, "fc", flow);
	set_int(s, SRTO_SNDBUF, "sndbuf", flow * packet_bytes);
	set_int(s, SRTO_RCVBUF, "rcvbuf", RECEIVE_PACKETS * packet_bytes);
	if (options->ttl)
		set_int(s, SRTO_IPTTL, "ttl", options->ttl);
	if (options->tos >= 0)
		set_int(s, SRTO_IPTOS, "tos", options->tos);
	/* Else a socket for any address of IPv6 gets onto the port of one of IPv4, where it cannot connect. */
	if (family == AF_INET6)
		set_int(s, SRTO_IPV6ONLY, "ipv6only", 1);
}

/* What may still be set when somebody has called. An empty passphrase replaces the listener's. */
static void set_before_connect(struct setting *s, const struct srt_options *options,
                               uint64_t bitrate_bps)
{
	set_int(s, SRTO_LATENCY, "latency", options->latency_ms);
	if (options->peerlatency_ms)
		set_int(s, SRTO_PEERLATENCY, "peerlatency", options->peerlatency_ms);
	set_int(s, SRTO_PEERIDLETIMEO, "peeridletimeo", options->peeridletimeo_ms);
	set_int(s, SRTO_TLPKTDROP, "tlpktdrop", options->tlpktdrop);
	set_int(s, SRTO_SNDDROPDELAY, "snddropdelay", options->snddropdelay_ms);
	set_int(s, SRTO_PAYLOADSIZE, "payloadsize", options->payloadsize);
	set_int(s, SRTO_OHEADBW, "oheadbw", options->oheadbw);
	set_wide(s, SRTO_MAXBW, "maxbw", options->maxbw);
	set_wide(s, SRTO_INPUTBW, "inputbw", cap_of(options, bitrate_bps));
	if (options->minversion)
		set_int(s, SRTO_MINVERSION, "minversion", options->minversion);
	if (options->packetfilter[0])
		set_bytes(s, SRTO_PACKETFILTER, "packetfilter", options->packetfilter,
		          strlen(options->packetfilter));
	set_int(s, SRTO_PBKEYLEN, "pbkeylen", options->pbkeylen);
	set_bytes(s, SRTO_PASSPHRASE, "passphrase", options->passphrase,
	          strlen(options->passphrase));
}

/* What libsrt finds out only when it sends. */
static bool fits(const struct srt_options *options, char *why)
{
	if (options->payloadsize + IP_UDP_SRT_BYTES <= options->mss)
		return true;
	snprintf(why, SRT_REASON_BYTES,
	         "payloadsize %u does not fit into mss %u, which leaves %u bytes",
	         options->payloadsize, options->mss,
	         options->mss > IP_UDP_SRT_BYTES ? options->mss - IP_UDP_SRT_BYTES : 0);
	return false;
}

static uint16_t port_of(const struct sockaddr_storage *address)
{
	return ntohs(address->ss_family == AF_INET6
	                     ? ((const struct sockaddr_in6 *)address)->sin6_port
	                     : ((const struct sockaddr_in *)address)->sin_port);
}

/* The local address of a family. Errors: -1: the adapter is of the other one. */
static int local_address(struct sockaddr_storage *out, const char *adapter, sa_family_t family,
                         uint16_t port, char *why)
{
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
	struct sockaddr_in *v4 = (struct sockaddr_in *)out;
	void *bytes = family == AF_INET6 ? (void *)&v6->sin6_addr : (void *)&v4->sin_addr;

	memset(out, 0, sizeof(*out));
	out->ss_family = family;
	*(family == AF_INET6 ? &v6->sin6_port : &v4->sin_port) = htons(port);
	if (!adapter[0] || inet_pton(family, adapter, bytes) == 1)
		return 0;
	snprintf(why, SRT_REASON_BYTES, "the adapter %s is no %s address, but the peer's is",
	         adapter, family == AF_INET6 ? "IPv6" : "IPv4");
	return -1;
}

static void explain_bind(const struct sockaddr_storage *local, char *why)
{
	const unsigned int port = port_of(local);
	int system_error = 0;
	const int error = srt_getlasterror(&system_error);

	if (error == SRT_EBINDCONFLICT)
		snprintf(why, SRT_REASON_BYTES,
		         "local port %u is in use here with another address, ttl or tos", port);
	else if (error == SRT_EDUPLISTEN)
		snprintf(why, SRT_REASON_BYTES, "local port %u is in use by another listener",
		         port);
	else if (system_error == EADDRINUSE)
		snprintf(why, SRT_REASON_BYTES, "local port %u is in use by another program", port);
	else if (system_error == EADDRNOTAVAIL)
		snprintf(why, SRT_REASON_BYTES, "the adapter is no address of this machine");
	else if (system_error == EACCES)
		snprintf(why, SRT_REASON_BYTES, "local port %u takes a privilege", port);
	else
		snprintf(why, SRT_REASON_BYTES, "cannot bind to local port %u: %s", port,
		         srt_getlasterror_str());
}

static int bind_to(SRTSOCKET socket, const struct sockaddr_storage *local)
{
	return srt_bind(socket, (const struct sockaddr *)local,
	                local->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6)
	                                             : sizeof(struct sockaddr_in));
}

/* So that two senders whose first callers come at the same moment do not begin a port each. */
static pthread_mutex_t share_lock = PTHREAD_MUTEX_INITIALIZER; /* guards srt_share.h */

/* Bind to the port that the sharer's callers share, or begin a new one when that is gone. */
static int bind_shared_locked(SRTSOCKET socket, const struct srt_options *options,
                              sa_family_t family, unsigned int sharer, char *why)
{
	const struct srt_share_key key = srt_share_key(options, family);
	const uint16_t port = srt_share_get(sharer, &key);
	struct sockaddr_storage local;
	int length = sizeof(local);

	if (local_address(&local, options->adapter, family, port, why))
		return -1;
	if (port && bind_to(socket, &local) == 0)
		return 0;
	if (local_address(&local, options->adapter, family, 0, why))
		return -1;
	if (bind_to(socket, &local) ||
	    srt_getsockname(socket, (struct sockaddr *)&local, &length)) {
		explain_bind(&local, why);
		return -1;
	}
	srt_share_set(sharer, &key, port_of(&local));
	return 0;
}

static int bind_shared(SRTSOCKET socket, const struct srt_options *options, sa_family_t family,
                       unsigned int sharer, char *why)
{
	int error;

	pthread_mutex_lock(&share_lock);
	error = bind_shared_locked(socket, options, family, sharer, why);
	pthread_mutex_unlock(&share_lock);
	return error;
}

/* Both sides of a rendezvous use one port, unless options say otherwise. */
static int bind_caller(SRTSOCKET socket, const struct srt_options *options,
                       const struct sockaddr *peer, unsigned int sharer, char *why)
{
	const struct sockaddr_storage *address = (const struct sockaddr_storage *)peer;
	struct sockaddr_storage local;
	uint16_t port = options->localport;

	if (!port && options->mode == SRT_MODE_RENDEZVOUS)
		port = port_of(address);
	if (!port)
		return bind_shared(socket, options, peer->sa_family, sharer, why);
	if (local_address(&local, options->adapter, peer->sa_family, port, why))
		return -1;
	if (bind_to(socket, &local) == 0)
		return 0;
	explain_bind(&local, why);
	return -1;
}

/* A socket that neither blocks nor is bound yet. Errors: -1 with why. */
static int create_socket(struct setting *s, const struct srt_options *options, int family,
                         uint64_t bitrate_bps)
{
	pthread_once(&library_once, start_library);
	if (!fits(options, s->why))
		return -1;
	s->socket = srt_create_socket();
	if (s->socket == SRT_INVALID_SOCK) {
		snprintf(s->why, SRT_REASON_BYTES, "no SRT socket: %s", srt_getlasterror_str());
		return -1;
	}
	set_before_bind(s, options, family, bitrate_bps);
	set_int(s, SRTO_RCVSYN, "rcvsyn", 0);
	set_int(s, SRTO_SNDSYN, "sndsyn", 0);
	set_before_connect(s, options, bitrate_bps);
	return s->refused ? -1 : 0;
}

int srt_socket_connect(int *out, const struct srt_options *options, const struct sockaddr *peer,
                       socklen_t size, unsigned int sharer, uint64_t bitrate_bps, char *why)
{
	struct setting s = {.socket = SRT_INVALID_SOCK, .why = why};

	if (create_socket(&s, options, peer->sa_family, bitrate_bps))
		goto failed;
	set_int(&s, SRTO_CONNTIMEO, "conntimeo", options->conntimeo_ms);
	if (options->mode == SRT_MODE_RENDEZVOUS)
		set_int(&s, SRTO_RENDEZVOUS, "mode", 1);
	if (options->streamid[0])
		set_bytes(&s, SRTO_STREAMID, "streamid", options->streamid,
		          strlen(options->streamid));
	if (s.refused || bind_caller(s.socket, options, peer, sharer, why))
		goto failed;
	if (srt_connect(s.socket, peer, (int)size) == SRT_ERROR) {
		snprintf(why, SRT_REASON_BYTES, "cannot connect: %s", srt_getlasterror_str());
		goto failed;
	}
	*out = s.socket;
	return 0;
failed:
	srt_socket_close(s.socket);
	return -1;
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
	case SRT_REJ_VERSION:
		return "the peer's version of SRT is older than minversion";
	case SRT_REJ_FILTER:
		return "the peer's packetfilter is another one";
	case SRT_REJ_RDVCOOKIE:
		return "rendezvous: both sides made the same cookie";
	case SRT_REJ_BACKLOG:
		return "the peer refused: too many callers wait there";
	case SRT_REJ_CLOSE:
		return "the peer is closing";
	case SRT_REJ_PEER:
		return "the peer refused";
	case SRT_REJX_UNAUTHORIZED:
		return "the peer refused: not authorized";
	case SRT_REJX_OVERLOAD:
		return "the peer refused: overloaded";
	case SRT_REJX_FORBIDDEN:
		return "the peer refused: forbidden";
	case SRT_REJX_NOTFOUND:
		return "the peer refused: stream id not found";
	case SRT_REJX_BAD_MODE:
		return "the peer refused: it does not want to be sent to with this stream id";
	case SRT_REJX_CONFLICT:
		return "the peer refused: stream id in use";
	default:
		return srt_rejectreason_str(code);
	}
}

enum srt_progress srt_socket_progress(int socket, char *why)
{
	const SRT_SOCKSTATUS state = srt_getsockstate(socket);
	const int reject = srt_getrejectreason(socket);

	if (state == SRTS_CONNECTED)
		return SRT_PROGRESS_UP;
	if (reject == SRT_REJ_UNKNOWN && state < SRTS_BROKEN)
		return SRT_PROGRESS_PENDING;
	snprintf(why, SRT_REASON_BYTES, "%s",
	         reject != SRT_REJ_UNKNOWN
	                 ? explain_reject(reject)
	                 : "connection lost (closed by the peer, or silent for peeridletimeo)");
	return SRT_PROGRESS_DOWN;
}

int srt_socket_send(int socket, const uint8_t *message, size_t size)
{
	if (srt_sendmsg2(socket, (const char *)message, (int)size, NULL) != SRT_ERROR)
		return 0;
	return srt_getlasterror(NULL) == SRT_EASYNCSND ? -EAGAIN : -EPIPE;
}

void srt_socket_set_bitrate(int socket, const struct srt_options *options, uint64_t bitrate_bps)
{
	const int64_t cap = cap_of(options, bitrate_bps);

	if (!options->maxbw && !options->inputbw)
		srt_setsockflag(socket, SRTO_INPUTBW, &cap, sizeof(cap));
}

static uint64_t thousandth(double value)
{
	return value > 0 ? (uint64_t)(value * 1e3) : 0;
}

static uint64_t millionth(double value)
{
	return value > 0 ? (uint64_t)(value * 1e6) : 0;
}

static uint64_t natural(int64_t value)
{
	return value > 0 ? (uint64_t)value : 0;
}

int srt_socket_get_statistics(int socket, struct srt_statistics *out)
{
	SRT_TRACEBSTATS s;

	/* Clearing begins the interval that rates are of; totals are not cleared by it. */
	if (srt_bistats(socket, &s, 1, 1) == SRT_ERROR)
		return -EPIPE;
	*out = (struct srt_statistics){
		.pktSentUnique = natural(s.pktSentUniqueTotal),
		.byteSentUnique = s.byteSentUniqueTotal,
		.pktRetrans = natural(s.pktRetransTotal),
		.byteRetrans = s.byteRetransTotal,
		.pktSndLoss = natural(s.pktSndLossTotal),
		.pktRecvNAK = natural(s.pktRecvNAKTotal),
		.pktRecvACK = natural(s.pktRecvACKTotal),
		.byteSndDrop = s.byteSndDropTotal,
		.rtt_us = thousandth(s.msRTT),
		.mbpsSendRate_bps = millionth(s.mbpsSendRate),
		.mbpsBandwidth_bps = millionth(s.mbpsBandwidth),
		.mbpsMaxBW_bps = millionth(s.mbpsMaxBW),
		.pktFlightSize = natural(s.pktFlightSize),
		.pktFlowWindow = natural(s.pktFlowWindow),
		.pktSndBuf = natural(s.pktSndBuf),
		.msSndBuf = natural(s.msSndBuf),
		.msSndTsbPdDelay = natural(s.msSndTsbPdDelay),
		.byteAvailSndBuf = natural(s.byteAvailSndBuf),
	};
	return 0;
}

/*
 * Who decides on a listener's callers. Slots, because libsrt's callback runs on a thread of its own: the slot is
 * taken before the listener listens and free again when srt_close() has returned, after which libsrt calls no more.
 */
static struct listener_slot {
	_Atomic int socket; /* 0: free; libsrt has no such socket */
	srt_admit_fn admit;
	void *context;
} listeners[MAX_LISTENERS];

static struct listener_slot *claim_slot(int socket)
{
	for (size_t i = 0; i < MAX_LISTENERS; i++) {
		int free_slot = 0;

		if (atomic_compare_exchange_strong(&listeners[i].socket, &free_slot, socket))
			return &listeners[i];
	}
	return NULL;
}

static void release_slot(int socket)
{
	for (size_t i = 0; i < MAX_LISTENERS; i++)
		if (atomic_load(&listeners[i].socket) == socket)
			atomic_store(&listeners[i].socket, 0);
}

void srt_socket_close(int socket)
{
	if (socket == SRT_INVALID_SOCK)
		return;
	srt_close(socket);
	release_slot(socket);
}

static int refuse(int socket, int code)
{
	srt_setrejectreason(socket, code);
	return -1;
}

/* libsrt's listen callback. */
static int decide(void *opaque, SRTSOCKET socket, int version, const struct sockaddr *peer,
                  const char *stream_id)
{
	const struct listener_slot *slot = opaque;
	const struct srt_options *options = NULL;
	char why[SRT_REASON_BYTES];
	struct setting s = {.socket = socket, .why = why};

	(void)version;
	switch (slot->admit(slot->context, socket, peer, stream_id ? stream_id : "", &options)) {
	case SRT_ADMITTED:
		set_before_connect(&s, options, 0);
		if (!s.refused)
			return 0;
		log_debug("libsrt: %s", why);
		return refuse(socket, SRT_REJX_ISE);
	case SRT_REFUSED_NOT_FOUND:
		return refuse(socket, SRT_REJX_NOTFOUND);
	case SRT_REFUSED_FORBIDDEN:
		return refuse(socket, SRT_REJX_FORBIDDEN);
	case SRT_REFUSED_OVERLOADED:
		return refuse(socket, SRT_REJX_OVERLOAD);
	}
	return -1;
}

int srt_socket_listen(int *out, const struct srt_options *options, const struct sockaddr *local,
                      socklen_t size, srt_admit_fn admit, void *context, char *why)
{
	struct sockaddr_storage address = {0};
	struct setting s = {.socket = SRT_INVALID_SOCK, .why = why};
	struct listener_slot *slot;

	memcpy(&address, local, size < sizeof(address) ? size : sizeof(address));
	if (create_socket(&s, options, local->sa_family, 0))
		goto failed;
	slot = claim_slot(s.socket);
	if (!slot) {
		snprintf(why, SRT_REASON_BYTES, "more than %d listeners", MAX_LISTENERS);
		goto failed;
	}
	slot->admit = admit;
	slot->context = context;
	if (bind_to(s.socket, &address) || srt_listen_callback(s.socket, decide, slot) ||
	    srt_listen(s.socket, BACKLOG)) {
		explain_bind(&address, why);
		goto failed;
	}
	*out = s.socket;
	return 0;
failed:
	srt_socket_close(s.socket);
	return -1;
}

int srt_socket_accept(int listener, int *out, struct sockaddr_storage *peer)
{
	int length = sizeof(*peer);
	const SRTSOCKET socket = srt_accept(listener, (struct sockaddr *)peer, &length);

	if (socket == SRT_INVALID_SOCK)
		return srt_getlasterror(NULL) == SRT_EASYNCRCV ? -EAGAIN : -EPIPE;
	*out = socket;
	return 0;
}
