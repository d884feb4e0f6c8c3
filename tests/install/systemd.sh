# shellcheck shell=bash
# A systemd of one's own: process 1 of namespaces of its own in a folder that tests/install/chroot.sh made. To be sourced.
#
#   systemd_usable            why this machine cannot (empty: it can)
#   systemd_boot DIR [NETNS]  start it in DIR, where systemd is installed; in the network namespace of that name, or one
#                             of its own
#   systemd_in DIR COMMAND... run COMMAND inside, as root
#   systemd_leader            the process number of its process 1, as seen from here
#   systemd_halt DIR          end it and everything in it; fine when it does not run
#
# It has its own processes, mounts, cgroups, and a bpffs that is mounted as systemd does on a real machine (mode 0700).
# It dies with whoever started it.
systemd_pid='' systemd_group=''

systemd_inner="$chroot_system"'
  set -e
  dir=$1
  furnish "$dir"
  mount -t cgroup2 cgroup2 "$dir/sys/fs/cgroup"
  mount -t tmpfs -o mode=1777 tmpfs "$dir/tmp"
  mkdir -p "$dir/run/systemd/system"
  for unit in systemd-logind.service systemd-udevd.service getty.target; do
    ln -s /dev/null "$dir/run/systemd/system/$unit" # nobody logs in, and no hardware is ours
  done
  enter "$dir"
  exec env -i container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --system \
    --show-status=no --default-standard-output=journal systemd.unified_cgroup_hierarchy=1'

# Where cgroups of version 2 are mounted.
systemd_cgroups() {
  findmnt --noheadings --first-only --types cgroup2 --output TARGET
}

systemd_usable() {
  local cgroups
  cgroups=$(systemd_cgroups)
  if [ "$(id -u)" -ne 0 ]; then
    echo "needs root"
  elif [ -z "$cgroups" ] || ! mkdir "$cgroups/mld-try-$$" 2>/dev/null; then
    echo "no cgroups of version 2 to write to"
  else
    rmdir "$cgroups/mld-try-$$"
    unshare --mount --pid --cgroup --fork true 2>/dev/null || echo "no namespaces here"
  fi
}

systemd_boot() {
  local dir=$1 network=${2:-}
  local -a place=(unshare --net)
  [ -z "$network" ] || place=(nsenter "--net=/run/netns/$network")
  systemd_group=$(systemd_cgroups)/mld-systemd-$$
  mkdir "$systemd_group" || return
  # shellcheck disable=SC2016 # expanded by the shell inside
  setpriv --pdeathsig KILL bash -c 'echo $$ >"$1/cgroup.procs" && shift && exec "$@"' into "$systemd_group" \
    "${place[@]}" setpriv --pdeathsig KILL unshare --mount --pid --cgroup --uts --ipc --fork --kill-child \
    bash -c "$systemd_inner" inner "$dir" >"$dir.console" 2>&1 &
  systemd_pid=$!
  for _ in $(seq 300); do
    kill -0 "$systemd_pid" 2>/dev/null || break
    # "degraded" is one that has started, with a unit that has no place here.
    case $(systemd_in "$dir" systemctl is-system-running 2>/dev/null) in running | degraded) return 0 ;; esac
    sleep 0.2
  done
  tail -20 "$dir.console" >&2
  return 1
}

systemd_leader() {
  pgrep --parent "$systemd_pid" | head -1
}

systemd_in() {
  local leader
  shift
  leader=$(systemd_leader)
  [ -n "$leader" ] || return 1
  timeout --kill-after=5 "${SYSTEMD_LIMIT:-120}" nsenter --target "$leader" --mount --pid --cgroup --uts --ipc --net \
    --root env -C / -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
    HOME=/root DEBIAN_FRONTEND=noninteractive "$@"
}

systemd_halt() {
  local leader
  [ -n "$systemd_pid" ] || return 0
  leader=$(systemd_leader)
  [ -z "$leader" ] || kill -KILL "$leader" # and with it all in its namespace
  wait "$systemd_pid" 2>/dev/null
  systemd_pid=''
  for _ in $(seq 50); do
    find "$systemd_group" -depth -type d -exec rmdir {} + 2>/dev/null && break
    sleep 0.1
  done
  rm -f "$1.console"
}
