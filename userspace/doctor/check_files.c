/*
 * The configuration folder and the dashboard. Asked by the doctor, and by the program before it touches anything, so that
 * a wrong one costs no channel a packet.
 */
#include "check.h"

#include "base/shell_word.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define FILE_NAME          "channels.json"
#define SPACE_WANTED_BYTES (16u << 20)

static bool may(const char *path, int how)
{
	return !faccessat(AT_FDCWD, path, how, AT_EACCESS);
}

/* Make the folder for this user, parents included. */
static void make_command(char *command, size_t size, const char *quoted)
{
	snprintf(command, size, "install -d -m 700 -o %u -g %u %s", geteuid(), getegid(), quoted);
}

/* It does not exist: the program makes it, but nothing above it. */
static void check_missing_dir(struct findings *findings, const char *dir, const char *quoted)
{
	char parent[PATH_MAX], command[2 * PATH_MAX + 100];
	char *slash;

	snprintf(parent, sizeof(parent), "%s", dir);
	slash = strrchr(parent, '/');
	while (slash && slash > parent && !slash[1]) { /* "dir/" */
		*slash = '\0';
		slash = strrchr(parent, '/');
	}
	if (slash)
		slash[slash == parent] = '\0';
	else
		strcpy(parent, ".");
	if (may(parent, W_OK | X_OK)) {
		findings_add(findings, FINDING_OK, "config-dir", NULL, "%s is made at the start",
		             dir);
		return;
	}
	make_command(command, sizeof(command), quoted);
	findings_add(findings, FINDING_PROBLEM, "config-dir", command,
	             "%s is missing and cannot be made: %s: %s", dir, parent, strerror(errno));
}

/*
 * May the folder be given to this user? One that has anything but channels in it was hardly meant, and into one that
 * cannot be read nobody should be sent.
 */
static bool is_ours_to_take(const char *dir)
{
	DIR *directory = opendir(dir);
	struct dirent *entry;
	bool ours = directory != NULL;

	while (ours && (entry = readdir(directory)))
		ours = !strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..") ||
		       !strncmp(entry->d_name, FILE_NAME, strlen(FILE_NAME));
	if (directory)
		closedir(directory);
	return ours;
}

/* It is there but cannot be used: why is errno. */
static void refuse_dir(struct findings *findings, const char *dir, const char *quoted)
{
	char command[4 * PATH_MAX + 100] = "";
	const char *unit = "";
	const int error = errno;

	if (error == EROFS) {
		snprintf(command, sizeof(command),
		         "mount -o remount,rw \"$(findmnt -n -o TARGET -T %s)\"", quoted);
		unit = " (a service that ProtectSystem keeps from it: ReadWritePaths= with it, by "
		       "systemctl edit medialive-distributor)";
	} else if (is_ours_to_take(dir)) {
		snprintf(command, sizeof(command), "chown -R %u:%u %s && chmod u+rwx %s", geteuid(),
		         getegid(), quoted, quoted);
	}
	findings_add(findings, FINDING_PROBLEM, "config-dir", command,
	             "%s cannot be read and written by user %u: %s%s", dir, geteuid(),
	             strerror(error), unit);
}

/* It is no folder; who names the file in it is helped. */
static void refuse_file(struct findings *findings, const char *dir, const char *quoted)
{
	const size_t length = strlen(quoted);
	const char *const name = "/" FILE_NAME;
	char command[2 * PATH_MAX + 100] = "";

	if (length > strlen(name) && !strcmp(quoted + length - strlen(name), name))
		snprintf(command, sizeof(command), "export DISTRIBUTOR_CONFIG_DIR=%.*s",
		         (int)(length - strlen(name)), quoted);
	findings_add(findings, FINDING_PROBLEM, "config-dir", command,
	             "%s is a file, and a folder is wanted: by --config-dir, or without it by "
	             "DISTRIBUTOR_CONFIG_DIR",
	             dir);
}

static bool is_locked(const char *dir)
{
	const int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool locked;

	if (fd < 0)
		return false;
	locked = flock(fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK;
	close(fd);
	return locked;
}

/* Of a folder that can be written. */
static bool check_used_dir(struct findings *findings, const struct check_files_config *config,
                           const char *quoted)
{
	const char *dir = config->config_dir;
	char file[PATH_MAX + 32], command[2 * PATH_MAX + 100];
	struct statvfs space;

	snprintf(file, sizeof(file), "%s/" FILE_NAME, dir);
	if (is_locked(dir)) {
		findings_add(findings, config->starting ? FINDING_PROBLEM : FINDING_OK,
		             "config-dir", NULL,
		             config->starting ? "the directory %s is in use by another distributor"
		                              : "%s is in use by a distributor that runs",
		             dir);
		return true;
	}
	if (!may(file, R_OK | W_OK) && errno != ENOENT) {
		snprintf(command, sizeof(command), "chown %u:%u %s/" FILE_NAME, geteuid(),
		         getegid(), quoted);
		findings_add(findings, FINDING_PROBLEM, "config-dir", command,
		             "%s cannot be read and written by user %u: %s", file, geteuid(),
		             strerror(errno));
	} else if (!statvfs(dir, &space) && space.f_blocks &&
	           (uint64_t)space.f_bavail * space.f_frsize < SPACE_WANTED_BYTES) {
		findings_add(findings, FINDING_WARNING, "config-dir", NULL,
		             "%s: only %llu kB are free; changes are refused when nothing is", dir,
		             (unsigned long long)space.f_bavail * space.f_frsize >> 10);
	} else {
		findings_add(findings, FINDING_OK, "config-dir", NULL, "%s can be written", dir);
	}
	return false;
}

/* A command may be pasted in another folder. */
static void quote_whole(char *out, size_t size, const char *dir)
{
	char here[PATH_MAX], whole[2 * PATH_MAX];

	if (*dir == '/' || !getcwd(here, sizeof(here)))
		snprintf(whole, sizeof(whole), "%s", dir);
	else
		snprintf(whole, sizeof(whole), "%s/%s", here,
		         dir + (strncmp(dir, "./", 2) ? 0 : 2));
	shell_word(out, size, whole);
}

bool check_config_dir(struct findings *findings, const struct check_files_config *config)
{
	const char *dir = config->config_dir;
	char quoted[2 * PATH_MAX];
	struct stat info;

	quote_whole(quoted, sizeof(quoted), dir);
	if (stat(dir, &info)) {
		if (errno == ENOENT)
			check_missing_dir(findings, dir, quoted);
		else
			refuse_dir(findings, dir, quoted);
		return false;
	}
	if (!S_ISDIR(info.st_mode)) {
		refuse_file(findings, dir, quoted);
		return false;
	}
	if (!may(dir, R_OK | W_OK | X_OK)) {
		refuse_dir(findings, dir, quoted);
		return false;
	}
	return check_used_dir(findings, config, quoted);
}

void check_dashboard(struct findings *findings, const struct check_files_config *config)
{
	char page[PATH_MAX + 32];

	snprintf(page, sizeof(page), "%s/index.html", config->dashboard_dir);
	if (may(page, R_OK))
		findings_add(findings, FINDING_OK, "dashboard", NULL, "%s", config->dashboard_dir);
	else
		findings_add(findings, config->dashboard_given ? FINDING_PROBLEM : FINDING_WARNING,
		             "dashboard", NULL, "%s cannot be read (%s)%s", page, strerror(errno),
		             config->dashboard_given ? "" : "; the API works without it");
}
