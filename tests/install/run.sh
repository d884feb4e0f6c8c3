#!/usr/bin/env bash
# Install by each of the ways, from nothing, and sum up in one last line: N passed, N failed, N skipped.
#
#   tests/install/run.sh [PATTERN]   the test_*.sh here whose name has PATTERN
#
# Needs root, and takes its time: Debian is unpacked, packages are fetched, the program is built several
# times. What is fetched is kept in CHROOT_CACHE (build/chroots). Each test's output is in build/test/.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1

passed=0 failed=0 skipped=0
logs=build/test
mkdir -p "$logs"
for program in tests/install/test_*"${1:-}"*.sh; do
  [ -x "$program" ] || continue
  title=$(basename "$program" .sh) began=$SECONDS
  log=$logs/install-$title.log
  timeout --kill-after=30 "${TEST_TIMEOUT:-1800}" "$program" >"$log" 2>&1
  status=$?
  skip=$(grep -cE '^ok .*# SKIP' "$log")
  ok=$(grep -E '^ok ' "$log" | grep -vc '# SKIP')
  not_ok=$(grep -cE '^not ok ' "$log")
  if [ "$status" -ne 0 ] && [ "$not_ok" -eq 0 ]; then
    not_ok=1
    echo "not ok - $title ended with status $status" >>"$log"
  fi
  passed=$((passed + ok)) failed=$((failed + not_ok)) skipped=$((skipped + skip))
  printf '%-30s %3d passed %3d failed %3d skipped %4d s\n' "$title" "$ok" "$not_ok" "$skip" $((SECONDS - began))
  grep -E '^ok .*# SKIP' "$log" | sed 's/^/    /'
  [ "$not_ok" -eq 0 ] || grep -E -A 12 '^not ok' "$log" | head -60 | sed 's/^/    /'
done
if [ $((passed + failed + skipped)) -eq 0 ]; then
  echo "no test in tests/install has \"${1:-}\" in its name" >&2
  failed=1
fi

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
