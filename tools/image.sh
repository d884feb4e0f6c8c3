#!/usr/bin/env bash
# Build the image of the Dockerfile with whatever is there to do so.
#
#   tools/image.sh NAME BASE [OPTION...]     OPTIONs are for the build, such as --no-cache
#
# BASE is the Debian image to begin with. BUILDAH may hold options for buildah itself, such as --root.
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -ge 2 ] || { echo "usage: tools/image.sh NAME BASE [OPTION...]" >&2 && exit 2; }
build=(--build-arg "BASE=$2" -t "$1" "${@:3}" .)

if [ -z "${BUILDAH:-}" ] && command -v docker >/dev/null && docker info >/dev/null 2>&1; then
  exec docker build "${build[@]}"
elif [ -z "${BUILDAH:-}" ] && command -v podman >/dev/null; then
  exec podman build --format docker "${build[@]}"
elif command -v buildah >/dev/null; then
  isolation=()
  command -v runc >/dev/null || command -v crun >/dev/null || isolation=(--isolation chroot --network host)
  read -ra options <<<"${BUILDAH:-}"
  # The docker format, because the other one has no HEALTHCHECK.
  exec buildah "${options[@]}" bud "${isolation[@]}" --format docker "${build[@]}"
fi
echo "make image needs docker with a running engine, podman, or buildah: apt install buildah" >&2
exit 1
