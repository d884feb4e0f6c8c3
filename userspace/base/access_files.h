/*
 * The files that say who may use the API: a bearer token, and certificate and key of HTTPS.
 */
#ifndef BASE_ACCESS_FILES_H
#define BASE_ACCESS_FILES_H

#include <stdbool.h>

#define ACCESS_MIN_TOKEN 16 /* characters */
#define ACCESS_MAX_TOKEN 256

/* Paths; NULL: none. */
struct access_files {
	const char *token;
	const char *tls_cert, *tls_key; /* PEM, both or none */
};

/* Zero-initialised: anybody, and no HTTPS. */
struct access {
	char *token;      /* owned; NULL: anybody may use it */
	char *cert, *key; /* owned, PEM; NULL: HTTP */
};

enum access_file {
	ACCESS_TOKEN,
	ACCESS_CERT,
	ACCESS_KEY,
	ACCESS_FILES,
};

struct access_fault {
	enum access_file file;
	bool is_fatal;      /* the program does not start with it */
	char sentence[500]; /* has nothing of what is in the file */
	char fix[500];      /* a command for a shell, or "" */
};

typedef void (*access_fault_fn)(void *context, const struct access_fault *fault);

/*
 * Read and check the files; take is called for all that is wrong. A token is the text of its file without white space at
 * its end: ACCESS_MIN_TOKEN to ACCESS_MAX_TOKEN letters, digits and "-._~".
 * Owns: *out is the caller's, freed by access_files_free; untouched on error. Errors: negative errno. Thread: main.
 */
int access_files_load(struct access *out, const struct access_files *files, access_fault_fn take,
                      void *context);

/* Free, after writing over them. Thread: main. */
void access_files_free(struct access *access);

#endif
