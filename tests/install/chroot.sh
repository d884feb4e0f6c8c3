# shellcheck shell=bash
# A Debian of one's own in a folder, for tests that install or build from nothing. To be sourced.
#
#   chroot_usable          why this machine cannot (empty: it can)
#   chroot_base SUITE      path of a tarball with a minimal SUITE; made by debootstrap when it is missing
#   chroot_make SUITE DIR  unpack it into DIR, ready for apt
#   chroot_source DIR      this source tree, without what was built, as DIR/src
#   chroot_run DIR COMMAND...    run COMMAND as root in DIR, with the network of whoever calls
#   chroot_start DIR COMMAND...  the same in the background; its pid, to be ended by TERM, is $chroot_pid
#   chroot_keep DIR        keep the packages that apt has fetched there for the next one
#   chroot_drop DIR        do so, and remove it
#
# A command has processes and mounts of its own (/proc, /sys, a new bpffs), which go when it ends or when
# whoever called it dies: nothing is left mounted. It may take CHROOT_LIMIT seconds (1800), and runs in the
# network namespace CHROOT_NETNS (a file, such as /run/netns/NAME) if that is set. Packages that apt fetched
# are kept beside the tarballs, in CHROOT_CACHE (build/chroots).
chroot_tree=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
chroot_cache=${CHROOT_CACHE:-$chroot_tree/build/chroots}
chroot_pid=''

# What a command finds around it; this is the first process of its process namespace.
chroot_inner='
  set -e
  dir=$1
  shift
  mount -t proc proc "$dir/proc"
  mount -t sysfs sysfs "$dir/sys"
  mount -t bpf bpf "$dir/sys/fs/bpf" 2>/dev/null || : # a kernel without
  mount -t tmpfs -o mode=1777 tmpfs "$dir/dev/shm"
  mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$dir/dev/pts"
  trap "" TERM INT # they reach the command by themselves: it is in the same process group
  set +e
  env --default-signal=TERM,INT chroot "$dir" "$@"
  status=$?
  exit "$status"'

# For what is to be the first process of a whole system in such a folder, as systemd and an engine are.
# shellcheck disable=SC2034,SC2016 # used by systemd.sh and docker.sh; expanded by the shell inside
chroot_system='
  # DIR: /proc, /sys with a BPF file system as systemd mounts it, /dev and /run.
  furnish() {
    mount --make-rprivate /
    mount --bind "$1" "$1"
    mount -t proc proc "$1/proc"
    mount -t sysfs sysfs "$1/sys"
    mount -t bpf -o nosuid,nodev,noexec,mode=0700 bpf "$1/sys/fs/bpf"
    mount -t tmpfs -o mode=755 tmpfs "$1/dev"
    for node in null zero full random urandom tty; do
      touch "$1/dev/$node"
      mount --bind "/dev/$node" "$1/dev/$node"
    done
    mkdir "$1/dev/pts" "$1/dev/shm"
    mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$1/dev/pts"
    ln -s pts/ptmx "$1/dev/ptmx"
    mount -t tmpfs -o mode=755 tmpfs "$1/run"
  }

  # DIR becomes the root, and nothing else is to be seen.
  enter() {
    mkdir "$1/run/outside"
    cd "$1"
    pivot_root . run/outside
    umount -l /run/outside
  }'

chroot_usable() {
  if [ "$(id -u)" -ne 0 ]; then
    echo "needs root"
  elif ! unshare --mount --pid --fork true 2>/dev/null; then
    echo "no mount namespaces here"
  elif ! command -v debootstrap >/dev/null && ! ls "$chroot_cache"/*.tar >/dev/null 2>&1; then
    echo "no debootstrap"
  fi
}

# The mirror that this machine takes Debian from; empty (debootstrap's own) where it is not Debian.
chroot_mirror() {
  # shellcheck disable=SC2016 # apt's variable
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' |
    sed -n 1p
}

# Who holds the lock makes the tarball; whoever waited finds it made.
chroot_base() {
  local suite=$1 tar=$chroot_cache/$1.tar
  mkdir -p "$chroot_cache"
  (
    flock 9
    [ -s "$tar" ] || chroot_bootstrap "$suite" "$tar" >&2
  ) 9>"$chroot_cache/$suite.lock" && echo "$tar"
}

chroot_bootstrap() {
  local suite=$1 tar=$2 dir failed=0
  dir=$(mktemp -d "$chroot_cache/$suite.XXXXXX")
  echo "# making a minimal $suite with debootstrap"
  # shellcheck disable=SC2046 # no mirror, no argument
  timeout --kill-after=10 "${CHROOT_LIMIT:-1800}" setpriv --pdeathsig KILL \
    unshare --mount --pid --fork --kill-child \
    debootstrap --variant=minbase "$suite" "$dir/root" $(chroot_mirror) >"$tar.log" 2>&1 9>&- &&
    rm -f "$dir"/root/var/cache/apt/archives/*.deb &&
    tar --numeric-owner -C "$dir/root" -cf "$dir/tar" . && mv "$dir/tar" "$tar" || failed=1
  [ $failed -eq 0 ] || tail -5 "$tar.log"
  rm -rf --one-file-system "$dir"
  return $failed
}

chroot_make() {
  local suite=$1 dir=$2 tar
  tar=$(chroot_base "$suite") || return
  mkdir -p "$dir" "$chroot_cache/$suite.debs"
  tar --numeric-owner -C "$dir" -xf "$tar" || return
  chmod 755 "$dir" # mktemp's folders are closed to the users within
  echo "$suite" >"$dir/.chroot"
  cat /etc/resolv.conf >"$dir/etc/resolv.conf"
  [ -e "$dir/etc/hosts" ] || printf '127.0.0.1 localhost\n::1 localhost\n' >"$dir/etc/hosts"
  apt-config dump | grep -E '^Acquire::(http|https|ftp)::.*Proxy' >"$dir/etc/apt/apt.conf.d/90proxy"
  printf '#!/bin/sh\nexit 101\n' >"$dir/usr/sbin/policy-rc.d" # no package starts a service
  chmod 755 "$dir/usr/sbin/policy-rc.d"
  find "$chroot_cache/$suite.debs" -name '[!.]*.deb' -exec cp -l -t "$dir/var/cache/apt/archives" {} + 2>/dev/null ||
    find "$chroot_cache/$suite.debs" -name '[!.]*.deb' -exec cp -t "$dir/var/cache/apt/archives" {} +
}

chroot_source() {
  mkdir -p "$1/src"
  tar -C "$chroot_tree" --exclude=./build --exclude=./config --exclude=./.git --exclude=node_modules \
    --exclude='*.o' -cf - . | tar --no-same-owner -C "$1/src" -xf -
}

# The command line that both ways of running share, into the array chroot_line.
chroot_command() {
  local dir=$1
  shift
  chroot_line=()
  [ -z "${CHROOT_NETNS:-}" ] || chroot_line+=(nsenter "--net=$CHROOT_NETNS")
  chroot_line+=(timeout --kill-after=10 "${CHROOT_LIMIT:-1800}" setpriv --pdeathsig KILL
    unshare --mount --pid --fork --kill-child
    env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8
    TERM=dumb DEBIAN_FRONTEND=noninteractive ${http_proxy:+"http_proxy=$http_proxy"}
    bash -c "$chroot_inner" chroot "$dir" "$@")
}

chroot_run() {
  local -a chroot_line
  chroot_command "$@"
  "${chroot_line[@]}"
}

# shellcheck disable=SC2034 # for whoever sources this
chroot_start() {
  local -a chroot_line
  chroot_command "$@"
  "${chroot_line[@]}" &
  chroot_pid=$!
}

# A new package is moved within the cache, so that nobody ever finds half of one.
chroot_keep() {
  local dir=$1 suite deb
  suite=$(cat "$dir/.chroot" 2>/dev/null) || return 0
  for deb in "$dir"/var/cache/apt/archives/*.deb; do
    [ -e "$deb" ] && [ ! -e "$chroot_cache/$suite.debs/${deb##*/}" ] || continue
    cp "$deb" "$chroot_cache/$suite.debs/.$$.${deb##*/}" &&
      mv "$chroot_cache/$suite.debs/.$$.${deb##*/}" "$chroot_cache/$suite.debs/${deb##*/}"
  done
}

# Only what chroot_make made.
chroot_drop() {
  [ -e "$1/.chroot" ] || return 0
  chroot_keep "$1"
  rm -rf --one-file-system "$1"
}
