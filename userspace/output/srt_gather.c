/*
 * Gathering of libsrt's datagrams. Each of its sending threads ("SRT:SndQ…", one for each local port) has a place with
 * a batch that it fills. Who has taken the batch out of the place owns it: the thread for the moment of adding a
 * datagram, or one who sends, who puts an empty one there in exchange. So nobody waits for anybody.
 */
#include "srt_gather.h"

#include "datagrams.h"

#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PLACES           128  /* local ports; more send for themselves */
#define BATCH_DATAGRAMS  512  /* a full batch is sent by the thread that fills it */
#define BUCKETS          1024 /* twice that many: short chains */
#define SRT_HEADER_BYTES 16
#define DATAGRAM_BYTES   1500
#define NOTHING          UINT16_MAX
#define ROOM_WAIT_MS     2
#define ROOM_PATIENCE_MS 20        /* a flush, for sockets that take no more just now */
#define SEND_BUFFER      (4 << 20) /* bytes: a burst to hundreds of peers; the kernel may give less */
#define SWAP_PATIENCE    1000      /* looks at a place whose batch is being exchanged */

#define SENDING_THREAD "SRT:SndQ"

struct datagram {
	int fd;
	uint16_t size;
	uint16_t next; /* to the same peer, of the same size */
	socklen_t peer_bytes;
	struct sockaddr_in6 peer; /* or of IPv4 */
	uint8_t data[DATAGRAM_BYTES];
};

struct batch {
	size_t count;
	struct datagram all[BATCH_DATAGRAMS];
};

struct place {
	_Atomic(struct batch *) batch; /* NULL: somebody has it, or nobody sits here */
	struct batch *spare;           /* of who holds `sending` */
	atomic_bool taken;
	atomic_flag sending;
};

static struct place places[PLACES];
static atomic_uint place_count; /* of places, those ever taken */
static atomic_uint users;
static pthread_key_t at_exit;
static pthread_once_t key_once = PTHREAD_ONCE_INIT;

static _Thread_local struct place *mine; /* of a sending thread of libsrt */
static _Thread_local bool asked;         /* mine is known */

static bool same_stream(const struct datagram *a, const struct datagram *b)
{
	return a->size == b->size && a->fd == b->fd && a->peer_bytes == b->peer_bytes &&
	       !memcmp(&a->peer, &b->peer, a->peer_bytes);
}

/* FNV-1a over what same_stream compares of the peer. */
static size_t bucket_of(const struct datagram *datagram)
{
	const uint8_t *bytes = (const uint8_t *)&datagram->peer;
	uint32_t hash = 2166136261u ^ datagram->size;

	for (socklen_t i = 0; i < datagram->peer_bytes; i++)
		hash = (hash ^ bytes[i]) * 16777619u;
	return (hash ^ hash >> 16) % BUCKETS;
}

/* Chain the datagrams of each stream, in their order; heads gets the first of each, in order. Returns how many. */
static size_t chain_streams(struct batch *batch, uint16_t heads[BATCH_DATAGRAMS])
{
	uint16_t first[BUCKETS], last[BATCH_DATAGRAMS];
	size_t count = 0;

	memset(first, 0xff, sizeof(first));
	for (uint16_t i = 0; i < batch->count; i++) {
		struct datagram *datagram = &batch->all[i];
		size_t bucket = bucket_of(datagram);

		datagram->next = NOTHING;
		while (first[bucket] != NOTHING &&
		       !same_stream(&batch->all[first[bucket]], datagram))
			bucket = (bucket + 1) % BUCKETS;
		if (first[bucket] == NOTHING) {
			first[bucket] = i;
			heads[count++] = i;
		} else {
			batch->all[last[first[bucket]]].next = i;
		}
		last[first[bucket]] = i;
	}
	return count;
}

/* Wait until the socket takes more, out of *patience_ms. False: that is used up. */
static bool wait_for_room(int fd, int *patience_ms)
{
	struct pollfd polled = {.fd = fd, .events = POLLOUT};

	if (*patience_ms <= 0)
		return false;
	*patience_ms -= ROOM_WAIT_MS;
	poll(&polled, 1, ROOM_WAIT_MS);
	return true;
}

/* What the kernel refuses is lost, as on the way; SRT sends it again. */
static void send_run(const struct datagram *head, const struct iovec *parts, size_t count,
                     int *patience_ms)
{
	bool has_gso = true;
	int error = 0;

	do {
		const size_t sent =
			datagrams_send(head->fd, (const struct sockaddr *)&head->peer,
		                       head->peer_bytes, parts, count, &has_gso, &error);

		parts += sent;
		count -= sent;
	} while (count && error == -EAGAIN && wait_for_room(head->fd, patience_ms));
}

static void send_stream(struct batch *batch, uint16_t at, int *patience_ms)
{
	struct iovec parts[DATAGRAMS_MAX];

	while (at != NOTHING) {
		const struct datagram *head = &batch->all[at];
		size_t count = 0;

		for (; at != NOTHING && count < DATAGRAMS_MAX &&
		       (count + 1) * head->size <= DATAGRAMS_MAX_BYTES;
		     at = batch->all[at].next)
			parts[count++] = (struct iovec){.iov_base = batch->all[at].data,
			                                .iov_len = head->size};
		send_run(head, parts, count, patience_ms);
	}
}

static void send_batch(struct batch *batch, int *patience_ms)
{
	uint16_t heads[BATCH_DATAGRAMS];
	const size_t count = chain_streams(batch, heads);

	for (size_t i = 0; i < count; i++)
		send_stream(batch, heads[i], patience_ms);
	batch->count = 0;
}

/* Take the batch out of a place, if there is one with something in it, and leave an empty one. */
static struct batch *exchange(struct place *place)
{
	struct batch *batch = atomic_exchange_explicit(&place->batch, NULL, memory_order_acquire);
	struct batch *put = batch && batch->count ? place->spare : batch;

	if (!batch)
		return NULL;
	atomic_store_explicit(&place->batch, put, memory_order_release);
	return put == batch ? NULL : batch;
}

static void flush_place(struct place *place, int *patience_ms)
{
	struct batch *batch;

	if (atomic_flag_test_and_set_explicit(&place->sending, memory_order_acquire))
		return; /* another thread is at it */
	batch = place->spare ? exchange(place) : NULL;
	if (batch) {
		send_batch(batch, patience_ms);
		place->spare = batch;
	}
	atomic_flag_clear_explicit(&place->sending, memory_order_release);
}

void srt_gather_flush(void)
{
	const unsigned int count = atomic_load_explicit(&place_count, memory_order_acquire);
	int patience_ms = ROOM_PATIENCE_MS;

	for (unsigned int i = 0; i < count; i++)
		if (atomic_load_explicit(&places[i].taken, memory_order_relaxed))
			flush_place(&places[i], &patience_ms);
}

/* The sending thread ends: what it laid aside leaves, and its place is free. */
static void leave_place(void *context)
{
	struct place *place = context;
	struct batch *batch;
	int patience_ms = ROOM_PATIENCE_MS;

	while (atomic_flag_test_and_set_explicit(&place->sending, memory_order_acquire))
		sched_yield(); /* for as long as sending a batch takes */
	batch = atomic_exchange_explicit(&place->batch, NULL, memory_order_acquire);
	if (batch)
		send_batch(batch, &patience_ms);
	free(batch);
	free(place->spare);
	place->spare = NULL;
	atomic_store_explicit(&place->taken, false, memory_order_release);
	atomic_flag_clear_explicit(&place->sending, memory_order_release);
}

static void create_key(void)
{
	pthread_key_create(&at_exit, leave_place);
}

/* Give a place its two batches. */
static bool furnish(struct place *place)
{
	struct batch *batch = malloc(sizeof(*batch)), *spare = malloc(sizeof(*spare));

	if (!batch || !spare || pthread_setspecific(at_exit, place)) {
		free(batch);
		free(spare);
		return false;
	}
	batch->count = spare->count = 0;
	while (atomic_flag_test_and_set_explicit(&place->sending, memory_order_acquire))
		sched_yield();
	place->spare = spare;
	atomic_store_explicit(&place->batch, batch, memory_order_release);
	atomic_flag_clear_explicit(&place->sending, memory_order_release);
	return true;
}

static struct place *take_place(void)
{
	pthread_once(&key_once, create_key);
	for (unsigned int i = 0; i < PLACES; i++) {
		struct place *place = &places[i];
		unsigned int count = atomic_load(&place_count);

		if (atomic_exchange(&place->taken, true))
			continue;
		if (!furnish(place)) {
			atomic_store(&place->taken, false);
			return NULL;
		}
		while (count < i + 1 && !atomic_compare_exchange_weak(&place_count, &count, i + 1))
			;
		return place;
	}
	return NULL;
}

/* A burst comes at once now: libsrt's own 64 kB hold a burst of a few outputs. */
static void enlarge_buffer(int fd)
{
	const int bytes = SEND_BUFFER;

	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes)))
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
}

/* The socket of a sending thread is always the same, fd. */
static struct place *my_place(int fd)
{
	char name[16];

	if (!asked) {
		asked = true;
		if (!pthread_getname_np(pthread_self(), name, sizeof(name)) &&
		    !strncmp(name, SENDING_THREAD, strlen(SENDING_THREAD)))
			mine = take_place();
		if (mine)
			enlarge_buffer(fd);
	}
	return mine;
}

/* A data packet (draft-sharabayko-srt-01 section 3.1: F bit 0) as libsrt hands it over: header, payload, receiver. */
static bool is_data(const struct msghdr *message)
{
	return message->msg_iovlen == 2 && message->msg_iov[0].iov_len == SRT_HEADER_BYTES &&
	       message->msg_iov[1].iov_len <= DATAGRAM_BYTES - SRT_HEADER_BYTES &&
	       !message->msg_controllen && message->msg_name &&
	       message->msg_namelen <= sizeof(struct sockaddr_in6) &&
	       !(*(const uint8_t *)message->msg_iov[0].iov_base & 0x80);
}

/* The thread's own batch; NULL: it is just being exchanged, and whoever does that has been interrupted. */
static struct batch *take_batch(struct place *place)
{
	struct batch *batch = NULL;

	for (int i = 0; !batch && i < SWAP_PATIENCE; i++)
		batch = atomic_exchange_explicit(&place->batch, NULL, memory_order_acquire);
	return batch;
}

/* Lay a datagram aside. Returns its size, or -1: it is to be sent at once. */
static ssize_t lay_aside(struct place *place, int fd, const struct msghdr *message)
{
	const struct iovec *header = &message->msg_iov[0], *payload = &message->msg_iov[1];
	struct batch *batch = take_batch(place);
	int patience_ms = ROOM_PATIENCE_MS;
	struct datagram *datagram;

	if (!batch)
		return -1;
	if (batch->count == BATCH_DATAGRAMS)
		send_batch(batch, &patience_ms);
	datagram = &batch->all[batch->count++];
	datagram->fd = fd;
	datagram->size = (uint16_t)(header->iov_len + payload->iov_len);
	datagram->peer_bytes = message->msg_namelen;
	memcpy(&datagram->peer, message->msg_name, message->msg_namelen);
	memcpy(datagram->data, header->iov_base, SRT_HEADER_BYTES);
	memcpy(datagram->data + SRT_HEADER_BYTES, payload->iov_base, payload->iov_len);
	atomic_store_explicit(&place->batch, batch, memory_order_release);
	return datagram->size;
}

typedef ssize_t (*sendmsg_fn)(int fd, const struct msghdr *message, int flags);

static sendmsg_fn next_sendmsg;
static pthread_once_t next_once = PTHREAD_ONCE_INIT;

static void find_next(void)
{
	*(void **)&next_sendmsg = dlsym(RTLD_NEXT, "sendmsg");
}

/* In the C library's place, for the whole program: see the header. */
__attribute__((visibility("default"))) ssize_t sendmsg(int fd, const struct msghdr *message,
                                                       int flags)
{
	struct place *place = NULL;
	ssize_t laid = -1;

	if (is_data(message) && atomic_load_explicit(&users, memory_order_relaxed))
		place = my_place(fd);
	if (place)
		laid = lay_aside(place, fd, message);
	if (laid >= 0)
		return laid;
	pthread_once(&next_once, find_next);
	return next_sendmsg(fd, message, flags);
}

void srt_gather_start(void)
{
	atomic_fetch_add(&users, 1);
}

void srt_gather_stop(void)
{
	atomic_fetch_sub(&users, 1);
	srt_gather_flush();
}
