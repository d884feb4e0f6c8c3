/*
 * One RTP stream: judge each packet's source, put it into the window, let FEC have its turn, and give up
 * what has waited too long.
 */
#include "rtp_stream.h"

#include "base/clock.h"
#include "base/prefetch.h"
#include "fec.h"
#include "rtp_path.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#define REFRESH_NS (100 * NS_PER_MS)
#define TRIM_NS    (5 * NS_PER_S)
#define SILENCE_NS (RTP_STREAM_SILENCE_MS * NS_PER_MS)

struct rtp_stream {
	struct rtp_stream_options options;
	struct packet_pool pool;
	struct packet_store *store;
	struct fec *fec; /* made with the first FEC packet */
	uint32_t ssrc;
	int64_t last_ns; /* of a packet put into the window */
	struct rtp_path paths[RTP_PATHS];
	struct rtp_patience patience;
	bool merging;  /* both paths are alive */
	uint32_t span; /* fec_matrix_span of the present matrix */
	int misorder;  /* for rtp_source_judge */
	int64_t refreshed_ns, trimmed_ns;
	struct rtp_rate rate;
	struct rtp_counters counters;
	struct rtp_window window;
};

/* The counters of the intervals follow each other. */
_Static_assert(offsetof(struct rtp_counters, arrival_gt_100ms) -
                               offsetof(struct rtp_counters, arrival_le_1ms) ==
                       (ARRIVAL_BUCKETS - 1) * sizeof(counter_t),
               "one counter a bucket");

const struct counter_info rtp_counter_table[] = {RTP_COUNTERS(COUNTER_ROW)};

static void refresh(struct rtp_stream *stream, int64_t now_ns);

int rtp_stream_create(struct rtp_stream **out, const struct rtp_stream_config *config)
{
	struct rtp_stream *stream;

	if (!config->emit)
		return -EINVAL;
	stream = calloc(1, sizeof(*stream));
	if (!stream)
		return -ENOMEM;
	stream->pool.max_bytes = config->max_bytes ? config->max_bytes : RTP_STREAM_MEMORY;
	if (packet_store_create(&stream->store, &stream->pool)) {
		free(stream);
		return -ENOMEM;
	}
	rtp_window_init(&stream->window, stream->store, &stream->counters, config->emit,
	                config->context);
	rtp_stream_configure(stream, &config->options, 0);
	*out = stream;
	return 0;
}

void rtp_stream_destroy(struct rtp_stream *stream)
{
	if (!stream)
		return;
	fec_destroy(stream->fec);
	packet_store_destroy(stream->store);
	for (int i = 0; i < RTP_PATHS; i++)
		packet_pool_give(&stream->pool, stream->paths[i].candidate);
	packet_pool_clear(&stream->pool);
	free(stream);
}

static unsigned int limited_ms(unsigned int ms)
{
	return ms < RTP_STREAM_MAX_REORDER_MS ? ms : RTP_STREAM_MAX_REORDER_MS;
}

void rtp_stream_configure(struct rtp_stream *stream, const struct rtp_stream_options *options,
                          int64_t now_ns)
{
	stream->options = (struct rtp_stream_options){
		.reorder_ms = limited_ms(options->reorder_ms),
		.merge_ms = limited_ms(options->merge_ms),
		.fec = options->fec,
	};
	if (!options->fec) {
		fec_destroy(stream->fec);
		stream->fec = NULL;
		counter_set(&stream->counters.fec_held, 0);
	}
	refresh(stream, now_ns);
}

/* Numbers behind the newest that are late or reordered, not a jump: what a quarter of a second holds. */
static int misorder_limit(uint32_t packets_per_s)
{
	const uint32_t limit = packets_per_s / 4;

	if (limit < RTP_MAX_MISORDER)
		return RTP_MAX_MISORDER;
	return limit > RTP_WINDOW_SIZE / 2 ? (int)RTP_WINDOW_SIZE / 2 : (int)limit;
}

/* The jitter of the paths that are alive, the worse of two. */
static uint32_t jitter_us(const struct rtp_stream *stream, int64_t now_ns)
{
	uint32_t worst = 0;

	for (int i = 0; i < RTP_PATHS; i++) {
		const struct rtp_path *p = &stream->paths[i];
		const uint32_t jitter = arrival_jitter_us(&p->arrival);

		if (rtp_path_is_alive(p, now_ns, SILENCE_NS) && jitter > worst)
			worst = jitter;
	}
	return worst;
}

/* Bring everything up to date that follows from the present state. */
static void refresh(struct rtp_stream *stream, int64_t now_ns)
{
	const struct fec_matrix matrix = rtp_stream_matrix(stream);
	const struct rtp_conditions conditions = {
		.reorder_ms = stream->options.reorder_ms,
		.merge_ms = stream->options.merge_ms,
		.span = fec_matrix_span(&matrix),
		.packets_per_s = stream->rate.packets_per_s,
		.merging = stream->options.merge_ms > 0 &&
	                   rtp_path_is_alive(&stream->paths[0], now_ns, SILENCE_NS) &&
	                   rtp_path_is_alive(&stream->paths[1], now_ns, SILENCE_NS),
	};
	uint32_t expected_ms;

	stream->refreshed_ns = now_ns;
	stream->span = conditions.span;
	stream->merging = conditions.merging;
	stream->misorder = misorder_limit(conditions.packets_per_s);
	stream->patience = rtp_patience_make(&conditions, &expected_ms);
	/* FEC of a matrix that was sent late still finds its packets. */
	stream->window.keep = stream->span + stream->span / 2;
	stream->window.waits = stream->patience.max_ns > 0;
	stream->window.two_paths = stream->merging;
	counter_set(&stream->counters.rtp_hold_ms, expected_ms);
	counter_set(&stream->counters.fec_columns, matrix.columns);
	counter_set(&stream->counters.fec_rows, matrix.rows);
	counter_set(&stream->counters.rtp_jitter_us, jitter_us(stream, now_ns));
	counter_set(&stream->counters.rtp_memory_bytes, stream->pool.used_bytes);
}

/* Give up what has been missing too long. */
static void expire(struct rtp_stream *stream, int64_t now_ns)
{
	const uint16_t first = stream->paths[0].source.newest;
	const uint16_t second = stream->paths[1].source.newest;

	stream->patience.reached = stream->window.newest;
	if (stream->merging)
		stream->patience.reached = rtp_distance(first, second) < 0 ? second : first;
	rtp_window_expire(&stream->window, &stream->patience, now_ns);
}

static void recover(struct rtp_stream *stream, int64_t now_ns)
{
	struct rtp_window *window = &stream->window;
	struct rtp_arrival arrival = {.now_ns = now_ns};
	struct rtp_packet packet;

	while ((arrival.datagram =
	                fec_recover(stream->fec, window->newest, stream->ssrc, &arrival.size))) {
		if (rtp_ts_parse(&packet, arrival.datagram, arrival.size))
			return;
		arrival.packet = &packet;
		rtp_window_recover(window, &arrival);
	}
}

/* Put a packet of the window's source in its place. */
static void take(struct rtp_stream *stream, int path, const struct rtp_arrival *arrival,
                 bool behind)
{
	const bool changed = rtp_window_add(&stream->window, arrival, path, behind);

	stream->last_ns = stream->paths[path].last_ns = arrival->now_ns;
	if (stream->fec && (changed || fec_is_due(stream->fec, stream->window.newest)))
		recover(stream, arrival->now_ns);
	if (rtp_window_is_waiting(&stream->window))
		expire(stream, arrival->now_ns);
}

/* The candidate was confirmed: it comes first. */
static void candidate_take(struct rtp_stream *stream, int path, int64_t now_ns)
{
	struct rtp_path *p = &stream->paths[path];
	uint8_t *candidate = p->candidate;
	struct rtp_packet packet;
	const struct rtp_arrival arrival = {.packet = &packet,
	                                    .datagram = candidate,
	                                    .size = p->candidate_size,
	                                    .now_ns = now_ns};

	if (!candidate)
		return;
	p->candidate = NULL;
	counter_add(&stream->counters.rtp_held, (uint64_t)-1);
	if (rtp_ts_parse(&packet, candidate, p->candidate_size) == 0)
		take(stream, path, &arrival, false);
	packet_pool_give(&stream->pool, candidate);
}

static void restart(struct rtp_stream *stream, uint32_t ssrc, uint16_t first, int64_t now_ns)
{
	if (stream->window.started)
		counter_add(&stream->counters.rtp_restarts, 1);
	rtp_window_start(&stream->window, first);
	if (stream->fec)
		fec_reset(stream->fec);
	for (int i = 0; i < RTP_PATHS; i++)
		stream->paths[i].joined = false;
	stream->ssrc = ssrc;
	refresh(stream, now_ns);
}

/* Whether a place is one of the window's source, near enough to be merged with what the other path has. */
static bool is_joinable(const struct rtp_stream *stream, uint32_t ssrc, uint16_t first, bool silent)
{
	const int ahead = rtp_distance(stream->window.newest, first);

	return stream->window.started && ssrc == stream->ssrc && ahead <= RTP_MAX_DROPOUT &&
	       ahead > (silent ? 0 : -(int)RTP_WINDOW_SIZE / 2);
}

/* Decide on a path that is at a new place, or not with the window's source. Returns whether it is now. */
static bool admit(struct rtp_stream *stream, int path, const struct rtp_arrival *arrival,
                  bool silent)
{
	struct rtp_path *p = &stream->paths[path];
	const struct rtp_path *other = &stream->paths[1 - path];
	const uint32_t ssrc = arrival->packet->ssrc;
	const uint16_t first = rtp_path_first(p, arrival->packet);

	if (other->joined && is_joinable(stream, ssrc, first, silent)) {
		p->joined = true;
	} else if (rtp_path_is_alive(other, arrival->now_ns, SILENCE_NS)) {
		p->joined = false;
	} else {
		restart(stream, ssrc, first, arrival->now_ns);
		p->joined = true;
	}
	p->last_ns = arrival->now_ns;
	refresh(stream, arrival->now_ns);
	return p->joined;
}

/*
 * A path that was dead while the other one went all the way round may find its old place again: what is
 * next to it is far from the window.
 */
static bool is_adrift(const struct rtp_stream *stream, const struct rtp_path *path,
                      const struct rtp_packet *packet)
{
	return rtp_distance(stream->window.newest, rtp_path_first(path, packet)) > RTP_MAX_DROPOUT;
}

static void count_path(struct rtp_stream *stream, int path)
{
	counter_add(&stream->counters.rtp_received, 1);
	counter_add(path == 0 ? &stream->counters.path0_received : &stream->counters.path1_received,
	            1);
}

/* Note when a packet of the path's source came. */
static void measure(struct rtp_stream *stream, struct rtp_path *path,
                    const struct rtp_arrival *arrival, bool is_new)
{
	int bucket;

	if (is_new)
		path->arrival = (struct arrival){0};
	bucket = arrival_add(&path->arrival, arrival->packet->timestamp, arrival->now_ns);
	if (bucket >= 0)
		counter_add(&stream->counters.arrival_le_1ms + bucket, 1);
}

int rtp_stream_push(struct rtp_stream *stream, int path, const uint8_t *datagram, size_t size,
                    int64_t now_ns)
{
	struct rtp_path *p = &stream->paths[path];
	struct rtp_packet packet;
	const struct rtp_arrival arrival = {
		.packet = &packet, .datagram = datagram, .size = size, .now_ns = now_ns};
	const int fault = rtp_ts_parse(&packet, datagram, size);
	const bool silent = !stream->window.started || now_ns - stream->last_ns > SILENCE_NS;
	struct rtp_judgement judgement;

	count_path(stream, path);
	if (fault) {
		counter_add(&stream->counters.rtp_malformed, 1);
		return fault;
	}
	judgement = rtp_source_judge(&p->source, &packet, stream->misorder, silent);
	if (!judgement.confirmed)
		rtp_path_drop(p, &stream->pool, &stream->counters);
	if (judgement.place == RTP_PLACE_UNSURE) {
		rtp_path_keep(p, &arrival, &stream->pool, &stream->counters);
		return 1;
	}
	if ((judgement.place == RTP_PLACE_NEW || !p->joined || is_adrift(stream, p, &packet)) &&
	    !admit(stream, path, &arrival, silent)) {
		rtp_path_drop(p, &stream->pool, &stream->counters);
		counter_add(&stream->counters.rtp_stray, 1);
		return 1;
	}
	measure(stream, p, &arrival, judgement.place == RTP_PLACE_NEW);
	candidate_take(stream, path, now_ns);
	take(stream, path, &arrival, judgement.behind);
	return 0;
}

void rtp_stream_prefetch(const struct rtp_stream *stream)
{
	prefetch_range(&stream->store, offsetof(struct rtp_stream, window.history) -
	                                       offsetof(struct rtp_stream, store));
}

void rtp_stream_push_fec(struct rtp_stream *stream, enum fec_kind kind, const uint8_t *datagram,
                         size_t size, int64_t now_ns)
{
	struct fec_matrix matrix;
	bool ready;

	if (stream->options.fec && stream->window.started && !stream->fec)
		(void)fec_create(&stream->fec, &stream->pool, stream->store, &stream->counters);
	if (!stream->fec || !stream->window.started) {
		counter_add(&stream->counters.fec_received, 1);
		counter_add(&stream->counters.fec_stray, 1);
		return;
	}
	ready = fec_push(stream->fec, kind, datagram, size, stream->window.newest, now_ns);
	matrix = fec_matrix(stream->fec);
	if (fec_matrix_span(&matrix) != stream->span)
		refresh(stream, now_ns);
	if (ready)
		recover(stream, now_ns);
}

void rtp_stream_tick(struct rtp_stream *stream, int64_t now_ns)
{
	if (now_ns - stream->refreshed_ns >= REFRESH_NS) {
		rtp_rate_update(&stream->rate, rtp_window_numbers(&stream->window), now_ns);
		if (stream->fec) {
			fec_expire(stream->fec, stream->rate.packets_per_s, now_ns);
			recover(stream, now_ns);
		}
		refresh(stream, now_ns);
		expire(stream, now_ns);
	} else if (rtp_window_is_waiting(&stream->window)) {
		expire(stream, now_ns);
	}
	if (now_ns - stream->trimmed_ns >= TRIM_NS) {
		packet_pool_trim(&stream->pool);
		stream->trimmed_ns = now_ns;
	}
}

void rtp_stream_reset(struct rtp_stream *stream)
{
	rtp_window_stop(&stream->window);
	if (stream->fec)
		fec_reset(stream->fec);
	for (int i = 0; i < RTP_PATHS; i++) {
		rtp_path_drop(&stream->paths[i], &stream->pool, &stream->counters);
		stream->paths[i] = (struct rtp_path){0};
	}
}

bool rtp_stream_merges(const struct rtp_stream *stream)
{
	return stream->options.merge_ms > 0;
}

struct fec_matrix rtp_stream_matrix(const struct rtp_stream *stream)
{
	return stream->fec ? fec_matrix(stream->fec) : (struct fec_matrix){0};
}

const struct rtp_counters *rtp_stream_counters(const struct rtp_stream *stream)
{
	return &stream->counters;
}
