"""What a user of scipy would do, for the study of regret: approach 3 of Hoffmann et al. 2022 by least squares.

    python bench/regret_peers.py < TABLES > ANSWERS

Reads one JSON list of tables, each {"N": [...], "D": [...], "loss": [...]}; prints one list of [E, A, B, alpha, beta],
or null where scipy raises. One start, at the published values of Hoffmann et al., as most scripts do.
"""

import json
import sys
import warnings

import numpy as np
from scipy.optimize import curve_fit

START = [1.69, 406.4, 410.7, 0.34, 0.28]


def law(nd, e, a, b, alpha, beta):
    n, d = nd
    return e + a / n**alpha + b / d**beta


def fitted(table):
    n, d, loss = (np.array(table[name]) for name in ("N", "D", "loss"))
    try:
        found, _ = curve_fit(law, (n, d), loss, p0=START, maxfev=20000)
    except (RuntimeError, ValueError):
        return None
    return [float(x) for x in found]


def main():
    warnings.simplefilter("ignore")
    json.dump([fitted(table) for table in json.load(sys.stdin)], sys.stdout)


if __name__ == "__main__":
    main()
