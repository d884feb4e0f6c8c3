#!/usr/bin/env bash
# Bursts to many SRT receivers over a line that takes some time for each: packets wait for it, in the socket and before it,
# and none is thrown away on this side and then sent again.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/srt_peers.sh"

receivers=8

need_peers srt-live-transmit
make_namespaces
make_ts "$work/generated.ts" 4
# Twice what the stream needs; the queue before it holds everything.
in_ns tc qdisc add dev lo root tbf rate 160mbit burst 32kb limit 8000000 2>"$work/tc.log" ||
  skip_all "no token bucket filter here"
start_distributor --interface "$veth"
make_channel burst 5000
pids_of=() outputs=()
for ((i = 0; i < receivers; i++)); do
  peer_receive srt-live-transmit "srt://127.0.0.1:$((9000 + i))?mode=listener" "$work/got.$i"
  pids_of+=("$last_pid")
  add_output "$channel" "srt://127.0.0.1:$((9000 + i))?latency=$peer_latency"
  outputs+=("$output")
done
for output in "${outputs[@]}"; do
  check "an output connects" wait_for 20 output_is "$channel" "$output" connected
done
send "$work/generated.ts" --bitrate 10M --duration 5 --record "$work/sent.ts" 10.77.0.2:5000 >/dev/null
for output in "${outputs[@]}"; do wait_for 10 output_sent "$channel" "$output" "$(size_of "$work/sent.ts")"; done
for ((i = 0; i < receivers; i++)); do all_received "$work/sent.ts" "$work/got.$i"; done
sleep $((patience + 2)) # a look at the statistics
api GET "/api/channels/$channel"
sent=$(json '[.outputs[].stats.pktSentUniqueTotal] | add')
again=$(json '[.outputs[].stats.pktRetransTotal] | add')
# What a receiver that was held up had no room for is asked for again, twice or more where the answer takes its time.
overflowed=$(in_ns ss -Hlunm '( sport >= :9000 and sport <= :9099 )' | grep -o ',d[0-9]*)' | tr -dc '0-9\n' | awk '{ n += $1 } END { print n + 0 }')
echo "# $overflowed packets found no room at a receiver"
check "of $sent packets $again were sent again" test $(((again - 3 * overflowed) * 100)) -lt "$sent"
api DELETE "/api/channels/$channel"
end_peers "${pids_of[@]}"
for ((i = 0; i < receivers; i++)); do
  check "receiver $i has every byte" cmp "$work/sent.ts" "$work/got.$i"
done
check "clean stop" stop_distributor
finish
