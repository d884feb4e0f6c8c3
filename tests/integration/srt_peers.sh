# shellcheck shell=bash
# Independent programs at the other end of an SRT connection. Source after lib.sh.

all_peers=(srt-live-transmit ffmpeg gstreamer)
# ms: who is held up for less loses nothing. What waits longer than its latency is thrown away, rightly.
peer_latency=$((patience > 1 ? 4000 : 3000))

# need_peers PROGRAM...
need_peers() {
  local program
  for program in "$@"; do
    command -v "$program" >/dev/null || skip_all "no $program here"
  done
  [[ " $* " != *" gst-launch-1.0 "* ]] || gst-inspect-1.0 srtsrc >/dev/null 2>&1 ||
    skip_all "GStreamer has no srtsrc here"
}

# peer_receive PEER QUERY_URL FILE: write what comes from an SRT URL to FILE, at once; pid in $last_pid. What is said
# is in FILE.log.
peer_receive() {
  local join='?'
  [[ $2 != *\?* ]] || join='&'
  case $1 in
    srt-live-transmit)
      background stdbuf -o0 srt-live-transmit -a no "$2${join}latency=$peer_latency" file://con >"$3" 2>"$3.log"
      ;;
    ffmpeg) # its latency is in microseconds
      background ffmpeg -nostdin -v warning -y -f data -i "$2${join}latency=${peer_latency}000" \
        -map 0 -c copy -f data -flush_packets 1 "$3" >"$3.log" 2>&1
      ;;
    gstreamer)
      background gst-launch-1.0 srtsrc "uri=$2${join}latency=$peer_latency" ! \
        filesink "location=$3" buffer-mode=unbuffered >"$3.log" 2>&1
      ;;
  esac
}

# rendezvous_url PORT OWN_PORT: where a peer meets us, for peer_receive. srt-live-transmit takes its own port from
# `port` and `adapter`, GStreamer from `localport` and `localaddress`. ffmpeg has no rendezvous: it binds to the
# address of its peer (libavformat/libsrt.c).
rendezvous_url() {
  echo "srt://127.0.0.1:$1?mode=rendezvous&adapter=127.0.0.1&port=$2&localaddress=127.0.0.1&localport=$2"
}

# is_gone PID
is_gone() {
  ! kill -0 "$1" 2>/dev/null
}

# end_peers PID...: those that a closed connection does not end are asked to; ffmpeg hears only the second time.
end_peers() {
  local pid
  for pid in "$@"; do
    wait_for 2 is_gone "$pid" || kill -TERM "$pid" 2>/dev/null
    wait_for 1 is_gone "$pid" || kill -TERM "$pid" 2>/dev/null
    wait_for 5 is_gone "$pid" || kill -KILL "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
  done
}

# all_received SENT.ts FILE...: wait until every one is as long as what was sent.
all_received() {
  local sent=$1 file
  shift
  for file in "$@"; do wait_for 30 has_bytes "$file" "$(size_of "$sent")"; done
}

# send_endlessly FILE ARGUMENT...: media-source in the background, ended by stop_pid "$source_pid".
send_endlessly() {
  nsenter --net="/run/netns/$ns_source" "$build/media-source" "$1" --loop forever "${@:2}" >"$work/summary" &
  source_pid=$!
  pids+=("$source_pid")
}

# listening PORT: somebody has bound UDP PORT in the distributor's namespace.
listening() {
  [ -n "$(in_ns ss -Hlun "sport = :$1")" ]
}

# field OUTPUT FILTER: of the channel as last read with `api GET`.
field() {
  json ".outputs[] | select(.id == \"$1\") | $2"
}

# all_are STATE OUTPUT...: every one of these outputs of $channel.
all_are() {
  local wanted=$1
  shift
  api GET "/api/channels/$channel" &&
    [ "$(json "[.outputs[] | select(.state == \"$wanted\") | .id] | contains($(printf '"%s"\n' "$@" | jq -sc .))")" = true ]
}
