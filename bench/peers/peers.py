"""The models against the programs that people use for them today, on the same data in one run.

    pip install lifetimes scikit-learn lightgbm statsforecast pyfim mlxtend splink
    python3 bench/peers/peers.py [NAME…]      # bg_nbd pareto_nbd k_means …; all without a name

CPU seconds of the model alone, of all threads: of Python by process_time, of ours by /proc/self/stat.
"""

import subprocess
import sys
import tempfile
import time

import numpy


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
    return [repeats, recency, age]


def columns_file(columns):
    """The columns as `examples/peer.rs` reads them."""
    path = tempfile.mktemp(suffix=".columns")
    with open(path, "wb") as file:
        file.write(f"{len(columns[0])} {len(columns)}\n".encode())
        for column in columns:
            file.write(numpy.ascontiguousarray(column, "<f8").tobytes())
    return path


def ours(model, path, *numbers):
    """CPU seconds and what was found."""
    command = ["cargo", "run", "--quiet", "--release", "--package", "guanxi-analytics", "--example", "peer", "--"]
    command += [model, path, *map(str, numbers)]
    printed = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    print(f"  guanxi: {printed}", flush=True)
    return float(printed.split()[0]), printed


def theirs(name, work):
    start = time.process_time()
    result = work()
    seconds = time.process_time() - start
    print(f"  {name}: {seconds:.2f} CPU s", flush=True)
    return seconds, result


def ratio(peer, own):
    print(f"  ratio: {peer / max(own, 0.01):.1f}", flush=True)


def value(name, fitter, count):
    columns = customers(count)
    print(f"{name}, {count:,} customers")
    own, _ = ours(name, columns_file(columns))
    peer, _ = theirs("lifetimes", lambda: fitter.fit(*columns))
    print(f"  {dict(fitter.params_)}")
    ratio(peer, own)


def bg_nbd():
    from lifetimes import BetaGeoFitter

    value("bg_nbd", BetaGeoFitter(), 1_000_000)


def pareto_nbd():
    from lifetimes import ParetoNBDFitter

    value("pareto_nbd", ParetoNBDFitter(), 100_000)


def k_means():
    from sklearn.cluster import KMeans

    chance = numpy.random.default_rng(3)
    count = 1_000_000
    centres = chance.normal(0, 3, (8, 3))
    points = centres[chance.integers(0, 8, count)] + chance.normal(0, 1, (count, 3))
    print("k-means, 1,000,000 × 3, 8 clusters, one start")
    own, _ = ours("k_means", columns_file(list(points.T)), 8)
    model = KMeans(8, n_init=1, random_state=1, tol=0)
    peer, _ = theirs("scikit-learn", lambda: model.fit(points))
    print(f"  inertia {model.inertia_:.6e}, {model.n_iter_} rounds")
    ratio(peer, own)


def boosting():
    from lightgbm import LGBMClassifier
    from sklearn.metrics import roc_auc_score

    chance = numpy.random.default_rng(4)
    count, train = 1_000_000, 900_000
    x = chance.normal(0, 1, (count, 20))
    odds = x[:, 0] + numpy.sin(2 * x[:, 1]) + (x[:, 2] > 0.3) * x[:, 3] + numpy.abs(x[:, 4]) - 0.5 * x[:, 5:10].sum(1)
    y = (chance.random(count) < 1 / (1 + numpy.exp(-odds))).astype(float)
    print("gradient boosting, 1,000,000 × 20 (a tenth of it for the test), 100 trees of 31 leaves")
    own, _ = ours("boosting", columns_file([*x.T, y]))
    model = LGBMClassifier(n_estimators=100, num_leaves=31, learning_rate=0.1, n_jobs=2, verbose=-1)
    peer, _ = theirs("LightGBM", lambda: model.fit(x[:train], y[:train]))
    print(f"  area under the curve {roc_auc_score(y[train:], model.predict_proba(x[train:])[:, 1]):.5f}")
    ratio(peer, own)


def theta():
    from statsforecast.models import DynamicOptimizedTheta

    chance = numpy.random.default_rng(5)
    months = numpy.arange(120)
    series = []
    for _ in range(1_000):
        level = numpy.exp(chance.normal(5, 1))
        line = level * (1 + chance.normal(0, 0.005) * months)
        season = 1 + 0.3 * numpy.sin(2 * numpy.pi * (months + chance.integers(12)) / 12) * chance.random()
        series.append(numpy.maximum(line * season * numpy.exp(chance.normal(0, 0.1, 120)), 0.01))
    print("optimised Theta (dynamic), 1,000 monthly series of 120 months")
    own, _ = ours("theta", columns_file(series))
    DynamicOptimizedTheta(season_length=12).fit(series[0])
    peer, models = theirs("statsforecast", lambda: [DynamicOptimizedTheta(season_length=12).fit(s) for s in series])
    print(f"  sum of the forecasts {sum(model.predict(12)['mean'].sum() for model in models):.1f}")
    ratio(peer, own)


FEBRL = ["given_name", "surname", "street_number", "address_1", "address_2", "suburb", "postcode", "state",
         "date_of_birth", "soc_sec_id"]


def people(count, seed=6):
    """People of whom a third are there twice or thrice, with slips, gaps and swaps, in Febrl's columns."""
    import pandas

    chance = numpy.random.default_rng(seed)
    letters = "abcdefghijklmnopqrstuvwxyz"

    def words(many, low, high):
        return ["".join(chance.choice(list(letters), chance.integers(low, high))) for _ in range(many)]

    names, families, streets, suburbs = words(800, 3, 9), words(4_000, 4, 10), words(3_000, 5, 12), words(900, 5, 12)

    def pick(list_):
        return list_[min(int(len(list_) * chance.random() ** 2), len(list_) - 1)]

    def slip(text):
        if len(text) < 2 or chance.random() > 0.12:
            return text
        at, kind = chance.integers(len(text) - 1), chance.integers(5)
        if kind == 4:
            return ""
        letter = chance.choice(list("0123456789" if text.isdigit() else letters))
        return [text[:at] + text[at + 1] + text[at] + text[at + 2:], text[:at] + text[at + 1:],
                text[:at] + letter + text[at + 1:], text[:at] + letter + text[at:]][kind]

    rows = []
    person = 0
    while len(rows) < count:
        true = [pick(names), pick(families), str(chance.integers(1, 400)), pick(streets) + " street",
                pick(streets) if chance.random() < 0.5 else "", pick(suburbs), str(chance.integers(1_000, 9_999)),
                chance.choice(["nsw", "vic", "qld", "wa", "sa"]),
                f"19{chance.integers(10, 99)}{chance.integers(1, 13):02}{chance.integers(1, 29):02}",
                str(chance.integers(1_000_000, 9_999_999))]
        rows.append([person, *true])
        while chance.random() < 0.35 and len(rows) < count:
            twice = [slip(text) for text in true]
            if chance.random() < 0.03:
                twice[0], twice[1] = twice[1], twice[0]
            rows.append([person, *twice])
        person += 1
    return pandas.DataFrame(rows, columns=["person", *FEBRL])


def splink_pairs(frame):
    import splink.comparison_library as cl
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    frame = frame.replace("", None).assign(unique_id=range(len(frame)))
    rules = [block_on("soc_sec_id"), block_on("date_of_birth"), block_on("given_name", "surname"),
             block_on("surname", "postcode"), block_on("given_name", "postcode")]
    name = lambda column: cl.JaroWinklerAtThresholds(column, [0.92, 0.8]).configure(term_frequency_adjustments=True)
    slip = lambda column: cl.DamerauLevenshteinAtThresholds(column, [1])
    settings = SettingsCreator(
        link_type="dedupe_only",
        comparisons=[*map(name, ["given_name", "surname", "address_1", "address_2", "suburb"]),
                     *map(slip, ["street_number", "postcode", "date_of_birth", "soc_sec_id"]), cl.ExactMatch("state")],
        blocking_rules_to_generate_predictions=rules,
    )
    database = DuckDBAPI()
    table = database.register(frame) if hasattr(database, "register") else frame
    linker = Linker(table, settings) if hasattr(database, "register") else Linker(table, settings, db_api=database)
    linker.training.estimate_probability_two_random_records_match([block_on("soc_sec_id")], recall=0.8)
    linker.training.estimate_u_using_random_sampling(max_pairs=5e5, seed=1)
    for rule in rules:
        linker.training.estimate_parameters_using_expectation_maximisation(rule)
    return linker.inference.predict(threshold_match_probability=0.5).as_pandas_dataframe()


def duplicates(frame, label):
    import logging

    logging.getLogger("splink").setLevel(logging.ERROR)
    path = tempfile.mktemp(suffix=".csv")
    frame.to_csv(path, index=False)
    print(f"matching, {label}: {len(frame):,} records, the same blocking rules")
    own, _ = ours("matching", path)
    peer, pairs = theirs("splink", lambda: splink_pairs(frame))
    person = frame["person"].to_numpy()
    right = (person[pairs["unique_id_l"]] == person[pairs["unique_id_r"]]).sum()
    sizes = frame.groupby("person").size()
    recall, precision = right / (sizes * (sizes - 1) // 2).sum(), right / len(pairs)
    print(f"  F1 {2 * recall * precision / (recall + precision):.5f}, recall {recall:.5f}, precision {precision:.5f}")
    ratio(peer, own)


def matching():
    duplicates(people(50_000), "made-up people")


def febrl():
    import os

    import pandas

    path = os.path.join(os.environ.get("GUANXI_TEST_DATA", "../shared/data"), "febrl/dataset3.csv")
    frame = pandas.read_csv(path, skipinitialspace=True, dtype=str, keep_default_na=False)
    frame.insert(0, "person", frame.pop("rec_id").str.split("-").str[1].astype(int))
    duplicates(frame[["person", *FEBRL]], "Febrl 3")


def baskets():
    import gzip
    import os

    import pandas
    from fim import eclat, fpgrowth
    from mlxtend.frequent_patterns import fpgrowth as mlxtend_fpgrowth

    folder = os.path.join(os.environ.get("GUANXI_TEST_DATA", "../shared/data"), "online-retail")
    name = next(name for name in os.listdir(folder) if name.endswith(".csv.gz"))
    with gzip.open(os.path.join(folder, name)) as file:
        lines = pandas.read_csv(file, dtype=str, encoding_errors="replace")
    lines.columns = [column.replace(" ", "").lower() for column in lines.columns]
    invoice = next(column for column in lines.columns if column.startswith("invoice") and "date" not in column)
    good = ~lines[invoice].str.startswith("C") & (lines["quantity"].astype(float) > 0)
    lines = lines[good]
    basket, item = pandas.factorize(lines[invoice])[0], pandas.factorize(lines["stockcode"])[0]
    print(f"item sets of Online Retail at support .005: {basket.max() + 1:,} baskets")
    own, _ = ours("baskets", columns_file([basket, item]), 0.005)
    sets = [[] for _ in range(basket.max() + 1)]
    for b, i in set(zip(basket.tolist(), item.tolist())):
        sets[b].append(i)
    for label, way in (("pyfim eclat", eclat), ("pyfim fpgrowth", fpgrowth)):
        peer, found = theirs(label, lambda: way(sets, supp=0.5, report="a"))
        print(f"  {len(found):,} item sets")
        ratio(peer, own)
    table = pandas.DataFrame.sparse.from_spmatrix(matrix(basket, item)).sparse.to_dense().astype(bool)
    peer, found = theirs("mlxtend fpgrowth", lambda: mlxtend_fpgrowth(table, min_support=0.005))
    print(f"  {len(found):,} item sets")
    ratio(peer, own)


def matrix(basket, item):
    from scipy.sparse import csr_matrix

    found = csr_matrix((numpy.ones(len(basket)), (basket, item)))
    found.data[:] = 1
    return found


PEERS = [bg_nbd, pareto_nbd, k_means, boosting, theta, matching, febrl, baskets]

if __name__ == "__main__":
    for peer in PEERS:
        if len(sys.argv) < 2 or peer.__name__ in sys.argv[1:]:
            peer()
