#!/usr/bin/env bash
# Peers that stand still, crawl, lose every fifth packet, flood loss reports, refuse, die, or lie behind a network
# that goes dead cost only themselves: who is beside them gets every byte, memory stays bounded, each says how it is,
# and is removed within a second as it is.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/srt_peers.sh"

need_peers srt-live-transmit
case $build in */tsan) skip_all "a peer slowed down so much is given up by srt-live-transmit, which then ends" ;; esac
make_namespaces
make_ts "$work/generated.ts" 4
start_distributor --interface "$veth"
make_channel isolation 5000
declare -A bad=() receivers=() relays=()
no_answer='no answer from the peer (timeout)'

# resident: kB of the distributor.
resident() {
  awk '/^Rss:/ {print $2}' "/proc/$distributor_pid/smaps_rollup"
}

# entries DIRECTORY: how many descriptors (fd) or threads (task) the distributor has.
entries() {
  find "/proc/$distributor_pid/$1" -mindepth 1 -maxdepth 1 | wc -l
}

# entries_are DIRECTORY N: no more than so many.
entries_are() {
  [ "$(entries "$1")" -le "$2" ]
}

# peer NAME PORT [QUERY]: an SRT listener. What waits for a bad one takes memory, so that they wait for less.
peer() {
  [[ $1 == sibling* ]] || local peer_latency=$((1000 * patience))
  peer_receive srt-live-transmit "srt://127.0.0.1:$2?mode=listener${3:-}" "$work/$1.ts"
  receivers[$1]=$last_pid
  wait_for 10 listening "$2"
}

# relayed NAME PORT OPTION...: what comes to PORT goes to PORT + 1 over a bad network.
relayed() {
  local name=$1 port=$2
  shift 2
  background "$build/tools/udp_relay" "$port" $((port + 1)) "$@" >"$work/relay.$name"
  relays[$name]=$last_pid
  wait_for 10 listening "$port"
}

# output NAME URL: its id in bad[NAME].
output() {
  add_output "$channel" "$2" || not_ok "$1: the output is taken" "$body"
  bad[$1]=$output
}

siblings=()
for i in 1 2; do
  peer "sibling$i" $((8000 + i))
  output "sibling$i" "srt://127.0.0.1:$((8000 + i))?latency=$peer_latency"
  siblings+=("$output")
  unset "bad[sibling$i]"
done
wait_for 30 all_are connected "${siblings[@]}"
threads=$(entries task) descriptors=$(entries fd)
send_endlessly "$work/generated.ts" --bitrate 5M --record "$work/sent.ts" 10.77.0.2:5000
sleep $((2 * patience))
before=$(resident)

peer stalls 9000
output stalls "srt://127.0.0.1:9000"
peer dies 9010
output dies "srt://127.0.0.1:9010"
peer crawls 9021
relayed crawls 9020 rate=400000
output crawls "srt://127.0.0.1:9020"
peer loses 9031
relayed loses 9030 delay=20 loss=20
output loses "srt://127.0.0.1:9030?latency=1000"
peer floods 9041
relayed floods 9040 delay=20 nak=100
output floods "srt://127.0.0.1:9040"
peer dead 9051
relayed dead 9050 delay=5
output dead "srt://127.0.0.1:9050"
check "all connect" wait_for 60 all_are connected "${siblings[@]}" "${bad[@]}"
peer refuses 9060 "&passphrase=correct-horse-battery"
output refuses "srt://127.0.0.1:9060?passphrase=battery-staple-horse"
output silent "srt://10.77.0.99:9999" # nobody has that address
output nameless "srt://no-such-host.invalid:9999"

kill -STOP "${receivers[stalls]}"
kill -KILL "${receivers[dies]}"
kill -USR1 "${relays[dead]}"

# says NAME STATE REASON: both are patterns.
says() {
  api GET "/api/channels/$channel" && [[ $(field "${bad[$1]}" .state) =~ ^($2)$ ]] &&
    [[ $(field "${bad[$1]}" '.last_error // ""') =~ $3 ]]
}

# expect NAME STATE REASON
expect() {
  if wait_for 60 says "$@"; then
    ok "$1: $(field "${bad[$1]}" '"\(.state), \(.last_error // "no error")"')"
  else
    not_ok "$1: $2, $3" "$(field "${bad[$1]}" '"\(.state): \(.last_error)"')"
  fi
}

expect refuses retrying '^wrong passphrase$'
expect nameless retrying '^cannot resolve the host name'
for name in stalls dies dead; do expect "$name" 'retrying|connecting' '^(connection lost|no answer from the peer)'; done
expect silent 'retrying|connecting' '.' # a peer that never was: the kernel's word, or none in time
for name in crawls loses floods; do expect "$name" connected '^$'; done

# counts NAME FILTER: true of the output's statistics.
counts() {
  api GET "/api/channels/$channel" &&
    [ "$(field "${bad[$1]}" ".stats | $2")" = true ]
}

check "crawls: what the peer misses is counted" wait_for 60 counts crawls '.pktSndLossTotal > 1000'
check "loses: packets are sent again" wait_for 60 counts loses '.pktRetransTotal > 200'
check "floods: the reports are counted" wait_for 60 counts floods '.pktRecvNAKTotal > 5000'
# All that is sent is capped at four times the channel's rate (docs/adr/008). Seen: 0.75 to 1.1 times.
check "floods: what is sent again stays within the cap" \
  counts floods '.pktRetransTotal < 3 * .pktSentUniqueTotal'
for name in stalls dies dead; do expect "$name" 'retrying|connecting' "^no answer from the peer"; done

after=$(resident)
case $build in
  */asan | */tsan) ;; # a sanitizer's memory is not the program's
  *) check "memory: $(((after - before) / ${#bad[@]})) kB more for each of ${#bad[@]}" \
    test $(((after - before) / ${#bad[@]})) -le 2048 ;;
esac

# Each as it is, and two that have hardly begun.
output begins "srt://127.0.0.1:9999"
output resolves "srt://no-such-host.invalid:9998"
slowest=0
for name in "${!bad[@]}"; do
  start=$(date +%s%N)
  api DELETE "/api/channels/$channel/outputs/${bad[$name]}" || not_ok "$name is removed" "$status $body"
  took=$((($(date +%s%N) - start) / 1000000))
  [ "$took" -le $((1000 * patience)) ] || not_ok "$name is removed within a second" "$took ms"
  [ "$took" -le "$slowest" ] || slowest=$took
done
check "each was removed within a second: the slowest took $slowest ms" test "$slowest" -le $((1000 * patience))
api GET "/api/channels/$channel"
equal "the siblings are left" "${siblings[*]}" "$(json '[.outputs[].id] | join(" ")')"
equal "and never reconnected" "0 0" "$(json '[.outputs[].reconnects] | join(" ")')"
# Where it was lost, should anything be: on its way to us, in our ring, or on its way to a peer.
lost() {
  json '"\(.stats.rtp_lost) in, \(.outputs | map(.stats.packets_lost) | join(" ")) in the ring, \(
    .outputs | map(.stats.byteSndDropTotal) | join(" ")) dropped late"'
}
equal "nothing was lost on the way" "0 in, 0 0 in the ring, 0 0 dropped late" "$(lost)"
check "no thread is left of what was removed" wait_for 60 entries_are task "$threads"
check "no descriptor either" wait_for 60 entries_are fd "$descriptors"

stop_pid "$source_pid"
for output in "${siblings[@]}"; do wait_for 10 output_sent "$channel" "$output" "$(size_of "$work/sent.ts")"; done
all_received "$work/sent.ts" "$work/sibling1.ts" "$work/sibling2.ts"
api DELETE "/api/channels/$channel"
end_peers "${receivers[sibling1]}" "${receivers[sibling2]}"
for i in 1 2; do check "sibling $i: byte for byte" cmp "$work/sent.ts" "$work/sibling$i.ts"; done
stop_pid "${relays[floods]}"
read -r _ _ _ _ _ _ _ forged <"$work/relay.floods"
check "$forged loss reports were forged" test "$forged" -gt 10000
check "clean stop" stop_distributor
finish
