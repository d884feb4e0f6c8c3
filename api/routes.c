/*
 * Routes. A handler parses, calls the manager and replies; what all have in common (finding the route,
 * bodies, the error shape) happens around it.
 */
#include "routes.h"

#include "access.h"
#include "events.h"
#include "metrics.h"
#include "openapi.h"
#include "static_files.h"
#include "text.h"
#include "websocket.h"

#include "base/utf8.h"
#include "control/manager.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <ulfius.h>

#define ID_BYTES        64
#define MAX_IDS         3
#define CONTENT_POLICY  "default-src 'self'; connect-src 'self' ws: wss:"
#define JSON_TYPE       "application/json"
#define LOCATION_PREFIX "/api/channels/"

struct call {
	const struct routes *routes;
	const struct _u_request *request;
	struct _u_response *response;
	char ids[MAX_IDS][ID_BYTES]; /* what the stars of the pattern stood for, "" when too long */
	json_t *body;                /* of routes that take one; borrowed */
	json_t *reply;               /* set by the handler */
	struct api_error error;
};

/* Returns the status to reply with, or -1 with error filled; 0: response is complete. */
typedef int (*handle_fn)(struct call *call);

/* Reply with text that is no JSON. Returns as a handler does. */
static int send_text(struct call *c, const char *type, const char *text, size_t size)
{
	if (ulfius_set_binary_body_response(c->response, 200, text, size) != U_OK)
		return api_error_set(&c->error, 500, "out_of_memory", NULL, "Not enough memory");
	u_map_put(c->response->map_header, "Content-Type", type);
	u_map_put(c->response->map_header, "Cache-Control", "no-store");
	return 0;
}

static int get_health(struct call *c)
{
	if (!manager_health(c->routes->manager, &c->reply))
		return 200;
	return api_error_set(&c->error, 500, "out_of_memory", NULL, "Not enough memory");
}

static int get_system(struct call *c)
{
	if (!manager_system(c->routes->manager, &c->reply))
		return 200;
	return api_error_set(&c->error, 500, "out_of_memory", NULL, "Not enough memory");
}

static int list_channels(struct call *c)
{
	if (!manager_list(c->routes->manager, &c->reply))
		return 200;
	return api_error_set(&c->error, 500, "out_of_memory", NULL, "Not enough memory");
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

static int add_channel(struct call *c)
{
	int failed = manager_add_channel(c->routes->manager, c->body, &c->reply, &c->error);
	char location[sizeof(LOCATION_PREFIX) + ID_BYTES];

	if (!failed) {
		snprintf(location, sizeof(location), LOCATION_PREFIX "%.*s", ID_BYTES - 1,
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

static const struct route {
	const char *method, *path; /* a star stands for one part of the path */
	bool takes_body;
	handle_fn handle;
} routes[] = {
	{"GET", "/api/health", false, get_health},
	{"GET", "/api/system", false, get_system},
	{"GET", "/api/channels", false, list_channels},
	{"POST", "/api/channels", true, add_channel},
	{"GET", "/api/channels/*", false, get_channel},
	{"PUT", "/api/channels/*", true, update_channel},
	{"DELETE", "/api/channels/*", false, delete_channel},
	{"POST", "/api/channels/*/start", false, start_channel},
	{"POST", "/api/channels/*/stop", false, stop_channel},
	{"POST", "/api/channels/*/switch", true, switch_input},
	{"POST", "/api/channels/*/outputs", true, add_output},
	{"GET", "/api/channels/*/outputs/*", false, get_output},
	{"PUT", "/api/channels/*/outputs/*", true, update_output},
	{"DELETE", "/api/channels/*/outputs/*", false, delete_output},
	{"GET", "/api/channels/*/outputs/*/history", false, get_history},
	{"POST", "/api/channels/*/outputs/*/reset", false, reset_output},
	{"DELETE", "/api/channels/*/outputs/*/readers/*", false, kick_reader},
	{"GET", "/api/events", false, list_events},
	{"GET", "/api/openapi.yaml", false, get_openapi},
	{"GET", "/metrics", false, get_metrics},
	{"GET", "/ws", false, open_websocket},
};

#define ROUTE_COUNT (sizeof(routes) / sizeof(routes[0]))

/* Compare path with a pattern and store what its stars stand for. */
static bool match_path(const char *pattern, const char *path, char ids[MAX_IDS][ID_BYTES])
{
	size_t star = 0, n;

	for (; *pattern; pattern++) {
		if (*pattern != '*') {
			if (*path++ != *pattern)
				return false;
			continue;
		}
		n = strcspn(path, "/");
		if (!n)
			return false;
		snprintf(ids[star], ID_BYTES, "%.*s", n < ID_BYTES ? (int)n : 0, path);
		star++;
		path += n;
	}
	return !*path;
}

/* A HEAD is answered like a GET; libmicrohttpd leaves the body out. */
static const char *method_of(const struct _u_request *request)
{
	return strcmp(request->http_verb, "HEAD") ? request->http_verb : "GET";
}

/* Append to a list of methods. */
static void allow(char *list, size_t size, const char *method)
{
	size_t n = strlen(list);

	snprintf(list + n, size - n, "%s%s%s", n ? ", " : "", method,
	         strcmp(method, "GET") ? "" : ", HEAD");
}

static int wrong_method(struct call *c, const char *allowed)
{
	u_map_put(c->response->map_header, "Allow", allowed);
	return api_error_set(&c->error, 405, "method_not_allowed", NULL, "This path takes only %s",
	                     allowed);
}

/* Reply with a file of the dashboard. Only GET and HEAD get here. */
static int send_file(struct call *c, const struct static_file *file)
{
	const char *known = u_map_get_case(c->request->map_header, "If-None-Match");
	struct _u_map *headers = c->response->map_header;

	u_map_put(headers, "Content-Type", file->type);
	u_map_put(headers, "Content-Security-Policy", CONTENT_POLICY);
	u_map_put(headers, "Cache-Control", "no-cache");
	u_map_put(headers, "ETag", file->etag);
	if (known && strstr(known, file->etag)) {
		c->response->status = 304;
		return 0;
	}
	if (ulfius_set_binary_body_response(c->response, 200, file->data, file->size) != U_OK)
		return api_error_set(&c->error, 500, "out_of_memory", NULL, "Not enough memory");
	return 0;
}

static int serve_file(struct call *c)
{
	struct static_file file;
	int result;

	if (!c->routes->files || static_files_read(c->routes->files, c->request->url_path, &file))
		return api_error_set(&c->error, 404, "not_found", NULL, "There is nothing here");
	if (strcmp(method_of(c->request), "GET"))
		result = wrong_method(c, "GET, HEAD");
	else
		result = send_file(c, &file);
	static_file_free(&file);
	return result;
}

/* Whether the header names JSON; parameters ("; charset=utf-8") may follow. */
static bool is_json_type(const char *type)
{
	size_t n = strlen(JSON_TYPE);

	if (strncasecmp(type, JSON_TYPE, n) != 0)
		return false;
	type += n;
	type += strspn(type, " \t");
	return !*type || *type == ';';
}

/* Refuse what is too long. Every request is checked, also those whose body nobody reads. */
static int check_size(struct call *c)
{
	const char *header = u_map_get_case(c->request->map_header, "Content-Length");
	bool too_large = c->request->binary_body_length > ROUTES_MAX_BODY_BYTES;

	if (header && strtoull(header, NULL, 10) > ROUTES_MAX_BODY_BYTES)
		too_large = true;
	if (!too_large)
		return 0;
	return api_error_set(&c->error, 413, "too_large", NULL, "The body is longer than %d bytes",
	                     ROUTES_MAX_BODY_BYTES);
}

/* What jansson quotes of the body is left out: it may be a secret. */
static int refuse_json(struct call *c, const json_error_t *error)
{
	const char *quote = strstr(error->text, " near ");
	const size_t size = quote ? (size_t)(quote - error->text) : strlen(error->text);

	return api_error_set(&c->error, 400, "invalid_json", NULL, "Line %d, column %d: %.*s",
	                     error->line, error->column, (int)size, error->text);
}

static int parse_body(struct call *c)
{
	const char *type = u_map_get_case(c->request->map_header, "Content-Type");
	size_t size = c->request->binary_body_length;
	json_error_t error;

	if (size && type && !is_json_type(type))
		return api_error_set(&c->error, 415, "unsupported_media_type", NULL,
		                     "The body must be " JSON_TYPE);
	if (!size)
		return api_error_set(&c->error, 400, "invalid_json", NULL, "The body is empty");
	c->body = json_loadb(c->request->binary_body, size,
	                     JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
	if (!c->body)
		return refuse_json(c, &error);
	if (!json_is_object(c->body))
		return api_error_set(&c->error, 422, "invalid_type", NULL,
		                     "The body must be a JSON object");
	return 0;
}

/*
 * Whoever watches over the program may ask for its health without the token, and the dashboard's files are for all: they
 * ask for it.
 */
static int check_token(struct call *c, const struct route *route)
{
	if (route->handle == get_health ||
	    access_admits(c->routes->access, c->request, route->handle == open_websocket))
		return 0;
	u_map_put(c->response->map_header, "WWW-Authenticate",
	          "Bearer realm=\"medialive-distributor\"");
	return api_error_set(&c->error, 401, "unauthorized", NULL,
	                     "The token of this program is needed: Authorization: Bearer TOKEN");
}

/* Find the route and run it. Returns as a handler does. */
static int dispatch(struct call *c)
{
	const char *method = method_of(c->request);
	char allowed[64] = "";

	for (size_t i = 0; i < ROUTE_COUNT; i++) {
		if (!match_path(routes[i].path, c->request->url_path, c->ids))
			continue;
		if (check_token(c, &routes[i]))
			return -1;
		if (strcmp(routes[i].method, method) != 0) {
			allow(allowed, sizeof(allowed), routes[i].method);
			continue;
		}
		if (check_size(c) || (routes[i].takes_body && parse_body(c)))
			return -1;
		return routes[i].handle(c);
	}
	if (*allowed)
		return wrong_method(c, allowed);
	if (check_size(c))
		return -1;
	return serve_file(c);
}

/* The texts may hold what a client sent: bytes that are not UTF-8 must not lose the object. */
static json_t *error_object(struct api_error *error)
{
	utf8_repair(error->message);
	utf8_repair(error->field);
	return json_pack("{s:{s:s, s:s, s:s?}}", "error", "code", error->code, "message",
	                 error->message, "field", *error->field ? error->field : NULL);
}

/*
 * A browser says which page a request comes from (RFC 6454). Only our own page may ask: any other could
 * otherwise read and control the distributor through the browser of an operator who looks at it. Behind a
 * proxy the page's host is in Host or X-Forwarded-Host; programs that are no browsers send no Origin.
 */
static int check_origin(struct call *c)
{
	static const char *const names[] = {"Host", "X-Forwarded-Host"};
	const char *origin = u_map_get_case(c->request->map_header, "Origin"), *host;
	const char *authority = origin ? strstr(origin, "://") : NULL;

	if (!origin)
		return 0;
	for (size_t i = 0; authority && i < sizeof(names) / sizeof(names[0]); i++) {
		host = u_map_get_case(c->request->map_header, names[i]);
		if (host && !strcasecmp(host, authority + 3))
			return 0;
	}
	return api_error_set(&c->error, 403, "foreign_origin", NULL,
	                     "Requests from pages of another host are refused");
}

static void send_json(struct _u_response *response, unsigned int status, const json_t *body)
{
	char *text = text_of(body);

	if (!text || ulfius_set_string_body_response(response, status, text) != U_OK)
		response->status = 500;
	u_map_put(response->map_header, "Content-Type", JSON_TYPE);
	free(text);
}

int routes_handle(const struct _u_request *request, struct _u_response *response, void *user_data)
{
	struct call call = {.routes = user_data, .request = request, .response = response};
	int status = check_origin(&call) ? -1 : dispatch(&call);

	u_map_put(response->map_header, "X-Content-Type-Options", "nosniff");
	if (status < 0) {
		status = call.error.status;
		call.reply = error_object(&call.error);
	}
	if (status) {
		u_map_put(response->map_header, "Cache-Control", "no-store");
		if (!call.reply)
			response->status = (unsigned int)(status == 204 ? 204 : 500);
		else
			send_json(response, (unsigned int)status, call.reply);
	}
	json_decref(call.reply);
	json_decref(call.body);
	return U_CALLBACK_COMPLETE;
}
