#!/usr/bin/env bash
# What a service manager hears: ready when the API answers, then that the program works, as long as every thread ticks.
. "$(dirname "$0")/lib.sh"

make_namespaces
interval_ms=$((4000 * patience))
heard=$work/heard
background "$build/tools/notify_listener" "$work/notify" >"$heard"
check "a socket to notify" wait_for 5 test -S "$work/notify"

messages() {
  grep -c "$1" "$heard"
}

more_than() {
  [ "$(messages "$1")" -gt "$2" ]
}

# thread NAME: its number.
thread() {
  grep -lx "$1" "/proc/$distributor_pid/task/"*/comm | sed 's|.*task/\(.*\)/comm|\1|'
}

# silent NAME: not a word for an interval and a half, while the process has this state.
silent() {
  local before
  sleep "$((interval_ms / 2 / 1000))" # a quarter is what was found alive before, the other for who is late
  before=$(wc -l <"$heard")
  sleep "$((interval_ms * 3 / 2 / 1000))"
  equal "$1: nothing is heard" "$before" "$(wc -l <"$heard")"
}

NOTIFY_SOCKET=$work/notify WATCHDOG_USEC=$((interval_ms * 1000)) start_distributor --senders 2
check "ready" wait_for 5 more_than READY=1 0
equal "with a status" "READY=1 STATUS=API and dashboard on $http" "$(grep READY=1 "$heard" | cut -d' ' -f2-)"
check "it works" wait_for 20 more_than WATCHDOG=1 5
gap=$(awk '/WATCHDOG=1/ {if (last && $1 - last > most) most = $1 - last; last = $1} END {print most}' "$heard")
check "heard often enough, at most $gap ms apart" test "$gap" -lt "$((interval_ms * 3 / 4))"

# --- one thread stands still, the others go on
for name in ingest sender-0 sender-1; do
  "$build/tools/thread_stopper" "$(thread "$name")" >"$work/stopper" &
  stopper=$!
  pids+=("$stopper")
  check "$name stopped" wait_for 5 grep -q stopped "$work/stopper"
  silent "$name"
  check "$name: the API answers meanwhile" api GET /api/health
  check "$name: the log names the thread" grep -q "thread \"$name\" stands still" "$work/distributor.log"
  before=$(messages WATCHDOG=1)
  stop_pid "$stopper"
  check "$name: heard again when it goes on" wait_for 10 more_than WATCHDOG=1 "$before"
done
work_again() {
  [ "$(grep -c 'all threads work again' "$work/distributor.log")" -ge "$1" ]
}
wait_for 5 work_again 3 # the service manager hears it first
equal "the log says that they work again" 3 "$(grep -c 'all threads work again' "$work/distributor.log")"

# --- the whole process stands still
kill -STOP "$distributor_pid"
silent "stopped process"
before=$(messages WATCHDOG=1)
kill -CONT "$distributor_pid"
check "heard again when it goes on" wait_for 10 more_than WATCHDOG=1 "$before"

check "clean stop" stop_distributor
wait_for 5 more_than STOPPING=1 0
equal "it says that it stops, last" "STOPPING=1 STATUS=Stopping" "$(tail -1 "$heard" | cut -d' ' -f2-)"

# --- without a service manager
start_distributor
check "clean stop without one" stop_distributor
finish
