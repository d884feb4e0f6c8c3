#!/usr/bin/env bash
# Capabilities: what is kept of root's, an ordinary user with the five for XDP, and one with none.
. "$(dirname "$0")/lib.sh"

make_namespaces
make_ts "$work/generated.ts" 4
chmod 711 "$work"
cp "$build/medialive-distributor" "$work/program" # the build may be where others may not look
cp -r "$root/dashboard" "$work/dashboard"
chmod -R a+rX "$work/program" "$work/dashboard"
user=65534
inode=$(in_ns stat -Lc %i /proc/self/ns/net)
ours=/sys/fs/bpf/medialive-distributor
pins=$ours/v1/$veth@$inode

# start_as CAPABILITIES OPTION...: as an ordinary user with these (setpriv's syntax), or "root".
start_as() {
  local capabilities=$1 as=()
  shift
  if [ "$capabilities" != root ]; then
    as=(setpriv --reuid="$user" --regid="$user" --clear-groups --inh-caps="-all$capabilities"
      --ambient-caps="-all$capabilities")
    install -d -o "$user" -m 700 "$work/config"
    chown -R "$user" "$work/config"
  fi
  : >"$work/distributor.log"
  nsenter --net="/run/netns/$ns" "${as[@]}" "$work/program" --http "$http" --config-dir "$work/config" \
    --dashboard-dir "$work/dashboard" "$@" 2>>"$work/distributor.log" &
  distributor_pid=$!
  wait_for 15 api GET /api/health || {
    not_ok "the distributor starts" "$(tail -5 "$work/distributor.log")"
    finish
  }
}

logged() {
  grep -qF -- "$1" "$work/distributor.log"
}

# in_force FIELD: of every thread, as /proc has it; one value when all agree.
in_force() {
  sed -n "s/^$1:\t//p" "/proc/$distributor_pid/task/"*/status | sort -u
}

# mask NAME...: as /proc writes a set of capabilities.
mask() {
  local -A number=([dac_override]=1 [net_bind_service]=10 [net_admin]=12 [net_raw]=13 [ipc_lock]=14 [perfmon]=38
    [bpf]=39)
  local value=0 name
  for name in "$@"; do value=$((value | 1 << number[$name])); done
  printf '%016x' "$value"
}

# holds NAME CAPABILITY...: exactly these, in every thread, and never more.
holds() {
  local name=$1
  shift
  equal "$name: in force" "$(mask "$@")" "$(in_force CapEff)"
  equal "$name: permitted" "$(mask "$@")" "$(in_force CapPrm)"
  equal "$name: none is passed on" "$(mask) $(mask)" "$(in_force CapInh) $(in_force CapAmb)"
  equal "$name: no new ones" 1 "$(in_force NoNewPrivs)"
}

# deliver NAME MODE: a file arrives at an SRT output byte for byte, in that ingest mode.
deliver() {
  api GET /api/health
  equal "$1: mode" "$2" "$(json '.interfaces[0].mode')"
  srt_receiver 9000 "$work/got.ts"
  receiver=$last_pid
  make_channel first 5000
  add_output "$channel" srt://127.0.0.1:9000
  wait_for 40 output_is "$channel" "$output" connected || not_ok "$1: connected"
  send "$work/generated.ts" --record "$work/sent.ts" --speed 4 10.77.0.2:5000 >/dev/null
  delivered "$channel" "$output" "$work/sent.ts" "$receiver"
  check "$1: byte for byte" cmp "$work/sent.ts" "$work/got.ts"
  api DELETE "/api/channels/$channel"
}

for_sockets=(net_bind_service net_admin net_raw)
for_xdp=(bpf net_admin net_raw perfmon ipc_lock)
five=$(printf ',+%s' "${for_xdp[@]}")

# --- root
start_as root --ingest xdp --interface "$veth"
holds "root with XDP" "${for_sockets[@]}" "${for_xdp[@]}"
equal "root with XDP: bounding set" "$(mask "${for_sockets[@]}" "${for_xdp[@]}")" "$(in_force CapBnd)"
check "the log says what is kept" logged \
  "capabilities kept: cap_net_bind_service,cap_net_admin,cap_net_raw,cap_ipc_lock,cap_perfmon,cap_bpf"
check "clean stop" stop_distributor
start_as root --ingest udp --interface "$veth"
holds "root without XDP" "${for_sockets[@]}"
check "clean stop" stop_distributor

# --- root, but the configuration is another user's
install -d -o "$user" -m 700 "$work/config"
chown -R "$user" "$work/config"
start_as root
holds "another user's configuration" dac_override "${for_sockets[@]}"
check "a channel is stored" api POST /api/channels '{"name":"stored","rtp_port":5000}'
check "clean stop" stop_distributor
rm -r "$work/config"

# --- an ordinary user with the five capabilities
mount -t bpf -o mode=0700 bpf /sys/fs/bpf # as systemd mounts it
start_as "$five" --ingest xdp --interface "$veth"
holds "ordinary user" "${for_xdp[@]}"
check "without a directory XDP is not pinned" logged "XDP is not pinned"
command=$(sed -n 's/.*as root: //p' "$work/distributor.log")
check "the log has the command" test -n "$command"
check "clean stop" stop_distributor
check "it works" bash -c "$command"
start_as "$five" --ingest xdp --interface "$veth"
check "then it is pinned" test -e "$pins/link"
equal "by the user" "$user" "$(stat -c %u "$pins/link")"
deliver "ordinary user" xdp
kill -KILL "$distributor_pid"
wait "$distributor_pid" 2>/dev/null
start_as "$five" --ingest xdp --interface "$veth"
check "taken over after kill -9" logged "took over the XDP program"
deliver "ordinary user after kill -9" xdp
check "clean stop" stop_distributor
equal "it leaves nothing in its directory" "" "$(ls "$ours" 2>/dev/null)"

# --- with one of them missing
for missing in bpf net_admin net_raw perfmon; do
  timeout 10 nsenter --net="/run/netns/$ns" setpriv --reuid="$user" --regid="$user" --clear-groups \
    --inh-caps="-all${five/,+$missing/}" --ambient-caps="-all${five/,+$missing/}" \
    "$work/program" --ingest xdp --interface "$veth" --config-dir "$work/config" 2>"$work/distributor.log"
  equal "without cap_$missing --ingest xdp fails" 1 $?
  check "and the log names it" logged "no cap_$missing: "
done
start_as "${five/,+perfmon/}" --interface "$veth"
api GET /api/system
equal "without cap_perfmon generic XDP is not tried either" "udp xdp" \
  "$(json '.interfaces[0] | "\(.mode) \([.steps[].mode] | join(","))"')"
check "clean stop" stop_distributor
check "no XDP program is left" bash -c "! ip -n $ns link show $veth | grep -q prog/xdp"

# --- an ordinary user without any
start_as '' --interface "$veth"
holds "no capabilities"
for line in "no cap_bpf: XDP programs cannot be loaded" "no cap_net_admin: XDP programs cannot be attached" \
  "no cap_perfmon:" "no cap_net_raw: AF_XDP sockets cannot be opened" "no cap_ipc_lock: packet memory" \
  "no cap_net_admin: socket buffers" "no cap_net_bind_service: ports below 1024" "capabilities kept: none"; do
  check "the log says: $line" logged "$line"
done
deliver "no capabilities" udp
check "clean stop" stop_distributor
finish
