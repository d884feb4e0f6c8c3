#!/usr/bin/env bash
# tools/test.sh: passes a sound instance, fails one that is not, and leaves nothing behind, interrupted or not.
. "$(dirname "$0")/lib.sh"
case $build in */asan | */tsan) skip_all "it is about scripts and documents" ;; esac

make_namespaces
mkdir "$work/tmp"

# acceptance OPTION...: what it says is in $work/said, its exit status in $outcome.
acceptance() {
  in_ns env TMPDIR="$work/tmp" timeout 150 "$root/tools/test.sh" --media-source "$build/media-source" "$@" \
    >"$work/said" 2>&1
  outcome=$?
}

# nothing_left NAME: no channel, no file, no process but the program.
nothing_left() {
  api GET /api/channels
  equal "$1: no channel is left" 1 "$(json '.channels | length')" # the one of this test
  equal "$1: no file" "" "$(ls "$work/tmp")"
  check "$1: no process" wait_for 5 alone
}

alone() {
  [ "$(ip netns pids "$ns")" = "$distributor_pid" ]
}

says() {
  grep -qE -- "$1" "$work/said"
}

acceptance
equal "without an instance: status" 1 "$outcome"
check "without an instance: it says so" says '^not ok 1 - http://127.0.0.1:8000 answers'
equal "without an instance: no file" "" "$(ls "$work/tmp")"
acceptance --nonsense 1
equal "an unknown option: status" 2 "$outcome"

start_distributor
make_channel other 5000
acceptance
equal "a sound instance: status" 0 "$outcome"
check "the other channel's port is left alone" says 'a channel is made and started, on port 5002'
check "a stream went through it" says '^ok .* the receiver has it, byte for byte'
nothing_left "a sound instance"

acceptance --source-port 5000
equal "a port that is taken: status" 1 "$outcome"
check "it names the way out" says 'source-port gives another port'
nothing_left "a port that is taken"

acceptance --receiver-address 10.77.0.9
equal "a receiver that is not reached: status" 1 "$outcome"
check "it names the way out" says 'receiver-address gives another address'
nothing_left "a receiver that is not reached"

for signal in INT TERM HUP; do
  # A background job of this shell ignores SIGINT, and a shell keeps to that.
  nsenter --net="/run/netns/$ns" env --default-signal=INT TMPDIR="$work/tmp" "$root/tools/test.sh" \
    --media-source "$build/media-source" >"$work/said" 2>&1 &
  last_pid=$!
  pids+=("$last_pid")
  check "SIG$signal comes while the stream flows" wait_for 60 says 'receiver at .* is connected'
  stop_pid "$last_pid" "$signal"
  equal "SIG$signal: status" 130 $?
  nothing_left "SIG$signal"
done

kill -STOP "$distributor_pid" # accepts connections and answers nothing
acceptance
equal "an instance that hangs: status" 1 "$outcome"
kill -CONT "$distributor_pid"
nothing_left "an instance that hangs"
check "clean stop" stop_distributor

# --- closed by a token, and HTTPS
if command -v openssl >/dev/null && openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost \
  -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout "$work/key.pem" -out "$work/cert.pem" 2>/dev/null; then
  openssl rand -hex 32 >"$work/token"
  background "$build/medialive-distributor" --http "$http" --config-dir "$work/config" --dashboard-dir "$root/dashboard" \
    --token-file "$work/token" --tls-cert "$work/cert.pem" --tls-key "$work/key.pem" 2>"$work/distributor.log"
  closed=(--url "https://$http" --token-file "$work/token")
  healthy() {
    in_ns env DISTRIBUTOR_HTTP="$http" DISTRIBUTOR_TLS_CERT="$work/cert.pem" "$root/tools/container/health.sh"
  }
  check "the image's health check speaks HTTPS" wait_for 15 healthy
  acceptance "${closed[@]}" --cacert "$work/cert.pem"
  equal "HTTPS and a token: status" 0 "$outcome"
  check "a stream went through it" says '^ok .* the receiver has it, byte for byte'
  check "the token was missed" says '^ok .* without the token the API is closed'
  acceptance "${closed[@]}"
  equal "a certificate of nobody known: status" 1 "$outcome"
  acceptance --url "https://$http" --insecure
  equal "without the token: status" 1 "$outcome"
  stop_pid "$last_pid"
else
  echo "ok $((count += 1)) - HTTPS and a token # SKIP no openssl"
fi
finish
