#!/usr/bin/env bash
# Every packet is accounted for: a known number goes through a veth pair with every kind of fault, and each counter
# says exactly what it should. docs/INTERNALS.md, "Where a packet can go", has the sums.
. "$(dirname "$0")/lib.sh"

make_namespaces
make_ts "$work/generated.ts" 3
ip -n "$ns_source" addr add 10.77.0.3/24 dev "$veth_source"

declare -A want # counter: what it must be by now

# add NAME N: the counter grows by that.
add() {
  want[$1]=$((${want[$1]:-0} + $2))
}

# source ARGUMENT...: send with faults; what media-source reports goes to made, dropped, duplicated, reordered,
# sent and bytes.
source_faults() {
  send "$work/generated.ts" --bitrate 20M --json "$@" >"$work/report" || not_ok "media-source runs"
  read -r made dropped duplicated reordered sent bytes < <(
    jq -r '"\(.datagrams) \(.dropped) \(.duplicated) \(.reordered) \(.sent) \(.bytes)"' "$work/report"
  )
  add datagrams_received "$sent"
  add rtp_received "$sent"
}

# datagram HEX...: one UDP datagram to port 5000 from the source namespace.
datagram() {
  in_source bash -c 'printf "$1" >/dev/udp/10.77.0.2/5000' - "$1"
}

settled() {
  api GET "/api/channels/$channel" &&
    [ "$(json .stats.datagrams_received)" = "${want[datagrams_received]}" ] &&
    [ "$(json .stats.rtp_held)" = 0 ]
}

# counter_is NAME VALUE
counter_is() {
  [ "$(channel_counter "$channel" "$1")" = "$2" ]
}

# all_dealt_with N: so many more were received or dropped.
all_dealt_with() {
  api GET "/api/channels/$channel" &&
    [ $(($(json '.stats | .datagrams_received + .dropped_rate'))) = $((want[datagrams_received] + $1)) ]
}

# verify NAME: all counters are as expected, and the sums close.
verify() {
  local name expected='' got=''
  wait_for 20 settled
  for name in $(printf '%s\n' "${!want[@]}" | sort); do
    expected+="$name=${want[$name]} "
    got+="$name=$(json ".stats.$name") "
  done
  equal "$1: each counter" "$expected" "$got"
  sums_close "$1: the sums close" "$channel"
}

for mode in xdp udp; do
  want=([rtp_restarts]=0 [rtp_lost]=0 [rtp_late]=0 [rtp_stray]=0 [rtp_malformed]=0)
  start_distributor --ingest "$mode" --interface "$veth"
  srt_receiver 9000 "$work/got.ts"
  receiver=$last_pid
  make_channel conservation 5000
  api PUT "/api/channels/$channel" '{"reorder_ms":1000}' # a source that stands still meanwhile has lost nothing
  add_output "$channel" "srt://127.0.0.1:9000"
  wait_for 10 output_is "$channel" "$output" connected

  # Loss, copies and disorder, all three at once.
  source_faults --seed 3 --datagrams 3000 --loop forever --drop 2 --duplicate 3 --reorder 5 \
    --reorder-distance 8 --record "$work/faults.ts" 10.77.0.2:5000
  check "$mode: there were faults of each kind ($dropped, $duplicated, $reordered)" \
    test $((dropped > 20 && duplicated > 20 && reordered > 20)) = 1
  add rtp_emitted $((made - dropped))
  add rtp_lost "$dropped"
  add rtp_duplicates "$duplicated"
  add rtp_reordered "$reordered"
  add bytes_received "$bytes"
  verify "$mode: loss, copies, disorder"

  # Another source takes over; no loss.
  source_faults --seed 4 --datagrams 500 --record "$work/restart.ts" 10.77.0.2:5000
  add rtp_restarts 1
  add rtp_emitted "$made"
  add bytes_received "$bytes"
  verify "$mode: a restart"

  # What is no RTP, or no TS.
  for _ in 1 2 3; do datagram '\x80\x21'; done
  for _ in 1 2; do datagram '\x40\x21\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01'; done
  datagram '\x80\x21\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01\x47\x00\x00'
  add datagrams_received 6
  add rtp_received 6
  add rtp_malformed 6
  add rejected_truncated 3
  add rejected_version 2
  add rejected_size 1
  verify "$mode: malformed"

  # With nothing to wait, what was overtaken is lost first and late then.
  sleep 1.2 # a silence: the next source is believed from its first packet on
  api PUT "/api/channels/$channel" '{"reorder_ms":0}'
  sleep 0.5
  source_faults --seed 5 --datagrams 2000 --loop forever --reorder 3 --reorder-distance 3 10.77.0.2:5000
  add rtp_restarts 1
  add rtp_emitted $((made - reordered))
  add rtp_lost "$reordered"
  add rtp_late "$reordered"
  add bytes_received $((bytes - reordered * 1316))
  verify "$mode: too late"

  # Bare TS has no sequence: what comes is passed on.
  send "$work/generated.ts" --udp --bitrate 20M --datagrams 300 --json 10.77.0.2:5000 >"$work/report"
  add datagrams_received 300
  add bytes_received "$(jq .bytes "$work/report")"
  verify "$mode: without RTP"

  # Strangers, and more than the ceiling.
  api PUT "/api/channels/$channel" '{"sources":["10.77.0.1"]}'
  send "$work/generated.ts" --bitrate 20M --datagrams 700 --source 10.77.0.3 10.77.0.2:5000 >/dev/null
  add dropped_stranger 700
  add dropped_rate 0
  add dropped_socket 0
  wait_for 20 counter_is dropped_stranger 700
  verify "$mode: strangers"
  api PUT "/api/channels/$channel" '{"sources":[],"max_pps":300}'
  began=$(date +%s%N)
  send "$work/generated.ts" --udp --bitrate 20M --datagrams 1500 10.77.0.2:5000 >/dev/null
  took_ms=$((($(date +%s%N) - began) / 1000000))
  wait_for 20 all_dealt_with 1500
  passed=$(($(json .stats.datagrams_received) - want[datagrams_received]))
  most=$((64 + 300 * took_ms / 1000 + 1)) # a burst, and what the time that it took allows
  check "$mode: of 1500 datagrams in $took_ms ms $passed pass a ceiling of 300 a second" \
    test $((passed > 64 && passed <= most)) = 1
  add datagrams_received "$passed"
  add bytes_received $((passed * 1316))
  add dropped_rate $((1500 - passed))
  verify "$mode: too many"

  wait_for 10 output_sent "$channel" "$output" "${want[bytes_received]}"
  equal "$mode: the output got all that the channel did" "${want[bytes_received]} 0" \
    "$(json ".outputs[0].stats | \"\(.bytes_sent) \(.packets_lost)\"")"
  wait_for 10 has_written "$receiver" "${want[bytes_received]}"
  sleep 1
  stop_pid "$receiver"
  equal "$mode: and so did its peer" "${want[bytes_received]}" "$(size_of "$work/got.ts")"
  check "$mode: byte for byte, as far as nothing was late" cmp \
    -n $(($(size_of "$work/faults.ts") + $(size_of "$work/restart.ts"))) \
    <(cat "$work/faults.ts" "$work/restart.ts") "$work/got.ts"

  # Two paths, each of which loses 50 packets, ten of them both: every other comes once.
  api POST /api/channels '{"name":"two paths","rtp_port":5100,"backup":{"rtp_port":5200},
    "failover":{"mode":"merge","merge_ms":1000}}'
  channel=$(json .id)
  api POST "/api/channels/$channel/start"
  pids_of_paths=()
  for path in 5100:100-149 5200:140-189; do
    send "$work/generated.ts" --bitrate 10M --loop forever --datagrams 2000 --ssrc 7 --sequence 65000 \
      --timestamp 0 --drop-list "${path#*:}" "10.77.0.2:${path%:*}" >/dev/null &
    pids_of_paths+=($!)
  done
  wait "${pids_of_paths[@]}"
  want=([datagrams_received]=3900 [rtp_received]=3900 [rtp_emitted]=1990 [rtp_lost]=10
    [rtp_duplicates]=1910 [rtp_restarts]=0 [rtp_stray]=0 [rtp_malformed]=0
    [path0_received]=1950 [path1_received]=1950)
  verify "$mode: two paths"
  check "$mode: clean stop" stop_distributor
  rm -r "$work/config"
done
finish
