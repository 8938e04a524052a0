#!/usr/bin/env bash
# Sends generated requests to every call of the API's own description, as a salesperson and as
# nobody: no answer may be a fault of ours, none may be let in unasked, no garbage may be taken.
# Needs python3 with venv; installs schemathesis from PyPI into a folder of its own.
#   bench/schema.sh [examples for each call]
set -euo pipefail
cd "$(dirname "$0")/.."
examples="${1:-20}"
binary="${GUANXI_BINARY:-target/debug/guanxi}"
work="$(mktemp -d)"
server=""
trap 'kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
tools="${XDG_CACHE_HOME:-$HOME/.cache}/guanxi/schemathesis"
[ -x "$tools/bin/schemathesis" ] || { python3 -m venv "$tools"; "$tools/bin/pip" install -q 'schemathesis==4.*'; }
export GUANXI_PASSWORD="a long password" RUST_LOG=warn
"$binary" --data "$work" demo --customers 50 >/dev/null 2>&1
token="$("$binary" --data "$work" token staff2@demo.example)"
"$binary" --data "$work" serve --listen 127.0.0.1:0 --requests-per-second 0 >"$work/said" 2>"$work/faults" &
server=$!
for _ in $(seq 100); do grep -q ready "$work/said" && break; sleep 0.1; done
address="$(grep -o 'http://[0-9.:]*' "$work/said" | head -1)"
curl -sf -H "Authorization: Bearer $token" "$address/api/openapi.json" >"$work/openapi.json"
check() { # checks, more arguments
  # What it remembers of a run stays in the folder that goes.
  (cd "$work" && "$tools/bin/schemathesis" run "$work/openapi.json" --url "$address/api/v1" --phases examples,fuzzing \
    --max-examples "$examples" --seed 1 --generation-database none --no-color --continue-on-failure \
    --request-timeout 20 --checks "$@")
}
echo "== as a salesperson"
check not_a_server_error,negative_data_rejection,ignored_auth --header "Authorization: Bearer $token"
echo "== as nobody"
for path in $(python3 -c "
import json, sys
for path in json.load(open('$work/openapi.json'))['paths']: print(path)"); do
  for method in GET POST PATCH; do
    status="$(curl -s -o /dev/null -w '%{http_code}' -X "$method" "$address/api/v1${path//\{*\}/0000000000000}")"
    case "$status" in 401|404|405) ;; *) echo "$method $path answers nobody with $status"; exit 1 ;; esac
  done
done
if [ -s "$work/faults" ]; then cat "$work/faults"; exit 1; fi
echo "nothing found"
