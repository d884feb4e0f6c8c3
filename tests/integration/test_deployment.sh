#!/usr/bin/env bash
# What docs/DEPLOYMENT.md tells to put into files is accepted by those who read them, and does what it says.
. "$(dirname "$0")/lib.sh"
case $build in */asan | */tsan) skip_all "it is about scripts and documents" ;; esac

page=$root/docs/DEPLOYMENT.md

# block LANGUAGE TEXT: the page's block in that language that has the text in it.
block() {
  awk -v language="$1" -v text="$2" '
    /^ *```/ && inside { if (found) { printf "%s", block; exit } inside = 0; next }
    /^ *```/ { inside = 1; wanted = $0 ~ "```" language "$"; found = 0; block = ""; next }
    inside && wanted { block = block $0 "\n"; if (index($0, text)) found = 1 }
  ' "$page"
}

cannot() {
  count=$((count + 1))
  echo "ok $count - $1 # SKIP $2"
}

make_namespaces
start_distributor

# ---- the reverse proxy ----
in_proxy() {
  in_ns curl -sS -m 5 --cacert "$work/tls.pem" --resolve distributor.example:443:127.0.0.1 "$@"
}
proxy_answers() {
  in_proxy -o /dev/null https://distributor.example/
}
status_of() {
  in_proxy -o "$work/answer" -w '%{http_code}' "$@"
}
user=(-u operator:correct-horse)
if command -v nginx >/dev/null; then
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/tls.key" -out "$work/tls.pem" \
    -subj "/CN=distributor.example" -addext "subjectAltName=DNS:distributor.example" -days 2 2>"$work/tls.log"
  echo "operator:$(openssl passwd -apr1 correct-horse)" >"$work/users"
  chmod 644 "$work/users"
  {
    printf 'daemon off;\nmaster_process off;\npid %s/nginx.pid;\nerror_log %s/nginx.log;\nevents {}\nhttp {\naccess_log off;\n' "$work" "$work"
    block nginx proxy_pass |
      sed "s,/etc/ssl/distributor.pem,$work/tls.pem,; s,/etc/ssl/distributor.key,$work/tls.key,; s,/etc/nginx/distributor.users,$work/users,"
    echo '}'
  } >"$work/nginx.conf"
  check "the page's settings for nginx are there" grep -q proxy_pass "$work/nginx.conf"
  background nginx -p "$work" -c "$work/nginx.conf"
  check "nginx takes them" wait_for 10 proxy_answers
  equal "nobody comes in without a password" 401 "$(status_of https://distributor.example/api/channels)"
  equal "with it the API answers" 200 "$(status_of "${user[@]}" https://distributor.example/api/health)"
  equal "and the page is shown" 200 "$(status_of "${user[@]}" https://distributor.example/)"
  check "which is the dashboard" grep -q '<title>' "$work/answer"
  equal "a change from our page is taken" 201 "$(status_of "${user[@]}" -H 'Origin: https://distributor.example' \
    -H 'Content-Type: application/json' -d '{"name":"proxy","rtp_port":5000}' https://distributor.example/api/channels)"
  equal "one from another page is refused" 403 "$(status_of "${user[@]}" -H 'Origin: https://evil.example' \
    -H 'Content-Type: application/json' -d '{"name":"evil","rtp_port":5002}' https://distributor.example/api/channels)"
  # curl is ended, for nobody else ends it.
  background curl -sS -m 60 --cacert "$work/tls.pem" --resolve distributor.example:443:127.0.0.1 "${user[@]}" --http1.1 -i -N -H 'Connection: Upgrade' -H 'Upgrade: websocket' -H 'Sec-WebSocket-Version: 13' \
    -H 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==' -H 'Origin: https://distributor.example' \
    https://distributor.example/ws >"$work/socket" 2>/dev/null
  wait_for 20 grep -aq '"proxy"' "$work/socket"
  stop_pid "$last_pid"
  check "the WebSocket goes through" grep -aq '101 Switching Protocols' "$work/socket"
  check "and brings the channel" grep -aq '"proxy"' "$work/socket"
else
  cannot "the reverse proxy" "no nginx here"
fi

# ---- the firewall ----
sed -n "/^cat > nftables.conf <<'NFT'/,/^NFT/p" "$page" | sed '1d;$d' >"$work/nftables.conf"
check "the page's firewall is there" test -s "$work/nftables.conf"
if command -v nft >/dev/null; then
  in_ns nft add table inet others
  check "nftables takes it" in_ns nft -f "$work/nftables.conf"
  check "and again, as a change of it" in_ns nft -f "$work/nftables.conf"
  equal "with what it shall let in, once" 1 \
    "$(in_ns nft list chain inet media_host input | grep -c 'udp dport @media_ports accept')"
  check "what others have stays" in_ns nft list table inet others
else
  cannot "nftables takes it" "no nft here"
fi

# ---- the service's drop-in ----
block ini ExecStartPre >"$work/drop-in.conf"
if command -v systemd-analyze >/dev/null; then
  mkdir -p "$work/units/medialive-distributor.service.d"
  sed "s,/usr/bin/medialive-distributor,$build/medialive-distributor," "$root/systemd/medialive-distributor.service" |
    grep -v '^Documentation=' >"$work/units/medialive-distributor.service"
  cp "$work/drop-in.conf" "$work/units/medialive-distributor.service.d/media-interface.conf"
  systemd-analyze verify --man=no "$work/units/medialive-distributor.service" >"$work/verify" 2>&1
  equal "systemd takes the drop-in" "0 " "$? $(grep -F "$work/units" "$work/verify")"
  echo 'ExecStartPreX=-+/usr/sbin/ip link' >>"$work/units/medialive-distributor.service.d/media-interface.conf"
  systemd-analyze verify --man=no "$work/units/medialive-distributor.service" >"$work/verify" 2>&1
  check "and would refuse a wrong one" grep -q "Unknown key.*'ExecStartPreX'" "$work/verify"
else
  cannot "systemd takes the drop-in" "no systemd-analyze here"
fi

# ---- systemd-networkd ----
# network_faults FILE: what systemd-networkd does not know in it; it is started where it can do nothing.
network_faults() {
  in_ns unshare --mount sh -c 'mount --bind "$1" /etc/systemd/network && mount -t tmpfs tmpfs /run &&
    mkdir -p /run/systemd/netif/links /run/systemd/netif/leases && chown -R systemd-network /run/systemd &&
    SYSTEMD_LOG_TARGET=console timeout 5 /lib/systemd/systemd-networkd' sh "$1" 2>&1 | grep '10-media.network:'
}
if [ -x /lib/systemd/systemd-networkd ] && [ -d /etc/systemd/network ] && id systemd-network >/dev/null 2>&1; then
  mkdir "$work/network"
  block ini UseMTU >"$work/network/10-media.network"
  check "the page's file for systemd-networkd is there" test -s "$work/network/10-media.network"
  equal "it knows all of it" "" "$(network_faults "$work/network")"
  echo 'UseNothing=no' >>"$work/network/10-media.network"
  check "and would not know another" grep -q "UseNothing" <<<"$(network_faults "$work/network")"
else
  cannot "systemd-networkd knows all of the page's file" "no systemd-networkd here"
fi

# ---- sysctl ----
block ini rmem_max >"$work/sysctl.conf"
equal "each line of the sysctl file names one that there is" "" \
  "$(sed -n 's/ *=.*//p' "$work/sysctl.conf" | sed "s/eth1/$veth/; s,\.,/,g" | while read -r name; do
    in_ns test -e "/proc/sys/$name" || echo "$name"
  done)"
check "clean stop" stop_distributor
finish
