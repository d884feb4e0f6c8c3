# shellcheck shell=bash
# The place that the documents' commands run in. Source after tests/integration/lib.sh, as root with mounts of one's own.
#
#   eth1, 10.0.0.10                 the distributor's media interface; a veth, its other end in the source's namespace
#   10.1.0.5, 10.2.0.5              MediaLive's two pipelines: ports 5000 to 5009 from the first, 5010 to 5019 from the second;
#                                   5020 and 5030 get one RTP stream, each by its own way
#   receiver.example                SRT listeners: 9000 to 9003, and 9010 to 9013 with the passphrase "correct-horse-battery"
#   live.example                    RTMP server, applications "live" and "app"
#   a.rtmp.youtube.com              RTMP server, application "live2"
#   a.rtmps.youtube.com             the same applications behind TLS, as live.example has them
#
# The stream is H.264, AAC and SCTE-35: every 12 s a break is announced, 4 s ahead.

address=10.0.0.10 peer=10.0.0.20
authorities=/etc/ssl/certs/ca-certificates.crt
passphrase=correct-horse-battery
# The example of a splice_insert() in SCTE 35, section 14.2: out, for 60 s.
insert=/DAvAAAAAAAA///wFAVIAACPf+/+c2nALv4AUsz1AAAAAAAKAAhDVUVJAAABNWLbowo=

# make_place: namespaces, names, servers, film. Ends the test as skipped where the machine cannot.
make_place() {
  [ -n "${MLD_PRIVATE_MOUNTS:-}" ] || skip_all "no mounts of one's own here"
  veth=eth1
  make_namespaces
  ip -n "$ns" addr flush dev "$veth"
  ip -n "$ns_source" addr flush dev "$veth_source"
  ip -n "$ns" addr add "$address/8" dev "$veth"
  ip -n "$ns" addr add "$peer/32" dev lo
  ip -n "$ns" route add 224.0.0.0/4 dev "$veth"
  ip -n "$ns_source" addr add 10.1.0.5/8 dev "$veth_source"
  ip -n "$ns_source" addr add 10.2.0.5/8 dev "$veth_source"
  make_folders
  make_names
  make_film
  rtmp_servers
  srt_receivers
  wait_for 10 tcp_listening 443 && wait_for 10 tcp_listening 1935 || skip_all "nginx does not run here"
  encoders
}

tcp_listening() {
  [ -n "$(in_ns ss -Hltn "sport = :$1")" ]
}

# Where documented commands write: a clone to stand in, and system folders of this test's own.
make_folders() {
  local entry
  mkdir -p "$work/clone" "$work/bin" "$work/tmp"
  for entry in "$root"/*; do ln -s "$entry" "$work/clone/"; done
  rm -f "$work/clone/config"
  for entry in "$build"/medialive-distributor "$build"/media-source; do ln -s "$entry" "$work/bin/"; done
  printf '#!/bin/sh\nexec "$@"\n' >"$work/bin/sudo" # who runs the documents is root
  printf '#!/bin/sh\nexec %s -sS --fail-with-body "$@"\n' "$(command -v curl)" >"$work/bin/curl" # a refusal is a failure
  for entry in apt apt-get dpkg systemctl service reboot docker vagrant aws; do
    printf '#!/bin/sh\necho "%s changes the machine: this block needs a mark" >&2\nexit 1\n' $entry >"$work/bin/$entry"
  done
  chmod 755 "$work"/bin/*
  mkdir "$work/dpkg"
  mount --bind /var/lib/dpkg "$work/dpkg" && mount -t tmpfs tmpfs /var/lib &&
    mkdir /var/lib/dpkg /var/lib/medialive-distributor && mount --bind "$work/dpkg" /var/lib/dpkg &&
    mount -o remount,bind,ro /var/lib/dpkg && umount "$work/dpkg" || skip_all "folders cannot be mounted here"
}

# Names and authorities: in this test's mounts alone.
make_names() {
  printf '127.0.0.1 localhost\n%s %s\n' "$address" distributor.example \
    "$peer" "receiver.example live.example a.rtmp.youtube.com a.rtmps.youtube.com" >"$work/hosts"
  mount --bind "$work/hosts" /etc/hosts
  echo "nameserver 127.0.0.1" >"$work/resolv.conf" # where nobody answers, and the kernel says so at once
  mount --bind "$work/resolv.conf" "$(realpath /etc/resolv.conf)"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/tls.key" -out "$work/tls.pem" \
    -subj "/CN=a.rtmps.youtube.com" -addext "subjectAltName=DNS:a.rtmps.youtube.com,DNS:live.example" -days 2 2>"$work/tls.log"
  cat "$authorities" "$work/tls.pem" >"$work/authorities" && mount --bind "$work/authorities" "$authorities" ||
    skip_all "the system's authorities cannot be added to"
}

make_film() {
  make_ts "$work/plain.ts" 12
  echo "2000 6000 $insert" |
    "$build/tools/cue_injector" "$work/plain.ts" "$work/clone/film.ts" || skip_all "no stream with cues"
}

rtmp_servers() {
  mkdir -p "$work/nginx" "$work/record"
  cat >"$work/nginx.conf" <<CONF
load_module /usr/lib/nginx/modules/ngx_rtmp_module.so;
load_module /usr/lib/nginx/modules/ngx_stream_module.so;
daemon off;
master_process off;
user root;
pid $work/nginx/pid;
error_log $work/nginx/error.log info;
events {}
rtmp {
  server {
    listen $peer:1935;
    application live { live on; }
    application app { live on; }
    application live2 { live on; record all; record_path $work/record; record_suffix .flv; }
  }
}
stream {
  server {
    listen $peer:443 ssl;
    ssl_certificate $work/tls.pem;
    ssl_certificate_key $work/tls.key;
    proxy_pass $peer:1935;
  }
}
CONF
  background nginx -p "$work/nginx" -c "$work/nginx.conf"
}

srt_receivers() {
  local i
  for i in 0 1 2 3; do
    background_again srt-live-transmit -q "srt://$peer:900$i?mode=listener" file://con >/dev/null 2>&1
    background_again srt-live-transmit -q "srt://$peer:901$i?mode=listener&passphrase=$passphrase" file://con >/dev/null 2>&1
  done
}

encoders() {
  local film=$work/clone/film.ts
  encoder "$film" --source 10.1.0.5 --count 10 "$address:5000"
  encoder "$film" --source 10.2.0.5 --count 10 "$address:5010"
  encoder "$film" "$address:5020" "$address:5030"
}

encoder() {
  nsenter --net="/run/netns/$ns_source" "$build/media-source" --loop forever "$@" >>"$work/encoders.log" 2>&1 &
  pids+=($!)
}
