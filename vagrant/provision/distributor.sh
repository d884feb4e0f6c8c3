#!/usr/bin/env bash
# Make this machine a distributor: the program as a service, receiving from interfaces of its own.
#
#   distributor.sh --http ADDRESS:PORT --nic NAME,MAC,ADDRESS/PREFIX[,CHANNELS] [--nic …] [--package FILE.deb]
#
# Every --nic becomes an interface for media (media-nic.sh). May be run again, after changes to the source as well.
# Needs root.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
service=medialive-distributor
http='' package=() nics=() interfaces=''

usage() {
  sed -n '2,7s/^# \{0,1\}//p' "$0" >&2
  exit 2
}

while [ $# -gt 1 ]; do
  case $1 in
    --http) http=$2 ;;
    --nic) nics+=("$2") ;;
    --package) package=("$2") ;;
    *) usage ;;
  esac
  shift 2
done
[ $# -eq 0 ] && [ -n "$http" ] && [ ${#nics[@]} -gt 0 ] || usage

# set_variable NAME VALUE: in the service's environment file.
set_variable() {
  sed -i -E "/^#?$1=/d" "/etc/default/$service"
  printf '%s=%s\n' "$1" "$2" >>"/etc/default/$service"
}

# XDP pins its maps there; iproute2 and ethtool set the interfaces up, bpftool shows what is in them.
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends iproute2 ethtool bpftool jq curl
[ ! -d /run/systemd/system ] || systemctl stop "$service" 2>/dev/null || :
for nic in "${nics[@]}"; do
  IFS=, read -r name mac address channels <<<"$nic"
  "$here/media-nic.sh" "$name" "$mac" "$address" ${channels:+"$channels"}
  interfaces+=${interfaces:+,}$name
done
"$here/install.sh" "${package[@]}"
set_variable DISTRIBUTOR_INTERFACE "$interfaces"
set_variable DISTRIBUTOR_HTTP "$http"
systemctl enable --quiet "$service"
[ ! -d /run/systemd/system ] || systemctl restart "$service"
