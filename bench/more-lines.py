"""Copies the orders and lines of a demo database on SQLite until there are so many lines: what the
large figures of docs/benchmarks.md are measured over. Filling the warehouse reads the tables, so
the copies need no history.

    python3 bench/more-lines.py FOLDER/guanxi.db 10000000
"""
import random
import sqlite3
import sys

path, wanted = sys.argv[1], int(sys.argv[2])
db = sqlite3.connect(path)
db.executescript("PRAGMA journal_mode = off; PRAGMA synchronous = off; PRAGMA cache_size = -2000000;")


def columns(table):
    return [row[1] for row in db.execute(f'PRAGMA table_info("{table}")')]


def copied(table, change):
    names = columns(table)
    values = [change.get(name, f'"{name}"') for name in names]
    listed = ", ".join(f'"{name}"' for name in names)
    return f'INSERT INTO "{table}" ({listed}) SELECT {", ".join(values)} FROM "{table}" WHERE id <= ?'


(there,) = db.execute("SELECT count(*) FROM order_line").fetchone()
(last,) = db.execute("SELECT max(id) FROM order_line").fetchone()
(last_order,) = db.execute('SELECT max(id) FROM "order"').fetchone()
random.seed(1)
for turn in range(1, -(-wanted // there)):
    step = turn * 10**14
    days = random.randint(1, 27)
    order = {"id": f"id + {step}", "number": f"number || '-{turn}'", "date": f"date(date, '-{days} days')"}
    db.execute(copied("order", order), (last_order,))
    db.execute(copied("order_line", {"id": f"id + {step}", "order": f'"order" + {step}'}), (last,))
    db.commit()
    print(turn, db.execute("SELECT count(*) FROM order_line").fetchone()[0], "lines", flush=True)
