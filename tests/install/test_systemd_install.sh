#!/usr/bin/env bash
# systemd/install-systemd.sh: in a chroot where systemd does not run, then where it does. What it makes, that a second run
# changes nothing, that a dry run does nothing, and what removing leaves.
. "$(dirname "$0")/service.sh"

service_skip_unless_usable
make_namespaces
service_machine
unit=/etc/systemd/system/$service.service
environment=/etc/default/$service
state=/var/lib/$service
wanted=/etc/systemd/system/multi-user.target.wants/$service.service

# setup OPTION...: install-systemd.sh in the chroot, or in the machine once it runs; what it says in $work/said.
setup() {
  "${where[@]}" bash /src/systemd/install-systemd.sh "$@" >"$work/said" 2>&1
}

# Everything there is about files, users and groups, but for what time changes.
snapshot() {
  (cd "$machine" && find etc var/lib usr/local lib/systemd -xdev ! -path 'var/lib/apt*' ! -path 'var/lib/systemd*' \
    ! -path 'var/lib/dpkg*' \( -type f -exec sha256sum {} + -o -printf '%M %U:%G %p %l\n' \) | grep -v -e 'etc/passwd-' \
    -e 'etc/group-' -e 'etc/shadow-' -e 'etc/gshadow-' -e 'machine-id' | sort)
}

said() {
  grep -q -- "$1" "$work/said"
}

where=(chroot_run "$machine")
mkdir -p "$machine/src"
cp -r "$root/systemd" "$machine/src/"

# --- before the program is there
snapshot >"$work/bare"
check "$(wc -l <"$work/bare") files and folders are watched" test "$(grep -c 'etc/passwd\|lib/systemd/system/sysinit.target\|usr/local/bin' "$work/bare")" -ge 3
setup
equal "with exit status 1" 1 $?
check "and says what to do" said "make install PREFIX=/usr/local"
equal "nothing was done" "" "$(snapshot | diff "$work/bare" -)"
service_install_program
snapshot >"$work/before"

# --- options
setup --nonsense
equal "an unknown option is refused" 2 $?
for prefix in opt/relay '/opt/a b' '/opt/a&b' '/opt/%n' '/opt/a|b' ''; do
  setup --prefix "$prefix"
  equal "--prefix \"$prefix\" is refused in one line" "1 1" "$? $(wc -l <"$work/said")"
  check "\"$prefix\": it says why" said "absolute path"
done
check "--help" setup --help
check "shows the options" said "--dry-run"
check "a dry run" setup --dry-run
check "says what would be done" said "^+ useradd --system"
equal "and does nothing" "" "$(snapshot | diff "$work/before" -)"

# --- masked: somebody does not want the service
ln -s /dev/null "$machine$unit"
for option in '' --uninstall; do
  setup $option
  equal "a masked service ${option:-is not installed}: exit status" 1 $?
  equal "${option:-installing}: it says so, and no more" "install-systemd.sh: the service is masked: systemctl unmask $service" "$(cat "$work/said")"
done
rm "$machine$unit"
equal "nothing was done" "" "$(snapshot | diff "$work/before" -)"

# --- a chroot
check "installed in a chroot" setup
check "it says that systemd does not run" said "starts with the next boot"
equal "the user" "$service /var/lib/$service /usr/sbin/nologin" \
  "$(awk -F: -v user="$service" '$1 == user {print $1, $6, $7}' "$machine/etc/passwd")"
owner=$(awk -F: -v user="$service" '$1 == user {print $3 ":" $4}' "$machine/etc/passwd")
equal "the folder is the user's, and closed to others" "$owner 750" "$(stat -c '%u:%g %a' "$machine$state")"
check "the unit has the path of the program" grep -qx "ExecStart=/usr/local/bin/$service" "$machine$unit"
equal "and nothing else has changed in it" "1" "$(diff "$root/systemd/$service.service" "$machine$unit" | grep -c '^>')"
check "it is enabled" test -L "$machine$wanted"
check "the environment file" cmp "$root/systemd/$service.env" "$machine$environment"
snapshot >"$work/after"
check "a second run" setup
equal "changes nothing" "" "$(snapshot | diff "$work/after" -)"
equal "and runs no command" "" "$(grep '^+' "$work/said")"

# --- settings are the operator's
printf 'DISTRIBUTOR_HTTP=%s\n' "$http" >"$machine$environment"
check "a third run" setup
equal "keeps settings that were edited" "DISTRIBUTOR_HTTP=$http" "$(cat "$machine$environment")"
check "and names those that they do not mention" said "it does not mention: .*DISTRIBUTOR_INTERFACE"
sed -i 's/^RestartSec=.*/RestartSec=77/' "$machine$unit"
check "a fourth run" setup
check "writes the unit anew" grep -qx RestartSec=2 "$machine$unit"

# --- a unit that cannot be written, not even by root
mv "$machine/etc/systemd/system" "$machine/etc/systemd/away"
: >"$machine/etc/systemd/system"
setup
equal "a unit that cannot be written: exit status" 1 $?
check "it says so" said "$unit could not be written"
equal "and does not go on" "" "$(grep -e 'up to date' -e enable "$work/said")"
rm "$machine/etc/systemd/system"
mv "$machine/etc/systemd/away" "$machine/etc/systemd/system"
mv "$machine$unit" "$machine$unit.away"
mkdir "$machine$unit"
setup
equal "a unit that is a folder: exit status" 1 $?
check "nothing is left of it" test ! -e "$machine$unit.new"
rmdir "$machine$unit"
mv "$machine$unit.away" "$machine$unit"
check "with the unit as it was" setup
check "nothing is to be done" said "$unit is up to date"

# --- a machine that runs
service_boot
where=(inside)
check "the service has started with the machine" api_answers
check "a run while it runs" setup
check "leaves it alone" said "the service is enabled and active, and stays so"
program=$(property MainPID)
sed -i 's/^RestartSec=.*/RestartSec=77/' "$machine$unit"
check "a new unit" setup
check "does not interrupt it" said "it runs as before until: systemctl restart"
equal "it is the same process" "$program" "$(property MainPID)"
inside systemctl disable --now --quiet "$service"
check "an update of a standby, stopped and disabled" setup
check "says what it is" said "the service is disabled and inactive, and stays so"
equal "and leaves it so" "disabled inactive" "$(inside systemctl is-enabled "$service") $(inside systemctl is-active "$service")"
inside systemctl enable --now --quiet "$service"
check "until somebody starts it" api_answers
program=$(property MainPID)
make_channel kept 5000
check "a channel is stored" grep -q kept "$machine$state/channels.json"
check "a dry run of removing" setup --purge --dry-run
check "says what would be done" said "^+ userdel $service"
equal "and does nothing: it is the same process" "$program" "$(property MainPID)"

# --- removing
check "removed" setup --uninstall
check "the service is gone" bash -c '! "$@"' not test -e "$machine$unit" -o -L "$machine$wanted"
equal "the program has ended" "" "$(pgrep -f "^/usr/local/bin/$service" --ns "$(systemd_leader)" --nslist pid)"
equal "no folder in bpffs" "" "$(inside ls /sys/fs/bpf | grep "$service")"
check "configuration, settings and user stay" test -s "$machine$state/channels.json" -a -s "$machine$environment"
check "removing again" setup --uninstall
check "installed again, for the next boot" setup --no-start
sed -i 's|^ExecStart=.*|ExecStart=relative|' "$machine$unit"
inside systemctl daemon-reload
check "a unit that systemd does not load is removed" setup --uninstall
check "all of it" bash -c '! "$@"' not test -e "$machine$unit" -o -L "$machine$wanted"
check "installed again" setup
check "the channel is there again" api_answers
equal "by its name" kept "$(api GET /api/channels && json '.channels[0].name')"
check "removed with all that is its own" setup --purge
equal "nothing is left" "" "$(snapshot | diff "$work/before" -)"
equal "no user" "" "$(grep "^$service:" "$machine/etc/passwd" "$machine/etc/group" "$machine/etc/shadow")"

# --- a program elsewhere: who removes it need not know where
install -D "$machine/usr/local/bin/$service" "$machine/opt/relay/bin/$service"
rm "$machine/usr/local/bin/$service"
xdp_attached() {
  ip -n "$ns" link show "$veth" | grep -q prog/xdp
}
check "installed with --prefix" setup --prefix /opt/relay --no-start
set_options "INTERFACE=$veth" INGEST=xdp "HTTP=$http"
check "it starts" inside systemctl start "$service"
check "and answers" api_answers
inside systemctl kill --signal=KILL "$service"
wait_for 10 property_is SubState auto-restart
check "it was killed: XDP is still attached" xdp_attached
check "removed without --prefix" setup --purge
check "its program has tidied up" said "^+ /opt/relay/bin/$service --detach"
equal "XDP is no longer attached" "" "$(xdp_attached && echo attached)"

# --- a program that was killed, then removed: what it has left is nobody's
check "installed once more" setup --prefix /opt/relay --no-start
set_options "INTERFACE=$veth" INGEST=xdp "HTTP=$http"
check "started" inside systemctl start "$service"
inside systemctl kill --signal=KILL "$service"
wait_for 10 property_is SubState auto-restart
rm "$machine/opt/relay/bin/$service"
inside systemctl stop "$service"
check "its unit is removed" setup --uninstall
check "what it has left is told" said "XDP is still attached.* rm -r /sys/fs/bpf/$service"
check "and it is there" xdp_attached
check "the command that was told" inside rm -r "/sys/fs/bpf/$service"
check "detaches it" wait_for 5 bash -c "! ip -n $ns link show $veth | grep -q prog/xdp"
finish
