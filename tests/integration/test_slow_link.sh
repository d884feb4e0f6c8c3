#!/usr/bin/env bash
# An SRT peer behind a link that is too slow: what it misses is counted.
. "$(dirname "$0")/lib.sh"

make_namespaces
make_ts "$work/generated.ts" 4
in_ns tc qdisc add dev lo root tbf rate 1mbit burst 16kb latency 50ms 2>"$work/tc.log" ||
  skip_all "no token bucket filter here"
start_distributor --interface "$veth"
srt_receiver 9000 "$work/got.ts" 1
receiver=$last_pid
make_channel slow 5000
add_output "$channel" "srt://127.0.0.1:9000?latency=200"
check "the output connects" wait_for 15 output_is "$channel" "$output" connected
send "$work/generated.ts" --bitrate 4M --duration 8 --record "$work/sent.ts" 10.77.0.2:5000 >/dev/null
api GET "/api/channels/$channel"
missed=$(json '.outputs[0].stats.pktSndLossTotal')
again=$(json '.outputs[0].stats.pktRetransTotal')
stop_pid "$receiver"
missing=$(($(size_of "$work/sent.ts") - $(size_of "$work/got.ts")))
check "much is missing at the receiver ($missing bytes)" test "$missing" -gt 500000
check "the peer's losses are counted ($missed packets)" test "$missed" -gt $((missing / 1316 / 2))
check "and what was sent again ($again packets)" test "$again" -gt 0
check "clean stop" stop_distributor
finish
