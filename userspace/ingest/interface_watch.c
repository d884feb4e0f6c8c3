/*
 * The watch thread: it notices interfaces that go down, come up, disappear and return, and the machine's
 * addresses, and has them served accordingly.
 *
 * A served interface whose better mode was refused is served anew when its MTU changes or it is switched on:
 * that is what an operator does who was told why.
 */
#include "ingest_base.h"

#include "base/event.h"
#include "ethtool.h"

#include <string.h>

#define WATCH_PERIOD_US 50000

static void set_up(struct served_interface *interface, bool up)
{
	pthread_mutex_lock(&interface->ingest->lock);
	interface->up = up;
	pthread_mutex_unlock(&interface->ingest->lock);
}

static void set_mtu(struct served_interface *interface, uint32_t mtu)
{
	pthread_mutex_lock(&interface->ingest->lock);
	interface->attachment.facts.mtu = mtu;
	pthread_mutex_unlock(&interface->ingest->lock);
}

static bool is_up(unsigned int flags)
{
	return (flags & IFF_UP) && (flags & IFF_RUNNING);
}

static void change_up(struct served_interface *interface, bool up)
{
	if (interface->up == up)
		return;
	set_up(interface, up);
	if (up)
		event_add(LOG_LEVEL_INFO, "interface_up", interface->name, "interface %s is up",
		          interface->name);
	else
		event_add(LOG_LEVEL_WARNING, "interface_down", interface->name,
		          "interface %s is down or has no carrier", interface->name);
}

static void lose(struct served_interface *interface)
{
	event_add(LOG_LEVEL_WARNING, "interface_gone", interface->name,
	          "interface %s is gone; it is served again when it returns", interface->name);
	interface_withdraw(interface);
	set_up(interface, false);
	interface->quiet = false;
}

/* The interface of that name may be another one by now. */
static void look_at_interface(struct served_interface *interface)
{
	if (!interface->ifindex)
		return;
	if (if_nametoindex(interface->name) != interface->ifindex)
		lose(interface);
	else
		change_up(interface, is_up(ethtool_get_flags(interface->name)));
}

/* Serve it anew when somebody has detached our program: the kernel tells nobody. */
static void look_at_link(struct served_interface *interface)
{
	const struct packet_source *source = interface->attachment.source;

	if (!source || source->ops->is_attached(source) ||
	    if_nametoindex(interface->name) != interface->ifindex) /* that will be told */
		return;
	event_add(LOG_LEVEL_WARNING, "ingest_mode", interface->name,
	          "interface %s: somebody has detached our XDP program", interface->name);
	interface->quiet = true;
	interface_withdraw(interface);
}

/* One that was absent, or is to be served anew. */
static void look_for_interface(struct served_interface *interface)
{
	unsigned int ifindex, flags;

	if (interface->leaving && atomic_load(&interface->let_go))
		interface_free_source(interface);
	if (interface->leaving || interface->ifindex)
		return;
	ifindex = if_nametoindex(interface->name);
	if (!ifindex)
		return;
	if (!interface->quiet)
		event_add(LOG_LEVEL_INFO, "interface_back", interface->name,
		          "interface %s is there", interface->name);
	interface->quiet = false;
	/* Before it takes time to attach: what changes meanwhile is told after it. */
	flags = ethtool_get_flags(interface->name);
	interface->switched_on = flags & IFF_UP;
	set_up(interface, is_up(flags));
	(void)interface_serve(interface, ifindex); /* it was not the start: nothing ends for that */
	interface_tell_mode(interface);
}

/*
 * Whether a better mode may be had now. Attaching itself makes some drivers lose their carrier for a moment,
 * so that does not count, or there would be no end to it.
 */
static bool worth_another_try(const struct served_interface *interface,
                              const struct link_change *change)
{
	const struct attachment *a = &interface->attachment;
	const enum ingest_mode asked = interface->ingest->config.mode;
	const enum ingest_mode wanted = asked == INGEST_AUTO ? INGEST_XDP : asked;

	if (a->mode == wanted)
		return false;
	if (change->mtu && change->mtu != a->facts.mtu)
		return true;
	return a->mode == INGEST_UDP && change->up && !interface->switched_on;
}

static void take_link(struct served_interface *interface, const struct link_change *change)
{
	if (change->kind == LINK_WATCH_GONE ||
	    (*change->name && strcmp(change->name, interface->name) != 0)) {
		lose(interface);
		return;
	}
	change_up(interface, change->running);
	if (worth_another_try(interface, change)) {
		interface->quiet = true;
		interface_withdraw(interface);
	} else if (change->mtu) {
		set_mtu(interface, change->mtu);
	}
	interface->switched_on = change->up;
}

/* Rules for any address apply to datagrams to the machine's own. */
static void refresh_locals(struct ingest *ingest)
{
	pthread_mutex_lock(&ingest->lock);
	for (size_t i = 0; i < ingest->source_count; i++)
		if (ingest->sources[i]->ops->refresh_locals)
			ingest->sources[i]->ops->refresh_locals(ingest->sources[i]);
	pthread_mutex_unlock(&ingest->lock);
}

static void take_change(void *context, const struct link_change *change)
{
	struct ingest *ingest = context;

	if (change->kind == LINK_WATCH_ADDRESS || change->kind == LINK_WATCH_OVERRUN)
		ingest->addresses_changed = true;
	for (size_t i = 0; i < ingest->interface_count; i++) {
		struct served_interface *interface = &ingest->interfaces[i];

		if (change->kind == LINK_WATCH_OVERRUN)
			look_at_interface(interface);
		else if (change->kind != LINK_WATCH_ADDRESS && interface->ifindex &&
		         interface->ifindex == change->ifindex)
			take_link(interface, change);
	}
}

static void watch_tick(void *context, int64_t now_ns)
{
	struct ingest *ingest = context;

	(void)now_ns;
	link_watch_read(ingest->watch, take_change, ingest);
	for (size_t i = 0; i < ingest->interface_count; i++) {
		look_at_link(&ingest->interfaces[i]);
		look_for_interface(&ingest->interfaces[i]);
	}
	if (ingest->addresses_changed)
		refresh_locals(ingest);
	ingest->addresses_changed = false;
}

int interfaces_watch(struct ingest *ingest)
{
	const struct tick_config tick = {.name = "watch",
	                                 .period_us = WATCH_PERIOD_US,
	                                 .tick = watch_tick,
	                                 .context = ingest};

	return ingest->watch ? tick_loop_create(&ingest->watch_loop, &tick) : 0;
}

void interfaces_stop(struct ingest *ingest)
{
	tick_loop_destroy(ingest->watch_loop);
	ingest->watch_loop = NULL;
}
