# shellcheck shell=bash
# What processes cost over a stretch of time, from /proc, and what the receivers got meanwhile.

# cpu_ns PID...: time of all their threads, user and kernel.
cpu_ns() {
  local pid
  for pid in "$@"; do
    cat "/proc/$pid/task"/*/schedstat 2>/dev/null
  done | awk '{sum += $1} END {printf "%.0f", sum}'
}

# pss_kb PID...: memory, what they share counted once.
pss_kb() {
  local pid
  for pid in "$@"; do
    cat "/proc/$pid/smaps_rollup" 2>/dev/null
  done | awk '$1 == "Pss:" {sum += $2} END {printf "%.0f", sum}'
}

# thread_count PID...: without those of the HTTP server (libmicrohttpd under ulfius).
thread_count() {
  local pid
  for pid in "$@"; do
    cat "/proc/$pid/task"/*/comm 2>/dev/null
  done | grep -vc '^MHD-'
}

# machine_ticks: idle and all, of the processors, in hundredths of a second; time that the host took is not idle.
machine_ticks() {
  awk '$1 == "cpu" {for (i = 2; i <= 9; i++) all += $i; print $5, all}' /proc/stat
}

now_ns() {
  date +%s%N
}

# ask_sink: its counts so far in $sink_senders, $sink_packets, $sink_bytes, $sink_lost, $sink_dropped.
ask_sink() {
  local lines
  lines=$(wc -l <"$work/sink")
  kill -USR1 "$sink_pid"
  wait_for 5 test_lines "$work/sink" "$lines" || return 1
  read_counts "$(tail -1 "$work/sink")"
}

test_lines() {
  [ "$(wc -l <"$1")" -gt "$2" ]
}

read_counts() {
  local pair
  for pair in $1; do
    declare -g "sink_${pair%%=*}=${pair#*=}"
  done
}

# sink_fed COUNT: so many have delivered something.
sink_fed() {
  ask_sink && [ "$sink_senders" -ge "$1" ]
}

# measure_window SECONDS: what the contender's processes use, and what the receivers get meanwhile; sets elapsed_ns,
# used_ns, got_packets, got_bytes, lost, dropped, idle_share, pss, threads.
measure_window() {
  local start cpu packets bytes idle all idle_now all_now
  ask_sink || return 1
  start=$(now_ns) cpu=$(cpu_ns "${contender_pids[@]}")
  packets=$sink_packets bytes=$sink_bytes lost=$sink_lost dropped=$sink_dropped
  read -r idle all < <(machine_ticks)
  sleep "$1"
  ask_sink || return 1
  elapsed_ns=$(($(now_ns) - start)) used_ns=$(($(cpu_ns "${contender_pids[@]}") - cpu))
  got_packets=$((sink_packets - packets)) got_bytes=$((sink_bytes - bytes))
  lost=$((sink_lost - lost)) dropped=$((sink_dropped - dropped))
  read -r idle_now all_now < <(machine_ticks)
  idle_share=$(awk -v i=$((idle_now - idle)) -v a=$((all_now - all)) 'BEGIN {printf "%.3f", i / (a ? a : 1)}')
  pss=$(pss_kb "${contender_pids[@]}") threads=$(thread_count "${contender_pids[@]}")
}
