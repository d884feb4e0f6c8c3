/*
 * Detached threads.
 */
#include "thread.h"

#include <errno.h>
#include <pthread.h>

int thread_start_detached(void *(*main)(void *argument), void *argument)
{
	pthread_attr_t attributes;
	pthread_t thread;
	int error;

	if (pthread_attr_init(&attributes))
		return -EAGAIN;
	pthread_attr_setstacksize(&attributes, THREAD_STACK_BYTES);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	error = pthread_create(&thread, &attributes, main, argument);
	pthread_attr_destroy(&attributes);
	return error ? -EAGAIN : 0;
}
