#!/usr/bin/env bash
# Runs each target of crates/fuzz for so many minutes, with inputs that no run had before: random changes
# of the corpus. It looks at no coverage. What breaks a target is told with the seed that repeats it.
#   bench/fuzz.sh [minutes for each target] [part of a target's name]
set -euo pipefail
cd "$(dirname "$0")/.."
minutes="${1:-1}"
part="${2:-}"
export BOLERO_RANDOM_TEST_TIME_MS="$((minutes * 60000))"
export BOLERO_RANDOM_SEED="${BOLERO_RANDOM_SEED:-$(date +%s)}"
echo "seed $BOLERO_RANDOM_SEED, $minutes minutes for each target"
exec cargo test --workspace --test readers --quiet -- "$part" --nocapture
