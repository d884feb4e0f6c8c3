# shellcheck shell=bash
# Independent RTMP servers that record, and lists of what is in a stream and in their recordings, for tests that
# source lib.sh and rtmp_server.sh before.
#
# A list has a line for each packet: "PTS DTS KEY SIZE CRC", times in ms. Of video the size and the CRC are those of the
# NAL units with their lengths of 4 bytes, without delimiters, parameter sets and filler (as flv_packets has them).

peers=$root/tests/peers
node_port=1936 ffmpeg_port=1937

# node_media_server: on 127.0.0.1:$node_port, recordings in $work/node/record/live/KEY; fails where it cannot be had.
node_media_server() {
  command -v node >/dev/null && command -v npm >/dev/null || return 1
  [ -d "$peers/node_modules/node-media-server" ] ||
    npm --prefix "$peers" ci --silent >"$work/npm.log" 2>&1 || return 1
  mkdir -p "$work/node"
  background node "$peers/rtmp-server.mjs" "$node_port" "$work/node" >"$work/node/log" 2>&1
  wait_for 60 listening "$node_port"
}

# node_has_all KEY: it has read the last publisher to its end. The recording stays open: the publisher might come again.
node_has_all() {
  local session
  session=$(sed -n "s|.* RTMP session \([^ ]*\) .* start push /live/$1\$|\1|p" "$work/node/log" | tail -1)
  [ -n "$session" ] && grep -q "RTMP session $session close" "$work/node/log"
}

# listening PORT: somebody waits for TCP connections there.
listening() {
  [ -n "$(in_ns ss -Hltn "sport = :$1")" ]
}

# ffmpeg_server FILE: an ffmpeg that takes one publisher and writes what it reads; pid in $last_pid.
ffmpeg_server() {
  background ffmpeg -nostdin -v warning -y -listen 1 -i "rtmp://127.0.0.1:$ffmpeg_port/live/key" \
    -map 0 -c copy -copyts -f flv "$1" 2>"$1.log"
  wait_for 30 listening "$ffmpeg_port"
}

# has_stream FILE v|a
has_stream() {
  [ -n "$(ffprobe -v error -select_streams "$2" -show_entries stream=index -of csv=p=0 "$1")" ]
}

# codec_of FILE v|a
codec_of() {
  ffprobe -v error -select_streams "$2:0" -show_entries stream=codec_name -of csv=p=0 "$1" | head -1
}

# incidental CODEC: NAL unit types that a list leaves out, as the filter_units bit stream filter takes them.
incidental() {
  if [ "$1" = hevc ]; then echo '32-35|38'; else echo '7-9|12'; fi
}

# list_source FILE.ts v|a: of the first stream of that kind. Times from the transport stream, sizes and contents as
# ffmpeg writes them into a container that has NAL units with lengths and audio frames without headers.
list_source() {
  local filter=()
  [ "$2" = a ] || filter=(-bsf:v "filter_units=remove_types=$(incidental "$(codec_of "$1" v)")")
  ffmpeg -nostdin -v error -y -i "$1" -map "0:$2:0" -c copy "${filter[@]}" -f matroska "$work/source.mkv"
  paste -d ' ' <(packet_times "$1" "$2") \
    <(ffprobe -v error -show_packets -show_data_hash CRC32 -show_entries packet=size,flags,data_hash \
      -of compact=p=0:nk=1 "$work/source.mkv" |
      awk -F '[|:]' 'NF == 4 { print $2 ~ /K/ ? 1 : 0, $1, $4 }')
}

# packet_times FILE.ts v|a: "PTS DTS" in ms, rounded. Before a wrap ffprobe has them below 0.
packet_times() {
  ffprobe -v error -select_streams "$2:0" -show_entries packet=pts,dts -of compact=p=0:nk=1 "$1" |
    awk -F '|' '
      function ms(ticks) { ticks += 45; return ticks < 0 ? -int((89 - ticks) / 90) : int(ticks / 90) }
      $1 ~ /^-?[0-9]/ { print ms($1), ms($2 ~ /^-?[0-9]/ ? $2 : $1) }'
}

# list_recording FILE.flv v|a
list_recording() {
  "$build/tools/flv_packets" "$1" |
    awk -v kind="$([ "$2" = v ] && echo video || echo audio)" '$1 == kind { print $4, $3, $5, $6, $7 }'
}

# parameter_sets FILE.ts: in hexadecimal, each once: those of a video elementary stream.
parameter_sets() {
  local codec pass='7|8'
  codec=$(codec_of "$1" v)
  [ "$codec" = hevc ] && pass=32-34
  ffmpeg -nostdin -v error -i "$1" -map 0:v:0 -c copy -bsf:v "filter_units=pass_types=$pass" -f "$codec" - |
    od -An -v -tx1 | tr '\n' ' ' | tr -s ' ' | sed 's/\( 00\)\? 00 00 01 /\n/g' | tr -d ' ' | grep . | sort -u
}

# source_number FILE.ts v|a KEY: a number of the stream; frames a second as a decimal.
source_number() {
  ffprobe -v error -select_streams "$2:0" -show_entries "stream=$3" -of csv=p=0 "$1" | head -1 |
    awk -F / '{ printf "%.10g\n", (NF == 2 ? $1 / $2 : $1) }'
}

# metadata FILE.flv KEY: of the last onMetaData.
metadata() {
  "$build/tools/flv_packets" "$1" | sed -n "s/^meta $2 //p" | tail -1
}

# recorded_config FILE.flv CODEC: what its sequence headers have.
recorded_config() {
  "$build/tools/flv_packets" "$1" | sed -n "s/^config $2 \([0-9a-f]\)/\1/p" | sort -u
}

# same_packets WANT HAVE: as many, each as large and with the same content, key frames the same, and no time, counted from the first
# packet's DTS in $work/want.base and $work/have.base, differs by more than the rounding of one clock (1 ms).
same_packets() {
  local worst
  if ! diff <(cut -d ' ' -f 3- "$1") <(cut -d ' ' -f 3- "$2") >"$work/difference"; then
    echo "  $(wc -l <"$1") and $(wc -l <"$2") packets; the first that differ:"
    head -4 "$work/difference" | sed 's/^/  /'
    return 1
  fi
  worst=$(paste -d ' ' "$1" "$2" | awk -v a="$(cat "$work/want.base")" -v b="$(cat "$work/have.base")" '
    { p = $1 - a - $6 + b; d = $2 - a - $7 + b; if (p < 0) p = -p; if (d < 0) d = -d
      if (p > w) w = p; if (d > w) w = d } END { print w + 0 }')
  [ "$worst" -le 1 ] || echo "  times differ by $worst ms"
  [ "$worst" -le 1 ]
}

# from_base FILE BASE: the packets that do not begin before BASE.
from_base() {
  awk -v base="$2" '$2 >= base' "$1"
}
