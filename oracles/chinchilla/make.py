"""Make expected.json: optima of the Chinchilla table under seven objectives, in far more digits than a solver needs.

    python oracles/chinchilla/make.py            writes expected.json (a few minutes)
    python oracles/chinchilla/make.py --check    solves the quick objectives again and compares

Needs ../shared/data/chinchilla245.csv beside the checkout: the 245 runs that Besiroglu et al. (arXiv 2404.10102) read
off a figure of Hoffmann et al. (arXiv 2203.15556). expected.json holds results only, none of the data.

How: doubles find the best of many starts by trust-region Newton (oracles/objectives.py says which starts), 40-digit
Newton polishes it, and the file records the largest component of the gradient and the extreme eigenvalues of the
Hessian there: a vanishing gradient and a positive Hessian are the proof of a local optimum. That it is the global one
is a finding of the search, not a proof; `starts`, `agree` and `other_minima` say how well it was searched.

The bootstrap resamples rows (`points`) or whole model sizes (`clusters`, sizes equal to 1 %) and solves huber-log in
every replicate from two starts down to a Newton step below 1e-9. Its quantiles carry Monte Carlo noise, given as
`mc_error`: one standard error for this number of replicates.
"""

import json
import sys
from pathlib import Path

import mpmath as mp
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import objectives as ob
import tables

EXPECTED = Path(__file__).with_name("expected.json")
HUBER, SQUARES = ob.OBJECTIVES[2], ob.OBJECTIVES[1]
REPLICATES, SEED = 4000, 1
LEVELS = (0.025, 0.05, 0.5, 0.95, 0.975)


def solve(objective, rows):
    """The record of one objective on one table."""
    p, tried, agree, others = ob.search(objective, rows)
    p, goal, gradient, least, most = ob.polish(objective, rows, p)
    found = ob.natural(p)
    scale = found.pop("scale", None)
    record = {"parameters": found, "a_opt": found["beta"] / (found["alpha"] + found["beta"]), "goal": float(goal)}
    if scale is not None:
        record["scale"] = scale
    record |= {"largest_gradient": gradient, "hessian_eigenvalues": [least, most], "starts": tried, "agree": agree}
    if others and not (objective.rho == "huber" and objective.free_scale):
        table = ob.Table(rows)
        record["other_minima"] = [
            {"goal": float(ob.evaluate(objective, table, q)[0]), "parameters": ob.natural(q)} for q in others
        ]
    return record


def replicate(rows, full):
    """Optimum of huber-log for resampled rows, and whether Newton's step there is below 1e-9."""
    table, ends = ob.Table(rows), []
    for p in (full, ob.descend(SQUARES, table, full)):
        for delta in np.geomspace(1e-2, HUBER.size, 7):
            p = ob.descend(ob.Objective("", "log", "huber", delta), table, p)
        ends.append((ob.evaluate(HUBER, table, p)[0], p))
    p = min(ends, key=lambda end: end[0])[1]
    for _ in range(30):  # the search stops where the goal no longer falls in doubles; its gradient still can
        _, gradient, hessian = ob.evaluate(HUBER, table, p)
        step = np.linalg.lstsq(hessian, -gradient, rcond=None)[0]
        if np.abs(step).max() < 1e-12:
            break
        part = 1.0
        while part > 1e-6 and np.abs(ob.evaluate(HUBER, table, p + part * step)[1]).max() >= np.abs(gradient).max():
            part /= 2
        p = p + part * step if part > 1e-6 else p
    return p, bool(np.abs(step).max() < 1e-9)


def bootstrap(rows, groups):
    """Spread of alpha, beta and a_opt over replicates that resample the groups of rows."""
    rng = np.random.default_rng(SEED)
    full = ob.search(HUBER, rows)[0]
    draws, solved = [], 0
    for _ in range(REPLICATES):
        picked = np.concatenate([groups[k] for k in rng.integers(0, len(groups), len(groups))])
        p, tight = replicate(rows[picked], full)
        solved += tight
        draws.append(p)
    draws = np.array(draws)
    columns = {"alpha": draws[:, 3], "beta": draws[:, 4], "a_opt": draws[:, 4] / (draws[:, 3] + draws[:, 4])}
    out = {"replicates": REPLICATES, "groups": len(groups), "solved": solved / REPLICATES}
    for name, values in columns.items():
        again = values[rng.integers(0, REPLICATES, (1000, REPLICATES))]
        quantiles, errors = np.quantile(values, LEVELS), np.quantile(again, LEVELS, axis=1).std(axis=1)
        out[name] = {
            "sd": values.std(ddof=1),
            "sd_mc_error": again.std(axis=1).std(),
            "quantiles": {str(level): {"value": q, "mc_error": e} for level, q, e in zip(LEVELS, quantiles, errors)},
        }
    return out


def make(rows245):
    out = {"made_by": "oracles/chinchilla/make.py", "goals": "sums over rows, as defined in oracles/objectives.py"}
    for name, rows in (("rows245", rows245), ("rows240", tables.without_highest(rows245))):
        out[name] = {"rows": len(rows)}
        for objective in ob.OBJECTIVES:
            out[name][objective.name] = solve(objective, rows)
            print(name, objective.name, out[name][objective.name], flush=True)
    labels = tables.clusters(rows[:, 0])
    out["bootstrap240"] = {
        "objective": HUBER.name,
        "points": bootstrap(rows, [np.array([i]) for i in range(len(rows))]),
        "clusters": bootstrap(rows, [np.flatnonzero(labels == k) for k in np.unique(labels)]),
    }
    EXPECTED.write_text(json.dumps(out, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(out["bootstrap240"], indent=1))


def check(rows245):
    """Solve the objectives that take seconds again; every parameter must agree to 1e-12."""
    expected, bad = json.loads(EXPECTED.read_text(encoding="utf-8")), 0
    for name, rows in (("rows245", rows245), ("rows240", tables.without_highest(rows245))):
        for objective in ob.OBJECTIVES[:4]:
            p, *_ = ob.search(objective, rows)
            found = ob.natural(ob.polish(objective, rows, p)[0])
            off = max(abs(found[k] / v - 1) for k, v in expected[name][objective.name]["parameters"].items())
            bad += off > 1e-12
            print(f"{'ok  ' if off <= 1e-12 else 'FAIL'} {name} {objective.name}: largest relative difference {off:.1e}")
    return 1 if bad else 0


def main():
    rows = tables.real()
    if rows is None:
        print(f"needs the shared table: {tables.REAL.name} beside the checkout", file=sys.stderr)
        return 2
    if "--check" in sys.argv[1:]:
        return check(rows)
    make(rows)
    return 0


if __name__ == "__main__":
    mp.mp.dps = 40
    sys.exit(main())
