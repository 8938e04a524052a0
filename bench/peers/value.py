"""BG/NBD and Pareto/NBD against lifetimes (PyPI), on the same synthetic customers, in one run.

    pip install lifetimes
    python3 bench/peers/value.py 1000000 100000    # customers for BG/NBD, for Pareto/NBD

CPU seconds of the fit alone, of all threads: of Python by process_time, of ours by /proc/self/stat.
"""

import subprocess
import sys
import tempfile
import time

import numpy
from lifetimes import BetaGeoFitter, ParetoNBDFitter


def customers(count, seed=7):
    """Repeats, recency, age in weeks: purchases are Poisson, a customer leaves after one."""
    chance = numpy.random.default_rng(seed)
    rate = chance.gamma(0.25, 1 / 4.4, count)
    leaves = chance.beta(0.8, 2.5, count)
    age = 26 + chance.integers(0, 26 * 7, count) / 7
    repeats = numpy.zeros(count)
    recency = numpy.zeros(count)
    time_now = numpy.zeros(count)
    there = numpy.ones(count, bool)
    while there.any():
        time_now[there] += chance.exponential(1 / rate[there])
        there &= time_now <= age
        repeats[there] += 1
        recency[there] = time_now[there]
        there &= chance.random(count) >= leaves
    return repeats, recency, age


def measure(name, fitter, columns):
    path = tempfile.mktemp(suffix=".csv")
    numpy.savetxt(path, numpy.column_stack(columns), delimiter=",", header="frequency,recency,T", comments="")
    command = ["cargo", "run", "--quiet", "--release", "--package", "guanxi-analytics", "--example", "fit_value", "--", name, path]
    ours = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    ours_cpu = float(ours.split()[0])
    start = time.process_time()
    fitter.fit(*columns)
    theirs = time.process_time() - start
    print(f"{name}, {len(columns[0]):,} customers")
    print(f"  guanxi: {ours}")
    print(f"  lifetimes: {theirs:.2f} CPU s; {dict(fitter.params_)}")
    print(f"  ratio: {theirs / ours_cpu:.0f}", flush=True)


if __name__ == "__main__":
    measure("bg_nbd", BetaGeoFitter(), customers(int(sys.argv[1])))
    measure("pareto_nbd", ParetoNBDFitter(), customers(int(sys.argv[2])))
