#!/usr/bin/env bash
# 300 ms there and back, and every tenth packet lost, both ways: with a latency that fits, srt-live-transmit, ffmpeg
# and GStreamer get every byte, and the statistics say what it took. With one that does not, the loss is counted. And
# packets lost just before the source falls silent end no connection.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/srt_peers.sh"

need_peers srt-live-transmit ffmpeg gst-launch-1.0
make_namespaces
make_ts "$work/generated.ts" 4
start_distributor --interface "$veth"
make_channel network 5000
peer_latency=5000 # sixteen round trips: of ten million packets not one is lost again and again for so long
round_trip=300 loss=10
outputs=() receivers=() relays=() files=()

# relayed PORT SEED: what comes to PORT goes to PORT + 1 over the bad network.
relayed() {
  background "$build/tools/udp_relay" "$1" $(($1 + 1)) "delay=$((round_trip / 2))" "loss=$loss" "seed=$2" \
    >"$work/relay.$1"
  relays+=("$last_pid")
}

# call PORT QUERY: an output that calls over the relay.
call() {
  wait_for 10 listening $(($1 + 1))
  add_output "$channel" "srt://127.0.0.1:$1?conntimeo=10000&$2" || not_ok "the output is taken" "$body"
  outputs+=("$output")
}

port=9000
for peer in "${all_peers[@]}"; do
  port=$((port + 10))
  relayed "$port" "$port"
  files+=("$work/$peer.ts")
  peer_receive "$peer" "srt://127.0.0.1:$((port + 1))?mode=listener&passphrase=correct-horse-battery" "$work/$peer.ts"
  receivers+=("$last_pid")
  call "$port" "latency=$peer_latency&passphrase=correct-horse-battery"
done
# The one whose latency is a single round trip and a half.
relayed 9100 1
peer_latency=450 peer_receive srt-live-transmit "srt://127.0.0.1:9101?mode=listener" "$work/short.ts"
receivers+=("$last_pid")
call 9100 "latency=450"
short=$output

check "all connect in spite of it" wait_for 90 all_are connected "${outputs[@]}"
send "$work/generated.ts" --loop 4 --record "$work/sent.ts" 10.77.0.2:5000 >"$work/summary"
sent=$(size_of "$work/sent.ts") packets=$(($(size_of "$work/sent.ts") / 1316))
for output in "${outputs[@]}"; do wait_for 10 output_sent "$channel" "$output" "$sent"; done
# A loss is noticed by what comes behind it: so something does.
send "$work/generated.ts" --duration 1 10.77.0.2:5000 >/dev/null
all_received "$work/sent.ts" "${files[@]}"
sleep $((patience > 1 ? 4 : 2)) # a look at the statistics

# between NAME LOW HIGH VALUE
between() {
  if jq -ne "$4 >= $2 and $4 <= $3" >/dev/null; then ok "$1: $4 of $2 to $3"; else not_ok "$1" "$4 is not in $2 to $3"; fi
}

api GET "/api/channels/$channel"
for i in "${!all_peers[@]}"; do
  peer=${all_peers[i]} output=${outputs[i]}
  between "$peer: msRTT" $((round_trip * 9 / 10)) $((round_trip * 3 / 2)) "$(field "$output" .stats.msRTT)"
  between "$peer: pktSentUniqueTotal" "$packets" $((packets * 11 / 10)) "$(field "$output" .stats.pktSentUniqueTotal)"
  # A tenth is lost, what is sent again too, and what was on its way is now and then asked for twice.
  between "$peer: pktRetransTotal" $((packets / 20)) $((packets / 2)) "$(field "$output" .stats.pktRetransTotal)"
  between "$peer: pktSndLossTotal" $((packets / 20)) $((packets / 2)) "$(field "$output" .stats.pktSndLossTotal)"
  between "$peer: byteRetransTotal a packet" 188 1456 \
    "$(field "$output" '.stats.byteRetransTotal / .stats.pktRetransTotal | round')"
  between "$peer: pktRecvNAKTotal" 10 "$packets" "$(field "$output" .stats.pktRecvNAKTotal)"
  between "$peer: msSndTsbPdDelay" "$peer_latency" "$peer_latency" "$(field "$output" .stats.msSndTsbPdDelay)"
  equal "$peer: nothing given up" 0 "$(field "$output" .stats.byteSndDropTotal)"
done
missed=$(field "$short" .stats.pktSndLossTotal)
check "450 ms are too short: $missed packets were reported missing" test "$missed" -gt $((packets / 20))

api DELETE "/api/channels/$channel"
end_peers "${receivers[@]}"
for i in "${!all_peers[@]}"; do
  if cmp -n "$sent" "$work/sent.ts" "${files[i]}" >"$work/cmp" 2>&1; then
    ok "${all_peers[i]}: byte for byte"
  else
    not_ok "${all_peers[i]}: byte for byte" "$(cat "$work/cmp")" "of $sent bytes: $(size_of "${files[i]}")"
  fi
done
for pid in "${relays[@]}"; do stop_pid "$pid"; done
read -r _ passed lost _ <"$work/relay.9010"
between "the relay did lose packets, per cent" $((loss / 2)) $((loss * 2)) $((100 * lost / (passed + lost)))

# What was lost last waits in the send buffer, and nobody acknowledges it: the peer misses it when something follows.
relays=() loss=0
make_channel silence 5000
relayed 9200 1
peer_latency=1000 peer_receive srt-live-transmit "srt://127.0.0.1:9201?mode=listener" "$work/silence.ts"
receivers=("$last_pid")
call 9200 "peeridletimeo=5000"
check "a receiver connects" wait_for 30 output_is "$channel" "$output" connected
send_endlessly "$work/generated.ts" 10.77.0.2:5000
wait_for 10 has_bytes "$work/silence.ts" 200000
kill -USR1 "${relays[0]}"
sleep 0.2
stop_pid "$source_pid"
sleep 0.5 # the last message is short, and waits a little for more
kill -USR2 "${relays[0]}"
sleep 8
api GET "/api/channels/$channel"
check "the last packets are lost, and the source is silent" test "$(field "$output" .stats.pktSndBuf)" -gt 0
equal "the connection lasts for longer than peeridletimeo" "" \
  "$(sed -n '/channel "silence"/s/.*\(trying again\).*/\1/p' "$work/distributor.log")"
had=$(size_of "$work/silence.ts")
send "$work/generated.ts" --duration 1 10.77.0.2:5000 >/dev/null
check "it takes what comes next" wait_for 10 has_bytes "$work/silence.ts" $((had + 100000))
api DELETE "/api/channels/$channel"
end_peers "${receivers[@]}"
stop_pid "${relays[0]}"
check "clean stop" stop_distributor
finish
