#!/usr/bin/env bash
# The long form of the proof that no way to read leaks: 100,000 decisions of random organisations on
# each database, compared with the reference evaluator. Another seed makes other organisations.
#   bench/rights.sh [decisions] [seed]
set -euo pipefail
cd "$(dirname "$0")/.."
export GUANXI_RIGHTS_CASES="${1:-100000}" GUANXI_RIGHTS_SEED="${2:-7}"
cargo test --package guanxi-server --test http --locked -- \
  every_way_shows_what_the_rules_say --nocapture --test-threads=1
