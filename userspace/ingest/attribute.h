/*
 * The attributes of a netlink message (rtnetlink(7)), one after the other. Lengths are checked before anything
 * is read; headers are copied out, because nothing guarantees their alignment.
 */
#ifndef INGEST_ATTRIBUTE_H
#define INGEST_ATTRIBUTE_H

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Initialise at and left: the attributes and how many bytes they have. */
struct attribute {
	const uint8_t *at;
	size_t left;
	uint16_t type;        /* of the one at hand, without flags */
	const uint8_t *value; /* borrowed */
	size_t size;          /* of the value */
};

/* Go to the next one; false when there is none, or none that is whole. Thread: any. */
static inline bool attribute_next(struct attribute *a)
{
	struct rtattr header;
	size_t step;

	if (a->left < sizeof(header))
		return false;
	memcpy(&header, a->at, sizeof(header));
	if (header.rta_len < sizeof(header) || header.rta_len > a->left)
		return false;
	a->type = header.rta_type & NLA_TYPE_MASK;
	a->value = a->at + sizeof(header);
	a->size = header.rta_len - sizeof(header);
	step = RTA_ALIGN(header.rta_len) < a->left ? RTA_ALIGN(header.rta_len) : a->left;
	a->at += step;
	a->left -= step;
	return true;
}

#endif
