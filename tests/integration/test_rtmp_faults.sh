#!/usr/bin/env bash
# RTMP servers that fail, each in its own way, while the same channel goes to an SRT receiver and to an RTMP server that do
# not: those two get every byte and every frame; each failure is named, nothing hangs or grows, and what can recover does.
#
# RTMP_FREEZE_SECONDS: how long a server stands still (default 15). With a sanitizer it runs only when that is set.
. "$(dirname "$0")/lib.sh"
case $build in */asan | */tsan) [ -n "${RTMP_FREEZE_SECONDS:-}" ] || skip_all "minutes of waiting for limits; set RTMP_FREEZE_SECONDS" ;; esac
. "$(dirname "$0")/rtmp_server.sh"
. "$(dirname "$0")/rtmp_peers.sh"

freeze=${RTMP_FREEZE_SECONDS:-15}
far=10.78.0.1 # in the source's namespace, behind a link of its own

make_namespaces
ip link add vf$$ netns "$ns_source" type veth peer name vn$$ netns "$ns" || skip_all "no second veth here"
ip -n "$ns_source" addr add $far/24 dev vf$$
ip -n "$ns" addr add 10.78.0.2/24 dev vn$$
ip -n "$ns_source" link set vf$$ up
ip -n "$ns" link set vn$$ up
make_ts "$work/film.ts" 8
make_ts "$work/rich.ts" 8 -vf noise=alls=60:allf=t -b:v 4600k -maxrate 4600k -bufsize 1500k

# nginx_at NAME NAMESPACE LISTEN: an RTMP server of its own, that forgets publishers who have gone without a word; pid in
# $last_pid, recordings in $work/NAME/record.
nginx_at() {
  local name=$1 where=$2 listen=$3
  mkdir -p "$work/$name/record"
  sed -e "s#$work/nginx/#$work/$name/#g" -e "s#$work/record#$work/$name/record#g" \
    -e "s#listen 127.0.0.1:1935#listen $listen#" -e "s#live on;#live on; drop_idle_publisher 5s;#" "$work/nginx.conf" >"$work/$name.conf"
  nsenter --net="/run/netns/$where" nginx -p "$work/$name" -c "$work/$name.conf" 2>"$work/$name/err" &
  last_pid=$!
  pids+=("$last_pid")
}

fault_server() {
  background "$build/tools/rtmp_fault_server" 127.0.0.1 "$@" >"$work/fault-$1.log"
}

# output_value CHANNEL OUTPUT FILTER
output_value() {
  api GET "/api/channels/$1" && json ".outputs[] | select(.id == \"$2\") | $3"
}

# says CHANNEL OUTPUT TEXT: that is in its last error.
says() {
  [[ "$(output_value "$1" "$2" .last_error)" == *"$3"* ]]
}

# fails NAME OUTPUT SECONDS TEXT
fails() {
  if wait_for "$3" says "$film" "$2" "$4"; then
    ok "$1: \"$4\""
  else
    not_ok "$1: \"$4\"" "state: $(output_value "$film" "$2" '.state + ", " + (.last_error // "no error")')"
  fi
}

# released PORT: the program has no connection to that port any more.
released() {
  ! in_ns ss -Htnp "dport = :$1" | grep -q "pid=$distributor_pid,"
}

# removed NAME CHANNEL OUTPUT PORT: within a second.
removed() {
  local began=$EPOCHREALTIME
  api DELETE "/api/channels/$2/outputs/$3"
  check "$1: removed within a second" wait_for 1 released "$4"
  check "$1: and the API did not wait ($(elapsed "$began") s)" quick "$began" "$(limit 1.2)"
}

elapsed() {
  awk -v a="$1" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.2f", b - a }'
}

# quick BEGAN LIMIT
quick() {
  awk -v t="$(elapsed "$1")" -v l="$2" 'BEGIN { exit !(t <= l) }'
}

# limit SECONDS: with what a sanitizer costs.
limit() {
  awk -v s="$1" -v p=$patience 'BEGIN { print s * p }'
}

# noticed NAME BEGAN SECONDS OUTPUT TEXT: the log's first line with that of the output was written so soon. What an output
# says by itself is there only until the next try fails.
noticed() {
  local line="output \"$4\": $5" at took
  wait_for 30 grep -qF "$line" "$work/distributor.log"
  at=$(date -d "$(grep -m 1 -F "$line" "$work/distributor.log" | cut -d ' ' -f 1)" +%s.%N)
  took=$(awk -v a="$2" -v b="$at" 'BEGIN { printf "%.2f", b - a }')
  check "$1: noticed within $3 s ($took s)" awk -v t="$took" -v l="$(limit "$3")" 'BEGIN { exit !(t >= 0 && t <= l) }'
}

# stands PID: SIGSTOP has reached it.
stands() {
  grep -q '^State:.T' "/proc/$1/status"
}

# unread PORT: a server there has bytes that it has not read.
unread() {
  in_ns ss -Htn state established "sport = :$1" | awk '$1 > 0 { found = 1 } END { exit !found }'
}

memory_kb() {
  awk '/^VmRSS/ { print $2 }' "/proc/$distributor_pid/status"
}

# add NAME URL: an output of the film's channel; its id in $output.
add() {
  api POST "/api/channels/$film/outputs" "{\"name\":\"$1\",\"url\":\"$2\"}" && output=$(json .id) || not_ok "$1: added" "$body"
}

rtmp_server "record all; record_suffix .flv; record_unique on;"
sibling=$last_pid
nginx_at dying "$ns" 127.0.0.1:2010
dying=$last_pid
nginx_at frozen "$ns" 127.0.0.1:2011
frozen=$last_pid
nginx_at far "$ns_source" "$far:2012"
fault_server 2001 silent
fault_server 2002 handshake
fault_server 2003 garbage
fault_server 2004 noise
fault_server 2005 deny Some.Words.Of.Mine
fault_server 2006 deny NetStream.Publish.Denied
fault_server 2007 drip

start_distributor --interface "$veth"
srt_receiver 9000 "$work/got.ts"
receiver=$last_pid
make_channel film 5000
film=$channel
add srt "srt://127.0.0.1:9000?latency=4000"
srt=$output
add sibling "rtmp://127.0.0.1/live/film"
rtmp=$output
check "the SRT sibling connects" wait_for 30 output_is "$film" "$srt" connected
check "the RTMP sibling connects" wait_for 30 output_is "$film" "$rtmp" connected
send "$work/film.ts" --loop $(((freeze + 42 * patience + 7) / 8)) --record "$work/sent.ts" 10.77.0.2:5000 >/dev/null &
source=$!
pids+=("$source")

# Servers that do not let it begin.
add silent rtmp://127.0.0.1:2001/live/key && silent=$output
add handshake rtmp://127.0.0.1:2002/live/key && handshake=$output
add garbage rtmp://127.0.0.1:2003/live/key && garbage=$output
add noise rtmp://127.0.0.1:2004/live/key && noise=$output
add unknown rtmp://127.0.0.1:2005/live/key && unknown=$output
add denied rtmp://127.0.0.1:2006/live/key && denied=$output
add drip rtmp://127.0.0.1:2007/live/key && drip=$output
# And servers that will fail later.
add dying rtmp://127.0.0.1:2010/live/key && dying_output=$output
add frozen rtmp://127.0.0.1:2011/live/key && frozen_output=$output
add far "rtmp://$far:2012/live/key" && far_output=$output
for output in "$dying_output" "$frozen_output" "$far_output"; do
  check "a server that will fail is connected" wait_for 30 output_is "$film" "$output" connected
done
add twice rtmp://127.0.0.1:2010/live/key && twice=$output
sleep 1
memory=$(memory_kb)

fails "words that nobody knows" "$unknown" 30 "the server refused: Some.Words.Of.Mine: no entry today"
fails "publish denied" "$denied" 30 "the server refused: NetStream.Publish.Denied: no entry today"
fails "a name in use, by nginx" "$twice" 30 "NetStream.Publish.BadName"
api DELETE "/api/channels/$film/outputs/$twice"
fails "garbage" "$garbage" 30 "the server does not speak RTMP"
fails "garbage behind the handshake" "$noise" 30 "the server does not speak RTMP"

# It dies behind the stream, so that what it has not read resets the connection. One that is up with it closes it.
kill -STOP "$dying"
wait_for 10 stands "$dying"
wait_for 10 unread 2010
began=$EPOCHREALTIME
kill -KILL "$dying"
noticed "server killed" "$began" 1.5 dying "the connection broke: Connection reset by peer"
nginx_at dying "$ns" 127.0.0.1:2010
dying=$last_pid

kill -STOP "$frozen"
froze=$EPOCHREALTIME
ip -n "$ns_source" link set vf$$ down
went=$EPOCHREALTIME
fails "server frozen" "$frozen_output" 10 "the server stopped reading"
noticed "server frozen" "$froze" 5 frozen "the server stopped reading"
noticed "half-open TCP" "$went" 5 far "the server stopped reading"
fails "no handshake" "$silent" 12 "the server does not answer the RTMP handshake"
fails "a handshake that drips" "$drip" 12 "the server does not answer the RTMP handshake"
fails "a handshake and nothing more" "$handshake" 12 "the server did not answer connect in time"
check "server killed: connected again by itself" wait_for 60 output_is "$film" "$dying_output" connected
while quick "$froze" "$freeze"; do sleep 0.5; done
grown=$(($(memory_kb) - memory))
check "memory is bounded (grown by $grown kB)" test "$grown" -lt $((20000 * patience))
kill -CONT "$frozen"
ip -n "$ns_source" link set vf$$ up
check "server frozen for $freeze s: connected again by itself" \
  wait_for 120 output_is "$film" "$frozen_output" connected
check "half-open TCP: connected again by itself" wait_for 120 output_is "$film" "$far_output" connected

# Removal, wherever it finds them.
removed "publishing" "$film" "$dying_output" 2010
kill -STOP "$frozen"
sleep 2
removed "stalled" "$film" "$frozen_output" 2011
kill -CONT "$frozen"
removed "retrying or denied" "$film" "$denied" 2006
api DELETE "/api/channels/$film/outputs/$silent"
add silent rtmp://127.0.0.1:2001/live/other
sleep 0.5
removed "RTMP handshake" "$film" "$output" 2001
api DELETE "/api/channels/$film/outputs/$handshake"
add handshake rtmp://127.0.0.1:2002/live/other
sleep 0.5
removed "connect not answered" "$film" "$output" 2002
add connecting rtmp://10.77.0.99:2020/live/other
sleep 0.5
removed "connecting" "$film" "$output" 2020

wait "$source"
sleep 1.5 # the last access unit ends with the silence after it
delivered "$film" "$srt" "$work/sent.ts" "$receiver"
check "the SRT sibling is byte-exact" cmp "$work/sent.ts" "$work/got.ts"
reconnects=$(output_value "$film" "$rtmp" '.stats.reconnects')
equal "the RTMP sibling was never interrupted" 0 "$reconnects"
equal "and dropped nothing" 0 "$(output_value "$film" "$rtmp" '.stats.frames_dropped')"
removed "the sibling" "$film" "$rtmp" 1935
wait_for 30 bash -c "! fuser -s '$work/record/'film-*.flv"
recording=$(compgen -G "$work/record/film-*.flv")
for kind in v a; do
  list_recording "$recording" $kind >"$work/have.$kind"
  list_source "$work/sent.ts" $kind >"$work/want.$kind"
done
head -1 "$work/have.v" | cut -d ' ' -f 2 >"$work/have.base"
awk '$3 == 1 { print $2; exit }' "$work/want.v" >"$work/want.base"
for kind in v a; do
  from_base "$work/want.$kind" "$(cat "$work/want.base")" >"$work/want"
  check "the RTMP sibling is frame-exact: $(wc -l <"$work/want") $kind packets" \
    same_packets "$work/want" "$work/have.$kind"
done
api DELETE "/api/channels/$film"

# A link of 1 Mb/s for a stream of 5 Mb/s: frames are dropped, up to key frames, and the connection stays.
if in_ns tc qdisc add dev vn$$ root tbf rate 1mbit burst 16kb latency 100ms 2>"$work/tc.log"; then
  make_channel rich 5002
  add_output "$channel" "rtmp://$far:2012/live/rich"
  check "slow link: connects" wait_for 15 output_is "$channel" "$output" connected
  memory=$(memory_kb)
  send "$work/rich.ts" --duration 20 10.77.0.2:5002 >/dev/null
  dropped=$(output_value "$channel" "$output" .stats.frames_dropped)
  check "slow link: frames were dropped ($dropped)" test "$dropped" -gt 50
  check "slow link: still connected" output_is "$channel" "$output" connected
  equal "slow link: it was the same connection" 0 "$(output_value "$channel" "$output" .stats.reconnects)"
  grown=$(($(memory_kb) - memory))
  check "slow link: memory is bounded (grown by $grown kB)" test "$grown" -lt $((12000 * patience))
  removed "slow link" "$channel" "$output" 2012
  wait_for 30 bash -c "! fuser -s '$work/far/record/'rich-*.flv"
  "$build/tools/flv_packets" "$(compgen -G "$work/far/record/rich-*.flv" | head -1)" >"$work/rich.list"
  equal "slow link: after each gap comes a key frame" 0 "$(awk '
    $1 == "video" { if (last != "" && $3 - last > 500 && !$5) bad++; last = $3 } END { print last == "" ? "nothing" : bad + 0 }' "$work/rich.list")"
  api DELETE "/api/channels/$channel"
else
  ok "slow link # SKIP no token bucket filter here"
fi

# The end of the program finds outputs in every phase.
make_channel last 5004
echo "nameserver 10.77.0.98" >"$work/resolv.conf"
mount --bind "$work/resolv.conf" /etc/resolv.conf && add_output "$channel" rtmp://nowhere.example/live/key
add_output "$channel" rtmp://10.77.0.99/live/key
add_output "$channel" rtmps://127.0.0.1:2001/live/key
add_output "$channel" rtmp://127.0.0.1:2001/live/key
add_output "$channel" rtmp://127.0.0.1:2002/live/key
add_output "$channel" rtmp://127.0.0.1:2005/live/key
add_output "$channel" rtmp://127.0.0.1:2011/live/key
sleep 1
began=$EPOCHREALTIME
check "clean stop with outputs in every phase" stop_distributor
check "within a second or so ($(elapsed "$began") s)" quick "$began" "$(limit 1.5)"
check "the sibling's server still runs" kill -0 "$sibling"
finish
