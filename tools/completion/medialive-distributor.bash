# shellcheck shell=bash
# Completion for medialive-distributor, media-source and medialive-distributor-test. Their options are those of --help, so that nothing has to be kept
# in step; of some options the values are known.

# The values of an option, one a line; fails where a file may stand.
_medialive_distributor_values() {
  case $1 in
    --interface) ls /sys/class/net ;;
    --ingest) printf '%s\n' auto xdp xdp-generic udp ;;
    --log-level) printf '%s\n' error warning info debug ;;
    --log-format) printf '%s\n' text json ;;
    --loop) printf '%s\n' forever ;;
    *) return 1 ;;
  esac
}

# Does this program's option take a value?
_medialive_distributor_wants() {
  "$1" --help 2>/dev/null | grep -qE -- "^ +$2 [A-Z]"
}

_medialive_distributor() {
  local program=$1 word=$2 before=$3 words
  COMPREPLY=()
  if words=$(_medialive_distributor_values "$before"); then
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
  elif [[ $word == -* ]]; then
    words=$("$program" --help 2>/dev/null | sed -nE 's/^ +(--[a-z-]+).*/\1/p' | sort -u)
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
  elif [[ $before == --*-dir ]]; then
    mapfile -t COMPREPLY < <(compgen -d -- "$word")
  elif [[ ${program##*/} == media-source && $before != --* ]] || _medialive_distributor_wants "$program" "$before"; then
    mapfile -t COMPREPLY < <(compgen -f -- "$word")
  fi
}

complete -o filenames -F _medialive_distributor medialive-distributor media-source medialive-distributor-test
