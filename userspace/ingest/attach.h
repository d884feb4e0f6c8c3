/*
 * The best way to receive from an interface: native XDP, else generic XDP, else kernel sockets. Each step
 * down is kept with its reason and what would mend it.
 */
#ifndef INGEST_ATTACH_H
#define INGEST_ATTACH_H

#include "ingest.h"
#include "report.h"
#include "source.h"

/* What came of it. */
struct attachment {
	struct packet_source *source; /* NULL: kernel sockets */
	enum ingest_mode mode;        /* in force: any but INGEST_AUTO */
	struct preflight_facts facts; /* as they were before attaching */
	struct preflight_finding findings[PREFLIGHT_MAX_FINDINGS];
	size_t finding_count;
	struct report_step steps[REPORT_MAX_STEPS]; /* better modes and why they are not in force */
	size_t step_count;
};

/*
 * Attach to the interface of that name as the configuration says. elsewhere_bytes: what the AF_XDP sockets of
 * other interfaces lock. Up to a second a queue.
 * Owns: out->source is the caller's. Errors: negative errno in the strict modes; out is filled in anyway,
 * without a source. Thread: main, watch.
 */
int attach_interface(struct attachment *out, const char *interface,
                     const struct ingest_config *config, uint64_t elsewhere_bytes);

/* What the interface and the machine answer, for preflight_check. Thread: main, watch. */
void attach_get_facts(struct preflight_facts *facts, const char *interface,
                      const struct ingest_config *config);

/* Memory that AF_XDP sockets on every queue of the interface lock; 0 when it is not there. Thread: main, watch. */
uint64_t attach_memory_bytes(const char *interface, const struct ingest_config *config);

/* The steps as one sentence, "" without any. Thread: any. */
void attach_describe(const struct attachment *attachment, char *text, size_t size);

#endif
