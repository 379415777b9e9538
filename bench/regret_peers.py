"""What a user would do in Python, for the study of regret: approach 3 of Hoffmann et al. 2022.

    python bench/regret_peers.py scipy < TABLES > ANSWERS
    python bench/regret_peers.py chinchilla < TABLES > ANSWERS

Reads one JSON list of tables, each {"N": [...], "D": [...], "loss": [...]}; prints one list of [E, A, B, alpha, beta],
or null where the peer raises. scipy starts once, from the published values of Hoffmann et al., as most scripts do. The
package `chinchilla` (0.2.0 from PyPI) starts from a grid of 32 points and fits with its default loss.
"""

import json
import sys
import tempfile
import warnings

import numpy as np
from scipy.optimize import curve_fit

START = [1.69, 406.4, 410.7, 0.34, 0.28]
# The second and fourth of the five values of its README: all five make 3125 starts, and a table then takes minutes.
GRID = {"E": [1.25, 1.75], "a": [3.25, 7.75], "b": [3.25, 7.75], "alpha": [0.25, 0.55], "beta": [0.25, 0.55]}


def law(nd, e, a, b, alpha, beta):
    n, d = nd
    return e + a / n**alpha + b / d**beta


def by_scipy(table):
    n, d, loss = (np.array(table[name]) for name in ("N", "D", "loss"))
    try:
        found, _ = curve_fit(law, (n, d), loss, p0=START, maxfev=20000)
    except (RuntimeError, ValueError):
        return None
    return [float(x) for x in found]


def by_chinchilla(table):
    from chinchilla import Chinchilla

    with tempfile.TemporaryDirectory() as folder:
        tool = Chinchilla(folder, param_grid=GRID, log_level=50)
        tool.visualizer.optim = lambda *args, **kwargs: None  # a picture of every fit: takes longer than the fit
        for n, d, loss in zip(table["N"], table["D"], table["loss"]):
            tool.append(N=n, D=d, loss=loss)
        try:
            tool.fit()
        except (ValueError, FloatingPointError):
            return None
        return [float(getattr(tool, name)) for name in ("E", "A", "B", "alpha", "beta")]


PEERS = {"scipy": by_scipy, "chinchilla": by_chinchilla}


def main():
    warnings.simplefilter("ignore")
    fitted = PEERS[sys.argv[1]]
    json.dump([fitted(table) for table in json.load(sys.stdin)], sys.stdout)


if __name__ == "__main__":
    main()
