/*
 * Cue messages.
 */
#include "cues.h"

#include <errno.h>
#include <stdlib.h>

struct cues {
	struct cue_host host;
};

int cues_create(struct cues **out, const struct cue_host *host)
{
	struct cues *cues = calloc(1, sizeof(*cues));

	if (!cues)
		return -ENOMEM;
	cues->host = *host;
	*out = cues;
	return 0;
}

void cues_push(struct cues *cues, const uint8_t *section, size_t size)
{
	(void)cues;
	(void)section;
	(void)size;
}

void cues_destroy(struct cues *cues)
{
	free(cues);
}
