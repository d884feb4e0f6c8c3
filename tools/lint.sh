#!/usr/bin/env bash
# Check format, the include rule, C and shell sources. Arguments: the files to check.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

c_files=() shell_files=() failed=0
for file in "$@"; do
  case $file in
    *.c | *.h) c_files+=("$file") ;;
    *) [ -e "$file" ] && shell_files+=("$file") ;;
  esac
done

step() {
  local name=$1
  shift
  if "$@"; then echo "ok - $name"; else
    echo "not ok - $name"
    failed=1
  fi
}

# The order of the folders: each may include itself and those to its left.
check_includes() {
  local bad=0 file folder allowed include
  declare -A may=(
    [base]='base' [media]='base media' [relay]='base media relay'
    [ingest]='base media relay ingest bpf' [doctor]='base media relay ingest bpf doctor'
    [output]='base media relay output'
    [control]='base media relay ingest output control'
    [api]='base media relay ingest output control'
  )
  for file in userspace/*/*.[ch] api/*.[ch]; do
    folder=$(basename "$(dirname "$file")")
    allowed=" ${may[$folder]} "
    while read -r include; do
      case $include in
        */*) [[ $allowed == *" ${include%%/*} "* ]] || {
          echo "$file includes \"$include\", which is to its right"
          bad=1
        } ;;
      esac
    done < <(sed -n 's/^#include "\(.*\)"/\1/p' "$file")
  done
  return "$bad"
}

# Each library is included in one place.
check_libraries() {
  local bad=0 pattern allowed file
  while read -r pattern allowed; do
    while read -r file; do
      [[ $file =~ ^($allowed)$ ]] || {
        echo "$file includes <$pattern…>, which belongs to $allowed"
        bad=1
      }
    done < <(grep -lE "^#include <($pattern)" userspace/*.[ch] userspace/*/*.[ch] api/*.[ch])
  done <<'RULES'
bpf/ userspace/ingest/(steering|pins|foreign|rules)\.c
xdp/ userspace/ingest/queue_socket\.c
srt/ userspace/output/srt_(socket|setup)\.c
librtmp/ userspace/output/publisher\.c
gnutls/ userspace/output/tls(_reason|_trust)?\.[ch]|userspace/base/tls_pair\.c
dvbpsi/ userspace/media/[a-z]+\.c
jansson userspace/control/.*|api/.*
ulfius|microhttpd|orcania|yder api/.*
uuid/ userspace/control/[a-z_]+\.c
systemd/ userspace/base/notify\.c
RULES
  return "$bad"
}

check_headers_alone() {
  local bad=0 header
  for header in userspace/*.h userspace/*/*.h api/*.h tools/*/*.h; do
    cc -std=gnu11 -D_GNU_SOURCE -fsyntax-only -Wall -Werror -Iuserspace -I. -Itools -x c "$header" ||
      bad=1
  done
  return "$bad"
}

check_types() {
  [ -d tests/browser/node_modules ] || npm --prefix tests/browser ci --silent || return 1
  npm --prefix tests/browser run --silent check
}

# gcc's warnings are errors of every build; these are clang's. Fuzz targets are compiled here alone.
check_clang() {
  make --no-print-directory -j"$(nproc)" BUILD=build/clang CC=clang test-programs fuzz-objects >build/clang.log ||
    { tail -30 build/clang.log && return 1; }
}

# Other versions of clang-format lay some things out differently.
if clang-format --version | grep -q 'version 14\.'; then
  step "format" clang-format --dry-run --Werror "${c_files[@]}"
else
  echo "ok - format # SKIP clang-format 14 decides"
fi
step "include rule" check_includes
step "one place for each library" check_libraries
step "headers compile alone" check_headers_alone
step "clang" check_clang
step "cppcheck" cppcheck --quiet --std=c11 --error-exitcode=1 --inline-suppr \
  --enable=warning,performance,portability \
  -D_GNU_SOURCE -D'LIBBPF_OPTS(type, name, ...)=struct type name = {__VA_ARGS__}' \
  -Iuserspace -I. -Itools userspace api tools
step "shellcheck" shellcheck -x -P SCRIPTDIR "${shell_files[@]}"
step "routes are documented" tools/lint_routes.sh
step "names and links in the documents" node tools/docs/lint.mjs
step "JavaScript types" check_types
exit "$failed"
