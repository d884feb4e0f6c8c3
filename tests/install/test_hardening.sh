#!/usr/bin/env bash
# The unit under a real systemd: what its restrictions allow and what they do not, native XDP under them, the watchdog,
# and what becomes of wrong settings.
. "$(dirname "$0")/service.sh"

service_skip_unless_usable
make_namespaces
make_ts "$work/generated.ts" 4
service_machine openssl
service_install_program
install -m 755 "$build/tools/sandbox_probe" "$machine/usr/local/bin/sandbox_probe"
service_boot
check "install-systemd.sh" quietly inside bash /src/systemd/install-systemd.sh --no-start
unit=/etc/systemd/system/$service.service

# --- what systemd says about the unit
equal "systemd has no complaint about the unit" "" "$(inside systemd-analyze verify --man=no "$unit" 2>&1)"
exposure() {
  inside systemd-analyze security --no-pager --offline=true --threshold="$1" "$2"
}
too_exposed() {
  ! quietly exposure 30 "$1"
}
check "exposure: $(exposure 100 "$unit" 2>&1 | sed -n 's/.*level for [^:]*: \([^ ]*\).*/\1/p'), at most 3.0" quietly exposure 30 "$unit"
sed -E '/^(Protect|Private|Restrict|SystemCall|Capability|NoNew|Memory|Lock)/d' "$machine$unit" >"$machine/usr/src/open.service"
check "without its restrictions it would be more" too_exposed /usr/src/open.service

# --- the restrictions work: the same unit, with a probe in the program's place
sed -E -e "s|^ExecStart=.*|ExecStart=/usr/local/bin/sandbox_probe /var/lib/$service|" -e 's/^Type=.*/Type=oneshot/' \
  -e '/^(WatchdogSec|NotifyAccess|Restart|RestartSec|RestartPreventExitStatus|WantedBy)=/d' -e '/^\[Install\]/d' \
  "$machine$unit" >"$machine/etc/systemd/system/probe.service"
inside systemctl daemon-reload
check "the probe runs as the unit" inside systemctl start probe
inside journalctl --no-pager --output cat _COMM=sandbox_probe >"$work/inside"
inside install -d /sys/fs/bpf/medialive-distributor
inside sandbox_probe /var/tmp >"$work/outside"
equal "outside, root may do all of it" "" "$(grep -v ': yes$' "$work/outside")"
while IFS=: read -r what result; do
  case $what in
    needed*) equal "$what" " yes" "$result" ;;
    *) check "$what:$result" test "$result" != " yes" ;;
  esac
done <"$work/inside"
equal "the probe tried everything" "$(cut -d: -f1 "$work/outside")" "$(cut -d: -f1 "$work/inside")"

# --- the program under them, with native XDP
# of_process FIELD: as /proc has it, of every thread of the program; one value when all agree.
of_process() {
  inside bash -c "sed -n 's/^$1:\t//p' /proc/$(property MainPID)/task/*/status" | sort -u
}
set_options "INTERFACE=$veth" INGEST=xdp "HTTP=$http"
check "it starts" inside systemctl start "$service"
equal "it is ready: the API answers at once" 200 "$(api GET /api/health && echo "$status")"
equal "with a status" "API and dashboard on $http" "$(property StatusText)"
equal "as its user" "$(inside id -u "$service")" "$(of_process Uid | cut -f1)"
equal "with five capabilities, and none to be had" "000000c000007000 000000c000007000" "$(of_process CapEff) $(of_process CapBnd)"
equal "with a seccomp filter" "2 1" "$(of_process Seccomp) $(of_process NoNewPrivs)"
equal "XDP is pinned" link "$(inside bash -c "ls /sys/fs/bpf/$service/v1/*/" | grep -x link)"
deliver "hardened" xdp

# --- the watchdog
# restarted BEFORE: with a new process, ready.
restarted() {
  property_is ActiveState active && property_is SubState running && [ "$(property MainPID)" != "$1" ]
}
program=$(property MainPID)
inside systemctl kill --signal=STOP "$service"
began=$SECONDS
check "a program that stands still is restarted by the watchdog" wait_for 40 restarted "$program"
echo "# after $((SECONDS - began)) s"
watchdog_timed_out() {
  inside journalctl --no-pager --unit "$service" | grep 'Watchdog timeout'
}
check "for that reason" wait_for 5 watchdog_timed_out
check "it takes over what is in the kernel" journal_has "took over the XDP program"
api_answers
deliver "after the watchdog" xdp
program=$(property MainPID)
inside systemctl kill --signal=KILL "$service"
check "one that was killed is restarted" wait_for 20 restarted "$program"
check "a clean stop" inside systemctl stop "$service"
equal "nothing stays in the kernel" "" "$(inside ls "/sys/fs/bpf/$service")"

# --- settings that are wrong: systemctl fails, the journal has one line that names it
# refused NAME STATUS PATTERN: the start fails with that exit status and a line in the journal.
refused() {
  local result
  inside systemctl reset-failed "$service" 2>/dev/null
  if inside systemctl start "$service" 2>/dev/null; then
    not_ok "$1: the start fails"
  else
    ok "$1: the start fails"
  fi
  result=$(property ExecMainStatus)
  equal "$1: exit status" "$2" "$result"
  check "$1: the journal says why" journal_has "$3"
  journal_line "$3" | sed 's/^/# /'
  if [ "$2" -eq 2 ]; then
    sleep 3
    equal "$1: it is not tried again" "failed 0" "$(property ActiveState) $(property NRestarts)"
  fi
  inside systemctl stop "$service"
}
while read -r name exit_status setting pattern; do
  set_options "HTTP=$http" "$setting"
  refused "$name" "$exit_status" "$pattern"
done <<'CASES'
mode 2 INGEST=fast DISTRIBUTOR_INGEST.*"fast"
level 2 LOG_LEVEL=loud DISTRIBUTOR_LOG_LEVEL.*"loud"
senders 2 SENDERS=many DISTRIBUTOR_SENDERS.*"many"
frames 2 FILL_RING=1000 DISTRIBUTOR_FILL_RING.*"1000"
address 2 HTTP=8000 DISTRIBUTOR_HTTP.*"8000"
interface 2 INGEST=xdp DISTRIBUTOR_INTERFACE
CASES
equal "and no line of a start before the last" "" "$(journal | grep FILL_RING)"
set_options "HTTP=$http" "CONFIG_DIR=/usr/share"
refused "unwritable folder" 1 'config-dir: /usr/share'
background "$build/medialive-distributor" --http "$http" --config-dir "$work/other" --dashboard-dir "$root/dashboard" \
  2>"$work/distributor.log"
occupier=$last_pid
api_answers
set_options "HTTP=$http"
refused "occupied port" 1 "$http is taken by another program"
stop_pid "$occupier"
set_options "HTTP=$http" INGEST=xdp INTERFACE=nonesuch0
refused "missing interface" 1 'error +interface nonesuch0: there is none of that name'

# --- token and HTTPS, as systemd/README.md says
# block N: the Nth block of the section.
block() {
  awk -v wanted="$1" '/^## / {here = /Token and HTTPS/} here && /^```/ {open = !open; number += open; next}
    here && open && number == wanted' "$root/systemd/README.md"
}
# certificate NAME: as certbot leaves them; root's alone.
lineage=/etc/letsencrypt/live/distributor
certificate() {
  install -d -m 700 "$machine/etc/letsencrypt" && mkdir -p "$machine$lineage"
  inside openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "/CN=$1" \
    -addext subjectAltName=IP:127.0.0.1 -keyout "$lineage/privkey.pem" -out "$lineage/fullchain.pem" 2>"$work/openssl.log"
  cp "$machine$lineage/fullchain.pem" "$work/$1.pem"
}
# secure CERTIFICATE [CURL-OPTION...]: status of a request by HTTPS, with this certificate trusted; 000 without an answer.
secure() {
  in_ns curl -s -m 10 --cacert "$work/$1.pem" -o /dev/null -w '%{http_code}' "${@:2}" https://127.0.0.1:8443/api/channels
}
trusted() {
  [ "$(secure "$1" -H "$bearer")" = 200 ]
}
certificate first
block 1 | sed 's/sudo //g' >"$machine/usr/src/files.sh"
check "token, certificate and key are put in their place" inside bash -euo pipefail -c "cd $lineage && . /usr/src/files.sh"
equal "closed to others" "750 640 640 640" "$(inside stat -c %a /etc/$service{,/token,/cert.pem,/key.pem} | paste -sd ' ')"
block 2 >"$machine/etc/default/$service"
bearer="Authorization: Bearer $(cat "$machine/etc/$service/token")"
check "the service starts with them" inside systemctl start "$service"
check "HTTPS with the token: 200" wait_for 15 trusted first
equal "without it" 401 "$(secure first)"
equal "with another" 401 "$(secure first -H 'Authorization: Bearer 0123456789abcdef0123456789abcdef')"
equal "no HTTP" 000 "$(in_ns curl -s -m 5 -o /dev/null -w '%{http_code}' http://127.0.0.1:8443/api/health)"
certificate second
equal "a new certificate is not read while it runs" "200 000" "$(secure first -H "$bearer") $(secure second -H "$bearer")"
block 3 >"$machine/usr/src/hook"
check "certbot's hook" inside env RENEWED_LINEAGE=$lineage sh /usr/src/hook
check "gets it served" wait_for 15 trusted second
equal "instead of the old one" 000 "$(secure first -H "$bearer")"
inside systemctl stop "$service"
cp "$machine/etc/$service/token" "$machine/root/token"
chmod 755 "$machine/root" && chmod 644 "$machine/root/token"
set_options "HTTP=$http" TOKEN_FILE=/root/token
refused "a token in a home" 1 /root/token
set_options "HTTP=$http" "TLS_CERT=$lineage/fullchain.pem" "TLS_KEY=$lineage/privkey.pem"
refused "a key that is root's" 1 "$lineage"

# --- settings that are missing
rm "$machine/etc/default/$service"
check "without an environment file it starts" inside systemctl start "$service"
check "with the defaults" api_answers
equal "by kernel sockets" 0 "$(json '.interfaces | length')"
deliver "defaults" udp
inside systemctl stop "$service"

# --- no BPF file system
inside umount /sys/fs/bpf
set_options "INTERFACE=$veth" "HTTP=$http"
check "without bpffs it starts" inside systemctl start "$service"
check "and says that XDP is not pinned" journal_has "XDP is not pinned"
deliver "without bpffs" xdp
check "a clean stop" inside systemctl stop "$service"
check "no XDP program is left" bash -c "! ip -n $ns link show $veth 2>/dev/null | grep -q prog/xdp"
finish
