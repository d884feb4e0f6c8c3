/*
 * Questions to an interface by ioctl: SIOCETHTOOL (linux/ethtool.h) and what netdevice(7) has.
 */
#ifndef INGEST_ETHTOOL_H
#define INGEST_ETHTOOL_H

#include "preflight.h"

/*
 * Fill in what the interface and the machine answer; what they do not stays 0. `frags` and `zero_copy`
 * are left as they are. A few milliseconds at most. Thread: main, watch.
 */
void ethtool_get_facts(struct preflight_facts *facts, const char *interface);

/*
 * Receive queues that the interface has now, 1 when it does not say. Some drivers (virtio_net) add queues when
 * XDP is attached and receive from them as well. Thread: main, watch.
 */
uint32_t ethtool_get_queues(const char *interface);

/*
 * The interface's IFF_… flags (netdevice(7)): IFF_UP, switched on; IFF_RUNNING, with a carrier. 0 when there is
 * none. Thread: main, watch.
 */
unsigned int ethtool_get_flags(const char *interface);

#endif
