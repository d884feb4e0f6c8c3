#!/usr/bin/env bash
# What an RTMP server records has the packets and the timing of the source, by ffprobe; ffmpeg's own
# remultiplexing of the same file is the judge beside it.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/rtmp_server.sh"

make_namespaces
make_ts "$work/film-25.ts" 4
make_ts "$work/film-2997.ts" 4 -vf fps=30000/1001
make_ts "$work/start-mid-gop.ts" 4 -bf 0 -g 60
dd if="$work/start-mid-gop.ts" of="$work/mid-gop.ts" bs=188 skip=150 status=none
make_ts "$work/video-only.ts" 3 -an
files=("$work/film-25.ts" "$work/film-2997.ts" "$work/video-only.ts")
[ ! -e "$samples/h264-aac.ts" ] || { whole_sample h264-aac.ts "$work/sample.ts" && files+=("$work/sample.ts"); }

# packets FILE v|a TICKS_PER_MS: "pts dts key" in ms, one packet a line, rounded as the FLV clock is.
packets() {
  ffprobe -v error -select_streams "$2:0" -show_entries packet=pts,dts,flags -of compact=p=0:nk=1 \
    "$1" 2>/dev/null | awk -F '|' -v t="$3" '
      $1 ~ /^-?[0-9]/ { # not the lines of side data
        d = $2 == "N/A" ? $1 : $2
        printf "%d %d %d\n", int(($1 + t / 2) / t), int((d + t / 2) / t), $3 ~ /K/ }'
}

# from_key VIDEO OTHER: the lines of OTHER from the first video key frame on (its DTS); OTHER may be
# VIDEO itself. Times become relative to that key frame.
from_key() {
  awk 'NR == FNR { if ($3 && !found) { found = 1; base = $2 } next }
       found && $2 >= base { print $1 - base, $2 - base }' "$1" "$2"
}

# same_times A B: as many lines, and no time differs by more than the rounding of one clock (1 ms).
same_times() {
  local worst
  if [ "$(wc -l <"$1")" -ne "$(wc -l <"$2")" ]; then
    echo "  packets: $(wc -l <"$1") and $(wc -l <"$2")"
    return 1
  fi
  worst=$(paste -d ' ' "$1" "$2" | awk '
    { p = $1 - $3; d = $2 - $4; if (p < 0) p = -p; if (d < 0) d = -d
      if (p > w) w = p; if (d > w) w = d } END { print w + 0 }')
  [ "$worst" -le 1 ] || echo "  times differ by $worst ms"
  [ "$worst" -le 1 ]
}

# compare NAME SOURCE.ts RECORDING.flv
compare() {
  local name=$1 kind ticks=90
  packets "$2" v $ticks >"$work/source.v"
  packets "$2" a $ticks >"$work/source.a"
  packets "$3" v 1 >"$work/record.v"
  packets "$3" a 1 >"$work/record.a"
  for kind in v a; do
    from_key "$work/source.v" "$work/source.$kind" >"$work/want"
    from_key "$work/record.v" "$work/record.$kind" >"$work/have"
    [ "$kind" = a ] || check "$name: there is video" test -s "$work/have"
    check "$name: $(wc -l <"$work/have") $kind packets and their times" \
      same_times "$work/want" "$work/have"
  done
  equal "$name: decodes without an error" "" \
    "$(ffmpeg -nostdin -v error -i "$3" -f null - 2>&1 | head -5)"
}

# judge NAME SOURCE.ts RECORDING.flv: the same as ffmpeg makes of it, codec parameters included.
judge() {
  local entries=stream=codec_name,profile,width,height,sample_rate,channels
  ffmpeg -nostdin -v error -y -i "$2" -map 0:v:0 -map '0:a:0?' -c copy -f flv "$work/judge.flv"
  equal "$1: codec parameters as ffmpeg writes them" \
    "$(ffprobe -v error -show_entries $entries -of compact "$work/judge.flv" | sort)" \
    "$(ffprobe -v error -show_entries $entries -of compact "$3" | sort)"
  packets "$work/judge.flv" v 1 >"$work/judge.v"
  packets "$3" v 1 >"$work/record.v"
  from_key "$work/judge.v" "$work/judge.v" >"$work/want"
  from_key "$work/record.v" "$work/record.v" >"$work/have"
  check "$1: video packets and times as ffmpeg writes them" same_times "$work/want" "$work/have"
}

recorded() {
  grep -q 'record: .*closed\|deleteStream' "$work/nginx/error.log" && compgen -G "$work/record/*.flv"
}

# record FILE OPTION...: play FILE into a channel, leave the recording in $recording.
record() {
  local file=$1
  shift
  rm -f "$work"/record/*
  make_channel "$(basename "$file")" 5000
  add_output "$channel" "rtmp://127.0.0.1/live/key"
  check "$(basename "$file"): connects" wait_for 30 output_is "$channel" "$output" connected
  send "$file" "$@" 10.77.0.2:5000 >/dev/null
  sleep 1.5 # the last access unit ends with the silence after it
  api DELETE "/api/channels/$channel"
  wait_for 30 bash -c "! fuser -s $work/record/*.flv"
  recording=$(compgen -G "$work/record/*.flv" | head -1)
}

rtmp_server "record all; record_suffix .flv; record_unique on;"
server=$last_pid
start_distributor --interface "$veth"
for file in "${files[@]}"; do
  record "$file"
  compare "$(basename "$file")" "$file" "$recording"
  judge "$(basename "$file")" "$file" "$recording"
done

record "$work/mid-gop.ts"
first=$(packets "$recording" v 1 | head -1)
equal "joined mid-GOP: starts with a key frame" 1 "${first##* }"
equal "joined mid-GOP: decodes without an error" "" \
  "$(ffmpeg -nostdin -v error -i "$recording" -f null - 2>&1 | head -5)"

record "$work/film-25.ts" --start-pts 8589754592 # 2^33 - 2 s
compare "33-bit wrap" "$work/film-25.ts" "$recording"

metadata=$(ffprobe -v error -show_entries format_tags:stream=width,height -of json "$recording")
equal "onMetaData has the true width" 640 "$(jq '.streams[0].width' <<<"$metadata")"
check "the server still runs" kill -0 "$server"
check "clean stop" stop_distributor
finish
