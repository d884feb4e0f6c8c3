/*
 * What the tools share that play a network: addresses and a clock. None of the product's code.
 */
#ifndef TESTS_TOOLS_NETWORK_H
#define TESTS_TOOLS_NETWORK_H

#include <arpa/inet.h>
#include <stdint.h>
#include <time.h>

static inline struct sockaddr_in make_address(const char *host, int port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};

	inet_pton(AF_INET, host, &address.sin_addr);
	return address;
}

static inline double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

#endif
