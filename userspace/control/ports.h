/*
 * UDP ports that several want: inputs of channels, and SRT outputs that listen. Whether channels are started
 * and outputs enabled does not matter, because they may be at any time.
 */
#ifndef CONTROL_PORTS_H
#define CONTROL_PORTS_H

#include "entry.h"
#include "error.h"
#include "live.h"

/*
 * 409 when next, which is to take the place of channel `index` of count (or to be added, if index is count),
 * would bring a new collision:
 * - two inputs that would receive the same datagrams;
 * - a listening output on a port of an input, media or FEC;
 * - two listening outputs of one address and port with the same streamid (or both without), or of one port and
 *   different addresses, one of them an any-address: libsrt 1.5.1 can have only one of these two;
 * - an output of udp:// or rtp:// that sends to an input of its own channel.
 * now: what channel `index` is, NULL for a new one. What stays as it is was accepted before, and is no reason
 * to refuse. Errors: -1 with error filled, its field being outputs[i].url, rtp_port or backup.rtp_port.
 * Thread: manager.
 */
int ports_check(struct live_channel *const *channels, size_t count, size_t index,
                const struct channel_entry *now, const struct channel_entry *next,
                struct api_error *error);

#endif
