#!/usr/bin/env bash
# The dashboard in headless Chromium: against a fake server, then against the program itself.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../..
work=$(mktemp -d)
pid=''

cleanup() {
  [ -z "$pid" ] || kill -TERM "$pid" 2>/dev/null
  wait 2>/dev/null
  rm -rf "$work"
}
trap cleanup EXIT

if [ ! -x "${CHROMIUM:-/usr/bin/chromium}" ]; then
  echo "ok - the dashboard in a browser # SKIP no Chromium here"
  exit 0
fi
"$root/build/medialive-distributor" --http 127.0.0.1:0 --config-dir "$work/config" \
  --dashboard-dir "$root/dashboard" 2>"$work/log" &
pid=$!
for _ in $(seq 100); do
  url=$(sed -n 's/.*http: listening on \(127\.0\.0\.1:[0-9]*\).*/\1/p' "$work/log")
  [ "$url" ] && break
  sleep 0.1
done
if [ -z "$url" ]; then
  echo "not ok - the program starts"
  cat "$work/log"
  exit 1
fi
cd "$here" || exit 1
DISTRIBUTOR_URL="http://$url/" node --test --test-reporter=./lines-reporter.mjs
