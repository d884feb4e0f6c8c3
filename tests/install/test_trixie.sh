#!/usr/bin/env bash
# From a minimal trixie with nothing else: its compiler builds everything without a warning, and the unit tests
# pass with its libraries.
. "$(dirname "$0")/lib.sh"

unit_tests() {
  inside sh -c 'cd /src && tests/run.sh plain unit/test_' >"$work/units.log" 2>&1
}

step "a minimal trixie" chroot_make trixie "$dir"
chroot_source "$dir"
step "what building and the unit tests need" inside sh -c 'apt-get update -qq && /src/tools/install-deps.sh build &&
  apt-get install -y -qq --no-install-recommends libcmocka-dev iproute2 ca-certificates'
chroot_keep "$dir"
step "make" inside make -C /src -j2 all test-programs
check "the unit tests pass" unit_tests
summary=$(tail -1 "$work/units.log")
echo "# $summary"
check "all of them" test "${summary%% *}" -ge 500
grep -vE ' 0 failed|^    ok' "$work/units.log" | sed 's/^/  /' | head -40
finish
