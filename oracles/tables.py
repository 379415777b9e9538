"""The tables that oracles and benchmarks run on.

The real one is the reconstructed Chinchilla table, `../shared/data/chinchilla245.csv` beside the checkout; it has no
licence that would let this repository carry it. Where it is missing, the twin stands in: 245 synthetic runs with the
same design (nine isoFLOP budgets, sizes from 5e7 to 1.6e10) and the same trouble (five runs with few tokens and a
loss above the law), drawn from a known law with a fixed seed.

    python oracles/tables.py FOLDER     writes table245.csv and table240.csv (without the five highest losses), each
                                        with the columns N,D,C,loss,cluster, and prints where they come from;
                                        --twin takes the twin in any case
"""

import sys
from pathlib import Path

import numpy as np

REAL = Path(__file__).resolve().parents[2] / "shared" / "data" / "chinchilla245.csv"
SEED = 20404
# Besiroglu et al. 2024 (arXiv 2404.10102), their estimate for the Chinchilla data, used here as a plausible truth.
TRUTH = {"E": 1.8172, "A": 482.01, "B": 2085.43, "alpha": 0.3478, "beta": 0.3658}


def law(n, d, E, A, B, alpha, beta):
    """Loss in nats per token at n parameters and d tokens: E + A / n^alpha + B / d^beta."""
    return E + A * n**-alpha + B * d**-beta


def real():
    """Rows [245, 4] of N, D, C and loss, or None where the shared data are not beside the checkout."""
    return np.loadtxt(REAL, delimiter=",", skiprows=1) if REAL.is_file() else None


def twin(seed=SEED):
    """Synthetic rows [245, 4] of N, D, C and loss; the same seed gives the same rows."""
    rng = np.random.default_rng(seed)
    budgets = np.array([6e18, 1e19, 3e19, 6e19, 1e20, 3e20, 6e20, 1e21, 3e21])
    sizes = np.geomspace(5e7, 1.6e10, 42)
    alpha, beta = TRUTH["alpha"], TRUTH["beta"]
    best = (alpha * TRUTH["A"] / (beta * TRUTH["B"])) ** (1 / (alpha + beta))

    c = budgets[np.arange(240) % len(budgets)]
    wanted = best * (c / 6) ** (beta / (alpha + beta)) * np.exp(rng.uniform(-1.6, 1.6, 240))
    n = sizes[np.abs(np.log(wanted[:, None] / sizes)).argmin(axis=1)]
    d = c / (6 * n)
    loss = law(n, d, **TRUTH) * np.exp(0.004 * rng.standard_t(4, 240))

    few = rng.uniform(1.5e8, 4e8, 5)
    small = rng.choice(sizes[8:24], 5)
    high = law(small, few, **TRUTH) * np.exp(rng.uniform(0.05, 0.15, 5))
    odd = np.column_stack([small, few, 6 * small * few, high])
    return np.vstack([np.column_stack([n, d, c, loss]), odd])


def without_highest(rows, k=5):
    """The rows without the k highest losses, order kept."""
    return rows[rows[:, 3] < np.sort(rows[:, 3])[-k]]


def clusters(n):
    """Integer label per row: sizes that follow each other within 1 % are one model size."""
    order = np.argsort(n, kind="stable")
    steps = np.diff(np.log(n[order])) > np.log(1.01)
    labels = np.empty(len(n), dtype=int)
    labels[order] = np.concatenate([[0], np.cumsum(steps)])
    return labels


def load():
    """(name, rows [245, 4]): the real table where it is, else the twin."""
    rows = real()
    return ("twin", twin()) if rows is None else ("chinchilla245", rows)


def write(path, rows):
    """Write rows with their cluster column, every float with all its digits."""
    with open(path, "w", encoding="ascii") as out:
        out.write("N,D,C,loss,cluster\n")
        for (n, d, c, loss), label in zip(rows.tolist(), clusters(rows[:, 0]).tolist(), strict=True):
            out.write(f"{n!r},{d!r},{c!r},{loss!r},{label}\n")


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    name, rows = ("twin", twin()) if "--twin" in sys.argv[2:] else load()
    write(folder / "table245.csv", rows)
    write(folder / "table240.csv", without_highest(rows))
    source = "reconstructed Chinchilla runs" if name != "twin" else f"synthetic twin, seed {SEED}"
    print(f"source={name} rows={len(rows)} clusters={clusters(rows[:, 0]).max() + 1} ({source})")


if __name__ == "__main__":
    main()
