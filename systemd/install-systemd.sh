#!/usr/bin/env bash
# Make the installed program a service of systemd: its user, folders, unit and environment file.
# See --help. May be run again at any time: what is there already stays as it is.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
name=medialive-distributor
prefix=/usr/local
state=/var/lib/$name
environment=/etc/default/$name
unit=/etc/systemd/system/$name.service
pins=/sys/fs/bpf/$name
action=install dry='' start=yes

usage() {
  cat <<END
Usage: systemd/install-systemd.sh [OPTION]...
Makes $name, as \`make install\` has installed it, a service of systemd.

  --prefix DIR   where it was installed (default: $prefix)
  --no-start     enable it for the next boot, and do not start it now
  --uninstall    stop it and remove the unit; configuration and user stay
  --purge        as --uninstall, and remove the configuration, $environment and the user too
  --dry-run      print what would be done, and do nothing
  --help         this text

Made are: user and group $name, $state (channels.json),
$environment (settings; never overwritten), $unit.
END
}

fail() {
  echo "install-systemd.sh: $*" >&2
  exit 1
}

while [ $# -gt 0 ]; do
  case $1 in
    --prefix)
      [ $# -gt 1 ] || fail "--prefix needs a folder"
      prefix=${2%/}
      shift
      ;;
    --no-start) start='' ;;
    --uninstall) action=uninstall ;;
    --purge) action=purge ;;
    --dry-run) dry=yes ;;
    --help) usage && exit 0 ;;
    *)
      usage >&2
      exit 2
      ;;
  esac
  shift
done

# run COMMAND...: show it, and do it unless this is a dry run.
run() {
  echo "+ $*"
  [ -n "$dry" ] || "$@"
}

# place FILE FROM: write FROM's text to FILE, unless it is the same already; then it fails.
place() {
  if cmp -s "$1" <(printf '%s\n' "$2"); then
    echo "  $1 is up to date"
    return 1
  fi
  echo "+ write $1"
  [ -n "$dry" ] || {
    install -D -m 644 /dev/null "$1.new"
    printf '%s\n' "$2" >"$1.new"
    mv "$1.new" "$1"
  }
}

# Is systemd the first process here? Not in a chroot or container; then it is only prepared for the next boot.
manages() {
  [ -d /run/systemd/system ]
}

make_user() {
  if getent passwd "$name" >/dev/null; then
    echo "  user $name is there"
    return
  fi
  # A group of that name may be left or was made by somebody for a purpose of his own.
  local -a group=(--user-group)
  ! getent group "$name" >/dev/null || group=(--gid "$name")
  run useradd --system "${group[@]}" --home-dir "$state" --no-create-home --shell /usr/sbin/nologin "$name"
}

make_state() {
  if [ -d "$state" ]; then
    echo "  $state is there"
  else
    run install -d -o "$name" -g "$name" -m 750 "$state"
  fi
}

# The variables that a file mentions, set or not.
variables() {
  sed -nE 's/^#?(DISTRIBUTOR_[A-Z_]+)=.*/\1/p' "$1" | sort -u
}

make_environment() {
  local new
  if [ ! -e "$environment" ]; then
    run install -D -m 644 "$here/$name.env" "$environment"
    return
  fi
  echo "  $environment is there and stays as it is"
  new=$(comm -13 <(variables "$environment") <(variables "$here/$name.env") | tr '\n' ' ')
  [ -z "$new" ] || echo "  it does not mention: ${new% } (see $here/$name.env)"
}

make_unit() {
  local text
  text=$(sed "s|^ExecStart=/usr/bin/|ExecStart=$prefix/bin/|" "$here/$name.service")
  place "$unit" "$text" || return 0
  if manages; then
    run systemctl daemon-reload
    ! systemctl --quiet is-active "$name" ||
      echo "  it runs as before until: systemctl restart $name"
  fi
}

enable_unit() {
  if systemctl --quiet is-enabled "$name" 2>/dev/null; then
    echo "  the service is enabled"
  else
    run systemctl enable "$name"
  fi
  if ! manages; then
    echo "  systemd does not run here: the service starts with the next boot"
  elif [ -n "$start" ]; then
    systemctl --quiet is-active "$name" && echo "  the service runs" || run systemctl start "$name"
  fi
}

install_service() {
  [ -x "$prefix/bin/$name" ] || fail "$prefix/bin/$name is not there: make install PREFIX=$prefix"
  make_user
  make_state
  make_environment
  make_unit
  enable_unit
}

uninstall_service() {
  if [ ! -e "$unit" ]; then
    echo "  there is no $unit"
  else
    ! manages || run systemctl stop "$name"
    # What a program that was killed has left in the kernel.
    [ ! -d "$pins" ] || [ ! -x "$prefix/bin/$name" ] || run "$prefix/bin/$name" --detach
    run systemctl disable "$name"
    run rm -f "$unit"
    ! manages || run systemctl daemon-reload
  fi
  # The folders in it are the program's user's, so that --detach, run by root, leaves them.
  [ ! -d "$pins" ] || run find "$pins" -depth -type d -empty -delete
}

purge_service() {
  uninstall_service
  [ ! -e "$environment" ] || run rm -f "$environment"
  [ ! -e "$state" ] || run rm -rf "$state"
  ! getent passwd "$name" >/dev/null || run userdel "$name"
  ! getent group "$name" >/dev/null || run groupdel "$name"
}

[ -n "$dry" ] || [ "$(id -u)" -eq 0 ] || fail "needs root (--dry-run shows what it would do)"
command -v systemctl >/dev/null || fail "there is no systemd here"
case $action in
  install) install_service ;;
  uninstall) uninstall_service ;;
  purge) purge_service ;;
esac
