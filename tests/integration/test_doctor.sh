#!/usr/bin/env bash
# --doctor: what is wrong with a host is seen, and the command that is printed with it mends it.
. "$(dirname "$0")/lib.sh"

make_namespaces
{ [ -n "${MLD_PRIVATE_MOUNTS:-}" ] && mount -t tmpfs tmpfs /etc/sysctl.d; } || skip_all "no mounts of its own here"
chmod 711 "$work"
cp "$build/medialive-distributor" "$work/program" # the build may be where others may not look
cp -r "$root/dashboard" "$work/dashboard"
chmod -R a+rX "$work/program" "$work/dashboard"
user=65534
five=-all,+bpf,+net_admin,+net_raw,+perfmon,+ipc_lock
as_user=(setpriv --reuid="$user" --regid="$user" --clear-groups)
with_five=("${as_user[@]}" --inh-caps="$five" --ambient-caps="$five")
config=$work/config
here=(--config-dir "$config" --dashboard-dir "$work/dashboard" --http "$http" --interface "$veth")

# doctor [WORD...]: words before -- go in front of the program, the others are its options. What it says is
# in $work/said, its exit status is returned.
doctor() {
  local -a before=()
  while [ $# -gt 0 ] && [ "$1" != -- ]; do
    before+=("$1")
    shift
  done
  shift
  timeout 20 nsenter --net="/run/netns/$ns" "${before[@]}" "$work/program" --doctor "${here[@]}" "$@" >"$work/said" 2>&1
}

# line CHECK: its line; the word before it says how it stands.
line() {
  grep -E "^[a-z]+ +($veth )?$1 " "$work/said"
}

# stands CHECK STATUS
stands() {
  [[ $(line "$1") == "$2 "* ]]
}

# command_of CHECK: what is printed below its line.
command_of() {
  grep -A 1 -E "^[a-z]+ +($veth )?$1 " "$work/said" | sed -n 's/^    //p'
}

# found NAME CHECK STATUS: the last doctor found that.
found() {
  if stands "$2" "$3"; then ok "$1: $3"; else not_ok "$1: $3" "$(line "$2" || cat "$work/said")"; fi
}

# mended NAME CHECK [WORD...]: the command that the last doctor printed works, and the next one finds it well.
mended() {
  local name=$1 topic=$2 command
  shift 2
  command=$(command_of "$topic")
  check "$name: there is a command" test -n "$command"
  if ! nsenter --net="/run/netns/$ns" bash -ec "$command" >"$work/mend" 2>&1; then
    not_ok "$name: it works" "$command" "$(cat "$work/mend")"
  fi
  wait_for 10 is_mended "$topic" "$@"
  found "$name: mended" "$topic" ok
}

# is_mended CHECK [WORD...]: a carrier takes a moment.
is_mended() {
  local topic=$1
  shift
  doctor "$@"
  stands "$topic" ok
}

# mended_by_root NAME CHECK: the command starts it again for its user, and then it is well.
mended_by_root() {
  local command
  command=$(command_of "$2")
  check "$1: there is a command" test -n "$command"
  timeout 20 nsenter --net="/run/netns/$ns" bash -c "$command" >"$work/said" 2>&1
  found "$1: mended" "$2" ok
}

# ---- a host that is well ----
mkdir -m 700 "$config"
wait_for 5 bash -c "ip -n $ns link show $veth | grep -q LOWER_UP"
doctor --
equal "nothing is a problem: exit status" 0 $?
for topic in kernel btf capabilities memlock bpffs descriptors config-dir http dashboard rmem link driver mtu \
  channels rings offloads rxvlan xdp-program irq numa default-route rp-filter; do
  found "well" "$topic" ok
done
check "the driver is described" grep -q 'veth .*native XDP with any MTU, no zero-copy' "$work/said"
check "the sum is" grep -qE '^[0-9]+ ok, [0-9]+ unknown, [0-9]+ warnings, 0 problems$' "$work/said"
equal "it says nothing else" 0 "$(grep -cvE '^(ok|unknown|warning) |^    |problems$' "$work/said")"
equal "and touches nothing" "" "$(ls -A "$config")"
check "no XDP is attached by looking" bash -c "! ip -n $ns link show $veth | grep -q prog/xdp"

doctor -- --log-format json
equal "as JSON: exit status" 0 $?
equal "each line an object with five members" '["check","fix","interface","message","status"]' \
  "$(jq -cs 'map(keys) | unique | .[]' "$work/said")"
equal "the interface's lines name it" "$veth" "$(jq -rs '[.[] | select(.check == "mtu") | .interface] | .[]' "$work/said")"
doctor -- --interface ''
check "without an interface it says so" grep -q 'no network interface was looked at' "$work/said"
doctor -- --ingest udp
equal "with --ingest udp XDP does not matter" "" "$(line '(driver|xdp-program|bpffs|memlock)')"

# ---- the interface ----
doctor -- --interface "$veth,missing0"
equal "a missing interface: exit status" 1 $?
check "and which there are" grep -qE "^problem +missing0 link +there is no interface of that name; there are: .*$veth" "$work/said"
ip -n "$ns" link set "$veth" down
doctor --
found "switched off" link problem
mended "switched off" link --
ip -n "$ns_source" link set "$veth_source" down
carrier_is_missed() {
  doctor --
  stands link warning
}
wait_for 5 carrier_is_missed
found "no carrier" link warning
ip -n "$ns_source" link set "$veth_source" up
wait_for 5 bash -c "ip -n $ns link show $veth | grep -q LOWER_UP"
ip -n "$ns" link set "$veth" mtu 1280
doctor --
found "too small an MTU" mtu warning
check "what a reboot undoes is said" grep -q 'gone with a reboot: docs/DEPLOYMENT.md' "$work/said"
mended "too small an MTU" mtu --
clang -O2 -g -target bpf -isystem "/usr/include/$(uname -m)-linux-gnu" -x c -c - -o "$work/foreign.o" <<'SOURCE'
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
SEC("xdp") int foreign_pass(struct xdp_md *context) { return XDP_PASS; }
char LICENSE[] SEC("license") = "GPL";
SOURCE
for mode in xdpdrv xdpgeneric; do
  ip -n "$ns" link set dev "$veth" "$mode" obj "$work/foreign.o" sec xdp
  doctor --
  equal "a foreign $mode program: exit status" 1 $?
  check "it is named" grep -q 'XDP program [0-9]* "foreign_pass" is attached' "$work/said"
  mended "a foreign $mode program" xdp-program --
done
bpftool prog load "$work/foreign.o" /sys/fs/bpf/foreign
in_ns "$build/tools/xdp_link" "$veth" /sys/fs/bpf/foreign /sys/fs/bpf/foreign_link
doctor --
found "a foreign link" xdp-program problem
mended "a foreign link" xdp-program --
rm -f /sys/fs/bpf/foreign /sys/fs/bpf/foreign_link
ip -n "$ns" link add other0 type veth peer name other1
ip -n "$ns" addr add 10.99.0.1/24 dev other0
ip -n "$ns" link set other0 up
ip -n "$ns" link set other1 up
in_ns sysctl -qw "net.ipv4.conf.$veth.rp_filter=1"
doctor --
found "strict reverse path" rp-filter warning
mended "strict reverse path" rp-filter --
in_ns sysctl -qw "net.ipv4.conf.$veth.rp_filter=1"
in_ns sysctl -q -p /etc/sysctl.d/60-medialive-distributor.conf # as a start of the host does
doctor --
found "strict reverse path, after a reboot" rp-filter ok
ip -n "$ns" route add default via 10.77.0.1
doctor --
found "the only default route" default-route warning
equal "a warning is no problem: exit status" 0 "$(doctor --; echo $?)"
ip -n "$ns" route add default via 10.99.0.2 metric 10
doctor --
found "another default route" default-route ok
ip -n "$ns" link del other0

# ---- rights ----
umount -l /sys/fs/bpf
mount -t bpf -o mode=0700 bpf /sys/fs/bpf # as systemd mounts it
chown "$user" "$config"
doctor "${as_user[@]}" --
equal "an ordinary user: exit status" 1 $?
found "an ordinary user" capabilities problem
check "it says which are missing" grep -q 'without cap_bpf, cap_net_admin, cap_perfmon, cap_net_raw, which XDP needs' "$work/said"
mended_by_root "an ordinary user" capabilities
check "the way to pins is said to be closed" stands bpffs warning
mended "no way to pins" bpffs "${with_five[@]}" --

while [ "$(stat -fc %T /sys/fs/bpf)" = bpf_fs ]; do umount -l /sys/fs/bpf; done
doctor --
found "root mounts a BPF file system by itself" bpffs ok
doctor "${with_five[@]}" --
found "no BPF file system" bpffs warning
command=$(command_of bpffs)
check "the command mounts it" bash -c "$command"
mkdir -p /sys/fs/bpf/medialive-distributor
chown "$user" /sys/fs/bpf/medialive-distributor
chmod a+x /sys/fs/bpf
doctor "${with_five[@]}" --
found "a BPF file system" bpffs ok

# What mends a limit is a setting of the shell that starts the program, or is printed with the program, for root to run.
cat >"$work/script" <<'SCRIPT'
"$@" >"$SAID" 2>&1
eval "$(grep -A 1 -E '^[a-z]+ +memlock ' "$SAID" | sed -n 's/^    //p')"
"$@" >"$SAID.again" 2>&1
SCRIPT
# limited LIMIT COMMAND...: as a user without cap_ipc_lock, under prlimit's LIMIT.
limited() {
  local limit=$1 four=${five/,+ipc_lock/}
  shift
  timeout 20 nsenter --net="/run/netns/$ns" env SAID="$work/limits/said" prlimit "$limit" "${as_user[@]}" \
    --inh-caps="$four" --ambient-caps="$four" "$@"
}
mkdir -m 777 "$work/limits"
cp "$work/script" "$work/limits/script"
limited --memlock=1048576: bash "$work/limits/script" "$work/program" --doctor "${here[@]}" --fill-ring 1024
cp "$work/limits/said" "$work/said"
found "too little memory may be locked" memlock problem
equal "its command is for that shell" "ulimit -S -l" "$(command_of memlock | sed 's/ [0-9]*$//')"
cp "$work/limits/said.again" "$work/said"
found "too little memory may be locked: mended in the shell" memlock ok
for case in --memlock=1048576/memlock/problem --nofile=256/descriptors/warning; do
  IFS=/ read -r limit topic status <<<"$case"
  limited "$limit" "$work/program" --doctor "${here[@]}" --fill-ring 1024 >"$work/said" 2>&1
  found "$limit, and no more to be had" "$topic" "$status"
  mended_by_root "$limit" "$topic"
done

# ---- files and the HTTP address ----
chown root "$config"
chmod 555 "$config"
doctor "${with_five[@]}" --
equal "a folder that cannot be written: exit status" 1 $?
found "a folder that cannot be written" config-dir problem
mended "a folder that cannot be written" config-dir "${with_five[@]}" --
: >"$config/channels.json"
chmod 600 "$config/channels.json"
doctor "${with_five[@]}" --
found "a file that cannot be read" config-dir problem
mended "a file that cannot be read" config-dir "${with_five[@]}" --
doctor "${with_five[@]}" -- --config-dir /etc
found "somebody else's folder" config-dir problem
equal "is not given away" "" "$(command_of config-dir)"
here[1]=$work/none/of/these
doctor --
found "a folder without its parent" config-dir problem
mended "a folder without its parent" config-dir --
here[1]=$config/channels.json
doctor --
found "the file in place of its folder" config-dir problem
equal "the command names the folder" "export DISTRIBUTOR_CONFIG_DIR=$config" "$(command_of config-dir)"
here[1]=$config
mkdir "$work/small"
mount -t tmpfs -o size=64k tmpfs "$work/small"
here[1]=$work/small
doctor --
found "hardly any space" config-dir warning
mount -o remount,ro "$work/small"
doctor --
found "a file system that is read-only" config-dir problem
check "a service's way is named" grep -q 'ReadWritePaths=' "$work/said"
mended_small() {
  nsenter --net="/run/netns/$ns" bash -ec "$(command_of config-dir)"
}
check "its command works" mended_small
doctor --
found "a file system that was read-only" config-dir warning
umount "$work/small"
here[1]=$config
doctor -- --dashboard-dir "$work/none"
found "no dashboard" dashboard problem
install -D "$work/program" "$work/relay/bin/program"
mkdir -p "$work/relay/share/medialive-distributor"
cp -r "$work/dashboard" "$work/relay/share/medialive-distributor/dashboard"
timeout 20 "$work/relay/bin/program" --doctor --config-dir "$config" --http "$http" >"$work/said" 2>&1
check "installed elsewhere than built for: its own dashboard" \
  grep -qE "^ok +dashboard +$work/relay/share/medialive-distributor/dashboard\$" "$work/said"

# ---- token and certificate ----
secret=0123456789abcdef0123
(umask 077 && echo "$secret" >"$work/token" && echo short >"$work/short" && : >"$work/empty")
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -keyout "$work/own.key" -out "$work/own.pem" 2>/dev/null
openssl genrsa -out "$work/other.key" 2048 2>/dev/null
chmod 600 "$work/own.key" "$work/other.key"
expired_certificate "$work/own.key" "$work/old.pem"
while read -r check status token cert key words; do
  doctor -- --token-file "$work/$token" --tls-cert "$work/$cert" --tls-key "$work/$key"
  status_given=$?
  equal "$token, $cert, $key: exit status" "$([ "$status" != problem ] || echo 1)" "${status_given#0}"
  found "$token, $cert, $key" "$check" "$status"
  check "it says why" grep -qF -- "$words" "$work/said"
  equal "it does not show the token" 0 "$(grep -cE "$secret|short\$" "$work/said")"
done <<'CASES'
token-file ok token own.pem own.key can be used
tls-cert ok token own.pem own.key can be used
tls-key ok token own.pem own.key can be used
token-file problem empty own.pem own.key has no token
token-file problem short own.pem own.key has no token
token-file problem dashboard own.pem own.key Is a directory
tls-cert problem token no.pem own.key No such file
tls-cert problem token own.pem other.key is not that of the certificate
tls-cert problem token own.key own.pem are exchanged
tls-cert warning token old.pem own.key has expired on 2001-02-01
CASES
doctor "${with_five[@]}" -- --token-file "$work/token"
found "a token that is not the user's" token-file problem
check "the user is named" grep -qF "cannot read the token in $work/token: Permission denied (user $user)" "$work/said"
chmod 664 "$work/token"
doctor -- --token-file "$work/token"
found "a token that others may read" token-file warning
mended "a token that others may read" token-file -- --token-file "$work/token"
equal "its group still may" 640 "$(stat -c %a "$work/token")"
timeout 20 "$work/program" --doctor --config-dir "$config" --http "$http" >/dev/full 2>"$work/said"
equal "what cannot be printed: exit status" 1 $?
check "and it is said" grep -q 'cannot print what was found: No space left' "$work/said"

background python3 -c 'import socket, time
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("127.0.0.1", 8000)); s.listen(); time.sleep(60)'
wait_for 20 bash -c "nsenter --net=/run/netns/$ns ss -ltn | grep -q 127.0.0.1:8000"
doctor --
found "a port that is taken" http problem
command=$(command_of http)
equal "the command names one that is free" "export DISTRIBUTOR_HTTP='127.0.0.1:8001'" "$command"
timeout 20 nsenter --net="/run/netns/$ns" bash -c "$command; $work/program --doctor --config-dir $config" >"$work/said" 2>&1
found "with it" http ok
stop_pid "$last_pid"
doctor "${with_five[@]}" -- --http 127.0.0.1:80
found "a privileged port" http problem
mended "a privileged port" http "${with_five[@]}" -- --http 127.0.0.1:80
doctor -- --http 203.0.113.1:8000
found "an address of another machine" http problem

# ---- beside a distributor that runs, and after one that was killed ----
start_distributor --interface "$veth"
doctor --
equal "beside one that runs: exit status" 0 $?
check "it is named" grep -q "a distributor serves it (process $distributor_pid)" "$work/said"
check "its port is no problem" grep -q 'is taken, as a distributor runs' "$work/said"
check "nor is its folder" grep -q 'is in use by a distributor that runs' "$work/said"
check "it still answers" api GET /api/health
doctor -- --config-dir "$work/other"
equal "seen from another folder: exit status" 0 $?
check "by its interface" grep -q 'is taken, as a distributor runs' "$work/said"
kill -KILL "$distributor_pid"
wait "$distributor_pid" 2>/dev/null
distributor_pid=''
doctor --
equal "after kill -9: exit status" 0 $?
check "what it left is known" grep -q 'one that a distributor has left' "$work/said"
in_ns "$build/medialive-distributor" --detach >/dev/null
start_distributor
doctor -- --config-dir "$work/other"
found "a distributor that runs elsewhere" http warning
check "is named" grep -q "it seems by the distributor that runs as process $distributor_pid " "$work/said"
equal "no other port is asked for" "" "$(command_of http)"
stop_distributor
finish
