/*
 * What the program tells the service manager that started it (systemd: Type=notify, sd_notify(3)). All of
 * it does nothing when there is none, that is without NOTIFY_SOCKET in the environment.
 */
#ifndef BASE_NOTIFY_H
#define BASE_NOTIFY_H

#include <stdint.h>

/* The program serves. status: one line for `systemctl status`. Thread: main. */
void notify_ready(const char *status);

/* The program is about to end. Thread: main. */
void notify_stopping(void);

/* A new line for `systemctl status`; what follows a newline in it is left out. Thread: main. */
void notify_status(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Microseconds within which notify_alive is expected again and again; 0: nobody watches. Thread: main. */
uint64_t notify_watchdog_us(void);

/* The program works. Only to be said when that was looked at, see base/liveness.h. Thread: main. */
void notify_alive(void);

#endif
