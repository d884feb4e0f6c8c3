#!/usr/bin/env bash
# Make the virtual machine's disk: Debian bookworm with its own kernel, provisioned as vagrant/ does it.
#
#   tests/vm/image.sh FOLDER [PACKAGE.deb]
#
# Writes root.img, kernel, initrd and key to FOLDER. The program's package is made by `make deb` if none is given.
# Needs root and what tests/install/chroot.sh needs.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/install/chroot.sh
. tests/install/chroot.sh
# shellcheck source=tests/vm/machine.sh
. tests/vm/machine.sh

folder=$(realpath "$1")
dir=$folder/root

# What a machine has and a chroot has not. The initial RAM disk gets the three modules that find the root; with
# those of all hardware an emulated processor would unpack it for a minute.
add_base() {
  install -d "$dir/etc/initramfs-tools/conf.d" "$dir/usr/share/initramfs-tools/modules.d"
  echo MODULES=list >"$dir/etc/initramfs-tools/conf.d/vm"
  printf '%s\n' virtio_pci virtio_blk ext4 >"$dir/usr/share/initramfs-tools/modules.d/vm.conf"
  echo force-unsafe-io >"$dir/etc/dpkg/dpkg.cfg.d/vm"
  chroot_run "$dir" apt-get update -qq
  chroot_run "$dir" apt-get install -y -qq --no-install-recommends \
    linux-image-amd64 initramfs-tools systemd-sysv dbus udev openssh-server
}

# How the tests reach the machine: an address and a key.
add_access() {
  echo distributor >"$dir/etc/hostname"
  printf '[Match]\nMACAddress=%s\n\n[Network]\nAddress=%s/24\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n' "$vm_mac" "$vm_address" \
    >"$dir/etc/systemd/network/10-management.network"
  ssh-keygen -q -t ed25519 -N '' -f "$folder/key"
  install -D -m 600 "$folder/key.pub" "$dir/root/.ssh/authorized_keys"
  chroot_run "$dir" systemctl enable --quiet ssh systemd-networkd
}

# The package in FOLDER/program.deb. Its libraries are those of bookworm: another system makes it in a chroot.
make_package() {
  local build=$folder/build
  if [ "$(. /etc/os-release && echo "${VERSION_CODENAME:-}")" = bookworm ]; then
    make --no-print-directory deb
    cp build/deb/medialive-distributor_*.deb "$folder/program.deb"
    return
  fi
  chroot_make bookworm "$build" || return
  chroot_source "$build"
  chroot_run "$build" apt-get update -qq
  chroot_run "$build" bash -c 'cd /src && apt-get build-dep -y -qq --no-install-recommends . && make deb'
  cp "$build"/src/build/deb/medialive-distributor_*.deb "$folder/program.deb"
  chroot_drop "$build"
}

# provision OPTION...: of vagrant/provision/distributor.sh.
provision() {
  chroot_source "$dir"
  cp "$folder/program.deb" "$dir/src/"
  chroot_run "$dir" /src/vagrant/provision/distributor.sh --package /src/program.deb "$@"
  rm -rf "$dir/src"
}

trap 'chroot_drop "$dir"; chroot_drop "$folder/build"' EXIT
trap 'exit 130' INT TERM
if [ $# -gt 1 ]; then cp "$2" "$folder/program.deb"; else make_package; fi
chroot_make bookworm "$dir" || exit
add_base
add_access
provision --http "$vm_address:8000" --nic "media0,$vm_media0_mac,10.79.0.2/24,4" --nic "media1,$vm_media1_mac,10.80.0.2/24,4"
rm -f "$dir/usr/sbin/policy-rc.d" "$dir/etc/resolv.conf" # a machine's services start, and it is alone
cp "$dir"/boot/vmlinuz-* "$folder/kernel"
cp "$dir"/boot/initrd.img-* "$folder/initrd"
mke2fs -q -F -t ext4 -O ^has_journal -d "$dir" "$folder/disk" 3G
mv "$folder/disk" "$folder/root.img"
