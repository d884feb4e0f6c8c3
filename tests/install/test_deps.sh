#!/usr/bin/env bash
# tools/install-deps.sh: servers that demo and tests need run neither at once nor from the next boot on, and those that
# were there before stay as they are. Of all the packages two come really, by an apt-get that leaves the others out.
. "$(dirname "$0")/lib.sh"

enabled() {
  inside systemctl is-enabled nginx prometheus 2>/dev/null | paste -sd ' '
}

step "a minimal bookworm" chroot_make bookworm "$dir"
chroot_source "$dir"
step "with systemd, as a machine has it" inside sh -c 'apt-get update -qq && apt-get install -y -qq --no-install-recommends systemd-sysv'
cat >"$dir/usr/local/sbin/apt-get" <<'END'
#!/bin/bash
words=()
for word; do
  case $word in -* | update | install | nginx-light | prometheus) words+=("$word") ;; esac
done
exec /usr/bin/apt-get "${words[@]}"
END
chmod 755 "$dir/usr/local/sbin/apt-get"
step "install-deps.sh" inside /src/tools/install-deps.sh
chroot_keep "$dir"
check "nginx and Prometheus are there" inside sh -c 'command -v nginx prometheus >/dev/null'
equal "no boot starts them" "disabled disabled" "$(enabled)"
step "somebody wants nginx, and Prometheus goes" inside sh -c 'systemctl enable --quiet nginx && /usr/bin/apt-get purge -y -qq prometheus'
step "install-deps.sh again" inside /src/tools/install-deps.sh
equal "nginx stays as it was" "enabled disabled" "$(enabled)"
finish
