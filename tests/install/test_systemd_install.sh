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
check "--help" setup --help
check "shows the options" said "--dry-run"
check "a dry run" setup --dry-run
check "says what would be done" said "^+ useradd --system"
equal "and does nothing" "" "$(snapshot | diff "$work/before" -)"

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

# --- a machine that runs
service_boot
where=(inside)
check "the service has started with the machine" api_answers
check "a run while it runs" setup
check "leaves it alone" said "the service runs"
program=$(property MainPID)
sed -i 's/^RestartSec=.*/RestartSec=77/' "$machine$unit"
check "a new unit" setup
check "does not interrupt it" said "it runs as before until: systemctl restart"
equal "it is the same process" "$program" "$(property MainPID)"
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
check "installed again" setup
check "the channel is there again" api_answers
equal "by its name" kept "$(api GET /api/channels && json '.channels[0].name')"
check "removed with all that is its own" setup --purge
equal "nothing is left" "" "$(snapshot | diff "$work/before" -)"
equal "no user" "" "$(grep "^$service:" "$machine/etc/passwd" "$machine/etc/group" "$machine/etc/shadow")"
finish
