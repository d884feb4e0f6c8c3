#!/usr/bin/env bash
# Two different sources, of which the one that is relayed is cut off again and again: 100 switches in both directions,
# each within timeout_ms + 100 ms, and what comes out is a valid TS. Then by hand, and the events of it all.
. "$(dirname "$0")/lib.sh"

switches=100 timeout_ms=200
limit_ms=$(((timeout_ms + 100) * patience))

make_namespaces
make_ts "$work/film.ts" 4
make_ts "$work/grey.ts" 4 -vf hue=s=0
# Long enough not to end meanwhile; one at a constant bit rate, the other not.
in_source ffmpeg -nostdin -v error -stream_loop 29 -i "$work/film.ts" -c copy -muxrate 3M "$work/primary.ts"
in_source ffmpeg -nostdin -v error -stream_loop 29 -i "$work/grey.ts" -c copy "$work/backup.ts"
# It is the distributor that is measured, not what else runs on this machine.
chrt --rr -p 1 $$ 2>/dev/null
start_distributor --interface "$veth"
mkfifo "$work/relayed"
before_all=(chrt --rr 2) # so that the stopwatch is kept waiting by nobody here
"${before_all[@]}" true 2>/dev/null || before_all=()
timeout 120 "${before_all[@]}" nsenter --net="/run/netns/$ns_source" "$build/tools/failover_gate" 7000 10.77.0.2 5000 5010 \
  $switches "$work/got.ts" <"$work/relayed" >"$work/gate" &
pids+=($!)
background stdbuf -o0 srt-live-transmit -q -a no "srt://127.0.0.1:9000?mode=listener&latency=60" file://con \
  >"$work/relayed" 2>"$work/receiver.log"
api POST /api/channels "{\"name\":\"News\",\"rtp_port\":5000,\"backup\":{\"rtp_port\":5010},
  \"failover\":{\"timeout_ms\":$timeout_ms}}"
channel=$(json .id)
api POST "/api/channels/$channel/start"
add_output "$channel" "srt://127.0.0.1:9000?latency=60"
wait_for 10 output_is "$channel" "$output" connected
for i in 0 1; do
  name=(primary backup)
  nsenter --net="/run/netns/$ns_source" "$build/media-source" --loop forever --seed $((i + 1)) \
    "$work/${name[i]}.ts" "127.0.0.1:$((7000 + i))" >"$work/source$i" &
  pids+=($!)
  wait_for 10 channel_is "$channel" receiving # the primary comes first
done
gate_is_done() {
  grep -q '^switches=' "$work/gate"
}
wait_for 90 gate_is_done
summary=$(tail -1 "$work/gate")
equal "it switches $switches times" "switches=$switches" "${summary%% *}"
longest_ms=$(sed -n 's/.*longest_ms=\([0-9]*\).*/\1/p' <<<"$summary")
check "each within $limit_ms ms, the longest took $longest_ms" test "${longest_ms:-99999}" -le $limit_ms
equal "half of them to the backup" $((switches / 2)) "$(grep -c 'to backup' "$work/gate")"
equal "nothing of a source that was left" 0 "${summary##*mixed=}"

head -c $(($(size_of "$work/got.ts") / 188 * 188)) "$work/got.ts" >"$work/all.ts"
# The film has a pause of 130 ms in its PCRs where it begins again.
report=$("$build/tools/ts_check" "$work/all.ts" 150)
equal "a valid TS" "errors=0" "$(grep -o 'errors=.*' <<<"$report")"
while read -r line; do echo "# $line"; done <<<"$report"
frames=$(ffprobe -v quiet -count_frames -select_streams v -show_entries stream=nb_read_frames \
  -of default=nw=1:nk=1 "$work/all.ts" | head -1)
check "which decodes ($frames frames)" test "${frames:-0}" -gt 100

api GET "/api/channels/$channel"
equal "switches are counted" $switches "$(json .stats.input_switches)"
check "and what was inserted" test "$(json .stats.packets_inserted)" -ge $((switches * 4))
api GET "/api/events?after=0&limit=1000"
filter='[.events[] | select(.type == "input_switched")]'
equal "each switch is an event of the channel" "$switches" \
  "$(json "$filter | map(select(.subject == \"$channel\")) | length")"
equal "with its cause" "channel \"News\": switched to backup: no TS for $timeout_ms ms" \
  "$(json "${filter}[0].text")"

both_receive() {
  api GET "/api/channels/$channel" && [ "$(json '[.inputs[].state] | unique[]')" = receiving ]
}
wait_for 20 both_receive
for name in backup primary backup; do
  api POST "/api/channels/$channel/switch" "{\"input\":\"$name\"}"
  equal "by hand to the $name" "200 $name" \
    "$status $(json '.inputs[] | select(.active) | .name')"
done
api PUT "/api/channels/$channel" '{"failover":{"timeout_ms":150}}'
stop_pid "${pids[-1]}"
primary_is_active() {
  api GET "/api/channels/$channel" && [ "$(json '.inputs[] | select(.active) | .name')" = primary ]
}
check "and away from it when it ends" wait_for 5 primary_is_active
api GET "/api/events?after=0&limit=1000"
equal "by what is set by then" "channel \"News\": switched to primary: no TS for 150 ms" \
  "$(json '[.events[] | select(.type == "input_switched")] | last | .text')"
api POST "/api/channels/$channel/switch" '{"input":"backup"}'
equal "to which there is no way back" "409 input_dead" "$status $(json .error.code)"
check "clean stop" stop_distributor
finish
