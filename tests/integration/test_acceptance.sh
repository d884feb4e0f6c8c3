#!/usr/bin/env bash
# tools/test.sh: passes a sound instance, fails one that is not, says when it had no stream, and leaves nothing behind
# and others' channels alone, interrupted or not.
. "$(dirname "$0")/lib.sh"
case $build in */asan | */tsan) skip_all "it is about scripts and documents" ;; esac

make_namespaces
mkdir "$work/tmp"
http=10.77.0.2:8000 # to be reached from the other namespace too
url=http://$http
reading=(-sS -m 10)

# acceptance OPTION...: what it says is in $work/said, its exit status in $outcome.
acceptance() {
  acceptance_by in_ns "$root/tools/test.sh" "$@"
}

# acceptance_by WHERE SCRIPT OPTION...
acceptance_by() {
  local where=$1 script=$2
  shift 2
  # Nobody answers at that proxy: it is not to be asked.
  "$where" env TMPDIR="$work/tmp" http_proxy=http://10.77.0.9:9 https_proxy=http://10.77.0.9:9 timeout 150 "$script" --url "$url" "$@" >"$work/said" 2>&1
  outcome=$?
}

# The channels as their operator has made them.
channels() {
  in_ns curl "${reading[@]}" "$url/api/channels" |
    jq -c '[.channels[] | {id, name, rtp_port, desired, outputs: [.outputs[] | {id, url, enabled}]}] | sort_by(.id)'
}

# nothing_left NAME: no channel, no file, no process but those of before.
nothing_left() {
  equal "$1: the channels are those of before" "$before" "$(channels)"
  equal "$1: no file" "" "$(ls "$work/tmp")"
  check "$1: no process" wait_for 5 alone
}

alone() {
  [ "$(ip netns pids "$ns")" = "$distributor_pid" ]
}

says() {
  grep -qE -- "$1" "$work/said"
}

ln -s "$root/tools/test.sh" "$work/tried" # as it is installed: under a name of its own
ln -s "$build/media-source" "$work/media-source"

# What bash 5.2 gets wrong; see there.
equal "no command of tools/test.sh has two \$() side by side" "" "$(grep -nE '[$]\([^(].*[$]\([^(]' "$root/tools/test.sh")"
acceptance
equal "without an instance: status" 1 "$outcome"
check "without an instance: it says so" says "^not ok 1 - $url answers"
equal "without an instance: no file" "" "$(ls "$work/tmp")"
acceptance --nonsense 1
equal "an unknown option: status" 2 "$outcome"
acceptance --media-source "$work/none"
equal "a program that is not there: status" 2 "$outcome"

for option in --source-port --receiver-port; do
  acceptance $option 0
  equal "$option 0: status" 2 "$outcome"
done

# Somebody else's server: any path is answered with a page, and /api/health without an end from the second time on.
background python3 -c 'import http.server as h
class Page(h.BaseHTTPRequestHandler):
  times = 0
  def do_GET(self):
    Page.times += 1
    self.send_response(200)
    self.end_headers()
    self.wfile.write(b"<p>")
    try:
      while Page.times > 1: self.wfile.write(bytes(1048576))
    except OSError: pass
h.HTTPServer(("10.77.0.2", 8000), Page).serve_forever()' 2>/dev/null
stranger=$last_pid
listens() {
  [ -n "$(in_ns ss -Hltn sport = :8000)" ]
}
check "another server listens" wait_for 10 listens
acceptance
equal "another server: status" 1 "$outcome"
check "another server: it says so" says "^not ok 1 - $url is a distributor"
check "another server: and no more" says '^0 passed, 1 failed, 0 skipped'
equal "another server: nothing but results" "" "$(grep jq "$work/said")"
acceptance
equal "an answer without an end: status" 1 "$outcome"
check "an answer without an end: not all of it is kept" says '^  curl: \(23\)'
equal "another server: no file" "" "$(ls "$work/tmp")"
stop_pid "$stranger"

mkdir "$work/config"
mount -t tmpfs -o size=1m tmpfs "$work/config"
start_distributor
for port in $(seq 5000 2 5038); do
  make_channel "live $port" "$port" && add_output "$channel" "udp://127.0.0.1:$((port + 1000))" ||
    not_ok "a channel of the operator's at $port" "$body"
done
before=$(channels)
in_ns env TMPDIR="$work/tmp" timeout 150 "$root/tools/test.sh" --url "$url" >"$work/second" 2>&1 &
second=$!
pids+=("$second")
acceptance
equal "a sound instance: status" 0 "$outcome"
wait "$second"
equal "two at the same time: status of the other" 0 $?
check "ports of other channels are left alone" says 'a channel is made and started, on port 504[02]'
check "a stream went through it" says '^ok .* the receiver has it, byte for byte'
nothing_left "a sound instance"

in_ns env PATH="$work:$PATH" "$work/tried" --help >"$work/said"
check "it goes by the name that it has" says '^Usage: tried '
cp "$root/tools/test.sh" "$work/tmp.sh"
mkdir "$work/bin"
for tool in bash curl jq env timeout awk cat cmp cp cut date dirname grep head id ip ls mkdir mktemp od readlink rm sed seq \
  sha1sum sleep stat tail tr base64; do
  ln -s "$(command -v $tool)" "$work/bin/$tool"
done
mv "$work/media-source" "$work/bin/"
# without NAME: as acceptance, with none of the programs of that name to be found.
without() {
  in_ns env PATH="$work/bin" TMPDIR="$work/tmp" timeout 150 bash "$work/tmp.sh" --url "$url" >"$work/said" 2>&1
  outcome=$?
  equal "without $1: status" 3 "$outcome"
  check "without $1: it says so in the end" says '^NO STREAM WAS SENT'
  check "without $1: and what to do" says "^nothing|^no .*$2"
  check "without $1: all else is tested" says '^ok .* the channel is removed'
  nothing_left "without $1"
}
without "a receiver" "apt install srt-tools"
rm "$work/bin/media-source"
without media-source "--media-source FILE"

acceptance --source-port 5000
equal "a port that is taken: status" 1 "$outcome"
check "it names the way out" says 'source-port gives another port'
nothing_left "a port that is taken"

mount -o remount,ro "$work/config"
acceptance
mount -o remount,rw "$work/config"
equal "an instance that cannot store: status" 1 "$outcome"
check "it has the server's words" says '^  .*[Rr]ead-only file system'
check "and tries no other port" bash -c "! grep -q source-port '$work/said'"
nothing_left "an instance that cannot store"

acceptance --receiver-address 10.77.0.9
equal "a receiver that is not reached: status" 1 "$outcome"
check "it names the way out" says 'receiver-address gives another address'
nothing_left "a receiver that is not reached"

# Once the metrics are there, all is over within a tenth of a second: what is asked then takes its time, to be interrupted.
mkdir "$work/slow"
printf '#!/bin/sh\n! %s -q "metrics are text" %s || sleep 3\nexec %s "$@"\n' "$(command -v grep)" "$work/said" \
  "$(command -v grep)" >"$work/slow/grep"
chmod 755 "$work/slow/grep"

# interrupted SIGNAL PATTERN: it ends by that once it has said so. SIGINT comes as from a terminal, to all of its processes;
# a background job of this shell ignores it, and a shell keeps to that.
interrupted() {
  local signal=$1 phase=$2 to
  nsenter --net="/run/netns/$ns" setsid env --default-signal=INT PATH="$work/slow:$PATH" TMPDIR="$work/tmp" "$root/tools/test.sh" \
    --url "$url" >"$work/said" 2>&1 &
  last_pid=$!
  pids+=("$last_pid")
  check "SIG$signal comes after \"$phase\"" wait_for 60 says "$phase"
  to=$last_pid
  [ "$signal" != INT ] || to=-$last_pid
  kill "-$signal" -- "$to"
  wait "$last_pid"
  equal "SIG$signal after \"$phase\": status" 130 $?
  nothing_left "SIG$signal after \"$phase\""
}
for phase in '^ok 1 ' 'handshake' 'a channel is made' 'an output is made' 'receiver at .* is connected' 'byte for byte' \
  'metrics are text'; do
  interrupted INT "$phase"
done
interrupted TERM 'receiver at .* is connected'
interrupted HUP 'receiver at .* is connected'

kill -STOP "$distributor_pid" # accepts connections and answers nothing
acceptance
equal "an instance that hangs: status" 1 "$outcome"
kill -CONT "$distributor_pid"
nothing_left "an instance that hangs"
check "clean stop" stop_distributor

# --- closed by a token, by HTTPS, with XDP on an interface and a stream of the operator's
if command -v openssl >/dev/null && openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost \
  -addext subjectAltName=DNS:localhost,IP:10.77.0.2 -keyout "$work/key.pem" -out "$work/cert.pem" 2>/dev/null; then
  openssl rand -hex 32 >"$work/token"
  nsenter --net="/run/netns/$ns" "$build/medialive-distributor" --http "$http" --config-dir "$work/config" \
    --dashboard-dir "$root/dashboard" --interface "$veth" \
    --token-file "$work/token" --tls-cert "$work/cert.pem" --tls-key "$work/key.pem" 2>"$work/distributor.log" &
  distributor_pid=$!
  url=https://$http
  reading+=(-k -H "Authorization: Bearer $(cat "$work/token")")
  closed=(--token-file "$work/token" --cacert "$work/cert.pem")
  healthy() {
    in_ns env DISTRIBUTOR_HTTP="$http" DISTRIBUTOR_TLS_CERT="$work/cert.pem" "$root/tools/container/health.sh"
  }
  check "the image's health check speaks HTTPS" wait_for 15 healthy
  make_ts "$work/live.ts" 4
  nsenter --net="/run/netns/$ns_source" "$build/media-source" --loop forever "$work/live.ts" 10.77.0.2:5000 \
    >/dev/null 2>&1 & # a simple command, so the pid is the program's own
  live=$!
  pids+=("$live")
  acceptance "${closed[@]}" --send-to ::1
  equal "HTTPS and a token: status" 0 "$outcome"
  check "the stream was sent by IPv6" says '^ok .* a stream is sent to \[::1\]:'
  check "a stream went through it" says '^ok .* the receiver has it, byte for byte'
  check "the token was missed" says '^ok .* without the token the API is closed'
  check "XDP is said not to be tested by the loopback" says "^# not tested: XDP receives it: .* over the loopback, not by $veth"
  nothing_left "HTTPS and a token"
  acceptance_by in_source "$root/tools/test.sh" "${closed[@]}"
  equal "from another machine: status" 0 "$outcome"
  check "from another machine XDP is tested" says "^ok .* XDP receives it, at $veth"
  nothing_left "from another machine"
  live_channel() {
    in_ns curl "${reading[@]}" "$url/api/channels" | jq -r '.channels[] | select(.rtp_port == 5000) | "\(.state) \(.stats.rtp_lost)"'
  }
  equal "the operator's stream has lost nothing" "receiving 0" "$(live_channel)"
  stop_pid "$live"
  acceptance --token-file "$work/token"
  equal "a certificate of nobody known: status" 1 "$outcome"
  acceptance --insecure
  equal "without the token: status" 1 "$outcome"
  check "clean stop" stop_distributor
else
  echo "ok $((count += 1)) - HTTPS and a token # SKIP no openssl"
fi
umount "$work/config"
finish
