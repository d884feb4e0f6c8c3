#!/usr/bin/env bash
# Adding and removing outputs, in every state, loses no packet on a sibling.
. "$(dirname "$0")/lib.sh"

make_namespaces
make_ts "$work/generated.ts" 6
start_distributor --interface "$veth"
srt_receiver 9000 "$work/got.ts"
sibling=$last_pid
srt_receiver 9001 /dev/null # accepts one of the passing outputs at a time
make_channel churn 5000
add_output "$channel" "srt://127.0.0.1:9000"
wait_for 10 output_is "$channel" "$output" connected
sibling_output=$output

send "$work/generated.ts" --loop 2 --record "$work/sent.ts" 10.77.0.2:5000 >"$work/summary" &
source_pid=$!
pids+=("$source_pid")
made=0 removed=0
for i in $(seq 50); do
  case $((i % 5)) in
    0) url="srt://127.0.0.1:9001" ;;          # connects
    1) url="srt://127.0.0.1:$((9100 + i))" ;;  # nobody listens
    2) url="rtmp://127.0.0.1:19350/live/k$i" ;; # refused
    3) url="srt://no-such-host.invalid:9002" ;; # cannot be resolved
    4) url="srt://127.0.0.1:9001?passphrase=wrong-secret" ;;
  esac
  add_output "$channel" "$url" && made=$((made + 1))
  [ $((i % 3)) -eq 0 ] || sleep 0.05
  api DELETE "/api/channels/$channel/outputs/$output" && removed=$((removed + 1))
done
equal "50 outputs came" 50 "$made"
equal "50 outputs went" 50 "$removed"
check "the source was still sending" kill -0 "$source_pid"
wait "$source_pid"
delivered "$channel" "$sibling_output" "$work/sent.ts" "$sibling"
api GET "/api/channels/$channel"
equal "one output is left" "$sibling_output" "$(json '[.outputs[].id] | join(" ")')"
equal "no reconnect on the sibling" 0 "$(json '.outputs[0].reconnects')"
check "the sibling is byte-exact" cmp "$work/sent.ts" "$work/got.ts"
check "clean stop" stop_distributor
finish
