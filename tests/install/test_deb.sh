#!/usr/bin/env bash
# The Debian package, from nothing: built, looked at, installed in a clean Debian by apt, run over a real stream, removed,
# purged. First with the program started by hand in a chroot, then as a service of a systemd that runs.
. "$(dirname "$0")/service.sh"

service_skip_unless_usable
for command in dpkg-buildpackage dh lintian; do
  command -v "$command" >/dev/null || skip_all "no $command here (make deps)"
done
make_namespaces
make_ts "$work/generated.ts" 4

# --- the package
make --no-print-directory -C "$root" deb >"$work/deb.log" 2>&1 || {
  not_ok "make deb" "$(tail -5 "$work/deb.log")"
  finish
}
package=$(echo "$root"/build/deb/*.deb)
check "make deb: $(basename "$package"), $(size_of "$package") bytes" test -f "$package"
lintian --allow-root --fail-on error --display-level '>=warning' "$package" >"$work/lintian" 2>&1
equal "lintian has no complaint" "0 " "$? $(cat "$work/lintian")"
field() {
  dpkg-deb --field "$package" "$1"
}
equal "the version is the program's" "$("$build/medialive-distributor" --version)" "medialive-distributor $(field Version)"
check "installed size: $(field Installed-Size) kB, at most 5 MB" test "$(field Installed-Size)" -le 5120
# Whatever library the programs ask for by name is of a package that is depended on.
dpkg-deb --extract "$package" "$work/files"
missing=()
while read -r library; do
  grep -qxF -f <(dpkg-query --search "*/$library" 2>/dev/null | sed 's/[:,].*//' | sort -u) \
    <(field Depends | tr ',' '\n' | sed -E 's/^ *([^ ]+).*/\1/') || missing+=("$library")
done < <(objdump -p "$work"/files/usr/bin/* | sed -n 's/^ *NEEDED *//p' | grep -v '^ld-linux' | sort -u)
equal "every library is depended on" "" "${missing[*]}"
equal "settings are a conffile" "/etc/default/$service" "$(dpkg-deb --info "$package" conffiles)"
for file in usr/bin/{medialive-distributor,media-source,medialive-distributor-test} \
  usr/share/man/man{8/medialive-distributor.8,1/media-source.1,1/medialive-distributor-test.1}.gz \
  usr/share/bash-completion/completions/{medialive-distributor,media-source,medialive-distributor-test} \
  usr/share/medialive-distributor/dashboard/index.html usr/share/doc/medialive-distributor/copyright; do
  check "it has /$file" test -e "$work/files/$file"
done
check "debug information is left out" bash -c '! objdump -h "$1" | grep -q debug_info' no "$work/files/usr/bin/$service"

# links FILE: where it points to on this disk.
links() {
  grep -oE '\]\([^)]+\)|(src|srcset)="[^"]+"' "$1" | sed -E 's/^(\]\(|[a-z]+=")//; s/[)"]$//; s/#.*//' | grep -vE '^$|^[a-z]+:'
}
documents=$work/files/usr/share/doc/$service
followed=0 broken=()
while read -r document; do
  while read -r link; do
    followed=$((followed + 1))
    [ -e "$(dirname "$document")/$link" ] || broken+=("${document#"$documents/"}: $link")
  done < <(links "$document")
done < <(find "$documents" -name '*.md')
equal "no document has a link to what is not there" "" "${broken[*]}"
check "which are $followed" test "$followed" -ge 50
equal "all pages of docs/ are there" "$(cd "$root/docs" && find . -name '*.md' | sort)" "$(cd "$documents/docs" && find . -name '*.md' | sort)"

# --- a clean Debian without systemd
# What is in the machine, but for what apt and dpkg keep for themselves.
snapshot() {
  (cd "$machine" && find etc usr var/lib lib/systemd -xdev ! -path 'var/lib/apt*' ! -path 'var/lib/dpkg*' \
    ! -path 'var/lib/systemd*' -printf '%p\n' | sort)
}
# apt ACTION ARGUMENT...
apt() {
  "${where[@]}" apt-get -y -qq --no-install-recommends "$@" >"$work/apt.log" 2>&1 && return
  tail -5 "$work/apt.log"
  return 1
}
installed() {
  "${where[@]}" dpkg-query --show --showformat '${db:Status-Status}' "$service" 2>/dev/null
}

machine=$work/machine
chroot_make "$(service_suite)" "$machine" || skip_all "no Debian to install from"
where=(chroot_run "$machine")
apt update || skip_all "no packages to be had"
apt install adduser curl jq srt-tools procps # what stays for the test; adduser stays when what needed it goes
cp "$package" "$machine/var/tmp/$service.deb"
snapshot >"$work/before"
check "apt installs it" apt install "/var/tmp/$service.deb"
equal "it is installed" installed "$(installed)"
equal "the user" "$service /var/lib/$service /usr/sbin/nologin" \
  "$(awk -F: -v user="$service" '$1 == user {print $1, $6, $7}' "$machine/etc/passwd")"
equal "its folder is closed to others" 750 "$(stat -c %a "$machine/var/lib/$service")"
check "the service is enabled" test -L "$machine/etc/systemd/system/multi-user.target.wants/$service.service"

CHROOT_NETNS=/run/netns/$ns chroot_start "$machine" setpriv --reuid="$service" --regid="$service" --clear-groups \
  --inh-caps=-all --ambient-caps=-all medialive-distributor --http "$http" --config-dir "/var/lib/$service" \
  2>"$work/distributor.log"
pids+=("$chroot_pid")
check "the program runs, as its user" api_answers
deliver "by hand" udp
api GET /
equal "the dashboard is there" 200 "$status"
CHROOT_NETNS=/run/netns/$ns chroot_run "$machine" medialive-distributor-test --url "http://$http" >"$work/acceptance.log" 2>&1
outcome=$? # not below: $() would set it anew
equal "medialive-distributor-test is satisfied: $(tail -1 "$work/acceptance.log")" 0 $outcome
grep -E '^not ok|# SKIP' -A 1 "$work/acceptance.log" | sed 's/^/# /'
check "it had a stream" grep -q '^ok .*byte' "$work/acceptance.log"
stop_pid "$chroot_pid"
equal "it ends cleanly" 0 $?

# --- remove keeps what is the operator's, purge does not
echo "DISTRIBUTOR_HTTP=$http" >>"$machine/etc/default/$service"
check "apt removes it" apt remove "$service"
equal "configuration files stay" config-files "$(installed)"
check "settings and channels stay" test -s "$machine/etc/default/$service" -a -s "$machine/var/lib/$service/channels.json"
check "the program is gone" test ! -e "$machine/usr/bin/$service"
check "installed again" apt install "/var/tmp/$service.deb"
check "settings that were edited are kept" grep -q "^DISTRIBUTOR_HTTP=$http" "$machine/etc/default/$service"
check "apt purges it" apt purge "$service"
apt autoremove --purge
equal "nothing is left" "" "$(snapshot | diff "$work/before" - | grep '^>' | grep -v -e '/\(group\|passwd\|shadow\|gshadow\)-$')"
equal "no user" "" "$(grep "^$service:" "$machine/etc/passwd" "$machine/etc/group")"

# --- a machine with systemd
apt install systemd systemd-sysv dbus iproute2
rm -f "$machine/usr/sbin/policy-rc.d" # packages start their services
service_boot
where=(inside)
snapshot >"$work/before"
check "apt installs it where systemd runs" apt install "/var/tmp/$service.deb"
check "the service runs at once" api_answers
check "by the unit of the package" grep -qE "^active (/usr)?/lib/systemd/system/$service.service$" \
  <(echo "$(property ActiveState) $(property FragmentPath)")
set_options "INTERFACE=$veth" INGEST=xdp "HTTP=$http"
check "with other settings" inside systemctl restart "$service"
deliver "service of the package" xdp
program=$(property MainPID)
check "the package again" apt install --reinstall "/var/tmp/$service.deb"
check "restarts the service" api_answers
check "with a new process" test "$(property MainPID)" != "$program"
equal "and keeps the settings" "DISTRIBUTOR_INTERFACE=$veth" "$(head -1 "$machine/etc/default/$service")"

# --- beside the unit of systemd/install-systemd.sh
setup=(inside bash "/usr/share/doc/$service/systemd/install-systemd.sh")
unit=/etc/systemd/system/$service.service
sed 's/^RestartSec=.*/RestartSec=77/' "$root/systemd/$service.service" >"$machine$unit"
check "installed where such a unit is" apt install --reinstall "/var/tmp/$service.deb"
equal "it warns, in one line" 1 "$(grep -c "warning: $unit is used instead of this package's unit" "$work/apt.log")"
quietly "${setup[@]}" --uninstall
equal "what the warning names removes it" "0 gone" "$? $([ -e "$machine$unit" ] || echo gone)"
check "the package's is enabled and started" inside systemctl enable --quiet --now "$service"
check "it is the package's" grep -q "^/\(usr/\)\?lib/" <(property FragmentPath)
check "the service runs" api_answers
check "installed again, without such a unit" apt install --reinstall "/var/tmp/$service.deb"
equal "there is no warning" "" "$(grep warning: "$work/apt.log")"
for action in '' --purge; do
  # shellcheck disable=SC2086 # no action, no argument
  "${setup[@]}" $action >"$work/said" 2>&1
  equal "install-systemd.sh ${action:-} is refused beside the package" "1 1" "$? $(grep -c "the package's" "$work/said")"
done
check "and has written no unit" test ! -e "$machine$unit"
check "nor removed what is the package's" api_answers

# --- removed
inside systemctl kill --signal=KILL "$service"
check "removed while it restarts" apt remove "$service"
check "no XDP program is left" bash -c "! ip -n $ns link show $veth 2>/dev/null | grep -q prog/xdp"
equal "no folder in bpffs" "" "$(inside ls /sys/fs/bpf | grep "$service")"
check "purged" apt purge "$service"
apt autoremove --purge
nothing_is_left() {
  equal "nothing is left $1" "" "$(snapshot | diff "$work/before" - | grep '^>' | grep -v -e '/\(group\|passwd\|shadow\|gshadow\)-$')"
  equal "no user, no service $1" "" "$(grep "^$service:" "$machine/etc/passwd"; inside systemctl list-units --all --no-legend "$service*")"
}
nothing_is_left "here either"

# --- from an older version, back to it and on again: its settings have a line that the new ones have not
dpkg-deb --raw-extract "$package" "$work/older"
sed -i 's/^Version: .*/Version: 0.0.1/' "$work/older/DEBIAN/control"
echo '# of the older version' >>"$work/older/etc/default/$service"
dpkg-deb --build "$work/older" "$machine/var/tmp/older.deb" >"$work/build.log"
settings=$machine/etc/default/$service
# version_is NAME VERSION: that one is installed and serves the channel, as the same user.
version_is() {
  equal "$1" "$2 $owner" "$("${where[@]}" dpkg-query --show --showformat '${Version}' "$service") $(stat -c %u "$machine/var/lib/$service")"
  check "$1: the API answers" api_answers
  equal "$1: the channel" kept "$(api GET /api/channels && json '.channels[0].name')"
}
http=127.0.0.1:8000 # the default
check "the older version" apt install /var/tmp/older.deb
check "it answers" api_answers
make_channel kept 5000
owner=$(inside id -u "$service")
check "its settings" grep -qx '# of the older version' "$settings"
check "upgraded" apt install "/var/tmp/$service.deb"
version_is "upgraded" "$(field Version)"
check "settings that nobody has edited are the new ones" cmp "$root/systemd/$service.env" "$settings"
echo DISTRIBUTOR_LOG_LEVEL=debug >>"$settings"
keep=(-o Dpkg::Options::=--force-confold)
check "downgraded" apt install "${keep[@]}" --allow-downgrades /var/tmp/older.deb
version_is "downgraded" 0.0.1
equal "settings that were edited are kept" DISTRIBUTOR_LOG_LEVEL=debug "$(tail -1 "$settings")"
check "upgraded again" apt install "${keep[@]}" "/var/tmp/$service.deb"
version_is "upgraded again" "$(field Version)"
equal "settings that were edited are kept again" DISTRIBUTOR_LOG_LEVEL=debug "$(tail -1 "$settings")"
check "removed with upgrades behind it" apt remove "$service"
check "channels stay" test -s "$machine/var/lib/$service/channels.json"
check "purged with upgrades behind it" apt purge "$service"
apt autoremove --purge
rm "$machine/var/tmp/older.deb"
nothing_is_left "after upgrades"
finish
