#!/usr/bin/env bash
# Several interfaces with several queues each: all are received from, one that goes down, comes up, disappears
# and returns is served on, and the program says what it does and why.
. "$(dirname "$0")/lib.sh"

first=a$$ second=b$$ third=c$$

# make_link NAME NUMBER QUEUES: a pair into the source namespace, 10.78.NUMBER.1 to 10.78.NUMBER.2.
make_link() {
  ip link add "s$1" netns "$ns_source" numrxqueues 2 numtxqueues 2 type veth \
    peer name "$1" netns "$ns" numrxqueues "$3" numtxqueues "$3" || return 1
  ip -n "$ns_source" addr add "10.78.$2.1/24" dev "s$1"
  ip -n "$ns" addr add "10.78.$2.2/24" dev "$1"
  ip -n "$ns_source" link set "s$1" up
  ip -n "$ns" link set "$1" up
}

# interface NAME FILTER: a value of /api/system.
interface() {
  api GET /api/system && json ".interfaces[] | select(.name == \"$1\") | $2"
}

interface_is() {
  [ "$(interface "$1" "$2")" = "$3" ]
}

# logged TEXT
logged() {
  grep -qF "$1" "$work/distributor.log"
}

# relay_exact WHAT DESTINATION: a stream to $exact's channel arrives at its SRT output byte for byte.
relay_exact() {
  local receiver
  api POST "/api/channels/$exact/stop" # or the output of before takes the receiver, and leaves it
  srt_receiver 9000 "$work/got.ts"
  receiver=$last_pid
  api POST "/api/channels/$exact/start"
  wait_for 40 output_is "$exact" "$exact_output" connected || not_ok "$1: output connected" "$(json '.outputs[0].last_error')" "$(cat "$work/got.ts.log")"
  send "$work/generated.ts" --record "$work/sent.ts" --speed 4 "$2" >/dev/null
  delivered "$exact" "$exact_output" "$work/sent.ts" "$receiver"
  check "$1: byte for byte" cmp "$work/sent.ts" "$work/got.ts"
}

make_namespaces
make_ts "$work/generated.ts" 4
make_link "$first" 1 2 && make_link "$second" 2 2 || skip_all "no veth with two queues"

# ---- what is asked for, and what is refused ----
in_ns "$build/medialive-distributor" --fill-ring 1000 2>"$work/refused"
equal "--fill-ring 1000 is refused" 2 $?
check "and says what it may be" grep -q 'power of two, 1024 to 65536' "$work/refused"

start_distributor --ingest auto --interface "$first,$second,$third" --zero-copy --fill-ring 2048
for name in "$first" "$second"; do
  equal "$name: native XDP" xdp "$(interface "$name" .mode)"
  equal "$name: a socket on each queue, copying" "0 copy 2048,1 copy 2048" \
    "$(interface "$name" '[.queues[] | "\(.queue) \(.mode) \(.frames)"] | join(",")')"
  equal "$name: why there is no zero-copy" "the driver has no zero-copy" \
    "$(interface "$name" '.steps[] | select(.mode == "zero-copy") | .reason | sub("^queue 0: "; "")')"
done
equal "the driver is known" veth "$(interface "$first" .driver)"
check "the log says it too" logged "no zero-copy"
equal "memory of four queues" $((4 * 2048 * 2048)) "$(api GET /api/system && json .memlock.umem_bytes)"
equal "the third interface is not there" false "$(interface "$third" .present)"
check "which is said" logged "interface $third: there is none of that name"

# ---- all queues of both ----
# both_queues NAME: the kernel spreads flows over the queues; each call sends from other ports.
both_queues() {
  send "$work/generated.ts" --speed 0 --datagrams 40 --count 8 10.78.1.2:6000 10.78.2.2:6008
  [ "$(interface "$1" '[.queues[].frames_received > 0] | all')" = true ]
}

channels=()
for port in $(seq 6000 6015); do
  make_channel "port $port" "$port" && channels+=("$channel")
done
for cpu in 0 1; do # a veth pair's queue is that of the sender's processor
  in_source taskset -c $((cpu % $(nproc))) "$build/media-source" "$work/generated.ts" --record "$work/sent.ts" \
    --speed 2 --count 4 10.78.1.2:$((6000 + 4 * cpu)) 10.78.2.2:$((6008 + 4 * cpu)) >/dev/null
done
# got_everything: each channel the whole file; what they got in $bytes.
got_everything() {
  local channel
  bytes=''
  for channel in "${channels[@]}"; do
    bytes+=" $(channel_counter "$channel" bytes_received)"
  done
  [ "$bytes" = "$(printf " $(size_of "$work/sent.ts")%.0s" "${channels[@]}")" ]
}
check "16 channels over two interfaces got everything" wait_for 5 got_everything
for name in "$first" "$second"; do
  check "$name: both queues bring frames" wait_for 20 both_queues "$name"
  check "$name: what XDP redirected was received" wait_for 5 \
    interface_is "$name" '.verdicts.redirected - ([.queues[].frames_received] | add)' 0
  equal "$name: nothing was lost" 0 \
    "$(interface "$name" '[.queues[] | .rx_dropped + .rx_ring_full] | add')"
done
for channel in "${channels[@]}"; do
  api DELETE "/api/channels/$channel"
done

# ---- down and up ----
make_channel exact 5000 && exact=$channel
add_output "$exact" srt://127.0.0.1:9000 && exact_output=$output
relay_exact "at first" 10.78.1.2:5000
ip -n "$ns" link set "$first" down
check "down is noticed" wait_for 5 interface_is "$first" .up false
check "and logged" wait_for 5 logged "interface $first is down"
equal "it is still there" true "$(interface "$first" .present)"
ip -n "$ns" link set "$first" up
check "up is noticed" wait_for 5 interface_is "$first" .up true
check "and logged" wait_for 5 logged "interface $first is up"
relay_exact "after down and up" 10.78.1.2:5000
ip -n "$ns_source" link set "s$first" down
check "a lost carrier is noticed" wait_for 5 interface_is "$first" .up false
ip -n "$ns_source" link set "s$first" up
check "and its return" wait_for 5 interface_is "$first" .up true

# ---- gone and back, with rules and a multicast group ----
api POST /api/channels '{"name":"group","rtp_ip":"239.1.2.3","rtp_port":5002}'
group=$(json .id)
api POST "/api/channels/$group/start"
joined() {
  ip -n "$ns" maddr show dev "$1" | grep -q '239\.1\.2\.3'
}
for name in "$first" "$second"; do
  check "the group is joined on $name" wait_for 5 joined "$name"
done
ip -n "$ns" link del "$first"
check "a deleted interface is noticed" wait_for 5 interface_is "$first" .present false
check "and logged" wait_for 5 logged "interface $first is gone"
equal "kernel sockets meanwhile" udp "$(interface "$first" .mode)"
relay_exact "the other interface meanwhile" 10.78.2.2:5000
make_link "$first" 1 2
check "its return is noticed" wait_for 5 interface_is "$first" .mode xdp
check "and logged" wait_for 5 logged "interface $first is there"
equal "with both queues" 2 "$(interface "$first" '.queues | length')"
check "the group is joined on it again" wait_for 5 joined "$first"
relay_exact "after it came back" 10.78.1.2:5000
check "through XDP" [ "$(interface "$first" .verdicts.redirected)" -gt 500 ]
equal "nobody else's frames were touched" 0 "$(interface "$first" .verdicts.pass_malformed)"
before=$(channel_counter "$group" bytes_received)
send "$work/generated.ts" --record "$work/sent.ts" --speed 4 --interface "s$first" \
  --source 10.78.1.1 239.1.2.3:5002 >/dev/null
group_got_it() {
  [ $(($(channel_counter "$group" bytes_received) - before)) -eq "$(size_of "$work/sent.ts")" ]
}
check "the group is received from it" wait_for 5 group_got_it
for _ in 1 2 3 4 5; do # faster than the program looks
  ip -n "$ns" link del "$first" && make_link "$first" 1 2
done
check "replaced in a hurry" wait_for 5 interface_is "$first" '"\(.mode) \(.up)"' "xdp true"
relay_exact "after that" 10.78.1.2:5000

# happened TYPE...: these events of the first interface came in this order.
happened() {
  local wanted
  wanted=$(printf '%s,' "$@")
  api GET '/api/events?limit=1000' &&
    [[ $(json "[.events[] | select(.subject == \"$first\") | .type] | join(\",\")"), == *"$wanted"* ]]
}
check "the events tell it in order" happened interface_down interface_up interface_down \
  interface_up interface_down interface_gone interface_back ingest_mode interface_up

# ---- moved to another namespace and back ----
ip -n "$ns" link set "$first" netns "$ns_source"
check "moved away is gone" wait_for 5 interface_is "$first" .present false
ip -n "$ns_source" link set "$first" netns "$ns"
ip -n "$ns" addr add 10.78.1.2/24 dev "$first"
ip -n "$ns" link set "$first" up
check "moved back is served" wait_for 5 interface_is "$first" '"\(.mode) \(.up)"' "xdp true"
relay_exact "after moving" 10.78.1.2:5000

# ---- addresses and MTU that change ----
ip -n "$ns" addr add 10.78.2.77/24 dev "$second"
sleep 0.3
relay_exact "an address that is new" 10.78.2.77:5000
equal "is the machine's to XDP at once" true \
  "$(interface "$second" '.verdicts.redirected > 500')"
ip -n "$ns" link del "$second"
check "the second one is gone" wait_for 5 interface_is "$second" .present false
make_link "$second" 2 2
ip -n "$ns_source" link set "s$second" mtu 9000
ip -n "$ns" link set "$second" mtu 9000
check "and back with jumbo frames" wait_for 5 interface_is "$second" '"\(.mode) \(.up)"' "xdp true"
relay_exact "with an MTU of 9000" 10.78.2.2:5000

# ---- absent at start, and too few queues for native XDP ----
make_link "$third" 3 1
check "the third interface appears" wait_for 5 interface_is "$third" .mode xdp-generic
check "and the reason for its mode" [ -n "$(interface "$third" '.steps[] | select(.mode == "xdp") | .reason')" ]
equal "is in health as well" "$(interface "$third" .reason)" \
  "$(api GET /api/health && json ".interfaces[] | select(.name == \"$third\") | .reason")"
relay_exact "the third interface" 10.78.3.2:5000
# A carrier that comes and goes is no reason to try for a better mode; there would be no end to it.
tries=$(grep -c "interface $third: generic XDP" "$work/distributor.log")
ip -n "$ns_source" link set "s$third" down
wait_for 5 interface_is "$third" .up false
ip -n "$ns_source" link set "s$third" up
wait_for 5 interface_is "$third" .up true
sleep 1
equal "a lost carrier starts no new try" "$tries" \
  "$(grep -c "interface $third: generic XDP" "$work/distributor.log")"
in_source ethtool -L "s$third" tx 1 rx 1 # now it could, and a new MTU makes the program try
make_channel "served anew" 5100 && anew=$channel
nsenter --net="/run/netns/$ns_source" "$build/media-source" "$work/generated.ts" --speed 2 --json 10.78.3.2:5100 \
  >"$work/report" &
stream=$!
pids+=("$stream")
wait_for 5 channel_is "$anew" receiving
ip -n "$ns" link set "$third" mtu 1400
check "a better mode is taken when it can be had" wait_for 5 interface_is "$third" .mode xdp
equal "the new MTU is shown" 1400 "$(interface "$third" .mtu)"
wait "$stream"
got_anew() {
  [ "$(channel_counter "$anew" rtp_emitted)" = "$(jq .sent "$work/report")" ]
}
wait_for 5 got_anew
equal "nothing is lost while it is served anew" "$(jq .sent "$work/report") 0" \
  "$(channel_counter "$anew" rtp_emitted) $(channel_counter "$anew" rtp_lost)"
relay_exact "in the better mode" 10.78.3.2:5000
check "clean stop" stop_distributor
for name in "$first" "$second" "$third"; do
  equal "$name: no XDP is left" none \
    "$(ip -n "$ns" -j link show "$name" 2>/dev/null | jq -r '.[0].xdp // "none"')"
done

# ---- an ordinary user: what is kept of the capabilities is enough to attach again ----
install -d -m 755 "$work/as-user"
cp "$build/medialive-distributor" "$work/as-user/"
chmod 755 "$work"
user=65534 keep=-all,+bpf,+net_admin,+net_raw,+perfmon,+ipc_lock
install -d -o "$user" /sys/fs/bpf/medialive-distributor
chmod a+x /sys/fs/bpf
install -d -o "$user" "$work/as-user/config"
nsenter --net="/run/netns/$ns" setpriv --reuid="$user" --regid="$user" --clear-groups \
  --inh-caps="$keep" --ambient-caps="$keep" "$work/as-user/medialive-distributor" --http "$http" \
  --config-dir "$work/as-user/config" --interface "$first" 2>>"$work/distributor.log" &
distributor_pid=$!
check "starts as an ordinary user" wait_for 15 interface_is "$first" .mode xdp
ip -n "$ns" link del "$first"
check "its interface goes" wait_for 5 interface_is "$first" .present false
make_link "$first" 1 2
check "and is served by XDP again" wait_for 5 interface_is "$first" '"\(.mode) \(.up)"' "xdp true"
bpftool link detach pinned "$(echo "/sys/fs/bpf/medialive-distributor/v1/$first@"*/link)"
check "a program that somebody detaches is missed" wait_for 5 logged "$first: somebody has detached our XDP program"
check "and attached again" wait_for 5 bash -c "ip -n $ns link show $first | grep -q prog/xdp"
check "the mode is XDP" wait_for 5 interface_is "$first" .mode xdp
equal "the capabilities are shown" true "$(api GET /api/system && json '.capabilities | index("cap_bpf") != null')"
check "clean stop" stop_distributor
rmdir /sys/fs/bpf/medialive-distributor 2>/dev/null

# ---- the memlock limit: four queues of 16 MB with 8 MB allowed ----
start_limited() {
  nsenter --net="/run/netns/$ns" prlimit --memlock=8388608 setpriv \
    --bounding-set=-ipc_lock,-sys_resource "$build/medialive-distributor" --http "$http" \
    --config-dir "$work/config" --dashboard-dir "$root/dashboard" "$@" 2>>"$work/distributor.log" &
  distributor_pid=$!
  wait_for 15 api GET /api/health
}
check "starts with little lockable memory" start_limited --interface "$first,$second"
equal "kernel sockets then" udp "$(interface "$first" .mode)"
equal "what is needed, what is allowed" \
  "AF_XDP needs 32768 kB of locked memory for 2 queues of 8192 frames, 65536 kB with those of other interfaces; the limit is 8192 kB" \
  "$(interface "$first" '.steps[] | select(.mode == "xdp") | .reason')"
equal "and the command" \
  "ulimit -l 65536 (systemd: LimitMEMLOCK=64M), CAP_IPC_LOCK, or a smaller --fill-ring" \
  "$(interface "$first" '.steps[] | select(.mode == "xdp") | .fix')"
check "the log has it" logged "ulimit -l 65536"
equal "the limit is shown" 8388608 "$(api GET /api/system && json .memlock.limit_bytes)"
check "clean stop" stop_distributor
check "a smaller fill ring fits" start_limited --interface "$first" --fill-ring 1024
equal "and XDP is had" xdp "$(interface "$first" .mode)"
check "clean stop" stop_distributor
finish
