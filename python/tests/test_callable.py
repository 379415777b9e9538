"""The slow path: functions in place of formulas, checked against the fast path."""

import numpy as np
import pytest

import isoflop as iso

START = {"E": 1.5, "A": 300.0, "B": 700.0, "alpha": 0.3, "beta": 0.33}


def chinchilla(N, D, E, A, B, alpha, beta):
    return E + A / N**alpha + B / D**beta


@pytest.mark.parametrize("objective", ["huber-log", "squares-log", "squares"])
def test_the_optimum_of_the_fast_path(columns, objective):
    slow = iso.fit_callable(columns, chinchilla, START, objective=objective, starts=3)
    fast = iso.fit(columns, "chinchilla", objective=objective, bootstrap=0, choices=False)
    assert slow.converged
    for name, value in fast.params.items():
        assert slow.params[name] == pytest.approx(value, rel=1e-6), name
    assert slow.predict(N=1e9, D=2e10) == pytest.approx(float(fast.predict(N=1e9, D=2e10)["estimate"][0]), rel=1e-9)
    assert "slow path" in repr(slow)


def test_an_objective_that_is_a_function(columns):
    def huber(r):
        return np.where(np.abs(r) <= 1e-3, 0.5 * r * r, 1e-3 * (np.abs(r) - 5e-4))

    one = iso.fit_callable(columns, chinchilla, START, objective=huber, starts=1)
    two = iso.fit_callable(columns, chinchilla, START, starts=1)
    for name, value in two.params.items():
        assert one.params[name] == pytest.approx(value, rel=1e-5)
    # Something that no formula of ours says.
    tilted = iso.fit_callable(columns, chinchilla, START, objective=lambda r: np.logaddexp(90 * r, -10 * r), starts=1)
    assert tilted.converged
    r = np.log(tilted.predict(N=columns["N"], D=columns["D"])) - np.log(columns["loss"])
    assert np.mean(r > 0) < 0.4


def test_bounds_weights_and_replicates(columns):
    held = iso.fit_callable(columns, chinchilla, START, bounds={"alpha": (0, 0.3)}, starts=2)
    assert held.params["alpha"] == pytest.approx(0.3)
    weighted = {**columns, "w": np.where(columns["N"] < 1e7, 4.0, 1.0)}
    slow = iso.fit_callable(weighted, chinchilla, START, weight="w", starts=1, objective="squares-log", bootstrap=20)
    fast = iso.fit(weighted, "chinchilla", weight="w", objective="squares-log", bootstrap=0)
    assert slow.params["beta"] == pytest.approx(fast.params["beta"], rel=1e-6)
    assert len(slow.draws) > 15
    assert slow.table["low"][0] < slow.params["E"] < slow.table["high"][0]


def test_what_a_user_gets_wrong(columns):
    with pytest.raises(iso.IsoflopError, match="no argument gamma"):
        iso.fit_callable(columns, chinchilla, {**START, "gamma": 1.0})
    with pytest.raises(iso.IsoflopError, match="E is neither"):
        iso.fit_callable(columns, chinchilla, {k: v for k, v in START.items() if k != "E"})
    with pytest.raises(iso.IsoflopError, match="one number a row"):
        iso.fit_callable(columns, lambda N, E: 1.0, {"E": 1.0})
    with pytest.raises(iso.IsoflopError, match="no finite"):
        iso.fit_callable(columns, lambda N, E: E - N, {"E": 1.0}, starts=1)
    with pytest.raises(iso.IsoflopError, match="objective"):
        iso.fit_callable(columns, chinchilla, START, objective="hubert")
