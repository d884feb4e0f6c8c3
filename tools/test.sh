#!/usr/bin/env bash
# Acceptance test of a running distributor: does it do what it is for, as it is installed here?
# `tools/test.sh --help` says how. Needs bash, curl and jq; for the stream media-source, and
# srt-live-transmit or ffmpeg to receive it.
#
# It makes a channel of its own, whose name nobody else uses, and removes whatever has that name when it
# ends, however that is; other channels are not touched. Results are TAP lines, then a summary.
set -uo pipefail

url=http://127.0.0.1:8000
source_port='' receiver_port=9710 send_to='' receiver_address='' token_file='' media_source=''
curl_options=() credentials=()
name="acceptance test $$ $RANDOM"
passed=0 failed=0 skipped=0
channel='' output='' pids=() work=''

usage() {
  cat <<'TEXT'
Usage: tools/test.sh [OPTION]...
Tests a running MediaLive Distributor through its API, sends it a stream and receives that again.

  --url URL                the instance (http://127.0.0.1:8000)
  --source-port PORT       port that the test's channel receives on (the first free one of 5000, 5002 ... 5024)
  --send-to ADDRESS        where the stream is sent to: an address of the instance (the URL's host)
  --receiver-address ADDR  address of this machine that the instance can reach (the one used to reach the URL)
  --receiver-port PORT     UDP port here that the stream comes back to by SRT (9710)
  --media-source FILE      the program media-source (build/media-source, or the one in PATH)
  --token-file FILE        bearer token of the API
  --cacert FILE            authority that signed the certificate of an https:// URL
  --insecure               accept any certificate
  --help                   this text

What cannot be tested is skipped, with the reason. Nothing is left behind. Exit status: 0 nothing failed,
1 something did, 2 usage.
TEXT
}

die() {
  echo "test.sh: $*" >&2
  exit 2
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
  [[ $source_port =~ ^[0-9]*$ && $receiver_port =~ ^[0-9]+$ ]] || die "a port is a number"
  [ -z "$token_file" ] || [ -r "$token_file" ] || die "cannot read $token_file"
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

# get PATH: $status, the head in $work/head and the body in $work/answer.
get() {
  : >"$work/answer"
  status=$(curl -sS -m 10 "${curl_options[@]}" "${credentials[@]}" -D "$work/head" -o "$work/answer" -w '%{http_code}' \
    "${@:2}" "$url$1" 2>"$work/error") || status=000
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

# end_processes PID...: with force if asking for 3 s did not help.
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

clean_up() {
  local id
  trap '' INT TERM HUP
  trap - EXIT
  end_processes "${pids[@]}"
  if api GET /api/channels; then
    for id in $(jq -r --arg name "$name" '.channels[] | select(.name | startswith($name)) | .id' "$work/answer"); do
      api DELETE "/api/channels/$id"
    done
  fi
  rm -rf "$work"
}

# --- Health, errors, page

test_health() {
  if ! get /api/health; then
    not_ok "$url answers" "$(cat "$work/error")" "HTTP status $status"
    return 1
  fi
  check "health: ok" answers 200 '.status == "ok"'
  echo "# version $(json .version), up $(json .uptime_s) s, $(json .channels) channels, interfaces: $(
    json '[.interfaces[] | "\(.name) \(.mode)"] | join(", ") | if . == "" then "none, kernel sockets" else . end')"
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
  local key
  key=$(head -c 16 /dev/urandom | base64)
  : >"$work/frames"
  curl -sS -N --http1.1 -m 120 "${curl_options[@]}" "${credentials[@]}" -D "$work/upgrade" -o "$work/frames" -H 'Connection: Upgrade' \
    -H 'Upgrade: websocket' -H 'Sec-WebSocket-Version: 13' -H "Sec-WebSocket-Key: $key" "$url/ws" 2>/dev/null &
  pids+=($!)
  # RFC 6455 4.2.2: what only a server that has read the key can answer.
  websocket_accept=$(printf '%b' "$(printf '%s258EAFA5-E914-47DA-95CA-C5AB0DC85B11' "$key" | sha1sum |
    cut -c 1-40 | sed 's/../\\x&/g')" | base64)
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

# A running channel on the first port that nobody else has.
make_channel() {
  local port last=''
  for port in ${source_port:-$(seq 5000 2 5024)}; do
    if api POST /api/channels "{\"name\":\"$name\",\"rtp_port\":$port}"; then
      channel=$(json .id)
      has_header location "/api/channels/$channel" || last="no Location"
      api POST "/api/channels/$channel/start" && source_port=$port && return
      last=$(json .error.message)
      api DELETE "/api/channels/$channel"
    else
      last=$(json .error.message)
    fi
  done
  channel=''
  not_ok "a channel is made and started" "$last" "HTTP status $status" "--source-port gives another port"
  return 1
}

test_channel() {
  make_channel || return
  ok "a channel is made and started, on port $source_port"
  api GET "/api/channels/$channel"
  check "it waits for its stream" answers 200 '.desired == "running" and .state == "waiting"'
  check "the WebSocket tells" websocket_says "\"type\":\"update\".*$channel"
  api PUT "/api/channels/$channel" "{\"name\":\"$name, renamed\"}"
  check "it can be changed" answers 200 ".name == \"$name, renamed\" and .rtp_port == $source_port"
  api POST /api/channels "{\"name\":\"$name, second\",\"rtp_port\":$source_port}"
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
  local beside
  beside=$(dirname "$0")/../build/media-source
  [ -n "$media_source" ] || { [ -x "$beside" ] && media_source=$beside; } ||
    media_source=$(command -v media-source) || return
  [ -x "$media_source" ]
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

# An SRT listener that writes what it gets, as it is.
start_receiver() {
  local any='' listen
  kept_back=0
  [[ $receiver_host == \[* ]] && any='[::]'
  listen="srt://$any:$receiver_port?mode=listener"
  if command -v srt-live-transmit >/dev/null; then
    srt-live-transmit -q -a no "$listen" file://con >"$work/got.ts" 2>"$work/receiver" &
  elif ffmpeg -hide_banner -protocols 2>/dev/null | grep -qw srt; then
    ffmpeg -nostdin -v error -y -f data -i "${listen/:\/\/:/://0.0.0.0:}" -map 0 -c copy -flush_packets 1 \
      -f data "$work/got.ts" 2>"$work/receiver" &
    kept_back=4096
  else
    return 1
  fi
  receiver=$!
  pids+=("$receiver")
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
  pids+=($!)
  wait $!
}

frames_by_xdp() {
  get /api/system
  json '[.interfaces[].verdicts.redirected // 0] | add // 0'
}

test_stream() {
  local bytes before
  find_media_source || { skip "a stream" "no media-source (--media-source)" && return; }
  start_receiver || { skip "a stream" "no receiver: apt install srt-tools" && return; }
  make_stream
  api POST "/api/channels/$channel/outputs" "{\"url\":\"srt://$receiver_host:$receiver_port\"}"
  output=$(json .id)
  if ! wait_for 15 output_connected; then
    not_ok "the instance reaches the receiver at $receiver_host:$receiver_port" "$(json .last_error)" \
      "$(tail -2 "$work/receiver")" "--receiver-address gives another address of this machine"
    return
  fi
  ok "an SRT receiver at $receiver_host:$receiver_port is connected"
  before=$(frames_by_xdp)
  check "a stream is sent to $send_to:$source_port" send
  bytes=$(stat -c %s "$work/sent.ts")
  api GET "/api/channels/$channel"
  check "the channel receives it" answers 200 '.state == "receiving"'
  wait_for 10 output_has_sent "$bytes"
  wait_for 10 has_got "$bytes"
  sleep 1 # the receiver writes its last buffer
  end_processes "$receiver"
  check "the receiver has it, byte for byte" is_exact
  api GET "/api/channels/$channel"
  equal "all of it is counted, and nothing lost" "$bytes 0" "$(json '.stats | "\(.bytes_received) \(.rtp_lost)"')"
  echo "# $bytes bytes of TS; frames by XDP: $(($(frames_by_xdp) - before))"
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
work=$(mktemp -d "${TMPDIR:-/tmp}/mld-acceptance.XXXXXX")
trap clean_up EXIT
trap 'exit 130' INT TERM HUP
if [ -n "$token_file" ]; then # in a file, so that nobody sees it in the list of processes
  (umask 077 && printf 'Authorization: Bearer %s\n' "$(cat "$token_file")" >"$work/token")
  credentials=(-H "@$work/token")
fi

if test_health; then
  address=$(curl -s -m 10 "${curl_options[@]}" -o "$work/answer" -w '%{remote_ip} %{local_ip}' "$url/api/health")
  send_to=${send_to:-${address% *}} receiver_host=${receiver_address:-${address#* }}
  [[ $send_to != *:* ]] || send_to="[${send_to//[\[\]]/}]"
  [[ $receiver_host != *:* ]] || receiver_host="[${receiver_host//[\[\]]/}]"
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
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
