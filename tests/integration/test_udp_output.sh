#!/usr/bin/env bash
# udp:// and rtp:// outputs into receivers that are not ours: byte-exact over unicast and multicast of both IP versions,
# RTP as RFC 3550 has it, SMPTE 2022-1 FEC through networks that lose packets, destinations that nobody listens to,
# an interface that goes down and comes back, and how long a packet takes.
. "$(dirname "$0")/lib.sh"

make_namespaces
in_ns ip -6 addr add fd77::2/64 dev "$veth" nodad
in_source ip -6 addr add fd77::1/64 dev "$veth_source" nodad
make_ts "$work/generated.ts" 8 -b:v 4000k
start_distributor --interface "$veth"

# receiver NAME ADDRESS PORT ts|rtp [INTERFACE]: in the source namespace; its pid in $last_pid, TS in $work/NAME.ts.
receiver() {
  local name=$1 address=$2 port=$3
  shift 3
  nsenter --net="/run/netns/$ns_source" "$build/tools/udp_receiver" "$address" "$port" "$work/$name.ts" "$@" \
    >"$work/$name.report" 2>&1 &
  last_pid=$!
  pids+=("$last_pid")
}

# report NAME KEY: a number of what a receiver said.
report() {
  sed -n "s/.*\b$2=\([0-9]*\).*/\1/p" "$work/$1.report"
}

# counter CHANNEL OUTPUT NAME
counter() {
  api GET "/api/channels/$1" && json ".outputs[] | select(.id == \"$2\") | .stats.$3"
}

# --- every way to send, all at once from one channel -------------------------------------------------------------

group4=239.77.0.1 group6=ff15::77
names=(udp4 rtp4 udp6 rtp6 udp-group4 rtp-group4 udp-group6 rtp-group6 rtp-small rtp-name nobody)
urls=(
  "udp://10.77.0.1:6000" "rtp://10.77.0.1:6010" "udp://[fd77::1]:6020" "rtp://[fd77::1]:6030?burst=0"
  "udp://$group4:6040?ttl=3&interface=$veth" "rtp://$group4:6050?adapter=10.77.0.2"
  "udp://[$group6]:6060?interface=$veth" "rtp://[$group6]:6070?interface=$veth&ttl=2"
  "rtp://10.77.0.1:6080?pkt_size=564&payload_type=33&tos=184&localport=7777" "rtp://localhost:6090"
  "udp://10.77.0.1:6999"
)
receivers=() outputs=()
receiver udp4 10.77.0.1 6000 ts
receivers+=("$last_pid")
receiver rtp4 10.77.0.1 6010 rtp
receivers+=("$last_pid")
receiver udp6 fd77::1 6020 ts
receivers+=("$last_pid")
receiver rtp6 fd77::1 6030 rtp
receivers+=("$last_pid")
receiver udp-group4 "$group4" 6040 ts "$veth_source"
receivers+=("$last_pid")
receiver rtp-group4 "$group4" 6050 rtp "$veth_source"
receivers+=("$last_pid")
receiver udp-group6 "$group6" 6060 ts "$veth_source"
receivers+=("$last_pid")
receiver rtp-group6 "$group6" 6070 rtp "$veth_source"
receivers+=("$last_pid")
receiver rtp-small 10.77.0.1 6080 rtp
receivers+=("$last_pid")
background "$build/tools/udp_receiver" 127.0.0.1 6090 "$work/rtp-name.ts" rtp >"$work/rtp-name.report"
receivers+=("$last_pid")
receiver direct 10.77.0.1 6900 rtp
direct=$last_pid

# bound PORT COMMAND...: somebody has bound that UDP port where the command looks.
bound() {
  [ -n "$("${@:2}" ss -Hlun "sport = :$1")" ]
}

for port in 6000 6010 6020 6030 6040 6050 6060 6070 6080 6900; do wait_for 30 bound "$port" in_source; done
wait_for 30 bound 6090 in_ns

make_channel ways 5000
for i in "${!urls[@]}"; do
  add_output "$channel" "${urls[i]}" || not_ok "${names[i]} is made" "$body"
  outputs[i]=$output
done
for i in "${!urls[@]}"; do
  check "${names[i]} is connected" wait_for 30 output_is "$channel" "${outputs[i]}" connected
done
sent=$(send "$work/generated.ts" --record "$work/sent.ts" --json 10.77.0.1:6900 10.77.0.2:5000)
total=$(size_of "$work/sent.ts")
for i in "${!urls[@]}"; do
  check "${names[i]} has sent it all" wait_for 30 output_sent "$channel" "${outputs[i]}" "$total"
done
sleep 0.3
for pid in "${receivers[@]}" "$direct"; do stop_pid "$pid"; done

# clock_spread NAME: arrival less time stamp, of the middle half of all datagrams, in milliseconds. A clock that is 5 %
# wrong makes that 200 in 8 s; a machine that is busy has some datagrams arrive late, but not most of them.
clock_spread() {
  awk '{ if (NR > 1 && $3 < last - 2147483648) wraps++; last = $3
    printf "%.3f\n", $1 / 1000 - ($3 + wraps * 4294967296) / 90 }' "$work/$1.ts.times" | sort -n |
    awk '{ a[NR] = $1 } END { printf "%d", a[int(NR * 3 / 4)] - a[int(NR / 4) + 1] }'
}

for i in "${!urls[@]}"; do
  name=${names[i]}
  equal "$name: bytes_sent is what was sent" "$total" "$(counter "$channel" "${outputs[i]}" bytes_sent)"
  equal "$name: nothing refused, nothing lost" "0 0" \
    "$(counter "$channel" "${outputs[i]}" send_errors) $(counter "$channel" "${outputs[i]}" packets_lost)"
  check "$name is still connected" output_is "$channel" "${outputs[i]}" connected
  [ "$name" != nobody ] || continue
  check "$name is byte-exact" cmp "$work/sent.ts" "$work/$name.ts"
  equal "$name: each datagram counted" "$(report "$name" datagrams)" \
    "$(counter "$channel" "${outputs[i]}" datagrams_sent)"
  equal "$name: none malformed" 0 "$(report "$name" malformed)"
  [[ $name == rtp* ]] || continue
  equal "$name: one source, every number, time goes on" "1 0 0" \
    "$(report "$name" sources) $(report "$name" gaps) $(report "$name" backwards)"
  check "$name: time stamps are of 90 kHz (within $(clock_spread "$name") ms)" \
    test "$(clock_spread "$name")" -lt 100
done

# about NAME WANTED GOT: a little more, where the source was held up for longer than leftovers wait.
about() {
  check "$1 ($3 for $2)" test "$3" -ge "$2" -a "$3" -le $(($2 + $2 / 50 + 1))
}
about "7 packets a datagram" $(((total / 188 + 6) / 7)) "$(report udp4 datagrams)"
about "3 packets a datagram" $(((total / 188 + 2) / 3)) "$(report rtp-small datagrams)"

# The source has sent each packet to a receiver of its own as well: the two times of arrival differ by what the
# distributor takes. Prints 1st quartile, median and 99th percentile in microseconds. Only the first is judged here, as
# other programs may keep this one waiting; make bench measures on an idle machine.
added_latency() {
  paste <(awk '{ for (i = 0; i < $2; i++) print $1 }' "$work/direct.ts.times") \
    <(awk '{ for (i = 0; i < $2; i++) print $1 }' "$work/$1.ts.times") | awk '{ print $2 - $1 }' | sort -n |
    awk '{ a[NR] = $1 } END { print a[int(NR / 4) + 1], a[int(NR / 2) + 1], a[int(NR * 0.99)] }'
}
for name in udp4 rtp6; do
  read -r quartile median p99 <<<"$(added_latency "$name")"
  echo "# $name: added latency median $median us, 99th percentile $p99 us"
  check "$name: added latency is that of the ticks" test "$quartile" -le $((8000 * patience))
done

# bursts NAME: how many a second; what comes within 10 ms of the one before belongs to its burst.
bursts() {
  awk 'NR == 1 { first = $1 } NR == 1 || $1 - last > 10000 { n++ } { last = $1 }
    END { printf "%d", n / ((last - first) / 1000000) }' "$work/$1.ts.times"
}
check "rtp4 sends in bursts of 20 ms ($(bursts rtp4) a second)" test "$(bursts rtp4)" -le 55 -a "$(bursts rtp4)" -ge 10
api DELETE "/api/channels/$channel"

# --- ffmpeg takes it for what it is ------------------------------------------------------------------------------

make_channel ffmpeg 5000
add_output "$channel" "rtp://127.0.0.1:6100"
wait_for 30 output_is "$channel" "$output" connected
# It looks for some seconds, from whenever it begins.
printf 'v=0\no=- 0 0 IN IP4 127.0.0.1\ns=-\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 6100 RTP/AVP 33\n' >"$work/rtp.sdp"
background timeout 120 ffprobe -v error -protocol_whitelist file,udp,rtp -show_entries stream=codec_name \
  -of csv=p=0 -i "$work/rtp.sdp" >"$work/probe" 2>"$work/probe.err"
probe=$last_pid
nsenter --net="/run/netns/$ns_source" "$build/media-source" "$work/generated.ts" --loop forever 10.77.0.2:5000 >/dev/null &
source=$!
pids+=("$source")
wait_for 100 test -s "$work/probe"
wait "$probe"
stop_pid "$source"
equal "ffprobe finds the streams by RTP" "aac h264" "$(sort -u "$work/probe" | xargs)"
api DELETE "/api/channels/$channel"

# --- FEC, through networks that lose packets, into channels that recover ----------------------------------------

losses=(1% 3% burst:8) modes=(both both column)
channels=() outs=() receivers=() relays=()
api POST /api/channels '{"name":"fec source","rtp_port":5000}'
from=$(json .id)
api POST "/api/channels/$from/start"
for i in 0 1 2; do
  api POST /api/channels "{\"name\":\"fec $i\",\"rtp_ip\":\"127.0.0.1\",\"rtp_port\":$((5100 + 10 * i)),\"fec\":\"auto\"}"
  channels[i]=$(json .id)
  api POST "/api/channels/${channels[i]}/start"
  background "$build/tools/udp_receiver" 127.0.0.1 $((6200 + i)) "$work/fec$i.ts" ts >"$work/fec$i.report"
  receivers[i]=$last_pid
  add_output "${channels[i]}" "udp://127.0.0.1:$((6200 + i))"
  wait_for 30 output_is "${channels[i]}" "$output" connected
  background "$build/tools/lossy_relay" $((7100 + 10 * i)) 127.0.0.1 $((5100 + 10 * i)) "${losses[i]}" $((i + 1)) \
    "$work/log$i" "$work/reference$i.ts"
  relays[i]=$last_pid
  for port in $((6200 + i)) $((7100 + 10 * i)) $((7102 + 10 * i)) $((7104 + 10 * i)); do wait_for 30 bound "$port" in_ns; done
  add_output "$from" "rtp://127.0.0.1:$((7100 + 10 * i))?fec_columns=8&fec_rows=5&fec_mode=${modes[i]}"
  outs[i]=$output
  wait_for 30 output_is "$from" "$output" connected
done
send "$work/generated.ts" --record "$work/sent.ts" 10.77.0.2:5000 >/dev/null
for i in 0 1 2; do wait_for 30 output_sent "$from" "${outs[i]}" "$(size_of "$work/sent.ts")"; done
sleep 2 # what is missing is waited for
for i in 0 1 2; do
  stop_pid "${relays[i]}"
  stop_pid "${receivers[i]}"
done

# number NAME: of what the solver said.
number() {
  sed -n "s/.*$1=\([0-9]*\).*/\1/p" <<<"$solved"
}

complete=0
for i in 0 1 2; do
  name="FEC ${modes[i]}, ${losses[i]}"
  solved=$("$build/tools/fec_solver" "$work/log$i" "$work/reference$i.ts" "$work/expected$i.ts")
  equal "$name: the log can be solved" 0 $?
  echo "# $name: $solved"
  check "$name: the relay saw what was sent" cmp "$work/sent.ts" "$work/reference$i.ts"
  equal "$name: each FEC packet counted" "$(grep -cE '^(row|column)' "$work/log$i")" \
    "$(counter "$from" "${outs[i]}" fec_sent)"
  equal "$name: row FEC only when asked for" "${modes[i]}" \
    "$(grep -q '^row' "$work/log$i" && echo both || echo column)"
  check "$name: the network dropped packets" test "$(number dropped)" -gt 10
  [ "$(number lost)" -gt 0 ] || complete=1
  equal "$name: every packet that can be recovered is" "$(number recoverable)" \
    "$(channel_counter "${channels[i]}" rtp_recovered_fec)"
  equal "$name: nothing wrong was recovered" 0 "$(channel_counter "${channels[i]}" fec_wrong)"
  check "$name: byte-exact behind it" cmp "$work/expected$i.ts" "$work/fec$i.ts"
done
check "a recovery that was complete" test "$complete" = 1
for id in "$from" "${channels[@]}"; do api DELETE "/api/channels/$id"; done

# --- an interface that goes down and comes back -----------------------------------------------------------------

make_out() {
  in_ns ip link add out0 type veth peer name out1 && in_ns ip link set out1 up && in_ns ip link set out0 up &&
    in_ns ip addr add 10.88.0.1/24 dev out0
}

# says OUTPUT REASON: in so many words.
says() {
  api GET "/api/channels/$channel" && [ "$(json ".outputs[] | select(.id == \"$1\") | .last_error")" = "$2" ]
}

# both_are STATE SECONDS WHEN: the outputs that leave through out0.
both_are() {
  check "$3: the route's output is $1" wait_for "$2" output_is "$channel" "$route" "$1"
  check "$3: the group's output is $1" wait_for "$2" output_is "$channel" "$group" "$1"
}

both_send() {
  local before
  for id in "$route" "$group"; do
    before=$(counter "$channel" "$id" bytes_sent)
    check "$1: datagrams leave" wait_for 30 output_sent "$channel" "$id" $((before + 100000))
  done
}

make_out
receiver sibling 10.77.0.1 6300 rtp
sibling=$last_pid
make_channel trouble 5000
add_output "$channel" "udp://10.88.0.9:6310"
route=$output
add_output "$channel" "rtp://$group4:6320?interface=out0"
group=$output
add_output "$channel" "rtp://10.77.0.1:6300"
wait_for 30 output_is "$channel" "$output" connected
both_are connected 30 "at first"
wait_for 30 bound 6300 in_source
nsenter --net="/run/netns/$ns_source" "$build/media-source" "$work/generated.ts" --record "$work/sent.ts" --loop forever \
  10.77.0.2:5000 >/dev/null &
source=$!
pids+=("$source")
both_send "at first"
in_ns ip link set out0 down
both_are retrying 30 "interface down"
check "interface down: the reason is told" wait_for 30 says "$route" "cannot send there: Network is unreachable"
check "interface down: what was refused is counted" test "$(counter "$channel" "$route" send_errors)" -gt 0
in_ns ip link set out0 up
both_are connected 90 "interface up again"
both_send "interface up again"
in_ns ip link del out0
both_are retrying 30 "interface gone"
check "interface gone: the reason is told" wait_for 30 says "$group" "cannot use the interface: No such device"
make_out
both_are connected 90 "interface made anew"
both_send "interface made anew"
stop_pid "$source"
wait_for 30 output_sent "$channel" "$output" "$(size_of "$work/sent.ts")"
sleep 0.3
stop_pid "$sibling"
check "the sibling was not disturbed" cmp "$work/sent.ts" "$work/sibling.ts"
check "clean stop" stop_distributor
finish
