/*
 * The datagrams of libsrt, sent together.
 *
 * libsrt sends every packet with a system call of its own, and that is most of what an SRT output costs: the way
 * through the kernel, each time, for a thousand bytes. The packets of a burst to one peer could go that way as one
 * (UDP_SEGMENT). libsrt offers no place to do so, but calls sendmsg() of the C library, and this program defines it:
 * data packets of libsrt's sending threads are laid aside, and the sender threads send them at their next tick, those
 * of a peer together. Everything else passes on at once: control packets, other threads, other users of sendmsg().
 * Where libsrt does not come by here (another version, a static one), it just sends for itself.
 *
 * What that costs: a packet leaves up to a tick later than libsrt believes, which the receiver's latency hides as it
 * hides the bursts; and a refused datagram is a lost one, as it is for libsrt, which does not look at what sendmsg()
 * says of data packets. docs/adr/010.
 */
#ifndef OUTPUT_SRT_GATHER_H
#define OUTPUT_SRT_GATHER_H

/*
 * From now on lay packets aside; between start and stop srt_gather_flush must be called every few milliseconds. Calls
 * of start and stop come in pairs. stop sends what is left. Thread: any.
 */
void srt_gather_start(void);
void srt_gather_stop(void);

/* Send what was laid aside. Waits some 20 ms at most for a full socket. Thread: any, several at a time. */
void srt_gather_flush(void);

#endif
