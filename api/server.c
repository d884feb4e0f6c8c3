/*
 * The HTTP service on ulfius 2.7 and libmicrohttpd.
 *
 * libmicrohttpd is started with poll: with select, which is what ulfius asks for by itself, it refuses
 * descriptors above 1024, and a relay with many outputs has those. The listening socket is made here, so
 * that IPv6, port 0 and the reasons of failures are under control. Every request goes to the one
 * endpoint, request_handle().
 */
#include "server.h"

#include "access.h"
#include "handshake.h"
#include "request.h"
#include "routes.h"
#include "static_files.h"
#include "websocket.h"

#include "base/clock.h"
#include "base/listen_address.h"
#include "base/log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <ulfius.h>
#include <unistd.h>

#define BACKLOG         64
#define MAX_CONNECTIONS (WEBSOCKET_MAX_CLIENTS + 64)
#define MAX_PER_ADDRESS (MAX_CONNECTIONS - 32) /* slow ones of one leave room for others */
#define IDLE_TIMEOUT_S  30
#define STACK_BYTES     (1024 * 1024) /* jansson recurses up to 2048 levels deep */
#define CLIENTS_STOP_MS 1000
#define ULFIUS_STOP_MS  1800

struct api_server {
	struct _u_instance instance;
	struct routes routes;
	struct access access;
	int listen_fd;
	_Atomic bool is_starting;
	char refusal[200]; /* what libmicrohttpd said first while it was starting */
	uint16_t port;
};

/* Connections inherit these: a peer that vanished is noticed within half a minute. */
static void set_options(int fd)
{
	const int on = 1, idle_s = 15, interval_s = 5, probes = 3, timeout_ms = 30000;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof(idle_s));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof(interval_s));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof(probes));
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms, sizeof(timeout_ms));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

static bool is_loopback(const struct listen_address *address)
{
	if (address->any.sa_family == AF_INET6)
		return IN6_IS_ADDR_LOOPBACK(&address->ipv6.sin6_addr);
	return ntohl(address->ipv4.sin_addr.s_addr) >> 24 == 127;
}

static void warn_of_public_address(const struct access *access, const char *text)
{
	if (!access->token)
		log_warning("http: anybody who reaches %s controls the distributor: set a token "
		            "(--token-file)",
		            text);
	else if (!access->cert)
		log_warning("http: whoever sees the traffic of %s can read the token: use HTTPS "
		            "(--tls-cert, --tls-key), here or in a proxy",
		            text);
}

/* Open the listening socket and learn its port. */
static int open_listener(struct api_server *server, const char *text)
{
	struct listen_address address;
	int error = listen_address_parse(&address, text), fd;

	if (error) {
		log_error("http: \"%s\" is not ADDRESS:PORT", text);
		return error;
	}
	fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0) {
		error = -errno;
		log_error("http: cannot make a socket: %s", strerror(errno));
		return error;
	}
	set_options(fd);
	if (bind(fd, &address.any, address.size) || listen(fd, BACKLOG) ||
	    getsockname(fd, &address.any, &address.size)) {
		error = -errno;
		log_error("http: cannot listen on %s: %s", text, strerror(errno));
		close(fd);
		return error;
	}
	if (!is_loopback(&address))
		warn_of_public_address(server->routes.access, text);
	server->listen_fd = fd;
	server->port = listen_address_port(&address);
	return 0;
}

/* What libmicrohttpd has to say is about single connections: for those who look for it. */
static void log_mhd(void *context, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

static void log_mhd(void *context, const char *format, va_list args)
{
	struct api_server *server = context;
	char line[400];
	size_t n;

	vsnprintf(line, sizeof(line), format, args);
	n = strlen(line);
	if (n && line[n - 1] == '\n')
		line[n - 1] = '\0';
	if (server->is_starting && !server->refusal[0])
		snprintf(server->refusal, sizeof(server->refusal), "%s", line);
	log_debug("http: %s", line);
}

/* The instance with its one endpoint. Errors: -ENOMEM. */
static int init_instance(struct api_server *server)
{
	if (ulfius_init_instance(&server->instance, server->port, NULL, NULL) != U_OK)
		return -ENOMEM;
	server->instance.max_post_body_size = REQUEST_MAX_BODY_BYTES + 1;
	server->instance.allowed_post_processor = U_POST_PROCESS_NONE;
	if (ulfius_set_default_endpoint(&server->instance, request_handle, &server->routes) !=
	    U_OK) {
		ulfius_clean_instance(&server->instance);
		return -ENOMEM;
	}
	return 0;
}

static int start_instance(struct api_server *server)
{
	const struct access *access = server->routes.access;
	const bool is_https = access->cert;
	const unsigned int flags = MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD |
	                           MHD_USE_POLL | MHD_ALLOW_UPGRADE | MHD_USE_ERROR_LOG |
	                           (is_https ? MHD_USE_TLS : 0);
	struct MHD_OptionItem options[] = {
		{MHD_OPTION_EXTERNAL_LOGGER, (intptr_t)log_mhd, server},
		{MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)handshake_request_completed,
	         &server->instance},
		{MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)ulfius_uri_logger, NULL},
		{MHD_OPTION_LISTEN_SOCKET, server->listen_fd, NULL},
		{MHD_OPTION_CONNECTION_LIMIT, MAX_CONNECTIONS, NULL},
		{MHD_OPTION_PER_IP_CONNECTION_LIMIT, MAX_PER_ADDRESS, NULL},
		{MHD_OPTION_CONNECTION_TIMEOUT, IDLE_TIMEOUT_S, NULL},
		{MHD_OPTION_THREAD_STACK_SIZE, STACK_BYTES, NULL},
		{is_https ? MHD_OPTION_HTTPS_MEM_CERT : MHD_OPTION_END, 0,
	         is_https ? access->cert : NULL},
		{MHD_OPTION_HTTPS_MEM_KEY, 0, is_https ? access->key : NULL},
		{MHD_OPTION_HTTPS_PRIORITIES, 0, "NORMAL:-VERS-TLS1.0:-VERS-TLS1.1"},
		{MHD_OPTION_END, 0, NULL},
	};
	int error;

	server->is_starting = true;
	error = ulfius_start_framework_with_mhd_options(&server->instance, flags, options);
	server->is_starting = false;
	if (error == U_OK)
		return 0;
	log_error("http: cannot serve %s: %s", is_https ? "HTTPS" : "HTTP",
	          *server->refusal ? server->refusal : "libmicrohttpd did not start");
	return -EIO;
}

int api_server_create(struct api_server **out, const struct api_config *config)
{
	struct api_server *server = calloc(1, sizeof(*server));
	int error;

	if (!server)
		return -ENOMEM;
	server->routes.manager = config->manager;
	server->routes.access = &server->access;
	if (config->access)
		server->access = *config->access;
	error = open_listener(server, config->listen);
	if (error)
		goto free_server;
	if (config->dashboard_dir) {
		error = static_files_open(&server->routes.files, config->dashboard_dir);
		if (error)
			log_warning("http: no dashboard: cannot open %s: %s", config->dashboard_dir,
			            strerror(-error));
	}
	error = websocket_hub_create(&server->routes.hub, config->manager);
	if (error)
		goto close_listener;
	error = init_instance(server);
	if (error)
		goto stop_hub;
	error = start_instance(server);
	if (error)
		goto clean_instance;
	log_info("http: listening on %.*s:%u", (int)(strrchr(config->listen, ':') - config->listen),
	         config->listen, server->port); /* with port 0 the kernel has chosen one */
	if (config->access)
		*config->access = (struct access){0};
	*out = server;
	return 0;
clean_instance:
	ulfius_clean_instance(&server->instance);
stop_hub:
	websocket_hub_stop(server->routes.hub, 0);
	websocket_hub_destroy(server->routes.hub);
close_listener:
	close(server->listen_fd);
	static_files_close(server->routes.files);
free_server:
	free(server);
	return error;
}

uint16_t api_server_port(const struct api_server *server)
{
	return server->port;
}

static void *stop_ulfius(void *argument)
{
	struct api_server *server = argument;

	ulfius_stop_framework(&server->instance);
	return NULL;
}

/*
 * ulfius_stop_framework waits for its WebSockets without limit, so it gets a thread of its own and a
 * deadline.
 */
static int stop_instance(struct api_server *server)
{
	struct timespec until;
	pthread_t thread;
	int error = pthread_create(&thread, NULL, stop_ulfius, server);

	if (error)
		return -error;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += ULFIUS_STOP_MS / 1000;
	until.tv_nsec += ULFIUS_STOP_MS % 1000 * NS_PER_MS;
	if (until.tv_nsec >= NS_PER_S) {
		until.tv_sec++;
		until.tv_nsec -= NS_PER_S;
	}
	error = pthread_timedjoin_np(thread, NULL, &until);
	if (error)
		pthread_detach(thread);
	return -error;
}

int api_server_destroy(struct api_server *server)
{
	int error;

	if (!server)
		return 0;
	error = websocket_hub_stop(server->routes.hub, CLIENTS_STOP_MS);
	if (stop_instance(server) || error) {
		/* Threads that we cannot end still use it all; the process is about to end anyway. */
		log_warning("http: connections did not close in time");
		return -EBUSY;
	}
	handshake_settle(); /* a thread that ulfius forgot may still use the instance */
	ulfius_clean_instance(&server->instance);
	websocket_hub_destroy(server->routes.hub);
	static_files_close(server->routes.files);
	access_files_free(&server->access);
	free(server);
	return 0;
}
