"""What a user would do today with Python, timed on the tables that `cargo xtask bench` prepares.

    python bench/peers.py TASK --table PATH [--sample K] [--seed S]

Prints one line of key=value pairs. `cpu` is process CPU time, `seconds` wall time; only the work is timed, after a
warm-up. The goal of every fit but `ssl` is the one of the field: sum of Huber(1e-3) over residuals of the log loss,
summed and not averaged, in the parameters a = log A, b = log B, e = log E, alpha, beta.
"""

import argparse
import os
import statistics
import time
from itertools import product

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
from scipy.optimize import least_squares, minimize

DELTA = 1e-3
TIGHT = {"ftol": 1e-15, "gtol": 1e-10, "maxiter": 5000, "maxfun": 20000, "maxcor": 20}
GOOD_START = [6.0, 6.0, 0.5, 0.34, 0.28]


def log_law(p, ln_n, ln_d):
    """log(E + A / N^alpha + B / D^beta), the plain way."""
    a, b, e, alpha, beta = p
    return np.log(np.exp(a - alpha * ln_n) + np.exp(b - beta * ln_d) + np.exp(e))


def goal_and_gradient(p, ln_n, ln_d, ln_loss):
    """Huber sum of the log residuals and its gradient, by log-sum-exp."""
    a, b, e, alpha, beta = p
    u, v = a - alpha * ln_n, b - beta * ln_d
    top = np.maximum(np.maximum(u, v), e)
    eu, ev, ee = np.exp(u - top), np.exp(v - top), np.exp(e - top)
    total = eu + ev + ee
    r = ln_loss - (top + np.log(total))
    inside = np.abs(r) <= DELTA
    goal = np.where(inside, 0.5 * r * r, DELTA * (np.abs(r) - 0.5 * DELTA)).sum()
    w = -np.where(inside, r, DELTA * np.sign(r)) / total
    wu, wv = w * eu, w * ev
    return goal, np.array([wu.sum(), wv.sum(), (w * ee).sum(), -(wu * ln_n).sum(), -(wv * ln_d).sum()])


def tight(start, rows):
    """L-BFGS-B with the analytic gradient, run on until it can do no more."""
    return minimize(goal_and_gradient, start, args=rows, jac=True, method="L-BFGS-B", options=TIGHT)


def robust_least_squares(rows):
    """One scipy `least_squares(loss="huber")` from a good start."""
    ln_n, ln_d, ln_loss = rows
    tolerance = {"xtol": 1e-12, "ftol": 1e-12, "gtol": 1e-12, "max_nfev": 5000}
    return least_squares(lambda p: log_law(p, ln_n, ln_d) - ln_loss, GOOD_START, loss="huber", f_scale=DELTA, **tolerance)


def natural(p):
    a, b, e, alpha, beta = (float(x) for x in p)
    return {"A": np.exp(a), "B": np.exp(b), "E": np.exp(e), "alpha": alpha, "beta": beta}


def fit(rows, _options):
    """(a) one uncertified robust fit from a good start."""
    robust_least_squares(rows)
    wall, cpu = [], []
    for _ in range(15):
        t, c = time.perf_counter(), time.process_time()
        found = robust_least_squares(rows)
        wall.append(time.perf_counter() - t)
        cpu.append(time.process_time() - c)
    goal, _ = goal_and_gradient(found.x, *rows)
    return {"seconds": statistics.median(wall), "cpu": statistics.median(cpu), "goal": goal} | natural(found.x)


def grid(rows, options):
    """(b) the 4500 starts of Hoffmann et al. (or a random sample of them), each solved tightly."""
    starts = list(
        product(np.arange(0, 30, 5), np.arange(0, 30, 5), np.arange(-1, 1.5, 0.5), np.arange(0, 2.5, 0.5), np.arange(0, 2.5, 0.5))
    )
    whole = len(starts)
    if options.sample:
        rng = np.random.default_rng(options.seed)
        starts = [starts[i] for i in rng.choice(whole, options.sample, replace=False)]
    tight(GOOD_START, rows)
    t, c = time.perf_counter(), time.process_time()
    goals = np.array([tight(start, rows).fun for start in starts])
    wall, cpu = time.perf_counter() - t, time.process_time() - c
    best = np.nanmin(goals)
    share = float(np.mean(goals <= best * (1 + 1e-4)))
    scale = whole / len(starts)
    return {"seconds": wall * scale, "cpu": cpu * scale, "starts": len(starts), "goal": best, "share": share}


def bootstrap(rows, options):
    """(c) cluster bootstrap, each replicate solved tightly from the optimum of the full table."""
    full = tight(robust_least_squares(rows).x, rows).x
    rng = np.random.default_rng(options.seed)
    labels = options.cluster
    members = [np.flatnonzero(labels == k) for k in np.unique(labels)]
    draws = [np.concatenate([members[k] for k in rng.integers(0, len(members), len(members))]) for _ in range(options.replicates)]
    t, c = time.perf_counter(), time.process_time()
    found = np.array([tight(full, tuple(column[i] for column in rows)).x for i in draws])
    wall, cpu = time.perf_counter() - t, time.process_time() - c
    alpha, beta = found[:, 3], found[:, 4]
    low, high = np.quantile(beta / (alpha + beta), [0.025, 0.975])
    return {"seconds": wall, "cpu": cpu, "replicates": len(draws), "alpha_sd": alpha.std(), "a_opt_low": low, "a_opt_high": high}


def ssl(rows, options):
    """(c) simple-scaling-laws: least squares on the raw loss and its wild cluster bootstrap."""
    import polars as pl
    from simple_scaling_laws import fit as ssl_fit

    table = pl.DataFrame(
        {
            "training_run_id": [f"run{i}" for i in range(len(rows[0]))],
            "model_size__n_params": np.exp(rows[0]),
            "dataset_size__n_tokens": np.exp(rows[1]),
            "test_loss__cross_entropy": np.exp(rows[2]),
        }
    )
    ssl_fit(table, law="separable-power", n_draws=10, seed=0)
    t, c = time.perf_counter(), time.process_time()
    model = ssl_fit(table, law="separable-power", n_draws=options.replicates, seed=options.seed)
    wall, cpu = time.perf_counter() - t, time.process_time() - c
    at = model.params("test_loss__cross_entropy")
    return {"seconds": wall, "cpu": cpu, "replicates": options.replicates, "alpha": at["alpha"], "beta": at["beta"]}


TASKS = {"fit": fit, "grid": grid, "bootstrap": bootstrap, "ssl": ssl}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=TASKS)
    parser.add_argument("--table", required=True)
    parser.add_argument("--sample", type=int, default=0, help="grid: so many random starts, times scaled to 4500")
    parser.add_argument("--replicates", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    np.seterr(all="ignore")
    table = np.loadtxt(options.table, delimiter=",", skiprows=1)
    options.cluster = table[:, 4].astype(int)
    rows = (np.log(table[:, 0]), np.log(table[:, 1]), np.log(table[:, 3]))
    result = {"task": options.task} | TASKS[options.task](rows, options)
    print(" ".join(f"{key}={value}" for key, value in result.items()))


if __name__ == "__main__":
    main()
