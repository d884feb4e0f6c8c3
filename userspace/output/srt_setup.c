/*
 * What an SRT socket needs before it connects or listens: libsrt started, its options, a local port.
 */
#include "srt_setup.h"

#include "base/log.h"
#include "srt_share.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <srt/srt.h>
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
#define RATE_MARGIN       4    /* see srt_setup_cap() */
#define MIN_CAP           1250000 /* bytes/s, 10 Mb/s: of next to nothing, four times is too little */
#define NO_CAP \
	12500000000 /* bytes/s, 100 Gb/s: above libsrt's infinite (1 Gb/s), at which it sleeps 10 us a packet */

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

/*
 * The cap is there for retransmission: after an outage it must not fill the line. It is not there to pace: libsrt
 * spreads packets over the time that the cap leaves between two, with a sleep for each, and a channel whose rate
 * doubles within the second over which it is measured would pile up in the send buffer. So it is four times the rate,
 * and with bitrate_bps 0 there is none.
 */
int64_t srt_setup_cap(const struct srt_options *options, uint64_t bitrate_bps)
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
	set_wide(s, SRTO_INPUTBW, "inputbw", srt_setup_cap(options, bitrate_bps));
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

void srt_setup_explain_bind(const struct sockaddr_storage *local, char *why)
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

int srt_setup_bind(int socket, const struct sockaddr_storage *local)
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
	if (port && srt_setup_bind(socket, &local) == 0)
		return 0;
	if (local_address(&local, options->adapter, family, 0, why))
		return -1;
	if (srt_setup_bind(socket, &local) ||
	    srt_getsockname(socket, (struct sockaddr *)&local, &length)) {
		srt_setup_explain_bind(&local, why);
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
	if (srt_setup_bind(socket, &local) == 0)
		return 0;
	srt_setup_explain_bind(&local, why);
	return -1;
}

int srt_setup_socket(int *out, const struct srt_options *options, int family, uint64_t bitrate_bps,
                     char *why)
{
	struct setting s = {.why = why};

	pthread_once(&library_once, start_library);
	if (!fits(options, why))
		return -1;
	s.socket = srt_create_socket();
	if (s.socket == SRT_INVALID_SOCK) {
		snprintf(why, SRT_REASON_BYTES, "no SRT socket: %s", srt_getlasterror_str());
		return -1;
	}
	set_before_bind(&s, options, family, bitrate_bps);
	set_int(&s, SRTO_RCVSYN, "rcvsyn", 0);
	set_int(&s, SRTO_SNDSYN, "sndsyn", 0);
	set_before_connect(&s, options, bitrate_bps);
	if (s.refused) {
		srt_close(s.socket);
		return -1;
	}
	*out = s.socket;
	return 0;
}

int srt_setup_caller(int socket, const struct srt_options *options, const struct sockaddr *peer,
                     unsigned int sharer, char *why)
{
	struct setting s = {.socket = socket, .why = why};

	set_int(&s, SRTO_CONNTIMEO, "conntimeo", options->conntimeo_ms);
	if (options->mode == SRT_MODE_RENDEZVOUS)
		set_int(&s, SRTO_RENDEZVOUS, "mode", 1);
	if (options->streamid[0])
		set_bytes(&s, SRTO_STREAMID, "streamid", options->streamid,
		          strlen(options->streamid));
	return s.refused ? -1 : bind_caller(socket, options, peer, sharer, why);
}

int srt_setup_admitted(int socket, const struct srt_options *options, char *why)
{
	struct setting s = {.socket = socket, .why = why};

	set_before_connect(&s, options, 0);
	return s.refused ? -1 : 0;
}
