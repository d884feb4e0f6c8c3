# shellcheck shell=bash
# Who is compared, each as its users would start it. Every start_NAME sets contender_pids; what is sent to the
# receivers comes from the ports that feed_ports names, where the source sends RTP.
#
# Known before: channels (how many), outputs (of each channel), input_port (the first channel's; the others 2
# apart), sink_port and sink_ports (where receivers listen), options (of SRT: "&passphrase=…" or nothing).

latency_ms=200

# sink_of N: the port that output N goes to.
sink_of() {
  echo $((sink_port + $1 % sink_ports))
}

# ---- this program ----

# url_of N: the address of output N, by the kind of receivers.
url_of() {
  case $sink_kind in
    srt) echo "srt://$host:$(sink_of "$1")?latency=$latency_ms$options" ;;
    rtmp) rtmp_url "$1" ;;
    rtp) echo "rtp://$host:$((sink_port + 2 * $1))" ;;
  esac
}

rtmp_url() {
  echo "rtmp://$host:$sink_port/live/output-$1"
}

# write_channels: the program's configuration, running; extra_output is one more of the first channel.
write_channels() {
  local i j id separator=''
  rm -rf "$work/config"
  mkdir -p "$work/config"
  {
    printf '{'
    for ((i = 0; i < channels; i++)); do
      printf '%s"channel-%d":{"config":{"name":"bench %d","rtp_ip":"%s","rtp_port":%d,"outputs":[' \
        "$separator" "$i" "$i" "$host" $((input_port + 2 * i))
      for ((j = 0; j < outputs; j++)); do
        id=$((i * outputs + j))
        printf '%s{"id":"output-%d","name":"%d","url":"%s"}' "$([ "$j" -eq 0 ] || echo ,)" "$id" "$id" "$(url_of "$id")"
      done
      [ "$i" -gt 0 ] || [ -z "$extra_output" ] || printf ',{"id":"extra","name":"extra","url":"%s"}' "$extra_output"
      printf ']},"desired":"running"}'
      separator=,
    done
    printf '}'
  } >"$work/config/channels.json"
}

# start_program [OPTION...]
start_program() {
  take_ports 1
  http=$host:$port
  write_channels
  spawn "$work/distributor.log" "$build/medialive-distributor" --http "$http" --config-dir "$work/config" \
    --dashboard-dir "$root/dashboard" --log-level warning --ingest udp "$@"
  contender_pids=("$last_pid")
  wait_for 15 api GET /api/health
}

# program_losses: what this program itself says was lost: before it, in it, and on the way out.
program_losses() {
  api GET /api/channels && json '[.channels[] | .stats.rtp_lost, .inputs[0].stats.dropped_socket,
    (.outputs[].stats | .packets_lost, (.byteSndDropTotal // 0), (.frames_dropped // 0))] | add'
}

# ---- libsrt alone ----

# Callers share floor_ports local ports, each fed by a thread of its own: one port, as the program's do at this rate.
start_floor() {
  local key=()
  [ -z "$options" ] || key=("$passphrase" "$pbkeylen")
  spawn "$work/floor" "$build/bench/srt_floor" $((channels * outputs)) "$bitrate" "$floor_ports" "$tick_us" "$host" \
    "$sink_port" "$sink_ports" "$latency_ms" "${key[@]}"
  contender_pids=("$last_pid")
}

# ---- FFmpeg ----

ffmpeg_quiet=(ffmpeg -nostdin -hide_banner -loglevel error)

# ffmpeg_output N: what output N is for FFmpeg, in $output. Its SRT latency is in microseconds; FLV has one audio stream.
ffmpeg_output() {
  if [ "$sink_kind" = rtmp ]; then
    output=(-map 0:v:0 -map 0:a:0 -c copy -f flv "$(rtmp_url "$1")")
  else
    output=(-map 0 -c copy -f mpegts
      "srt://$host:$(sink_of "$1")?mode=caller&latency=$((latency_ms * 1000))&pkt_size=1316&transtype=live")
  fi
}

# What the service did that this program replaces: one FFmpeg receives and writes a FIFO for each output, one
# FFmpeg an output reads its own.
start_ffmpeg_chain() {
  local i output fifos=()
  contender_pids=()
  for ((i = 0; i < outputs; i++)); do
    rm -f "$work/fifo-$i"
    mkfifo "$work/fifo-$i"
    fifos+=(-map 0 -c copy -f mpegts "$work/fifo-$i")
    ffmpeg_output "$i"
    spawn "$work/ffmpeg-$i" "${ffmpeg_quiet[@]}" -f mpegts -i "$work/fifo-$i" "${output[@]}"
    contender_pids+=("$last_pid")
  done
  spawn "$work/ffmpeg-receiver" "${ffmpeg_quiet[@]}" -y -i "rtp://$host:$input_port" "${fifos[@]}"
  contender_pids+=("$last_pid")
}

start_ffmpeg_many() {
  local i output out=()
  for ((i = 0; i < outputs; i++)); do
    ffmpeg_output "$i"
    out+=("${output[@]}")
  done
  spawn "$work/ffmpeg-many" "${ffmpeg_quiet[@]}" -i "rtp://$host:$input_port" "${out[@]}"
  contender_pids=("$last_pid")
}

# ---- srt-live-transmit ----

# One each, with a UDP port of its own, as one unicast stream cannot be received twice.
start_srt_live_transmit() {
  local i
  contender_pids=()
  for ((i = 0; i < outputs; i++)); do
    spawn "$work/slt-$i" srt-live-transmit -q -c 1316 "udp://$host:$((input_port + 2 * i))?rcvbuf=1000000" \
      "srt://$host:$(sink_of "$i")?mode=caller&latency=$latency_ms"
    contender_pids+=("$last_pid")
  done
}

# ---- GStreamer ----

start_gstreamer() {
  local i branches=()
  for ((i = 0; i < outputs; i++)); do
    branches+=(t. '!' queue '!' srtsink "uri=srt://$host:$(sink_of "$i")?mode=caller&latency=$latency_ms"
      wait-for-connection=false sync=false async=false)
  done
  spawn "$work/gstreamer" gst-launch-1.0 -q udpsrc address="$host" port="$input_port" \
    caps='application/x-rtp,media=video,encoding-name=MP2T,clock-rate=90000,payload=33' '!' rtpmp2tdepay '!' tee name=t \
    "${branches[@]}"
  contender_pids=("$last_pid")
}

# missing_for NAME: why a contender cannot be started, or nothing.
missing_for() {
  local tool
  case $1 in
    ffmpeg-*) tool=ffmpeg ;;
    srt-live-transmit) tool=srt-live-transmit ;;
    gstreamer) tool=gst-launch-1.0 ;;
    *) return ;;
  esac
  command -v "$tool" >/dev/null || {
    echo "$tool is not installed"
    return
  }
  case $1 in
    ffmpeg-*) ffmpeg -hide_banner -protocols 2>/dev/null | grep -w "$sink_kind" >/dev/null || echo "this ffmpeg has no $sink_kind" ;;
    gstreamer)
      for tool in srtsink udpsrc rtpmp2tdepay; do
        gst-inspect-1.0 --exists "$tool" || echo "GStreamer has no $tool here"
      done
      ;;
  esac
}
