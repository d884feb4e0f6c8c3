#!/usr/bin/env bash
# SMPTE 2022-7: one RTP stream over two networks, each of which loses 5 %, reorders and duplicates by itself. What no
# two networks lost comes out byte for byte.
. "$(dirname "$0")/lib.sh"

datagrams=8000 # what one path alone brought is counted some 6000 packets later

make_namespaces
make_ts "$work/film.ts" 4
# It is the distributor that is tested, not what else runs on this machine.
chrt --rr -p 1 $$ 2>/dev/null
start_distributor --interface "$veth"

is_listening() {
  in_source ss -Hlun "sport = :7000" | grep -q .
}

# all_taken: nothing waits for the two networks any more.
all_taken() {
  [ "$(in_source ss -Hlun "sport = :7000" | awk '{print $2}')" = 0 ]
}

# merge NAME SEED0 SEED1 FAULTY: one film over one channel to one receiver.
merge() {
  local name=$1 receiver paths both
  srt_receiver 9000 "$work/got.ts"
  receiver=$last_pid
  api POST /api/channels '{"name":"'"$name"'","rtp_port":5000,"backup":{"rtp_port":5010},
    "failover":{"mode":"merge","merge_ms":1000}}'
  channel=$(json .id)
  api POST "/api/channels/$channel/start"
  add_output "$channel" "srt://127.0.0.1:9000"
  wait_for 10 output_is "$channel" "$output" connected
  nsenter --net="/run/netns/$ns_source" "$build/tools/two_paths" 7000 10.77.0.2 5000 5010 "$2" "$3" "$4" \
    "$work/sent.ts" >"$work/paths" &
  paths=$!
  pids+=("$paths")
  wait_for 20 is_listening
  in_source "$build/media-source" --loop forever --datagrams $datagrams --speed 8 "$work/film.ts" \
    127.0.0.1:7000 >"$work/source"
  wait_for 20 all_taken
  sleep 0.5
  stop_pid "$paths"
  summary=$(cat "$work/paths")
  equal "$name: all went through the networks" "datagrams=$datagrams" "${summary%% *}"
  both=$(sed -n 's/.*both=\([0-9]*\).*/\1/p' <<<"$summary")
  delivered "$channel" "$output" "$work/sent.ts" "$receiver"
  check "$name: the SRT side is byte-exact ($summary)" cmp "$work/sent.ts" "$work/got.ts"
  api GET "/api/channels/$channel"
  equal "$name: lost is what both networks lost" "$both" "$(json .stats.rtp_lost)"
  for path in 0 1; do
    check "$name: packets that path $path alone brought" \
      test "$(json ".stats.path${path}_only")" -gt 0
  done
  equal "$name: both are on the air" "true true" "$(json '[.inputs[].active] | map(tostring) | join(" ")')"
  equal "$name: no switch" 0 "$(json .stats.input_switches)"
  api POST "/api/channels/$channel/switch" '{}'
  equal "$name: nothing to switch" "409 merging" "$status $(json .error.code)"
  api DELETE "/api/channels/$channel"
}

merge "nothing lost twice" 2 17 1500
equal "no packet was lost on both networks" 0 "$(sed -n 's/.*both=\([0-9]*\).*/\1/p' <<<"$summary")"
merge "some lost twice" 1 2 $datagrams
check "packets were lost on both networks" \
  test "$(sed -n 's/.*both=\([0-9]*\).*/\1/p' <<<"$summary")" -gt 0
check "clean stop" stop_distributor
finish
