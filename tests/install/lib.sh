# shellcheck shell=bash
# What the tests of the ways to install have in common: a Debian in a folder, two network namespaces and,
# between these, the operator's acceptance test. To be sourced; results are TAP lines.
. "$(dirname "${BASH_SOURCE[0]}")/../integration/lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/chroot.sh"
http=10.77.0.2:8000 # reached from the source's namespace, as from another host
dir=$work/root      # the Debian; goes with $work
reason=$(chroot_usable)
[ -z "$reason" ] || skip_all "$reason"

# step NAME COMMAND...: how long it took, and of its output only the end, if it failed.
step() {
  local name=$1 began=$SECONDS
  shift
  if "$@" >"$work/step.log" 2>&1; then
    ok "$name"
    echo "# $((SECONDS - began)) s"
  else
    not_ok "$name" "command: $*"
    tail -20 "$work/step.log" | sed 's/^/  /'
    finish
  fi
}

# inside COMMAND...: in the Debian.
inside() {
  chroot_run "$dir" nice "$@"
}

# accept NAME MODE DIR COMMAND...: COMMAND in DIR starts the program in the distributor's namespace, with the
# API at $http. It has to pass accept_running, and end with status 0.
accept() {
  local name=$1 mode=$2 folder=$3
  shift 3
  : >"$work/distributor.log"
  CHROOT_NETNS=/run/netns/$ns chroot_start "$folder" "$@" 2>>"$work/distributor.log"
  distributor_pid=$chroot_pid
  wait_for 15 api GET /api/health || {
    not_ok "$name: the program starts" "$(tail -5 "$work/distributor.log")"
    finish
  }
  accept_running "$name" "$mode"
  check "$name: ends with status 0" stop_distributor
}

# accept_running NAME MODE: the program whose API is at $http has to receive in MODE, and to pass tools/test.sh from the
# other namespace over a real stream.
accept_running() {
  local name=$1 mode=$2 frames
  equal "$name: packets come in by" "$mode" "$(json '.interfaces[0].mode // "udp"')"
  check "$name: passes tools/test.sh" acceptance_test
  sed -n 's/^/# /p' "$work/acceptance.log"
  check "$name: over a real stream" grep -q '^ok .* the receiver has it, byte for byte$' "$work/acceptance.log"
  frames=$(sed -n 's/.*frames by XDP: //p' "$work/acceptance.log")
  if [ "$mode" = udp ]; then
    equal "$name: none of it by XDP" 0 "$frames"
  else
    check "$name: all of it by XDP" test "${frames:-0}" -ge 900 # 942 datagrams
  fi
}

acceptance_test() {
  in_source timeout 120 "$root/tools/test.sh" --url "http://$http" --media-source "$build/media-source" \
    >"$work/acceptance.log" 2>&1
}
