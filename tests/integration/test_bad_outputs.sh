#!/usr/bin/env bash
# Outputs that cannot be: URLs that are none, options that are unknown or contradict each other, ports that are taken,
# hosts that do not exist. Each is refused with what is wrong, or tries again and says why, until it can be. An output
# beside them gets every byte meanwhile.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/srt_peers.sh"

need_peers srt-live-transmit
make_namespaces
make_ts "$work/generated.ts" 4
start_distributor --interface "$veth"
make_channel bad 5000
peer_receive srt-live-transmit "srt://127.0.0.1:9000?mode=listener" "$work/got.ts"
receiver=$last_pid
wait_for 10 listening 9000
add_output "$channel" "srt://127.0.0.1:9000?latency=$peer_latency"
sibling=$output
wait_for 30 output_is "$channel" "$sibling" connected
send_endlessly "$work/generated.ts" --record "$work/sent.ts" 10.77.0.2:5000

# refused STATUS CODE WORDS URL: the answer says what is wrong.
refused() {
  api POST "/api/channels/$channel/outputs" "{\"url\":\"$4\"}"
  if [ "$status" = "$1" ] && [ "$(json .error.code)" = "$2" ] && [[ $(json .error.message) == *"$3"* ]] &&
    [ "$(json .error.field)" = url ]; then
    ok "$4: $(json .error.message)"
  else
    not_ok "$4 is refused: $2, $3" "$status $body"
  fi
}

# URLs that are none.
refused 422 invalid_url '' ''
refused 422 invalid_url '' 'nonsense'
refused 422 invalid_url '' 'http://127.0.0.1:9001'
refused 422 invalid_url 'host' 'udp://:9001'
refused 422 invalid_url 'port' 'srt://127.0.0.1'
refused 422 invalid_url 'port' 'srt://127.0.0.1:65536'
refused 422 invalid_url 'port' 'udp://127.0.0.1:0'
refused 422 invalid_url 'bracket' 'srt://[::1:9001'
refused 422 invalid_url 'IPv6' 'srt://::1:9001'
refused 422 invalid_url '' 'srt://a b:9001'
# Options: unknown, twice, out of range, not for this kind.
refused 422 invalid_url 'latncy' 'srt://127.0.0.1:9001?latncy=200'
refused 422 invalid_url 'ttl2' 'udp://127.0.0.1:9001?ttl2=4'
refused 422 invalid_url 'latency' 'srt://127.0.0.1:9001?latency=-1'
refused 422 invalid_url 'latency' 'srt://127.0.0.1:9001?latency=100&latency=200'
refused 422 invalid_url 'passphrase' 'srt://127.0.0.1:9001?passphrase=short'
refused 422 invalid_url 'pbkeylen' 'srt://127.0.0.1:9001?passphrase=correct-horse-battery&pbkeylen=17'
refused 422 invalid_url 'mode' 'srt://127.0.0.1:9001?mode=sideways'
refused 422 invalid_url 'packetfilter' 'srt://127.0.0.1:9001?packetfilter=magic'
refused 422 invalid_url 'fec_columns' 'udp://127.0.0.1:9002?fec_columns=5'
# Options that contradict each other.
refused 422 invalid_url 'passphrase' 'srt://127.0.0.1:9001?pbkeylen=16'
refused 422 invalid_url 'payloadsize' 'srt://127.0.0.1:9001?payloadsize=1316&mss=1000'
refused 422 invalid_url 'inputbw' 'srt://127.0.0.1:9001?maxbw=1000000&inputbw=500000'
refused 422 invalid_url 'localport' 'srt://:9001?mode=listener&localport=9002'
refused 422 invalid_url 'listener' 'srt://127.0.0.1:9001?sources=10.0.0.0/8'
refused 422 invalid_url 'adapter' 'srt://127.0.0.1:9001?adapter=::1'
refused 422 invalid_url 'fec' 'rtp://127.0.0.1:9002?fec_columns=5'
api GET "/api/channels/$channel"
equal "none of them was taken" "$sibling" "$(json '[.outputs[].id] | join(" ")')"

# says OUTPUT STATE REASON: the reason is a pattern.
says() {
  api GET "/api/channels/$channel" && [ "$(field "$1" .state)" = "$2" ] &&
    [[ $(field "$1" '.last_error // ""') =~ $3 ]]
}

# retries NAME OUTPUT REASON
retries() {
  if wait_for 60 says "$2" retrying "$3"; then
    ok "$1: $(field "$2" .last_error)"
  else
    not_ok "$1: retrying, $3" "$(field "$2" '"\(.state): \(.last_error)"')"
  fi
}

# Two listeners on one port: of one channel or of two, they need stream ids that tell them apart.
mine=$channel
add_output "$channel" 'srt://:9100?mode=listener&streamid=news'
first=$output
refused 409 port_in_use '9100' 'srt://:9100?mode=listener&streamid=news'
make_channel other 5010
other=$channel
refused 409 port_in_use '9100' 'srt://127.0.0.1:9100?mode=listener'
check "another stream id is taken" add_output "$other" 'srt://:9100?mode=listener&streamid=sport'
channel=$mine
for url in "udp://127.0.0.1:9200" "rtp://127.0.0.1:9200"; do
  check "$url has no port of its own to collide" add_output "$channel" "$url"
  check "$url is sent to" wait_for 30 output_sent "$channel" "$output" 100000
  api DELETE "/api/channels/$channel/outputs/$output"
done

# A host that does not exist, an interface and an address that are not this machine's.
add_output "$channel" 'srt://no-such-host.invalid:9001'
retries "a host that cannot be resolved" "$output" '^cannot resolve the host name: .'
add_output "$channel" 'udp://no-such-host.invalid:9001'
retries "the same with udp" "$output" 'resolve'
add_output "$channel" 'srt://127.0.0.1:9001?adapter=192.0.2.1'
retries "an adapter that is not this machine's" "$output" '.'
add_output "$channel" 'udp://239.1.2.3:9001?interface=nosuch0'
retries "an interface that is not there" "$output" '.'

# Ports that another process owns: they are taken as soon as it lets go.
background srt-live-transmit -q "srt://127.0.0.1:9300?mode=listener" file://con >/dev/null 2>&1
owner=$last_pid
wait_for 10 listening 9300
add_output "$channel" 'srt://127.0.0.1:9300?mode=listener'
listener=$output
retries "a listener whose port another process owns" "$listener" '9300|in use|port'
add_output "$channel" 'srt://127.0.0.1:9000?localport=9300&adapter=127.0.0.1'
retries "a caller whose local port another process owns" "$output" '9300|in use|port'
api DELETE "/api/channels/$channel/outputs/$output"
stop_pid "$owner"
no_error() {
  api GET "/api/channels/$channel" && [ "$(field "$listener" '.last_error // ""')" = "" ] &&
    [ "$(field "$listener" .state)" != retrying ] && listening 9300
}
check "the listener recovers when the other one is gone" wait_for 90 no_error
peer_receive srt-live-transmit "srt://127.0.0.1:9300" "$work/reader.ts"
reader=$last_pid
check "and is read from" wait_for 30 has_bytes "$work/reader.ts" 100000

api GET "/api/channels/$channel"
equal "the first listener stands" "null" "$(field "$first" .last_error)"
stop_pid "$source_pid"
wait_for 10 output_sent "$channel" "$sibling" "$(size_of "$work/sent.ts")"
all_received "$work/sent.ts" "$work/got.ts"
api GET "/api/channels/$channel"
equal "no reconnect beside them" 0 "$(field "$sibling" .reconnects)"
api DELETE "/api/channels/$channel"
end_peers "$receiver" "$reader"
check "byte for byte beside them" cmp "$work/sent.ts" "$work/got.ts"
check "clean stop" stop_distributor
finish
