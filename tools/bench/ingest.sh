#!/usr/bin/env bash
# What a packet costs the receiving thread, copy into the rings included: 400 channels at 50,000 packets a second
# through one veth queue, first with AF_XDP, then with kernel sockets, then live frames at twelve times that rate
# into the XDP program. In each run everything sent must be accounted for.
#
# SECONDS_EACH=5 says how long a run takes, ROUNDS=6 how many there are of each back end, of which the best
# counts; CHANNELS=400, PPS=50000, LIVE_PPS=600000.
# Exit status: 0 when all goals are met.
. "$(dirname "$0")/../../tests/integration/lib.sh"

seconds=${SECONDS_EACH:-5} rounds=${ROUNDS:-6} channels=${CHANNELS:-400} pps=${PPS:-50000} live_pps=${LIVE_PPS:-600000}
limit_ns=1800 # a packet, AF_XDP

# The channels, running, as the distributor keeps them.
write_config() {
  local i
  mkdir -p "$work/config"
  {
    printf '{'
    for ((i = 0; i < channels; i++)); do
      [ "$i" -eq 0 ] || printf ','
      printf '"bench-%d":{"config":{"name":"bench %d","rtp_port":%d},"desired":"running"}' \
        "$i" "$i" $((10000 + 2 * i))
    done
    printf '}'
  } >"$work/config/channels.json"
}

# The sender gets the first processor, the ingest thread the last one, where there are several; both go before
# other work of the machine, which else would stop the sender and make batches of what should come evenly.
start_bench() {
  local task
  start_distributor --log-level warning --interface "$veth" --ingest "$1"
  for task in "/proc/$distributor_pid/task"/*; do
    if [ "$(cat "$task/comm")" = ingest ]; then ingest=${task##*/}; fi
  done
  taskset -pc $(($(nproc) - 1)) "$ingest" >/dev/null
  chrt -f -p 10 "$ingest" || echo "# no real-time priority here"
}

# cpu_ns: of the ingest thread since it began.
cpu_ns() {
  cut -d ' ' -f 1 "/proc/$distributor_pid/task/$ingest/schedstat"
}

# total COUNTER: its sum over the channels.
total() {
  api GET /api/channels && json "[.channels[].stats.$1] | add"
}

interface_losses() {
  api GET /api/health && json '[.interfaces[] | .rx_dropped + .rx_ring_full] | add // 0'
}

# Datagrams that found a kernel socket's queue full: last column of /proc/net/udp.
socket_losses() {
  awk 'NR > 1 {n += $NF} END {print n + 0}' "/proc/$distributor_pid/net/udp"
}

# Datagrams that the veth pair had no room for.
veth_losses() {
  ip -n "$ns_source" -s -j link show "$veth_source" | jq '.[0].stats64.tx.dropped'
}

# measure KIND TARGET PPS: run a load; sets sent, elapsed, received, lost_*, cost.
measure() {
  local kind=$1 run=in_source before after
  local got interface socket link
  [ "$kind" = udp ] || run=in_ns
  got=$(total datagrams_received) interface=$(interface_losses) socket=$(socket_losses) link=$(veth_losses)
  before=$(cpu_ns)
  $run taskset -c 0 chrt -f 10 "$build/bench/ingest_load" "$kind" "$2" 10000 "$channels" "$3" "$seconds" >"$work/load" || {
    not_ok "the load runs" "$(cat "$work/load")"
    finish
  }
  after=$(cpu_ns)
  sleep 0.2
  sent=$(sed -n 's/sent=\([0-9]*\).*/\1/p' "$work/load") elapsed=$(sed -n 's/.*elapsed_ms=//p' "$work/load")
  received=$(($(total datagrams_received) - got))
  lost_interface=$(($(interface_losses) - interface)) lost_socket=$(($(socket_losses) - socket))
  lost_link=$(($(veth_losses) - link))
  cost=$(((after - before) / (received > 0 ? received : 1)))
}

report() {
  echo "# $1: $((sent * 1000 / elapsed)) packets/s, $cost ns of CPU a packet; sent $sent =" \
    "received $received + lost in veth $lost_link + at interface $lost_interface + at socket $lost_socket"
  equal "$1: what was sent is accounted for" "$sent" $((received + lost_link + lost_interface + lost_socket))
}

# measure_cost NAME: the least of some runs, as other work on the machine only adds; sets best. A run in which the
# sender did not get to send what it should does not count: fewer and larger batches are another load.
measure_cost() {
  local round
  best=0
  for ((round = 0; round < rounds; round++)); do
    measure udp 10.77.0.2 "$pps"
    report "$1"
    [ $((sent * 100000)) -ge $((pps * 95 * elapsed)) ] || continue
    [ "$best" -gt 0 ] && [ "$best" -le "$cost" ] || best=$cost
  done
  check "$1: the machine had time to send $pps packets/s" test "$best" -gt 0
}

make_namespaces
write_config
start_bench xdp
measure_cost "AF_XDP"
xdp=$best
check "AF_XDP: $xdp ns a packet, at most $limit_ns" test $((xdp > 0 && xdp <= limit_ns)) = 1

measure live "$veth" "$live_pps"
report "live frames"
rate=$((sent * 1000 / elapsed))
check "live frames: $rate packets/s, at least 500000" test "$rate" -ge 500000
stop_distributor

start_bench udp
measure_cost "kernel sockets"
check "AF_XDP costs $((xdp * 100 / (best + 1))) % of what kernel sockets cost, at most 50 %" \
  test $((xdp > 0 && xdp * 100 <= best * 50)) = 1
stop_distributor
finish
