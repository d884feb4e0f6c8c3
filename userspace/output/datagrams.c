/*
 * What a kernel says to UDP_SEGMENT that it cannot do: EIO without checksum offload, EINVAL or EMSGSIZE when a
 * segment does not fit the route's MTU, EOPNOTSUPP and the like of older ones. EINVAL can also be the answer to a
 * local address that is gone. So only a batch that then leaves without offload proves that offload was to blame.
 */
#include "datagrams.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdint.h>
#include <string.h>

/* All or nothing. Errors: negative errno. */
static int send_segmented(int fd, const struct sockaddr *peer, socklen_t length,
                          const struct iovec *parts, size_t count)
{
	const uint16_t segment = (uint16_t)parts[0].iov_len;
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(segment))] = {0};
	struct msghdr message = {.msg_name = (void *)peer,
	                         .msg_namelen = length,
	                         .msg_iov = (struct iovec *)parts,
	                         .msg_iovlen = count,
	                         .msg_control = control,
	                         .msg_controllen = sizeof(control)};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_UDP;
	header->cmsg_type = UDP_SEGMENT;
	header->cmsg_len = CMSG_LEN(sizeof(segment));
	memcpy(CMSG_DATA(header), &segment, sizeof(segment));
	return sendmsg(fd, &message, MSG_DONTWAIT) < 0 ? -errno : 0;
}

/* Returns how many were taken. */
static size_t send_each(int fd, const struct sockaddr *peer, socklen_t length,
                        const struct iovec *parts, size_t count, int *error)
{
	struct mmsghdr messages[DATAGRAMS_MAX];
	int sent;

	for (size_t i = 0; i < count; i++)
		messages[i].msg_hdr = (struct msghdr){.msg_name = (void *)peer,
		                                      .msg_namelen = length,
		                                      .msg_iov = (struct iovec *)&parts[i],
		                                      .msg_iovlen = 1};
	for (size_t at = 0; at < count; at += (size_t)sent) {
		sent = sendmmsg(fd, messages + at, (unsigned int)(count - at), MSG_DONTWAIT);
		if (sent < 0) {
			*error = -errno;
			return at;
		}
	}
	return count;
}

static bool may_be_offload(int error)
{
	return error == -EIO || error == -EINVAL || error == -EMSGSIZE || error == -EOPNOTSUPP ||
	       error == -ENOPROTOOPT;
}

size_t datagrams_send(int fd, const struct sockaddr *peer, socklen_t length,
                      const struct iovec *parts, size_t count, bool *has_gso, int *error)
{
	size_t sent;

	if (count < 2 || !*has_gso)
		return send_each(fd, peer, length, parts, count, error);
	*error = send_segmented(fd, peer, length, parts, count);
	if (!*error)
		return count;
	if (!may_be_offload(*error))
		return 0;
	sent = send_each(fd, peer, length, parts, count, error);
	*has_gso = sent == 0;
	return sent;
}
