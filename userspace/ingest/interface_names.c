/*
 * What a name may be is the kernel's rule (dev_valid_name in net/core/dev.c).
 */
#include "interface_names.h"

#include <ctype.h>
#include <errno.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool can_be_a_name(const char *name, size_t length)
{
	if (!length || length >= IF_NAMESIZE || !strncmp(name, "..", length)) /* "." as well */
		return false;
	for (size_t i = 0; i < length; i++)
		if (name[i] == '/' || name[i] == ':' || isspace((unsigned char)name[i]))
			return false;
	return true;
}

/* Does the part of the list before `end` have that name? */
static bool is_in(const char *list, const char *end, const char *name, size_t length)
{
	for (size_t n; list < end; list += n + 1) {
		n = strcspn(list, ",");
		if (n == length && !memcmp(list, name, n))
			return true;
	}
	return false;
}

int interface_names_check(const char *list, char *why, size_t size)
{
	const char *name = list;

	for (size_t count = 1;; count++) {
		const size_t length = strcspn(name, ",");

		if (!can_be_a_name(name, length)) {
			snprintf(why, size, "\"%.*s\" cannot be an interface's name", (int)length,
			         name);
			return -EINVAL;
		}
		if (is_in(list, name, name, length)) {
			snprintf(why, size, "interface %.*s is given twice", (int)length, name);
			return -EINVAL;
		}
		if (count > INGEST_MAX_INTERFACES) {
			snprintf(why, size, "more than %d interfaces", INGEST_MAX_INTERFACES);
			return -E2BIG;
		}
		if (!name[length])
			return 0;
		name += length + 1;
	}
}
