#!/usr/bin/env bash
# The main job on one machine: an encoder's stand-in sends two channels of H.264 and AAC over a veth
# link, the distributor takes them in by XDP and relays each to an SRT receiver and an RTMP server.
#
#   tools/demo.sh [SECONDS]     without SECONDS it runs until Ctrl-C
#
# Everything but the dashboard's door runs in two network namespaces. The exit status is 0 only if every
# output delivered a playable stream. What an earlier run left behind is cleared away first.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

seconds=${1:-}
state=/run/medialive-distributor-demo
ns=mld-demo ns_source=mld-demo-src
http=127.0.0.1:8000
bold='' plain=''
[ -t 1 ] && bold=$'\e[1m' plain=$'\e[0m'

die() {
  echo "demo: $*" >&2
  exit 1
}

# Processes in the demo's namespaces are the demo's: nobody else knows them. The front nginx is outside;
# it is known by the pid that it wrote and the configuration that it runs.
clear_away() {
  local pid name front
  for name in $ns_source $ns; do
    for pid in $(ip netns pids $name 2>/dev/null); do kill -TERM "$pid" 2>/dev/null; done
  done
  front=$(cat $state/front.pid 2>/dev/null)
  if [ "$front" ] && grep -qz "$state/front.conf" "/proc/$front/cmdline" 2>/dev/null; then
    kill -TERM "$front"
  fi
  for _ in $(seq 100); do
    [ "$(ip netns pids $ns_source 2>/dev/null)$(ip netns pids $ns 2>/dev/null)" ] || break
    sleep 0.1
  done
  for name in $ns_source $ns; do
    for pid in $(ip netns pids $name 2>/dev/null); do kill -KILL "$pid" 2>/dev/null; done
    ip netns del $name 2>/dev/null
  done
  rm -rf $state # but not the lock: another demo may be waiting to take it
}

# run NAMESPACE LOG COMMAND...: in the background, in a session of its own so that Ctrl-C reaches the
# demo alone; the namespace remembers the process.
run() {
  local name=$1 log=$2
  shift 2
  setsid nsenter --net="/run/netns/$name" "$@" >"$state/$log.log" 2>&1 </dev/null 9>&- &
}

film() { # film FILE FILTER FREQUENCY
  ffmpeg -nostdin -v error -y -f lavfi -i "testsrc2=size=1280x720:rate=25,$2" \
    -f lavfi -i "sine=frequency=$3:sample_rate=48000" -t 10 \
    -c:v libx264 -preset ultrafast -tune zerolatency -g 25 -b:v 3M -maxrate 3M -bufsize 3M \
    -pix_fmt yuv420p -c:a aac -b:a 128k -ac 2 -f mpegts "$1" || die "ffmpeg failed"
}

make_network() {
  ip netns add $ns_source && ip netns add $ns || die "cannot make network namespaces"
  ip link add demo-out netns $ns_source type veth peer name demo-in netns $ns || die "no veth"
  ip -n $ns_source addr add 10.78.0.1/24 dev demo-out
  ip -n $ns addr add 10.78.0.2/24 dev demo-in
  for name in $ns_source $ns; do ip -n $name link set lo up; done
  ip -n $ns_source link set demo-out up
  ip -n $ns link set demo-in up
}

# nginx twice: as RTMP server inside, and as the dashboard's door on this machine's loopback. A unix
# socket joins them, because those do not belong to a network namespace.
make_servers() {
  local proxy='proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $door; proxy_set_header Host $http_host; proxy_read_timeout 1h;'
  local map='map $http_upgrade $door { default upgrade; "" close; } access_log off;'
  mkdir -p $state/record
  cat >$state/inner.conf <<CONF
load_module /usr/lib/nginx/modules/ngx_rtmp_module.so;
user root; daemon off; master_process off; pid $state/inner.pid;
error_log $state/rtmp.log info;
events {}
rtmp { server { listen 127.0.0.1:1935; application live {
  live on; record all; record_path $state/record; record_max_size 8M; record_suffix .flv;
} } }
http { $map server { listen unix:$state/door; location / { proxy_pass http://$http; $proxy } } }
CONF
  cat >$state/front.conf <<CONF
user root; master_process off; pid $state/front.pid; error_log $state/front.log;
events {}
http { $map server { listen $http; location / { proxy_pass http://unix:$state/door; $proxy } } }
CONF
  run $ns rtmp-server nginx -p $state -c $state/inner.conf
  setsid nginx -p $state -c $state/front.conf -e $state/front.log 9>&- ||
    die "cannot listen on $http: $(tail -1 $state/front.log)"
}

# An SRT receiver keeps its first 8 MB and throws the rest away.
receiver() { # receiver NAME PORT
  setsid nsenter --net=/run/netns/$ns srt-live-transmit -q -a no \
    "srt://127.0.0.1:$2?mode=listener" file://con 2>"$state/$1.log" </dev/null 9>&- \
    > >(exec 9>&-; head -c 8000000 >"$state/$1.ts"; exec cat >/dev/null) &
}

api() { # api METHOD PATH [BODY]
  nsenter --net=/run/netns/$ns curl -sSf -m 5 -X "$1" -H 'Content-Type: application/json' \
    ${3:+--data "$3"} "http://$http$2"
}

make_channel() { # make_channel NAME PORT SRT_PORT KEY
  local id
  id=$(api POST /api/channels "{\"name\":\"$1\",\"rtp_port\":$2,\"outputs\":[
    {\"name\":\"SRT $1\",\"url\":\"srt://127.0.0.1:$3?latency=200\"},
    {\"name\":\"RTMP $1\",\"url\":\"rtmp://127.0.0.1/live/$4\"}]}" | jq -r .id) &&
    api POST "/api/channels/$id/start" >/dev/null || die "cannot make channel $1"
}

status_line() {
  api GET /api/channels | jq -r '.channels[] |
    "\(.name): \(.state) \(.stats.bitrate_bps / 1e6 * 100 | round / 100) Mb/s, lost \(.stats.rtp_lost) -> " +
    ([.outputs[] | "\(.name) \(.state) \(.stats.bitrate_bps / 1e6 * 100 | round / 100) Mb/s"] | join(", "))'
}

# playable FILE: it has video and audio, and enough of it.
playable() {
  local kinds
  kinds=$(ffprobe -v error -show_entries stream=codec_name -of default=nw=1:nk=1 "$1" 2>/dev/null |
    grep . | sort -u | paste -sd ' ')
  if [ "$kinds" = "aac h264" ] && [ "$(stat -c %s "$1")" -gt 500000 ]; then
    printf '  %-18s delivered %9s bytes, %s\n' "$2" "$(stat -c %s "$1")" "$kinds"
  else
    printf '  %-18s NOTHING PLAYABLE (%s)\n' "$2" "${kinds:-no streams}"
    return 1
  fi
}

verdict() {
  local failed=0 losses
  echo
  echo "${bold}What the receivers got${plain}"
  losses=$(api GET /api/channels | jq '[.channels[].stats.rtp_lost] | add')
  ip netns pids $ns | while read -r pid; do kill -TERM "$pid" 2>/dev/null; done
  sleep 1 # receivers write their last buffer
  playable $state/srt-news.ts "SRT News" || failed=1
  playable $state/srt-sports.ts "SRT Sports" || failed=1
  playable $state/record/news.flv "RTMP News" || failed=1
  playable $state/record/sports.flv "RTMP Sports" || failed=1
  echo "  RTP packets lost: ${losses:-unknown}"
  return $failed
}

finish() {
  local failed=0
  trap '' INT TERM
  verdict || failed=1
  [ $failed -eq 0 ] || tail -20 $state/distributor.log
  clear_away
  trap - EXIT
  exit $failed
}

[ "$(id -u)" -eq 0 ] || die "network namespaces and XDP need root"
[[ $seconds =~ ^[0-9]*$ ]] || die "SECONDS is a number"
[ -z "$seconds" ] || seconds=$((10#$seconds))
exec 9>/run/medialive-distributor-demo.lock
flock -n 9 || die "another demo is running"
clear_away
mkdir -p $state
trap clear_away EXIT
trap 'exit 130' INT TERM
echo "Making two films ..."
film $state/news.ts null 440
film $state/sports.ts negate 660
make_network
make_servers
receiver srt-news 9001
receiver srt-sports 9002
run $ns distributor "$PWD/build/medialive-distributor" --http $http --config-dir $state/config \
  --interface demo-in
for _ in $(seq 100); do
  api GET /api/health >/dev/null 2>&1 && break
  sleep 0.1
done
make_channel News 5000 9001 news
make_channel Sports 5001 9002 sports
run $ns_source source-news "$PWD/build/media-source" --loop forever $state/news.ts 10.78.0.2:5000
run $ns_source source-sports "$PWD/build/media-source" --loop forever $state/sports.ts 10.78.0.2:5001
trap finish INT TERM

mode=$(api GET /api/health | jq -r '.interfaces[0] | "\(.mode), \(.queues) queue(s)"')
cat <<TEXT

  ${bold}namespace $ns_source${plain}            ${bold}namespace $ns${plain}
  media-source News   --RTP-->  demo-in:5000 \\                        / srt://127.0.0.1:9001  srt-live-transmit
                                              > medialive-distributor  rtmp://127.0.0.1/live  nginx-rtmp
  media-source Sports --RTP-->  demo-in:5001 /                        \\ srt://127.0.0.1:9002  srt-live-transmit

  Ingest      $mode
  Dashboard   ${bold}http://$http${plain}
  API         curl http://$http/api/channels
  Kernel side bpftool map dump name ports; bpftool map dump name verdicts
  Logs        $state/*.log

TEXT
[ "$seconds" ] && echo "Running for $seconds s." || echo "Ctrl-C ends it."
end=$((SECONDS + ${seconds:-2147483647}))
while [ $SECONDS -lt $end ]; do
  sleep 2 &
  wait $!
  status_line
done
finish
