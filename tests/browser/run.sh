#!/usr/bin/env bash
# The dashboard in headless Chromium: against a fake server, then against the program itself.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../..
work=$(mktemp -d)
pids=()

cleanup() {
  [ ${#pids[@]} -eq 0 ] || kill -TERM "${pids[@]}" 2>/dev/null
  wait 2>/dev/null
  rm -rf "$work"
}
trap cleanup EXIT

if [ ! -x "${CHROMIUM:-/usr/bin/chromium}" ]; then
  echo "ok - the dashboard in a browser # SKIP no Chromium here"
  exit 0
fi
# start NAME OPTION...: the program with a configuration of its own; its address in $url.
start() {
  local name=$1
  shift
  "$root/build/medialive-distributor" --http 127.0.0.1:0 --config-dir "$work/$name" \
    --dashboard-dir "$root/dashboard" "$@" 2>"$work/$name.log" &
  pids+=("$!")
  for _ in $(seq 100); do
    url=$(sed -n 's/.*http: listening on \(127\.0\.0\.1:[0-9]*\).*/\1/p' "$work/$name.log")
    [ "$url" ] && return
    sleep 0.1
  done
  echo "not ok - the program starts"
  cat "$work/$name.log"
  exit 1
}

start open
export DISTRIBUTOR_URL=http://$url/
# Another one that asks for a token and speaks HTTPS.
if openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -keyout "$work/key.pem" -out "$work/cert.pem" \
  2>/dev/null; then
  DISTRIBUTOR_TOKEN=$(openssl rand -hex 32)
  export DISTRIBUTOR_TOKEN
  echo "$DISTRIBUTOR_TOKEN" >"$work/token"
  start locked --token-file "$work/token" --tls-cert "$work/cert.pem" --tls-key "$work/key.pem"
  export DISTRIBUTOR_TOKEN_URL=https://$url/
fi
cd "$here" || exit 1
node --test --test-reporter=./lines-reporter.mjs
