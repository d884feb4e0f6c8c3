#!/usr/bin/env bash
# The published SCTE-35 examples, put into a stream at known places, arrive at an RTMP server as AMF messages with the right
# fields: once each, in the flavour that the output chose, and telling the key frame of the splice to the millisecond.
. "$(dirname "$0")/lib.sh"

server=$root/tests/tools/rtmp_log.mjs
log=$work/rtmp.log

# SCTE 35 sections 14.1 to 14.4; then a heartbeat, a section with a wrong CRC, and an order to come back at once.
po_start=/DA0AAAAAAAA///wBQb+cr0AUAAeAhxDVUVJSAAAjn/PAAGlmbAICAAAAAAsoKGKNAIAmsnRfg==
insert=/DAvAAAAAAAA///wFAVIAACPf+/+c2nALv4AUsz1AAAAAAAKAAhDVUVJAAABNWLbowo=
po_end=/DAvAAAAAAAA///wBQb+dGKQoAAZAhdDVUVJSAAAjn+fCAgAAAAALKChijUCAKnMZ1g=
program=/DBIAAAAAAAA///wBQb+ek2ItgAyAhdDVUVJSAAAGH+fCAgAAAAALMvDRBEAAAIXQ1VFSUgAABl/nwgIAAAAACyk26AQAACZcuND
heartbeat=/DARAAAAAAAAAP/wAAAAAHpPv/8=
wrong_crc=/DA4AAAAAAAAAP/wFAUABDEAf+//mWEhzP4Azf5gAQAAAAATAhFDVUVJAAAAAX+/AQIwNAEAAKeYO3Q=
back_now=/DAeAAAAAAAAAP///wViAA/nf18ACQAAAAAskJv+YPtE

command -v node >/dev/null || skip_all "no node"
make_namespaces
make_ts "$work/plain.ts" 12

# AT SPLICE SECTION, ms after the first video frame; see tests/tools/cue_injector.c. The break of 14.2 is announced
# three times.
"$build/tools/cue_injector" "$work/plain.ts" "$work/cues.ts" <<CUES || skip_all "no stream with cues"
600 - $heartbeat
1000 6000 $insert
1400 - $wrong_crc
2000 6000 $insert
3000 6000 $insert
5000 9000 $po_start
5500 11000 $po_end
6500 8000 $program
7000 9000 $po_start
10000 - $back_now
CUES
equal "the stream has a PID with SCTE-35, as ffprobe sees it" scte_35 \
  "$(ffprobe -v error -select_streams d -show_entries stream=codec_name -of default=nw=1:nk=1 "$work/cues.ts" 2>/dev/null | sort -u)"

# add_cue_output KEY FLAVOUR
add_cue_output() {
  api POST "/api/channels/$channel/outputs" \
    "{\"url\":\"rtmp://127.0.0.1/live/$1\",\"cues\":\"$2\"}" && output=$(json .id)
}

# messages KEY FILTER: what jq's FILTER makes of each cue message, its time stamp in .time, its AMF values in .values
messages() {
  jq -c "def four: . * 10000 | round / 10000;
    select(.key == \"$1\" and .type == \"data\" and .values[0] != \"@setDataFrame\") | $2" "$log"
}

# key_frame KEY MS: presentation time of the key frame MS after the first frame in the server's clock
key_frame() {
  jq -s "[.[] | select(.key == \"$1\" and .type == \"video\")] | .[0].pts as \$first
    | .[] | select(.frame == \"key\" and .pts == \$first + $2) | .pts" "$log"
}

# place KEY FILTER NAME MS...: the FILTER of each message tells the splice at the key frame of that MS
place() {
  local key=$1 filter=$2 name=$3 ms wanted=''
  shift 3
  for ms; do
    wanted+="$(key_frame "$key" "$ms") "
  done
  equal "$key: $name" "$wanted" "$(messages "$key" "$filter" | tr '\n' ' ')"
}

# sent KEY FILTER AT...: the messages that FILTER takes were sent when the source was AT ms after its first frame, give or
# take the access units on their way in the demultiplexer
sent() {
  local key=$1 filter=$2 at got
  shift 2
  got=$(messages "$key" "$filter | .time")
  for at; do
    [ "${got%%$'\n'*}" -le $((at + 120)) ] && [ "${got%%$'\n'*}" -ge $((at - 240)) ] || {
      not_ok "$key: sent at $at ms" "first of: $(tr '\n' ' ' <<<"$got")"
      return
    }
    got=${got#*$'\n'}
  done
  ok "$key: sent as the sections came"
}

# has_come KEY MS: the stream up to there has come
has_come() {
  [ -n "$(jq "select(.key == \"$1\" and .type == \"video\" and .time >= $2) | .time" "$log")" ]
}

connected() {
  check "$1 is connected" wait_for 10 output_is "$channel" "$output" connected
  [ "$failures" -eq 0 ] || finish
}

background node "$server" 127.0.0.1:1935 >"$log" 2>"$work/server.log"
wait_for 10 in_ns bash -c ': </dev/tcp/127.0.0.1/1935'
# The server itself is tried with a publisher that is not ours.
in_ns ffmpeg -nostdin -v error -i "$work/plain.ts" -map 0:v -map 0:a -c copy -f flv rtmp://127.0.0.1/live/judge
wait_for 10 grep -q '"key":"judge","type":"end"' "$log"
ffprobe -v error -select_streams v -show_entries packet=size -of default=nw=1:nk=1 "$work/plain.ts" | wc -l >"$work/want"
equal "the server logs all that ffmpeg publishes" "$(cat "$work/want") onMetaData" \
  "$(grep -c '"key":"judge","type":"video"' "$log") $(jq -r 'select(.key == "judge" and .type == "data") | .values[1]' "$log")"
start_distributor --interface "$veth"
make_channel cues 5000
for flavour in scte35:oncuepoint_scte35 simple:oncuepoint adcue:onadcue youtube:youtube none:off; do
  add_cue_output "${flavour%%:*}" "${flavour#*:}"
  connected "${flavour%%:*}"
done
send "$work/cues.ts" 10.77.0.2:5000 >/dev/null &
source_pid=$!
pids+=("$source_pid")
wait_for 15 has_come none 3200 # the break is announced for the last time
add_cue_output late youtube
connected late
add_cue_output late_none off
connected late_none
wait "$source_pid"
# Those who were there from the first have all frames; the last access unit ends with the silence after it.
all_have() {
  local key
  for key in none scte35 simple adcue youtube; do
    [ "$(grep -c "\"key\":\"$key\",\"type\":\"video\"" "$log")" -ge "$(cat "$work/want")" ] || return
  done
}
wait_for 20 all_have
sleep 1.5 # and what else would come
check "the distributor sends all video" has_come none 11800

immediate='.values[1].parameters.splice_immediate'
place scte35 "select($immediate | not) | .time + .values[1].parameters.pre_roll_time" \
  "pre_roll_time leads to the splices" 6000 9000 11000
place simple 'select(.time + 10 < .values[1].time * 1000) | .values[1].time * 1000 | round' \
  "time is that of the splices" 6000 9000 11000
place adcue 'select(.time + 10 < .values[1].time * 1000) | .values[1].time * 1000 | round' \
  "time is that of the splices" 6000 9000 11000 8000
place youtube 'select(.values[1].pre_roll_time_sec > 0) | .time + (.values[1].pre_roll_time_sec * 1000 | round)' \
  "pre_roll_time_sec leads to the splices" 6000 9000 11000

# The late one has a clock of its own: it is the same key frame that it is told of.
frame_size() {
  jq "select(.key == \"$1\" and .type == \"video\" and .frame == \"key\" and .pts == ${2:-0}) | .size" "$log"
}
late_splice=$(messages late 'select(.values[1].splice_event_id == 1207959695)
  | .time + (.values[1].pre_roll_time_sec * 1000 | round)')
check "late: joined when the break was announced for the last time" test "${late_splice:-9999}" -lt 6000
equal "late: is told of the break to come" "$(frame_size none "$(key_frame none 6000)")" \
  "$(frame_size late "$late_splice")"
for key in scte35 simple youtube; do
  sent "$key" . 1000 5000 5500 10000
done
sent adcue . 1000 5000 5500 6500 10000
equal "scte35: nothing is told twice" 4 "$(messages scte35 .time | wc -l)"
equal "simple: nothing is told twice" 4 "$(messages simple .time | wc -l)"
equal "youtube: nothing is told twice" 4 "$(messages youtube .time | wc -l)"
equal "adcue: nothing is told twice" 5 "$(messages adcue .time | wc -l)"
equal "late: nothing is told twice" 4 "$(messages late .time | wc -l)"
equal "cues off: no message" "" "$(messages none .)"
equal "cues off, joined late: no message" "" "$(messages late_none .)"

equal "scte35: fields of splice_insert (14.2)" \
  '["onCuePoint",{"type":"scte35","parameters":{"messageType":"splice_insert","splice_command_type":5,"splice_event_id":1207959695,"splice_event_cancel_indicator":false,"out_of_network_indicator":true,"splice_immediate":false,"break_duration":60294,"unique_program_id":0,"avail_num":0,"avail_expected":0}}]' \
  "$(messages scte35 'del(.values[1].parameters.pre_roll_time) | .values' | sed -n 1p)"
equal "scte35: fields of time_signal (14.1)" \
  '["onCuePoint",{"type":"scte35","parameters":{"messageType":"time_signal","splice_command_type":6,"splice_event_id":1207959694,"splice_event_cancel_indicator":false,"out_of_network_indicator":true,"splice_immediate":false,"break_duration":307000,"unique_program_id":0,"avail_num":2,"avail_expected":0,"segmentation_type_id":52,"segmentation_upid":748724618}}]' \
  "$(messages scte35 'del(.values[1].parameters.pre_roll_time) | .values' | sed -n 2p)"
equal "scte35: back at once" "6 false false 4 true" \
  "$(messages scte35 '.values[1].parameters | [.splice_command_type + 1, .splice_event_cancel_indicator,
    .out_of_network_indicator, .unique_program_id - 5, .splice_immediate] | join(" ")' | sed -n '4s/"//gp')"
equal "simple: fields" \
  '["onCuePoint",{"name":"scte35","type":"event","parameters":{"type":"SpliceOut","id":"1207959695","duration":60.2936}}]' \
  "$(messages simple 'del(.values[1].time) | .values[1].parameters.duration |= four | .values' | sed -n 1p)"
equal "simple: out and in" "SpliceOut SpliceOut SpliceIn SpliceIn" \
  "$(messages simple .values[1].parameters.type | tr -d '"' | tr '\n' ' ' | sed 's/ $//')"
equal "youtube: fields" \
  '["onCuePoint",{"type":"com.youtube.cuepoint","version":"0.1","cue_point_start":true,"break_duration_sec":60.2936,"splice_event_id":1207959695}]' \
  "$(messages youtube 'del(.values[1].pre_roll_time_sec) | .values[1].break_duration_sec |= four | .values' | sed -n 1p)"
equal "adcue: fields" 'onAdCue scte35 1207959695 60.2936' \
  "$(messages adcue '[.values[0], .values[1].type, .values[1].id, (.values[1].duration | four)] | join(" ")' | sed -n '1s/"//gp')"

# The section goes through as it came, pts_adjustment and CRC of the injector included.
messages adcue .values[1].cue | sed -n '1s/"//gp' | base64 -d >"$work/passed.bin"
base64 -d <<<"$insert" >"$work/published.bin"
equal "adcue: the section is passed on, but for pts_adjustment and CRC" \
  "$(cmp -l "$work/published.bin" "$work/passed.bin" | awk '$1 < 5 || $1 > 9 { print $1 }' | head -4 | tr '\n' ' ')" \
  "$(seq 47 50 | tr '\n' ' ')"

# Siblings have the same media, whatever their flavour.
media() {
  jq -c "select(.key == \"$1\" and .type != \"data\" and .type != \"end\") | [.type, .time, .pts, .size]" "$log"
}
media none >"$work/want"
check "there is media" test -s "$work/want"
for key in scte35 simple adcue youtube; do
  media "$key" >"$work/have"
  check "$key: audio and video as without cues" cmp "$work/want" "$work/have"
done
equal "time stamps of data messages never go back" "" "$(jq -n '
  reduce (inputs | select(.type == "data")) as $m ({last: {}, back: []};
    if $m.time < (.last[$m.key] // 0) then .back += [$m] else . end | .last[$m.key] = $m.time)
  | .back[]' "$log")"
check "clean stop" stop_distributor
finish
