#!/usr/bin/env bash
# The image: built on a minimal bookworm, and small. Then a Docker engine runs it by the compose files: with native XDP,
# also after the program was killed, after a boot of the host, and where XDP cannot be pinned; behind a bridge, without
# any capability; with HTTPS; and with settings that are wrong.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/docker.sh"
command -v buildah >/dev/null || skip_all "no buildah"

# Images in a store of the test's own. Its mounts are in this test's mount namespace (integration/lib.sh).
store=(--root "$work/store" --runroot "$work/store-run" --storage-driver overlay)
image=localhost/distributor base=localhost/base

remove_store() {
  buildah "${store[@]}" umount -a >/dev/null 2>&1
  umount "$work/store/overlay" 2>/dev/null
}
trap 'docker_halt; remove_store; cleanup' EXIT

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

# --- the image by itself

make_namespaces
step "a minimal bookworm as base" base_image
step "the image" build_image
base_bytes=$(bytes_of "$base")
beyond=$(($(bytes_of "$image") - base_bytes))
check "it is at most 150 MB beyond its base" test "$base_bytes" -gt 0 -a "$beyond" -gt 0 -a "$beyond" -le 150000000
echo "# $((beyond / 1000)) kB beyond a base of $((base_bytes / 1000)) kB"
user=$(inspect .Docker.config.User)
health=$(inspect '.Docker.config.Healthcheck.Test[1:] | join(" ")')
check "its user is not root" test "${user%%:*}" -gt 0
check "it has a health check" test -n "$health"
equal "and its ports" "5000-5025/udp 8000/tcp" "$(inspect '.Docker.config.ExposedPorts | keys | join(" ")')"
rootfs=$(buildah "${store[@]}" mount "$(buildah "${store[@]}" from "$image")")
equal "no compiler is in it" "" "$(find "$rootfs/usr/bin" -name 'gcc*' -o -name 'clang*' -o -name '*-ld')"
equal "the program finds all of its libraries" "" \
  "$(chroot "$rootfs" ldd /usr/bin/medialive-distributor | grep 'not found')"

# --- run by a Docker engine

engine=$work/engine program=src-distributor-1 # Compose names it by its folder, /src
files=(docker-compose.yml)

# The engine and Compose are of trixie, because bookworm has no Compose of version 2.
engine_made() {
  chroot_make trixie "$engine" && docker_install "$engine" && chroot_keep "$engine" && mkdir -p "$engine/src" &&
    buildah "${store[@]}" push -q "$image" "docker-archive:$engine/src/image.tar:medialive-distributor:latest"
}

without_engine() {
  echo "ok $((count += 1)) - run by a Docker engine # SKIP $1"
  finish
}

docker() {
  docker_in "$engine" docker "$@"
}

compose() {
  docker compose "${files[@]/#/--file=}" "$@"
}

# A new clone, as far as it matters, with the settings in .env that are given.
clone() {
  rm -rf "$engine/src/config"
  cp "$root"/docker-compose*.yml "$engine/src/"
  cp "$root/.env.example" "$engine/src/.env"
  printf '%s\n' "$@" >>"$engine/src/.env"
  printf 'services: {distributor: {ulimits: !reset {}}}\n' >"$engine/src/no-limits.yml"
}

valid() {
  clone && docker compose --file "$1" config --quiet && : >"$engine/src/.env" &&
    docker compose --file "$1" config --quiet
}

# details FILTER: of the program's container.
details() {
  docker inspect "$program" | jq -r ".[0] | $1"
}

# The program's messages, and those of the container's earlier starts.
messages() {
  docker logs "$program" >"$work/distributor.log" 2>&1
  cat "$work/distributor.log"
}

# up NAME OPTION...: what an operator calls. The API answers then.
up() {
  local name=$1
  shift
  compose up --detach --no-build "$@" >"$work/up.log" 2>&1 && wait_for 30 api GET /api/health || {
    not_ok "$name: docker compose up" "$(tail -5 "$work/up.log")" "$(messages | tail -5)"
    finish
  }
  ok "$name: docker compose up"
}

healthy() {
  [ "$(details .State.Health.Status)" = healthy ]
}

# in_status FIELD: of the program's process.
in_status() {
  docker_in "$engine" awk -v "field=$1:" '$1 == field { print $2 }' "/proc/$(details .State.Pid)/status"
}

kill_program() {
  # shellcheck disable=SC2016 # expanded by the shell inside
  docker_in "$engine" sh -c 'kill -KILL "$1"' sh "$(details .State.Pid)"
}

restarted() {
  [ "$(details .RestartCount)" -gt 0 ] && received_by_xdp
}

confined() {
  equal "$1: not as root, nothing to write to, no capability but those that are added, limits" \
    "8000 read-only ALL memory processes" \
    "$(in_status Uid) $(details '.HostConfig |
      [if .ReadonlyRootfs then "read-only" else "writable" end, .CapDrop[],
       if .Memory > 0 then "memory" else empty end, if .PidsLimit > 0 then "processes" else empty end] | join(" ")')"
}

# The link of a program that is attached to the interface.
pinned() {
  docker_in "$engine" find /sys/fs/bpf/medialive-distributor -path "*/$veth*/link" | grep -q .
}

# As a boot leaves it.
remove_folder() {
  docker_in "$engine" sh -c 'rm -rf /sys/fs/bpf/medialive-distributor; chmod 700 /sys/fs/bpf'
}

received_by_xdp() {
  api GET /api/health && [ "$(json '.interfaces[0].mode')" = xdp ]
}

taken_over() {
  api GET /api/events && json '.events[].type' | grep -qx xdp_taken_over
}

clean_end() {
  compose stop >/dev/null 2>&1 && [ "$(details .State.ExitCode)" = 0 ]
}

down() {
  compose down --timeout 15 >/dev/null 2>&1
}

# refused NAME TEXT VARIABLE=VALUE...: the container ends soon, not with 0, and the one line that is not mere
# information has the text.
refused() {
  local name=$1 text=$2 outcome
  shift 2
  DOCKER_LIMIT=15 docker run --rm --network host "${capabilities[@]}" "${@/#/--env=}" medialive-distributor \
    >"$work/refused" 2>&1
  outcome=$?
  if [[ $outcome =~ ^[12]$ ]] && [[ $(grep -v ' info  ' "$work/refused") == *"$text"* ]] &&
    [ "$(grep -vc ' info  ' "$work/refused")" -eq 1 ]; then
    ok "refused in one line: $name"
  else
    not_ok "refused in one line: $name" "status $outcome, wanted: $text" "$(cat "$work/refused")"
  fi
}

step "Docker's engine in a folder" engine_made
docker_boot "$engine" "$ns" || without_engine "it does not start: $(docker_log)"
step "it takes the image" docker load --quiet --input image.tar
for file in docker-compose.yml docker-compose.bridge.yml; do
  check "$file: valid with .env.example, and with an empty .env" valid "$file"
done
if ! (ulimit -H -l unlimited && ulimit -H -n 65536) 2>/dev/null; then
  files+=(no-limits.yml)
  echo "# run without their ulimits: this machine does not let them be raised"
fi

mapfile -t capabilities < <(compose config --format json | jq -r '.services.distributor.cap_add[] | "--cap-add=\(.)"')

name="native XDP"
clone "DISTRIBUTOR_HTTP=$http" "DISTRIBUTOR_INTERFACE=$veth" DISTRIBUTOR_INGEST=xdp
up "$name"
accept_running "$name" xdp
confined "$name"
check "$name: it is pinned" pinned
check "$name: the health check is content" wait_for 30 healthy
refused "a port that is taken" "$http" "DISTRIBUTOR_HTTP=$http" DISTRIBUTOR_CONFIG_DIR=/tmp
check "$name: the program is killed" kill_program
check "$name: it is started again" wait_for 30 restarted
check "$name: and goes on with the XDP program that is pinned" taken_over
check "$name: ends with status 0" clean_end

name="after a boot of the host"
up "$name"
docker_halt
docker_boot "$engine" "$ns" || not_ok "$name: the engine starts" "$(docker_log)"
check "$name: it runs" wait_for 30 received_by_xdp
check "$name: it is pinned" pinned
down

name="without its folder in the BPF file system"
remove_folder
up "$name" --no-deps distributor
check "$name: packets come in by XDP" received_by_xdp
equal "$name: one line says that it is not pinned" 1 "$(messages | grep -c 'XDP is not pinned')"
down

name="with the folder coming late"
remove_folder
compose up --detach --no-build --no-deps distributor >/dev/null 2>&1
sleep 2 # as much as "prepare" may be slower
up "$name" --no-deps prepare # this alone: the program's container stays
check "$name: it is pinned" pinned
down

name="behind a bridge"
files[0]=docker-compose.bridge.yml
clone CPU_LIMIT=1
sed -i "s/127.0.0.1:8000:8000/$http:8000/" "$engine/src/${files[0]}" # opened to the source's namespace
up "$name"
accept_running "$name" udp
confined "$name"
equal "$name: no capability" "" "$(details '.HostConfig.CapAdd // [] | join(" ")')"
equal "$name: one processor at most" 1000000000 "$(details .HostConfig.NanoCpus)"
check "$name: the health check is content" wait_for 30 healthy
check "$name: ends with status 0" clean_end
down

name="HTTPS and a token"
mkdir "$engine/src/secret"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=distributor.example \
  -keyout "$engine/src/secret/key.pem" -out "$engine/src/secret/cert.pem" 2>/dev/null
openssl rand -hex 32 >"$engine/src/secret/token"
chown -R "$user" "$engine/src/secret"
secret=(--tls-key /secret/key.pem --token-file /secret/token)
docker run --detach --name closed --network host --volume /src/secret:/secret:ro \
  --env DISTRIBUTOR_TLS_CERT=/secret/cert.pem medialive-distributor "${secret[@]}" >/dev/null
docker run --detach --name arguments --network host --volume /src/secret:/secret:ro --env DISTRIBUTOR_HTTP=127.0.0.1:1 \
  medialive-distributor "${secret[@]}" --tls-cert=/secret/cert.pem --http '[::]:8443' >/dev/null
check "$name: the health check is content" wait_for 15 docker exec closed $health
check "$name, by arguments: the health check is content" wait_for 15 docker exec arguments $health
docker rm --force closed arguments >/dev/null

refused "DISTRIBUTOR_INGEST" DISTRIBUTOR_INGEST DISTRIBUTOR_INGEST=fast
refused "DISTRIBUTOR_HTTP" 'nonsense' DISTRIBUTOR_HTTP=nonsense
refused "DISTRIBUTOR_FILL_RING" DISTRIBUTOR_FILL_RING DISTRIBUTOR_FILL_RING=1000
refused "DISTRIBUTOR_SENDERS" DISTRIBUTOR_SENDERS DISTRIBUTOR_SENDERS=many
refused "DISTRIBUTOR_LOG_LEVEL" DISTRIBUTOR_LOG_LEVEL DISTRIBUTOR_LOG_LEVEL=loud
refused "a folder that may not be written" /etc/distributor DISTRIBUTOR_CONFIG_DIR=/etc/distributor
refused "an interface that is missing" missing0 DISTRIBUTOR_INTERFACE=missing0 DISTRIBUTOR_INGEST=xdp
finish
