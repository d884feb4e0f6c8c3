# shellcheck shell=bash
# Integration tests: two network namespaces joined by a veth pair.
#
#   source namespace 10.77.0.1  -- veth -->  10.77.0.2 distributor namespace (peers on its loopback)
#
# The names carry the process id, so tests can run twice and side by side. Everything is removed on
# exit, whatever the outcome. Results are TAP lines.
set -uo pipefail

# Mounts of our own, among them a BPF file system: what a test pins goes with it.
if [ "$(id -u)" -eq 0 ] && [ -z "${MLD_PRIVATE_MOUNTS:-}" ] && unshare --mount true 2>/dev/null; then
  MLD_PRIVATE_MOUNTS=1 exec unshare --mount -- "$BASH" "$0" "$@"
fi
[ -z "${MLD_PRIVATE_MOUNTS:-}" ] || mount -t bpf bpf /sys/fs/bpf 2>/dev/null

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=${BUILD_DIR:-$root/build}
samples=${SAMPLES_DIR:-$root/../shared/samples}
work=$(mktemp -d "${TMPDIR:-/tmp}/mld-test.XXXXXX")
ns_source=mld-s-$$ ns=mld-d-$$
veth_source=vs$$ veth=vd$$
http=127.0.0.1:8000
distributor_pid='' failures=0 count=0
pids=()

# Seconds that a wait may take, times what a sanitizer costs.
case $build in */asan | */tsan) patience=4 ;; *) patience=1 ;; esac

cleanup() {
  local pid alive=() ours
  trap - EXIT INT TERM
  # The number of one that has ended may be another program's by now.
  ours=" $(jobs -pr | tr '\n' ' ')"
  for pid in "${pids[@]}" $distributor_pid; do
    [[ $ours != *" $pid "* ]] || alive+=("$pid")
  done
  for pid in "${alive[@]}"; do
    kill -CONT "$pid" 2>/dev/null
    kill -TERM "$pid" 2>/dev/null
  done
  for pid in "${alive[@]}"; do
    for _ in $(seq 50); do
      kill -0 "$pid" 2>/dev/null || break
      sleep 0.1
    done
    kill -KILL "$pid" 2>/dev/null
  done
  wait 2>/dev/null
  ip netns del "$ns_source" 2>/dev/null
  ip netns del "$ns" 2>/dev/null
  if [ "${KEEP:-}" ]; then echo "# kept $work"; else rm -rf "$work"; fi
}
trap cleanup EXIT
trap 'exit 130' INT TERM

ok() {
  count=$((count + 1))
  echo "ok $count - $1"
}

not_ok() {
  count=$((count + 1))
  failures=$((failures + 1))
  echo "not ok $count - $1"
  shift
  printf '  %s\n' "$@"
}

# check NAME COMMAND...: the command's exit status decides.
check() {
  local name=$1
  shift
  if "$@"; then ok "$name"; else not_ok "$name" "command: $*"; fi
}

# equal NAME WANTED GOT
equal() {
  if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "wanted: $2" "got:    $3"; fi
}

skip_all() {
  echo "ok 1 - $(basename "$0" .sh) # SKIP $1"
  exit 0
}

finish() {
  echo "1..$count"
  if [ "$failures" -gt 0 ]; then
    echo "--- distributor log"
    tail -40 "$work/distributor.log" 2>/dev/null
    exit 1
  fi
  exit 0
}

# wait_for SECONDS COMMAND...: until it succeeds.
wait_for() {
  local deadline=$(($(date +%s%N) + $1 * patience * 1000000000))
  shift
  until "$@" >/dev/null 2>&1; do
    [ "$(date +%s%N)" -lt "$deadline" ] || return 1
    sleep 0.05
  done
}

make_namespaces() {
  [ "$(id -u)" -eq 0 ] || skip_all "needs root"
  ip netns add "$ns_source" && ip netns add "$ns" || skip_all "no network namespaces here"
  ip link add "$veth_source" netns "$ns_source" type veth peer name "$veth" netns "$ns" ||
    skip_all "no veth here"
  ip -n "$ns_source" addr add 10.77.0.1/24 dev "$veth_source"
  ip -n "$ns" addr add 10.77.0.2/24 dev "$veth"
  ip -n "$ns_source" link set lo up
  ip -n "$ns" link set lo up
  ip -n "$ns_source" link set "$veth_source" up
  ip -n "$ns" link set "$veth" up
}

# in_ns COMMAND...: in the distributor's namespace. nsenter keeps /sys and bpffs as they are.
in_ns() {
  nsenter --net="/run/netns/$ns" "$@"
}

in_source() {
  nsenter --net="/run/netns/$ns_source" "$@"
}

# background COMMAND...: in the distributor's namespace; its pid is in $last_pid and ended on exit.
background() {
  nsenter --net="/run/netns/$ns" "$@" & # a simple command, so the pid is the program's own
  last_pid=$!
  pids+=("$last_pid")
}

# background_again COMMAND...: as background, and begun again whenever it ends: srt-live-transmit now and then does when
# it is disconnected, though it is told to go on.
background_again() {
  background bash -c 'trap "kill -KILL \$last; exit" TERM; while :; do "$@" & last=$!; wait "$last"; sleep 0.1; done' \
    again "$@"
}

# stop_pid PID [SIGNAL]: end it and wait for its exit status.
stop_pid() {
  kill "-${2:-TERM}" "$1" 2>/dev/null
  wait "$1" 2>/dev/null
}

# start_distributor [OPTION...]: configuration in $work/config, ready when this returns.
start_distributor() {
  nsenter --net="/run/netns/$ns" "$build/medialive-distributor" --http "$http" --config-dir "$work/config" \
    --dashboard-dir "$root/dashboard" "$@" 2>>"$work/distributor.log" &
  distributor_pid=$!
  wait_for 15 api GET /api/health || {
    not_ok "the distributor starts" "$(tail -5 "$work/distributor.log")"
    finish
  }
}

# stop_distributor: its exit status is returned.
stop_distributor() {
  local pid=$distributor_pid
  distributor_pid=''
  stop_pid "$pid" TERM
}

# api METHOD PATH [BODY]: the answer in $body, its HTTP status in $status; fails for 4xx and 5xx.
api() {
  local arguments=(-sS -m 10 -X "$1" -o "$work/answer" -w '%{http_code}')
  [ $# -lt 3 ] || arguments+=(-H 'Content-Type: application/json' --data-binary "$3")
  : >"$work/answer"
  status=$(in_ns curl "${arguments[@]}" "http://$http$2" 2>"$work/curl.err") || status=000
  body=$(cat "$work/answer")
  [[ $status == 2* ]]
}

# json FILTER: a value of the last answer.
json() {
  jq -r "$1" <<<"$body"
}

# make_channel NAME PORT: a started channel; its id in $channel.
make_channel() {
  api POST /api/channels "{\"name\":\"$1\",\"rtp_port\":$2}" && channel=$(json .id) &&
    api POST "/api/channels/$channel/start"
}

# add_output CHANNEL URL: its id in $output.
add_output() {
  api POST "/api/channels/$1/outputs" "{\"url\":\"$2\"}" && output=$(json .id)
}

# output_state CHANNEL OUTPUT WANTED
output_is() {
  api GET "/api/channels/$1" &&
    [ "$(json ".outputs[] | select(.id == \"$2\") | .state")" = "$3" ]
}

channel_is() {
  api GET "/api/channels/$1" && [ "$(json .state)" = "$2" ]
}

# channel_counter CHANNEL NAME
channel_counter() {
  api GET "/api/channels/$1" && json ".stats.$2"
}

# sums_close NAME CHANNEL: what the channel received is what became of it (userspace/media/rtp_counters.h).
sums_close() {
  api GET "/api/channels/$2"
  equal "$1" "0 0" "$(json '.stats | [
    .rtp_received - (.rtp_emitted - .rtp_recovered_fec + .rtp_duplicates + .rtp_late + .rtp_malformed +
      .rtp_stray + .rtp_held),
    .fec_received - (.fec_malformed_size + .fec_malformed_version + .fec_malformed_header +
      .fec_malformed_direction + .fec_malformed_matrix + .fec_stray + .fec_unneeded + .fec_used +
      .fec_unused + .fec_wrong + .fec_held)] | join(" ")')"
}

# output_sent CHANNEL OUTPUT BYTES: the output has handed that much to its peer.
output_sent() {
  api GET "/api/channels/$1" &&
    [ "$(json ".outputs[] | select(.id == \"$2\") | .stats.bytes_sent")" -ge "$3" ]
}

# delivered CHANNEL OUTPUT SENT.ts RECEIVER_PID: wait until the output has sent what the source sent
# and the receiver has played it out, and for what it would have too much; then end the receiver.
delivered() {
  wait_for 30 output_sent "$1" "$2" "$(size_of "$3")"
  wait_for 10 has_written "$4" "$(size_of "$3")"
  sleep $((patience > 1 ? 2 : 1))
  stop_pid "$4"
}

# has_written PID BYTES: so many are in the file that is its standard output.
has_written() {
  [ "$(stat -Lc %s "/proc/$1/fd/1")" -ge "$2" ]
}

# srt_receiver PORT FILE [TLPKTDROP]: an independent SRT listener that writes what it gets, at once; pid in $last_pid.
# It wants late packets too, and then nothing is dropped when one of the two was kept waiting; with 1 they are dropped.
srt_receiver() {
  background stdbuf -o0 srt-live-transmit -q -a no \
    "srt://127.0.0.1:$1?mode=listener&latency=1000&tlpktdrop=${3:-0}" file://con >"$2" 2>"$2.log"
}

# send FILE ARGUMENT...: media-source in the source namespace.
send() {
  in_source "$build/media-source" "$@"
}

# make_ts FILE SECONDS [FFMPEG OPTION...]: H.264 and AAC with B-frames, as MediaLive would send.
make_ts() {
  local file=$1 seconds=$2
  shift 2
  ffmpeg -nostdin -v error -y -f lavfi -i "testsrc2=size=640x360:rate=25" \
    -f lavfi -i "sine=frequency=440:sample_rate=48000" -t "$seconds" \
    -c:v libx264 -preset veryfast -g 25 -bf 2 -b:v 1500k -pix_fmt yuv420p \
    -c:a aac -b:a 128k -ac 2 "$@" -f mpegts "$file" ||
    skip_all "ffmpeg cannot make a test stream"
}

# whole_sample NAME FILE: a capture without the video frame that its end cuts off, which is not sent either.
whole_sample() {
  local end
  end=$(ffprobe -v error -select_streams v:0 -show_entries packet=pos -of csv=p=0 "$samples/$1" | tail -1)
  head -c "${end%%,*}" "$samples/$1" >"$2"
}

size_of() {
  stat -c %s "$1"
}

# at_least FILE BYTES
has_bytes() {
  [ "$(size_of "$1")" -ge "$2" ]
}

# expired_certificate KEY CERTIFICATE: make one of long ago for a key that is there.
expired_certificate() {
  local made
  made=$(mktemp -d "$work/authority.XXXXXX")
  : >"$made/index"
  cat >"$made/config" <<CONFIG
[ca]
default_ca = own
[own]
database = $made/index
new_certs_dir = $made
rand_serial = yes
default_md = sha256
policy = any
[any]
commonName = supplied
CONFIG
  openssl req -new -key "$1" -subj /CN=localhost -out "$made/request" 2>/dev/null &&
    openssl ca -batch -selfsign -config "$made/config" -keyfile "$1" -in "$made/request" -notext \
      -startdate 20010101000000Z -enddate 20010201000000Z -out "$2" 2>/dev/null
}
