/*
 * Text from elsewhere (a peer, a library, a buffer's end) made fit for JSON and the log.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

/*
 * Replace, in place, every byte that is not part of well-formed UTF-8 by '?': overlong forms, surrogates,
 * what lies beyond U+10FFFF and sequences cut short included (RFC 3629 section 4). The length stays.
 * Thread: any.
 */
void utf8_repair(char *text);

#endif
