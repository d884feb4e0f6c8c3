/*
 * One AF_XDP socket (Linux Documentation/networking/af_xdp.rst): all its frames circulate between the
 * fill ring, which the kernel takes them from, and the receive ring, which it returns them on. The kernel
 * publishes a received frame before the room that it left in the fill ring, so the fill ring has twice the
 * room that the frames need, and giving one back cannot fail.
 */
#include "queue_socket.h"

#include "base/clock.h"
#include "base/counter.h"
#include "bpf/steer.h"

#include <errno.h>
#include <linux/if_xdp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <xdp/libxdp.h>
#include <xdp/xsk.h>

#define BIND_PATIENCE_NS NS_PER_S
#define BIND_PAUSE_NS    (10 * NS_PER_MS)

_Static_assert(STEER_MAX_FRAME == QUEUE_SOCKET_FRAME_BYTES - 256, "the kernel's headroom is 256");

struct queue_socket {
	struct xsk_umem *umem;
	struct xsk_socket *socket;
	struct xsk_ring_prod fill;
	struct xsk_ring_cons completion; /* unused, but libxdp wants it: we never send */
	struct xsk_ring_cons receive;
	uint8_t *frames;
	uint32_t frame_count, frame_bytes;
	int copy_reason;
	counter_t received;
};

static int log_nothing(enum libxdp_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0; /* callers get the error code */
}

static size_t umem_bytes(const struct queue_socket *s)
{
	return (size_t)s->frame_count * s->frame_bytes;
}

static int create_umem(struct queue_socket *s)
{
	const struct xsk_umem_config config = {
		.fill_size = 2 * s->frame_count,
		.comp_size = QUEUE_BATCH,
		.frame_size = s->frame_bytes,
	};

	s->frames = mmap(NULL, umem_bytes(s), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
	                 -1, 0);
	if (s->frames == MAP_FAILED) {
		s->frames = NULL;
		return -errno;
	}
	(void)madvise(s->frames, umem_bytes(s), MADV_HUGEPAGE); /* for speed alone */
	return xsk_umem__create(&s->umem, s->frames, umem_bytes(s), &s->fill, &s->completion,
	                        &config);
}

static int bind_socket(struct queue_socket *s, const struct queue_socket_config *asked,
                       uint16_t copying)
{
	const struct xsk_socket_config config = {
		.rx_size = s->frame_count,
		.libbpf_flags = XSK_LIBBPF_FLAGS__INHIBIT_PROG_LOAD,
		.bind_flags = (uint16_t)(copying | XDP_USE_NEED_WAKEUP),
	};
	const int64_t deadline_ns = clock_now_ns() + BIND_PATIENCE_NS;
	const struct timespec pause = {.tv_nsec = BIND_PAUSE_NS};
	int error;

	for (;;) {
		error = xsk_socket__create(&s->socket, asked->interface, asked->queue, s->umem,
		                           &s->receive, NULL, &config);
		if (error != -EBUSY || clock_now_ns() > deadline_ns)
			return error;
		nanosleep(&pause, NULL);
	}
}

/* Without copying if that is asked for and the driver can, else with. */
static int bind_somehow(struct queue_socket *s, const struct queue_socket_config *asked)
{
	s->copy_reason = -ECANCELED;
	if (asked->zero_copy) {
		s->copy_reason = bind_socket(s, asked, XDP_ZEROCOPY);
		if (!s->copy_reason)
			return 0;
	}
	return bind_socket(s, asked, XDP_COPY);
}

static void give_all_frames(struct queue_socket *s)
{
	uint32_t index = 0;

	xsk_ring_prod__reserve(&s->fill, s->frame_count, &index);
	for (uint32_t i = 0; i < s->frame_count; i++)
		*xsk_ring_prod__fill_addr(&s->fill, index + i) = (uint64_t)i * s->frame_bytes;
	xsk_ring_prod__submit(&s->fill, s->frame_count);
}

int queue_socket_create(struct queue_socket **out, const struct queue_socket_config *config)
{
	struct queue_socket *s = calloc(1, sizeof(*s));
	int error;

	if (!s)
		return -ENOMEM;
	s->frame_count = config->frames ? config->frames : QUEUE_SOCKET_FRAMES;
	s->frame_bytes = config->frame_bytes ? config->frame_bytes : QUEUE_SOCKET_FRAME_BYTES;
	libxdp_set_print(log_nothing);
	error = create_umem(s);
	if (!error) {
		give_all_frames(s);
		error = bind_somehow(s, config);
	}
	if (error) {
		queue_socket_destroy(s);
		return error;
	}
	*out = s;
	return 0;
}

void queue_socket_destroy(struct queue_socket *s)
{
	if (!s)
		return;
	if (s->socket)
		xsk_socket__delete(s->socket);
	if (s->umem)
		xsk_umem__delete(s->umem);
	if (s->frames)
		munmap(s->frames, umem_bytes(s));
	free(s);
}

int queue_socket_copy_reason(const struct queue_socket *s)
{
	return s->copy_reason;
}

int queue_socket_fd(const struct queue_socket *s)
{
	return xsk_socket__fd(s->socket);
}

static uint32_t drain_batch(struct queue_socket *s, queue_frames_fn receive, void *context)
{
	struct queue_frame frames[QUEUE_BATCH];
	uint32_t from = 0, to = 0;
	const uint32_t count = (uint32_t)xsk_ring_cons__peek(&s->receive, QUEUE_BATCH, &from);

	if (!count)
		return 0;
	if (xsk_ring_prod__reserve(&s->fill, count, &to) != count) { /* cannot be, see above */
		xsk_ring_cons__cancel(&s->receive, count);
		return 0;
	}
	for (uint32_t i = 0; i < count; i++) {
		const struct xdp_desc *d = xsk_ring_cons__rx_desc(&s->receive, from + i);

		frames[i] = (struct queue_frame){s->frames + d->addr, d->len};
		__builtin_prefetch(frames[i].data);
		*xsk_ring_prod__fill_addr(&s->fill, to + i) =
			d->addr & ~(uint64_t)(s->frame_bytes - 1);
	}
	receive(context, frames, count);
	xsk_ring_prod__submit(&s->fill, count);
	xsk_ring_cons__release(&s->receive, count);
	return count;
}

size_t queue_socket_drain(struct queue_socket *s, queue_frames_fn receive, void *context)
{
	size_t total = 0;
	uint32_t count;

	do {
		count = drain_batch(s, receive, context);
		total += count;
	} while (count == QUEUE_BATCH && total < s->frame_count);
	counter_add(&s->received, total);
	if (xsk_ring_prod__needs_wakeup(&s->fill))
		recvfrom(queue_socket_fd(s), NULL, 0, MSG_DONTWAIT, NULL, NULL);
	return total;
}

void queue_socket_get_losses(const struct queue_socket *s, struct queue_socket_losses *out)
{
	struct xdp_statistics statistics = {0};
	socklen_t size = sizeof(statistics);

	*out = (struct queue_socket_losses){0};
	if (getsockopt(queue_socket_fd(s), SOL_XDP, XDP_STATISTICS, &statistics, &size))
		return;
	out->dropped = statistics.rx_dropped;
	out->ring_full = statistics.rx_ring_full;
	out->fill_empty = statistics.rx_fill_ring_empty_descs;
}

uint64_t queue_socket_received(const struct queue_socket *s)
{
	return counter_get(&s->received);
}
