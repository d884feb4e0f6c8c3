# shellcheck shell=bash
# What the integration tests have (lib.sh), without namespaces and without root: everything on 127.0.0.1, on ports
# that are free. Whatever is started is known by its pid and ended by it.
. "$(dirname "${BASH_SOURCE[0]}")/../../tests/integration/lib.sh"

host=127.0.0.1
next_port=$((20000 + $$ % 200 * 60))

# shellcheck disable=SC2317 # called by lib.sh
in_ns() {
  "$@"
}

# port_taken PORT: for UDP or TCP.
port_taken() {
  grep -qi ":$(printf '%04x' "$1") [0-9A-F]*:" /proc/net/udp /proc/net/tcp /proc/net/udp6 /proc/net/tcp6 2>/dev/null
}

# take_ports COUNT: the first of so many free ports in a row, in $port. Each call gives others.
take_ports() {
  local i
  while :; do
    [ $((next_port + $1)) -lt 32000 ] || next_port=12000 # below the ports that the kernel gives to anybody
    port=$next_port next_port=$((next_port + $1))
    for ((i = 0; i < $1; i++)); do
      port_taken $((port + i)) && continue 2
    done
    return
  done
}

# spawn LOG COMMAND...: in the background, its pid in $last_pid.
spawn() {
  local log=$1
  shift
  "$@" >"$log" 2>"$log.err" </dev/null &
  last_pid=$!
  pids+=("$last_pid")
}

# end PID...: end them at once, and wait for them. A process that does not end in 3 s is killed.
end() {
  local pid other kept=()
  kill -TERM "$@" 2>/dev/null
  for pid in "$@"; do
    for _ in $(seq 60); do
      kill -0 "$pid" 2>/dev/null || break
      sleep 0.05
    done
    kill -KILL "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
  done
  for pid in "${pids[@]}"; do
    for other in "$@"; do
      [ "$pid" != "$other" ] || continue 2
    done
    kept+=("$pid")
  done
  pids=("${kept[@]}")
}
