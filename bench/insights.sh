#!/usr/bin/env bash
# The warehouse and the analysis of customers over a large demo database, and one question of a cube against DuckDB on
# the same files. Needs python3-venv; `pip install duckdb` goes into ~/.cache/guanxi.
#   guanxi --data FOLDER demo --without-analyses --customers 1000000 --orders-per-customer 0.3
#   python3 bench/more-lines.py FOLDER/guanxi.db 10000000
#   bench/insights.sh BINARY FOLDER
set -euo pipefail
cd "$(dirname "$0")/.."
binary="$1" data="$2"
export RUST_LOG=warn
measured() { # what is run
  python3 -c '
import resource, subprocess, sys, time
begun = time.time()
answer = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE, text=True, check=True).stdout
used = resource.getrusage(resource.RUSAGE_CHILDREN)
lines = answer.strip().splitlines()
print("\n".join(lines[:1] + lines[-1:]))
print(f"  {time.time() - begun:.1f} s, {used.ru_utime + used.ru_stime:.1f} s CPU, {used.ru_maxrss / 1024:.0f} MB at most")
' "$@"
}
rm -rf "$data/warehouse"
echo "== fill the warehouse"
measured "$binary" --data "$data" warehouse catch-up
echo "== catch up with nothing new"
measured "$binary" --data "$data" warehouse catch-up
for again in first second; do
  echo "== customer value, $again run"
  measured "$binary" --data "$data" analyse customer-value
done
echo "== customers that stand in the base more than once"
measured "$binary" --data "$data" analyse duplicates
echo "== segments"
late='{"all":[{"field":"abc","op":"eq","value":"a"},{"field":"churn_risk","op":"ge","value":"10"},{"related":"order","via":"customer",
  "count":{"op":"ge","number":3},"where":{"field":"date","op":"within","value":"last_365_days"}}]}'
lines='{"all":[{"related":"order","via":"customer","count":{"op":"ge","number":3},"where":{"all":[{"field":"date","op":"ge","value":"730_days_ago"},
  {"related":"order_line","via":"order","where":{"field":"product.category.name","op":"contains","value":"Services"}}]}},
  {"not":{"related":"case","via":"customer","where":{"field":"kind","op":"eq","value":"complaint"}}}]}'
for condition in "$late" "$lines"; do "$binary" --data "$data" warehouse count "$condition"; done
echo "== three characteristics, five value fields"
"$binary" --data "$data" warehouse status | grep -E '^order(_line)?:'
question='select o.channel, o.status, p.category, sum(l.amount), sum(l.quantity), avg(l.unit_price), min(l.amount), max(l.amount)
  from order_line l join "order" o on o.id = l."order" join product p on p.id = l.product group by 1, 2, 3 order by 1, 2, 3'
measured "$binary" --data "$data" warehouse ask "$question"
measured "$binary" --data "$data" warehouse ask "$question"
venv=~/.cache/guanxi/duckdb
[ -x "$venv/bin/python" ] || { python3 -m venv "$venv" && "$venv/bin/pip" -q install duckdb; }
cat > /tmp/guanxi-duckdb.py <<'PY'
import glob, json, os, sys, duckdb
folder, question = sys.argv[1:3]
newest = json.load(open(sorted(glob.glob(f"{folder}/manifest/*.json"))[-1]))
tables = {name: [f"{folder}/{one['file']}" for one in all] for name, all in newest["tables"].items() if all}
duckdb.sql("set threads to 2")
for name, files in tables.items():
    duckdb.sql(f'create view "{name}" as select * from read_parquet({files})')
print(len(duckdb.sql(question).fetchall()), "rows")
PY
measured "$venv/bin/python" /tmp/guanxi-duckdb.py "$data/warehouse" "$question"
measured "$venv/bin/python" /tmp/guanxi-duckdb.py "$data/warehouse" "$question"
