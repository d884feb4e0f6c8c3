#!/usr/bin/env bash
# Every block of code in every document: commands are run and succeed, or it is said why they cannot be here.
#
# The marks, an HTML comment alone on the line above a block:
#
#   needs: aws                  it needs an account of AWS
#   needs: host: REASON         it changes the machine, or takes what a test does not have
#   keeps running               it goes on while the rest of the page is run
#   prints                      every word of the block is in what the commands before it have printed
#   example                     of a file or of output, with values that differ from case to case
#
# and on a line of its own, for the whole page:
#
#   place: bare                 no distributor runs when the page begins
#   place: trouble              tests/docs/trouble.sh has put things wrong
#   every block: FILE           the test FILE runs the blocks of this page
#
# What is not marked is run when its language is sh, and when it has none. JSON has to be JSON. In commands,
# channels/ID and outputs/OUTPUT_ID stand for the first of them that there is. PAGES='README.md …' runs these alone.
# SHOW=1 shows what they print.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/../docs/place.sh"
. "$(dirname "$0")/../docs/trouble.sh"
case $build in */asan | */tsan) skip_all "the documents are run once, with the plain build" ;; esac

documents() {
  (cd "$root" && find . \( -name node_modules -o -name build -o -name '.?*' -o -path ./tests/docs \) -prune -o -name '*.md' -print) |
    sed 's,^\./,,' | sort
}

# first FILTER: an id that the program's list of channels has.
first() {
  api GET /api/channels && json "$1 // empty"
}

# A page that says channels/ID without having made one gets one.
fill_in_ids() {
  local id output
  grep -q 'channels/ID' "$1" || return 0
  if [ -z "$(first '.channels[0].id')" ]; then
    make_channel Page 5009 && add_output "$channel" "srt://receiver.example:9003"
  fi
  id=$(first '.channels[0].id')
  output=$(first '.channels[0].outputs[0].id')
  sed -i "s,channels/ID,channels/$id,g; s,outputs/OUTPUT_ID,outputs/$output,g" "$1"
}

# documented BLOCK: its commands, in the clone to stand in. They may write there, to their own /var/lib and nowhere else.
documented() {
  cd "$work/clone" && PATH=$work/bin:$PATH TMPDIR=$work/tmp exec setsid unshare --mount \
    "$BASH" -c 'mount --bind "$0" "$0" && mount -o remount,bind,ro / && cd . && exec "$@"' "$work" \
    nsenter --net="/run/netns/$ns" "$root/tests/docs/session.sh" "$1" "$state"
}

# run_commands BLOCK: in the distributor's namespace; what they print in $state/printed, and with SHOW=1 here as well.
run_commands() {
  local status
  fill_in_ids "$1"
  (documented "$1") >"$state/printed" 2>&1 &
  end_in_time $! 60
  status=$?
  [ -z "${SHOW:-}" ] || awk '{ print "# " $0 }' "$state/printed"
  return "$status"
}

# end_in_time PID SECONDS: its exit status; a process group that goes on is ended.
end_in_time() {
  wait_for "$2" gone "$1" || kill -KILL -- "-$1"
  wait "$1"
}

# keep_running BLOCK: in a process group of its own, ended with the page.
keep_running() {
  (documented "$1") >"$1.log" 2>&1 &
  page_pids+=($!)
  pids+=($!)
  local pid=$! port
  sleep 1.5
  if grep -q medialive-distributor "$1"; then
    port=$(sed -n 's/.*--http [^ ]*:\([0-9]*\).*/\1/p' "$1")
    wait_for 20 serves_or_gone "${port:-8000}" "$pid"
  fi
  kill -0 "$pid" 2>/dev/null || {
    cp "$1.log" "$state/printed"
    return 1
  }
}

serves_or_gone() {
  tcp_listening "$1" || gone "$2"
}

end_page() {
  local pid
  for pid in "${page_pids[@]}"; do
    kill -TERM -- "-$pid" 2>/dev/null
  done
  for pid in "${page_pids[@]}"; do
    wait_for 10 gone "$pid" || kill -KILL -- "-$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
  done
  page_pids=()
  [ -z "$distributor_pid" ] || check "$page: the distributor ends cleanly" stop_distributor
  rm -rf "$work/config" /var/lib/medialive-distributor/*
}

gone() {
  ! kill -0 "$1" 2>/dev/null
}

words() {
  grep -oE '[A-Za-z_]{3,}' "$1" | sort -u
}

# run_here NAME BLOCK
run_here() {
  run_count=$((run_count + 1))
  if run_commands "$2"; then ok "$1"; else
    not_ok "$1" "$(tail -5 "$state/printed")"
  fi
}

# do_block NAME BLOCK LANGUAGE MARK
do_block() {
  case "$4" in
    'needs: aws'* | 'needs: host: '?*) elsewhere_count=$((elsewhere_count + 1)) && return ;;
    example) return ;;
    'keeps running')
      if keep_running "$2"; then ok "$1 keeps running"; else not_ok "$1 keeps running" "$(tail -5 "$state/printed")"; fi
      return
      ;;
    prints) equal "$1 is printed" "" "$(comm -23 <(words "$2") <(words "$state/printed"))" && return ;;
    '') ;;
    *) not_ok "$1: the mark means something" "$4" && return ;;
  esac
  case "$3" in
    sh | bash | none) run_here "$1" "$2" ;;
    json) check "$1 is JSON" jq empty "$2" ;;
    text | ini | yaml | nginx | c | promql) ;; # nothing that could be run
    *) not_ok "$1: the language means something" "$3" ;;
  esac
}

# begin_page: the marks of the page itself; false when its blocks are run elsewhere.
begin_page() {
  local mark place='' elsewhere=''
  while IFS=$'\037' read -r number _ _ mark; do
    [ "$number" = 0 ] || continue
    case $mark in
      'place: bare' | 'place: trouble') place=${mark#place: } ;;
      'every block: '*) elsewhere=${mark#every block: } ;;
      *) not_ok "$page: the mark means something" "$mark" ;;
    esac
  done <"$blocks/list"
  if [ "$elsewhere" ]; then
    check "$page: $elsewhere runs it" grep -qF "$page" "$root/$elsewhere"
    return 1
  fi
  state=$work/pages/${page//\//-}.state
  mkdir -p "$state"
  : >"$state/printed"
  [ "$place" = bare ] || start_distributor --interface "$veth"
  [ "$place" != trouble ] || make_trouble
}

do_page() {
  local page=$1 blocks=$work/pages/${1//\//-} number line language mark
  mkdir -p "$blocks"
  awk -v folder="$blocks" -f "$root/tests/docs/blocks.awk" "$root/$page" >"$blocks/list"
  [ -s "$blocks/list" ] || return
  begin_page || return
  while IFS=$'\037' read -r number line language mark <&4; do
    [ "$number" = 0 ] || do_block "$page:$line" "$blocks/$number" "$language" "$mark"
  done 4<"$blocks/list"
  end_page
}

# changes_nothing: a documented command cannot write outside; so much is tried with a file that would do no harm.
changes_nothing() {
  local state=$work/attempt file
  file=$(mktemp -u "$root/build/docs-attempt.XXXXXX")
  mkdir -p "$state"
  echo "touch '$file'" >"$state/block"
  ! run_commands "$state/block" && [ ! -e "$file" ] && grep -q 'Read-only' "$state/printed"
}

page_pids=() run_count=0 elsewhere_count=0
make_place
changes_nothing || {
  not_ok "what a page says cannot change the machine" "$(cat "$work/attempt/printed")"
  finish
}
ok "what a page says cannot change the machine"
equal "every fault of tests/docs/faulty.md is found" 8 "$(do_page tests/docs/faulty.md 2>/dev/null | grep -c '^not ok')"
if command -v node >/dev/null; then
  equal "lint finds every name of tests/docs/faulty-names.md" 14 \
    "$(cd "$root" && node tools/docs/lint.mjs tests/docs/faulty-names.md | grep -c .)"
fi
for document in ${PAGES:-$(documents)}; do
  do_page "$document"
done
echo "# $run_count blocks of commands were run, besides those that keep running; $elsewhere_count need AWS or a host of their own"
finish
