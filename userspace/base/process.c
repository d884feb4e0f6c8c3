/*
 * /proc/self/stat has most of it. Its second field is the name of the program in parentheses and may hold anything,
 * so fields are counted behind the last parenthesis.
 */
#include "process.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static double seconds(const struct timespec *t)
{
	return (double)t->tv_sec + (double)t->tv_nsec / 1e9;
}

/* Read a file of /proc into text. */
static int read_text(const char *path, char *text, size_t size)
{
	FILE *file = fopen(path, "re");
	size_t n;

	if (!file)
		return -errno;
	n = fread(text, 1, size - 1, file);
	text[n] = '\0';
	fclose(file);
	return n ? 0 : -EIO;
}

static int read_stat(struct process_usage *usage)
{
	unsigned long long threads, started, virtual_bytes;
	struct timespec now, since_boot;
	const char *fields;
	char text[1024];
	long long pages;
	int error = read_text("/proc/self/stat", text, sizeof(text));

	if (error)
		return error;
	fields = strrchr(text, ')');
	/* From the third field on: state, 16 numbers, num_threads (20), itrealvalue, starttime (22), vsize, rss. */
	if (!fields || sscanf(fields + 1,
	                      " %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s"
	                      " %llu %*s %llu %llu %lld",
	                      &threads, &started, &virtual_bytes, &pages) != 4)
		return -EIO;
	clock_gettime(CLOCK_REALTIME, &now);
	clock_gettime(CLOCK_BOOTTIME, &since_boot);
	/* Both clocks are adjusted: to a hundredth of a second, so that it is the same each time. */
	usage->started_s = round((seconds(&now) - seconds(&since_boot)) * 100 +
	                         (double)started * 100 / (double)sysconf(_SC_CLK_TCK)) /
	                   100;
	usage->threads = threads;
	usage->virtual_bytes = virtual_bytes;
	usage->resident_bytes = (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
	return 0;
}

static int count_descriptors(uint64_t *count)
{
	DIR *dir = opendir("/proc/self/fd");
	const struct dirent *entry;

	if (!dir)
		return -errno;
	*count = 0;
	while ((entry = readdir(dir)))
		*count += entry->d_name[0] != '.';
	(*count)--; /* the directory's own */
	closedir(dir);
	return 0;
}

int process_usage(struct process_usage *out)
{
	struct process_usage usage = {0};
	struct rlimit limit;
	struct timespec cpu;
	int error = read_stat(&usage);

	if (!error)
		error = count_descriptors(&usage.open_fds);
	if (error)
		return error;
	if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu) || getrlimit(RLIMIT_NOFILE, &limit))
		return -errno;
	usage.cpu_s = seconds(&cpu);
	usage.max_fds = limit.rlim_cur == RLIM_INFINITY ? UINT64_MAX : limit.rlim_cur;
	*out = usage;
	return 0;
}
