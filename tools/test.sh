#!/usr/bin/env bash
# Acceptance test of a running distributor: does it do what it is for, as it is installed here?
# Its option --help says how. Needs bash, curl and jq; for the stream media-source, and srt-live-transmit
# or ffmpeg to receive it. Installed it has another name.
#
# It makes a channel of its own, whose name nobody else uses, and removes whatever has that name when it
# ends, however that is; other channels are not touched. Results are TAP lines, then a summary.
#
# No command here has two $() side by side: bash 5.2 loses a signal, or aborts, that comes while the first of them runs.
set -uo pipefail

url=http://127.0.0.1:8000
source_port='' receiver_port='' send_to='' receiver_address='' token_file='' media_source=''
curl_options=(--noproxy '*') credentials=() # a stream would not come by a proxy either
name="acceptance test $$ $RANDOM"
passed=0 failed=0 skipped=0
untested=() no_stream=''
distributor='' channel='' location='' output='' work=''

usage() {
  cat <<TEXT
Usage: ${0##*/} [OPTION]...
Tests a running MediaLive Distributor through its API, sends it a stream and receives that again.

  --url URL                the instance (http://127.0.0.1:8000)
  --source-port PORT       port that the test's channel receives on (the first free one of 5000, 5002 ... 5998)
  --send-to ADDRESS        where the stream is sent to: an address of the instance (the URL's host)
  --receiver-address ADDR  address of this machine that the instance can reach (the one used to reach the URL)
  --receiver-port PORT     UDP port here that the stream comes back to by SRT (a free one of 9710 to 9791)
  --media-source FILE      the program media-source (the one beside this, in PATH, or in build)
  --token-file FILE        bearer token of the API
  --cacert FILE            authority that signed the certificate of an https:// URL
  --insecure               accept any certificate
  --help                   this text

What cannot be tested is skipped, with the reason. Other channels are not touched, nothing is left behind.
A stream from this machine to an instance on it goes over the loopback: that tests everything but the network
card and XDP. From another machine, with --url and --send-to, it tests these too.

Exit status: 0 nothing failed, 1 something did, 2 usage, 3 nothing failed but no stream could be sent.
TEXT
}

die() {
  echo "${0##*/}: $*" >&2
  exit 2
}

is_port() {
  [[ $1 =~ ^[1-9][0-9]{0,4}$ ]] && [ "$1" -le 65535 ]
}

parse_options() {
  while [ $# -gt 0 ]; do
    case $1 in
      --help) usage && exit 0 ;;
      --insecure) curl_options+=(--insecure) && shift && continue ;;
    esac
    [ $# -gt 1 ] || die "$1 needs a value, or is no option; --help lists them"
    case $1 in
      --url) url=${2%/} ;;
      --source-port) source_port=$2 ;;
      --send-to) send_to=$2 ;;
      --receiver-address) receiver_address=$2 ;;
      --receiver-port) receiver_port=$2 ;;
      --media-source) media_source=$2 ;;
      --token-file) token_file=$2 ;;
      --cacert) curl_options+=(--cacert "$2") ;;
      *) die "unknown option $1; --help lists them" ;;
    esac
    shift 2
  done
  [[ $url =~ ^https?://[^/]+$ ]] || die "--url is http://HOST[:PORT] or https://HOST[:PORT]"
  is_port "${source_port:-1}" && is_port "${receiver_port:-1}" || die "a port is a number from 1 to 65535"
  [ -z "$token_file" ] || [ -r "$token_file" ] || die "cannot read $token_file"
  [ -z "$media_source" ] || [ -x "$media_source" ] || die "$media_source is no program"
  for tool in curl jq; do
    command -v $tool >/dev/null || die "$tool is needed: apt install $tool"
  done
}

ok() {
  passed=$((passed + 1))
  echo "ok $((passed + failed + skipped)) - $1"
}

not_ok() {
  failed=$((failed + 1))
  echo "not ok $((passed + failed + skipped)) - $1"
  shift
  printf '  %s\n' "$@"
}

skip() {
  skipped=$((skipped + 1))
  untested+=("$1: $2")
  echo "ok $((passed + failed + skipped)) - $1 # SKIP $2"
}

# check NAME COMMAND...: its exit status decides.
check() {
  local what=$1
  shift
  if "$@"; then ok "$what"; else not_ok "$what" "HTTP status ${status:-none}: $(head -c 400 "$work/answer" 2>/dev/null)"; fi
}

# equal NAME WANTED GOT
equal() {
  if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "wanted: $2" "got:    $3"; fi
}

# wait_for SECONDS COMMAND...: until it succeeds.
wait_for() {
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $end ] || return 1
    sleep 0.2
  done
}

# get PATH: $status, the head in $work/head and the body in $work/answer: 64 MB of it at most, whoever answers.
get() {
  : >"$work/answer"
  status=$(
    trap '' XFSZ
    ulimit -f 65536 2>/dev/null
    exec curl -sS -m 10 "${curl_options[@]}" "${credentials[@]}" -D "$work/head" -o "$work/answer" -w '%{http_code}' \
      "${@:2}" "$url$1" 2>"$work/error"
  ) || status=000
  [[ $status == 2* ]]
}

# api METHOD PATH [BODY]
api() {
  if [ $# -gt 2 ]; then
    get "$2" -X "$1" -H 'Content-Type: application/json' --data-binary "$3"
  else
    get "$2" -X "$1"
  fi
}

json() {
  jq -r "$1" "$work/answer" 2>/dev/null
}

# answers STATUS [JQ-CONDITION]: what the last request was answered with.
answers() {
  [ "$status" = "$1" ] && { [ $# -lt 2 ] || jq -e "$2" "$work/answer" >/dev/null 2>&1; }
}

has_header() {
  grep -qi "^$1: *$2" "$work/head"
}

# end_processes [PID...]: with force if asking for 3 s did not help.
end_processes() {
  local pid
  kill -TERM "$@" 2>/dev/null
  for pid in "$@"; do
    wait_for 3 ended "$pid" || kill -KILL "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
  done
}

ended() {
  ! kill -0 "$1" 2>/dev/null
}

remove_channels() {
  local id
  api GET /api/channels || return 0
  for id in $(jq -r --arg name "$name" '.channels[] | select(.name + "," | startswith($name + ",")) | .id' \
    "$work/answer" 2>/dev/null); do
    api DELETE "/api/channels/$id"
  done
}

clean_up() {
  local outcome=$? pids
  trap '' INT TERM HUP
  trap - EXIT
  mapfile -t pids < <(jobs -pr)
  end_processes "${pids[@]}"
  if [ -n "$distributor" ]; then
    remove_channels
    # Of a request that was interrupted, the instance may have been about to make a channel.
    [ $outcome -ne 130 ] || { sleep 0.3 && remove_channels; }
  fi
  rm -rf "$work"
}

# --- Health, errors, page

test_health() {
  if ! get /api/health; then
    not_ok "$url answers" "$(cat "$work/error")" "HTTP status $status"
    return 1
  fi
  if ! answers 200 '(.version, .status | type) == "string" and (.interfaces | type) == "array"'; then
    not_ok "$url is a distributor" "/api/health does not answer as one: $(head -c 80 "$work/answer" | tr -dc '[:print:]')"
    return 1
  fi
  distributor=yes
  check "health: ok" answers 200 '.status == "ok"'
  echo "# $(json '"version \(.version), up \(.uptime_s) s, \(.channels) channels, interfaces: \(
    [.interfaces[] | "\(.name) \(.mode)"] | join(", ") | if . == "" then "none, kernel sockets" else . end)"')"
  get /api/system
  check "the machine is described" answers 200 '.kernel != "" and (.interfaces | type) == "array"'
}

# With a token nobody else may come in, and who has it may.
test_token() {
  [ -n "$token_file" ] || return 0
  local -a mine=("${credentials[@]}")
  credentials=()
  api GET /api/channels
  check "without the token the API is closed" answers 401 '.error.code == "unauthorized"'
  credentials=(-H 'Authorization: Bearer of-somebody-else')
  api GET /api/channels
  check "with another one too" answers 401 '.error.code == "unauthorized"'
  credentials=("${mine[@]}")
  api GET /api/channels
  check "and open with it" answers 200
}

test_errors() {
  api GET /api/acceptance-test
  check "an unknown path is 404, with a reason" answers 404 '.error.code == "not_found"'
  api POST /api/channels '{"name"'
  check "a body that is no JSON is 400" answers 400 '.error.code == "invalid_json"'
  api POST /api/channels "{\"name\":\"$name\"}"
  check "a channel without port is 422, and the field is named" answers 422 '.error.field == "rtp_port"'
}

# The page and everything that it and its modules refer to.
test_page() {
  local -a queue=() missing=()
  local -A seen=()
  local file reference
  get /
  check "the dashboard is a page" has_header content-type text/html
  check "that may load nothing from elsewhere" has_header content-security-policy "default-src 'self'"
  mapfile -t queue < <(sed -nE 's/.*<(script|link)[^>]* (src|href)="([^":]+)".*/\3/p' "$work/answer")
  while [ ${#queue[@]} -gt 0 ]; do
    file=${queue[0]} queue=("${queue[@]:1}")
    [ -z "${seen[$file]:-}" ] || continue
    seen[$file]=yes
    get "/$file" || missing+=("$file ($status)")
    [[ $file == *.js ]] || continue
    while read -r reference; do queue+=("$reference"); done < <(
      sed -nE "s|.*(from\|import) ['\"]\./([^'\"]+)['\"].*|\2|p" "$work/answer")
  done
  equal "with all of its ${#seen[@]} files" "" "${missing[*]}"
}

# --- WebSocket: curl shakes hands, the frames are what comes after.

# The first frame of a server without extensions (RFC 6455 5.2): a text, its length in 1, 3 or 9 bytes.
first_frame() {
  local -a byte
  local length=0 head=2 i
  read -ra byte < <(od -An -tu1 -N10 -w10 "$work/frames")
  [ "${byte[0]:-0}" -eq 129 ] || return 1
  length=${byte[1]}
  case $length in
    126) head=4 ;;
    127) head=10 ;;
  esac
  [ $head -eq 2 ] || for ((length = 0, i = 2; i < head; i++)); do
    length=$((length * 256 + ${byte[i]:-0}))
  done
  [ "$(stat -c %s "$work/frames")" -ge $((head + length)) ] || return 1
  tail -c +$((head + 1)) "$work/frames" | head -c "$length"
}

open_websocket() {
  local key digest
  key=$(head -c 16 /dev/urandom | base64)
  : >"$work/frames"
  curl -sS -N --http1.1 -m 120 "${curl_options[@]}" "${credentials[@]}" -D "$work/upgrade" -o "$work/frames" -H 'Connection: Upgrade' \
    -H 'Upgrade: websocket' -H 'Sec-WebSocket-Version: 13' -H "Sec-WebSocket-Key: $key" "$url/ws" 2>/dev/null &
  # RFC 6455 4.2.2: what only a server that has read the key can answer.
  digest=$(printf '%s258EAFA5-E914-47DA-95CA-C5AB0DC85B11' "$key" | sha1sum | cut -c 1-40 | sed 's/../\\x&/g')
  websocket_accept=$(printf '%b' "$digest" | base64)
}

websocket_shakes_hands() {
  wait_for 5 grep -q '^Sec-WebSocket-Accept' "$work/upgrade"
  grep -q '^HTTP/1.1 101' "$work/upgrade" && grep -qF "Sec-WebSocket-Accept: $websocket_accept" "$work/upgrade"
}

websocket_snapshot() {
  wait_for 5 first_frame
  first_frame | jq -e '.type == "snapshot" and (.channels | type) == "array" and .health.status == "ok"' >/dev/null
}

# websocket_says PATTERN: soon after a change.
websocket_says() {
  wait_for 5 grep -aqE -- "$1" "$work/frames"
}

test_websocket() {
  open_websocket
  check "the WebSocket's handshake" websocket_shakes_hands
  check "it begins with a snapshot" websocket_snapshot
}

# --- Life of a channel and its outputs

# make_channel PORT: a running channel. Fails with the answer as it was.
make_channel() {
  api POST /api/channels "{\"name\":\"$name\",\"rtp_ip\":\"$any\",\"rtp_port\":$1}" || return
  channel=$(json .id)
  location=$(sed -n 's/^location: *//Ip' "$work/head" | tr -d '\r')
  api POST "/api/channels/$channel/start" && return
  local refusal=$status
  cp "$work/answer" "$work/refusal"
  api DELETE "/api/channels/$channel"
  status=$refusal
  cp "$work/refusal" "$work/answer"
  return 1
}

port_is_taken() {
  answers 409 '.error.code == "port_in_use"'
}

# The same, on the first port that nobody else has: another channel, or another program.
find_channel() {
  local port hint=''
  for port in ${source_port:-$(seq 5000 2 5998)}; do
    make_channel "$port" && source_port=$port && return
    port_is_taken || break
  done
  ! port_is_taken || hint="--source-port gives another port"
  not_ok "a channel is made and started" "$(json .error.message)" "HTTP status $status" ${hint:+"$hint"}
  return 1
}

test_channel() {
  find_channel || return
  ok "a channel is made and started, on port $source_port"
  equal "the answer has told its path" "/api/channels/$channel" "$location"
  api GET "/api/channels/$channel"
  check "it waits for its stream" answers 200 '.desired == "running" and .state == "waiting"'
  check "the WebSocket tells" websocket_says "\"type\":\"update\".*$channel"
  api PUT "/api/channels/$channel" "{\"name\":\"$name, renamed\"}"
  check "it can be changed" answers 200 ".name == \"$name, renamed\" and .rtp_port == $source_port"
  api POST /api/channels "{\"name\":\"$name, second\",\"rtp_ip\":\"$any\",\"rtp_port\":$source_port}"
  check "a second one on its port is refused" answers 409 '.error.code == "port_in_use"'
  api POST "/api/channels/$channel/stop"
  check "it can be stopped" answers 200 '.state == "stopped"'
  api POST "/api/channels/$channel/start"
  check "and started again" answers 200 '.desired == "running"'
}

# At the port beside the receiver's nobody listens, so that these stay without a connection.
test_outputs() {
  local path=/api/channels/$channel/outputs silent=$((receiver_port + 1)) id
  api POST "$path" "{\"url\":\"srt://$receiver_host:$silent?passphrase=of-the-acceptance-test\"}"
  check "an output is made" answers 201 '.id != ""'
  id=$(json .id)
  api GET "$path/$id"
  check "its passphrase is not shown" answers 200 '.url | test("passphrase=\\*\\*\\*$")'
  api PUT "$path/$id" '{"enabled":false}'
  check "it can be switched off" answers 200 '.enabled == false and .state == "stopped"'
  api PUT "$path/$id" "{\"enabled\":true,\"url\":\"udp://$receiver_host:$silent\"}"
  check "and get another destination" answers 200 ".enabled and .url == \"udp://$receiver_host:$silent\""
  api POST "$path" '{"url":"ftp://nowhere"}'
  check "an unknown kind of URL is refused" answers 422 '.error.field == "url"'
  api DELETE "$path/$id"
  check "it can be removed" answers 204
  api GET "$path/$id"
  check "then it is gone" answers 404
}

# --- A stream through it

find_media_source() {
  local here
  here=$(readlink -f "$0")
  here=${here%/*}
  for media_source in "$media_source" "$here/media-source" "$here/../build/media-source" "$(command -v media-source)"; do
    [ ! -f "$media_source" ] || [ ! -x "$media_source" ] || return 0
  done
  return 1
}

port_is_free() {
  ! grep -qi "$(printf ':%04X ' "$1")" /proc/net/udp /proc/net/udp6 2>/dev/null
}

# A port that nobody has, and the one beside it: there nobody shall answer. Processes that start together have other
# numbers, so that they begin with other ports; the port is only taken when the stream comes.
find_receiver_port() {
  local port i
  [ -z "$receiver_port" ] || return 0
  for i in {0..40}; do
    receiver_port=$((9710 + ($$ + i) % 41 * 2))
    for port in "$receiver_port" $((receiver_port + 1)); do
      port_is_free "$port" || continue 2
    done
    return 0
  done
}

# 6600 TS packets of PID 257, each with a number of its own: 5 s at 2 Mb/s.
make_stream() {
  LC_ALL=C awk 'BEGIN {
    for (i = 0; i < 6600; i++) {
      text = sprintf("%08d ", i)
      while (length(text) < 184) text = text text
      printf "G%c%c%c%s", 1, 1, 16 + i % 16, substr(text, 1, 184)
    }
  }' >"$work/stream.ts"
}

# An SRT listener that writes what it gets, as it is and at once.
start_receiver() {
  local all='' listen
  kept_back=0
  [[ $receiver_host == \[* ]] && all='[::]'
  listen="srt://$all:$receiver_port?mode=listener"
  if command -v srt-live-transmit >/dev/null; then
    stdbuf -o0 srt-live-transmit -q -a no "$listen" file://con >"$work/got.ts" 2>"$work/receiver" &
  elif ffmpeg -hide_banner -protocols 2>/dev/null | grep -qw srt; then
    ffmpeg -nostdin -v error -y -f data -i "${listen/:\/\/:/://0.0.0.0:}" -map 0 -c copy -flush_packets 1 \
      -f data "$work/got.ts" 2>"$work/receiver" &
    kept_back=4096
  else
    return 1
  fi
  receiver=$!
}

output_connected() {
  api GET "/api/channels/$channel/outputs/$output" && [ "$(json .state)" = connected ]
}

output_has_sent() {
  api GET "/api/channels/$channel/outputs/$output" && [ "$(json .stats.bytes_sent)" -ge "$1" ]
}

channel_state_is() {
  api GET "/api/channels/$channel" && [ "$(json .state)" = "$1" ]
}

# ffmpeg reads and writes blocks: of the last ones it knows nothing until more comes.
has_got() {
  [ $(($(stat -c %s "$work/got.ts") + kept_back)) -ge "$1" ]
}

is_exact() {
  has_got "$(stat -c %s "$work/sent.ts")" || return
  if [ "$kept_back" -gt 0 ]; then
    head -c "$(stat -c %s "$work/got.ts")" "$work/sent.ts" | cmp - "$work/got.ts"
  else
    cmp "$work/sent.ts" "$work/got.ts"
  fi
}

# send: in the background and waited for, so that an interruption need not wait.
send() {
  "$media_source" --bitrate 2M --record "$work/sent.ts" "$work/stream.ts" "$send_to:$source_port" \
    >"$work/source" 2>&1 &
  wait $!
}

frames_by_xdp() {
  get /api/system
  json '[.interfaces[].verdicts.redirected // 0] | add // 0'
}

# What the channels that are not the test's have received: those frames are the same counters'.
packets_of_others() {
  api GET /api/channels
  json "[.channels[] | select(.id != \"$channel\") | .stats.datagrams_received // 0] | add // 0"
}

# Is the address one of this machine? Then no packet leaves it.
goes_over_loopback() {
  local address=${send_to//[\[\]]/}
  if command -v ip >/dev/null; then
    [[ $(ip -o route get "$address" 2>/dev/null) == local* ]]
  else
    [ "$send_to" = "$receiver_host" ]
  fi
}

# test_xdp PACKETS FRAMES OTHERS: those of the test's, what XDP has received, and what is no part of the test's.
test_xdp() {
  local names what="XDP receives it"
  get /api/system
  names=$(json '[.interfaces[] | select(.mode | startswith("xdp")) | .name] | join(", ")')
  [ -n "$names" ] || return 0
  if goes_over_loopback; then
    skip "$what" "sent from this machine it came over the loopback, not by $names; send it from another one"
  elif [ $(($2 - $3)) -ge $(($1 / 2)) ]; then
    ok "$what, at $names"
  elif [ "$2" -lt $(($1 / 2)) ]; then
    skip "$what" "it came by kernel sockets; --send-to takes an address of $names"
  else
    skip "$what" "its frames cannot be told from those of the other channels"
  fi
}

# no_stream_for REASON: what the instance is there for has not been tested.
no_stream_for() {
  skip "a stream" "$1"
  no_stream=$1
}

test_stream() {
  local bytes frames others now reason
  find_media_source ||
    { no_stream_for "no media-source beside this program, in PATH or in build: --media-source FILE" && return; }
  start_receiver ||
    { no_stream_for "nothing here that receives SRT: apt install srt-tools" && return; }
  make_stream
  api POST "/api/channels/$channel/outputs" "{\"url\":\"srt://$receiver_host:$receiver_port\"}"
  output=$(json .id)
  if ! wait_for 15 output_connected; then
    reason=$(json .last_error)
    not_ok "the instance reaches the receiver at $receiver_host:$receiver_port" "$reason" \
      "$(tail -2 "$work/receiver")" "--receiver-address gives another address of this machine, --receiver-port another port"
    return
  fi
  ok "an SRT receiver at $receiver_host:$receiver_port is connected"
  others=$(packets_of_others)
  frames=$(frames_by_xdp)
  check "a stream is sent to $send_to:$source_port" send
  bytes=$(stat -c %s "$work/sent.ts")
  api GET "/api/channels/$channel"
  check "the channel receives it" answers 200 '.state == "receiving"'
  now=$(packets_of_others)
  others=$((now - others))
  now=$(frames_by_xdp)
  frames=$((now - frames))
  wait_for 10 output_has_sent "$bytes"
  wait_for 10 has_got "$bytes"
  sleep 1 # for what it would have too much
  end_processes "$receiver"
  check "the receiver has it, byte for byte" is_exact
  api GET "/api/channels/$channel"
  equal "all of it is counted, and nothing lost" "$bytes 0" "$(json '.stats | "\(.bytes_received) \(.rtp_lost)"')"
  echo "# $bytes bytes of TS; frames by XDP: $frames"
  test_xdp "$(json .stats.datagrams_received)" "$frames" "$others"
  check "its end is noticed" wait_for 6 channel_state_is no_signal
}

# --- What is read by other programs

metrics_wellformed() {
  ! grep -qvE '^(# (HELP|TYPE) .*|[a-zA-Z_:][a-zA-Z0-9_:]*(\{.*\})? [-+0-9.eEInfNa]+( [0-9]+)?|)$' "$work/answer"
}

test_documents() {
  if get /metrics; then
    check "metrics are text" has_header content-type text/plain
    check "in the format of Prometheus" metrics_wellformed
    check "with the test's channel among them" grep -q "^distributor_.*$channel" "$work/answer"
  elif [ "$status" = 404 ]; then
    skip "metrics" "this version has no /metrics"
  else
    not_ok "metrics" "HTTP status $status"
  fi
  if get /api/openapi.yaml; then
    check "the API describes itself" grep -qE '^openapi: ' "$work/answer"
  elif [ "$status" = 404 ]; then
    skip "OpenAPI" "this version has no /api/openapi.yaml"
  else
    not_ok "OpenAPI" "HTTP status $status"
  fi
}

test_removal() {
  api DELETE "/api/channels/$channel"
  check "the channel is removed" answers 204
  api GET "/api/channels/$channel"
  check "then it is gone" answers 404
  check "the WebSocket tells" websocket_says "\"removed\":\\[[^]]*$channel"
  get /api/health
  check "and the program is well" answers 200 '.status == "ok"'
}

parse_options "$@"
work=$(mktemp -d "${TMPDIR:-/tmp}/mld-acceptance.XXXXXX") || die "no folder for temporary files"
trap clean_up EXIT
trap 'exit 130' INT TERM HUP
if [ -n "$token_file" ]; then # in a file, so that nobody sees it in the list of processes
  (umask 077 && printf 'Authorization: Bearer %s\n' "$(cat "$token_file")" >"$work/token")
  credentials=(-H "@$work/token")
fi

if test_health; then
  address=$(curl -s -m 10 "${curl_options[@]}" -o "$work/answer" -w '%{remote_ip} %{local_ip}' "$url/api/health")
  send_to=${send_to:-${address% *}} receiver_host=${receiver_address:-${address#* }}
  any=0.0.0.0 # what the test's channel listens to
  [[ $send_to != *:* ]] || any=:: send_to="[${send_to//[\[\]]/}]"
  [[ $receiver_host != *:* ]] || receiver_host="[${receiver_host//[\[\]]/}]"
  find_receiver_port
  test_token
  test_errors
  test_page
  test_websocket
  if test_channel; then
    test_outputs
    test_stream
    test_documents
    test_removal
  fi
fi
echo "1..$((passed + failed + skipped))"
[ $skipped -eq 0 ] || printf '# not tested: %s\n' "${untested[@]}"
[ -z "$no_stream" ] || printf '\nNO STREAM WAS SENT, so what matters most is not tested:\n%s\n\n' "$no_stream"
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ] || exit 1
[ -z "$no_stream" ] || exit 3
