#!/usr/bin/env bash
# The options of an RTMP output from the REST API to the server: a stream key given apart, the audio by its
# language, a program of two, what is not carried; and that changing one output leaves the other one alone.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/rtmp_server.sh"

make_namespaces
# Two programs; the first has MPEG audio, and AAC in German at 32 kHz.
ffmpeg -nostdin -v error -y -f lavfi -i "testsrc2=size=640x360:rate=25" \
  -f lavfi -i "sine=frequency=440:sample_rate=48000" -f lavfi -i "sine=frequency=880:sample_rate=32000" \
  -f lavfi -i "testsrc2=size=320x180:rate=25" -t 12 -map 0:v -map 1:a -map 2:a -map 3:v -map 2:a \
  -c:v libx264 -preset veryfast -g 25 -pix_fmt yuv420p -c:a aac -c:a:0 mp2 -metadata:s:a:0 language=eng \
  -metadata:s:a:1 language=deu -program program_num=1:st=0:st=1:st=2 -program program_num=2:st=3:st=4 \
  -f mpegts "$work/two.ts" || skip_all "ffmpeg cannot make two programs"

rtmp_server "record all; record_suffix .flv; record_unique on;"
start_distributor --interface "$veth"
outputs=

field() {
  api GET "$outputs/$1" && json "$2"
}

# shown FILE ENTRIES SELECT: what ffprobe says of a recording.
shown() {
  ffprobe -v error -select_streams "$3" -show_entries "stream=$2" -of csv=p=0 "$1" 2>/dev/null
}

make_channel Two 5000
outputs=/api/channels/$channel/outputs
add_output "$channel" rtmp://127.0.0.1/live/sibling
sibling=$output
api POST "$outputs" '{"url":"rtmp://127.0.0.1/live","stream_key":"apart","audio":"deu","backlog_ms":2000}'
output=$(json .id)
equal "the key is shown as ***, the rest as it is" "*** rtmp://127.0.0.1/live deu 2000 rtmp://127.0.0.1/live" \
  "$(json '[.stream_key, .url, .audio, .backlog_ms, .name] | join(" ")')"
check "both connect" wait_for 30 output_is "$channel" "$output" connected
check "the sibling too" wait_for 30 output_is "$channel" "$sibling" connected

send "$work/two.ts" 10.77.0.2:5000 >/dev/null &
sender=$!
named() {
  [[ $(field "$output" .note) == *MPEG*audio* || $(field "$output" .note) == *MP2* ]]
}
check "what RTMP cannot carry is named" wait_for 30 named
wait_for 30 output_sent "$channel" "$output" 50000
sleep 2
since=$(field "$sibling" .connected_at)
check "a change of options" api PUT "$outputs/$output" '{"cues":"onadcue","stream_key":"***"}'
check "connects again" wait_for 30 output_is "$channel" "$output" connected
equal "the sibling has not moved" "$since 0" "$(field "$sibling" .connected_at) $(field "$sibling" .reconnects)"
first=$(compgen -G "$work/record/apart-*.flv" | sort | head -1)
check "another program" api PUT "/api/channels/$channel" '{"program":2}'
equal "leaves connections alone" "$since 0" "$(field "$sibling" .connected_at) $(field "$sibling" .reconnects)"
wait "$sender"
sleep 1
equal "the audio is the German one" "aac,32000" "$(shown "$first" codec_name,sample_rate a)"
equal "the video is that of the first program" "h264,640,360" "$(shown "$first" codec_name,width,height v)"
check "the channel counts what it took apart" test "$(channel_counter "$channel" video_frames)" -gt 200

# A stored key is for its own server.
api PUT "$outputs/$output" '{"url":"rtmp://127.0.0.2/live"}'
equal "a stored key goes nowhere else" "422 stream_key" "$status $(json .error.field)"
api PUT "$outputs/$output" '{"url":"rtmp://127.0.0.1/live/key","stream_key":"other"}'
equal "one key" "422 stream_key" "$status $(json .error.field)"
api PUT "$outputs/$output" '{"tls_verify":"off"}'
equal "no TLS, no verifying" "422 tls_verify" "$status $(json .error.field)"

check "stops" stop_distributor
start_distributor --interface "$veth"
check "comes back with its key" wait_for 30 output_is "$channel" "$output" connected
equal "and its options" "deu onadcue" "$(field "$output" '[.audio, .cues] | join(" ")')"
check "the key is in no log" bash -c "! grep -q apart $work/distributor.log"
check "the key is in the file, that is the owner's alone" bash -c \
  "grep -q '\"apart\"' $work/config/channels.json && [ \$(stat -c %a $work/config/channels.json) = 600 ]"
check "clean stop" stop_distributor
finish
