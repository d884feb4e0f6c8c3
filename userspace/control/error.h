/*
 * What a refused call says: the error object of the REST API.
 */
#ifndef CONTROL_ERROR_H
#define CONTROL_ERROR_H

struct api_error {
	int status;        /* HTTP status: 400, 401, 403, 404, 405, 409, 413, 415, 422, 500, 503 */
	char code[40];     /* for programs: "not_found", "port_in_use", "invalid_value", … */
	char message[256]; /* for people */
	char field[64];    /* the field it is about, e.g. "rtp_port" or "outputs[1].url", or "" */
};

/*
 * Fill error. field: NULL for none. What is too long for error is cut, never between the bytes of a
 * UTF-8 character. Returns -1, so that a check can end with `return api_error_set(...)`. Thread: any.
 */
int api_error_set(struct api_error *error, int status, const char *code, const char *field,
                  const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Fill error with what is said without memory. Returns -1. Thread: any. */
int api_error_no_memory(struct api_error *error);

#endif
