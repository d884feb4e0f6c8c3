#!/usr/bin/env bash
# Make docs/images anew: the dashboard in headless Chromium, on a live run in the documents' place (place.sh). No test,
# but made by the tests' means: `make screenshots`. Needs root, Chromium and npm.
. "$(dirname "$0")/../integration/lib.sh"
. "$(dirname "$0")/place.sh"

images=$root/docs/images
browser=$root/tests/browser

# channel NAME PORT MEMBERS: started, with outputs; its id in $channel.
channel() {
  api POST /api/channels "{\"name\":\"$1\",\"rtp_port\":$2,$3}" && channel=$(json .id) &&
    api POST "/api/channels/$channel/start" || die "channel $1: $body"
}

die() {
  echo "screenshots: $*" >&2
  exit 1
}

plant() {
  local key='"stream_key":"abcd-efgh"'
  channel "News HD" 5000 "\"sources\":[\"10.1.0.5\"],\"backup\":{\"rtp_port\":5010,\"sources\":[\"10.2.0.5\"]},\"outputs\":[
    {\"name\":\"YouTube\",\"url\":\"rtmps://a.rtmps.youtube.com/live2\",$key,\"cues\":\"youtube\"},
    {\"name\":\"Affiliate north\",\"url\":\"srt://receiver.example:9010?latency=200&passphrase=$passphrase\"},
    {\"name\":\"Affiliate south\",\"url\":\"srt://south.example:9020?latency=500\"},
    {\"name\":\"Readers\",\"url\":\"srt://:9100?streamid=news\"}]"
  news=$channel
  channel Sports 5001 "\"outputs\":[
    {\"name\":\"Playout\",\"url\":\"rtp://receiver.example:6000?fec_columns=10&fec_rows=5&fec_mode=both\"},
    {\"name\":\"Archive\",\"url\":\"srt://receiver.example:9001\"},
    {\"name\":\"Web\",\"url\":\"rtmp://live.example/live\",$key}]"
  channel Parliament 5020 "\"backup\":{\"rtp_port\":5030},\"failover\":{\"mode\":\"merge\"},\"outputs\":[
    {\"name\":\"Archive\",\"url\":\"srt://receiver.example:9002\"},
    {\"name\":\"Partner\",\"url\":\"srt://receiver.example:9444\"}]"
  channel "Event 1" 5004 "\"outputs\":[{\"name\":\"Web\",\"url\":\"rtmp://live.example/app\",$key}]"
  channel "Event 2" 5040 "\"outputs\":[{\"name\":\"Web\",\"url\":\"rtmp://live.example/app\",$key}]"
}

# A receiver behind a line of 40 ms that loses one packet in a hundred.
bad_line() {
  echo "127.0.0.1 south.example" >>"$work/hosts"
  background_again srt-live-transmit -q "srt://127.0.0.1:9021?mode=listener" file://con >/dev/null 2>&1
  background "$build/tools/udp_relay" 9020 9021 delay=20 loss=1 >/dev/null
}

# picture NAME OPTION...: 8 bits a pixel are enough for a page of text and lines.
picture() {
  (cd "$browser" && in_ns node screenshot.mjs "http://$http/" "$work/$1.png" "${@:2}") || die "no picture $1"
  ffmpeg -nostdin -v error -y -i "$work/$1.png" \
    -vf 'split[a][b];[a]palettegen=reserve_transparent=0[p];[b][p]paletteuse=dither=none' \
    -update 1 -frames:v 1 "$images/$1.png" || die "ffmpeg failed"
}

[ -d "$browser/node_modules" ] || npm --prefix "$browser" ci --silent || die "npm failed"
mkdir -p "$images"
make_place
bad_line
start_distributor --interface "$veth"
plant
background_again srt-live-transmit -q "srt://$address:9100?streamid=news" file://con >/dev/null 2>&1
sleep "${SECONDS_OF_HISTORY:-420}"
api POST "/api/channels/$news/switch" '{}'
sleep 3
picture dashboard --width 1280 --height 795
picture dashboard-dark --width 1280 --height 795 --dark
picture output --width 1280 --height 900 --click '[aria-label="Details of output Affiliate south"]'
ls -l "$images"
