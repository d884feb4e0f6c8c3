#!/usr/bin/env bash
# GET /metrics as Prometheus sees it: promtool finds nothing to object to, Prometheus itself scrapes it, and what it
# computes is what was sent. Names that would break the format come back as they were given.
# shellcheck source=tests/integration/lib.sh
. "$(dirname "$0")/lib.sh"

command -v prometheus promtool >/dev/null || skip_all "needs prometheus"
make_namespaces

hostile='a"b\c} 1 # TYPE {x="é📺'
prometheus_at=127.0.0.1:9090

# query EXPRESSION: the answer of Prometheus, in $result as JSON list.
query() {
  result=$(in_ns curl -sS -m 10 -G --data-urlencode "query=$1" "http://$prometheus_at/api/v1/query" | jq -c .data.result)
}

# query_is EXPRESSION JQ: the answer makes a filter true.
query_is() {
  query "$1" && [ "$(jq -r "$2" <<<"$result")" = true ]
}

scrape() {
  in_ns curl -sS -m 10 -o "$work/metrics" "http://$http/metrics"
}

check "the example configuration is one" promtool check config --syntax-only "$root/docs/prometheus/prometheus.yml"
check "the example alert rules are" promtool check rules --lint-fatal "$root/docs/prometheus/alerts.yml"
check "they fire when they shall" promtool test rules "$root/tests/integration/alerts_test.yml"

start_distributor --interface "$veth"
api POST /api/channels "$(jq -n --arg name "$hostile" '{$name, rtp_port: 5000, backup: {rtp_port: 5010}, outputs: [
  {$name, url: "srt://127.0.0.1:6000"}, {url: "srt://:6001?passphrase=ThisIsSecret"},
  {url: "rtmp://127.0.0.1:6002/app/ThisIsSecret"}, {url: "udp://127.0.0.1:6003"}, {url: "rtp://127.0.0.1:6004"}]}')"
channel=$(json .id) output=$(json '.outputs[0].id')
srt_receiver 6000 "$work/received.ts"
receiver=$last_pid
api POST "/api/channels/$channel/start"

make_ts "$work/sent.ts" 4
nsenter --net="/run/netns/$ns_source" "$build/media-source" --loop forever "$work/sent.ts" 10.77.0.2:5000 \
  >"$work/source.log" 2>&1 &
source_pid=$!
pids+=("$source_pid")
check "the channel receives" wait_for 10 channel_is "$channel" receiving
check "the output is connected" wait_for 10 output_is "$channel" "$output" connected

scrape
check "promtool has nothing to object to" promtool check metrics <"$work/metrics"
equal "no secret is shown" 0 "$(grep -c ThisIsSecret "$work/metrics")"
equal "no series comes twice" "" "$(grep -v '^#' "$work/metrics" | sed 's/ [^ ]*$//' | sort | uniq -d)"

mkdir "$work/prometheus"
sed -e 's/: 15s/: 1s/' "$root/docs/prometheus/prometheus.yml" >"$work/prometheus.yml"
cp "$root/docs/prometheus/alerts.yml" "$work"
background prometheus --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/prometheus" \
  --web.listen-address="$prometheus_at" --log.level=warn >"$work/prometheus.log" 2>&1
check "Prometheus scrapes it" wait_for 30 query_is 'up{job="distributor"}' '.[0].value[1] == "1"'

# The rate that Prometheus computes is that of the channel itself, and of what left to the receiver.
rates_agree() {
  query "rate(distributor_bytes_received_total{channel=\"$channel\"}[8s])"
  received=$(jq -r '.[0].value[1] // 0' <<<"$result")
  query "rate(distributor_bytes_sent_total{output=\"$output\"}[8s])"
  sent=$(jq -r '.[0].value[1] // 0' <<<"$result")
  query "avg_over_time(distributor_bitrate_bytes_per_second{channel=\"$channel\"}[8s])"
  shown=$(jq -r '.[0].value[1] // 0' <<<"$result")
  awk -v received="$received" -v sent="$sent" -v shown="$shown" \
    'BEGIN {exit !(received > 50000 && sent > 0.85 * received && sent < 1.15 * received &&
                   shown > 0.85 * received && shown < 1.15 * received)}'
}
check "its rates of what comes and what goes are those of the stream" wait_for 40 rates_agree
echo "# bytes a second: received ${received:-}, sent ${sent:-}, as the channel shows it ${shown:-}"

query "distributor_channel_state{channel=\"$channel\",state=\"receiving\"}"
equal "a hostile name comes back as it was given" "$hostile" "$(jq -r '.[0].metric.name' <<<"$result")"
equal "the channel is receiving" 1 "$(jq -r '.[0].value[1]' <<<"$result")"
query "distributor_output_state{output=\"$output\"} == 1"
equal "the output is connected, and nothing else" '[["connected"]]' "$(jq -c '[map(.metric.state)]' <<<"$result")"
query "distributor_interface_mode{interface=\"$veth\"} == 1"
equal "the interface is in the mode that the API tells" "$(api GET /api/system && json '.interfaces[0].mode')" \
  "$(jq -r '.[0].metric.mode' <<<"$result")"
query 'process_resident_memory_bytes{job="distributor"}'
check "the memory of the process is that of the kernel's view" awk -v a="$(jq -r '.[0].value[1]' <<<"$result")" \
  -v b="$(awk '/VmRSS/ {print $2 * 1024}' "/proc/$distributor_pid/status")" 'BEGIN {exit !(a > b * 0.7 && a < b * 1.4)}'
check "an alert is on its way for the RTMP output that nobody takes" wait_for 10 query_is \
  'ALERTS{alertname="OutputDown"}' '.[0].metric.output_name == "rtmp://127.0.0.1/app"'

stop_pid "$source_pid"
stop_pid "$receiver"
check "silence becomes no_signal" wait_for 20 query_is \
  "distributor_channel_state{channel=\"$channel\",state=\"no_signal\"}" '.[0].value[1] == "1"'
api DELETE "/api/channels/$channel"
check "what is deleted disappears" wait_for 20 query_is "distributor_channel_state{channel=\"$channel\"}" 'length == 0'
equal "Prometheus had no complaint" 0 "$(grep -cE 'scrape|duplicate|level=error' "$work/prometheus.log")"

stop_distributor
equal "it ends cleanly" 0 $?
finish
