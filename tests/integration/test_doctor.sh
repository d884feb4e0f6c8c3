#!/usr/bin/env bash
# --doctor: what is wrong with a host is seen, and the command that is printed with it mends it.
. "$(dirname "$0")/lib.sh"

make_namespaces
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
  wait_for 3 is_mended "$topic" "$@"
  found "$name: mended" "$topic" ok
}

# is_mended CHECK [WORD...]: a carrier takes a moment.
is_mended() {
  local topic=$1
  shift
  doctor "$@"
  stands "$topic" ok
}

# cannot NAME: a check that this machine does not let the test make.
cannot() {
  count=$((count + 1))
  echo "ok $count - $1 # SKIP needs CAP_SYS_RESOURCE"
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
command=$(command_of capabilities)
check "the command starts it with them" test -n "$command"
timeout 20 nsenter --net="/run/netns/$ns" bash -c "$command" >"$work/said" 2>&1
found "then" capabilities ok
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

# The limits are those of the process that started the doctor, and so is the command.
cat >"$work/script" <<'SCRIPT'
"$@" >"$SAID" 2>&1
echo $? >"$SAID.status"
read -r _ <"$GO"
"$@" >"$SAID.again" 2>&1
true
SCRIPT
# limited CHECK STATUS LIMIT [OPTION...]: under prlimit's LIMIT.
limited() {
  local topic=$1 wanted=$2 limit=$3 four=${five/,+ipc_lock/} command child
  shift 3
  rm -f "$work"/go "$work"/limited*
  mkfifo -m 666 "$work/go"
  cp "$work/script" "$work/limited.sh"
  chmod 777 "$work"
  nsenter --net="/run/netns/$ns" env SAID="$work/limited" GO="$work/go" prlimit "$limit" "${as_user[@]}" \
    --inh-caps="$four" --ambient-caps="$four" bash "$work/limited.sh" "$work/program" --doctor "${here[@]}" "$@" &
  child=$!
  pids+=("$child")
  wait_for 20 test -s "$work/limited.status"
  cp "$work/limited" "$work/said"
  found "$topic too low" "$topic" "$wanted"
  command=$(command_of "$topic")
  check "$topic: there is a command" test -n "$command"
  if "${as_user[@]}" bash -c "$command" 2>/dev/null || bash -c "$command" 2>"$work/mend"; then
    echo go >"$work/go"
    wait "$child"
    cp "$work/limited.again" "$work/said"
    found "$topic: mended" "$topic" ok
  else
    echo go >"$work/go"
    wait "$child"
    cannot "$topic: mended"
  fi
  chmod 711 "$work"
}
limited memlock problem --memlock=1048576: --fill-ring 1024
limited memlock problem --memlock=1048576 --fill-ring 1024
limited descriptors warning --nofile=256

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
: >"$work/token"
doctor -- --token-file "$work/token" --tls-cert "$work/no.pem" --tls-key "$work/token"
found "a token" token-file ok
found "no certificate" tls-cert problem

background python3 -c 'import socket, time
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("127.0.0.1", 8000)); s.listen(); time.sleep(60)'
wait_for 5 bash -c "nsenter --net=/run/netns/$ns ss -ltn | grep -q 127.0.0.1:8000"
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
finish
