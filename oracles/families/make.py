"""Beta-binomial log probabilities and a maximum-likelihood fit, into expected.json, for a small table made here.

    pip install numpy==2.4.6 scipy==1.17.1 mpmath==1.4.1
    python make.py            # seconds

Every probability is found twice: by scipy.stats.betabinom, and as its product in 60 digits by mpmath, for scipy's
differences of gamma functions lose digits at an over-dispersion near 0. The fit is one of logit(p) = a + b x with
the correlation rho of two attempts of one row: Nelder and Mead on scipy's likelihood, then Newton on mpmath's.
"""

import json
from pathlib import Path

import mpmath as mp
import numpy as np
from scipy.optimize import minimize
from scipy.stats import betabinom

HERE = Path(__file__).parent
mp.mp.dps = 60


def exact(k, n, p, rho):
    """Log probability of k of n in 60 digits."""
    p, rho = mp.mpf(p), mp.mpf(rho)
    theta = rho / (1 - rho)
    up = mp.fsum(mp.log(p + j * theta) for j in range(k))
    down = mp.fsum(mp.log(1 - p + j * theta) for j in range(n - k))
    return mp.log(mp.binomial(n, k)) + up + down - mp.fsum(mp.log(1 + j * theta) for j in range(n))


def by_scipy(k, n, p, rho):
    """The same by scipy."""
    total = (1 - rho) / rho
    return betabinom.logpmf(k, n, p * total, (1 - p) * total)


def probabilities():
    """A grid of cases, each with both results."""
    cases = []
    for n, ks in [(1, [0, 1]), (10, [0, 3, 10]), (164, [0, 61, 163, 164]), (1319, [7, 800]), (14042, [9000])]:
        for k in ks:
            for p in [1e-6, 0.03, 0.5, 0.61, 0.999]:
                for rho in [1e-12, 1e-6, 1e-3, 0.05, 0.7]:
                    case = {"n": n, "k": k, "p": p, "rho": rho}
                    cases.append({**case, "exact": float(exact(k, n, p, rho)), "scipy": float(by_scipy(k, n, p, rho))})
    return cases


def table():
    """30 rows of over-dispersed shares."""
    rng = np.random.default_rng(7)
    x = np.linspace(-2, 2.5, 30)
    n = rng.integers(40, 400, x.size)
    p = 1 / (1 + np.exp(-(0.3 + 0.8 * x)))
    total = (1 - 0.04) / 0.04
    k = rng.binomial(n, rng.beta(p * total, (1 - p) * total))
    lines = [f"{a:.6f},{b},{c}" for a, b, c in zip(x, k, n)]
    (HERE / "table.csv").write_text("x,successes,attempts\n" + "\n".join(lines) + "\n")
    return np.loadtxt(HERE / "table.csv", delimiter=",", skiprows=1).T


def fit(x, k, n):
    """Maximum likelihood."""

    def cost(v):
        p = 1 / (1 + np.exp(-(v[0] + v[1] * x)))
        rho = 1 / (1 + np.exp(-v[2]))
        return -np.sum(by_scipy(k, n, p, rho))

    start = minimize(cost, [0, 0.5, -3], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12, "maxiter": 9999})

    def log_likelihood(a, b, u):
        rho = 1 / (1 + mp.exp(-u))
        rates = [1 / (1 + mp.exp(-(a + b * mp.mpf(float(one))))) for one in x]
        return mp.fsum(exact(int(i), int(j), p, rho) for i, j, p in zip(k, n, rates))

    h = mp.mpf(10) ** -15
    v = mp.matrix([mp.mpf(float(one)) for one in start.x])
    for _ in range(4):

        def at(*moves):
            w = v.copy()
            for place, sign in moves:
                w[place] += sign * h
            return log_likelihood(*w)

        here = at()
        slope = mp.matrix([(at((i, 1)) - at((i, -1))) / (2 * h) for i in range(3)])
        bend = mp.matrix(3, 3)
        for i in range(3):
            for j in range(i + 1):
                if i == j:
                    bend[i, i] = (at((i, 1)) - 2 * here + at((i, -1))) / h**2
                else:
                    corners = [(s, t, at((i, s), (j, t))) for s in (1, -1) for t in (1, -1)]
                    bend[i, j] = bend[j, i] = mp.fsum(s * t * value for s, t, value in corners) / (4 * h**2)
        v -= mp.lu_solve(bend, slope)
    cov = mp.inverse(-bend)
    rho = 1 / (1 + mp.exp(-v[2]))
    return {
        "a": float(v[0]),
        "b": float(v[1]),
        "rho": float(rho),
        "log_likelihood": float(log_likelihood(*v)),
        "a_error": float(mp.sqrt(cov[0, 0])),
        "b_error": float(mp.sqrt(cov[1, 1])),
    }


if __name__ == "__main__":
    found = {"probabilities": probabilities(), "fit": fit(*table())}
    (HERE / "expected.json").write_text(json.dumps(found, indent=1) + "\n")
    off = max(abs(c["exact"] - c["scipy"]) for c in found["probabilities"] if c["rho"] >= 1e-3)
    print(f"scipy and mpmath differ by {off:.1e} at most for rho from 1e-3; fit: {found['fit']}")
