#!/usr/bin/env bash
# One stream over every receive queue of the distributor's media interface, from here and back to here by SRT,
# compared byte by byte. `check.sh --help` says how. Needs curl, jq, media-source, srt-live-transmit and, without
# --file or with --rtmp, ffmpeg.
#
# Which queue a flow arrives in is the device's choice, by a hash over addresses and ports: ports are tried until each
# queue has one, then each of these becomes a channel with an output. They are removed at the end, however that is.
# Results are TAP lines; exit status 1 when one is not ok.
set -uo pipefail

api=http://192.168.56.10:8000 nic=media0 media=10.77.0.10 from=10.77.0.20 receiver=192.168.56.20
first_port=5000 receiver_port=9000 rtmp='' file='' media_source=media-source
# Waits of a stream that plays for SECONDS; a machine without KVM needs an SRT latency that lasts.
seconds=15 latency=2000
count=0 failures=0 channels=() pids=() ports=() work=''

usage() {
  cat <<TEXT
Usage: vagrant/lab/check.sh [OPTION]...
  --api URL             the distributor's API ($api)
  --nic NAME            its interface for media ($nic) ...
  --media ADDRESS       ... and the address there, which the stream is sent to ($media)
  --from ADDRESS        address here that it is sent from ($from)
  --receiver ADDRESS    address here that the SRT outputs call ($receiver)
  --receiver-port PORT  first of their ports, one a queue ($receiver_port)
  --rtmp URL            also publish to this RTMP server and application, such as rtmp://$receiver/live
  --file FILE.ts        the stream (made by ffmpeg)
  --media-source FILE   the program media-source (the one in PATH)
TEXT
}

while [ $# -gt 0 ]; do
  case $1 in
    --help) usage && exit 0 ;;
    --api) api=${2%/} ;;
    --nic) nic=$2 ;;
    --media) media=$2 ;;
    --from) from=$2 ;;
    --receiver) receiver=$2 ;;
    --receiver-port) receiver_port=$2 ;;
    --rtmp) rtmp=${2%/} ;;
    --file) file=$2 ;;
    --media-source) media_source=$2 ;;
    *) usage >&2 && exit 2 ;;
  esac
  shift 2 || exit 2
done

ok() {
  count=$((count + 1))
  echo "ok $count - $1"
}

not_ok() {
  count=$((count + 1)) failures=$((failures + 1))
  echo "not ok $count - $1"
  shift
  printf '  %s\n' "$@"
}

# check NAME COMMAND...: its exit status decides.
check() {
  local what=$1
  shift
  if "$@"; then ok "$what"; else not_ok "$what" "command: $*" "last answer: $(head -c 300 "$work/answer")"; fi
}

# equal NAME WANTED GOT
equal() {
  if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "wanted: $2" "got:    $3"; fi
}

# wait_for SECONDS COMMAND...: until it succeeds.
wait_for() {
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $end ] || return 1
    sleep 0.2
  done
}

# call METHOD PATH [BODY]: the answer in $work/answer.
call() {
  local arguments=(-sS --fail-with-body -m 20 -X "$1" -o "$work/answer")
  [ $# -lt 3 ] || arguments+=(-H 'Content-Type: application/json' --data-binary "$3")
  : >"$work/answer"
  curl "${arguments[@]}" "$api$2" 2>>"$work/curl.log"
}

# value FILTER: of the last answer.
value() {
  jq -r "$1" "$work/answer"
}

# What the interface has: $mode, frames received by queue in the array queues, $no_socket.
look_at_nic() {
  call GET /api/system || return
  jq -r --arg nic "$nic" '.interfaces[] | select(.name == $nic) |
    .mode, .verdicts.pass_no_socket // 0, ([.queues[].frames_received] | join(" "))' "$work/answer" >"$work/nic"
  { read -r mode && read -r no_socket && read -ra queues; } <"$work/nic"
}

# make_channel NAME PORT: a started channel; its id in $channel.
make_channel() {
  call POST /api/channels "{\"name\":\"$1\",\"rtp_ip\":\"$media\",\"rtp_port\":$2}" || return
  channel=$(value .id)
  channels+=("$channel")
  call POST "/api/channels/$channel/start"
}

drop_channels() {
  local id
  for id in "${channels[@]}"; do
    call DELETE "/api/channels/$id"
  done
  channels=()
}

cleanup() {
  trap - EXIT INT TERM
  drop_channels
  [ ${#pids[@]} -eq 0 ] || kill "${pids[@]}" 2>/dev/null
  wait
  rm -rf "$work"
}

# send OPTION... DESTINATION...: from one and the same port, so that a destination's queue stays the same.
send() {
  timeout $((seconds + 60)) "$media_source" --source "$from:6000" --json "$@" >"$work/sent.json"
}

# The queue that a datagram to this port arrives in, in $queue.
probe() {
  local before
  look_at_nic || return
  before=("${queues[@]}")
  send --speed 0 --datagrams 10 "$file" "$media:$1" || return
  for _ in $(seq 50); do
    look_at_nic || return
    for queue in "${!queues[@]}"; do
      [ "${queues[queue]}" -eq "${before[queue]:-0}" ] || return 0
    done
    sleep 0.1
  done
  return 1
}

# A port for each queue, in the array ports.
find_ports() {
  local port tried=0 queue wanted=${#queues[@]}
  for port in $(seq "$first_port" 6 $((first_port + 6 * 150))); do
    [ ${#ports[@]} -lt "$wanted" ] || break
    make_channel "lab probe $port" "$port" && probe "$port" || return
    ports[queue]=${ports[queue]:-$port}
    tried=$((tried + 1))
    drop_channels
  done
  echo "# $tried ports tried; by queue: ${ports[*]}"
  [ ${#ports[@]} -eq "$wanted" ]
}

is_connected() {
  call GET "/api/channels/$1" && [ "$(value '.outputs[0].state')" = connected ]
}

# has_sent CHANNEL BYTES
has_sent() {
  call GET "/api/channels/$1" && [ "$(value '.outputs[0].stats.bytes_sent')" -ge "$2" ]
}

start_receiver() {
  timeout $((seconds + 120)) srt-live-transmit -q -a no \
    "srt://$receiver:$((receiver_port + $1))?mode=listener&latency=$latency" file://con >"$work/$1.ts" 2>"$work/$1.log" &
  receivers[$1]=$!
  pids+=($!)
}

# A channel and an SRT output for each queue.
set_up() {
  local queue
  for queue in "${!ports[@]}"; do
    start_receiver "$queue"
    make_channel "lab queue $queue" "${ports[queue]}" &&
      call POST "/api/channels/$channel/outputs" \
        "{\"url\":\"srt://$receiver:$((receiver_port + queue))?latency=$latency\"}" || return
  done
  for channel in "${channels[@]}"; do
    wait_for 30 is_connected "$channel" || return
  done
}

# What was received for a queue is what was sent.
is_exact() {
  wait_for 30 has_sent "${channels[$1]}" "$(stat -c %s "$work/sent.ts")"
  sleep $((latency / 1000 + 1)) # the receiver hands the last of it over so much later
  kill "${receivers[$1]}" && wait "${receivers[$1]}" 2>/dev/null
  cmp "$work/sent.ts" "$work/$1.ts"
}

add_rtmp() {
  call POST "/api/channels/${channels[0]}/outputs" "{\"url\":\"$rtmp/lab\"}"
}

# A viewer of the RTMP server, in the background: what comes within ten seconds.
watch_rtmp() {
  {
    sleep 4 # the server has no stream before the first key frame was published
    timeout 60 ffmpeg -nostdin -v error -i "$rtmp/lab" -t 5 -c copy -f flv "$work/rtmp.flv"
  } >"$work/rtmp.log" 2>&1 &
  viewer=$!
}

work=$(mktemp -d)
trap cleanup EXIT
trap 'exit 130' INT TERM
receivers=()
if [ -z "$file" ]; then
  file=$work/stream.ts
  ffmpeg -nostdin -v error -f lavfi -i testsrc2=size=640x360:rate=25 -f lavfi -i sine=sample_rate=48000 -t "$seconds" \
    -c:v libx264 -preset veryfast -g 25 -b:v 800k -pix_fmt yuv420p -c:a aac -f mpegts "$file" || exit 1
fi

check "the distributor answers" call GET /api/health
look_at_nic
equal "$nic receives in native XDP" xdp "${mode:-}"
check "$nic: a flow for each of ${#queues[@]} queues" find_ports || exit 1
check "$nic: a channel with an SRT receiver for each queue" set_up
[ -z "$rtmp" ] || check "$nic: an RTMP output" add_rtmp
look_at_nic
before=("${queues[@]}") no_socket_before=$no_socket
[ -z "$rtmp" ] || watch_rtmp
check "$nic: the stream is sent to ${#ports[@]} ports" send --record "$work/sent.ts" "$file" "${ports[@]/#/$media:}"
datagrams=$(jq -r 'select(.final) | .datagrams' "$work/sent.json")
for queue in "${!ports[@]}"; do
  check "$nic: queue $queue, port ${ports[queue]}: $(stat -c %s "$work/sent.ts") bytes are exact over SRT" is_exact "$queue"
done
look_at_nic
received=()
for queue in "${!queues[@]}"; do
  received+=($((queues[queue] - before[queue])))
done
echo "# $nic: packets per queue: ${received[*]}"
equal "$nic: all ${#queues[@]} queues have received $datagrams packets each" "$(printf "$datagrams %.0s" "${queues[@]}")" \
  "$(printf '%s ' "${received[@]}")"
equal "$nic: no packet was without a socket" 0 $((no_socket - no_socket_before))
if [ -n "$rtmp" ]; then
  wait "$viewer"
  equal "$nic: video and audio came by RTMP" "aac h264 " "$(ffprobe -v error -show_entries stream=codec_name \
    -of csv=p=0 "$work/rtmp.flv" 2>&1 | sort | tr '\n' ' ')"
fi
echo "1..$count"
[ "$failures" -eq 0 ]
