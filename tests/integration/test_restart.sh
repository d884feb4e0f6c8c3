#!/usr/bin/env bash
# After kill -9 traffic passes to the kernel; a restart resumes every channel from channels.json.
. "$(dirname "$0")/lib.sh"

make_namespaces
make_ts "$work/generated.ts" 4
start_distributor --ingest xdp --interface "$veth"
make_channel first 5000
first=$channel
add_output "$first" "srt://127.0.0.1:9000?passphrase=correct-horse-battery"
make_channel second 5001
second=$channel
api POST /api/channels '{"name":"third","rtp_port":5002}'
third=$(json .id)
check "XDP is attached" grep -q 'prog/xdp' <(ip -n "$ns" link show "$veth")

kill -KILL "$distributor_pid"
wait "$distributor_pid" 2>/dev/null
distributor_pid=''
check "after kill -9 the XDP program stays" grep -q 'prog/xdp' <(ip -n "$ns" link show "$veth")
background srt-live-transmit -q udp://10.77.0.2:5000 file://con >"$work/kernel" 2>/dev/null
reader=$last_pid
sleep 0.5
send "$work/generated.ts" --udp 10.77.0.2:5000 >/dev/null
stop_pid "$reader"
check "it passes traffic to the kernel's sockets" has_bytes "$work/kernel" 100000

start_distributor --ingest xdp --interface "$veth"
api GET /api/channels
equal "three channels are back" "first second third" "$(json '[.channels[].name] | join(" ")')"
equal "desired states are back" "running running stopped" \
  "$(json '[.channels[].desired] | join(" ")')"
equal "the passphrase is not shown" "srt://127.0.0.1:9000?passphrase=***" \
  "$(json '.channels[0].outputs[0].url')"
background stdbuf -o0 srt-live-transmit -q -a no \
  "srt://127.0.0.1:9000?mode=listener&passphrase=correct-horse-battery" file://con \
  >"$work/got.ts" 2>"$work/got.log"
receiver=$last_pid
output=$(json '.channels[0].outputs[0].id')
check "the encrypted output connects again" wait_for 40 output_is "$first" "$output" connected
send "$work/generated.ts" --record "$work/sent.ts" 10.77.0.2:5000 10.77.0.2:5001 >/dev/null
delivered "$first" "$output" "$work/sent.ts" "$receiver"
check "and delivers byte for byte" cmp "$work/sent.ts" "$work/got.ts"
equal "the second channel received as well" "$(size_of "$work/sent.ts")" \
  "$(channel_counter "$second" bytes_received)"
equal "the third one stayed stopped" stopped "$(api GET "/api/channels/$third" && json .state)"
check "clean stop" stop_distributor
check "after a clean stop no XDP program is left" \
  bash -c "! ip -n $ns link show $veth | grep -q 'prog/xdp'"
equal "channels.json is readable by its owner only" 600 "$(stat -c %a "$work/config/channels.json")"

echo '{ this is not JSON' >"$work/config/channels.json"
start_distributor --ingest xdp --interface "$veth"
api GET /api/channels
equal "a broken file is not taken" 0 "$(json '.channels | length')"
check "but set aside" grep -q 'not JSON' "$work"/config/channels.json.broken-*
check "and the log says so" grep -q 'set aside' "$work/distributor.log"
check "clean stop" stop_distributor
finish
