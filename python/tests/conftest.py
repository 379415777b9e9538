"""What the tests share: one table of runs, made here and not read from anywhere."""

import numpy as np
import pytest


@pytest.fixture(scope="session")
def columns():
    """80 runs of a law with noise, as a dictionary of arrays."""
    rng = np.random.default_rng(7)
    n, d = np.meshgrid(np.geomspace(1e6, 1e9, 10), np.geomspace(2e7, 2e10, 8))
    loss = 1.7 + 400 / n**0.34 + 900 / d**0.3
    noise = np.exp(0.004 * rng.standard_normal(loss.shape))
    return {"N": n.ravel(), "D": d.ravel(), "loss": (loss * noise).ravel()}


@pytest.fixture
def csv(columns, tmp_path):
    """The same runs as a CSV file."""
    path = tmp_path / "runs.csv"
    rows = zip(*(column.tolist() for column in columns.values()))
    path.write_text("N,D,loss\n" + "".join(",".join(map(repr, row)) + "\n" for row in rows))
    return path
