#!/usr/bin/env bash
# ffmpeg as the SRT receiver, in the clear and encrypted: every packet of every stream, with its time
# stamps, as in the source file.
. "$(dirname "$0")/lib.sh"

make_namespaces
make_ts "$work/generated.ts" 4
start_distributor --interface "$veth"

# hashes INPUT OUTPUT: one line a packet, with its time stamps and the hash of its payload.
hashes=(-map 0 -c copy -f framehash -hash md5)
ffmpeg -nostdin -v error -y -i "$work/generated.ts" "${hashes[@]}" "$work/wanted"

# has_packets NUMBER: so many have been received.
has_packets() {
  [ "$(grep -vc '^#' "$work/got")" -ge "$1" ]
}

receive() { # receive NAME QUERY
  local receiver
  rm -f "$work/got"
  background ffmpeg -nostdin -v error -y -analyzeduration 1000000 -i "srt://127.0.0.1:9000?mode=listener&$2" "${hashes[@]}" \
    -flush_packets 1 "$work/got"
  receiver=$last_pid
  make_channel "$1" 5000
  add_output "$channel" "srt://127.0.0.1:9000?$2"
  check "$1: ffmpeg is reached" wait_for 60 output_is "$channel" "$output" connected
  send "$work/generated.ts" --record "$work/sent.ts" 10.77.0.2:5000 >/dev/null
  wait_for 10 output_sent "$channel" "$output" "$(size_of "$work/sent.ts")"
  # The last ones, eleven here, it gives on only when nothing comes any more.
  wait_for 30 has_packets $(($(grep -vc '^#' "$work/wanted") - 20))
  sleep 2
  api DELETE "/api/channels/$channel"
  wait_for 30 bash -c "! kill -0 $receiver"
  check "$1: $(grep -vc '^#' "$work/got") packets as in the source" cmp "$work/wanted" "$work/got"
}

latency=3000 # ms: who is held up for less loses nothing
receive clear "latency=$latency"
receive encrypted "latency=$latency&passphrase=correct-horse-battery&pbkeylen=32"
check "clean stop" stop_distributor
finish
