/*
 * Outputs of every kind: creation by scheme, status, and the words in the log.
 */
#include "output_base.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/utf8.h"
#include "feed.h"
#include "history.h"
#include "srt_link.h"

#include <errno.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

const struct counter_info output_counter_table[] = {OUTPUT_COUNTERS(COUNTER_ROW)};
static const struct counter_info rtmp_counter_table[] = {RTMP_COUNTERS(COUNTER_ROW)};
static const struct counter_info udp_counter_table[] = {UDP_COUNTERS(COUNTER_ROW)};

#define LASTING_NS (10 * NS_PER_S) /* a connection of at least that was a good one */

#define TRIMS 4 /* after the last output went: libsrt frees a socket some seconds later */

static atomic_int alive; /* outputs that were made and not yet freed */
static atomic_int trims; /* still to do */

const char *output_state_name(enum output_state state)
{
	static const char *const names[] = {"stopped", "connecting", "connected", "retrying",
	                                    "error"};

	return names[state];
}

int output_create(struct output **out, const struct output_config *config, struct feed *feed)
{
	switch (config->url.scheme) {
	case OUTPUT_SRT:
		if (config->url.srt.mode == SRT_MODE_LISTENER)
			return output_srt_listener_create(out, config, feed);
		return output_srt_create(out, config, feed);
	case OUTPUT_RTMP:
		return output_rtmp_create(out, config, feed);
	case OUTPUT_UDP:
	case OUTPUT_RTP:
		return output_udp_create(out, config, feed);
	}
	return -EINVAL;
}

const struct counter_info *output_own_table(enum output_scheme scheme, size_t *count)
{
	switch (scheme) {
	case OUTPUT_SRT:
		*count = SRT_COUNTER_COUNT;
		return srt_counter_table;
	case OUTPUT_RTMP:
		*count = 0 RTMP_COUNTERS(COUNTER_ONE);
		return rtmp_counter_table;
	case OUTPUT_UDP:
	case OUTPUT_RTP:
		*count = 0 UDP_COUNTERS(COUNTER_ONE);
		return udp_counter_table;
	}
	*count = 0;
	return NULL;
}

void output_destroy(struct output *output)
{
	if (output)
		output->ops->give_up(output);
}

int output_wait_all(int timeout_ms)
{
	const int64_t deadline_ns = clock_now_ns() + timeout_ms * NS_PER_MS;
	const struct timespec pause = {.tv_nsec = 5 * NS_PER_MS};

	while (atomic_load(&alive) > 0) {
		if (clock_now_ns() > deadline_ns)
			return -ETIMEDOUT;
		nanosleep(&pause, NULL);
	}
	return 0;
}

void output_get_status(struct output *output, struct output_status *status)
{
	pthread_mutex_lock(&output->status_lock);
	*status = output->status;
	if (output->retry_at_ns) {
		const int64_t wait_ms = (output->retry_at_ns - clock_now_ns()) / NS_PER_MS;

		status->retry_in_ms = wait_ms > 0 ? wait_ms : 0;
	}
	pthread_mutex_unlock(&output->status_lock);
}

const struct output_counters *output_counters(const struct output *output)
{
	return &output->counters;
}

const void *output_own_counters(const struct output *output)
{
	return output->own_counters;
}

size_t output_get_readers(struct output *output, struct output_reader *out, size_t max)
{
	return output->ops->get_readers ? output->ops->get_readers(output, out, max) : 0;
}

int output_kick_reader(struct output *output, uint32_t id)
{
	return output->ops->kick_reader ? output->ops->kick_reader(output, id) : -ENOENT;
}

void output_add_sample(struct output *output, const struct output_sample *sample)
{
	pthread_mutex_lock(&output->status_lock);
	history_add(&output->history, sample);
	pthread_mutex_unlock(&output->status_lock);
}

size_t output_get_history(struct output *output, struct output_sample *out, size_t max)
{
	size_t count;

	pthread_mutex_lock(&output->status_lock);
	count = history_get(output->history, out, max);
	pthread_mutex_unlock(&output->status_lock);
	return count;
}

int output_init(struct output *output, const struct output_config *config, const char *channel_name,
                const struct output_ops *ops)
{
	output->ops = ops;
	output->channel_name = strdup(channel_name);
	output->name = strdup(config->name);
	if (!output->channel_name || !output->name) {
		free(output->channel_name);
		free(output->name);
		return -ENOMEM;
	}
	output->status.state = OUTPUT_CONNECTING;
	pthread_mutex_init(&output->status_lock, NULL);
	atomic_fetch_add(&alive, 1);
	return 0;
}

void output_fini(struct output *output)
{
	pthread_mutex_destroy(&output->status_lock);
	free(output->history);
	free(output->channel_name);
	free(output->name);
	atomic_fetch_sub(&alive, 1);
	atomic_store(&trims, TRIMS);
}

void output_trim(void)
{
	if (atomic_load(&trims) > 0) {
		atomic_fetch_sub(&trims, 1);
		malloc_trim(0);
	}
}

static void set_state(struct output *output, enum output_state state, int64_t retry_at_ns,
                      const char *error)
{
	pthread_mutex_lock(&output->status_lock);
	output->status.state = state;
	output->status.connected_at_s = state == OUTPUT_CONNECTED ? clock_wall_s() : 0;
	output->retry_at_ns = retry_at_ns;
	if (error)
		snprintf(output->status.last_error, sizeof(output->status.last_error), "%s", error);
	pthread_mutex_unlock(&output->status_lock);
}

void output_set_connecting(struct output *output)
{
	set_state(output, OUTPUT_CONNECTING, 0, NULL);
}

void output_set_connected(struct output *output)
{
	output->connected_ns = clock_now_ns();
	if (output->was_connected)
		counter_add(&output->counters.reconnects, 1);
	output->was_connected = true;
	set_state(output, OUTPUT_CONNECTED, 0, "");
	if (!output->flapping)
		log_info("channel \"%s\": output \"%s\": connected", output->channel_name,
		         output->name);
}

void output_set_note(struct output *output, const char *format, ...)
{
	char note[sizeof(output->status.note)];
	va_list args;

	va_start(args, format);
	vsnprintf(note, sizeof(note), format, args);
	va_end(args);
	utf8_repair(note); /* it may be cut */
	pthread_mutex_lock(&output->status_lock);
	memcpy(output->status.note, note, sizeof(note));
	pthread_mutex_unlock(&output->status_lock);
}

/*
 * A connection that lasted makes a fresh start. One that broke at once is a peer that flaps: the pauses go on
 * growing, and the log does not repeat what it said.
 */
static void judge_connection(struct output *output)
{
	if (!output->connected_ns)
		return;
	output->flapping = clock_now_ns() - output->connected_ns < LASTING_NS;
	output->connected_ns = 0;
	if (output->flapping)
		return;
	output->backoff = (struct backoff){0};
	output->logged[0] = '\0';
}

uint32_t output_set_retrying(struct output *output, const char *format, ...)
{
	char reason[sizeof(output->status.last_error)];
	uint32_t wait_ms;
	va_list args;

	judge_connection(output);
	wait_ms = backoff_next_ms(&output->backoff);

	va_start(args, format);
	vsnprintf(reason, sizeof(reason), format, args);
	va_end(args);
	utf8_repair(reason); /* it may hold what a peer sent, or be cut */
	counter_set(&output->counters.bitrate_bps, 0);
	set_state(output, OUTPUT_RETRYING, clock_now_ns() + wait_ms * NS_PER_MS, reason);
	if (strcmp(reason, output->logged)) {
		snprintf(output->logged, sizeof(output->logged), "%s", reason);
		log_warning("channel \"%s\": output \"%s\": %s; trying again", output->channel_name,
		            output->name, reason);
	}
	return wait_ms;
}
