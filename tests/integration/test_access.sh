#!/usr/bin/env bash
# Token and HTTPS of the running program: who gets in, what is warned about, what keeps it from starting, and that
# Prometheus gets in with the lines that docs/prometheus/prometheus.yml has for it.
# shellcheck source=tests/integration/lib.sh
. "$(dirname "$0")/lib.sh"

command -v openssl >/dev/null || skip_all "needs openssl"
make_namespaces

token=$(openssl rand -hex 32)
(umask 077 && echo "$token" >"$work/token")
cp "$work/token" "$work/readable"
chmod 644 "$work/readable"
certificate() {
  openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout "$work/$1.key" -out "$work/$1.pem" 2>/dev/null &&
    chmod 600 "$work/$1.key"
}
install -m 640 "$work/token" "$work/given" # as to a service: root, and its group
certificate own && certificate other && expired_certificate "$work/own.key" "$work/old.pem" ||
  skip_all "openssl makes no certificate"

# started OPTION...: run it until it answers, and keep its log in $work/started.
started() {
  nsenter --net="/run/netns/$ns" "$build/medialive-distributor" --config-dir "$work/config" \
    --dashboard-dir "$root/dashboard" "$@" 2>"$work/started" &
  distributor_pid=$!
  wait_for 15 grep -q 'http: listening' "$work/started"
}

warned() {
  grep -c "warning http: $1" "$work/started"
}

started --http 0.0.0.0:8000
equal "a public address without a token is warned about" 1 "$(warned 'anybody who reaches 0.0.0.0:8000')"
stop_distributor
started --http 127.0.0.1:8000
equal "one of this machine is not" 0 "$(warned .)"
config() {
  in_ns curl -sS -m 10 "$@" http://127.0.0.1:8000/api/config
}
equal "secrets are not for anybody" token_needed "$(config | jq -r .error.code)"
whole='{"one": {"config": {"name": "One", "rtp_port": 5000}}}'
equal "a configuration is taken" One \
  "$(config -X PUT -H 'Content-Type: application/json' -d "$whole" | jq -r '.channels[].name')"
stop_distributor
started --http 0.0.0.0:8000 --token-file "$work/readable"
equal "a token on a public address without HTTPS is warned about" 1 "$(warned 'whoever sees the traffic')"
equal "a token that all may read is" 1 "$(warned "others may read the token in $work/readable: chmod g-w,o= $work/readable\$")"
stop_distributor
started --http 0.0.0.0:8000 --token-file "$work/token" --tls-cert "$work/own.pem" --tls-key "$work/own.key"
equal "with both there is nothing to warn about" 0 "$(warned .)"

stop_distributor
started --http 0.0.0.0:8000 --token-file "$work/given" --tls-cert "$work/old.pem" --tls-key "$work/own.key"
equal "a certificate that has expired is" 1 "$(warned "a certificate in $work/old.pem has expired on 2001-02-01 00:00 UTC")"
equal "a token that the service's group reads is not" 1 "$(warned .)"
stop_distributor
started --http 0.0.0.0:8000 --token-file "$work/token" --tls-cert "$work/own.pem" --tls-key "$work/own.key"

# status_of PATH [CURL OPTION...]
status_of() {
  local path=$1
  shift
  in_ns curl -sS -m 10 -o "$work/answer" -w '%{http_code}' --cacert "$work/own.pem" "$@" "https://127.0.0.1:8000$path" \
    2>"$work/curl.err"
}
bearer=(-H "Authorization: Bearer $token")
equal "health is for all" 200 "$(status_of /api/health)"
equal "channels are not" 401 "$(status_of /api/channels)"
equal "nor are metrics" 401 "$(status_of /metrics)"
equal "with the token they are" "200 200" "$(status_of /api/channels "${bearer[@]}") $(status_of /metrics "${bearer[@]}")"
equal "another token is none" 401 "$(status_of /api/channels -H "Authorization: Bearer ${token%?}x")"
equal "TLS 1.1 is refused" 000 "$(status_of /api/health --tls-max 1.1 --ciphers 'DEFAULT:@SECLEVEL=0')"
equal "another authority does not vouch for it" 000 "$(status_of /api/health --cacert "$work/other.pem")"
equal "HTTP is not spoken" 000 "$(in_ns curl -s -m 10 -o /dev/null -w '%{http_code}' http://127.0.0.1:8000/api/health)"

# The first message of the WebSocket by TLS; curl is ended, for nobody else ends it.
background timeout 60 curl -sS -N --http1.1 --cacert "$work/own.pem" -H 'Connection: Upgrade' \
  -H 'Upgrade: websocket' -H 'Sec-WebSocket-Version: 13' -H 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==' \
  -H "Sec-WebSocket-Protocol: distributor, token.$token" https://127.0.0.1:8000/ws >"$work/socket" 2>/dev/null
check "the WebSocket works over TLS, with the token as a subprotocol" \
  wait_for 20 grep -aq '"type":"snapshot"' "$work/socket"
stop_pid "$last_pid"

# Bytes that are no TLS, and one that says nothing, do not keep others out.
in_ns timeout 10 bash -c 'head -c 100000 /dev/urandom >/dev/tcp/127.0.0.1/8000' 2>/dev/null
background timeout 20 bash -c 'exec 3<>/dev/tcp/127.0.0.1/8000; sleep 15'
equal "rubbish and silence do not keep others out" 200 "$(status_of /api/channels "${bearer[@]}")"

if command -v prometheus >/dev/null; then
  sed -e 's/: 15s/: 1s/' -e 's/^    # \(authorization\|  credentials_file\|scheme\)/    \1/' \
    -e "s|/etc/prometheus/distributor.token|$work/token|" "$root/docs/prometheus/prometheus.yml" >"$work/prometheus.yml"
  printf '    tls_config:\n      ca_file: %s\n' "$work/own.pem" >>"$work/prometheus.yml"
  cp "$root/docs/prometheus/alerts.yml" "$work"
  mkdir "$work/prometheus"
  background prometheus --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/prometheus" \
    --web.listen-address=127.0.0.1:9090 --log.level=warn >"$work/prometheus.log" 2>&1
  up() {
    in_ns curl -s -m 10 'http://127.0.0.1:9090/api/v1/query?query=up' | jq -e '.data.result[0].value[1] == "1"'
  }
  check "Prometheus scrapes with token and TLS as its example says" wait_for 30 up
fi
equal "the token is in no line of the log" 0 "$(grep -c "$token" "$work/started")"
stop_distributor
equal "it ends cleanly" 0 $?

# refused NAME PATTERN OPTION...: it does not start, and says why in one line of the log or of stderr.
refused() {
  local name=$1 pattern=$2 status
  shift 2
  in_ns timeout 20 "$build/medialive-distributor" --http 127.0.0.1:8000 --config-dir "$work/config" --log-level error \
    "$@" >"$work/refused" 2>&1
  status=$?
  if [ "$status" -gt 0 ] && [ "$status" -lt 100 ] && [ "$(wc -l <"$work/refused")" = 1 ] && grep -q "$pattern" "$work/refused"; then
    ok "$name"
  else
    not_ok "$name" "status $status" "$(cat "$work/refused")"
  fi
}
echo short >"$work/short"
refused "without its token's file it does not start" 'cannot read the token' --token-file "$work/none"
refused "nor with a token that is too short" 'has no token' --token-file "$work/short"
refused "nor with a certificate without key" 'go together' --tls-cert "$work/own.pem"
refused "nor with a key of another certificate" "key in $work/other.key is not that of the certificate in $work/own.pem" --tls-cert "$work/own.pem" --tls-key "$work/other.key"
refused "nor with a certificate that is none" "no certificate (PEM) in $work/short" --tls-cert "$work/short" --tls-key "$work/own.key"
refused "nor with certificate and key exchanged" "$work/own.key is a key and $work/own.pem a certificate" \
  --tls-cert "$work/own.key" --tls-key "$work/own.pem"
refused "nor with an empty name" 'a file is wanted' --token-file ''
finish
