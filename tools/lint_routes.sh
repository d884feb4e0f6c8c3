#!/usr/bin/env bash
# Check that the routes of api/routes.c, docs/openapi.yaml and docs/API.md are the same. Prints what one of them lacks.
set -euo pipefail
cd "$(dirname "$0")/.."

# Each prints "GET /api/channels/*" a line: what a route calls its ids does not matter here.
from_program() {
  sed -n 's/^\t{"\([A-Z]*\)", "\([^"]*\)".*/\1 \2/p' api/routes.c
}

from_description() {
  awk '/^paths:/ {on = 1; next} /^[a-z]/ {on = 0}
    on && /^  \/[^ ]*:$/ {path = $1; sub(/:$/, "", path); gsub(/{[a-z_]*}/, "*", path)}
    on && /^    (get|put|post|delete|patch|head|options):$/ {print toupper(substr($1, 1, length($1) - 1)), path}' docs/openapi.yaml
}

from_document() {
  sed -n 's/^| `\([A-Z]*\) \(\/[^`?]*\)[^`]*` | [0-9]* |.*/\1 \2/p' docs/API.md | sed 's/{[a-z_]*}/*/g'
}

failed=0
routes=$(from_program | sort)
[ "$(wc -l <<<"$routes")" -gt 10 ] || { echo "api/routes.c: no route table found"; exit 1; }
for of in description document; do
  file=docs/openapi.yaml
  [ "$of" = description ] || file=docs/API.md
  difference=$(diff <(echo "$routes") <("from_$of" | sort) || true)
  [ -z "$difference" ] || {
    sed -n "s|^< |$file lacks |p; s|^> |api/routes.c lacks what $file has: |p" <<<"$difference"
    failed=1
  }
done
exit "$failed"
