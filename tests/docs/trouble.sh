# shellcheck shell=bash
# What docs/TROUBLESHOOTING.md finds: a plant in which things are wrong. Sourced by tests/integration/test_docs.sh.

make_trouble() {
  make_channel Waiting 5050 # nobody sends to it
  api POST /api/channels '{"name":"Strangers","rtp_port":5001,"sources":["10.9.9.9"]}' && api POST "/api/channels/$(json .id)/start"
  make_channel News 5000
  add_output "$channel" "srt://receiver.example:9444" # nobody listens
  add_output "$channel" "srt://receiver.example:9010?passphrase=wrong-horse-battery"
  add_output "$channel" "srt://receiver.example:9011" # which wants a passphrase
  add_output "$channel" "srt://nowhere.invalid:9000"
  add_output "$channel" "rtmps://receiver.example/live/key" # whose certificate is for other names
  add_output "$channel" "rtmp://live.example:1936/live/key" # nobody listens
  add_output "$channel" "rtmp://live.example/nothing/key" # no such application
  api POST "/api/channels/$channel/outputs" '{"url":"rtmp://live.example/live/key","audio":"fra"}'
  wait_for 15 reasons 7 # SRT callers wait 3 s for an answer
}

# reasons COUNT: so many outputs of $channel say why they are not connected.
reasons() {
  api GET "/api/channels/$channel" && [ "$(json '[.outputs[] | select(.last_error)] | length')" = "$1" ]
}
