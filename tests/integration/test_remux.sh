#!/usr/bin/env bash
# Files through the remuxer, compared with what ffmpeg makes of them: packets, time stamps to the millisecond,
# decoder configuration, decoded pictures.
. "$(dirname "$0")/lib.sh"
case $build in */tsan) skip_all "nothing of it is about threads" ;; esac

ts2flv=$build/tools/ts2flv flv_list=$build/tools/flv_list

make_video() { # make_video OUT ENCODER OPTION...
  local out=$1 encoder=$2
  shift 2
  ffmpeg -nostdin -v error -y -f lavfi -i testsrc2=size=420x244:rate=25 -t 4 -an -c:v "$encoder" \
    "$@" -f mpegts "$out"
}

# The video packets of a TS: DTS and PTS in milliseconds since the first DTS, key or not. ffprobe itself
# unwraps the time stamps.
packets_of_ts() {
  ffprobe -v error -select_streams v -show_entries packet=pts,dts,flags -of compact=p=0 "$1" |
    awk -F'[|=]' '/^pts=/ {if (!n++) first = $4
      printf "%d %d %s\n", ($4 - first) / 90 + .5, ($2 - first) / 90 + .5, $6 ~ /K/ ? "key" : "inter"}'
}

packets_of_flv() {
  awk '$1 == "video" {if (!n++) first = $2; print $2 - first, $3 - first, $4}' "$1"
}

pictures() { # pictures FILE: a hash for each decoded picture
  ffmpeg -nostdin -v error -i "$1" -map 0:v:0 -vsync passthrough -f framemd5 - | awk '!/^#/ {print $NF}'
}

compare() { # compare NAME TS CODEC OPTION...
  local name=$1 ts=$2 codec=$3
  shift 3
  "$ts2flv" "$@" "$ts" "$work/out.flv" >"$work/counters"
  "$flv_list" "$work/out.flv" "$work/out.es" >"$work/list"
  packets_of_ts "$ts" >"$work/wanted"
  packets_of_flv "$work/list" >"$work/got"
  check "$name: made 4 s of it" [ "$(wc -l <"$work/got")" -eq 100 ]
  check "$name: $(wc -l <"$work/wanted") packets, time stamps and key frames of the source" \
    cmp "$work/wanted" "$work/got"
  check "$name: every frame is $codec" \
    [ "$(awk '$1 == "video" {print $5}' "$work/list" | sort -u)" = "$codec" ]
  pictures "$ts" >"$work/wanted"
  pictures "$work/out.es" >"$work/got"
  check "$name: $(wc -l <"$work/wanted") pictures decode to the same" cmp "$work/wanted" "$work/got"
  check "$name: nothing damaged, malformed or untimed" \
    grep -qzP 'damaged_units 0\nmalformed_units 0\nuntimed_units 0\n' "$work/counters"
}

hex_of() { # hex_of FILE OFFSET BYTES
  od -An -v -tx1 -j "$2" -N "$3" "$1" | tr -d ' \n'
}

# The decoder configuration record that ffmpeg writes into MP4.
record_of_mp4() { # record_of_mp4 FILE BOX
  local at size
  at=$(grep -obUa "$2" "$1" | head -1 | cut -d: -f1)
  size=$((0x$(hex_of "$1" $((at - 4)) 4)))
  hex_of "$1" $((at + 4)) $((size - 8))
}

compare_record() { # compare_record NAME TS BOX TAG
  ffmpeg -nostdin -v error -y -i "$2" -an -c copy -tag:v "$4" "$work/out.mp4"
  check "$1: decoder configuration as ffmpeg writes it" \
    [ "$(record_of_mp4 "$work/out.mp4" "$3")" = "$(awk '$1 == "video-header" {print $3; exit}' "$work/list")" ]
}

make_video "$work/avc.ts" libx264 -preset veryfast -g 25 -bf 3 -pix_fmt yuv420p
compare "H.264" "$work/avc.ts" avc
compare_record "H.264" "$work/avc.ts" avcC avc1

make_video "$work/fields.ts" libx264 -preset veryfast -g 25 -bf 2 -pix_fmt yuv420p -x264-params tff=1 -flags +ildct
compare "H.264 interlaced" "$work/fields.ts" avc

# 2^33 ticks of 90 kHz are 95443.7 s.
make_video "$work/wrap.ts" libx264 -preset veryfast -g 25 -bf 3 -pix_fmt yuv420p -output_ts_offset 95440
compare "H.264 over the wrap of PTS" "$work/wrap.ts" avc

hevc=(-preset ultrafast -x265-params keyint=25:bframes=3:b-pyramid=1:log-level=none)
make_video "$work/hevc.ts" libx265 "${hevc[@]}" -pix_fmt yuv420p
compare "HEVC" "$work/hevc.ts" hvc1
compare_record "HEVC" "$work/hevc.ts" hvcC hvc1
compare "HEVC as codec id 12" "$work/hevc.ts" hevc12 --hevc legacy

make_video "$work/hevc10.ts" libx265 -preset ultrafast -pix_fmt yuv420p10le -output_ts_offset 95440 \
  -x265-params keyint=30:bframes=4:open-gop=1:slices=4:aud=1:repeat-headers=1:log-level=none
compare "HEVC of 10 bits, four slices, over the wrap" "$work/hevc10.ts" hvc1
finish
