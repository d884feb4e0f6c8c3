#!/usr/bin/env bash
# vagrant/: the Vagrantfile is valid, with Debian's vagrant, for both of its providers; what provisions the lab makes, in
# a Debian of its own, a lab that checks a distributor; and what provisions the distributor takes changes of the source over.
# The machine that it makes is run by tests/vm.
. "$(dirname "$0")/lib.sh"

# validate VAGRANTFILE PROVIDER [VARIABLE=VALUE]: in the Debian; Vagrant's own files go with it.
validate() {
  inside env HOME=/tmp VAGRANT_HOME=/tmp/vagrant VAGRANT_DOTFILE_PATH=/tmp/dotfile VAGRANT_CHECKPOINT_DISABLE=1 \
    VAGRANT_CWD=/src/vagrant VAGRANT_VAGRANTFILE="$1" VAGRANT_DEFAULT_PROVIDER="$2" "${@:3}" vagrant validate
}

# A setting that does not exist is found, or the file's being valid would say nothing.
refuses_wrong_setting() {
  sed "s/$1\.memory =/$1.memroy =/" "$root/vagrant/Vagrantfile" >"$dir/src/vagrant/Wrong"
  ! validate Wrong "$1" >"$work/wrong.log" 2>&1 && grep -q "shouldn't exist: memroy" "$work/wrong.log"
}

make_package() {
  make --no-print-directory -C "$root" deb && cp "$root"/build/deb/medialive-distributor_*.deb "$dir/src/program.deb"
}

# in_lab COMMAND...: in the Debian, in the source's namespace.
in_lab() {
  CHROOT_NETNS=/run/netns/$ns_source inside "$@"
}

networkd() {
  inside systemctl is-enabled systemd-networkd systemd-networkd-wait-online | paste -sd ' '
}

make_namespaces
step "a minimal bookworm" chroot_make bookworm "$dir"
chroot_source "$dir"
step "Debian's vagrant with its libvirt plugin" inside sh -c 'apt-get update -qq &&
  apt-get install -y -qq --no-install-recommends vagrant vagrant-libvirt'
chroot_keep "$dir"
# Vagrant believes that VirtualBox is there when this answers, and checks the settings for it.
printf '#!/bin/sh\necho 6.1.50r161033\n' >"$dir/usr/local/bin/VBoxManage"
chmod 755 "$dir/usr/local/bin/VBoxManage"
for provider in libvirt virtualbox; do
  step "vagrant validate for $provider" validate Vagrantfile $provider
  check "a wrong setting for $provider is found" refuses_wrong_setting $provider
done
step "vagrant validate with 8 queues" validate Vagrantfile libvirt DISTRIBUTOR_QUEUES=8

step "a package for the lab" make_package
step "what a machine has and a chroot has not" inside apt-get install -y -qq --no-install-recommends systemd-sysv udev
equal "networkd is not in use" "disabled disabled" "$(networkd)"
step "the lab's provisioning" inside /src/vagrant/provision/lab.sh --nic media0,52:54:00:77:4d:20,10.77.0.20/24 \
  --to 10.77.0.10 --package /src/program.deb
chroot_keep "$dir"
equal "no boot waits for networkd" "enabled disabled" "$(networkd)"
step "it may be run again" inside /src/vagrant/provision/lab.sh --nic media0,52:54:00:77:4d:20,10.77.0.20/24 \
  --to 10.77.0.10 --package /src/program.deb
equal "systemd has no complaint about the lab's units" "" \
  "$(inside systemd-analyze verify --man=no /etc/systemd/system/lab-source.service /etc/systemd/system/lab-srt.service 2>&1)"
equal "the distributor's service is not the lab's" disabled "$(inside systemctl is-enabled medialive-distributor)"

start_distributor --interface "$veth" --ingest xdp
CHROOT_NETNS=/run/netns/$ns_source chroot_start "$dir" nginx -g 'daemon off;' 2>"$work/nginx.log"
pids+=("$chroot_pid")
check "the lab's RTMP server answers" wait_for 20 in_source bash -c ': </dev/tcp/10.77.0.1/1935'
check "lab-check" in_lab lab-check --api "http://$http" --nic "$veth" --media 10.77.0.2 --from 10.77.0.1 \
  --receiver 10.77.0.1 --rtmp rtmp://10.77.0.1/live --file /var/lib/lab/stream.ts >"$work/lab.log" 2>&1
sed 's/^/# /' "$work/lab.log"
check "byte for byte by SRT, to the lab's receiver" grep -q '^ok .* bytes are exact over SRT$' "$work/lab.log"
check "video and audio by RTMP, from the lab's server" grep -q '^ok .* video and audio came by RTMP$' "$work/lab.log"
api GET /api/channels
equal "it leaves no channel" 0 "$(json '.channels | length')"
check "the distributor ends with status 0" stop_distributor

# --- the distributor: with a package from outside, then after changes of the source
settings=/etc/default/medialive-distributor
# provision NAME: as the Vagrantfile does, but that no package list is there yet.
provision() {
  rm -rf "$dir"/var/lib/apt/lists/*
  step "$1" inside /src/vagrant/provision/distributor.sh --http 192.168.56.10:8000 \
    --nic media0,52:54:00:77:4d:10,10.77.0.10/24,4 </dev/null
}
check "a machine has to fetch packages first" test ! -e "$dir/usr/sbin/bpftool"
install -D -m 644 -t "$dir/src/build/deb" "$root"/build/deb/medialive-distributor_*.deb
provision "the distributor's provisioning"
check "no package was built" test ! -e "$dir/src/build/deb/build.log"
check "the settings file is the package's" cmp "$root/systemd/medialive-distributor.env" "$dir$settings"
equal "the machine's settings are beside it" \
  "Environment=DISTRIBUTOR_INTERFACE=media0 DISTRIBUTOR_HTTP=192.168.56.10:8000" \
  "$(tail -1 "$dir"/etc/systemd/system/medialive-distributor.service.d/*.conf)"
equal "systemd has no complaint about them" "" "$(inside systemd-analyze verify --man=no medialive-distributor.service 2>&1)"
equal "the service is enabled" enabled "$(inside systemctl is-enabled medialive-distributor)"
inside systemctl enable --quiet systemd-networkd-wait-online
echo '# changed in the source' | tee -a "$dir/src/README.md" >>"$dir/src/systemd/medialive-distributor.env"
echo '# the operator' >>"$dir$settings"
provision "after a change of the source"
chroot_keep "$dir"
equal "the program is of the new source" '# changed in the source' "$(tail -1 "$dir/usr/share/doc/medialive-distributor/README.md")"
equal "nobody was asked: the operator's settings stay" '# the operator' "$(tail -1 "$dir$settings")"
equal "where networkd was in use it is left alone" "enabled enabled" "$(networkd)"
finish
