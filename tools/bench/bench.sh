#!/usr/bin/env bash
# This program beside bare libsrt, FFmpeg, srt-live-transmit and GStreamer: CPU, memory, threads, packets delivered,
# and the time that a packet spends here. Needs no root; everything is on loopback.
#
# BENCH_SECONDS=5 says how long each measurement takes, ROUNDS=3 how often all contenders have their turn,
# ONLY="hundred peers rtmp latency" which scenarios are run; BITRATE=5000000 of a channel, SOURCE=FILE.ts another stream.
# A measurement that left the machine less than MIN_IDLE=0.02 of its time idle is made again once, and then does
# not count.
# Writes rounds.jsonl, latency.jsonl, results.json, results.csv, results.txt and results.svg to build/bench.
# Exit status: 0 when all goals are met, 1 when one is not.
bench=$(cd "$(dirname "$0")" && pwd)
. "$bench/loopback.sh"
. "$bench/measure.sh"
. "$bench/contenders.sh"
. "$bench/rounds.sh"
. "$bench/scenarios.sh"

seconds=${BENCH_SECONDS:-5} rounds=${ROUNDS:-3} bitrate=${BITRATE:-5000000}
results=$build/bench

mkdir -p "$results"
rm -f "$results"/{rounds,latency,skipped}.jsonl "$results"/results.*
make_source || {
  echo "bench: ffmpeg cannot make the stream that is sent" >&2
  exit 1
}
read -ra scenarios <<<"${ONLY:-hundred peers rtmp latency}"
for name in "${scenarios[@]}"; do
  declare -F "scenario_$name" >/dev/null || {
    echo "bench: no scenario $name" >&2
    exit 2
  }
  "scenario_$name"
done
node "$bench/report.mjs" "$results" "${scenarios[@]}"
