#!/usr/bin/env bash
# SMPTE 2022-1: media packets that the network drops are recovered by what ffmpeg's own FEC encoder sends, and
# the SRT side is byte-exact.
. "$(dirname "$0")/lib.sh"

make_namespaces
make_ts "$work/generated.ts" 10
start_distributor --interface "$veth"
srt_receiver 9000 "$work/got.ts"
receiver=$last_pid
api POST /api/channels '{"name":"protected","rtp_port":5000,"fec":"auto"}'
channel=$(json .id)
api POST "/api/channels/$channel/start"
add_output "$channel" "srt://127.0.0.1:9000"
wait_for 10 output_is "$channel" "$output" connected
api POST /api/channels '{"name":"other","rtp_port":5002}'
equal "a port that FEC takes is refused to another channel" "409 port_in_use rtp_port" \
  "$status $(json '.error.code + " " + .error.field')"

nsenter --net="/run/netns/$ns_source" "$build/tools/lossy_relay" 7000 10.77.0.2 5000 40 \
  "$work/sent.ts" >"$work/relay" &
relay=$!
pids+=("$relay")
in_source ffmpeg -nostdin -v error -re -i "$work/generated.ts" -c copy -f rtp_mpegts \
  -fec prompeg=l=8:d=5 rtp://127.0.0.1:7000 2>"$work/ffmpeg.log"
sleep 1
stop_pid "$relay"
dropped=$(sed -n 's/.*dropped=//p' "$work/relay")
check "the network dropped packets ($dropped)" test "$dropped" -gt 5
equal "all of them were recovered" "$dropped" "$(channel_counter "$channel" rtp_recovered_fec)"
equal "none is lost" 0 "$(channel_counter "$channel" rtp_lost)"
equal "nothing wrong was recovered" 0 "$(channel_counter "$channel" fec_wrong)"
delivered "$channel" "$output" "$work/sent.ts" "$receiver"
check "the SRT side is byte-exact" cmp "$work/sent.ts" "$work/got.ts"

api PUT "/api/channels/$channel" '{"fec":"off"}'
api POST /api/channels '{"name":"other","rtp_port":5002}'
equal "without FEC its ports are free" 201 "$status"
check "and can be received on" api POST "/api/channels/$(json .id)/start"
check "clean stop" stop_distributor
finish
