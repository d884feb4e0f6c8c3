/*
 * A listener of libsrt is closed while nobody calls it.
 *
 * libsrt 1.5.4 hangs when a listener is closed in the moment in which its receiving thread ("SRT:RcvQ…", one for each
 * local port) deals with a caller: the one holds the listener and waits for the port, the other holds the port and waits
 * for the listener. That thread takes each packet by recvmsg() of the C library, which this program defines: when it comes
 * for the next one it has nothing in hand, and is held there until the listener is closed. docs/adr/013.
 */
#ifndef OUTPUT_SRT_GATE_H
#define OUTPUT_SRT_GATE_H

#include <stdbool.h>
#include <sys/socket.h>

/*
 * Hold the thread that receives at this local address and port, which looks for packets every 10 ms. Waits for it 500 ms
 * at most; false: it has not come, and goes on if it comes later. Another gate is waited for. Thread: any, which must
 * call srt_gate_open soon in either case; after a second a thread that is held goes on by itself.
 */
bool srt_gate_shut(const struct sockaddr_storage *local);

void srt_gate_open(void);

#endif
