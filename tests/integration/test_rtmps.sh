#!/usr/bin/env bash
# RTMPS through TLS terminators (nginx) with TLS 1.3 and session tickets in front of an RTMP server: what is recorded behind
# the right certificate is the source, packet for packet; a wrong name, an expired and a self-signed certificate are
# refused with their reason; tls_verify=off takes them.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/rtmp_server.sh"
. "$(dirname "$0")/rtmp_peers.sh"

stream_module=/usr/lib/nginx/modules/ngx_stream_module.so
[ -e "$stream_module" ] || skip_all "nginx has no stream module here"
command -v openssl >/dev/null || skip_all "openssl is needed for certificates"

make_namespaces
make_ts "$work/film.ts" 4
tls=$work/tls
mkdir -p "$tls"
new_key=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes)

# self_signed FILE NAME [OPTION...]
self_signed() {
  openssl req -x509 "${new_key[@]}" -keyout "$tls/$1.key" -out "$tls/$1.pem" -subj "/CN=$2" -days 2 \
    "${@:3}" 2>>"$tls/log"
}

# certificate FILE DAYS NAMES: signed by the test's authority.
certificate() {
  openssl req "${new_key[@]}" -keyout "$tls/$1.key" -out "$tls/$1.csr" -subj "/CN=$1" \
    -addext "subjectAltName=$3" 2>>"$tls/log"
  openssl x509 -req -in "$tls/$1.csr" -CA "$tls/ca.pem" -CAkey "$tls/ca.key" -CAcreateserial -days "$2" \
    -copy_extensions copy -out "$tls/$1.pem" 2>>"$tls/log"
}

# terminator PORT CERTIFICATE: a server block of nginx.
terminator() {
  cat <<CONF
  server {
    listen 127.0.0.1:$1 ssl;
    ssl_certificate $tls/$2.pem;
    ssl_certificate_key $tls/$2.key;
    ssl_protocols TLSv1.3;
    ssl_session_tickets on;
    proxy_pass 127.0.0.1:1935;
  }
CONF
}

# start_terminators: pid in $last_pid.
start_terminators() {
  mkdir -p "$work/stream"
  cat >"$work/stream.conf" <<CONF
load_module $stream_module;
daemon off;
master_process off;
user root;
pid $work/stream/pid;
error_log $work/stream/error.log info;
events {}
stream {
  log_format names '\$server_port "\$ssl_server_name" \$ssl_protocol';
  access_log $work/stream/access.log names;
$(terminator 443 right)
$(terminator 8441 wrong_name)
$(terminator 8442 expired)
$(terminator 8443 self_signed)
}
CONF
  background nginx -p "$work/stream" -c "$work/stream.conf"
}

# last_error CHANNEL OUTPUT WORDS: the output says so.
last_error() {
  api GET "/api/channels/$1" &&
    json ".outputs[] | select(.id == \"$2\") | .last_error" | grep -qF "$3"
}

# secure_output URL MEMBERS: to $channel; its id in $output.
secure_output() {
  api POST "/api/channels/$channel/outputs" "{\"url\":\"$1\"${2:+,$2}}" && output=$(json .id)
}

# compare_kind RECORDING v|a
compare_kind() {
  list_recording "$1" "$2" >"$work/have"
  from_base "$work/want.$2" "$(cat "$work/want.base")" >"$work/want"
  check "there are $2 packets" test -s "$work/want"
  check "over TLS: $(wc -l <"$work/want") $2 packets, their contents and times" \
    same_packets "$work/want" "$work/have"
}

# compare_recording SOURCE.ts RECORDING.flv
compare_recording() {
  local kind
  for kind in v a; do
    list_source "$1" "$kind" >"$work/want.$kind"
  done
  head -1 "$work/want.v" | cut -d ' ' -f 2 >"$work/want.base"
  list_recording "$2" v | head -1 | cut -d ' ' -f 2 >"$work/have.base"
  compare_kind "$2" v
  compare_kind "$2" a
}

recording_whole() {
  compgen -G "$work/record/$1-*.flv" && ! fuser -s "$work/record/$1"-*.flv
}

# refused NAME URL MEMBERS WORDS
refused() {
  secure_output "$2" "$3" || not_ok "$1: the output is taken" "$body"
  check "$1: refused with the reason" wait_for 60 last_error "$channel" "$output" "$4"
  check "$1: is tried again" wait_for 60 output_is "$channel" "$output" retrying
  api DELETE "/api/channels/$channel/outputs/$output"
}

# distributor_has_connection PORT: to that port of a server.
distributor_has_connection() {
  in_ns ss -Htnp state established dport = ":$1" | grep -q "pid=$distributor_pid,"
}

no_connection() {
  ! distributor_has_connection "$1"
}

self_signed ca "Test Authority"
self_signed self_signed localhost -addext "subjectAltName=DNS:localhost"
certificate right 2 "DNS:localhost,IP:127.0.0.1"
certificate wrong_name 2 "DNS:other.example"
certificate expired -1 "DNS:localhost"
rtmp_server "record all; record_suffix .flv; record_unique on;"
start_terminators
terminators=$last_pid
wait_for 30 listening 443 || skip_all "nginx does not terminate TLS here: $(tail -1 "$work/stream/error.log")"
background stdbuf -oL openssl s_client -ign_eof -connect 127.0.0.1:443 -CAfile "$tls/ca.pem" >"$tls/session" 2>/dev/null
check "the terminator sends session tickets" \
  wait_for 30 grep -q "Post-Handshake New Session Ticket arrived" "$tls/session"
stop_pid "$last_pid"
start_distributor --interface "$veth"
trusted="\"stream_key\":\"key\",\"tls_ca\":\"$tls/ca.pem\""

make_channel film 5000
secure_output "rtmps://localhost/live" "$trusted"
by_name=$output
secure_output "rtmps://127.0.0.1:443/live/by_address" "\"tls_ca\":\"$tls/ca.pem\""
by_address=$output
check "a right certificate is accepted by its name" wait_for 30 output_is "$channel" "$by_name" connected
check "and by its address" wait_for 30 output_is "$channel" "$by_address" connected
send "$work/film.ts" 10.77.0.2:5000 >/dev/null
sleep 1.5 # the last access unit ends with the silence after it
for output in "$by_name" "$by_address"; do
  api DELETE "/api/channels/$channel/outputs/$output"
done
for key in key by_address; do
  check "$key: is recorded" wait_for 30 recording_whole "$key"
  compare_recording "$work/film.ts" "$(compgen -G "$work/record/$key-*.flv" | head -1)"
done
check "the server was asked for by its name, over TLS 1.3" wait_for 30 grep -qx '443 "localhost" TLSv1.3' "$work/stream/access.log"
check "and not by its address" wait_for 30 grep -qx '443 "-" TLSv1.3' "$work/stream/access.log"

refused "wrong name" "rtmps://localhost:8441/live" "$trusted" "is not for localhost but for other.example"
refused "expired" "rtmps://localhost:8442/live" "$trusted" "certificate has expired on 20"
refused "self-signed" "rtmps://localhost:8443/live" "$trusted" "certificate is self-signed"
refused "unknown to the system" "rtmps://localhost/live" '"stream_key":"key"' \
  "signed by \"Test Authority\", which is no authority trusted here"
refused "no TLS behind the port" "rtmps://localhost:1935/live" "$trusted" "does not answer the TLS handshake"
equal "the server behind them saw no publisher but the two accepted" 2 "$(grep -c 'publish: name=' "$work/nginx/error.log")"

secure_output "rtmps://localhost:1935/live" "$trusted"
check "an output waits for the server to shake hands" wait_for 30 distributor_has_connection 1935
api DELETE "/api/channels/$channel/outputs/$output"
sleep $patience
check "removed meanwhile, it lets go within a second" no_connection 1935

for port in 8441 8442 8443; do
  secure_output "rtmps://localhost:$port/live" "\"stream_key\":\"off$port\",\"tls_verify\":\"off\""
  check "tls_verify off: connects to port $port" wait_for 30 output_is "$channel" "$output" connected
  equal "tls_verify off: is shown" off "$(json ".outputs[] | select(.id == \"$output\") | .tls_verify")"
done
api GET "/api/channels/$channel"
equal "the stream key is not" "***" "$(json '[.outputs[].stream_key] | unique | join(" ")')"
check "the terminator still runs" kill -0 "$terminators"
check "clean stop" stop_distributor
finish
