#!/usr/bin/env bash
# A thousand outputs of every kind come and go while the channel carries a stream: those that stay get every byte and
# never reconnect; memory, threads and descriptors are afterwards what they were before.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/srt_peers.sh"

need_peers srt-live-transmit
make_namespaces
make_ts "$work/generated.ts" 4
start_distributor --interface "$veth"
make_channel churn 5000
secret=correct-horse-battery
rounds=100 warm_up=20 kinds=10
case $build in */asan | */tsan) rounds=20 warm_up=5 ;; esac

# memory: kB that the distributor has taken for itself; its share of libraries goes up and down with other programs.
memory() {
  awk '/^Anonymous:/ {print $2}' "/proc/$distributor_pid/smaps_rollup"
}

# entries DIRECTORY: how many descriptors (fd) or threads (task) the distributor has.
entries() {
  find "/proc/$distributor_pid/$1" -mindepth 1 -maxdepth 1 | wc -l
}

entries_are() {
  [ "$(entries "$1")" -le "$2" ]
}

memory_is_within() {
  [ "$(memory)" -le "$1" ]
}

# requests METHOD PATH BODY...: one after the other over one connection; the answers in $work/answers.
requests() {
  local method=$1 path=$2 body
  shift 2
  for body in "$@"; do
    case $method in
      POST) printf 'url = "http://%s%s"\nheader = "Content-Type: application/json"\ndata-binary = "%s"\n' \
        "$http" "$path" "${body//\"/\\\"}" ;;
      DELETE) printf 'url = "http://%s%s/%s"\nrequest = "DELETE"\nwrite-out = "%%{http_code}\\n"\n' \
        "$http" "$path" "$body" ;;
    esac
    printf 'max-time = 10\nnext\n'
  done | sed '$d' >"$work/requests"
  in_ns curl -s -K "$work/requests" >"$work/answers"
}

# urls ROUND: one of each kind, most of them on ports of their own.
urls() {
  local port=$((20000 + $1 * kinds))
  printf '{"url":"%s"}\n' \
    "srt://127.0.0.1:9001" \
    "srt://127.0.0.1:9002?passphrase=$secret" \
    "srt://127.0.0.1:$port" \
    "srt://127.0.0.1:9002?passphrase=battery-staple-horse" \
    "srt://no-such-host.invalid:$port" \
    "srt://:$((port + 1))?mode=listener" \
    "srt://127.0.0.1:$((port + 2))?mode=rendezvous&localport=$((port + 3))" \
    "udp://127.0.0.1:$((port + 4))" \
    "rtp://127.0.0.1:$((port + 4))" \
    "rtmp://127.0.0.1:$((port + 4))/live/key"
}

# churn FIRST LAST: each round's outputs go when the next round's have come.
churn() {
  local round
  for ((round = $1; round <= $2; round++)); do
    mapfile -t bodies < <(urls "$round")
    requests POST "/api/channels/$channel/outputs" "${bodies[@]}"
    mapfile -t made < <(jq -r '.id // .error.message' "$work/answers")
    added=$((added + $(grep -cE '^[0-9a-f-]{36}$' < <(printf '%s\n' "${made[@]}"))))
    [ "${#old[@]}" -eq 0 ] || remove "${old[@]}"
    old=("${made[@]}")
    sleep 0.0$((round % 10)) # some are removed as they connect, some later
  done
  remove "${old[@]}"
  old=()
}

remove() {
  requests DELETE "/api/channels/$channel/outputs" "$@"
  removed=$((removed + $(grep -c '^204$' "$work/answers")))
}

# What the passing outputs reach: peers that take one call after the other.
background_again srt-live-transmit -q "srt://127.0.0.1:9001?mode=listener" file://con >/dev/null 2>&1
background_again srt-live-transmit -q "srt://127.0.0.1:9002?mode=listener&passphrase=$secret" file://con >/dev/null 2>&1
siblings=() receivers=()
for query in '' "&passphrase=$secret"; do
  port=$((8000 + ${#siblings[@]}))
  peer_receive srt-live-transmit "srt://127.0.0.1:$port?mode=listener$query" "$work/sibling$port.ts"
  receivers+=("$last_pid")
  add_output "$channel" "srt://127.0.0.1:$port?latency=$peer_latency$query"
  siblings+=("$output")
done
check "those that stay connect" wait_for 30 all_are connected "${siblings[@]}"
send_endlessly "$work/generated.ts" --record "$work/sent.ts" 10.77.0.2:5000
added=0 removed=0 old=()
sleep 2
threads=$(entries task) descriptors=$(entries fd)
churn 1 "$warm_up" # until the allocator has what so many at a time take
wait_for 60 entries_are task "$threads"
before=$(memory)
churn $((warm_up + 1)) $((warm_up + rounds))
wanted=$(((warm_up + rounds) * kinds))
equal "$wanted outputs came" "$wanted" "$added"
equal "$wanted outputs went" "$wanted" "$removed"
check "no thread is left of them" wait_for 60 entries_are task "$threads"
check "no descriptor either" wait_for 60 entries_are fd "$descriptors"
case $build in
  */asan | */tsan) ;; # a sanitizer's memory is not the program's
  *)
    wait_for 40 memory_is_within $((before * 105 / 100))
    after=$(memory)
    check "memory: $before kB before, $after kB after" test "$after" -le $((before * 105 / 100))
    ;;
esac
check "the source was sending all the while" kill -0 "$source_pid"
stop_pid "$source_pid"
for output in "${siblings[@]}"; do wait_for 10 output_sent "$channel" "$output" "$(size_of "$work/sent.ts")"; done
all_received "$work/sent.ts" "$work/sibling8000.ts" "$work/sibling8001.ts"
api GET "/api/channels/$channel"
equal "who stayed is left" "${siblings[*]}" "$(json '[.outputs[].id] | join(" ")')"
equal "and never reconnected" "0 0" "$(json '[.outputs[].reconnects] | join(" ")')"
api DELETE "/api/channels/$channel"
end_peers "${receivers[@]}"
for port in 8000 8001; do check "byte for byte: $port" cmp "$work/sent.ts" "$work/sibling$port.ts"; done
check "clean stop" stop_distributor
finish
