# shellcheck shell=bash
# One round: receivers, contender, source; wait until every receiver is fed; measure; end them all. A round becomes
# a line of JSON in $results/rounds.jsonl.

# A round in which the source or the floor could not keep its pace, or the machine had no time left, says little.
max_late_ms=60
min_idle=${MIN_IDLE:-0.02}

source_file=${SOURCE:-$build/bench/source.ts}

# The stream that all are given, as broadcasters send it: 50 frames a second, two languages. About the bit rate that it
# is paced at, and without null packets, which some of the contenders leave out.
make_source() {
  [ -s "$source_file" ] || {
    ffmpeg -nostdin -v error -y -f lavfi -i "testsrc2=size=1280x720:rate=50,noise=alls=20:allf=t" \
      -f lavfi -i "sine=frequency=440:sample_rate=48000" -f lavfi -i "sine=frequency=880:sample_rate=48000" \
      -map 0 -map 1 -map 2 -t 10 -c:v libx264 -preset ultrafast -g 100 -b:v 4400k -maxrate 4400k -bufsize 2200k \
      -pix_fmt yuv420p -c:a aac -b:a 128k -ac 2 -f mpegts "$source_file.tmp" && mv "$source_file.tmp" "$source_file"
  }
}

# start_sink: receivers of sink_kind (srt, rtmp or rtp) for all outputs.
start_sink() {
  local key=()
  [ -z "$options" ] || key=("$passphrase")
  case $sink_kind in
    srt)
      take_ports "$sink_ports"
      sink_port=$port
      spawn "$work/sink" "$build/bench/srt_sink" "$host" "$sink_port" "$sink_ports" "$latency_ms" "${key[@]}"
      ;;
    rtmp)
      take_ports 1
      sink_port=$port
      spawn "$work/sink" "$build/bench/rtmp_sink" "$host" "$sink_port"
      ;;
    rtp)
      take_ports $((2 * channels * outputs))
      sink_port=$port
      spawn "$work/sink" "$build/bench/udp_sink" "$host" "$sink_port" $((channels * outputs)) 2
      ;;
  esac
  sink_pid=$last_pid
  wait_for 5 grep -q ready "$work/sink"
}

# start_source [OPTION...]
start_source() {
  spawn "$work/source" "$build/media-source" --bitrate "$bitrate" --loop forever --json --port-step 2 "$@" \
    "$source_file" "$host:$input_port"
  source_pid=$last_pid
}

# start_contender NAME: the contender and its source, in the order in which they can.
start_contender() {
  source_pid=''
  case $1 in
    program)
      start_program || return 1
      wait_for 15 outputs_connected || return 1
      start_source --count "$channels"
      ;;
    floor) start_floor ;;
    ffmpeg-chain)
      start_ffmpeg_chain
      start_source
      ;;
    ffmpeg-many)
      start_ffmpeg_many
      start_source
      ;;
    srt-live-transmit)
      start_srt_live_transmit
      start_source --udp --count "$outputs"
      ;;
    gstreamer)
      start_gstreamer
      start_source
      ;;
  esac
}

outputs_connected() {
  api GET /api/channels && [ "$(json '[.channels[].outputs[] | select(.state == "connected")] | length')" -ge \
    $((channels * outputs)) ]
}

# missing_bytes: of what the program took in, what its receivers have not got, once the source has ended. All outputs
# were connected before it began. RTMP has other bytes than the transport stream: there the frames' times tell.
missing_bytes() {
  local taken
  [ "$sink_kind" != rtmp ] || {
    echo 0
    return
  }
  api GET /api/channels || return 1
  taken=$(json '[.channels[].stats.bytes_received] | add')
  everything_arrived() { ask_sink && [ "$sink_bytes" -ge $((taken * outputs)) ]; }
  wait_for 2 everything_arrived
  echo $((taken * outputs - sink_bytes))
}

end_source() {
  late_ms=0
  [ -n "$source_pid" ] || return 0
  end "$source_pid"
  late_ms=$(jq -r '.late_max_ms // 0' "$work/source" | tail -1)
  late_ms=${late_ms:-0}
}

# record_round LABEL ROUND: what measure_window found, and whether it counts; prints a line.
record_round() {
  local line
  line=$(jq -nc --arg scenario "$scenario" --arg contender "$1" --argjson round "$2" --argjson outputs $((channels * outputs)) \
    --argjson bitrate "$bitrate" --argjson elapsed "$elapsed_ns" --argjson cpu "$used_ns" --argjson packets "$got_packets" \
    --argjson bytes "$got_bytes" --argjson lost "$lost" --argjson dropped "$dropped" --argjson pss "$pss" \
    --argjson threads "$threads" --argjson idle "$idle_share" --argjson late "$late_ms" \
    --argjson own "$own_losses" --argjson missing "$missing" --argjson max_late "$max_late_ms" --argjson min_idle "$min_idle" \
    '{scenario: $scenario, contender: $contender, round: $round, outputs: $outputs, seconds: ($elapsed / 1e9),
      cpu_s: ($cpu / 1e9), packets: $packets, bytes: $bytes, lost: $lost, dropped: $dropped, own_losses: $own,
      missing_bytes: $missing, pss_kb: $pss, threads: $threads, idle: $idle, late_ms: $late,
      delivered: ($bytes / ($outputs * $bitrate / 8 * $elapsed / 1e9)),
    } | .valid = (.late_ms <= $max_late and .idle >= $min_idle and
      (.contender != "libsrt" or (.delivered > 0.98 and .lost + .dropped == 0)))')
  echo "$line" >>"$results/rounds.jsonl"
  jq -r '"  \(.contender): \(.cpu_s / .seconds * 1000 | round / 10) % of a core, \(.packets) packets, " +
    "\(.delivered * 1000 | round / 10) % of what was due, machine idle \(.idle * 100 | round) %" +
    (if .valid then "" else "; does not count: the source was late by \(.late_ms) ms, or no time was left" end)' <<<"$line"
  jq -e .valid <<<"$line" >/dev/null
}

# end_round: whatever of it still runs.
end_round() {
  # shellcheck disable=SC2086 # no source for some
  end "${contender_pids[@]}" $source_pid "$sink_pid"
}

# try_round CONTENDER LABEL ROUND: returns whether it counts.
try_round() {
  local good=1
  contender_pids=() source_pid='' own_losses=0 missing=0
  take_ports $((2 * (channels > outputs ? channels : outputs)))
  input_port=$port
  start_sink || {
    echo "  $2: the receivers do not start: $(tail -1 "$work/sink.err")"
    return 1
  }
  if start_contender "$1" && wait_for 30 sink_fed $((channels * outputs)) && sleep 1 && measure_window "$seconds"; then
    end_source
    if [ "$1" = program ]; then
      missing=$(missing_bytes) own_losses=$(program_losses)
    fi
    record_round "$2" "$3"
    good=$?
  else
    echo "  $2: not all receivers are fed ($((channels * outputs)) wanted, ${sink_senders:-0} are): $(tail -qn 1 "$work"/*.err | tail -3)"
  fi
  end_round
  return "$good"
}

# run_round CONTENDER LABEL ROUND: once more if the first does not count.
run_round() {
  try_round "$@" || try_round "$@"
}
