/*
 * The routes: a handler calls the manager and replies; what all have in common happens around it, see request.c.
 */
#include "routes.h"

#include "access.h"
#include "events.h"
#include "metrics.h"
#include "openapi.h"
#include "websocket.h"

#include <stdio.h>
#include <string.h>
#include <ulfius.h>

#define LOCATION_PREFIX "/api/channels/"

/* Reply with text that is no JSON. Returns as a handler does. */
static int send_text(struct call *c, const char *type, const char *text, size_t size)
{
	if (ulfius_set_binary_body_response(c->response, 200, text, size) != U_OK)
		return api_error_no_memory(&c->error);
	u_map_put(c->response->map_header, "Content-Type", type);
	u_map_put(c->response->map_header, "Cache-Control", "no-store");
	return 0;
}

static int get_health(struct call *c)
{
	if (!manager_health(c->routes->manager, &c->reply))
		return 200;
	return api_error_no_memory(&c->error);
}

static int get_system(struct call *c)
{
	if (!manager_system(c->routes->manager, &c->reply))
		return 200;
	return api_error_no_memory(&c->error);
}

static int list_channels(struct call *c)
{
	if (!manager_list(c->routes->manager, &c->reply))
		return 200;
	return api_error_no_memory(&c->error);
}

/* Stream keys and passphrases are in it, so it is for those alone who proved that they may see them. */
static int get_config(struct call *c)
{
	if (!access_is_restricted(c->routes->access))
		return api_error_set(&c->error, 403, "token_needed", NULL,
		                     "The configuration has secrets in it: start the program with "
		                     "--token-file to get it");
	if (!manager_get_config(c->routes->manager, &c->reply))
		return 200;
	return api_error_no_memory(&c->error);
}

static int get_channel(struct call *c)
{
	return manager_get(c->routes->manager, c->ids[0], &c->reply, &c->error) ? -1 : 200;
}

/* A successful change is pushed to the dashboards at once. */
static int changed(struct call *c, int failed, int status)
{
	if (failed)
		return -1;
	websocket_hub_poke(c->routes->hub);
	return status;
}

static int replace_config(struct call *c)
{
	return changed(c, manager_set_config(c->routes->manager, c->body, &c->reply, &c->error),
	               200);
}

static int add_channel(struct call *c)
{
	int failed = manager_add_channel(c->routes->manager, c->body, &c->reply, &c->error);
	char location[sizeof(LOCATION_PREFIX) + ROUTE_ID_BYTES];

	if (!failed) {
		snprintf(location, sizeof(location), LOCATION_PREFIX "%.*s", ROUTE_ID_BYTES - 1,
		         json_string_value(json_object_get(c->reply, "id")));
		u_map_put(c->response->map_header, "Location", location);
	}
	return changed(c, failed, 201);
}

static int update_channel(struct call *c)
{
	return changed(c,
	               manager_update_channel(c->routes->manager, c->ids[0], c->body, &c->reply,
	                                      &c->error),
	               200);
}

static int delete_channel(struct call *c)
{
	return changed(c, manager_delete_channel(c->routes->manager, c->ids[0], &c->error), 204);
}

/* Start and stop may leave a trace in last_error when they fail, so a failure is pushed too. */
static int start_channel(struct call *c)
{
	int failed = manager_start_channel(c->routes->manager, c->ids[0], &c->reply, &c->error);

	websocket_hub_poke(c->routes->hub);
	return failed ? -1 : 200;
}

static int stop_channel(struct call *c)
{
	return changed(c, manager_stop_channel(c->routes->manager, c->ids[0], &c->reply, &c->error),
	               200);
}

/* The new input is shown as active at once, and pushed like every change. */
static int switch_input(struct call *c)
{
	return changed(
		c,
		manager_switch_input(c->routes->manager, c->ids[0], c->body, &c->reply, &c->error),
		200);
}

static int list_events(struct call *c)
{
	const struct _u_map *query = c->request->map_url;

	return events_reply(&c->reply, u_map_get(query, "after"), u_map_get(query, "limit"),
	                    &c->error)
	               ? -1
	               : 200;
}

static int add_output(struct call *c)
{
	return changed(
		c, manager_add_output(c->routes->manager, c->ids[0], c->body, &c->reply, &c->error),
		201);
}

static int update_output(struct call *c)
{
	return changed(c,
	               manager_update_output(c->routes->manager, c->ids[0], c->ids[1], c->body,
	                                     &c->reply, &c->error),
	               200);
}

static int delete_output(struct call *c)
{
	return changed(
		c, manager_delete_output(c->routes->manager, c->ids[0], c->ids[1], &c->error), 204);
}

static int get_output(struct call *c)
{
	return manager_get_output(c->routes->manager, c->ids[0], c->ids[1], &c->reply, &c->error)
	               ? -1
	               : 200;
}

static int get_history(struct call *c)
{
	return manager_get_history(c->routes->manager, c->ids[0], c->ids[1], &c->reply, &c->error)
	               ? -1
	               : 200;
}

static int reset_output(struct call *c)
{
	return changed(c,
	               manager_reset_output(c->routes->manager, c->ids[0], c->ids[1], &c->reply,
	                                    &c->error),
	               200);
}

/* Readers have numbers; whatever else is asked for is none of them, and 0 is nobody's. */
static uint32_t reader_id(const char *text)
{
	uint64_t id = 0;

	for (; *text && id <= UINT32_MAX; text++) {
		if (*text < '0' || *text > '9')
			return 0;
		id = id * 10 + (uint64_t)(*text - '0');
	}
	return id <= UINT32_MAX ? (uint32_t)id : 0;
}

static int kick_reader(struct call *c)
{
	return changed(c,
	               manager_kick_reader(c->routes->manager, c->ids[0], c->ids[1],
	                                   reader_id(c->ids[2]), &c->error),
	               204);
}

/* Not JSON: what Prometheus reads. */
static int get_metrics(struct call *c)
{
	struct exposition text;
	int result = metrics_write(&text, c->routes->manager, &c->error);

	if (!result)
		result = send_text(c, EXPOSITION_TYPE, text.text, text.size);
	exposition_free(&text);
	return result;
}

static int get_openapi(struct call *c)
{
	return send_text(c, OPENAPI_TYPE, openapi_text, strlen(openapi_text));
}

static int open_websocket(struct call *c)
{
	return websocket_accept(c->routes->hub, c->request, c->response, &c->error);
}

static const struct route routes[] = {
	{"GET", "/api/health", ROUTE_OPEN, get_health},
	{"GET", "/api/system", 0, get_system},
	{"GET", "/api/channels", 0, list_channels},
	{"POST", "/api/channels", ROUTE_BODY, add_channel},
	{"GET", "/api/channels/*", 0, get_channel},
	{"PUT", "/api/channels/*", ROUTE_BODY, update_channel},
	{"DELETE", "/api/channels/*", 0, delete_channel},
	{"POST", "/api/channels/*/start", 0, start_channel},
	{"POST", "/api/channels/*/stop", 0, stop_channel},
	{"POST", "/api/channels/*/switch", ROUTE_BODY, switch_input},
	{"POST", "/api/channels/*/outputs", ROUTE_BODY, add_output},
	{"GET", "/api/channels/*/outputs/*", 0, get_output},
	{"PUT", "/api/channels/*/outputs/*", ROUTE_BODY, update_output},
	{"DELETE", "/api/channels/*/outputs/*", 0, delete_output},
	{"GET", "/api/channels/*/outputs/*/history", 0, get_history},
	{"POST", "/api/channels/*/outputs/*/reset", 0, reset_output},
	{"DELETE", "/api/channels/*/outputs/*/readers/*", 0, kick_reader},
	{"GET", "/api/config", 0, get_config},
	{"PUT", "/api/config", ROUTE_BODY | ROUTE_LARGE, replace_config},
	{"GET", "/api/events", 0, list_events},
	{"GET", "/api/openapi.yaml", 0, get_openapi},
	{"GET", "/metrics", 0, get_metrics},
	{"GET", "/ws", ROUTE_WEBSOCKET, open_websocket},
};

const struct route *routes_get(size_t *count)
{
	*count = sizeof(routes) / sizeof(routes[0]);
	return routes;
}
