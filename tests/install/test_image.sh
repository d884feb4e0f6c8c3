#!/usr/bin/env bash
# The image: built on a minimal bookworm, small, and its program run as the image and the compose files say (user,
# entry, environment, capabilities): with native XDP, through kernel sockets without any capability, and with
# settings that are wrong.
. "$(dirname "$0")/lib.sh"
command -v buildah >/dev/null || skip_all "no buildah"
python3 -c 'import yaml' 2>/dev/null || skip_all "no python3-yaml, which reads the compose files"

# Images in a store of the test's own. Its mounts are in this test's mount namespace (integration/lib.sh).
store=(--root "$work/store" --runroot "$work/store-run" --storage-driver overlay)
image=localhost/distributor base=localhost/base

remove_store() {
  buildah "${store[@]}" umount -a >/dev/null 2>&1
  umount "$work/store/overlay" 2>/dev/null
}
trap 'remove_store; cleanup' EXIT

base_image() {
  local container
  container=$(buildah "${store[@]}" from scratch) &&
    buildah "${store[@]}" add -q "$container" "$(chroot_base bookworm)" / &&
    buildah "${store[@]}" commit -q "$container" "$base" && buildah "${store[@]}" rm "$container"
}

# The packages that earlier tests fetched are laid beside, for apt's use and to be emptied by it.
build_image() {
  chroot_make bookworm "$work/cached" &&
    BUILDAH="${store[*]}" nice "$root/tools/image.sh" "$image" "$base" \
      --volume "$work/cached/var/cache/apt/archives:/var/cache/apt/archives" || return
  chroot_keep "$work/cached"
}

# inspect FILTER: of the image's configuration.
inspect() {
  buildah "${store[@]}" inspect --type image "$image" | jq -r "$1"
}

# bytes_of IMAGE: with all of its layers, not compressed.
bytes_of() {
  buildah "${store[@]}" push -q "$1" "docker-archive:$work/archive:$1" >/dev/null && size_of "$work/archive"
  rm -f "$work/archive"
}

# compose FILE FILTER
compose() {
  python3 -c 'import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin), sys.stdout)' <"$root/$1" | jq -r "$2"
}

# as_in FILE: what the compose file gives the program, beside what the image says.
as_in() {
  local service=.services.distributor
  mapfile -t prepare < <(compose "$1" '.services.prepare.entrypoint[]')
  mapfile -t environment < <(inspect '.Docker.config.Env[]' && compose "$1" "$service.environment |
    to_entries[] | \"\(.key)=\(.value)\"")
  privileges=(--inh-caps=-all "--bounding-set=-all$(compose "$1" "$service.cap_add // [] | map(\",+\" + ascii_downcase) |
    join(\"\")")")
  [ "$(compose "$1" "$service.security_opt | index(\"no-new-privileges\")")" = null ] || privileges+=(--no-new-privs)
}

# container VARIABLE=VALUE... COMMAND...: the command line for what a container run-time would start, each word
# ended by a zero byte: after the folders and the service "prepare", COMMAND as process 1 of its own.
container() {
  printf '%s\0' bash -c '
    mkdir -p /sys/fs/bpf/medialive-distributor
    setpriv --bounding-set=-all,+chown "${@:2:$1}" && exec "${@:2+$1}"' \
    entry "${#prepare[@]}" "${prepare[@]}" unshare --pid --fork --kill-child \
    setpriv "--reuid=${user%:*}" "--regid=${user#*:}" --clear-groups "${privileges[@]}" \
    env -i "${environment[@]}" "$@"
}

# refused NAME TEXT VARIABLE=VALUE...: the entry ends soon, not with 0, and the one line that is not mere information
# has the text.
refused() {
  local name=$1 text=$2 command outcome
  shift 2
  mapfile -d '' -t command < <(container "$@" "${entry[@]}")
  CHROOT_NETNS=/run/netns/$ns CHROOT_LIMIT=15 chroot_run "$rootfs" "${command[@]}" >"$work/refused" 2>&1
  outcome=$?
  if [[ $outcome =~ ^[12]$ ]] && [[ $(grep -v ' info  ' "$work/refused") == *"$text"* ]] &&
    [ "$(grep -vc ' info  ' "$work/refused")" -eq 1 ]; then
    ok "refused in one line: $name"
  else
    not_ok "refused in one line: $name" "status $outcome, wanted: $text" "$(cat "$work/refused")"
  fi
}

healthy() {
  local command
  mapfile -d '' -t command < <(container "${given[@]}" "${health[@]}")
  CHROOT_NETNS=/run/netns/$ns CHROOT_LIMIT=15 chroot_run "$rootfs" "${command[@]}" >/dev/null 2>&1
}

while_running() {
  check "$1: the health check is content" healthy
  equal "$1: the user" "$user" "$(user_of_program)"
  [ "$1" != "native XDP" ] ||
    refused "a port that is taken" "$http" "DISTRIBUTOR_HTTP=$http" DISTRIBUTOR_CONFIG_DIR=/tmp
}

# User and group of the program's process, the only one of its name in the namespace.
user_of_program() {
  local pid
  for pid in $(ip netns pids "$ns"); do
    [ "$(cat "/proc/$pid/comm")" != medialive-distr ] || awk '/^[UG]id:/ { printf "%s%s", sep, $2; sep = ":" }' "/proc/$pid/status"
  done
}

make_namespaces
step "a minimal bookworm as base" base_image
step "the image" build_image
base_bytes=$(bytes_of "$base")
beyond=$(($(bytes_of "$image") - base_bytes))
check "it is at most 150 MB beyond its base" test "$base_bytes" -gt 0 -a "$beyond" -gt 0 -a "$beyond" -le 150000000
echo "# $((beyond / 1000)) kB beyond a base of $((base_bytes / 1000)) kB"

user=$(inspect .Docker.config.User)
mapfile -t entry < <(inspect '.Docker.config.Entrypoint[]')
mapfile -t health < <(inspect '.Docker.config.Healthcheck.Test[1:][]')
check "its user is not root" test "${user%%:*}" -gt 0
equal "it has a health check" /usr/share/medialive-distributor/health.sh "${health[*]}"
equal "and its ports" "5000-5025/udp 8000/tcp" "$(inspect '.Docker.config.ExposedPorts | keys | join(" ")')"
rootfs=$(buildah "${store[@]}" mount "$(buildah "${store[@]}" from "$image")")
equal "no compiler is in it" "" "$(find "$rootfs/usr/bin" -name 'gcc*' -o -name 'clang*' -o -name '*-ld')"
equal "the program finds all of its libraries" "" "$(chroot "$rootfs" ldd "${entry[0]}" | grep 'not found')"

as_in docker-compose.yml
given=("DISTRIBUTOR_HTTP=$http" "DISTRIBUTOR_INTERFACE=$veth" DISTRIBUTOR_INGEST=xdp)
mapfile -d '' -t command < <(container "${given[@]}" "${entry[@]}")
accept "native XDP" xdp "$rootfs" "${command[@]}"
check "native XDP: it was pinned" eval '! grep -q "XDP is not pinned" "$work/distributor.log"'
check "the health check notices that it has ended" eval "! healthy"
as_in docker-compose.bridge.yml
given=()
mapfile -d '' -t command < <(container "${entry[@]}")
accept "kernel sockets, no capabilities" udp "$rootfs" "${command[@]}"

as_in docker-compose.yml
refused "DISTRIBUTOR_INGEST" DISTRIBUTOR_INGEST DISTRIBUTOR_INGEST=fast
refused "DISTRIBUTOR_HTTP" 'nonsense' DISTRIBUTOR_HTTP=nonsense
refused "DISTRIBUTOR_FILL_RING" DISTRIBUTOR_FILL_RING DISTRIBUTOR_FILL_RING=1000
refused "DISTRIBUTOR_SENDERS" DISTRIBUTOR_SENDERS DISTRIBUTOR_SENDERS=many
refused "DISTRIBUTOR_LOG_LEVEL" DISTRIBUTOR_LOG_LEVEL DISTRIBUTOR_LOG_LEVEL=loud
refused "a folder that may not be written" /etc/distributor DISTRIBUTOR_CONFIG_DIR=/etc/distributor
refused "an interface that is missing" missing0 DISTRIBUTOR_INTERFACE=missing0 DISTRIBUTOR_INGEST=xdp
finish
