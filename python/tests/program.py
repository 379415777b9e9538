"""A program as a user would write it, for `mypy --strict`."""

import numpy as np

import isoflop as iso


def main() -> float:
    sizes = np.geomspace(1e6, 1e9, 12)
    runs = iso.Runs({"N": sizes, "loss": 1.7 + 400 / sizes**0.34})
    fit: iso.Fit = iso.fit(runs, "loss ~ E + A / N^alpha", bounds={"alpha": (0, None)}, bootstrap=0)
    exponent: float = fit.params["alpha"]
    verdict: str = fit.certificate.verdict
    frame: iso.Frame = fit.predict(N=np.array([1e9, 2e9]))
    low = float(frame["low"][0])
    try:
        iso.law("loss ~")
    except iso.FormulaError as error:
        print(error.position, error.formula)
    best: dict[str, float] = iso.plan("chinchilla@besiroglu", "compute-optimal", flops=1e24).decision
    report: iso.Audit = iso.audit(runs, "loss ~ E + A / N^alpha", bootstrap=0)
    plan: iso.NextRuns = iso.next_runs("chinchilla@besiroglu", budget=1e20, goal="a_opt", noise=0.01, candidates=100)
    print(report.worst, plan.cost, plan.table["N"].max())
    print(verdict, exponent, iso.compare(runs, "loss ~ E + A / N^alpha", bootstrap=0).standing, best)
    return low
