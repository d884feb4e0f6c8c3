/*
 * Steering: UDP to a channel's port goes to the AF_XDP socket of the receive queue it came in on;
 * everything else, and everything when no socket is there, goes on to the kernel (XDP_PASS).
 *
 * A frame is looked up by destination address and port, then, if it is to this machine, by port with any
 * address. In-band VLAN tags (802.1Q, 802.1ad; two at most), IPv4 options and IPv6 extension headers are
 * read through. The only frames that are dropped are those to a channel's port from a sender that is not
 * in its allowlist, or over its ceiling. Every frame is counted by verdict, one to a channel's port also
 * by port.
 *
 * Headers are read from the first buffer of a frame. Offsets into it vary, which the verifier admits only
 * with CAP_PERFMON.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <stdbool.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "steer.h"

#define MAX_VLAN_TAGS    2
#define IP_FRAGMENT_MASK 0x3fff /* more fragments, or an offset */
#define ALLOWLIST_TRIES  4      /* each but the first because the rule was changed that instant */
#define CEILING_TRIES    16     /* each but the first because another CPU let a datagram through */

struct vlan_tag {
	__be16 control;
	__be16 protocol;
};

/* The beginning of each extension header that is read through (RFC 8200 sections 4.3, 4.4, 4.6). */
struct extension {
	__u8 next;
	__u8 units; /* of 8 bytes, beyond the first 8 */
	__u8 routing_type;
	__u8 segments_left;
};

struct frame {
	const void *start;
	const void *end; /* of the first buffer */
	__u64 bytes;     /* of the whole frame */
};

struct datagram {
	struct steer_target target;
	struct steer_source source; /* its allowlist is the filter's to say */
	bool v4;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, STEER_MAX_PORTS);
	__type(key, struct steer_target);
	__type(value, struct steer_rule);
} ports SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, STEER_PORTS);
	__type(key, __u32); /* UDP port, host order */
	__type(value, struct steer_port);
} port_index SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, STEER_MAX_PORTS);
	__type(key, __u32);
	__type(value, struct steer_filter);
} filters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, STEER_MAX_SOURCES);
	__type(key, struct steer_source);
	__type(value, __u32); /* 1 */
} sources SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, STEER_MAX_LOCALS);
	__type(key, struct steer_address);
	__type(value, __u32); /* 1 */
} locals SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, STEER_MAX_PORTS);
	__type(key, __u32);
	__type(value, struct steer_ceiling_state);
} ceilings SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, STEER_MAX_PORTS);
	__type(key, __u32);
	__type(value, struct steer_port_counter);
} port_counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, STEER_VERDICTS);
	__type(key, __u32); /* enum steer_verdict */
	__type(value, struct steer_counter);
} verdicts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(max_entries, STEER_MAX_QUEUES);
	__type(key, __u32);
	__type(value, __u32);
} xsks SEC(".maps");

/* ---- What a frame is. STEER_REDIRECTED means: UDP, and out is filled in. ---- */

/*
 * The UDP header is whole, and its length fits into the room that IP gives it (bytes) and into what is
 * left of the frame.
 */
static __always_inline enum steer_verdict parse_udp(const struct frame *frame,
                                                    const struct udphdr *udp, int room,
                                                    struct datagram *out)
{
	const __u64 offset = (const void *)udp - frame->start;
	int length;

	if ((const void *)(udp + 1) > frame->end)
		return STEER_PASS_MALFORMED;
	length = bpf_ntohs(udp->len);
	if (length < (int)sizeof(*udp) || length > room || offset + length > frame->bytes)
		return STEER_PASS_MALFORMED;
	out->target.port = udp->dest;
	return STEER_REDIRECTED;
}

static __always_inline void map_ipv4(__u8 *out, __be32 address)
{
	out[10] = 0xff;
	out[11] = 0xff;
	__builtin_memcpy(&out[12], &address, 4);
}

static __always_inline enum steer_verdict parse_ipv4(const struct frame *frame,
                                                     const struct iphdr *ip, struct datagram *out)
{
	if ((const void *)(ip + 1) > frame->end || ip->version != 4 || ip->ihl < 5)
		return STEER_PASS_MALFORMED;
	if (ip->protocol != IPPROTO_UDP)
		return STEER_PASS_NOT_UDP;
	if (ip->frag_off & bpf_htons(IP_FRAGMENT_MASK))
		return STEER_PASS_FRAGMENT;
	map_ipv4(out->target.address, ip->daddr);
	map_ipv4(out->source.address, ip->saddr);
	out->v4 = true;
	return parse_udp(frame, (const void *)ip + ip->ihl * 4,
	                 bpf_ntohs(ip->tot_len) - ip->ihl * 4, out);
}

/* ::ffff:0:0/96 stands for IPv4 and is never on the wire (RFC 6890 section 2.2.3). */
static __always_inline bool is_mapped(const struct in6_addr *address)
{
	return !address->in6_u.u6_addr32[0] && !address->in6_u.u6_addr32[1] &&
	       address->in6_u.u6_addr32[2] == bpf_htonl(0xffff);
}

/*
 * Past the extension headers. *protocol: what follows the IPv6 header, then what was found; *skipped: bytes
 * of the headers before it. A routing header with segments left means that this is not the destination.
 */
static __always_inline enum steer_verdict skip_extensions(const struct frame *frame,
                                                          const void *first, __u8 protocol,
                                                          __u32 *skipped)
{
	*skipped = 0;
	for (int i = 0; i <= STEER_MAX_EXTENSIONS; i++) {
		const struct extension *extension = first + *skipped;

		if (protocol == IPPROTO_UDP)
			return STEER_REDIRECTED;
		if (protocol == IPPROTO_FRAGMENT)
			return STEER_PASS_FRAGMENT;
		if (protocol != IPPROTO_HOPOPTS && protocol != IPPROTO_ROUTING &&
		    protocol != IPPROTO_DSTOPTS)
			return STEER_PASS_NOT_UDP;
		if ((const void *)(extension + 1) > frame->end)
			return STEER_PASS_MALFORMED;
		if (protocol == IPPROTO_ROUTING && extension->segments_left)
			return STEER_PASS_NOT_UDP;
		protocol = extension->next;
		*skipped += (extension->units + 1) * 8;
		if (*skipped > STEER_MAX_EXTENSION_BYTES)
			return STEER_PASS_NOT_UDP;
	}
	return STEER_PASS_NOT_UDP;
}

static __always_inline enum steer_verdict parse_ipv6(const struct frame *frame,
                                                     const struct ipv6hdr *ip, struct datagram *out)
{
	enum steer_verdict verdict;
	__u32 skipped;

	if ((const void *)(ip + 1) > frame->end || ip->version != 6 || is_mapped(&ip->daddr) ||
	    is_mapped(&ip->saddr))
		return STEER_PASS_MALFORMED;
	verdict = skip_extensions(frame, ip + 1, ip->nexthdr, &skipped);
	if (verdict != STEER_REDIRECTED)
		return verdict;
	__builtin_memcpy(out->target.address, &ip->daddr, sizeof(out->target.address));
	__builtin_memcpy(out->source.address, &ip->saddr, sizeof(out->source.address));
	return parse_udp(frame, (const void *)(ip + 1) + skipped,
	                 (int)bpf_ntohs(ip->payload_len) - (int)skipped, out);
}

static __always_inline enum steer_verdict parse_frame(const struct frame *frame,
                                                      struct datagram *out)
{
	const struct ethhdr *ethernet = frame->start;
	const void *at = ethernet + 1;
	__be16 protocol;

	if (at > frame->end)
		return STEER_PASS_MALFORMED;
	protocol = ethernet->h_proto;
#pragma unroll
	for (int i = 0; i < MAX_VLAN_TAGS; i++) {
		const struct vlan_tag *tag = at;

		if (protocol != bpf_htons(ETH_P_8021Q) && protocol != bpf_htons(ETH_P_8021AD))
			break;
		if ((const void *)(tag + 1) > frame->end)
			return STEER_PASS_MALFORMED;
		protocol = tag->protocol;
		at = tag + 1;
	}
	if (protocol == bpf_htons(ETH_P_IP))
		return parse_ipv4(frame, at, out);
	if (protocol == bpf_htons(ETH_P_IPV6))
		return parse_ipv6(frame, at, out);
	return STEER_PASS_NOT_IP;
}

/* ---- What is to be done with it. ---- */

/*
 * The slot of the rule for the address, or of that for any address of the family, if the address is one of
 * this machine's: others are to be forwarded, or are groups that nobody has joined.
 */
static __always_inline bool find_slot(const struct datagram *datagram, __u32 *slot)
{
	const __u32 port = bpf_ntohs(datagram->target.port);
	const struct steer_port *index = bpf_map_lookup_elem(&port_index, &port);
	const struct steer_rule *rule;
	__u16 any;

	if (!index)
		return false;
	if (index->exact) {
		rule = bpf_map_lookup_elem(&ports, &datagram->target);
		if (rule) {
			*slot = rule->slot;
			return true;
		}
	}
	any = datagram->v4 ? index->any_v4 : index->any_v6;
	if (!any || !bpf_map_lookup_elem(&locals, datagram->target.address))
		return false;
	*slot = any - 1;
	return true;
}

/*
 * Whether the sender is in the filter's allowlist. A list is replaced by filling a new one, of another number,
 * switching the filter to it and emptying the old one: who is not in the list that the filter had a moment
 * ago is looked up in the one that it has now.
 */
static __always_inline bool is_admitted(const struct steer_filter *filter,
                                        struct steer_source *source)
{
	for (int i = 0; i < ALLOWLIST_TRIES; i++) {
		const __u32 allowlist = *(const volatile __u32 *)&filter->allowlist;

		if (!allowlist)
			return true;
		if (i > 0 && allowlist == source->allowlist)
			return false;
		source->allowlist = allowlist;
		if (bpf_map_lookup_elem(&sources, source))
			return true;
	}
	return false;
}

/* Exact over all CPUs. Who loses against others too often is over the rate: those were let through. */
static __always_inline bool is_within_ceiling(const struct ceiling *ceiling, __u32 slot)
{
	struct steer_ceiling_state *shared = bpf_map_lookup_elem(&ceilings, &slot);
	const __u64 now_ns = bpf_ktime_get_ns();

	if (!shared)
		return true;
	for (int i = 0; i < CEILING_TRIES; i++) {
		const __u64 state = *(volatile __u64 *)&shared->state;
		const __u64 next = ceiling_next(ceiling, state, now_ns);

		if (next == state)
			return false;
		if (__sync_bool_compare_and_swap(&shared->state, state, next))
			return true;
	}
	return false;
}

/* To the socket of the queue, if there is one, and room in its frames. */
static __always_inline enum steer_verdict redirect(const struct xdp_md *context,
                                                   const struct frame *frame)
{
	if (bpf_redirect_map(&xsks, context->rx_queue_index, XDP_PASS) != XDP_REDIRECT)
		return STEER_PASS_NO_SOCKET;
	if (frame->bytes > STEER_MAX_FRAME || (__u64)(frame->end - frame->start) != frame->bytes)
		return STEER_PASS_TOO_BIG;
	return STEER_REDIRECTED;
}

/*
 * Without a socket nothing is dropped either: the process may be dead, its successor's kernel sockets
 * have filters of their own.
 */
static __always_inline enum steer_verdict apply_rule(const struct xdp_md *context,
                                                     const struct frame *frame,
                                                     struct datagram *datagram)
{
	struct steer_port_counter *counter;
	const struct steer_filter *filter;
	enum steer_verdict verdict;
	__u32 slot;

	if (!find_slot(datagram, &slot))
		return STEER_PASS_NO_RULE;
	counter = bpf_map_lookup_elem(&port_counters, &slot);
	filter = bpf_map_lookup_elem(&filters, &slot);
	if (!counter || !filter)
		return STEER_PASS_NO_RULE; /* cannot be: user space gives out slots below the limit */
	verdict = redirect(context, frame);
	if (verdict != STEER_PASS_NO_SOCKET) {
		if (!is_admitted(filter, &datagram->source)) {
			counter->strangers++;
			return STEER_DROP_STRANGER;
		}
		if (filter->ceiling.interval && !is_within_ceiling(&filter->ceiling, slot)) {
			counter->over_rate++;
			return STEER_DROP_RATE;
		}
	}
	counter->packets++;
	counter->bytes += frame->bytes;
	return verdict;
}

static __always_inline void count_verdict(__u32 verdict, __u64 bytes)
{
	struct steer_counter *counter = bpf_map_lookup_elem(&verdicts, &verdict);

	if (counter) {
		counter->packets++;
		counter->bytes += bytes;
	}
}

SEC("xdp.frags")
int steer(struct xdp_md *context)
{
	const struct frame frame = {
		.start = (const void *)(long)context->data,
		.end = (const void *)(long)context->data_end,
		.bytes = bpf_xdp_get_buff_len(context),
	};
	struct datagram datagram = {.source.prefix_bits = 32 + 128};
	enum steer_verdict verdict;

	verdict = parse_frame(&frame, &datagram);
	if (verdict == STEER_REDIRECTED)
		verdict = apply_rule(context, &frame, &datagram);
	count_verdict(verdict, frame.bytes);
	switch (verdict) {
	case STEER_REDIRECTED:
		return XDP_REDIRECT;
	case STEER_DROP_STRANGER:
	case STEER_DROP_RATE:
		return XDP_DROP;
	default:
		return XDP_PASS;
	}
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
