/*
 * TCP connections that can be given up at any moment.
 */
#ifndef OUTPUT_TCP_H
#define OUTPUT_TCP_H

#include "base/resolve.h"

/*
 * Connect to the first address that answers, each given timeout_ms; gives up when stop_fd becomes
 * readable. The socket blocks, with sends and receives limited to io_timeout_ms.
 * Returns a descriptor of the caller's. Errors: -ECANCELED (stop_fd), -ETIMEDOUT, -ECONNREFUSED and
 * other negative errno of the last address. Thread: any but a loop.
 */
int tcp_connect(const struct resolve_result *addresses, int timeout_ms, int io_timeout_ms,
                int stop_fd);

#endif
