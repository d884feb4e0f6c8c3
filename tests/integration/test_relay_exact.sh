#!/usr/bin/env bash
# A file sent through XDP and through kernel sockets arrives at an SRT listener byte for byte.
. "$(dirname "$0")/lib.sh"

make_namespaces
make_ts "$work/generated.ts" 4
files=("$work/generated.ts")
for file in "$samples"/*.ts; do
  [ -e "$file" ] && files+=("$file")
done

# relay FILE NAME MODE [SOURCE OPTION...]: one file over one channel to one receiver.
relay() {
  local file=$1 name=$2 mode=$3 receiver sent
  shift 3
  srt_receiver 9000 "$work/got.ts"
  receiver=$last_pid
  # A source that stands still between two packets in disorder has lost none.
  make_channel "$name" 5000 && api PUT "/api/channels/$channel" '{"reorder_ms":1000}' &&
    add_output "$channel" "srt://127.0.0.1:9000" ||
    not_ok "$name: channel made" "$body"
  wait_for 10 output_is "$channel" "$output" connected
  sent=$(send "$file" --record "$work/sent.ts" --speed 4 --json "$@" 10.77.0.2:5000)
  delivered "$channel" "$output" "$work/sent.ts" "$receiver"
  if cmp "$work/sent.ts" "$work/got.ts" >"$work/cmp" 2>&1; then
    ok "$name over $mode: $(size_of "$work/got.ts") bytes equal"
  else
    not_ok "$name over $mode is equal" "$(cat "$work/cmp")" "$sent"
  fi
  equal "$name over $mode: no loss counted" 0 "$(channel_counter "$channel" rtp_lost)"
  api DELETE "/api/channels/$channel"
}

for mode in ${MODES:-xdp xdp-generic udp}; do
  start_distributor --ingest "$mode" --interface "$veth"
  api GET /api/health
  equal "mode in force" "$mode" "$(json '.interfaces[0].mode')"
  for file in "${files[@]}"; do
    relay "$file" "$(basename "$file")" "$mode"
  done
  if [ "$mode" = xdp ]; then
    relay "$work/generated.ts" "near the sequence wrap" "$mode" --sequence 65500
    relay "$work/generated.ts" "TS without RTP" "$mode" --udp
    relay "$work/generated.ts" "reordered and duplicated" "$mode" --reorder 5 --reorder-distance 6 \
      --duplicate 3 --seed 7
    relay "$work/generated.ts" "3 packets a datagram" "$mode" --packets-per-datagram 3
  fi
  check "$mode: clean stop with exit status 0" stop_distributor
done
finish
