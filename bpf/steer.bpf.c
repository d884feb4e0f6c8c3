/*
 * Steering: UDP to a channel's port goes to the AF_XDP socket of the receive queue it came in on;
 * everything else, and everything when no socket is there, goes on to the kernel (XDP_PASS).
 *
 * A frame is looked up by destination address and port, then by port with any address. In-band VLAN
 * tags (802.1Q, 802.1ad; two at most), IPv4 options and plain IPv6 are understood. Every frame is counted by
 * verdict, one to a channel's port also by port, whatever becomes of it. Nothing is dropped here.
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

struct vlan_tag {
	__be16 control;
	__be16 protocol;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, STEER_MAX_PORTS);
	__type(key, struct steer_target);
	__type(value, struct steer_rule);
} ports SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, STEER_MAX_PORTS);
	__type(key, __u32);
	__type(value, struct steer_counter);
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

static __always_inline void count(void *map, __u32 index, __u64 bytes)
{
	struct steer_counter *counter = bpf_map_lookup_elem(map, &index);

	if (counter) {
		counter->packets++;
		counter->bytes += bytes;
	}
}

/*
 * The UDP header is whole, and its length fits into the room that IP gives it (bytes) and into what is
 * left of the frame.
 */
static __always_inline enum steer_verdict parse_udp(const struct udphdr *udp, const void *end,
                                                    int room, struct steer_target *target)
{
	if ((const void *)(udp + 1) > end)
		return STEER_PASS_MALFORMED;
	if (bpf_ntohs(udp->len) < sizeof(*udp) || bpf_ntohs(udp->len) > room ||
	    (const void *)udp + bpf_ntohs(udp->len) > end)
		return STEER_PASS_MALFORMED;
	target->port = udp->dest;
	return STEER_REDIRECTED;
}

static __always_inline enum steer_verdict parse_ipv4(const struct iphdr *ip, const void *end,
                                                     struct steer_target *target)
{
	if ((const void *)(ip + 1) > end || ip->version != 4 || ip->ihl < 5)
		return STEER_PASS_MALFORMED;
	if (ip->protocol != IPPROTO_UDP)
		return STEER_PASS_NOT_UDP;
	if (ip->frag_off & bpf_htons(IP_FRAGMENT_MASK))
		return STEER_PASS_FRAGMENT;
	target->address[10] = 0xff;
	target->address[11] = 0xff;
	__builtin_memcpy(&target->address[12], &ip->daddr, 4);
	return parse_udp((const void *)ip + ip->ihl * 4, end, bpf_ntohs(ip->tot_len) - ip->ihl * 4,
	                 target);
}

/* ::ffff:0:0/96 stands for IPv4 and is never on the wire (RFC 6890 section 2.2.3). */
static __always_inline bool is_mapped(const struct in6_addr *address)
{
	return !address->in6_u.u6_addr32[0] && !address->in6_u.u6_addr32[1] &&
	       address->in6_u.u6_addr32[2] == bpf_htonl(0xffff);
}

static __always_inline enum steer_verdict parse_ipv6(const struct ipv6hdr *ip, const void *end,
                                                     struct steer_target *target)
{
	if ((const void *)(ip + 1) > end || ip->version != 6 || is_mapped(&ip->daddr))
		return STEER_PASS_MALFORMED;
	if (ip->nexthdr == IPPROTO_FRAGMENT)
		return STEER_PASS_FRAGMENT;
	if (ip->nexthdr != IPPROTO_UDP)
		return STEER_PASS_NOT_UDP;
	__builtin_memcpy(target->address, &ip->daddr, sizeof(target->address));
	return parse_udp((const void *)(ip + 1), end, bpf_ntohs(ip->payload_len), target);
}

/* STEER_REDIRECTED means: UDP, and target is filled in. */
static __always_inline enum steer_verdict parse_frame(const void *data, const void *end,
                                                      struct steer_target *target)
{
	const struct ethhdr *ethernet = data;
	__be16 protocol;

	if ((const void *)(ethernet + 1) > end)
		return STEER_PASS_MALFORMED;
	protocol = ethernet->h_proto;
	data = ethernet + 1;
#pragma unroll
	for (int i = 0; i < MAX_VLAN_TAGS; i++) {
		const struct vlan_tag *tag = data;

		if (protocol != bpf_htons(ETH_P_8021Q) && protocol != bpf_htons(ETH_P_8021AD))
			break;
		if ((const void *)(tag + 1) > end)
			return STEER_PASS_MALFORMED;
		protocol = tag->protocol;
		data = tag + 1;
	}
	if (protocol == bpf_htons(ETH_P_IP))
		return parse_ipv4(data, end, target);
	if (protocol == bpf_htons(ETH_P_IPV6))
		return parse_ipv6(data, end, target);
	return STEER_PASS_NOT_IP;
}

/* The rule for target, or for its port with any address of the same family. */
static __always_inline const struct steer_rule *find_rule(struct steer_target *target)
{
	const struct steer_rule *rule = bpf_map_lookup_elem(&ports, target);
	bool mapped = target->address[10] == 0xff && target->address[11] == 0xff;

	if (rule)
		return rule;
#pragma unroll
	for (int i = 0; i < 10; i++)
		mapped = mapped && !target->address[i];
	__builtin_memset(target->address, 0, sizeof(target->address));
	if (mapped) {
		target->address[10] = 0xff;
		target->address[11] = 0xff;
	}
	return bpf_map_lookup_elem(&ports, target);
}

/* To the socket of the queue, if there is a rule, room in its frames, and a socket. */
static __always_inline enum steer_verdict redirect(const struct xdp_md *context,
                                                   struct steer_target *target, __u64 bytes)
{
	const struct steer_rule *rule = find_rule(target);

	if (!rule)
		return STEER_PASS_NO_RULE;
	count(&port_counters, rule->slot, bytes);
	if (bytes > STEER_MAX_FRAME)
		return STEER_PASS_TOO_BIG;
	if (bpf_redirect_map(&xsks, context->rx_queue_index, XDP_PASS) != XDP_REDIRECT)
		return STEER_PASS_NO_SOCKET;
	return STEER_REDIRECTED;
}

SEC("xdp")
int steer(struct xdp_md *context)
{
	const void *data = (const void *)(long)context->data;
	const void *end = (const void *)(long)context->data_end;
	const __u64 bytes = context->data_end - context->data;
	struct steer_target target = {};
	enum steer_verdict verdict;

	verdict = parse_frame(data, end, &target);
	if (verdict == STEER_REDIRECTED)
		verdict = redirect(context, &target, bytes);
	count(&verdicts, verdict, bytes);
	return verdict == STEER_REDIRECTED ? XDP_REDIRECT : XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
