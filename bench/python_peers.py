"""`isoflop.fit` from Python beside what users of Python have, alternating in one process.

    python bench/python_peers.py [--table runs.csv] [--rounds 5] [--replicates 1000]

Needs the packages of bench/requirements.txt, isoflop (`pip install ./python`), and where they are there simple-scaling-laws
and chinchilla. The table is 240 simulated runs unless one with the columns N, D and loss is named. Every row says what was
done: these are the ways in which people fit, not the same work by other means.
"""

import argparse
import contextlib
import io
import os
import statistics
import tempfile
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from scipy.optimize import minimize

import isoflop as iso

DELTA = 1e-3
PART = 20
"""Replicates of scipy that are timed; the rest would take as long each."""


def table(path):
    """Columns N, D and loss."""
    if path is not None:
        columns = iso.read(path).to_dict()
        return {name: np.asarray(columns[name], float) for name in ("N", "D", "loss")}
    rng = np.random.default_rng(0)
    n = np.exp(rng.uniform(np.log(4e7), np.log(1.6e10), 240))
    d = n * np.exp(rng.uniform(np.log(2), np.log(200), 240))
    loss = 1.8172 + 482.01 / n**0.3478 + 2085.43 / d**0.3658
    return {"N": n, "D": d, "loss": loss * np.exp(0.005 * rng.standard_normal(240))}


def goal(p, ln_n, ln_d, ln_loss):
    """Huber sum of log residuals, as the replication code of the field writes it."""
    a, b, e, alpha, beta = p
    made = np.logaddexp(np.logaddexp(a - alpha * ln_n, b - beta * ln_d), e)
    r = ln_loss - made
    return np.where(np.abs(r) <= DELTA, 0.5 * r * r, DELTA * (np.abs(r) - 0.5 * DELTA)).sum()


def scipy_user(columns, replicates):
    """BFGS without a gradient from a good start, then a loop over resampled rows; a part of it, scaled."""
    rows = tuple(np.log(columns[name]) for name in ("N", "D", "loss"))
    start = time.perf_counter()
    full = minimize(goal, [6.0, 7.0, 0.6, 0.35, 0.36], args=rows, method="BFGS").x
    one = time.perf_counter() - start
    rng = np.random.default_rng(0)
    start = time.perf_counter()
    for _ in range(PART):
        drawn = rng.integers(0, len(rows[0]), len(rows[0]))
        minimize(goal, full, args=tuple(column[drawn] for column in rows), method="BFGS")
    return one + (time.perf_counter() - start) * replicates / PART


def ssl(columns, replicates):
    """simple-scaling-laws: least squares on the raw loss, with its wild cluster bootstrap."""
    import polars as pl
    from simple_scaling_laws import fit

    frame = pl.DataFrame(
        {
            "training_run_id": [f"run{i}" for i in range(len(columns["N"]))],
            "model_size__n_params": columns["N"],
            "dataset_size__n_tokens": columns["D"],
            "test_loss__cross_entropy": columns["loss"],
        }
    )
    start = time.perf_counter()
    fit(frame, law="separable-power", n_draws=replicates, seed=0)
    return time.perf_counter() - start


def chinchilla(columns, _replicates):
    """chinchilla: BFGS over a grid of 27 starts on all processors; one fit, it has no bootstrap."""
    import pandas
    from chinchilla import Chinchilla

    grid = {
        "E": np.linspace(1.5, 2.1, 3),
        "a": np.linspace(5, 7, 3),
        "b": np.linspace(6, 9, 3),
        "alpha": [0.35],
        "beta": [0.36],
    }
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        frame = pandas.DataFrame({"C": 6 * columns["N"] * columns["D"], **columns})
        frame.to_csv(os.path.join(folder, "df.csv"), index=False)
        made = Chinchilla(folder, param_grid=grid, log_level=50)
        start = time.perf_counter()
        made.fit()
        return time.perf_counter() - start


def ours(columns, replicates, **options):
    """One call, certificate included."""
    start = time.perf_counter()
    fit = iso.fit(columns, "chinchilla", bootstrap=replicates, **options)
    took = time.perf_counter() - start
    assert fit.certificate, fit.certificate
    return took


def smallest(rounds=2000):
    """The smallest fit there is, from Python: median of wall and mean of CPU seconds. The same fit in Rust is in
    crates/isoflop-study/examples/smallest.rs; the rest is the binding."""
    columns = {"N": [1e6, 1e7, 1e8, 1e9], "loss": [3.2, 2.8, 2.5, 2.3]}
    asked = {"fix": {"alpha": 0.3}, "objective": "squares", "starts": 1, "bootstrap": 0, "choices": False}
    for _ in range(rounds // 10):
        iso.fit(columns, "loss ~ E + A / N^alpha", **asked)
    times, spent = [], time.process_time()
    for _ in range(rounds):
        start = time.perf_counter()
        iso.fit(columns, "loss ~ E + A / N^alpha", **asked)
        times.append(time.perf_counter() - start)
    return statistics.median(times), (time.process_time() - spent) / rounds


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--table")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--replicates", type=int, default=1000)
    asked = parser.parse_args()
    columns = table(asked.table)
    ours(columns, 10)
    base = {"choices": True}
    ways = {
        f"isoflop.fit, {asked.replicates} replicates, all defaults": lambda: ours(columns, asked.replicates, **base),
        f"isoflop.fit, {asked.replicates} replicates, one thread": lambda: ours(columns, asked.replicates, threads=1),
        "isoflop.fit, no replicates": lambda: ours(columns, 0),
        f"scipy BFGS, {asked.replicates} replicates (from {PART})": lambda: scipy_user(columns, asked.replicates),
        f"simple-scaling-laws, {asked.replicates} draws": lambda: ssl(columns, asked.replicates),
        "chinchilla, one fit, no bootstrap": lambda: chinchilla(columns, asked.replicates),
    }
    times = {name: [] for name in ways}
    for _ in range(asked.rounds):
        for name, way in list(ways.items()):
            try:
                times[name].append(way())
            except ImportError as error:
                print(f"left out: {name}: {error}")
                del ways[name], times[name]
    first = statistics.median(next(iter(times.values())))
    print(f"{len(columns['N'])} rows, medians of {asked.rounds} rounds")
    for name, took in times.items():
        middle = statistics.median(took)
        print(f"{name:<55} {middle:10.4f} s  {middle / first:8.1f} x")
    wall, cpu = smallest()
    print(f"seconds={wall} cpu={cpu} note=smallest-fit-from-Python,binding-included")


if __name__ == "__main__":
    main()
