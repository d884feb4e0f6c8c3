# shellcheck shell=bash
# What is compared with whom. In every round all contenders of a scenario have their turn, so that what changes on
# the machine meanwhile meets all of them.

passphrase=correct-horse-battery
tick_us=10000 # of bursts to SRT receivers

# use SCENARIO CHANNELS OUTPUTS: defaults for what follows.
use() {
  scenario=$1 channels=$2 outputs=$3
  sink_kind=srt sink_ports=4 options='' pbkeylen=0 extra_output='' floor_ports=1
}

# encrypted LENGTH: the next rounds, keys of so many bytes.
encrypted() {
  pbkeylen=$1 options="&passphrase=$passphrase&pbkeylen=$1"
}

# 25 channels to 4 outputs each: bare libsrt, this program clear and encrypted, and by rtp://.
scenario_hundred() {
  local round
  echo "100 outputs: 25 channels of $((bitrate / 1000000)) Mb/s to 4 receivers each"
  for ((round = 1; round <= rounds; round++)); do
    use hundred 25 4
    floor_ports=2
    run_round floor libsrt-2-ports "$round"
    floor_ports=1
    run_round floor libsrt "$round"
    run_round program program "$round"
    encrypted 16
    run_round program program-aes128 "$round"
    encrypted 32
    run_round program program-aes256 "$round"
    use hundred 25 4
    sink_kind=rtp
    run_round program program-rtp "$round"
  done
}

# find_contenders NAME...: those that can be started, in $contenders; why the others of this scenario cannot is in
# skipped.jsonl.
find_contenders() {
  local contender why
  contenders=()
  for contender in "$@"; do
    why=$(missing_for "$contender" | paste -sd ',')
    if [ -n "$why" ]; then
      echo "  $contender: skipped: $why"
      jq -nc --arg scenario "$scenario" --arg contender "$contender" --arg why "$why" \
        '{scenario: $scenario, contender: $contender, why: $why}' >>"$results/skipped.jsonl"
    else
      contenders+=("$contender")
    fi
  done
}

# One channel to 16 outputs, as five kinds of programs do it.
scenario_peers() {
  local round contender contenders
  echo "16 outputs of one channel"
  use peers 1 16
  find_contenders program floor ffmpeg-chain ffmpeg-many srt-live-transmit gstreamer
  for ((round = 1; round <= rounds; round++)); do
    use peers 1 16
    for contender in "${contenders[@]}"; do
      run_round "$contender" "$([ "$contender" = floor ] && echo libsrt || echo "$contender")" "$round"
    done
  done
}

# One channel to 20 RTMP outputs: this program, a FFmpeg for each behind a FIFO, and one FFmpeg for all.
scenario_rtmp() {
  local round contender contenders
  echo "20 RTMP outputs of one channel"
  use rtmp 1 20
  sink_kind=rtmp
  find_contenders program ffmpeg-chain ffmpeg-many
  for ((round = 1; round <= rounds; round++)); do
    for contender in "${contenders[@]}"; do
      run_round "$contender" "$contender" "$round"
    done
  done
}

# measure_latency TICK ROUND: from a channel of its own to a udp:// output, while others are busy.
measure_latency() {
  local line receive_port
  use latency 1 0
  contender_pids=() source_pid=''
  take_ports 1
  receive_port=$port
  extra_output="udp://$host:$receive_port"
  channels=11 outputs=4
  take_ports $((2 * channels))
  input_port=$port
  start_sink && start_program --send-tick-us "$1" && wait_for 15 outputs_connected || {
    echo "  tick $1 us: the program or its receivers do not start: $(tail -qn 1 "$work"/*.err | tail -3)"
    end_round
    return 1
  }
  # The first channel is the stamps'; its SRT outputs carry them too.
  input_port=$((input_port + 2))
  start_source --count $((channels - 1))
  spawn "$work/latency" "$build/bench/latency" "$host" $((input_port - 2)) "$receive_port" "$bitrate" $((seconds + 2))
  latency_pid=$last_pid
  wait_for 30 sink_fed $((channels * outputs)) && sleep 1 && measure_window "$seconds"
  wait_for 10 latency_done
  line=$(cat "$work/latency")
  end "$latency_pid"
  end_source
  record_latency "$1" "$2" "$line"
  end_round
}

latency_done() {
  ! kill -0 "$latency_pid"
}

# record_latency TICK ROUND LINE
record_latency() {
  [ -n "$3" ] || {
    echo "  tick $1 us: nothing was measured: $(tail -1 "$work/latency.err")"
    return 1
  }
  tr ' ' '\n' <<<"$3" | jq -Rnc --argjson tick "$1" --argjson round "$2" --argjson cpu "${used_ns:-0}" \
    --argjson elapsed "${elapsed_ns:-1}" --argjson idle "${idle_share:-0}" --argjson late "$late_ms" \
    --argjson max_late "$max_late_ms" --argjson min_idle "$min_idle" \
    '[inputs | split("=") | {(.[0]): (.[1] | tonumber)}] | add +
      {tick_us: $tick, round: $round, cpu_share: ($cpu / $elapsed), idle: $idle,
       valid: ($late <= $max_late and $idle >= $min_idle)}' | tee -a "$results/latency.jsonl" |
    jq -r '"  tick \(.tick_us) us: median \(.median_us) us, 99 % within \(.p99_us) us, at most \(.max_us) us, " +
      "\(.cpu_share * 1000 | round / 10) % of a core"'
}

scenario_latency() {
  local round tick
  echo "from arrival to departure, by sender tick, under 44 SRT outputs"
  for ((round = 1; round <= rounds; round++)); do
    for tick in 2000 5000 10000 20000; do
      measure_latency "$tick" "$round"
    done
  done
}
