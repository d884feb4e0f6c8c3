#!/usr/bin/env bash
# docs/openapi.yaml is what the program does: every operation is asked for all that it can answer, and each answer, the
# messages of the WebSocket too, is held against its schema, which allows no member that it does not name.
# shellcheck source=tests/integration/lib.sh
. "$(dirname "$0")/lib.sh"

peers=$root/tests/peers
command -v node npm >/dev/null || skip_all "needs node and npm"
[ -d "$peers/node_modules/ajv" ] || npm --prefix "$peers" ci --silent >"$work/npm.log" 2>&1 ||
  skip_all "npm cannot be reached"
make_namespaces
make_ts "$work/sent.ts" 4

token=$(openssl rand -hex 32)
(umask 077 && echo "$token" >"$work/token")
start_distributor --interface "$veth" --token-file "$work/token"
for port in 5000 5010; do
  nsenter --net="/run/netns/$ns_source" "$build/media-source" --loop forever "$work/sent.ts" "10.77.0.2:$port" \
    >"$work/source.log" 2>&1 &
  pids+=("$!")
done
# Who reads from the listener; it comes before that listens, and again when it was disconnected.
background_again srt-live-transmit -q -a yes "srt://127.0.0.1:6001?mode=caller" file://con >/dev/null 2>&1

in_ns timeout --kill-after=5 $((120 * patience)) node "$peers/api-walk.mjs" "$root/docs/openapi.yaml" "$http" "$token" 10.77.0.2 \
  "$veth" >"$work/walk"
walked=$?
sed '/^1\.\./d' "$work/walk"
count=$(grep -cE '^(not )?ok ' "$work/walk")
failures=$(grep -c '^not ok ' "$work/walk")
equal "the walk came to its end" "0 1" "$walked $(grep -c '^1\.\.' "$work/walk")"
equal "the token is in no line of the log" 0 "$(grep -c "$token" "$work/distributor.log")"
stop_distributor
equal "the program ends cleanly" 0 $?
finish
