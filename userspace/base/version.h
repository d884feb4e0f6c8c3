/*
 * The program's version, set by the build.
 */
#ifndef BASE_VERSION_H
#define BASE_VERSION_H

#ifndef DISTRIBUTOR_VERSION
#define DISTRIBUTOR_VERSION "dev"
#endif

#endif
