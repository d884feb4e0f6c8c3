#!/usr/bin/env bash
# SMPTE 2022-1 against ffmpeg's own FEC encoder (8 columns, 5 rows) through networks that lose 1 %, 3 %, and
# bursts as long as a row, media and FEC alike, by seed. tests/tools/fec_solver.c says from what got through
# which packets can be recovered: those are, the others are counted as lost, and the SRT side has exactly the
# rest, all of it where recovery is complete.
#
# The networks lose nothing in the first 300 packets: FEC is in use from its second packet on.
. "$(dirname "$0")/lib.sh"

losses=(1% 3% burst:8) # on ports 5000, 5010, 5020
seeds=(1 2 3)
channels=() outputs=() receivers=() relays=() sources=()

make_namespaces
make_ts "$work/generated.ts" 12 -b:v 4000k
# It is the distributor that is tested, not what else runs on this machine.
chrt --rr -p 1 $$ 2>/dev/null
start_distributor --interface "$veth"
for i in 0 1 2; do
  srt_receiver $((9000 + i)) "$work/got$i.ts"
  receivers[i]=$last_pid
  api POST /api/channels "{\"name\":\"loss ${losses[i]}\",\"rtp_port\":$((5000 + 10 * i)),\"fec\":\"auto\"}"
  channels[i]=$(json .id)
  api POST "/api/channels/${channels[i]}/start"
  add_output "${channels[i]}" "srt://127.0.0.1:$((9000 + i))"
  outputs[i]=$output
done
for i in 0 1 2; do
  wait_for 10 output_is "${channels[i]}" "${outputs[i]}" connected
done
api POST /api/channels '{"name":"other","rtp_port":5002}'
equal "a port that FEC takes is refused to another channel" "409 port_in_use rtp_port" \
  "$status $(json '.error.code + " " + .error.field')"

for i in 0 1 2; do
  nsenter --net="/run/netns/$ns_source" "$build/tools/lossy_relay" $((7000 + 10 * i)) 10.77.0.2 \
    $((5000 + 10 * i)) "${losses[i]}" "${seeds[i]}" "$work/log$i" "$work/reference$i.ts" &
  relays[i]=$!
  pids+=("${relays[i]}")
done
for i in 0 1 2; do
  nsenter --net="/run/netns/$ns_source" ffmpeg -nostdin -v error -re -i "$work/generated.ts" -c copy \
    -f rtp_mpegts -fec prompeg=l=8:d=5 "rtp://127.0.0.1:$((7000 + 10 * i))" 2>"$work/ffmpeg$i.log" &
  sources[i]=$!
  pids+=("${sources[i]}")
done
wait "${sources[@]}"
sleep 1
for i in 0 1 2; do stop_pid "${relays[i]}"; done

# number NAME: of what the solver said.
number() {
  sed -n "s/.*$1=\([0-9]*\).*/\1/p" <<<"$solved"
}

complete=0 incomplete=0
for i in 0 1 2; do
  name=${losses[i]} channel=${channels[i]}
  solved=$("$build/tools/fec_solver" "$work/log$i" "$work/reference$i.ts" "$work/expected$i.ts")
  equal "$name: the log can be solved" 0 $?
  echo "# $name: $solved, FEC $(grep -c 'column.*dropped' "$work/log$i") columns and" \
    "$(grep -c 'row.*dropped' "$work/log$i") rows dropped"
  check "$name: the network dropped packets" test "$(number dropped)" -gt 20
  [ "$(number lost)" -eq 0 ] && complete=1 || incomplete=1
  delivered "$channel" "${outputs[i]}" "$work/expected$i.ts" "${receivers[i]}"
  equal "$name: every packet that can be recovered is" "$(number recoverable)" \
    "$(channel_counter "$channel" rtp_recovered_fec)"
  equal "$name: the others are lost" "$(number lost)" "$(channel_counter "$channel" rtp_lost)"
  equal "$name: all that passed was received" "$(number passed)" \
    "$(channel_counter "$channel" rtp_received)"
  equal "$name: nothing wrong was recovered" 0 "$(channel_counter "$channel" fec_wrong)"
  equal "$name: nothing was recovered too late" 0 "$(channel_counter "$channel" fec_late)"
  sums_close "$name: the sums close" "$channel"
  check "$name: the SRT side is byte-exact" cmp "$work/expected$i.ts" "$work/got$i.ts"
done
check "a recovery that was complete and one that could not be" test "$complete$incomplete" = 11

channel=${channels[0]}
api PUT "/api/channels/$channel" '{"fec":"off"}'
api POST /api/channels '{"name":"other","rtp_port":5002}'
equal "without FEC its ports are free" 201 "$status"
check "and can be received on" api POST "/api/channels/$(json .id)/start"
check "clean stop" stop_distributor
finish
