# shellcheck shell=bash
# What the tests of the service share: a Debian of this machine's suite in a folder, with systemd as process 1 in the
# distributor's network namespace. To be sourced; it brings the library of the integration tests with it.
. "$(dirname "${BASH_SOURCE[0]}")/../integration/lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/chroot.sh"
. "$(dirname "${BASH_SOURCE[0]}")/systemd.sh"
service=medialive-distributor
machine='' # the folder

# The suite that the programs of this tree are built for.
service_suite() {
  sed -n 's/^VERSION_CODENAME=//p' /etc/os-release
}

service_cleanup() {
  [ -z "$machine" ] || {
    systemd_halt "$machine"
    chroot_drop "$machine"
  }
  cleanup
}
trap service_cleanup EXIT

service_skip_unless_usable() {
  local why
  why=$(chroot_usable)
  [ -n "$why" ] || why=$(systemd_usable)
  [ -z "$why" ] || skip_all "$why"
}

# service_machine PACKAGE...: a new machine with systemd and these packages; not booted yet.
service_machine() {
  machine=$work/machine
  chroot_make "$(service_suite)" "$machine" || skip_all "no Debian to install from"
  chroot_run "$machine" sh -c 'apt-get update -qq && apt-get install -y -qq --no-install-recommends "$@"' sh \
    systemd systemd-sysv dbus iproute2 "$@" >"$work/apt.log" 2>&1 || skip_all "packages cannot be installed: $(tail -1 "$work/apt.log")"
}

# What `make install` installs, with the libraries it needs, and systemd/ as /src/systemd.
service_install_program() {
  local -a packages
  mapfile -t packages < <("$root/tools/runtime-packages.sh" "$build/medialive-distributor" "$build/media-source" 2>/dev/null)
  chroot_run "$machine" apt-get install -y -qq --no-install-recommends "${packages[@]}" >"$work/apt.log" 2>&1 || {
    not_ok "libraries are installed" "$(tail -3 "$work/apt.log")"
    finish
  }
  make --no-print-directory -C "$root" install DESTDIR="$machine" >"$work/install.log" 2>&1 || {
    not_ok "make install" "$(tail -3 "$work/install.log")"
    finish
  }
  mkdir -p "$machine/src"
  cp -r "$root/systemd" "$machine/src/"
}

service_boot() {
  systemd_boot "$machine" "$ns" || {
    not_ok "systemd starts"
    finish
  }
}

# inside COMMAND...: in the machine, as root.
inside() {
  systemd_in "$machine" "$@"
}

# quietly COMMAND...: what it prints is kept in a log.
quietly() {
  "$@" >>"$work/quiet.log" 2>&1
}

# set_options NAME=VALUE...: the environment file, and nothing else in it.
set_options() {
  [ $# -eq 0 ] || printf 'DISTRIBUTOR_%s\n' "$@" >"$machine/etc/default/$service"
  [ $# -gt 0 ] || : >"$machine/etc/default/$service"
}

# property NAME: of the service, as systemd shows it.
property() {
  inside systemctl show --value --property "$1" "$service"
}

property_is() {
  [ "$(property "$1")" = "$2" ]
}

# journal: the program's lines since its last start. By its name and the time: of a process that ended at once the journal
# does not know the unit any more.
journal() {
  inside journalctl --no-pager --output cat --identifier "$service" --since \
    "$(inside systemctl show --timestamp=us+utc --value --property ExecMainStartTimestamp "$service")"
}

# journal_has PATTERN: soon; the journal is written by a process of its own.
journal_has() {
  wait_for 10 journal_line "$1"
}

# The first line of the journal with PATTERN.
journal_line() {
  journal | grep -m 1 -E -- "$1"
}

api_answers() {
  wait_for 15 api GET /api/health
}

# deliver NAME MODE: a stream arrives byte for byte, received in this mode.
deliver() {
  local receiver
  api GET /api/health
  equal "$1: mode" "$2" "$(json '.interfaces[0].mode // "udp"')"
  srt_receiver 9000 "$work/got.ts"
  receiver=$last_pid
  check "$1: a channel" make_channel first 5000
  add_output "$channel" srt://127.0.0.1:9000
  wait_for 40 output_is "$channel" "$output" connected || not_ok "$1: connected"
  send "$work/generated.ts" --record "$work/sent.ts" --speed 4 10.77.0.2:5000 >/dev/null
  delivered "$channel" "$output" "$work/sent.ts" "$receiver"
  check "$1: byte for byte, $(size_of "$work/got.ts") bytes" cmp "$work/sent.ts" "$work/got.ts"
  api DELETE "/api/channels/$channel"
}
