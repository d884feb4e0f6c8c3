#!/usr/bin/env bash
# Install MediaLive Distributor's package on this machine: the one of build/deb, which is built anew where it is missing or
# older than the source.
#
#   install.sh [PACKAGE.deb]     with PACKAGE.deb: this one
#
# Needs root.
set -euo pipefail
cd "$(dirname "$0")/../.."
export DEBIAN_FRONTEND=noninteractive

# The newest package that was built; fails without one.
built() {
  local package newest=''
  for package in build/deb/medialive-distributor_*.deb; do
    [ ! -e "$package" ] || [ "$package" -ot "$newest" ] || newest=$package
  done
  [ -n "$newest" ] && echo "$newest"
}

# Is anything of the source newer than FILE? A folder is where something was removed from it.
outdated() {
  [ -n "$(find . -mindepth 1 \( -path ./build -o -path ./config -o -name .git -o -name .vagrant -o -name node_modules \) -prune \
    -o -newer "$1" -print -quit)" ]
}

apt-get update -qq
package=${1:-}
if [ -z "$package" ] && { ! package=$(built) || outdated "$package"; }; then
  apt-get build-dep -y -qq --no-install-recommends .
  make deb
  package=$(built)
fi
# Its version may be that of the one installed, and of an older one; nobody is there to be asked about settings.
apt-get install -y -qq --no-install-recommends --reinstall --allow-downgrades -o Dpkg::Options::=--force-confold \
  "$(realpath "$package")"
