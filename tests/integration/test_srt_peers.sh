#!/usr/bin/env bash
# srt-live-transmit, ffmpeg and GStreamer receive over SRT, byte for byte: each called by us, calling us, and
# meeting us half-way, in the clear, with AES-128 and with AES-256. All at the same time, from one channel.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/srt_peers.sh"

need_peers srt-live-transmit ffmpeg gst-launch-1.0
make_namespaces
make_ts "$work/generated.ts" 4
start_distributor --interface "$veth"
make_channel peers 5000
secret=correct-horse-battery
declare -A keys=([clear]='' [AES-128]="&passphrase=$secret&pbkeylen=16" [AES-256]="&passphrase=$secret&pbkeylen=32")
names=() outputs=() files=() receivers=()
port=9000

# reader_there OUTPUT: somebody reads from a listener of ours.
reader_there() {
  output_is "$channel" "$1" connected
}

# begin NAME OUR_QUERY: an output to or on $port, whose peer is $last_pid unless that calls us later.
begin() {
  add_output "$channel" "$2" || not_ok "$1: the output is taken" "$body"
  names+=("$1") outputs+=("$output")
}

for peer in "${all_peers[@]}"; do
  for key in clear AES-128 AES-256; do
    # Who listens or calls needs the passphrase alone: the key's length is the other's to say.
    theirs=${keys[$key]%&pbkeylen=*}
    for mode in ${MODES:-caller listener rendezvous}; do
      port=$((port + 2))
      name="$peer, we as $mode, $key"
      file=$work/$peer-$mode-$key.ts
      case $mode in
        caller)
          peer_receive "$peer" "srt://127.0.0.1:$port?mode=listener$theirs" "$file"
          begin "$name" "srt://127.0.0.1:$port?latency=$peer_latency${keys[$key]}"
          ;;
        listener)
          begin "$name" "srt://:$port?mode=listener&latency=$peer_latency${keys[$key]}"
          wait_for 10 listening "$port"
          peer_receive "$peer" "srt://127.0.0.1:$port?mode=caller$theirs" "$file"
          ;;
        rendezvous)
          if [ "$peer" = ffmpeg ]; then
            count=$((count + 1))
            echo "ok $count - $name # SKIP ffmpeg has no rendezvous"
            continue
          fi
          peer_receive "$peer" "$(rendezvous_url "$port" $((port + 1)))$theirs" "$file"
          begin "$name" "srt://127.0.0.1:$((port + 1))?mode=rendezvous&localport=$port&latency=$peer_latency${keys[$key]}"
          ;;
      esac
      files+=("$file") receivers+=("$last_pid")
    done
  done
done

if ! wait_for 60 all_are connected "${outputs[@]}"; then
  api GET "/api/channels/$channel"
  not_ok "all are connected" "$(json '.outputs[] | select(.state != "connected") | "\(.name): \(.state) \(.last_error)"')"
fi
send "$work/generated.ts" --record "$work/sent.ts" 10.77.0.2:5000 >"$work/summary"
sent=$(size_of "$work/sent.ts")
for output in "${outputs[@]}"; do wait_for 10 output_sent "$channel" "$output" "$sent"; done
all_received "$work/sent.ts" "${files[@]}"
api DELETE "/api/channels/$channel"
end_peers "${receivers[@]}"
for i in "${!outputs[@]}"; do
  if cmp "$work/sent.ts" "${files[i]}" >"$work/cmp" 2>&1; then
    ok "${names[i]}: byte for byte"
  else
    not_ok "${names[i]}: byte for byte" "$(cat "$work/cmp")" "of $sent bytes: $(size_of "${files[i]}")" \
      "$(tail -3 "${files[i]}.log")"
  fi
done
check "clean stop" stop_distributor
finish
