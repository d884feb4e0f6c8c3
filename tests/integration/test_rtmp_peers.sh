#!/usr/bin/env bash
# Servers that are none of ours (nginx-rtmp, node-media-server, ffmpeg) record what the source sent: its packets with
# their contents, its times to the millisecond, its parameter sets. For the codecs that each of them knows.
. "$(dirname "$0")/lib.sh"
case $build in */asan | */tsan) skip_all "minutes of streams in real time; test_rtmp and test_rtmps have the same code under a sanitizer" ;; esac
. "$(dirname "$0")/rtmp_server.sh"
. "$(dirname "$0")/rtmp_peers.sh"

x265=(-c:v libx265 -preset ultrafast -x265-params "log-level=error:keyint=25:min-keyint=25:bframes=3:repeat-headers=1")

make_namespaces
make_ts "$work/h264-aac.ts" 3
make_ts "$work/hevc-aac.ts" 3 "${x265[@]}"
make_ts "$work/h264-ac3.ts" 3 -c:a ac3 -b:a 192k
make_ts "$work/hevc-eac3.ts" 3 "${x265[@]}" -c:a eac3 -b:a 192k
make_ts "$work/video-only.ts" 3 -an
make_ts "$work/audio-only.ts" 3 -vn
make_ts "$work/wrap.ts" 4 -output_ts_offset 95441.7 # 33 bits of 90 kHz are 95443.7 s
make_ts "$work/hevc-wrap.ts" 4 "${x265[@]}" -output_ts_offset 95441.7
make_ts "$work/two.ts" 3 -map 0 -map 1 -map 1 -filter:a:1 asetrate=24000 -metadata:s:a:0 language=eng \
  -metadata:s:a:1 language=deu

# copy_of IN OUT OPTION...
copy_of() {
  local in=$1 out=$2
  shift 2
  ffmpeg -nostdin -v error -y -i "$in" -c copy "$@" "$out"
}

# AAC as LATM, and the same frames as ADTS; the second of two audio streams alone.
copy_of "$work/h264-aac.ts" "$work/h264-aac.mp4"
copy_of "$work/h264-aac.mp4" "$work/h264-latm.ts" -mpegts_flags latm
copy_of "$work/h264-aac.mp4" "$work/h264-adts.ts"
copy_of "$work/two.ts" "$work/second.ts" -map 0:v -map 0:a:1

rtmp_server "record all; record_suffix .flv; record_unique on;"
servers=("$last_pid")
node_media_server && servers+=("$last_pid") && node=yes
start_distributor --interface "$veth"

# add_publisher URL: an output of $channel with $options, its id in $output.
add_publisher() {
  api POST "/api/channels/$channel/outputs" "{\"url\":\"$1\"${options:-}}" && output=$(json .id)
}

# publish KEY SERVER...: an output to each; the recording of SERVER will be $work/KEY.SERVER.flv.
publish() {
  local key=$1 server
  shift
  for server in "$@"; do
    case $server in
      nginx) add_publisher "rtmp://127.0.0.1/live/$key" ;;
      node) add_publisher "rtmp://127.0.0.1:$node_port/live/$key" ;;
      ffmpeg)
        ffmpeg_server "$work/$key.ffmpeg.flv"
        listener=$last_pid
        add_publisher "rtmp://127.0.0.1:$ffmpeg_port/live/key"
        ;;
    esac
    check "$key: $server takes the publisher" wait_for 30 output_is "$channel" "$output" connected
  done
}

# collect KEY SERVER...: the recordings, once they are whole.
collect() {
  local key=$1 server
  shift
  for server in "$@"; do
    case $server in
      nginx)
        wait_for 30 bash -c "! fuser -s '$work/record/$key'-*.flv"
        cp "$work/record/$key"-*.flv "$work/$key.nginx.flv"
        ;;
      node)
        wait_for 30 node_has_all "$key"
        sleep 1 # it writes what it has in a thread of its own
        cp "$work/node/record/live/$key"/*.flv "$work/$key.node.flv"
        ;;
      ffmpeg) check "$key: ffmpeg ends with the stream" wait_for 30 ended "$listener" ;;
    esac
  done
}

ended() {
  ! kill -0 "$1"
}

# compare_kind NAME RECORDING v|a: with $work/want.v and want.a, the source's lists.
compare_kind() {
  list_recording "$2" "$3" >"$work/have"
  from_base "$work/want.$3" "$(cat "$work/want.base")" >"$work/want"
  check "$1: there are $3 packets" test -s "$work/want"
  check "$1: $(wc -l <"$work/want") $3 packets, their contents and times" same_packets "$work/want" "$work/have"
}

# base_of LIST.v LIST.a: the DTS of the first video packet, or of the first one of audio.
base_of() {
  { head -1 "$1" && head -1 "$2"; } | head -1 | cut -d ' ' -f 2
}

# fourcc TEXT: as the number that onMetaData has.
fourcc() {
  printf '%d\n' "0x$(printf %s "$1" | od -An -tx1 | tr -d ' ')"
}

# codec_id CODEC: in onMetaData: FLV's own number, or the FourCC.
codec_id() {
  case $1 in
    h264) echo 7 ;;
    aac) echo 10 ;;
    hevc) if [ "${form:-}" = hevc-12 ]; then echo 12; else fourcc hvc1; fi ;;
    ac3) fourcc ac-3 ;;
    eac3) fourcc ec-3 ;;
  esac
}

# compare_metadata NAME SOURCE.ts RECORDING.flv: where the server passes on what it was told.
compare_metadata() {
  local want='' have='' key
  if has_stream "$2" v; then
    want="$(source_number "$2" v width) $(source_number "$2" v height) $(source_number "$2" v r_frame_rate) "
    want+="$(codec_id "$(codec_of "$2" v)")"
    for key in width height framerate videocodecid; do
      have+="${have:+ }$(metadata "$3" "$key")"
    done
  fi
  if has_stream "$2" a; then
    want+="${want:+ }$(source_number "$2" a sample_rate) $(codec_id "$(codec_of "$2" a)")"
    have+="${have:+ }$(metadata "$3" audiosamplerate) $(metadata "$3" audiocodecid)"
  fi
  equal "$1: size, frame rate, sampling rate and codecs in onMetaData" "$want" "$have"
}

# compare NAME SOURCE.ts RECORDING.flv
compare() {
  local kind codec
  "$build/tools/flv_packets" "$3" >"$work/flv.list"
  equal "$1: every tag is as the formats have it" 0 "$?"
  for kind in v a; do
    list_recording "$3" "$kind" >"$work/have.$kind"
  done
  base_of "$work/have.v" "$work/have.a" >"$work/have.base"
  for kind in v a; do
    ! has_stream "$2" "$kind" || compare_kind "$1" "$3" "$kind"
  done
  if has_stream "$2" v; then
    codec=$(codec_of "$2" v)
    equal "$1: parameter sets" "$(parameter_sets "$2")" "$(recorded_config "$3" "${form:-$codec}")"
  fi
  if [ "$(codec_of "$2" a)" = aac ]; then
    equal "$1: AudioSpecificConfig" "$(recorded_config "$work/judge.flv" aac)" "$(recorded_config "$3" aac)"
  fi
}

# case_of KEY FILE.ts SERVER...: the source once ($sent, or the file itself), to all these servers at the same time.
case_of() {
  local key=$1 file=$2 server kind
  shift 2
  for kind in v a; do
    : >"$work/want.$kind"
    ! has_stream "$file" "$kind" || list_source "$file" "$kind" >"$work/want.$kind"
  done
  base_of "$work/want.v" "$work/want.a" >"$work/want.base"
  # ffmpeg's own remultiplexing has the AudioSpecificConfig to compare with.
  ffmpeg -nostdin -v error -y -i "$file" -map '0:a:0?' -c copy -t 0.5 -f flv "$work/judge.flv" 2>/dev/null
  make_channel "$key" 5000
  publish "$key" "$@"
  send "${sent:-$file}" 10.77.0.2:5000 >/dev/null
  sleep 1.5 # the last access unit ends with the silence after it
  api DELETE "/api/channels/$channel"
  collect "$key" "$@"
  for server in "$@"; do
    compare "$key to $server" "$file" "$work/$key.$server.flv"
    [ "$server" != node ] || compare_metadata "$key to $server" "$file" "$work/$key.$server.flv"
  done
}

# relay KEY FILE.ts SERVER...: "node" only where it can be had.
relay() {
  local key=$1 file=$2 server list=()
  shift 2
  for server in "$@"; do
    if [ "$server" != node ] || [ "${node:-}" ]; then list+=("$server"); fi
  done
  if [ ${#list[@]} -gt 0 ]; then
    case_of "$key" "$file" "${list[@]}"
  else
    ok "$key # SKIP no node-media-server here"
  fi
}

relay h264-aac "$work/h264-aac.ts" nginx node ffmpeg
relay video-only "$work/video-only.ts" nginx node ffmpeg
relay audio-only "$work/audio-only.ts" nginx node ffmpeg
relay wrap "$work/wrap.ts" nginx node ffmpeg
[ ! -e "$samples/h264-aac.ts" ] || { whole_sample h264-aac.ts "$work/sample.ts" && relay sample "$work/sample.ts" nginx node ffmpeg; }
relay hevc-aac "$work/hevc-aac.ts" node
relay h264-ac3 "$work/h264-ac3.ts" node
relay hevc-eac3 "$work/hevc-eac3.ts" node
relay hevc-wrap "$work/hevc-wrap.ts" node
options=',"hevc":"legacy"' form=hevc-12 relay hevc-legacy "$work/hevc-aac.ts" nginx node
sent="$work/h264-latm.ts" relay h264-latm "$work/h264-adts.ts" nginx node ffmpeg
options=',"audio":"deu"' sent="$work/two.ts" relay second-audio "$work/second.ts" nginx node
options=',"audio":"1"' sent="$work/two.ts" relay second-by-number "$work/second.ts" node

for pid in "${servers[@]}"; do
  check "a server still runs" kill -0 "$pid"
done
check "clean stop" stop_distributor
finish
