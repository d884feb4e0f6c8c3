/*
 * What all requests have in common: whether they are allowed, finding the route, the body, the dashboard's files for
 * paths that are no route, and the error shape.
 */
#include "request.h"

#include "access.h"
#include "routes.h"
#include "static_files.h"
#include "text.h"

#include "base/utf8.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <ulfius.h>

#define CONTENT_POLICY   "default-src 'self'; connect-src 'self' ws: wss:"
#define SMALL_BODY_BYTES (1024 * 1024) /* JSON of a size takes 50 times as much in memory */
#define JSON_TYPE        "application/json"

/* Compare path with a pattern and store what its stars stand for. */
static bool match_path(const char *pattern, const char *path,
                       char ids[ROUTE_MAX_IDS][ROUTE_ID_BYTES])
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
		snprintf(ids[star], ROUTE_ID_BYTES, "%.*s", n < ROUTE_ID_BYTES ? (int)n : 0, path);
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
		return api_error_no_memory(&c->error);
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
static int check_size(struct call *c, size_t most)
{
	const char *header = u_map_get_case(c->request->map_header, "Content-Length");

	if (c->request->binary_body_length <= most &&
	    (!header || strtoull(header, NULL, 10) <= most))
		return 0;
	return api_error_set(&c->error, 413, "too_large", NULL, "The body is longer than %zu bytes",
	                     most);
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
	if ((route->flags & ROUTE_OPEN) ||
	    access_admits(c->routes->access, c->request, route->flags & ROUTE_WEBSOCKET))
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
	size_t count;
	const struct route *route = routes_get(&count), *const end = route + count;

	for (; route < end; route++) {
		if (!match_path(route->path, c->request->url_path, c->ids))
			continue;
		if (check_token(c, route))
			return -1;
		if (strcmp(route->method, method) != 0) {
			allow(allowed, sizeof(allowed), route->method);
			continue;
		}
		if (check_size(c, route->flags & ROUTE_LARGE ? REQUEST_MAX_BODY_BYTES
		                                             : SMALL_BODY_BYTES) ||
		    ((route->flags & ROUTE_BODY) && parse_body(c)))
			return -1;
		return route->handle(c);
	}
	if (*allowed)
		return wrong_method(c, allowed);
	if (check_size(c, SMALL_BODY_BYTES))
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

int request_handle(const struct _u_request *request, struct _u_response *response, void *user_data)
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
