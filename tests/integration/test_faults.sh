#!/usr/bin/env bash
# Destinations that stop, refuse or never listen cost the others nothing and come back by themselves.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/rtmp_server.sh"

make_namespaces
make_ts "$work/generated.ts" 6
start_distributor --interface "$veth"

srt_receiver 9000 "$work/good.ts"
good=$last_pid
srt_receiver 9001 "$work/stalled.ts" 1
stalled=$last_pid
srt_receiver 9003 "$work/early.ts"
early=$last_pid
make_channel faults 5000
declare -A id
for name in good stalled late early; do
  case $name in good) port=9000 ;; stalled) port=9001 ;; late) port=9002 ;; early) port=9003 ;; esac
  add_output "$channel" "srt://127.0.0.1:$port"
  id[$name]=$output
done
add_output "$channel" "rtmp://127.0.0.1/live/key" # nobody there yet: refused
id[rtmp]=$output
for name in good stalled early; do
  check "$name connects" wait_for 10 output_is "$channel" "${id[$name]}" connected
done
check "an SRT destination that never listens is retried" \
  wait_for 10 output_is "$channel" "${id[late]}" retrying
check "a refused RTMP destination is retried" \
  wait_for 10 output_is "$channel" "${id[rtmp]}" retrying
api GET "/api/channels/$channel"
equal "the reason in words" "cannot connect: Connection refused" \
  "$(json ".outputs[] | select(.id == \"${id[rtmp]}\") | .last_error")"

send "$work/generated.ts" --loop 3 --record "$work/sent.ts" 10.77.0.2:5000 >"$work/summary" &
source_pid=$!
pids+=("$source_pid")
sleep 1
kill -STOP "$stalled" # takes nothing any more
kill -KILL "$early"   # vanishes without a word
sleep 1
srt_receiver 9002 "$work/late.ts" # appears
rtmp_server
check "the late SRT destination connects by itself" \
  wait_for 40 output_is "$channel" "${id[late]}" connected
check "the RTMP server is reached by itself" \
  wait_for 40 output_is "$channel" "${id[rtmp]}" connected
check "a vanished SRT destination is noticed" \
  wait_for 20 output_is "$channel" "${id[early]}" retrying
wait "$source_pid"
srt_receiver 9003 "$work/early-again.ts"
check "and comes back by itself" wait_for 40 output_is "$channel" "${id[early]}" connected
api GET "/api/channels/$channel"
equal "its reconnect is counted" 1 \
  "$(json ".outputs[] | select(.id == \"${id[early]}\") | .reconnects")"
equal "the good output never reconnected" 0 \
  "$(json ".outputs[] | select(.id == \"${id[good]}\") | .reconnects")"
kill -CONT "$stalled"
delivered "$channel" "${id[good]}" "$work/sent.ts" "$good"
check "the good output is byte-exact" cmp "$work/sent.ts" "$work/good.ts"
check "the late output got a stream" has_bytes "$work/late.ts" 100000
check "clean stop" stop_distributor
finish
