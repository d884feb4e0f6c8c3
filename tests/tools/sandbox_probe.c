/*
 * sandbox_probe DIRECTORY: try what the service needs, in DIRECTORY what concerns files, and what it must not be able to
 * do. Prints a line for each: "needed" or "forbidden", the name, and "yes" if it could be done, else the error. Whatever
 * works is undone at once.
 *
 * Run as root without restrictions every line says "yes": then those that say otherwise inside the service say so because
 * of its restrictions.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LOCKED_BYTES (16u << 20) /* a receive queue's packet memory */

static char file[512]; /* in DIRECTORY */

static bool writes(const char *path)
{
	const int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return false;
	close(fd);
	return !unlink(path);
}

static bool opens(const char *path, int flags)
{
	const int fd = open(path, flags | O_CLOEXEC);

	return fd >= 0 && !close(fd);
}

static bool makes_socket(int family, int type)
{
	const int fd = socket(family, type | SOCK_CLOEXEC, 0);

	return fd >= 0 && !close(fd);
}

static bool write_state(void)
{
	return writes(file);
}

static bool write_pins(void)
{
	static const char path[] = "/sys/fs/bpf/medialive-distributor/probe";

	return !mkdir(path, 0700) && !rmdir(path);
}

static bool socket_xdp(void)
{
	return makes_socket(AF_XDP, SOCK_RAW);
}

static bool socket_netlink(void)
{
	return makes_socket(AF_NETLINK, SOCK_RAW);
}

static bool socket_inet6(void)
{
	return makes_socket(AF_INET6, SOCK_DGRAM);
}

static bool make_map(void)
{
	union bpf_attr attributes = {
		.map_type = BPF_MAP_TYPE_XSKMAP, .key_size = 4, .value_size = 4, .max_entries = 4};
	const long fd = syscall(SYS_bpf, BPF_MAP_CREATE, &attributes, sizeof(attributes));

	return fd >= 0 && !close((int)fd);
}

static bool lock_memory(void)
{
	void *memory = mmap(NULL, LOCKED_BYTES, PROT_READ | PROT_WRITE,
	                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0);

	return memory != MAP_FAILED && !munmap(memory, LOCKED_BYTES);
}

static bool raise_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return false;
	limit.rlim_cur = limit.rlim_max;
	return !setrlimit(RLIMIT_NOFILE, &limit);
}

static bool write_etc(void)
{
	return writes("/etc/mld-probe");
}

static bool write_usr(void)
{
	return writes("/usr/bin/mld-probe");
}

static bool write_var(void)
{
	return writes("/var/mld-probe");
}

static bool write_proc_sys(void)
{
	return opens("/proc/sys/net/ipv4/ip_forward", O_WRONLY);
}

static bool write_bpffs(void)
{
	return !mkdir("/sys/fs/bpf/mld-probe", 0700) && !rmdir("/sys/fs/bpf/mld-probe");
}

static bool read_root_home(void)
{
	return opens("/root/.profile", O_RDONLY);
}

static bool open_tty(void)
{
	return !access("/dev/tty", F_OK) && !mknod("/dev/mld-probe", S_IFCHR | 0600, 0) &&
	       !unlink("/dev/mld-probe");
}

static bool see_others(void)
{
	return !access("/proc/1/status", R_OK);
}

static bool socket_packet(void)
{
	return makes_socket(AF_PACKET, SOCK_RAW);
}

static bool mount_something(void)
{
	return !mount("tmpfs", "/mnt", "tmpfs", 0, NULL) && !umount("/mnt");
}

/* In a child, which ends with it. */
static bool in_child(bool (*fn)(void))
{
	int status = 0;
	const pid_t child = fork();

	if (!child)
		_exit(fn() ? 0 : errno);
	if (child < 0 || waitpid(child, &status, 0) != child)
		return false;
	errno = WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
	return !errno;
}

static bool new_namespace(void)
{
	return !unshare(CLONE_NEWUTS);
}

static bool unshare_child(void)
{
	return in_child(new_namespace);
}

static bool become_other(void)
{
	return !setresuid(1, 1, 1);
}

static bool setuid_child(void)
{
	return in_child(become_other);
}

static bool give_away(void)
{
	const bool made = !mknod(file, S_IFREG | 0600, 0) && !chown(file, 1, 1);
	const int error = errno;

	unlink(file);
	errno = error;
	return made;
}

static bool make_setuid(void)
{
	const bool made = !mknod(file, S_IFREG | 0700, 0) && !chmod(file, 04700);
	const int error = errno;

	unlink(file);
	errno = error;
	return made;
}

static bool memory_becomes_code(void)
{
	void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	bool done;
	int error;

	if (memory == MAP_FAILED)
		return false;
	done = !mprotect(memory, 4096, PROT_READ | PROT_EXEC);
	error = errno;
	munmap(memory, 4096);
	errno = error;
	return done;
}

static bool writable_code(void)
{
	void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
	                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return memory != MAP_FAILED && !munmap(memory, 4096);
}

static bool realtime(void)
{
	const struct sched_param fifo = {.sched_priority = 1}, other = {0};

	return !sched_setscheduler(0, SCHED_FIFO, &fifo) &&
	       !sched_setscheduler(0, SCHED_OTHER, &other);
}

static bool change_personality(void)
{
	const int before = personality(0xffffffff);

	return personality(ADDR_NO_RANDOMIZE) >= 0 && personality((unsigned long)before) >= 0;
}

static bool be_traced(void)
{
	return !ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}

static bool trace_child(void)
{
	return in_child(be_traced);
}

static bool rename_host(void)
{
	char name[65];

	return !gethostname(name, sizeof(name)) && !sethostname(name, strlen(name));
}

static bool keep_keys(void)
{
	return syscall(SYS_keyctl, 0 /* KEYCTL_GET_KEYRING_ID */, -3 /* the session's */, 0) >= 0;
}

static bool has_admin(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, data))
		return false;
	errno = EPERM;
	return data[0].effective & 1u << CAP_SYS_ADMIN;
}

static const struct {
	const char *kind, *name;
	bool (*try)(void);
} attempts[] = {
	{"needed", "write the state folder", write_state},
	{"needed", "write the folder for pins", write_pins},
	{"needed", "AF_XDP socket", socket_xdp},
	{"needed", "netlink socket", socket_netlink},
	{"needed", "IPv6 socket", socket_inet6},
	{"needed", "BPF map", make_map},
	{"needed", "locked memory of a queue", lock_memory},
	{"needed", "raise the descriptor limit", raise_descriptors},
	{"forbidden", "write /etc", write_etc},
	{"forbidden", "write /usr", write_usr},
	{"forbidden", "write /var", write_var},
	{"forbidden", "write /proc/sys", write_proc_sys},
	{"forbidden", "write elsewhere in bpffs", write_bpffs},
	{"forbidden", "read root's home", read_root_home},
	{"forbidden", "make a device", open_tty},
	{"forbidden", "see other processes", see_others},
	{"forbidden", "packet socket", socket_packet},
	{"forbidden", "mount", mount_something},
	{"forbidden", "new namespace", unshare_child},
	{"forbidden", "become another user", setuid_child},
	{"forbidden", "give a file away", give_away},
	{"forbidden", "make a set-user-id file", make_setuid},
	{"forbidden", "make memory executable", memory_becomes_code},
	{"forbidden", "writable and executable memory", writable_code},
	{"forbidden", "real-time scheduling", realtime},
	{"forbidden", "change the execution domain", change_personality},
	{"forbidden", "trace", trace_child},
	{"forbidden", "rename the host", rename_host},
	{"forbidden", "keyrings", keep_keys},
	{"forbidden", "CAP_SYS_ADMIN", has_admin},
};

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: sandbox_probe DIRECTORY\n");
		return 2;
	}
	snprintf(file, sizeof(file), "%s/mld-probe", argv[1]);
	for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
		errno = 0;
		printf("%s %s: %s\n", attempts[i].kind, attempts[i].name,
		       attempts[i].try() ? "yes" : strerror(errno));
		fflush(stdout);
	}
	return 0;
}
