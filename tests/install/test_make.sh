#!/usr/bin/env bash
# From a minimal bookworm with nothing else: packages, make, make install, a running program; and make
# uninstall leaves nothing.
. "$(dirname "$0")/lib.sh"

# What is below /usr/local, without the folders that a system has anyway.
installed() {
  (cd "$dir/usr/local" && find . ! -type d | sort)
}

make_namespaces
step "a minimal bookworm" chroot_make bookworm "$dir"
chroot_source "$dir"
before=$(installed)
step "what building needs, and no more" inside sh -c 'apt-get update -qq && /src/tools/install-deps.sh build'
chroot_keep "$dir"
step "make" inside make -C /src -j2
step "make install" inside make -C /src install
mv "$dir/src" "$dir/away" # the program must not need it
options=(--http "$http" --config-dir /var/lib/medialive-distributor)
accept "native XDP" xdp "$dir" /usr/local/bin/medialive-distributor "${options[@]}" --interface "$veth" --ingest xdp
accept "kernel sockets" udp "$dir" /usr/local/bin/medialive-distributor "${options[@]}"
mv "$dir/away" "$dir/src"
for words in 'PREFIX=/usr/local/kept c' 'DESTDIR=/usr/local/kept '; do
  : >"$dir/usr/local/kept"
  for target in install uninstall; do
    inside make -C /src --no-print-directory "$target" "$words" >"$work/refusal" 2>&1
    equal "make $target '$words' is refused" 2 $?
    check "and it says why" grep -q 'without white space' "$work/refusal"
  done
  check "and somebody else's file is there" rm "$dir/usr/local/kept"
done
step "make uninstall" inside make -C /src uninstall
equal "it leaves nothing" "$before" "$(installed)"
finish
