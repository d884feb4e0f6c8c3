/*
 * Routes: by stream id, then by address.
 */
#include "srt_route.h"

#include "base/address.h"

#include <string.h>

int srt_route_init(struct srt_route *route, const struct srt_options *options)
{
	route->options = options;
	route->readers = 0;
	route->sources = NULL;
	if (!options->source_count)
		return 0;
	return prefix_set_create(&route->sources, options->sources, options->source_count);
}

void srt_route_fini(struct srt_route *route)
{
	prefix_set_destroy(route->sources);
	route->sources = NULL;
}

struct srt_route *srt_route_find(struct srt_route *routes, const struct stream_id *id)
{
	struct srt_route *by_resource = NULL, *any = NULL;

	for (struct srt_route *route = routes; route; route = route->next) {
		const char *name = route->options->streamid;

		if (!name[0])
			any = route;
		else if (stream_id_is(id, name))
			return route;
		else if (stream_id_has_resource(id, name))
			by_resource = route;
	}
	return by_resource ? by_resource : any;
}

bool srt_route_named(const struct srt_route *routes, const char *name)
{
	const struct srt_route *route = routes;

	while (route && strcmp(route->options->streamid, name) != 0)
		route = route->next;
	return route;
}

bool srt_route_serves(const struct srt_route *route, const struct sockaddr *peer)
{
	struct in6_addr address;

	return !route->sources ||
	       (address_from_sockaddr(&address, peer) && prefix_set_has(route->sources, &address));
}
