#!/usr/bin/env bash
# Make this machine the lab: a media source, an SRT receiver, an RTMP server and the check over all queues.
#
#   lab.sh --nic NAME,MAC,ADDRESS/PREFIX --to ADDRESS [--package FILE.deb]
#
# --nic becomes the interface for media, ADDRESS is the distributor's there. May be run again. Needs root.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
nic='' to='' package=()

usage() {
  sed -n '2,6s/^# \{0,1\}//p' "$0" >&2
  exit 2
}

while [ $# -gt 1 ]; do
  case $1 in
    --nic) nic=$2 ;;
    --to) to=$2 ;;
    --package) package=("$2") ;;
    *) usage ;;
  esac
  shift 2
done
[ $# -eq 0 ] && [ -n "$nic" ] && [ -n "$to" ] || usage

# A stream that loops without a seam: whole groups of pictures.
make_stream() {
  [ -s "$1" ] || ffmpeg -nostdin -v error -f lavfi -i testsrc2=size=640x360:rate=25 \
    -f lavfi -i sine=sample_rate=48000 -t 20 -c:v libx264 -preset veryfast -g 25 -bf 2 -b:v 1500k \
    -pix_fmt yuv420p -c:a aac -f mpegts "$1"
}

"$here/install.sh" "${package[@]}"
# media-source came with it; this machine relays nothing.
systemctl disable --quiet medialive-distributor
[ ! -d /run/systemd/system ] || systemctl stop medialive-distributor
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
  iproute2 ethtool curl jq ffmpeg srt-tools nginx-light libnginx-mod-rtmp
IFS=, read -r name mac address _ <<<"$nic"
"$here/media-nic.sh" "$name" "$mac" "$address"

install -d /var/lib/lab
make_stream /var/lib/lab/stream.ts
printf 'LAB_STREAM=/var/lib/lab/stream.ts\nLAB_TO=%s\n' "$to" >/etc/default/lab
install -m 644 "$here"/../lab/*.service /etc/systemd/system/
install -m 644 "$here/../lab/rtmp.conf" /etc/nginx/modules-enabled/90-lab-rtmp.conf
install -m 755 "$here/../lab/check.sh" /usr/local/bin/lab-check
# One worker: who watches would not see what was published to another.
sed -i 's/^worker_processes .*/worker_processes 1;/' /etc/nginx/nginx.conf
nginx -q -t
systemctl enable --quiet lab-srt nginx
[ -d /run/systemd/system ] || exit 0
systemctl daemon-reload
systemctl restart lab-srt nginx
