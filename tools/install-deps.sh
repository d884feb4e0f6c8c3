#!/usr/bin/env bash
# Install the packages that building, running, demonstrating and testing need.
# Debian 12 and 13, Ubuntu 24.04. Does nothing when all are there.
#
#   tools/install-deps.sh          all of them
#   tools/install-deps.sh build    what `make` and `make install` need, and no more
#   tools/install-deps.sh vm       all of them, and what `make test-vm` needs
set -euo pipefail

packages=(
  build-essential pkg-config clang                                      # compilers
  libbpf-dev libxdp-dev libelf-dev zlib1g-dev                           # XDP
  libsrt-gnutls-dev librtmp-dev libgnutls28-dev                         # outputs
  libulfius-dev libmicrohttpd-dev libjansson-dev uuid-dev libdvbpsi-dev # API, configuration, PSI
  libsystemd-dev                                                        # readiness and watchdog
)
others=(
  llvm libcmocka-dev clang-format cppcheck shellcheck                   # tests and lint
  iproute2 ethtool nftables procps psmisc util-linux bsdextrautils curl jq ca-certificates openssl # demo and tests
  prometheus                                                            # scrapes /metrics in tests
  srt-tools ffmpeg nginx-light libnginx-mod-{rtmp,stream}               # peers in tests and benchmarks
  dpkg-dev debhelper lintian mandoc                                     # Debian package and man pages
  debootstrap buildah python3-yaml                                      # the ways to install
  gstreamer1.0-tools gstreamer1.0-plugins-{base,good,bad}
)

# Ubuntu has bpftool among its kernel tools.
if grep -q '^ID=ubuntu' /etc/os-release; then
  packages+=(linux-tools-common linux-tools-generic)
else
  packages+=(bpftool)
  others+=(chromium) # Ubuntu's is a snap: browser tests are skipped there
fi
# Node may have come from elsewhere than Debian.
command -v node >/dev/null && command -v npm >/dev/null || others+=(nodejs npm)
case ${1:-all} in
  all) packages+=("${others[@]}") ;;
  vm) packages+=("${others[@]}" qemu-system-x86 e2fsprogs openssh-client) ;;
  build) ;;
  *)
    echo "usage: tools/install-deps.sh [build|vm]" >&2
    exit 2
    ;;
esac

missing=()
for package in "${packages[@]}"; do
  status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$status" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
  echo "install-deps.sh: these packages are missing and need root: ${missing[*]}" >&2
  exit 1
fi
# Services that come with these packages; not those that are here already, which are somebody's.
services=()
for service in nginx prometheus; do
  [ -e "/lib/systemd/system/$service.service" ] || services+=("$service")
done
echo "Installing: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
# A package must not start services of its own here: demo and tests start what they need.
policy=/usr/sbin/policy-rc.d
mark='# medialive-distributor: make deps'
if [ ! -e "$policy" ] || grep -qF "$mark" "$policy"; then # ours may be left from a run that was killed
  printf '#!/bin/sh\n%s\nexit 101\n' "$mark" >"$policy"
  chmod 755 "$policy"
  trap 'rm -f "$policy"' EXIT
fi
apt-get update -qq
apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
# Nor at the next boot.
for service in "${services[@]}"; do
  [ ! -e "/lib/systemd/system/$service.service" ] || ! command -v systemctl >/dev/null ||
    systemctl disable --quiet "$service"
done
