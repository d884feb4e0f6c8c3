#!/usr/bin/env bash
# Build the Debian package of this tree into build/deb, from a copy: dpkg-buildpackage leaves its results beside it.
# The environment's CC is not used: a package is built by Debian's compiler and flags.
set -euo pipefail
cd "$(dirname "$0")/.."
version=$(sed -n 's/^VERSION := //p' Makefile)
out=$PWD/build/deb

fail() {
  echo "make deb: $*" >&2
  exit 1
}

for command in dpkg-buildpackage dh; do
  command -v "$command" >/dev/null || fail "$command is missing: apt-get install dpkg-dev debhelper"
done
[ "$(dpkg-parsechangelog -S Version)" = "$version" ] ||
  fail "debian/changelog is of $(dpkg-parsechangelog -S Version), the Makefile of $version"

rm -rf "$out"
mkdir -p "$out/source"
trap 'rm -rf "$out/source"' EXIT
tar --exclude=./build --exclude=./config --exclude=./.git --exclude=node_modules -cf - . | tar -C "$out/source" -xf -
(cd "$out/source" && env -u CC -u CFLAGS -u MAKEFLAGS -u MAKELEVEL DEB_BUILD_OPTIONS=noautodbgsym \
  dpkg-buildpackage --build=binary --no-sign --jobs="$(nproc)") >"$out/build.log" 2>&1 || {
  tail -30 "$out/build.log" >&2
  fail "failed; the whole log is $out/build.log"
}
ls "$out"/*.deb
