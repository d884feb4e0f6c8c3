/*
 * The dashboard's files, read from one directory.
 *
 * A path is taken apart by name: every part must consist of letters, digits, '.', '-' and '_' and not
 * begin with a dot, and the last must have an extension on the list. Symbolic links below the directory
 * are not followed. So nothing outside it can be reached, however the path is written.
 */
#ifndef API_STATIC_FILES_H
#define API_STATIC_FILES_H

#include <stddef.h>

struct static_files;

struct static_file {
	char *data; /* owned, freed by static_file_free */
	size_t size;
	const char *type; /* Content-Type; borrowed, constant */
	char etag[48];    /* entity tag, with its quotes */
};

/*
 * Owns: *out is the caller's, freed by static_files_close; untouched on error. Errors: negative errno
 * when dir cannot be opened. Thread: any.
 */
int static_files_open(struct static_files **out, const char *dir);

/* NULL is fine. Thread: any. */
void static_files_close(struct static_files *files);

/*
 * Read the file at an absolute URL path without query; "/" is /index.html.
 * Owns: *out is the caller's, freed by static_file_free; untouched on error.
 * Errors: -ENOENT for whatever is not there to be served, -EFBIG over 8 MiB, -ENOMEM, -EIO. Thread: any.
 */
int static_files_read(const struct static_files *files, const char *path, struct static_file *out);

/* Free what file owns. Thread: any. */
void static_file_free(struct static_file *file);

#endif
