/*
 * The publisher: one thread, which sleeps while there are no clients.
 */
#include "hub.h"

#include "update.h"

#include "base/clock.h"
#include "base/log.h"
#include "control/manager.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define PERIOD_NS NS_PER_S
#define SOONEST_NS \
	(100 * NS_PER_MS) /* between two publications, also when they are wanted at once */
#define STACK_BYTES (256 * 1024)

struct websocket_hub {
	struct manager *manager;
	pthread_t publisher;

	pthread_mutex_t lock;  /* guards all below */
	pthread_cond_t wanted; /* for the publisher: a client, a poke or the end */
	pthread_cond_t left;   /* for hub_stop: a client has gone */
	struct hub_client *clients[WEBSOCKET_MAX_CLIENTS];
	size_t client_count;
	bool stopping, snapshot_wanted, poked;
	uint64_t state;               /* number of the newest published state, from 1 on */
	struct hub_message *update;   /* from the state before to `state`, or NULL */
	struct hub_message *snapshot; /* of `state`, or NULL */
};

/* Under the lock. */
static void message_drop(struct hub_message *message)
{
	if (!message || --message->references)
		return;
	free(message->text);
	free(message);
}

void hub_release(struct websocket_hub *hub, struct hub_message *message)
{
	pthread_mutex_lock(&hub->lock);
	message_drop(message);
	pthread_mutex_unlock(&hub->lock);
}

/* Give a state to the clients. Under the lock. */
static void hand_out(struct websocket_hub *hub, struct hub_message *update,
                     struct hub_message *snapshot)
{
	uint64_t one = 1;

	if (update || !hub->state) {
		hub->state++;
		message_drop(hub->update);
		message_drop(hub->snapshot);
		hub->update = update;
		hub->snapshot = NULL;
		if (update)
			update->state = hub->state;
	}
	if (snapshot) {
		message_drop(hub->snapshot);
		hub->snapshot = snapshot;
		snapshot->state = hub->state;
	}
	for (size_t i = 0; i < hub->client_count; i++) {
		if (write(hub->clients[i]->wake_fd, &one, sizeof(one)) < 0)
			continue; /* it is readable already */
	}
}

static void publish(struct websocket_hub *hub, struct published *p, bool want_snapshot)
{
	struct hub_message *update = NULL, *snapshot = NULL;
	json_t *list = NULL, *health = NULL;
	int error = 0;

	if (manager_list(hub->manager, &list) || manager_health(hub->manager, &health))
		error = -ENOMEM;
	else
		error = update_build(p, list, health, want_snapshot, &update, &snapshot);
	json_decref(list);
	json_decref(health);
	pthread_mutex_lock(&hub->lock);
	if (error) { /* a hole in the updates: everyone needs a snapshot, next time */
		log_error("not enough memory for the dashboard's updates");
		message_drop(update);
		message_drop(snapshot);
		message_drop(hub->update);
		message_drop(hub->snapshot);
		hub->update = hub->snapshot = NULL;
		hub->state += 2;
		hub->snapshot_wanted = true;
	} else {
		hand_out(hub, update, snapshot);
	}
	pthread_mutex_unlock(&hub->lock);
}

/* Sleep until the next publication is due. Returns false when the hub stops. */
static bool wait_due(struct websocket_hub *hub, struct published *p, int64_t last_ns,
                     bool *want_snapshot)
{
	int64_t due_ns;
	struct timespec until;

	pthread_mutex_lock(&hub->lock);
	while (!hub->stopping) {
		if (!hub->client_count) {
			published_clear(p);
			message_drop(hub->update);
			message_drop(hub->snapshot);
			hub->update = hub->snapshot = NULL;
			pthread_cond_wait(&hub->wanted, &hub->lock);
			continue;
		}
		due_ns = last_ns + (hub->snapshot_wanted || hub->poked ? SOONEST_NS : PERIOD_NS);
		if (clock_now_ns() >= due_ns)
			break;
		until = (struct timespec){.tv_sec = due_ns / NS_PER_S,
		                          .tv_nsec = due_ns % NS_PER_S};
		pthread_cond_timedwait(&hub->wanted, &hub->lock, &until);
	}
	*want_snapshot = hub->snapshot_wanted;
	hub->snapshot_wanted = hub->poked = false;
	pthread_mutex_unlock(&hub->lock);
	return !hub_is_stopping(hub);
}

static void *publisher_main(void *argument)
{
	struct websocket_hub *hub = argument;
	struct published published = {0};
	int64_t last_ns = 0;
	bool want_snapshot;

	while (wait_due(hub, &published, last_ns, &want_snapshot)) {
		last_ns = clock_now_ns();
		publish(hub, &published, want_snapshot);
	}
	published_clear(&published);
	return NULL;
}

int hub_join(struct websocket_hub *hub, struct hub_client *client)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), error = -ENOSPC;

	if (fd < 0)
		return -errno;
	pthread_mutex_lock(&hub->lock);
	if (!hub->stopping && hub->client_count < WEBSOCKET_MAX_CLIENTS) {
		*client = (struct hub_client){.wake_fd = fd};
		hub->clients[hub->client_count++] = client;
		hub->snapshot_wanted = true;
		pthread_cond_signal(&hub->wanted);
		error = 0;
	}
	pthread_mutex_unlock(&hub->lock);
	if (error)
		close(fd);
	return error;
}

void hub_leave(struct websocket_hub *hub, struct hub_client *client)
{
	pthread_mutex_lock(&hub->lock);
	for (size_t i = 0; i < hub->client_count; i++) {
		if (hub->clients[i] == client)
			hub->clients[i] = hub->clients[--hub->client_count];
	}
	pthread_cond_broadcast(&hub->left);
	pthread_cond_signal(&hub->wanted);
	pthread_mutex_unlock(&hub->lock);
	close(client->wake_fd);
}

struct hub_message *hub_take(struct websocket_hub *hub, struct hub_client *client)
{
	struct hub_message *message = NULL;
	uint64_t count;

	if (read(client->wake_fd, &count, sizeof(count)) < 0)
		count = 0; /* nobody woke us: the peer did, or the clock */
	pthread_mutex_lock(&hub->lock);
	if (client->state && client->state + 1 == hub->state)
		message = hub->update;
	else if (client->state != hub->state)
		message = hub->snapshot;
	if (message) {
		message->references++;
		client->state = message->state;
	} else if (client->state != hub->state || !hub->state) {
		hub->snapshot_wanted = true;
		pthread_cond_signal(&hub->wanted);
	}
	pthread_mutex_unlock(&hub->lock);
	return message;
}

bool hub_is_stopping(struct websocket_hub *hub)
{
	bool stopping;

	pthread_mutex_lock(&hub->lock);
	stopping = hub->stopping;
	pthread_mutex_unlock(&hub->lock);
	return stopping;
}

bool hub_is_full(struct websocket_hub *hub)
{
	bool full;

	pthread_mutex_lock(&hub->lock);
	full = hub->stopping || hub->client_count >= WEBSOCKET_MAX_CLIENTS;
	pthread_mutex_unlock(&hub->lock);
	return full;
}

void websocket_hub_poke(struct websocket_hub *hub)
{
	pthread_mutex_lock(&hub->lock);
	hub->poked = true;
	pthread_cond_signal(&hub->wanted);
	pthread_mutex_unlock(&hub->lock);
}

int websocket_hub_create(struct websocket_hub **out, struct manager *manager)
{
	struct websocket_hub *hub = calloc(1, sizeof(*hub));
	pthread_condattr_t monotonic;
	pthread_attr_t attributes;
	int error;

	if (!hub)
		return -ENOMEM;
	hub->manager = manager;
	pthread_mutex_init(&hub->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&hub->wanted, &monotonic);
	pthread_cond_init(&hub->left, &monotonic);
	pthread_condattr_destroy(&monotonic);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	error = pthread_create(&hub->publisher, &attributes, publisher_main, hub);
	pthread_attr_destroy(&attributes);
	if (error) {
		free(hub);
		return -error;
	}
	pthread_setname_np(hub->publisher, "publisher");
	*out = hub;
	return 0;
}

int websocket_hub_stop(struct websocket_hub *hub, int timeout_ms)
{
	int64_t until_ns = clock_now_ns() + timeout_ms * NS_PER_MS;
	struct timespec until = {.tv_sec = until_ns / NS_PER_S, .tv_nsec = until_ns % NS_PER_S};
	uint64_t one = 1;
	size_t left;
	int error = 0;

	pthread_mutex_lock(&hub->lock);
	hub->stopping = true;
	pthread_cond_signal(&hub->wanted);
	for (size_t i = 0; i < hub->client_count; i++) {
		if (write(hub->clients[i]->wake_fd, &one, sizeof(one)) < 0)
			continue; /* it is readable already */
	}
	while (hub->client_count && !error)
		error = pthread_cond_timedwait(&hub->left, &hub->lock, &until);
	left = hub->client_count;
	pthread_mutex_unlock(&hub->lock);
	pthread_join(hub->publisher, NULL);
	return left ? -ETIMEDOUT : 0;
}

void websocket_hub_destroy(struct websocket_hub *hub)
{
	if (!hub)
		return;
	message_drop(hub->update);
	message_drop(hub->snapshot);
	pthread_cond_destroy(&hub->wanted);
	pthread_cond_destroy(&hub->left);
	pthread_mutex_destroy(&hub->lock);
	free(hub);
}
