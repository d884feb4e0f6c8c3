/*
 * The manager: the only mutator of channels, outputs and channels.json.
 *
 * Everything that goes in or out is JSON as design section 6 shows it to users; the HTTP layer adds
 * nothing but transport. Each change is validated whole, what it needs is acquired beside what runs (a
 * port, memory), then it is written to disk, then carried out: a refused or failed call changes nothing.
 */
#ifndef CONTROL_MANAGER_H
#define CONTROL_MANAGER_H

#include "error.h"

#include <jansson.h>
#include <stdint.h>

struct manager;
struct ingest;
struct senders;

struct manager_config {
	const char *config_dir;  /* holds channels.json; made when missing */
	struct ingest *ingest;   /* borrowed */
	struct senders *senders; /* borrowed */
};

/*
 * Load channels.json and start the channels that were running or have autostart; one that cannot start
 * is in state error and does not keep the others from starting. A channel that cannot be read is left out,
 * a file that cannot be read is set aside; the log says so, see store.h.
 * Owns: *out is the caller's, freed by manager_destroy. Errors: negative errno; the reason was logged.
 * Thread: main.
 */
int manager_create(struct manager **out, const struct manager_config *config);

/*
 * Stop every channel (their desired state on disk stays as it is) and free. The ingest and sender loops
 * must still run, and are destroyed after it. NULL is fine. Thread: main.
 */
void manager_destroy(struct manager *manager);

/*
 * Stop every channel likewise, and free nothing: calls that still run or come later wait until the process ends. Before its
 * end, when there may be such. Thread: main.
 */
void manager_shut(struct manager *manager);

/*
 * The calls behind the REST routes. Each returns 0 and writes *out (a new reference, the caller's), or
 * returns -1 and fills error; errors are those of the API contract, and 500 "storage_failed" when
 * channels.json cannot be written. body is borrowed; secrets in what comes out are masked. Thread: any;
 * the manager's lock makes them one at a time.
 */

/*
 * {"channels": [channel, …]} in the order of their creation. Who reads from listeners is counted here, and listed only
 * in replies of one channel or output. Errors: -1 without memory.
 */
int manager_list(struct manager *manager, json_t **out);

/* A list of what metrics want of every channel, see snapshot_measures. Errors: -1 without memory. */
int manager_measures(struct manager *manager, json_t **out);

/*
 * All that is configured, as in channels.json, WITH its secrets: a backup. Only for who may see them.
 * Errors: -1 without memory.
 */
int manager_get_config(struct manager *manager, json_t **out);

/*
 * Replace all that is configured by such a backup, see registry_replace. *out is what manager_list gives.
 * Errors: 409, 422, 500.
 */
int manager_set_config(struct manager *manager, const json_t *body, json_t **out,
                       struct api_error *error);

/* The program, the machine and its interfaces, see system.h. Errors: -1 without memory. */
int manager_system(struct manager *manager, json_t **out);

/* One channel. Errors: 404. */
int manager_get(struct manager *manager, const char *id, json_t **out, struct api_error *error);

/* A new channel, stopped. Errors: 409, 422, 500. */
int manager_add_channel(struct manager *manager, const json_t *body, json_t **out,
                        struct api_error *error);

/*
 * Change a channel. While it runs, a new address or port moves only the receiving side, and outputs that
 * the body does not change go on. Log lines of running parts keep the old name until they are started
 * again. Errors: 404, 409, 422, 500.
 */
int manager_update_channel(struct manager *manager, const char *id, const json_t *body,
                           json_t **out, struct api_error *error);

/* Stop and forget a channel. Errors: 404, 500. */
int manager_delete_channel(struct manager *manager, const char *id, struct api_error *error);

/*
 * Start a channel; fine when it runs. When it cannot receive, its state becomes error with the reason,
 * and what was desired before stays. Errors: 404, 409, 422, 500.
 */
int manager_start_channel(struct manager *manager, const char *id, json_t **out,
                          struct api_error *error);

/* Stop a channel; fine when it is stopped. Errors: 404, 500. */
int manager_stop_channel(struct manager *manager, const char *id, json_t **out,
                         struct api_error *error);

/*
 * Put an input of a running channel on the air: {"input": "primary"} or "backup", or {} for the other one. The
 * reply shows it as active already. Errors: 404, 409 (no_backup, merging, not_running, input_dead), 422, 500.
 */
int manager_switch_input(struct manager *manager, const char *id, const json_t *body, json_t **out,
                         struct api_error *error);

/* A new output; it starts at once when its channel runs. *out is the output. Errors: 404, 409, 422, 500. */
int manager_add_output(struct manager *manager, const char *id, const json_t *body, json_t **out,
                       struct api_error *error);

/* Change an output; a new URL replaces its connection. *out is the output. Errors: 404, 422, 500. */
int manager_update_output(struct manager *manager, const char *id, const char *output_id,
                          const json_t *body, json_t **out, struct api_error *error);

/* Stop and forget an output. Errors: 404, 500. */
int manager_delete_output(struct manager *manager, const char *id, const char *output_id,
                          struct api_error *error);

/* One output. Errors: 404. */
int manager_get_output(struct manager *manager, const char *id, const char *output_id, json_t **out,
                       struct api_error *error);

/* {"now", "samples": [sample, …]}, oldest first: the output's last ten minutes. Errors: 404, 500. */
int manager_get_history(struct manager *manager, const char *id, const char *output_id,
                        json_t **out, struct api_error *error);

/*
 * Show the output's totals from 0 again. One that does not run has them at 0 already. *out is the output.
 * Errors: 404, 500.
 */
int manager_reset_output(struct manager *manager, const char *id, const char *output_id,
                         json_t **out, struct api_error *error);

/* Disconnect who reads from a listener; it may come again. Errors: 404. */
int manager_kick_reader(struct manager *manager, const char *id, const char *output_id,
                        uint32_t reader, struct api_error *error);

/* The body of GET /api/health. Errors: -1 without memory. Thread: any. */
int manager_health(struct manager *manager, json_t **out);

#endif
