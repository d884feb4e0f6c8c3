#!/usr/bin/env bash
# Resident memory: at most 15 MB with no channel (the UMEM, 16 MB a queue, apart), 6 MB more for each
# running channel, 0.5 MB for each SRT output.
. "$(dirname "$0")/lib.sh"

case $build in */asan | */tsan) skip_all "a sanitizer's memory is not the program's" ;; esac
make_namespaces
make_ts "$work/generated.ts" 4

# resident: kB of the distributor.
resident() {
  awk '/^Rss:/ {print $2}' "/proc/$distributor_pid/smaps_rollup"
}

# at_most NAME LIMIT_KB KB
at_most() {
  check "$1: $3 kB of at most $2 kB" test "$3" -le "$2"
}

start_distributor --ingest xdp --interface "$veth"
api GET /api/health
umem=$(($(json '.interfaces[0].queues') * 16384))
for _ in 1 2 3; do api GET /api/channels; done
idle=$(($(resident) - umem))
at_most "no channel" 15360 "$idle"

channels=4
ports=()
for i in $(seq $channels); do
  make_channel "memory $i" $((5000 + i))
  ports+=("10.77.0.2:$((5000 + i))")
done
last=$channel
send "$work/generated.ts" --loop forever --bitrate 10M --duration 5 "${ports[@]}" >/dev/null &
source_pid=$!
pids+=("$source_pid")
wait "$source_pid" # long enough for every ring to have been filled
running=$(($(resident) - umem))
at_most "each of $channels running channels" 6144 $(((running - idle) / channels))

outputs=20
for i in $(seq $outputs); do srt_receiver $((9000 + i)) /dev/null 1; done
for i in $(seq $outputs); do add_output "$last" "srt://127.0.0.1:$((9000 + i))"; done
send "$work/generated.ts" --loop forever --bitrate 5M --duration 6 "10.77.0.2:$((5000 + channels))" \
  >/dev/null &
source_pid=$!
pids+=("$source_pid")
all_connected() {
  api GET "/api/channels/$last"
  [ "$(json '[.outputs[] | select(.state == "connected")] | length')" -eq $outputs ]
}
check "$outputs SRT outputs connect" wait_for 10 all_connected
sleep 3 # send buffers at their working size
sending=$(($(resident) - umem))
at_most "each of $outputs SRT outputs" 512 $(((sending - running) / outputs))
equal "they share few threads" 1 "$(($(find "/proc/$distributor_pid/task" -mindepth 1 -maxdepth 1 | wc -l) < 20))"
wait "$source_pid"
check "clean stop" stop_distributor
finish
