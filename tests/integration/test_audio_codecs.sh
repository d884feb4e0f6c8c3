#!/usr/bin/env bash
# Audio as ffmpeg puts it into a transport stream, remuxed: every frame byte by byte, at its time to the
# millisecond, of AAC in ADTS and LATM, AC-3 and E-AC-3, over the wrap of the clock too.
. "$(dirname "$0")/lib.sh"
case $build in */tsan) skip_all "nothing of it is about threads" ;; esac

for program in ffmpeg ffprobe; do
  command -v "$program" >/dev/null || skip_all "no $program"
done

tone=(-f lavfi -i "aevalsrc=0.3*sin(2*PI*440*t)|0.2*random(0)*sin(3*t):s=48000:d=12")
tone_44k=(-f lavfi -i "aevalsrc=0.3*sin(2*PI*440*t)|0.2*random(0)*sin(3*t):s=44100:d=12")
surround=(-f lavfi -i "aevalsrc=0.3*sin(440*t)|0.2*random(0)|0.1*sin(9*t)|0|0.1*random(1)|0.2:c=5.1:s=48000:d=12")

encode() { # encode FILE OPTION...
  local file=$1
  shift
  ffmpeg -nostdin -v error -y "$@" "$work/$file"
}

encode aac.m4a "${tone[@]}" -c:a aac -b:a 160k
encode aac_44k.m4a "${tone_44k[@]}" -c:a aac -b:a 96k
encode ac3.ac3 "${tone[@]}" -c:a ac3 -b:a 192k
encode ac3_44k.ac3 "${tone_44k[@]}" -c:a ac3 -b:a 224k
encode eac3.eac3 "${surround[@]}" -c:a eac3 -b:a 384k

# hashes FILE: size and hash of each frame of a file that has nothing around them
hashes() {
  ffprobe -v error -show_entries packet=size,data_hash -show_data_hash CRC32 -of flat "$1" |
    sed -n 's/.*\.size="\([0-9]*\)".*/\1/p; s/.*\.data_hash="CRC32:\(.*\)"/\1/p' | paste -d ' ' - -
}

# times FILE: the earliest and latest millisecond of each frame of a transport stream, ts2flv's first one at
# 1000. They differ where a tick of 90 kHz does: ffprobe rounds the times of all but the first frame of a PES
# packet to ticks, in its own way. It counts from the wrap, backwards too, when that is near.
times() {
  ffprobe -v error -select_streams a -show_entries packet=pts -of csv=p=0 "$1" | tr -d , |
    awk 'function ms(ticks) { return int((ticks + 45) / 90) - first + 1000 }
      /^-?[0-9]/ {
        if (!n++) {
          wrap = $1 < 0 ? 2 ^ 33 : 0
          first = int(($1 + wrap + 45) / 90)
        }
        print ms($1 + wrap - 1), ms($1 + wrap + 1)
      }'
}

# same_frames WANTED GOT: "EARLIEST LATEST SIZE HASH" and "TIME SIZE HASH" a line
same_frames() {
  paste -d ' ' "$1" "$2" | awk '
    NF != 7 || $5 < $1 || $5 > $2 || $6 != $3 || $7 != $4 { print "frame " NR ": " $0; bad = 1 }
    END { exit bad || !NR }'
}

# remux TITLE SOURCE CODEC HEADER OPTION...: put the file into a transport stream, remux that, compare
remux() {
  local title=$1 source=$work/$2 codec=$3 header=$4 ts=$work/remux.ts flv=$work/remux.flv frames
  shift 4
  ffmpeg -nostdin -v error -y -i "$source" -c copy -f mpegts "$@" "$ts"
  "$build/tools/ts2flv" "$ts" "$flv" >"$work/counters" || not_ok "$title: ts2flv"
  "$build/tools/flv_packets" "$flv" >"$work/tags" || not_ok "$title: flv_packets"
  equal "$title: one sequence header" "config $codec $header" "$(grep '^config' "$work/tags")"
  paste -d ' ' <(times "$ts") <(hashes "$source") >"$work/wanted"
  sed -n "s/^audio $codec \([0-9]*\) [0-9]* 1 /\1 /p" "$work/tags" >"$work/got"
  frames=$(wc -l <"$work/got")
  check "$title: $frames frames with their bytes and times" same_frames "$work/wanted" "$work/got"
  check "$title: that is all of 12 s" test "$frames" -gt 300
  equal "$title: nothing malformed, untimed or lost" "" \
    "$(grep -E '^(malformed|untimed|damaged|disc|unsupp|clock)' "$work/counters" | grep -v ' 0$')"
}

near_wrap=(-output_ts_offset 95438) # the clock has 95443.7 s
remux "AAC in ADTS" aac.m4a aac 1190
remux "AAC in ADTS, 44.1 kHz" aac_44k.m4a aac 1210 "${near_wrap[@]}"
remux "AAC in LATM" aac.m4a aac 1190 -mpegts_flags +latm
remux "AAC in LATM, 44.1 kHz" aac_44k.m4a aac 1210 -mpegts_flags +latm "${near_wrap[@]}"
remux "AC-3" ac3.ac3 ac-3 ""
remux "AC-3 as DVB has it, 44.1 kHz" ac3_44k.ac3 ac-3 "" -mpegts_flags +system_b "${near_wrap[@]}"
remux "E-AC-3" eac3.eac3 ec-3 ""
remux "E-AC-3 as DVB has it" eac3.eac3 ec-3 "" -mpegts_flags +system_b "${near_wrap[@]}"

# Channels that no number stands for are told inside the frames; ffmpeg decodes our FLV to the same samples.
samples_of() { ffmpeg -nostdin -v error -i "$1" -f md5 -; }
ffmpeg -nostdin -v error -y -f lavfi -i "aevalsrc=0.3*sin(440*t)|0.2*random(0)|0.1*sin(9*t):c=2.1:s=48000:d=4" \
  -c:a aac "$work/low.ts"
"$build/tools/ts2flv" "$work/low.ts" "$work/low.flv" >/dev/null
equal "2.1: the samples of the source" "$(samples_of "$work/low.ts")" "$(samples_of "$work/low.flv")"
finish
