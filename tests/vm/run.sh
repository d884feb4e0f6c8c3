#!/usr/bin/env bash
# The program on another kernel and a network card with real queues: Debian bookworm with its own 6.1 kernel, made by
# debootstrap, provisioned by the scripts of vagrant/, in qemu without KVM. Streams over all receive queues of
# virtio_net by native XDP, byte-exact over SRT; the maps, a kill and a stop seen from within.
#
#   tests/vm/run.sh      TAP lines, the time of each phase, and in the end: N passed, N failed, N skipped
#
# VM_IMAGE=FOLDER keeps the machine's disk there, and takes it from there the next time, without provisioning.
# VM_PACKAGE=FILE.deb installs this package and makes none. KEEP=1 keeps the logs. About 8 minutes on two cores; needs root.
. "$(dirname "$0")/../integration/lib.sh"
cd "$root" || exit 1
# shellcheck source=tests/install/chroot.sh
. "$root/tests/install/chroot.sh"
# shellcheck source=tests/vm/machine.sh
. "$root/tests/vm/machine.sh"

skipped=0
vm_folder=${VM_IMAGE:-$work/image}
pins=/sys/fs/bpf/medialive-distributor/v1
began=$SECONDS

# In place of the one for namespaces.
cleanup() {
  trap - EXIT INT TERM
  machine_stop
  wait
  if [ "${KEEP:-}" ]; then echo "# kept $work"; else rm -rf --one-file-system "$work"; fi
}

# check NAME COMMAND...: its exit status decides; ssh and qemu say much.
check() {
  local what=$1
  shift
  if "$@" >"$work/check" 2>&1; then ok "$what"; else not_ok "$what" "command: $*" "$(tail -5 "$work/check")"; fi
}

# phase NAME: prints how long the one before has taken.
phase_name='' phase_began=0
phase() {
  [ -z "$phase_name" ] || echo "# time: $phase_name $((SECONDS - phase_began)) s"
  phase_name=$1 phase_began=$SECONDS
}

finish() {
  phase ''
  echo "# time: all of it $((SECONDS - began)) s"
  if [ "$failures" -gt 0 ]; then
    tail -20 "$work/console" "$work/qemu.log" 2>/dev/null | sed 's/^/# /'
  fi
  echo "$((count - failures - skipped)) passed, $failures failed, $skipped skipped"
  [ "$failures" -eq 0 ]
  exit
}

skip_all() {
  skipped=1 count=$((count + 1))
  echo "ok $count - virtual machine # SKIP $1"
  finish
}

# take_results COMMAND...: the TAP lines of another script among ours; its last lines where it has failed without one.
take_results() {
  local line status before=$failures
  "$@" >"$work/results" 2>"$work/results.err"
  status=$?
  while IFS= read -r line; do
    case $line in
      'ok '*) ok "${line#ok * - }" ;;
      'not ok '*) not_ok "${line#not ok * - }" ;;
      1..*) ;;
      *) echo "$line" ;;
    esac
  done <"$work/results"
  [ $status -eq 0 ] || [ "$failures" -gt "$before" ] || not_ok "$(basename "$1") ends well" "$(tail -5 "$work/results.err")"
}

system() {
  in_ns curl -sS -m 20 "http://$vm_address:8000/api/system"
}

service_works() {
  in_ns curl -sS -f -m 5 "http://$vm_address:8000/api/health"
}

# check_queues NIC MEDIA FROM: a stream over all of its queues.
check_queues() {
  take_results in_ns "$root/vagrant/lab/check.sh" --api "http://$vm_address:8000" --nic "$1" --media "$2" --from "$3" \
    --receiver 10.78.0.1 --file "$work/stream.ts" --media-source "$root/build/media-source"
}

channels_in_use() {
  machine_run "ethtool -l $1" | awk '/^Combined:/ {n = $2} END {print n}'
}

# The pinned folder of each interface, as bpftool sees it.
check_maps() {
  local nic map
  for nic in media0 media1; do
    for map in ports port_index port_counters filters verdicts xsks; do
      check "bpftool shows the pinned map $map of $nic" machine_run "bpftool map show pinned $pins/$nic/$map"
    done
    check "bpftool shows the pinned link of $nic" machine_run "bpftool link show pinned $pins/$nic/link"
    machine_run "bpftool -j map dump pinned $pins/$nic/verdicts" >"$work/verdicts"
    equal "the verdicts that bpftool shows of $nic are those of the API" \
      "$(system | jq --arg nic $nic '.interfaces[] | select(.name == $nic) | .verdicts.redirected')" \
      "$(jq '[.[].formatted | select(.key == 0) | .values[].value.packets] | add' "$work/verdicts")"
    echo "# $nic: verdicts by bpftool: $(jq -c '[.[].formatted | {(.key | tostring): ([.values[].value.packets] | add)}] | add' \
      "$work/verdicts")"
  done
}

# Killed, the service manager starts it again, and it takes over what is pinned.
check_kill() {
  local before
  before=$(machine_run "bpftool -j link show pinned $pins/media1/link" | jq .id)
  machine_run 'systemctl kill --signal=KILL medialive-distributor'
  equal "killed, it leaves the link of media1" "$before" \
    "$(machine_run "bpftool -j link show pinned $pins/media1/link" | jq .id)"
  check "systemd starts it again" wait_for 60 service_works
  equal "it has taken over the link of media1" "$before" \
    "$(machine_run "bpftool -j link show pinned $pins/media1/link" | jq .id)"
}

check_stop() {
  equal "XDP has taken the other four queues of media1" 8 "$(channels_in_use media1)"
  check "the service stops" machine_run 'systemctl stop medialive-distributor'
  equal "its result is a success" success "$(machine_run 'systemctl show -P Result medialive-distributor')"
  equal "nothing is pinned any more" '' "$(machine_run "ls $pins 2>/dev/null")"
  equal "no XDP program is left" '[]' "$(machine_run 'bpftool -j net show' | jq -c '.[0].xdp')"
  equal "media1 has its four queues again" 4 "$(channels_in_use media1)"
}

usable() {
  local tool
  chroot_usable
  for tool in qemu-system-x86_64 mke2fs ssh ssh-keygen ffmpeg srt-live-transmit jq curl; do
    command -v $tool >/dev/null || echo "no $tool"
  done
  [ -c /dev/net/tun ] || echo "no /dev/net/tun"
}

reason=$(usable)
[ -z "$reason" ] || skip_all "${reason//$'\n'/, }"
echo "TAP version 13"

if [ ! -s "$vm_folder/root.img" ]; then
  phase "the disk: debootstrap, packages, provisioning"
  mkdir -p "$vm_folder"
  if ! tests/vm/image.sh "$vm_folder" ${VM_PACKAGE:+"$VM_PACKAGE"} >"$vm_folder/log" 2>&1; then
    not_ok "a bookworm with Debian's kernel is provisioned" "$(tail -20 "$vm_folder/log")"
    finish
  fi
  ok "a bookworm with Debian's kernel is provisioned"
fi
phase "build and stream"
make --no-print-directory build/media-source >"$work/make.log" 2>&1 &&
  ffmpeg -nostdin -v error -f lavfi -i testsrc2=size=640x360:rate=25 -f lavfi -i sine=sample_rate=48000 -t 15 \
    -c:v libx264 -preset veryfast -g 25 -b:v 800k -pix_fmt yuv420p -c:a aac -f mpegts "$work/stream.ts" ||
  skip_all "no stream can be made"

phase "boot"
machine_network || skip_all "no taps in a network namespace here"
machine_start "$vm_folder"
check "the machine boots" wait_for 480 machine_run true
[ "$failures" -eq 0 ] || finish
check "its systemd runs the service" wait_for 120 service_works
echo "# kernel $(machine_run 'uname -r'), $(machine_run 'systemd-analyze | head -1')"
equal "it is Debian's 6.1 kernel" 6.1 "$(machine_run 'uname -r' | cut -d . -f 1-2)"
equal "the unit is active and says so itself" "notify active running" \
  "$(machine_run 'systemctl show -P Type -P ActiveState -P SubState medialive-distributor' | tr '\n' ' ' | sed 's/ $//')"
equal "media0 and media1 are virtio_net" "virtio_net virtio_net" "$(system | jq -r '[.interfaces[].driver] | join(" ")')"
equal "media0 uses all of its four queues" 4 "$(channels_in_use media0)"

phase "streams over 4 queues"
check_queues media0 10.79.0.2 10.79.0.1
phase "streams over 4 queues, and 4 that XDP has taken"
check_queues media1 10.80.0.2 10.80.0.1
phase "maps, kill"
check_maps
check_kill
phase "streams again"
check_queues media1 10.80.0.2 10.80.0.1
phase "stop"
check_stop
check "no line of the kernel's log is a warning of bpf, XDP or virtio" \
  machine_run '! dmesg --level=err,warn | grep -iE "bpf|xdp|virtio" | grep -v "XDP request"'
finish
