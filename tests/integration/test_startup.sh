#!/usr/bin/env bash
# What is wrong at the start is said in one line, and the exit status is not 0: 2 for options and variables, 1 for what
# the host does not give.
. "$(dirname "$0")/lib.sh"

make_namespaces
chmod 711 "$work"
cp "$build/medialive-distributor" "$work/program" # the build may be where others may not look
chmod a+rx "$work/program"
user=65534
config=$work/config
plain=(--config-dir "$config" --dashboard-dir "$root/dashboard" --http "$http")

# try [VARIABLE=VALUE...] -- OPTION...: its exit status is in $outcome, what it says in $work/said. One that
# should not have started is ended.
try() {
  local -a variables=()
  while [ "$1" != -- ]; do
    variables+=("$1")
    shift
  done
  shift
  timeout 10 nsenter --net="/run/netns/$ns" env "${variables[@]}" "${before[@]}" "$work/program" "$@" >"$work/said" 2>&1
  outcome=$?
}
before=()

# refused NAME STATUS TEXT: the last try ended so, with one line, and that has the text.
refused() {
  equal "$1: exit status" "$2" "$outcome"
  equal "$1: one line" 1 "$(wc -l <"$work/said")"
  if grep -qF -- "$3" "$work/said"; then ok "$1: says why"; else not_ok "$1: says why" "wanted: $3" "$(cat "$work/said")"; fi
}

# ---- options and variables ----
while IFS='|' read -r words text; do
  read -ra words <<<"$words"
  try -- "${words[@]}"
  refused "${words[*]}" 2 "$text"
done <<'CASES'
--nonsense|unrecognized option '--nonsense'
--senders|option '--senders' requires an argument
--detach=yes|option '--detach' doesn't allow an argument
word|unexpected argument "word"
--senders 17|--senders: "17" is not valid: sender threads, 1 to 16
--ingest fast|--ingest: "fast" is not valid: auto, xdp, xdp-generic or udp
--http 8000|--http: "8000" is not valid: an address and a port
--http localhost:8000|--http: "localhost:8000" is not valid
--http 127.0.0.1:65536|--http: "127.0.0.1:65536" is not valid
--config-dir=|--config-dir: "" is not valid: a folder is wanted
--interface a/b|"a/b" cannot be an interface's name
--interface eth0,,eth1|"" cannot be an interface's name
--interface sixteen-letters0|"sixteen-letters0" cannot be an interface's name
--interface eth0,eth1,eth0|interface eth0 is given twice
--interface 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17|more than 16 interfaces
--ingest xdp|--ingest xdp and xdp-generic (DISTRIBUTOR_INGEST) need --interface
--ingest udp --zero-copy|--zero-copy (DISTRIBUTOR_ZERO_COPY) is for native XDP
--tls-cert cert.pem|--tls-cert (DISTRIBUTOR_TLS_CERT) and --tls-key (DISTRIBUTOR_TLS_KEY) go together
--detach --doctor|--detach and --doctor exclude each other
CASES
while IFS='|' read -r variable value text; do
  try "$variable=$value" --
  refused "$variable=$value" 2 "$variable: \"$value\" is not valid: $text"
done <<'CASES'
DISTRIBUTOR_HTTP|anywhere|an address and a port
DISTRIBUTOR_INTERFACE|eth 0|"eth 0" cannot be an interface's name
DISTRIBUTOR_INGEST|XDP|auto, xdp, xdp-generic or udp
DISTRIBUTOR_ZERO_COPY|maybe|yes or no
DISTRIBUTOR_FILL_RING|8193|frames a receive queue holds
DISTRIBUTOR_SENDERS|many|sender threads, 1 to 16
DISTRIBUTOR_INGEST_TICK_US|0|how often packets are fetched
DISTRIBUTOR_SEND_TICK_US|5ms|how often outputs are fed
DISTRIBUTOR_LOG_LEVEL|verbose|error, warning, info or debug
DISTRIBUTOR_LOG_FORMAT|yaml|text or json
CASES
try DISTRIBUTOR_INGEST=xdp --
refused "a variable that needs another one" 2 "(DISTRIBUTOR_INGEST) need --interface (DISTRIBUTOR_INTERFACE)"
try DISTRIBUTOR_INTERFACES=eth0 -- --nonsense
check "a variable that is none is warned about" grep -qF 'warning: DISTRIBUTOR_INTERFACES is no variable of this program' "$work/said"
try DISTRIBUTOR_SENDERS= DISTRIBUTOR_INTERFACE= -- --version
equal "empty variables are as good as none" "0 1" "$outcome $(wc -l <"$work/said")"

# ---- the HTTP address ----
# With a channel that runs and an output: nothing of it may start when the program is not to run.
start_distributor
make_channel kept 5000
cp -r "$config" "$work/second"
try -- --config-dir "$work/second" --dashboard-dir "$root/dashboard" --http "$http" --interface "$veth"
refused "a port that is taken" 1 "http: $http is taken by another program"
check "which may be a distributor" grep -q 'maybe by a distributor that runs' "$work/said"
check "XDP was not touched" bash -c "! ip -n $ns link show $veth | grep -q prog/xdp"
try -- --config-dir "$config" --dashboard-dir "$root/dashboard" --http 127.0.0.1:8001
refused "a folder that is in use" 1 "config-dir: the directory $config is in use by another distributor"
check "the first one goes on" api GET /api/health
stop_distributor
try -- "${plain[@]:0:4}" --http 203.0.113.1:8000
refused "an address of another machine" 1 "203.0.113.1:8000 is not an address of this machine"
before=(setpriv --reuid="$user" --regid="$user" --clear-groups)
install -d -o "$user" "$work/theirs"
cp -r "$root/dashboard" "$work/dashboard"
chmod -R a+rX "$work/dashboard"
try -- --config-dir "$work/theirs" --dashboard-dir "$work/dashboard" --http 127.0.0.1:80
refused "a privileged port" 1 "127.0.0.1:80: ports below 1024 need cap_net_bind_service"

# ---- files ----
chmod 755 "$config"
try -- --config-dir "$config" --dashboard-dir "$work/dashboard"
refused "a folder of somebody else" 1 "config-dir: $config cannot be read and written by user $user: Permission denied"
try -- --config-dir "$work/nothing" --dashboard-dir "$work/dashboard"
refused "a folder that may not be made" 1 "config-dir: $work/nothing is missing and cannot be made"
before=()
try -- --config-dir "$work/no/such/folder" --dashboard-dir "$root/dashboard"
refused "a folder without its parent" 1 "config-dir: $work/no/such/folder is missing and cannot be made"
: >"$work/file"
try -- --config-dir "$work/file" --dashboard-dir "$root/dashboard"
refused "a file instead of a folder" 1 "config-dir: $work/file is a file, and a folder is wanted"
try DISTRIBUTOR_DASHBOARD_DIR="$work/nothing" -- --config-dir "$config"
refused "no dashboard where it should be" 1 "dashboard: $work/nothing/index.html cannot be read (No such file or directory)"
try -- "${plain[@]}" --token-file "$work/nothing"
refused "no token where it should be" 1 "http: cannot read the token in $work/nothing: No such file or directory"

# ---- interfaces ----
try -- "${plain[@]}" --ingest xdp --interface missing0
check "an interface that is missing with --ingest xdp" grep -q 'error *interface missing0: there is none of that name' "$work/said"
equal "ends the program" "1 1" "$outcome $(wc -l <"$work/said")"
start_distributor --interface missing0
check "without it is waited for" grep -q 'warning *interface missing0: there is none of that name; it is served when it appears' \
  "$work/distributor.log"
check "clean stop" stop_distributor
before=(setpriv --reuid="$user" --regid="$user" --clear-groups)
try -- --config-dir "$work/theirs" --dashboard-dir "$work/dashboard" --ingest xdp --interface "$veth"
equal "no permission for XDP: exit status" 1 "$outcome"
equal "no permission for XDP: one error" 1 "$(grep -c ' error ' "$work/said")"
check "it names the interface and the reason" grep -qE "error +interface $veth: no native XDP: .*CAP_BPF" "$work/said"
before=()

# ---- a broken file ends nothing ----
echo '{' >"$config/channels.json"
: >"$work/distributor.log"
start_distributor
check "a broken channels.json is set aside" grep -q 'channels.json cannot be used .* set aside as channels.json.broken-' \
  "$work/distributor.log"
check "and kept" compgen -G "$config/channels.json.broken-*"
check "clean stop" stop_distributor
finish
