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
wanted=/etc/systemd/system/multi-user.target.wants/$name.service
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

Enabled and started is a unit that was not there before; one that was stays stopped or disabled.
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
      [[ $2 =~ ^/[A-Za-z0-9_./+-]*$ ]] || fail "--prefix is an absolute path of A-Z a-z 0-9 _ . / + -, not \"$2\""
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

# place FILE TEXT: all of it or nothing. Whether it was written does not depend on set -e, which callers may switch off.
place() {
  echo "+ write $1"
  [ -z "$dry" ] || return 0
  if ! { install -D -m 644 /dev/null "$1.new" && printf '%s\n' "$2" >"$1.new" && mv -T "$1.new" "$1"; }; then
    rm -f "$1.new" || :
    fail "$1 could not be written"
  fi
}

# The unit of the Debian package, if that is installed here: ours would be used instead of it.
package_unit() {
  local file
  for file in {/usr,}/lib/systemd/system/$name.service; do
    [ ! -e "$file" ] || { echo "$file" && return; }
  done
}

# Is the unit what `systemctl mask` makes? Whoever did that does not want the service.
refuse_masked() {
  [ ! -e "$unit" ] || [ -s "$unit" ] || fail "the service is masked: systemctl unmask $name"
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
  if cmp -s "$unit" <(printf '%s\n' "$text"); then
    echo "  $unit is up to date"
    return
  fi
  place "$unit" "$text"
  if manages; then
    run systemctl daemon-reload
    ! systemctl --quiet is-active "$name" ||
      echo "  it runs as before until: systemctl restart $name"
  fi
}

enable_unit() {
  run systemctl enable "$name"
  if ! manages; then
    echo "  systemd does not run here: the service starts with the next boot"
  elif [ -n "$start" ]; then
    run systemctl start "$name"
  fi
}

# Of a service that was there before. A standby is stopped and disabled, and an update must not put it on the air.
tell_state() {
  local enabled active=''
  enabled=$(systemctl is-enabled "$name" 2>/dev/null) || :
  ! manages || active=" and $(systemctl is-active "$name")" || :
  echo "  the service is ${enabled:-not enabled}$active, and stays so"
}

install_service() {
  local new=''
  [ -e "$unit" ] || new=yes
  [ -z "$(package_unit)" ] || fail "the package's unit is there, $(package_unit): apt remove $name, or use that"
  [ -x "$prefix/bin/$name" ] || fail "$prefix/bin/$name is not there: make install PREFIX=$prefix"
  make_user
  make_state
  make_environment
  make_unit
  if [ -n "$new" ]; then enable_unit; else tell_state; fi
}

uninstall_service() {
  local program=''
  if [ ! -e "$unit" ]; then
    echo "  there is no $unit"
  else
    ! manages || run systemctl stop "$name" || echo "  it could not be stopped"
    # What a program that was killed has left in the kernel. The unit knows where that is.
    program=$(sed -nE 's/^ExecStart=([^ ]+).*/\1/p' "$unit")
    [ ! -d "$pins" ] || [ ! -x "$program" ] || run "$program" --detach || :
    run systemctl disable "$name" || run rm -f "$wanted"
    run rm -f "$unit"
    ! manages || run systemctl daemon-reload
    [ -z "$(package_unit)" ] || echo "  the package's unit is left; to go on with it: systemctl enable --now $name"
  fi
  # The folders in it are the program's user's, so that --detach, run by root, leaves them.
  [ ! -d "$pins" ] || run find "$pins" -depth -type d -empty -delete
  [ -x "$program" ] || [ ! -d "$pins" ] || [ -z "$(find "$pins" ! -type d)" ] ||
    echo "  XDP is still attached, and the program that would detach it is gone; unless another one runs: rm -r $pins"
}

purge_service() {
  [ -z "$(package_unit)" ] || fail "configuration and user are the package's too: --uninstall, or apt purge $name"
  uninstall_service
  [ ! -e "$environment" ] || run rm -f "$environment"
  [ ! -e "$state" ] || run rm -rf "$state"
  ! getent passwd "$name" >/dev/null || run userdel "$name"
  ! getent group "$name" >/dev/null || run groupdel "$name"
}

[ -n "$dry" ] || [ "$(id -u)" -eq 0 ] || fail "needs root (--dry-run shows what it would do)"
command -v systemctl >/dev/null || fail "there is no systemd here"
refuse_masked
case $action in
  install) install_service ;;
  uninstall) uninstall_service ;;
  purge) purge_service ;;
esac
