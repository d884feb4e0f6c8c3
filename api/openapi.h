/*
 * docs/openapi.yaml, a part of the program, so that what is served is always of this version.
 */
#ifndef API_OPENAPI_H
#define API_OPENAPI_H

#define OPENAPI_TYPE "application/yaml" /* RFC 9512 */

/* The document: UTF-8, NUL-terminated, constant. */
extern const char openapi_text[];

#endif
