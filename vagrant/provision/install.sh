#!/usr/bin/env bash
# Install MediaLive Distributor from this source tree: the package where one has been built (make deb), else by
# make install and systemd/install-systemd.sh.
#
#   install.sh [PACKAGE.deb]
#
# Needs root.
set -euo pipefail
cd "$(dirname "$0")/../.."
export DEBIAN_FRONTEND=noninteractive

packages=("$@")
shopt -s nullglob
[ ${#packages[@]} -gt 0 ] || packages=(build/deb/medialive-distributor_*.deb)

apt-get update -qq
if [ ${#packages[@]} -gt 0 ]; then
  apt-get install -y -qq --no-install-recommends "$(realpath "${packages[-1]}")"
  exit
fi
tools/install-deps.sh build
make -j"$(nproc)"
make install
systemd/install-systemd.sh --no-start
