# shellcheck shell=bash
# A Docker engine of one's own: Debian's, in a folder that tests/install/chroot.sh made, as process 1 of namespaces of
# its own. To be sourced.
#
#   docker_install DIR          the engine and Compose into DIR, by apt
#   docker_boot DIR NETNS       start it in DIR, in the network namespace of that name; a new, empty BPF file system
#                               each time, as after a boot of a machine
#   docker_in DIR COMMAND...    run COMMAND inside, as root
#   docker_halt                 end it and all of its containers, as when power fails; fine when it does not run
#   docker_log                  why it did not start
#
# Images and containers are kept in DIR. The engine dies with whoever started it. Cgroups are of version 1 or 2, as this
# machine has them, and below a group of the engine's own.
docker_pid='' docker_groups=() docker_output=''

docker_inner="$chroot_system"'
  set -e
  dir=$1
  furnish "$dir"
  if [ -n "$2" ]; then
    mount -t tmpfs -o mode=755 tmpfs "$dir/sys/fs/cgroup"
    for controller in $2; do
      mkdir "$dir/sys/fs/cgroup/$controller"
      mount -t cgroup -o "$controller" cgroup "$dir/sys/fs/cgroup/$controller"
    done
  else
    mount -t cgroup2 cgroup2 "$dir/sys/fs/cgroup"
    mkdir "$dir/sys/fs/cgroup/engine" # a group with processes has no controllers for those below it
    for process in $(cat "$dir/sys/fs/cgroup/cgroup.procs"); do
      echo "$process" >"$dir/sys/fs/cgroup/engine/cgroup.procs" 2>/dev/null || : # cat
    done
    sed -E "s/([a-z]+)/+\\1/g" "$dir/sys/fs/cgroup/cgroup.controllers" >"$dir/sys/fs/cgroup/cgroup.subtree_control"
  fi
  enter "$dir"
  exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin dockerd'

docker_install() {
  chroot_run "$1" sh -c 'apt-get update -qq &&
    apt-get install -y -qq --no-install-recommends docker.io docker-cli docker-compose iptables'
}

# Controllers of version 1 here; none where version 2 has them.
docker_controllers() {
  findmnt --noheadings --types cgroup --output OPTIONS | tr ',' '\n' |
    grep -xE 'cpu|cpuacct|cpuset|memory|devices|freezer|blkio|pids' | sort -u
}

# A group in each hierarchy, whose name is the same in all.
docker_make_groups() {
  local mount group
  docker_groups=()
  for mount in $(findmnt --noheadings --types cgroup,cgroup2 --output TARGET); do
    group=$mount/mld-docker-$$
    mkdir "$group" || return
    docker_groups+=("$group")
    # Version 1 begins without any processor.
    [ ! -e "$group/cpuset.cpus" ] || [ ! -e "$mount/cpuset.mems" ] ||
      { cat "$mount/cpuset.cpus" >"$group/cpuset.cpus" && cat "$mount/cpuset.mems" >"$group/cpuset.mems"; }
  done
}

docker_boot() {
  local dir=$1 network=$2
  docker_output=$dir.engine
  docker_make_groups || return
  # shellcheck disable=SC2016 # expanded by the shell inside
  setpriv --pdeathsig KILL bash -c '
    until [ "$1" = -- ]; do echo $$ >"$1/cgroup.procs" || exit; shift; done
    shift && exec "$@"' into "${docker_groups[@]}" -- \
    nsenter "--net=/run/netns/$network" setpriv --pdeathsig KILL \
    unshare --mount --pid --cgroup --uts --ipc --fork --kill-child \
    bash -c "$docker_inner" inner "$dir" "$(docker_controllers)" >"$docker_output" 2>&1 &
  docker_pid=$!
  for _ in $(seq 150); do
    kill -0 "$docker_pid" 2>/dev/null || break
    docker_in "$dir" docker version >/dev/null 2>&1 && return 0
    sleep 0.2
  done
  return 1
}

docker_log() {
  tail -5 "$docker_output"
}

docker_in() {
  local leader
  shift
  leader=$(pgrep --parent "$docker_pid" | head -1)
  [ -n "$leader" ] || return 1
  timeout --kill-after=5 "${DOCKER_LIMIT:-120}" nsenter --target "$leader" --mount --pid --cgroup --uts --ipc --net \
    --root env -C /src -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 HOME=/root "$@"
}

docker_halt() {
  local leader group
  [ -n "$docker_pid" ] || return 0
  leader=$(pgrep --parent "$docker_pid" | head -1)
  [ -z "$leader" ] || kill -KILL "$leader" # and with it all in its namespace
  wait "$docker_pid" 2>/dev/null
  docker_pid=''
  for group in "${docker_groups[@]}"; do
    for _ in $(seq 50); do
      find "$group" -depth -type d -exec rmdir {} + 2>/dev/null
      [ -e "$group" ] || break
      sleep 0.1
    done
  done
}
