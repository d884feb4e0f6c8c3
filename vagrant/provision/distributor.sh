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
drop_in=/etc/systemd/system/$service.service.d
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

# This machine's settings, beside those in /etc/default: a file of the package that is changed here would be asked about
# at each upgrade. What the operator sets there has precedence.
write_settings() {
  install -d "$drop_in"
  printf '[Service]\nEnvironment=DISTRIBUTOR_INTERFACE=%s DISTRIBUTOR_HTTP=%s\n' "$interfaces" "$http" >"$drop_in/machine.conf"
  [ ! -d /run/systemd/system ] || systemctl daemon-reload
}

# iproute2 and ethtool set the interfaces up, bpftool shows what XDP does with them.
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends iproute2 ethtool bpftool jq curl
[ ! -d /run/systemd/system ] || systemctl stop "$service" 2>/dev/null || :
for nic in "${nics[@]}"; do
  IFS=, read -r name mac address channels <<<"$nic"
  "$here/media-nic.sh" "$name" "$mac" "$address" ${channels:+"$channels"}
  interfaces+=${interfaces:+,}$name
done
"$here/install.sh" "${package[@]}"
write_settings
systemctl enable --quiet "$service"
[ ! -d /run/systemd/system ] || systemctl restart "$service"
