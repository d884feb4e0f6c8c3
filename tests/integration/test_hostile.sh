#!/usr/bin/env bash
# Truncated, non-RTP, wrong-version, non-TS and fragmented datagrams are counted by reason; so are ten thousand
# sources of one packet each, forged jumps of the sequence and wrong FEC. The stream beside them stays whole, and
# memory bounded. So it does while allowlists of thousands of prefixes, good and bad, come and go.
. "$(dirname "$0")/lib.sh"

make_namespaces
make_ts "$work/generated.ts" 3
inode=$(in_ns stat -Lc %i /proc/self/ns/net)

# datagram HEX...: one UDP datagram to port 5000 from the source namespace.
datagram() {
  in_source bash -c 'printf "$1" >/dev/udp/10.77.0.2/5000' - "$1"
}

# repeat TEXT N
repeat() {
  local i
  for ((i = 0; i < $2; i++)); do printf '%s' "$1"; done
}

# received N: so many datagrams have got to the channel.
received() {
  [ "$(channel_counter "$channel" datagrams_received)" = "$1" ]
}

# prefixes N: a body with so many sources, the sender's own address among them.
prefixes() {
  jq -nc "{sources: ([\"10.77.0.1\"] + [range($1 - 1) | \"172.16.\\(. / 256 | floor).\\(. % 256)\"])}"
}

# resident: kB of the distributor.
resident() {
  awk '/^Rss:/ {print $2}' "/proc/$distributor_pid/smaps_rollup"
}

rtp='\x80\x21\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01'
packet="\\x47\\x1f\\xff\\x10$(repeat '\xff' 184)"

for mode in xdp udp; do
  start_distributor --ingest "$mode" --interface "$veth"
  srt_receiver 9000 "$work/got.ts"
  receiver=$last_pid
  make_channel hostile 5000
  add_output "$channel" "srt://127.0.0.1:9000"
  wait_for 10 output_is "$channel" "$output" connected

  for _ in 1 2 3; do datagram '\x80\x21'; done                                     # truncated
  datagram '\x9f\x21\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01'                       # CSRCs missing
  datagram '\x40\x21\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01'                       # version 1
  datagram "\\xa0${rtp:4}${packet%????}\\xff"                                       # padding 255
  datagram "${rtp}\\x47\\x00\\x00"                                                  # not 188 bytes
  datagram "${rtp}$(repeat '\x00' 188)"                                             # not TS
  for _ in 1 2 3 4 5; do datagram 'GET / HTTP/1.1'; done                            # 'G' is 0x47
  wait_for 5 received 13
  equal "$mode: truncated" 4 "$(channel_counter "$channel" rejected_truncated)"
  equal "$mode: wrong version" 1 "$(channel_counter "$channel" rejected_version)"
  equal "$mode: padding" 1 "$(channel_counter "$channel" rejected_padding)"
  equal "$mode: no multiple of 188" 6 "$(channel_counter "$channel" rejected_size)"
  equal "$mode: no TS sync" 1 "$(channel_counter "$channel" rejected_sync)"
  equal "$mode: nothing of it was relayed" 0 "$(channel_counter "$channel" bytes_received)"

  # A datagram above the MTU is fragmented: XDP passes it on, the kernel's socket delivers it whole.
  datagram "${rtp}$(repeat "$packet" 10)"
  check "$mode: a fragmented datagram arrives" wait_for 5 received 14
  equal "$mode: with its 10 packets" 1880 "$(channel_counter "$channel" bytes_received)"
  if [ "$mode" = xdp ]; then
    fragments=$(bpftool -j map dump pinned "/sys/fs/bpf/medialive-distributor/v1/$veth@$inode/verdicts" |
      jq '[.. | .formatted? | objects | select(.key == 5) | .values[].value.packets] | add')
    check "fragments are counted ($fragments)" test "${fragments:-0}" -ge 2
  fi

  send "$work/generated.ts" --record "$work/sent.ts" 10.77.0.2:5000 >/dev/null
  delivered "$channel" "$output" "$work/sent.ts" "$receiver"
  check "$mode: the stream beside them is byte-exact" \
    cmp "$work/sent.ts" <(tail -c +1881 "$work/got.ts")
  api DELETE "/api/channels/$channel"

  # 40,000 datagrams in five seconds beside a stream that lasts longer: a source of one packet, a jump, FEC for both.
  srt_receiver 9001 "$work/good.ts"
  receiver=$last_pid
  api POST /api/channels '{"name":"flooded","rtp_port":5100,"fec":"auto"}'
  channel=$(json .id)
  api POST "/api/channels/$channel/start"
  add_output "$channel" "srt://127.0.0.1:9001"
  wait_for 10 output_is "$channel" "$output" connected
  nsenter --net="/run/netns/$ns_source" "$build/media-source" "$work/generated.ts" --loop forever --bitrate 4M \
    --ssrc 0x77 --sequence 100 --record "$work/sent.ts" 10.77.0.2:5100 >/dev/null &
  source_pid=$!
  pids+=("$source_pid")
  sleep 1
  memory=$(resident)
  in_source "$build/tools/rtp_flood" 10.77.0.2 5100 40000 8000 0x77 >"$work/flood"
  grown=$(($(resident) - memory))
  sleep 1
  stop_pid "$source_pid"
  delivered "$channel" "$output" "$work/sent.ts" "$receiver"
  api GET "/api/channels/$channel"
  equal "$mode: sources of one packet and jumps are strays, no restart, no loss" \
    "$(sed 's/ .*//' "$work/flood") 0 0" \
    "strays=$(json '.stats | "\(.rtp_stray) \(.rtp_restarts) \(.rtp_lost)"')"
  equal "$mode: wrong FEC is counted and recovers nothing" "$(sed 's/.* //' "$work/flood") 0" \
    "fec=$(json '.stats | "\(.fec_received) \(.rtp_recovered_fec)"')"
  sums_close "$mode: the sums close" "$channel"
  api DELETE "/api/channels/$channel"
  check "$mode: the stream amid the flood is byte-exact" cmp "$work/sent.ts" "$work/good.ts"
  case $build in
    */asan | */tsan) ;; # a sanitizer's memory is not the program's
    *) check "$mode: memory has grown by $grown kB, at most 4096" test "$grown" -le 4096 ;;
  esac

  # Lists of thousands, good and bad, come and go on the air. In XDP 16 channels of them fill the table.
  srt_receiver 9002 "$work/guarded.ts"
  receiver=$last_pid
  api POST /api/channels '{"name":"guarded","rtp_port":5200,"sources":["10.77.0.1"]}'
  channel=$(json .id)
  api POST "/api/channels/$channel/start"
  add_output "$channel" "srt://127.0.0.1:9002"
  wait_for 10 output_is "$channel" "$output" connected
  send "$work/generated.ts" --loop forever --duration 7 --bitrate 4M --record "$work/sent.ts" \
    10.77.0.2:5200 >/dev/null &
  source_pid=$!
  pids+=("$source_pid")
  memory=$(resident)
  equal "$mode: 4096 prefixes are taken" "200 4096" \
    "$(api PUT "/api/channels/$channel" "$(prefixes 4096)" && echo "$status $(json '.sources | length')")"
  api PUT "/api/channels/$channel" "$(prefixes 4097)"
  equal "$mode: 4097 are refused" "409 limit sources" "$status $(json '.error | .code + " " + .field')"
  api PUT "/api/channels/$channel" "$(prefixes 4096 | sed 's/172.16.9.9"/172.16.9.9\/8"/')"
  equal "$mode: a bad one among them is named" "422 invalid_value sources[2314]" \
    "$status $(json '.error | .code + " " + .field')"
  if [ "$mode" = xdp ]; then
    for port in $(seq 6001 6016); do
      api POST /api/channels "{\"name\":\"list $port\",\"rtp_port\":$port,$(prefixes 4096 | cut -c2-)" &&
        api POST "/api/channels/$(json .id)/start"
    done
    equal "$mode: a list that the table has no room for is refused" "409 limit" \
      "$status $(json .error.code)"
    api PUT "/api/channels/$channel" "$(prefixes 4095)"
    equal "$mode: also in the place of another one" 409 "$status"
    api PUT "/api/channels/$channel" '{"max_pps":100000}'
    equal "$mode: a ceiling needs no room" 200 "$status"
  fi
  grown=$(($(resident) - memory))
  wait "$source_pid"
  delivered "$channel" "$output" "$work/sent.ts" "$receiver"
  check "$mode: the stream beside the lists is byte-exact" cmp "$work/sent.ts" "$work/guarded.ts"
  equal "$mode: no packet of it was a stranger's" 0 "$(channel_counter "$channel" dropped_stranger)"
  case $build in
    */asan | */tsan) ;;
    *) check "$mode: memory has grown by $grown kB, at most 100 MB" test "$grown" -le 102400 ;;
  esac
  check "$mode: clean stop" stop_distributor
  rm -r "$work/config"
done
finish
