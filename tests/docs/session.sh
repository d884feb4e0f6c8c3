#!/usr/bin/env bash
# Run one block of commands as an operator's shell would that has run the page's earlier blocks:
#
#   session.sh BLOCK STATE
#
# What they set (variables in small letters, functions, the folder they are in) is taken from the folder STATE and left
# there for the next. The first command that fails ends it, with that status; so does one of a pipe.
set -euo pipefail

session_block=$1 session_state=$2
session_names=$(compgen -v | grep -E '^[a-z]')

session_save() {
  local status=$? name
  set +e
  compgen -v | grep -E '^[a-z]' | grep -vxF "$session_names" | grep -vE '^(session_.*|name|status)$' |
    while read -r name; do declare -p "$name"; done >"$session_state/variables"
  declare -f | sed '/^session_save ()/,/^}/d' >"$session_state/functions"
  pwd >"$session_state/folder"
  exit "$status"
}

for session_file in functions variables; do
  # shellcheck source=/dev/null
  [ ! -e "$session_state/$session_file" ] || . "$session_state/$session_file"
done
[ ! -e "$session_state/folder" ] || cd "$(cat "$session_state/folder")"
trap session_save EXIT
# shellcheck source=/dev/null
. "$session_block"
