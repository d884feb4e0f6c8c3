#!/usr/bin/env bash
# The XDP program's life: pins while running, nothing after a clean stop, takeover after kill -9, --detach, two
# programs on one interface, a foreign program, an interface that is made anew, `ip netns exec`. Traffic of others passes all the while.
. "$(dirname "$0")/lib.sh"

make_namespaces
ip -n "$ns_source" addr add 10.77.0.3/24 dev "$veth_source"
make_ts "$work/generated.ts" 4
inode=$(in_ns stat -Lc %i /proc/self/ns/net)
ours=/sys/fs/bpf/medialive-distributor
pins=$ours/v1/$veth@$inode

# xdp_mode: how a program is attached, "" without one.
xdp_mode() {
  ip -n "$ns" -j link show "$veth" | jq -r '.[0].xdp.mode // "" | if . == 1 then "native" elif . == 2 then "generic" else . end'
}

is_attached() {
  [ "$(xdp_mode)" = "${1:-native}" ]
}

is_detached() {
  [ "$(xdp_mode)" = "" ]
}

kill_distributor() {
  kill -KILL "$distributor_pid"
  wait "$distributor_pid" 2>/dev/null
  distributor_pid=''
}

logged() {
  grep -qF -- "$1" "$work/distributor.log"
}

# distributor OPTION...: in the foreground, at most 10 s, output in $work/said; its exit status is returned.
distributor() {
  timeout 10 nsenter --net="/run/netns/$ns" "$build/medialive-distributor" --config-dir "$work/second" "$@" \
    >"$work/said" 2>&1
}

said() {
  grep -qF -- "$1" "$work/said"
}

# deliver NAME: once in a program's run: a file to port 5000 arrives at the SRT output byte for byte.
deliver() {
  srt_receiver 9000 "$work/got.ts"
  receiver=$last_pid
  wait_for 40 output_is "$channel" "$output" connected || not_ok "$1: connected"
  send "$work/generated.ts" --record "$work/sent.ts" --speed 4 10.77.0.2:5000 >/dev/null
  delivered "$channel" "$output" "$work/sent.ts" "$receiver"
  check "$1: byte for byte" cmp "$work/sent.ts" "$work/got.ts"
  equal "$1: no loss" 0 "$(channel_counter "$channel" rtp_lost)"
}

# redirected: frames that the XDP program has handed to its sockets so far.
redirected() {
  bpftool -j map lookup pinned "$pins/verdicts" key 0 0 0 0 | jq '[.formatted.values[].value.packets] | add'
}

# reaches_kernel NAME: a socket of another program gets what is sent to port 5000, also from a sender that
# the channel's sources leave out: the filter goes with the process.
reaches_kernel() {
  local reader
  : >"$work/kernel"
  background srt-live-transmit -q udp://10.77.0.2:5000 file://con >"$work/kernel" 2>/dev/null
  reader=$last_pid
  wait_for 10 listens 5000
  send "$work/generated.ts" --udp --speed 4 --source 10.77.0.3 10.77.0.2:5000 >/dev/null
  stop_pid "$reader"
  check "$1: traffic reaches the kernel's sockets" has_bytes "$work/kernel" 100000
}

# listens PORT: some socket has it.
listens() {
  [ -n "$(in_ns ss -Huln "sport = :$1")" ]
}

# Traffic that is not ours, on port 7000 all the while.
start_bystander() {
  background python3 -c 'import os, socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, 33, 16 << 20)  # SO_RCVBUFFORCE: it may be kept waiting, and loses nothing of its own
s.bind(("10.77.0.2", 7000))
while True: os.write(1, s.recv(2048))' >"$work/bystander"
  bystander_reader=$last_pid
  wait_for 20 listens 7000
  nsenter --net="/run/netns/$ns_source" "$build/media-source" "$work/generated.ts" --udp --loop forever \
    --record "$work/bystander.ts" 10.77.0.2:7000 >/dev/null 2>&1 &
  bystander=$!
  pids+=("$bystander")
}

end_bystander() {
  stop_pid "$bystander"
  wait_for 10 has_written "$bystander_reader" "$(size_of "$work/bystander.ts")"
  stop_pid "$bystander_reader"
  check "$1: nothing of another's traffic is lost" cmp "$work/bystander.ts" "$work/bystander"
}

# --- pins, kill -9, takeover, clean stop
start_bystander
start_distributor --ingest xdp --interface "$veth"
api POST /api/channels '{"name":"first","rtp_port":5000,"sources":["10.77.0.1"]}'
channel=$(json .id)
api POST "/api/channels/$channel/start"
add_output "$channel" srt://127.0.0.1:9000
for name in link steer ports port_counters verdicts xsks; do
  equal "$name is pinned, for its owner alone" 600 "$(stat -c %a "$pins/$name")"
done
maps=0
for id in $(bpftool -j prog show pinned "$pins/steer" | jq '.map_ids[]'); do
  name=$(bpftool -j map show id "$id" | jq -r .name)
  case $name in *.*) continue ;; esac # constants: bpffs takes no dots
  maps=$((maps + 1))
  equal "map $name of the program is the pinned one" "$id" "$(bpftool -j map show pinned "$pins/$name" | jq .id)"
done
equal "and there is no other pin" $((maps + 2)) "$(find "$pins" -type f | wc -l)"
equal "so is the directory" 700 "$(stat -c %a "$pins")"
check "the pinned program is the attached one" \
  test "$(bpftool -j prog show pinned "$pins/steer" | jq .id)" = \
  "$(ip -n "$ns" -j link show "$veth" | jq '.[0].xdp.prog.id')"
deliver "the first start"
check "through XDP" test "$(redirected)" -gt 100
link=$(bpftool -j link show pinned "$pins/link" | jq .id)

kill_distributor
check "after kill -9 the program stays attached" is_attached
check "and pinned" test -e "$pins/link"
reaches_kernel "after kill -9"

start_distributor --ingest xdp --interface "$veth"
check "a restart says that it takes over" logged "took over the XDP program"
api GET '/api/events?limit=1000'
equal "and it is an event" "$veth" \
  "$(json '[.events[] | select(.type == "xdp_taken_over") | .subject] | first')"
equal "with the same link" "$link" "$(bpftool -j link show pinned "$pins/link" | jq .id)"
check "the pinned program is again the attached one" \
  test "$(bpftool -j prog show pinned "$pins/steer" | jq .id)" = \
  "$(ip -n "$ns" -j link show "$veth" | jq '.[0].xdp.prog.id')"
deliver "after the takeover"
check "through XDP" test "$(redirected)" -gt 100
check "clean stop" stop_distributor
check "a clean stop detaches" is_detached
check "and leaves no directory" test ! -e "$ours"

# --- --detach
check "--detach with nothing there" distributor --detach
check "says so" said "nothing to detach"
start_distributor --ingest xdp-generic --interface "$veth"
check "generic XDP" is_attached generic
distributor --detach
equal "--detach is refused while the program runs" 1 $?
check "it names the process" said "process $distributor_pid serves it"
check "the program stays attached" is_attached generic
kill_distributor
check "--detach of another interface" distributor --detach --interface lo,nosuch0
check "leaves this one alone" is_attached generic
check "--detach after kill -9" distributor --detach --interface "lo,$veth"
check "says what it removed" said "$veth: XDP detached, $pins removed"
check "detaches" is_detached
check "leaves no directory" test ! -e "$ours"

# --- another mode than the one that was left
start_distributor --ingest xdp-generic --interface "$veth"
kill_distributor
start_distributor --ingest xdp --interface "$veth"
check "generic XDP that was left gives way to native" logged "it was in another mode"
check "native XDP" is_attached native
check "pinned" test -e "$pins/link"

# --- what another version of the program left
kill_distributor
mv "$ours/v1" "$ours/v0"
link=$(bpftool -j link show pinned "$ours/v0/$veth@$inode/link" | jq .id)
start_distributor --ingest xdp --interface "$veth"
equal "the link of another layout is taken over" "$link" \
  "$(bpftool -j link show pinned "$pins/link" | jq .id)"
check "and its directory removed" test ! -e "$ours/v0"

# --- two programs on one interface
distributor --ingest xdp --interface "$veth" --http 127.0.0.1:8001
equal "a second program does not start in a fixed mode" 1 $?
check "it names the first" said "another medialive-distributor (process $distributor_pid) serves $veth"
background "$build/medialive-distributor" --interface "$veth" --http 127.0.0.1:8001 \
  --config-dir "$work/second" 2>"$work/second.log"
second=$last_pid
wait_for 15 in_ns curl -sf "http://127.0.0.1:8001/api/health" || not_ok "the second one starts"
equal "in auto it takes kernel sockets" udp \
  "$(in_ns curl -s http://127.0.0.1:8001/api/health | jq -r '.interfaces[0].mode')"
check "and says why" grep -q "process $distributor_pid" "$work/second.log"
deliver "the first beside it"
check "clean stop of the second" stop_pid "$second"
check "the first keeps its program" is_attached
check "and its pins" test -e "$pins/link"

end_bystander "kill -9, takeover, stop, detach, two programs"

# --- an interface that is renamed while nobody looks
rename() {
  ip -n "$ns" link set "$1" down && ip -n "$ns" link set "$1" name "$2" && ip -n "$ns" link set "$2" up
}
kill_distributor
rename "$veth" "${veth}x"
: >"$work/distributor.log"
start_distributor --ingest xdp --interface "${veth}x"
check "a renamed interface: the program is taken over" logged "interface ${veth}x: took over the XDP program"
check "its pins are those of the new name" test -e "$ours/v1/${veth}x@$inode/link" -a ! -e "$pins"
check "clean stop" stop_distributor
check "and nothing is left" test ! -e "$ours"
rename "${veth}x" "$veth"
distributor --ingest udp --interface "$veth,$veth"
equal "an interface that is given twice is refused" "2 interface $veth is given twice" \
  "$? $(sed -n 's/.*is not valid: *//p' "$work/said")"
start_distributor --ingest xdp --interface "$veth"

# --- an interface that is made anew while nobody looks, and one that goes while the program runs
kill_distributor
ip -n "$ns" link del "$veth"
check "the pins outlive the interface" test -e "$pins/link"
ip link add "$veth_source" netns "$ns_source" type veth peer name "$veth" netns "$ns"
ip -n "$ns_source" addr add 10.77.0.1/24 dev "$veth_source"
ip -n "$ns" addr add 10.77.0.2/24 dev "$veth"
ip -n "$ns_source" link set "$veth_source" up
ip -n "$ns" link set "$veth" up
start_distributor --ingest xdp --interface "$veth"
check "native XDP on the new interface" is_attached
deliver "the new interface"
stop_distributor

# --- a foreign program
cat >"$work/foreign.c" <<'SOURCE'
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
SEC("xdp") int foreign_pass(struct xdp_md *context) { return XDP_PASS; }
char LICENSE[] SEC("license") = "GPL";
SOURCE
clang -O2 -g -target bpf -isystem "/usr/include/$(uname -m)-linux-gnu" -c "$work/foreign.c" -o "$work/foreign.o"
# In the other namespace an interface of the same number has a link of its own.
equal "interfaces of the same number" "$(ip -n "$ns" -j link show "$veth" | jq '.[0].ifindex')" \
  "$(ip -n "$ns_source" -j link show "$veth_source" | jq '.[0].ifindex')"
bpftool prog load "$work/foreign.o" /sys/fs/bpf/decoy
check "a link to the other one" in_source "$build/tools/xdp_link" "$veth_source" /sys/fs/bpf/decoy \
  /sys/fs/bpf/decoy_link
start_bystander
for mode in xdpdrv xdpgeneric; do
  ip -n "$ns" link set dev "$veth" "$mode" obj "$work/foreign.o" sec xdp
  foreign=$(ip -n "$ns" -j link show "$veth" | jq '.[0].xdp.prog.id')
  for ingest in xdp xdp-generic; do
    distributor --ingest "$ingest" --interface "$veth"
    equal "$ingest beside a foreign $mode program fails" 1 $?
    check "it names the program" said "XDP program $foreign \"foreign_pass\" is attached"
    check "and the commands" said "bpftool prog show id $foreign; remove: ip link set dev $veth $mode off"
  done
  start_distributor --interface "$veth"
  api GET /api/health
  equal "in auto kernel sockets beside a foreign $mode program" udp "$(json '.interfaces[0].mode')"
  check "the reason is in the API" grep -q "foreign_pass" <<<"$body"
  deliver "beside a foreign $mode program"
  check "clean stop" stop_distributor
  equal "the foreign $mode program is still there" "$foreign" \
    "$(ip -n "$ns" -j link show "$veth" | jq '.[0].xdp.prog.id')"
  check "and nothing of ours" test ! -e "$ours"
  ip -n "$ns" link set dev "$veth" "$mode" off
done
end_bystander "foreign programs"
bpftool prog load "$work/foreign.o" /sys/fs/bpf/foreign
check "a foreign link" in_ns "$build/tools/xdp_link" "$veth" /sys/fs/bpf/foreign /sys/fs/bpf/foreign_link
distributor --ingest xdp --interface "$veth"
equal "beside it native XDP fails" 1 $?
command=$(sed -n 's/.*remove: \(bpftool link detach id [0-9]*\)).*/\1/p' "$work/said")
check "the command that is named" test -n "$command"
check "works" bash -c "$command"
check "and detaches it" is_detached
rm /sys/fs/bpf/decoy /sys/fs/bpf/decoy_link
rm /sys/fs/bpf/foreign /sys/fs/bpf/foreign_link

# --- where no BPF file system is mounted
ip netns exec "$ns" "$build/medialive-distributor" --detach >"$work/said"
equal "--detach says so" "nothing to detach: no BPF file system at /sys/fs/bpf" "$(cat "$work/said")"

# --- inside `ip netns exec`, which hides the BPF file system
ip netns exec "$ns" "$build/medialive-distributor" --ingest xdp --interface "$veth" --http "$http" \
  --config-dir "$work/config" 2>"$work/exec.log" &
distributor_pid=$!
wait_for 15 api GET /api/health || not_ok "it starts in ip netns exec" "$(cat "$work/exec.log")"
check "pinned in a BPF file system of its own" \
  nsenter --mount="/proc/$distributor_pid/ns/mnt" test -e "$pins/link"
check "which others do not see" test ! -e "$ours"
check "no complaint" bash -c "! grep -q 'not pinned' '$work/exec.log'"
deliver "inside ip netns exec"
kill_distributor
check "after kill -9 it goes with its mounts, and the program with it" wait_for 20 is_detached

finish
