/*
 * SRT sockets: connecting, listening, sending, statistics, and libsrt's codes in words.
 */
#include "srt_socket.h"

#include "base/log.h"
#include "srt_gate.h"
#include "srt_setup.h"

#include <errno.h>
#include <srt/access_control.h>
#include <srt/srt.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define BACKLOG       64 /* callers that connect at once */
#define MAX_LISTENERS 1024

int srt_socket_connect(int *out, const struct srt_options *options, const struct sockaddr *peer,
                       socklen_t size, unsigned int sharer, uint64_t bitrate_bps, char *why)
{
	int socket;

	if (srt_setup_socket(&socket, options, peer->sa_family, bitrate_bps, why))
		return -1;
	if (srt_setup_caller(socket, options, peer, sharer, why))
		goto failed;
	if (srt_connect(socket, peer, (int)size) == SRT_ERROR) {
		snprintf(why, SRT_REASON_BYTES, "cannot connect: %s", srt_getlasterror_str());
		goto failed;
	}
	*out = socket;
	return 0;
failed:
	srt_close(socket);
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
	case SRT_REJ_ROGUE: /* what a rendezvous gets when one side alone has a passphrase */
		return "the peer's handshake does not fit: has only one side a passphrase?";
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

/*
 * While a connection comes about, libsrt 1.5.1 calls it broken between two stores (m_bConnecting and m_bConnected in
 * postConnect). One that failed has a reason, always and before: without one, SRTS_BROKEN says nothing yet.
 */
enum srt_progress srt_socket_progress(int socket, char *why)
{
	const SRT_SOCKSTATUS state = srt_getsockstate(socket);
	const int reject = srt_getrejectreason(socket);

	if (state == SRTS_CONNECTED)
		return SRT_PROGRESS_UP;
	if (reject == SRT_REJ_UNKNOWN && state <= SRTS_BROKEN)
		return SRT_PROGRESS_PENDING;
	snprintf(why, SRT_REASON_BYTES, "%s",
	         reject != SRT_REJ_UNKNOWN ? explain_reject(reject) : "the SRT socket was closed");
	return SRT_PROGRESS_DOWN;
}

int srt_socket_send(int socket, const uint8_t *message, size_t size, uint32_t age_us)
{
	SRT_MSGCTRL control = srt_msgctrl_default;

	control.srctime = srt_time_now() - age_us;
	if (srt_sendmsg2(socket, (const char *)message, (int)size, &control) != SRT_ERROR)
		return 0;
	return srt_getlasterror(NULL) == SRT_EASYNCSND ? -EAGAIN : -EPIPE;
}

void srt_socket_set_bitrate(int socket, const struct srt_options *options, uint64_t bitrate_bps)
{
	const int64_t cap = srt_setup_cap(options, bitrate_bps);

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

/* What libsrt counts in an int, which becomes negative half-way round. */
static uint64_t round_32(int value)
{
	return (uint32_t)value;
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
		.pktRetrans = round_32(s.pktRetransTotal),
		.byteRetrans = s.byteRetransTotal,
		.pktSndLoss = round_32(s.pktSndLossTotal),
		.pktRecvNAK = round_32(s.pktRecvNAKTotal),
		.pktRecvACK = round_32(s.pktRecvACKTotal),
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
	struct sockaddr_storage local;
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

static struct listener_slot *find_slot(int socket)
{
	for (size_t i = 0; i < MAX_LISTENERS; i++)
		if (atomic_load(&listeners[i].socket) == socket)
			return &listeners[i];
	return NULL;
}

static void close_listener(struct listener_slot *slot)
{
	srt_gate_shut(&slot->local);
	srt_close(atomic_load(&slot->socket));
	srt_gate_open();
	atomic_store(&slot->socket, 0);
}

void srt_socket_close(int socket)
{
	struct listener_slot *slot;

	if (socket == SRT_INVALID_SOCK)
		return;
	slot = find_slot(socket);
	if (slot)
		close_listener(slot);
	else
		srt_close(socket);
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

	(void)version;
	switch (slot->admit(slot->context, socket, peer, stream_id ? stream_id : "", &options)) {
	case SRT_ADMITTED:
		if (!srt_setup_admitted(socket, options, why))
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
	struct listener_slot *slot;
	int socket;

	memcpy(&address, local, size < sizeof(address) ? size : sizeof(address));
	if (srt_setup_socket(&socket, options, local->sa_family, 0, why))
		return -1;
	slot = claim_slot(socket);
	if (!slot) {
		snprintf(why, SRT_REASON_BYTES, "more than %d listeners", MAX_LISTENERS);
		goto failed;
	}
	slot->admit = admit;
	slot->context = context;
	slot->local = address;
	if (srt_setup_bind(socket, &address) || srt_listen_callback(socket, decide, slot) ||
	    srt_listen(socket, BACKLOG)) {
		srt_setup_explain_bind(&address, why);
		goto failed;
	}
	*out = socket;
	return 0;
failed: /* it does not listen */
	srt_close(socket);
	if (slot)
		atomic_store(&slot->socket, 0);
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
