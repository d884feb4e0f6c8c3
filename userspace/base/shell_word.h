/*
 * Words of commands that are printed for an operator to run.
 */
#ifndef BASE_SHELL_WORD_H
#define BASE_SHELL_WORD_H

#include <stddef.h>

#define SHELL_WORD_INTERFACE_BYTES 80 /* hold any name of an interface */

/* Write text into out (size bytes, more than 8) so that a shell takes it as one word; cut if too long. Thread: any. */
void shell_word(char *out, size_t size, const char *text);

#endif
