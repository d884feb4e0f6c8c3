/*
 * Collisions of UDP ports: each input and each listener of next that is new or changed is compared with all
 * others.
 *
 * At what address an output listens is parsed from its URL each time, but only where the port is the one: a whole
 * configuration has thousands of outputs, each of which is compared with all others.
 */
#include "ports.h"

#include "base/address.h"
#include "output/url.h"

#include <stdio.h>
#include <string.h>

/* The channels as they would be, and what changes. */
struct plan {
	struct live_channel *const *channels;
	size_t count, index; /* one channel more if they are equal */
	const struct channel_entry *now, *next;
	struct api_error *error;
};

struct listener {
	const struct output_entry *output;
	struct output_url url;
	struct in6_addr address;
};

static size_t plan_count(const struct plan *plan)
{
	return plan->count + (plan->index == plan->count);
}

static const struct channel_entry *plan_channel(const struct plan *plan, size_t i)
{
	return i == plan->index ? plan->next : &plan->channels[i]->entry;
}

/* Does input `input` of next receive where that of now does not? */
static bool is_new_input(const struct plan *plan, size_t input)
{
	const struct channel_entry *now = plan->now, *next = plan->next;

	return !now || !input_entry_same_target(&now->inputs[input], &next->inputs[input]) ||
	       (next->fec && !now->fec);
}

static bool is_new_output(const struct plan *plan, const struct output_entry *output)
{
	const struct output_entry *old =
		plan->now ? channel_entry_find(plan->now, output->id) : NULL;

	return !old || strcmp(old->url, output->url) != 0;
}

static const char *of_fec(bool fec)
{
	return fec ? " (FEC takes port + 2 and port + 4 too)" : "";
}

/* Where an output listens, if it does. */
static bool listens(struct listener *out, const struct output_entry *output)
{
	char why[160];

	if (!output->listens || output_url_parse(&out->url, output->url, why, sizeof(why)))
		return false;
	out->output = output;
	return !address_parse(&out->address, out->url.host[0] ? out->url.host : "0.0.0.0");
}

/*
 * Whether what an output sends comes in again at an input, as far as the texts tell: at its address, or by loopback at
 * an any-address. A group that is received on one interface may be sent on through another.
 */
static bool sends_to(const struct output_url *url, const struct input_entry *input)
{
	struct in6_addr address;

	if (input->rtp_port != url->port || address_parse(&address, url->host))
		return false;
	if (address_is_multicast(&address) && strcmp(url->udp.interface, input->interface) != 0)
		return false;
	return IN6_ARE_ADDR_EQUAL(&address, &input->address) ||
	       (address_is_any(&input->address) && address_is_loopback(&address) &&
	        IN6_IS_ADDR_V4MAPPED(&address) == IN6_IS_ADDR_V4MAPPED(&input->address));
}

/* An output that feeds its own channel: every packet would go round for ever, and soon take all of the machine. */
static int check_loop(const struct plan *plan, size_t i)
{
	const struct output_entry *output = &plan->next->outputs[i];
	struct output_url url;
	char field[40], why[160];

	if (!output->known || (output->scheme != OUTPUT_UDP && output->scheme != OUTPUT_RTP) ||
	    output_url_parse(&url, output->url, why, sizeof(why)))
		return 0;
	snprintf(field, sizeof(field), "outputs[%zu].url", i);
	for (size_t k = 0; k < ENTRY_INPUTS; k++)
		if ((is_new_input(plan, k) || is_new_output(plan, output)) &&
		    sends_to(&url, &plan->next->inputs[k]))
			return api_error_set(plan->error, 409, "port_in_use", field,
			                     "Output \"%.60s\" would send to where its own channel "
			                     "receives, port %u",
			                     output->name, url.port);
	return 0;
}

static bool receives_at(const struct channel_entry *channel, size_t input,
                        const struct listener *listener)
{
	const struct input_entry place = {.address = listener->address,
	                                  .rtp_port = listener->url.port};

	return input_entry_overlaps(&channel->inputs[input], channel->fec, &place, false);
}

static int input_error(const struct plan *plan, size_t input, const struct channel_entry *other,
                       const struct input_entry *theirs)
{
	char endpoint[96];

	input_entry_endpoint(theirs, endpoint, sizeof(endpoint));
	return api_error_set(plan->error, 409, "port_in_use",
	                     input ? "backup.rtp_port" : "rtp_port",
	                     "Channel \"%.120s\" already receives on %s%s", other->name, endpoint,
	                     of_fec(plan->next->fec || other->fec));
}

/* Whether an input receives on that port, at whatever address. */
static bool receives_on(const struct channel_entry *channel, size_t input, uint16_t port)
{
	const int first = channel->inputs[input].rtp_port;

	return port == first || (channel->fec && (port == first + 2 || port == first + 4));
}

/* An input against the inputs and listeners of one channel, which may be its own. */
static int check_input(const struct plan *plan, size_t input, const struct channel_entry *other)
{
	const struct input_entry *theirs =
		other == plan->next ? NULL : channel_entry_overlap(plan->next, input, other);
	struct listener listener;

	if (theirs)
		return input_error(plan, input, other, theirs);
	for (size_t i = 0; i < other->output_count; i++)
		if (receives_on(plan->next, input, other->outputs[i].port) &&
		    listens(&listener, &other->outputs[i]) &&
		    receives_at(plan->next, input, &listener))
			return api_error_set(
				plan->error, 409, "port_in_use",
				input ? "backup.rtp_port" : "rtp_port",
				"Output \"%.60s\" of channel \"%.60s\" listens on port %u%s",
				listener.output->name, other->name, listener.url.port,
				of_fec(plan->next->fec));
	return 0;
}

/* Two listeners of one port. */
static int check_pair(const struct plan *plan, const struct listener *own, const char *field,
                      const struct listener *theirs, const struct channel_entry *channel)
{
	const bool same = IN6_ARE_ADDR_EQUAL(&own->address, &theirs->address);
	const char *place = theirs->url.host[0] ? theirs->url.host : "0.0.0.0";

	if (same && strcmp(own->url.srt.streamid, theirs->url.srt.streamid) != 0)
		return 0;
	if (!same && !address_is_any(&own->address) && !address_is_any(&theirs->address))
		return 0;
	return api_error_set(plan->error, 409, "port_in_use", field,
	                     "Output \"%.60s\" of channel \"%.60s\" listens on %s port %u%s",
	                     theirs->output->name, channel->name, place, theirs->url.port,
	                     !same ? ": to share it, this one needs the same address"
	                     : own->url.srt.streamid[0]
	                             ? " with the same streamid"
	                             : " and has no streamid either: one must have one");
}

/* A listener against the inputs and other listeners of one channel, which may be its own. */
static int check_listener(const struct plan *plan, const struct listener *own,
                          const struct channel_entry *other)
{
	struct listener listener;
	char field[40];

	snprintf(field, sizeof(field), "outputs[%td].url", own->output - plan->next->outputs);
	for (size_t i = 0; i < ENTRY_INPUTS; i++)
		if (receives_at(other, i, own))
			return api_error_set(plan->error, 409, "port_in_use", field,
			                     "Channel \"%.120s\" receives on port %u%s",
			                     other->name, other->inputs[i].rtp_port,
			                     of_fec(other->fec));
	for (size_t i = 0; i < other->output_count; i++)
		if (other->outputs[i].port == own->url.port && &other->outputs[i] != own->output &&
		    listens(&listener, &other->outputs[i]) &&
		    check_pair(plan, own, field, &listener, other))
			return -1;
	return 0;
}

static int check_outputs(const struct plan *plan)
{
	struct listener own;

	for (size_t i = 0; i < plan->next->output_count; i++) {
		const struct output_entry *output = &plan->next->outputs[i];

		if (check_loop(plan, i))
			return -1;
		if (!is_new_output(plan, output) || !listens(&own, output))
			continue;
		for (size_t j = 0; j < plan_count(plan); j++)
			if (check_listener(plan, &own, plan_channel(plan, j)))
				return -1;
	}
	return 0;
}

int ports_check(struct live_channel *const *channels, size_t count, size_t index,
                const struct channel_entry *now, const struct channel_entry *next,
                struct api_error *error)
{
	const struct plan plan = {channels, count, index, now, next, error};

	for (size_t i = 0; i < ENTRY_INPUTS; i++) {
		if (!is_new_input(&plan, i) || !next->inputs[i].rtp_port)
			continue;
		for (size_t j = 0; j < plan_count(&plan); j++)
			if (check_input(&plan, i, plan_channel(&plan, j)))
				return -1;
	}
	return check_outputs(&plan);
}
