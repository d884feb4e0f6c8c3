#!/usr/bin/env bash
# Run the tests and sum them up in one last line: N passed, N failed, N skipped.
#
#   tests/run.sh                      everything: plain, ASAN, TSAN builds, browser
#   tests/run.sh quick                unit, BPF and integration tests of the plain build
#   tests/run.sh plain|asan|tsan [PATTERN]   one build, programs whose name has PATTERN
#   tests/run.sh browser              the dashboard
#
# Every program prints TAP lines (ok, not ok, # SKIP); its output is kept in build/test/.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

passed=0 failed=0 skipped=0
# The thread sanitizer cannot map its shadow where addresses are randomised over 32 bits.
fixed_layout=(setarch -R)
setarch -R true 2>/dev/null || fixed_layout=()
logs=build/test
mkdir -p "$logs"

# Run a program, show its results, count them. A program that fails without saying so counts as failed.
run_program() {
  local title=$1 log status ok not_ok skip began=$SECONDS
  shift
  log=$logs/${title//[\/ ]/-}.log
  timeout --kill-after=10 "${TEST_TIMEOUT:-600}" "$@" >"$log" 2>&1
  status=$?
  skip=$(grep -cE '^(not )?ok .*# SKIP' "$log")
  ok=$(grep -E '^ok ' "$log" | grep -vc '# SKIP')
  not_ok=$(grep -E '^not ok ' "$log" | grep -vc '# SKIP')
  if [ "$status" -ne 0 ] && [ "$not_ok" -eq 0 ]; then
    not_ok=1
    echo "not ok - $title ended with status $status" >>"$log"
  fi
  passed=$((passed + ok)) failed=$((failed + not_ok)) skipped=$((skipped + skip))
  printf '%-44s %3d passed %3d failed %3d skipped %4d s\n' "$title" "$ok" "$not_ok" "$skip" $((SECONDS - began))
  grep -E '^(not )?ok .*# SKIP' "$log" | sed 's/^/    /' | head -20
  if [ "$not_ok" -gt 0 ]; then
    grep -E -A 4 '^not ok' "$log" | head -40 | sed 's/^/    /'
    grep -vE '^(ok |not ok |# |1\.\.|TAP )' "$log" | tail -20 | sed 's/^/    /'
  fi
}

# One build: its unit, BPF and integration tests.
run_build() {
  local name=$1 pattern=${2:-} build=build program
  local -a flags=()
  case $name in
    asan) build=build/asan flags=(ASAN=1) ;;
    tsan) build=build/tsan flags=(TSAN=1) ;;
  esac
  if ! make --no-print-directory -j"$(nproc)" test-programs "${flags[@]}" >"$logs/build-$name.log" 2>&1; then
    echo "build $name failed:"
    tail -20 "$logs/build-$name.log"
    failed=$((failed + 1))
    return
  fi
  export BUILD_DIR=$PWD/$build CMOCKA_MESSAGE_OUTPUT=TAP
  export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0 UBSAN_OPTIONS=print_stacktrace=1
  export TSAN_OPTIONS=suppressions=$PWD/tests/tsan.supp:second_deadlock_stack=1
  for program in "$build"/unit/test_* "$build"/bpf-tests/test_* tests/integration/test_*.sh; do
    [[ $program == *"$pattern"* && -x $program ]] || continue
    run_program "$name $(basename "$program" .sh)" "${fixed_layout[@]}" "$program"
  done
}

# The builds with sanitizers, side by side: they mostly wait. Each has a network of its own, for unit tests take ports.
run_sanitizers() {
  local name line
  local -a apart=(unshare --net -- bash -c 'ip link set lo up && exec "$@"' apart) pids=()
  "${apart[@]}" true 2>/dev/null || apart=(env)
  echo "the builds with sanitizers, side by side (to watch: $logs/asan.out, $logs/tsan.out)"
  for name in asan tsan; do
    "${apart[@]}" tests/run.sh "$name" >"$logs/$name.out" 2>&1 &
    pids+=($!)
    [ "${apart[0]}" != env ] || wait $!
  done
  wait "${pids[@]}"
  for name in asan tsan; do
    line=$(tail -n 1 "$logs/$name.out")
    sed '$d' "$logs/$name.out"
    if [[ $line =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed,\ ([0-9]+)\ skipped$ ]]; then
      passed=$((passed + BASH_REMATCH[1])) failed=$((failed + BASH_REMATCH[2]))
      skipped=$((skipped + BASH_REMATCH[3]))
    else
      echo "the tests of $name did not end: $line"
      failed=$((failed + 1))
    fi
  done
}

run_browser() {
  local log=$logs/npm.log
  if ! npm --prefix tests/browser ci --silent >"$log" 2>&1; then
    cat "$log"
    failed=$((failed + 1))
    return
  fi
  run_program browser tests/browser/run.sh
}

case ${1:-all} in
  all)
    run_program lint make --no-print-directory lint
    run_build plain
    run_browser
    run_sanitizers
    ;;
  quick) run_build plain ;;
  plain | asan | tsan) run_build "$@" ;;
  browser) run_browser ;;
  *)
    echo "usage: tests/run.sh [quick|plain|asan|tsan|browser] [PATTERN]" >&2
    exit 2
    ;;
esac

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
