#!/usr/bin/env bash
# A passphrase that is wrong or missing on one side: the connection is refused, its reason is said, and it is tried
# again; with srt-live-transmit, ffmpeg and GStreamer at the other end. Who has the right one is not disturbed.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/srt_peers.sh"

need_peers srt-live-transmit ffmpeg gst-launch-1.0
make_namespaces
make_ts "$work/generated.ts" 4
start_distributor --interface "$veth"
make_channel refused 5000
right=correct-horse-battery wrong=battery-staple-horse
bad_secret='wrong passphrase'
one_sided='one side has a passphrase, the other has none'
port=9000

# refused_with OUTPUT REASON: it tries again, and says why. REASON is a pattern.
refused_with() {
  api GET "/api/channels/$channel" && [ "$(field "$1" .state)" = retrying ] &&
    [[ $(field "$1" .last_error) =~ ^($2)$ ]]
}

# refused NAME OUTPUT REASON
refused() {
  if wait_for 60 refused_with "$2" "$3"; then
    ok "$1: $(field "$2" .last_error)"
  else
    not_ok "$1: $3" "$(field "$2" '"\(.state): \(.last_error)"')"
  fi
}

# One who has the right passphrase, beside all that follows.
peer_receive srt-live-transmit "srt://127.0.0.1:8999?mode=listener" "$work/got.ts"
receiver=$last_pid
add_output "$channel" "srt://127.0.0.1:8999"
sibling=$output
wait_for 30 output_is "$channel" "$sibling" connected
send_endlessly "$work/generated.ts" --record "$work/sent.ts" 10.77.0.2:5000

peers=() names=() outputs=() reasons=()
# await NAME OUR_URL REASON: the peer at $port is $last_pid.
await() {
  peers+=("$last_pid")
  add_output "$channel" "$2" || not_ok "$1: the output is taken" "$body"
  names+=("$1") outputs+=("$output") reasons+=("$3")
}

for peer in "${all_peers[@]}"; do
  port=$((port + 1))
  peer_receive "$peer" "srt://127.0.0.1:$port?mode=listener&passphrase=$right" "$work/refused"
  wait_for 10 listening "$port"
  await "$peer listens, we call with another" "srt://127.0.0.1:$port?passphrase=$wrong" "$bad_secret"
  await "$peer listens, we call with none" "srt://127.0.0.1:$port" "$one_sided"
  port=$((port + 1))
  peer_receive "$peer" "srt://127.0.0.1:$port?mode=listener" "$work/refused"
  wait_for 10 listening "$port"
  await "$peer listens without, we call with one" "srt://127.0.0.1:$port?passphrase=$right" "$one_sided"
done
for i in "${!outputs[@]}"; do refused "${names[i]}" "${outputs[i]}" "${reasons[i]}"; done

# A call that is right after all: what has refused us takes it.
port=9001
add_output "$channel" "srt://127.0.0.1:$port?passphrase=$right"
check "the right passphrase is taken after the wrong ones" wait_for 10 output_is "$channel" "$output" connected
for output in "${outputs[@]}"; do api DELETE "/api/channels/$channel/outputs/$output"; done
end_peers "${peers[@]}"

# meet NAME PEER OUR_QUERY THEIR_QUERY REASON: a rendezvous that fails.
meet() {
  port=$((port + 2))
  add_output "$channel" "srt://127.0.0.1:$((port + 1))?mode=rendezvous&localport=$port&conntimeo=1000$3" ||
    not_ok "$1: the output is taken" "$body"
  peer_receive "$2" "$(rendezvous_url "$port" $((port + 1)))$4" "$work/refused"
  refused "$1" "$output" "$5"
  api DELETE "/api/channels/$channel/outputs/$output"
  end_peers "$last_pid"
}

# Which side finds out first depends on the moment; what libsrt calls a rogue peer is one whose answer lacks its key.
one_sided_meeting="$one_sided|the peer's handshake does not fit: has only one side a passphrase\\?"
port=9100
for peer in srt-live-transmit gstreamer; do
  meet "$peer meets us, we have another" "$peer" "&passphrase=$wrong" "&passphrase=$right" "$bad_secret"
  meet "$peer meets us, we have none" "$peer" '' "&passphrase=$right" "$one_sided_meeting"
  meet "$peer meets us without, we have one" "$peer" "&passphrase=$right" '' "$one_sided_meeting"
done

# told PID LOG: the peer says that it was refused, or has given up.
told() {
  is_gone "$1" || grep -q REJECT "$2"
}

# Callers of a listener of ours: they are told, it goes on waiting, and who has the right one reads.
add_output "$channel" "srt://:9200?mode=listener&passphrase=$right"
listener=$output
wait_for 10 listening 9200
for what in another none; do
  query=''
  [ "$what" = none ] || query="&passphrase=$wrong"
  for peer in srt-live-transmit ffmpeg; do
    peer_receive "$peer" "srt://127.0.0.1:9200?mode=caller$query" "$work/refused.ts"
    check "$peer calls us with $what: it is told" wait_for 60 told "$last_pid" "$work/refused.ts.log"
    end_peers "$last_pid" # now and then srt-live-transmit waits on: it looks for the end of what had failed before it looked
    equal "it got nothing" 0 "$(stat -c %s "$work/refused.ts" 2>/dev/null || echo 0)"
    rm -f "$work/refused.ts"
  done
done
check "the listener waits on" output_is "$channel" "$listener" connecting
peer_receive srt-live-transmit "srt://127.0.0.1:9200?mode=caller&passphrase=$right" "$work/reader.ts"
check "who has the right passphrase reads" wait_for 30 has_bytes "$work/reader.ts" 188
check "and the listener says so" output_is "$channel" "$listener" connected
api DELETE "/api/channels/$channel/outputs/$listener"
end_peers "$last_pid"

stop_pid "$source_pid"
wait_for 10 output_sent "$channel" "$sibling" "$(size_of "$work/sent.ts")"
all_received "$work/sent.ts" "$work/got.ts"
api GET "/api/channels/$channel"
equal "no reconnect beside it" 0 "$(field "$sibling" .reconnects)"
api DELETE "/api/channels/$channel"
end_peers "$receiver"
check "nobody beside it is disturbed" cmp "$work/sent.ts" "$work/got.ts"
check "clean stop" stop_distributor
finish
