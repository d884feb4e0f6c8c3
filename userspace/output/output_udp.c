/*
 * UDP and RTP outputs.
 */
#include "output_base.h"

#include <errno.h>

int output_udp_create(struct output **out, const struct output_config *config, struct feed *feed)
{
	(void)out;
	(void)config;
	(void)feed;
	return -ENOTSUP;
}
