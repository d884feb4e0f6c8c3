#!/usr/bin/env bash
# Make a network interface the one for media: a name of its own, an address, its channels, nothing else on it.
#
#   media-nic.sh NAME MAC ADDRESS/PREFIX [CHANNELS]
#
# Written are two files in /etc/systemd/network, so that it is the same after the next boot; where systemd runs the
# interface is changed at once. May be run again. Needs root.
set -euo pipefail

[ $# -ge 3 ] && [ $# -le 4 ] || {
  sed -n '2,6s/^# \{0,1\}//p' "$0" >&2
  exit 2
}
name=$1 mac=${2,,} address=$3 channels=${4:-}
folder=/etc/systemd/network

install -d "$folder"
{
  printf '[Match]\nMACAddress=%s\n\n[Link]\nName=%s\n' "$mac" "$name"
  [ -z "$channels" ] || printf 'CombinedChannels=%s\n' "$channels"
} >"$folder/10-$name.link"
# No address but this one: what is not media has no business here.
cat >"$folder/10-$name.network" <<END
[Match]
MACAddress=$mac

[Link]
RequiredForOnline=no

[Network]
Address=$address
LinkLocalAddressing=no
IPv6AcceptRA=no
ConfigureWithoutCarrier=yes
END
# Who waits for the network to be up would wait, for two minutes, for an interface of networkd's that is required: there is
# none, unless networkd was in use before. In that case it is left alone.
if ! systemctl --quiet is-enabled systemd-networkd; then
  systemctl enable --quiet systemd-networkd
  systemctl disable --quiet systemd-networkd-wait-online
fi

[ -d /run/systemd/system ] || exit 0
# udev reads the first file only when the interface appears: do here what it would have done.
for path in /sys/class/net/*; do
  [ "$(cat "$path/address" 2>/dev/null)" = "$mac" ] || continue
  device=$(basename "$path")
  if [ "$device" != "$name" ]; then
    ip link set dev "$device" down
    ip link set dev "$device" name "$name"
  fi
  # Refused while XDP is attached, and no error when nothing would change.
  [ -z "$channels" ] || ethtool -L "$name" combined "$channels" ||
    echo "media-nic.sh: $name keeps its number of channels" >&2
done
systemctl restart systemd-networkd
