#!/usr/bin/env bash
# What is written about options, the man pages, the service's environment file and the completion, against --help.
. "$(dirname "$0")/lib.sh"
case $build in */asan | */tsan) skip_all "it is about scripts and documents" ;; esac

program=$build/medialive-distributor
source_program=$build/media-source
"$program" --help >"$work/help"
"$source_program" --help >"$work/source-help"
"$root/tools/test.sh" --help >"$work/test-help"
environment=$root/systemd/medialive-distributor.env

# The options at the beginning of a line of a help text.
options() {
  sed -nE 's/^ +(--[a-z-]+)( .*|$)/\1/p' "$1" | sort -u
}

variables() {
  grep -oE 'DISTRIBUTOR_[A-Z_]+' "$1" | sort -u
}

quietly() {
  "$@" >>"$work/quiet.log" 2>&1
}

check "help has options" test "$(options "$work/help" | wc -l)" -ge 15

# --- man pages: each option is an item of its own, and no item is none
for page in "$root/docs/man/medialive-distributor.8 $work/help" "$root/docs/man/media-source.1 $work/source-help" \
  "$root/docs/man/medialive-distributor-test.1 $work/test-help"; do
  read -r file help <<<"$page"
  name=$(basename "$file")
  equal "$name has every option, and no other" "$(options "$help")" \
    "$(sed -nE 's/^\.It Fl (-[a-z-]+).*/-\1/p' "$file" | sort -u)"
  if command -v mandoc >/dev/null; then
    equal "$name is well-formed" "" "$(mandoc -T lint -W warning "$file" | grep -v 'outdated mandoc.db')"
    check "$name can be shown" grep -q EXIT <(mandoc -T ascii "$file" | col -b)
  else
    ok "$name is well-formed # SKIP no mandoc here"
  fi
done
manual=$root/docs/man/medialive-distributor.8
equal "every variable, and no other" "$(variables "$work/help")" "$(variables "$manual")"

# The text of an option's item in the manual, without macros.
item() {
  sed -n "/^\.It Fl $1\b/,/^\.\(It\|El\)/p" "$manual" | sed '1d;$d'
}
while read -r name variable fallback; do
  check "manual: $name by $variable" grep -q "^\.Ev $variable" <(item "-${name#--}")
  [ -z "$fallback" ] || check "manual: $name, default $fallback" grep -qwF -- "$fallback" <(item "-${name#--}")
done < <(awk '/^ +--/ {name = $1} /^ +DISTRIBUTOR_/ {sub(/,$/, "", $1); print name, $1, $2 == "default" ? $3 : ""}' "$work/help")

# --- the environment file: every variable, explained, with its default, which the program accepts
equal "environment file: every variable, and no other" "$(variables "$work/help")" \
  "$(sed -nE 's/^#(DISTRIBUTOR_[A-Z_]+)=.*/\1/p' "$environment" | sort -u)"
equal "environment file: each stands once" "" "$(sed -nE 's/^#(DISTRIBUTOR_[A-Z_]+)=.*/\1/p' "$environment" | sort | uniq -d)"
equal "environment file: nothing is set" "" "$(grep -v -e '^#' -e '^$' "$environment")"
equal "environment file: each is explained" "" \
  "$(awk '/^#DISTRIBUTOR_/ && before !~ /^# / {print} {before = $0}' "$environment")"
while read -r variable fallback; do
  [ "$variable" != DISTRIBUTOR_CONFIG_DIR ] || fallback=/var/lib/medialive-distributor # the unit's
  equal "environment file: default of $variable" "#$variable=$fallback" "$(grep "^#$variable=" "$environment")"
done < <(awk '/^ +DISTRIBUTOR_.*default/ {sub(/,$/, "", $1); print $1, $3}' "$work/help")
sed -n 's/^#\(DISTRIBUTOR_\)/\1/p' "$environment" >"$work/all"
mapfile -t settings <"$work/all"
check "environment file: the program accepts all of it" quietly env "${settings[@]}" "$program" --version
check "the unit's folder is the file's" grep -qx "Environment=$(grep -oE 'DISTRIBUTOR_CONFIG_DIR=.*' "$environment")" \
  "$root/systemd/medialive-distributor.service"

# --- completion
# complete_line WORD...: what completion offers for the last word.
complete_line() {
  PATH=$build:$PATH bash -c '
    . "$1"
    shift
    _medialive_distributor "$1" "${@: -1}" "${@: -2:1}"
    printf "%s\n" "${COMPREPLY[@]}"' complete "$root/tools/completion/medialive-distributor.bash" "$@" | sort
}
equal "completion: all options" "$(options "$work/help")" "$(complete_line medialive-distributor --)"
equal "completion: all of media-source's" "$(options "$work/source-help")" "$(complete_line media-source --)"
equal "completion: the rest of a word" "--log-format
--log-level" "$(complete_line medialive-distributor --log)"
equal "completion: interfaces" "$(ls /sys/class/net)" "$(complete_line medialive-distributor --interface '')"
: >"$work/a stream.ts"
equal "completion: files" "$work/a stream.ts" "$(complete_line media-source "$work/a s")"
for option in ingest log-level log-format; do
  mapfile -t values < <(complete_line medialive-distributor "--$option" '')
  check "completion: values of --$option" test ${#values[@]} -ge 2
  for value in "${values[@]}"; do
    check "completion: the program takes --$option $value" quietly "$program" "--$option" "$value" --version
  done
  equal "completion: --$option has no other value" "" "$(grep -A 1 -- "--$option " "$work/help" |
    sed -nE 's/^ +--[a-z-]+ [A-Z]+ +([a-z, -]+).*/\1/p' | sed 's/;.*//; s/ or /, /; s/, /\n/g' | grep -vxF -f <(printf '%s\n' "${values[@]}"))"
done
finish
