#!/usr/bin/env bash
# SRT listener outputs and their readers: srt-live-transmit, ffmpeg and GStreamer pull two channels from one port,
# byte for byte; who must not read is refused; a reader that stands still and a port that is taken disturb nobody.
. "$(dirname "$0")/lib.sh"

make_namespaces
make_ts "$work/generated.ts" 6
secret=0123456789abc
start_distributor --interface "$veth" --log-level debug

latency=3000 # ms: who is held up for less loses nothing

# Readers: NAME STREAM-ID [OPTION]; what they read goes to $work/NAME.ts at once, their pid to $last_pid.
slt_reader() {
  background stdbuf -o0 srt-live-transmit -q -a no "srt://127.0.0.1:9000?streamid=$2&latency=$latency${3:+&$3}" file://con \
    >"$work/$1.ts" 2>"$work/$1.log"
}

ffmpeg_reader() {
  background ffmpeg -nostdin -v error -f data -i "srt://127.0.0.1:9000?streamid=$2&latency=${latency}000${3:+&$3}" \
    -map 0 -c copy -f data -flush_packets 1 -y "$work/$1.ts" 2>"$work/$1.log"
}

gst_reader() {
  background gst-launch-1.0 -q srtsrc uri="srt://127.0.0.1:9000?mode=caller" streamid="$2" latency=$latency \
    ${3:+"$3"} '!' filesink location="$work/$1.ts" buffer-mode=unbuffered >"$work/$1.log" 2>&1
}

# readers_are NAME NUMBER: so many read from the output at present, as the log tells.
readers_are() {
  local lines
  lines=$(grep "output \"$1\": reader" "$work/distributor.log")
  [ $(($(grep -c ' connected$' <<<"$lines") - $(grep -cE ' (gone|disconnected by hand)$' <<<"$lines"))) -eq "$2" ]
}

# last_error CHANNEL OUTPUT
last_error() {
  api GET "/api/channels/$1" && json ".outputs[] | select(.id == \"$2\") | .last_error // \"\""
}

# refused NAME WORD STREAM-ID [OPTION] [PORT]: a reader ends by itself, and says so.
refused() {
  local said
  said=$(in_ns timeout 20 srt-live-transmit -a no "srt://127.0.0.1:${5:-9000}?streamid=$3${4:+&$4}" file://con \
    2>&1 >/dev/null)
  check "$1: refused, the reader is told \"$2\"" grep -q "REJECT.*$2" <<<"$said"
}

# called CHANNEL URL WORDS: an output of ours that calls a listener of ours is told why not.
called() {
  local caller
  add_output "$1" "$2"
  caller=$output
  wait_for 30 output_is "$1" "$caller" retrying
  equal "the reason in words" "$3" "$(last_error "$1" "$caller")"
  api DELETE "/api/channels/$1/outputs/$caller"
}

# named_output CHANNEL NAME URL: its id in $output.
named_output() {
  api POST "/api/channels/$1/outputs" "{\"name\":\"$2\",\"url\":\"$3\"}" && output=$(json .id)
}

# stream NAME PORT [OPTION...]: send in the background; its pid in $source_pid.
stream() {
  in_source "$build/media-source" "$work/generated.ts" --record "$work/$1-sent.ts" "${@:3}" "10.77.0.2:$2" \
    >"$work/$1-sent.log" &
  source_pid=$!
  pids+=("$source_pid")
}

# read_all NAME SENT PID: the reader has got all that was sent, then it is ended and the bytes compared. ffmpeg
# wants to be told twice while nothing comes.
read_all() {
  wait_for 30 has_bytes "$work/$1.ts" "$(size_of "$work/$2-sent.ts")"
  kill -TERM "$3"
  sleep 0.2
  stop_pid "$3"
  check "$1 is byte-exact" cmp "$work/$2-sent.ts" "$work/$1.ts"
}

make_channel news 5000
news=$channel
named_output "$news" news "srt://:9000?mode=listener&streamid=news&latency=200"
news_output=$output
make_channel sport 5002
sport=$channel
named_output "$sport" sport "srt://:9000?mode=listener&streamid=sport&passphrase=$secret&latency=200"
sport_output=$output
check "a listener without readers is connecting" output_is "$news" "$news_output" connecting
equal "and has no error" "" "$(last_error "$news" "$news_output")"
wait_for 30 grep -q 'output "sport": listening on port 9000' "$work/distributor.log"

# Two channels on one port, several readers at once.
slt_reader news-plain news
news_plain=$last_pid
ffmpeg_reader news-keys '#!::m=request,r=news'
news_keys=$last_pid
slt_reader sport-plain sport "passphrase=$secret"
sport_plain=$last_pid
gst_reads=
if gst-inspect-1.0 srtsrc >/dev/null 2>&1; then
  gst_reads=1
  gst_reader sport-gst '#!::r=sport' "passphrase=$secret"
  sport_gst=$last_pid
fi
check "two read from the first channel" wait_for 30 readers_are news 2
check "and others from the second" wait_for 30 readers_are sport "$((1 + ${gst_reads:-0}))"
check "the output is connected" wait_for 10 output_is "$news" "$news_output" connected
stream news 5000
news_source=$source_pid
stream sport 5002
sport_source=$source_pid
wait "$news_source" "$sport_source"
read_all news-plain news "$news_plain"
read_all news-keys news "$news_keys"
read_all sport-plain sport "$sport_plain"
if [ "$gst_reads" ]; then
  read_all sport-gst sport "$sport_gst"
else
  ok "GStreamer reads # SKIP no srtsrc here"
fi
check "without readers it is connecting again" wait_for 10 output_is "$news" "$news_output" connecting
equal "the bytes of both readers are counted" "$((2 * $(size_of "$work/news-sent.ts")))" \
  "$(api GET "/api/channels/$news" && json '.outputs[0].stats.bytes_sent')"

# Who must not read.
refused "an unknown stream id" "Application-defined" unknown
refused "no stream id" "Application-defined" ""
refused "somebody who wants to publish" "Application-defined" '#!::r=news,m=publish'
refused "a wrong passphrase" "Incorrect passphrase" sport "passphrase=another$secret"
refused "no passphrase" "Password required or unexpected" sport
refused "a passphrase where there is none" "Password required or unexpected" news "passphrase=$secret"
named_output "$news" one "srt://:9001?mode=listener&maxreaders=1"
named_output "$news" far "srt://:9002?mode=listener&sources=192.0.2.0/24"
named_output "$news" near "srt://[::]:9003?mode=listener&sources=::1,2001:db8::/32"
wait_for 30 grep -q 'output "near": listening on port 9003' "$work/distributor.log"
called "$sport" "srt://127.0.0.1:9000?streamid=unknown" "the peer refused: stream id not found"
called "$sport" "srt://127.0.0.1:9002" "the peer refused: forbidden"
refused "an address that is not among the sources" "Application-defined" "" "" 9002
background srt-live-transmit -q -a no "srt://[::1]:9003" file://con >/dev/null 2>&1
check "one that is, by IPv6" wait_for 30 readers_are near 1
stop_pid "$last_pid"
background srt-live-transmit -q -a no "srt://127.0.0.1:9001?streamid=whatever" file://con >/dev/null 2>&1
only=$last_pid
check "without a stream id of its own an output takes any" wait_for 30 readers_are one 1
refused "one too many" "Application-defined" "" "" 9001
called "$sport" "srt://127.0.0.1:9001" "the peer refused: overloaded"
stop_pid "$only"
check "the place is free again" wait_for 30 readers_are one 0

# A reader that stands still for 15 s, and a port that another program has, cost nobody else anything.
slt_reader good news
good=$last_pid
slt_reader still '#!::r=news'
still=$last_pid
check "two read" wait_for 30 readers_are news 2
background srt-live-transmit -q -a no "srt://:9010?mode=listener" file://con >/dev/null 2>&1
holder=$last_pid
wait_for 30 in_ns sh -c 'ss -Hlun sport = :9010 | grep -q .'
stream good 5000 --loop 3
sleep 1
kill -STOP "$still"
stopped=$SECONDS
memory=$(awk '/^VmRSS/ {print $2}' "/proc/$distributor_pid/status")
named_output "$sport" taken "srt://:9010?mode=listener"
taken=$output
check "a port that another program has is retried" wait_for 10 output_is "$sport" "$taken" retrying
check "with the reason ($(last_error "$sport" "$taken"))" \
  grep -q "port 9010 is in use by another program" <<<"$(last_error "$sport" "$taken")"
stop_pid "$holder"
check "and taken when it is free" wait_for 90 output_is "$sport" "$taken" connecting
equal "without an error any more" "" "$(last_error "$sport" "$taken")"
check "the reader that stands still is let go" wait_for 30 readers_are news 1
grown=$(($(awk '/^VmRSS/ {print $2}' "/proc/$distributor_pid/status") - memory))
case $build in
  */asan | */tsan) ok "memory stays bounded # SKIP a sanitizer keeps what was freed" ;;
  *) check "memory stays bounded ($grown kB more)" test "$grown" -lt 20000 ;;
esac
sleep $((stopped + 15 > SECONDS ? stopped + 15 - SECONDS : 0))
kill -CONT "$still"
wait "$source_pid"
read_all good good "$good"
api GET "/api/channels/$news"
check "what the other missed is counted" \
  test "$(json ".outputs[] | select(.id == \"$news_output\") | .stats.byteSndDropTotal")" -gt 0

# Kicking and removing.
check "nobody is left" wait_for 30 readers_are news 0
slt_reader kicked news
kicked=$last_pid
check "a reader comes" wait_for 30 readers_are news 1
slt_reader stays sport "passphrase=$secret"
stays=$last_pid
check "and one of the other channel" wait_for 30 readers_are sport 1
api GET "/api/channels/$news"
reader=$(json ".outputs[] | select(.id == \"$news_output\") | .readers[0].id // empty")
check "the reader is kicked" api DELETE "/api/channels/$news/outputs/$news_output/readers/$reader"
check "and gone" wait_for 30 grep -q 'output "news": reader .* disconnected by hand' "$work/distributor.log"
stop_pid "$kicked"
slt_reader removed news
removed=$last_pid
check "another one comes" wait_for 30 readers_are news 1
stream stays 5002
before=$(date +%s%N)
api DELETE "/api/channels/$news/outputs/$news_output"
check "an output that is read from is removed in less than a second" \
  test $((($(date +%s%N) - before) / 1000000)) -lt $((1000 * patience))
check "its reader is let go" wait_for 10 sh -c "! kill -0 $removed"
refused "its stream id" "Application-defined" news
wait "$source_pid"
read_all stays stays "$stays"
check "the other channel listens" wait_for 10 output_is "$sport" "$sport_output" connecting
check "clean stop" stop_distributor
finish
