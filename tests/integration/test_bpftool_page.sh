#!/usr/bin/env bash
# Every command of docs/BPFTOOL.md succeeds and prints the fields that the page shows.
# REGENERATE=1 writes what they print into the page instead.
. "$(dirname "$0")/lib.sh"

page=$root/docs/BPFTOOL.md
documented=/sys/fs/bpf/medialive-distributor/v1/eth1
veth=eth1 # the namespace is the test's own
make_namespaces
pins=$documented@$(in_ns stat -Lc %i /proc/self/ns/net)
exec 9<"$page" && flock 9 # the kernel has one such switch, which the page turns off in the end
statistics=$(sysctl -n kernel.bpf_stats_enabled)
trap 'sysctl -qw kernel.bpf_stats_enabled="$statistics"; cleanup' EXIT

# run COMMAND: as the page has it, with this test's paths; what it printed, with the page's, in $printed.
run() {
  local command=${1//"$documented"/"$pins"} status
  command=${command//medialive-distributor --/"$build/medialive-distributor" --}
  case $1 in
    *--detach | *'link detach'*) leave_one "$1" ;;
  esac
  printed=$(in_ns bash -o pipefail -c "$command" 2>&1)
  status=$?
  printed=${printed//"$pins"/"$documented"}
  return "$status"
}

# leave_one COMMAND: a program that was killed; --detach, which comes first, has that which has run so far.
leave_one() {
  [[ $1 == *--detach ]] || start_distributor --ingest xdp --interface "$veth"
  kill -KILL "$distributor_pid"
  wait "$distributor_pid" 2>/dev/null
  distributor_pid=''
}

words() {
  grep -oE '\b[a-z_]{3,}\b' | sort -u
}

# compare COMMAND OUTPUT: run it; the words in the page's output are in the real one.
compare() {
  local missing
  check "$1" run "$1"
  [ -z "${REGENERATE:-}" ] || return
  missing=$(comm -23 <(words <<<"$2") <(words <<<"$printed"))
  equal "prints what the page shows" "" "$missing"
}

# The page line by line: a command is followed by its output.
walk() {
  local line command='' output='' in_block=''
  while IFS= read -r line; do
    if [ "$in_block" ] && [[ $line == '# '* || $line == '```' ]]; then
      if [ "$command" ]; then
        compare "$command" "$output"
        [ -z "$printed" ] || echo "$printed" >&3
      fi
      command='' output=''
      [[ $line == '```' ]] && in_block='' || command=${line#\# }
      echo "$line" >&3
    elif [ "$in_block" ]; then
      output+=$line$'\n'
    else
      [ "$line" = '```console' ] && in_block=1
      echo "$line" >&3
    fi
  done <"$page"
}

make_ts "$work/generated.ts" 2
start_distributor --ingest xdp --interface "$veth"
api POST /api/channels '{"name":"News","rtp_port":5000,"sources":["10.77.0.0/24","2001:db8::/32"],"max_pps":5000}'
api POST "/api/channels/$(json .id)/start"
ip -n "$ns_source" addr add 10.99.0.1/32 dev "$veth_source" # a stranger
(while :; do send "$work/generated.ts" --speed 50 10.77.0.2:5000 10.77.0.2:6000
  send "$work/generated.ts" --speed 50 --duration 0.1 --source 10.99.0.1 10.77.0.2:5000; done) >/dev/null 2>&1 &
pids+=($!)
sleep 1
walk 3>"$work/page"
check "nothing is left" test ! -e "$pins"
check "and nothing attached" bash -c "! ip -n $ns link show $veth | grep -q prog/xdp"
if [ "${REGENERATE:-}" ]; then cp "$work/page" "$page"; fi
finish
