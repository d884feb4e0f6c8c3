#!/usr/bin/env bash
# Print the packages whose shared libraries the given programs need, one a line: what dpkg-shlibdeps
# finds, so that an image holds these and no more. For Debian and Ubuntu, with dpkg-dev.
set -euo pipefail
[ $# -gt 0 ] || { echo "usage: tools/runtime-packages.sh PROGRAM..." >&2 && exit 2; }

programs=()
for program in "$@"; do programs+=("$(realpath "$program")"); done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/debian"
touch "$work/debian/control" # dpkg-shlibdeps wants to be in a source package
cd "$work"
dpkg-shlibdeps -O "${programs[@]}" | sed -n 's/^shlibs:Depends=//p' | tr ',' '\n' |
  sed -E 's/^ *([^ ]+).*/\1/' | sort -u
