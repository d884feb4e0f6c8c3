#!/usr/bin/env bash
# The environment files name the variables that the program has, with its defaults, each explained; and the
# program takes every value in them.
. "$(dirname "$0")/lib.sh"
case $build in */asan | */tsan) skip_all "it is about scripts and documents" ;; esac

"$build/medialive-distributor" --help >"$work/help"
# "NAME DEFAULT" of each variable that --help names.
sed -nE 's/^ +(DISTRIBUTOR_[A-Z_]+)(, default (.*))?$/\1 \3/p' "$work/help" | sort >"$work/wanted"
check "--help names variables" test "$(wc -l <"$work/wanted")" -ge 10

# variables FILE: as above; what a line that is commented out would set counts.
variables() {
  sed -nE 's/^#?(DISTRIBUTOR_[A-Z_]+)=(.*)$/\1 \2/p' "$1" | sort
}

# unexplained FILE: variables without a comment in prose above them.
unexplained() {
  awk '/^#?DISTRIBUTOR_[A-Z_]+=/ { if (!prose) print; prose = 0; next }
       /^# / { prose = 1; next }
       { prose = 0 }' "$1"
}

# accepted FILE: the program parses all of it; --version ends it then.
accepted() {
  local -a values
  mapfile -t values < <(sed -nE 's/^#?(DISTRIBUTOR_[A-Z_]+=.*)$/\1/p' "$1")
  env -i "${values[@]}" "$build/medialive-distributor" --version >/dev/null
}

for file in .env.example systemd/medialive-distributor.env; do
  variables "$root/$file" >"$work/got"
  equal "$file: the variables are those of --help" "$(cut -d' ' -f1 "$work/wanted")" "$(cut -d' ' -f1 "$work/got")"
  equal "$file: each has its explanation" "" "$(unexplained "$root/$file")"
  check "$file: the program takes its values" accepted "$root/$file"
done
variables "$root/.env.example" >"$work/got"
equal ".env.example: the defaults are those of --help" "$(cat "$work/wanted")" "$(cat "$work/got")"

# What systemd's file says that it may be an example of is no default.
while read -r name default; do
  value=$(sed -nE "s/^#?$name=(.*)/\1/p" "$root/systemd/medialive-distributor.env")
  case $name in
    DISTRIBUTOR_CONFIG_DIR | DISTRIBUTOR_INTERFACE | DISTRIBUTOR_ZERO_COPY) ;; # the unit's, an example, spelt out
    *) equal "systemd's $name is the default" "$default" "$value" ;;
  esac
done <"$work/wanted"
finish
