"""What a reviewer asks, and the runs to do next: typed answers that hold what the command line prints."""

import json
import os
import pickle
import subprocess

import numpy as np
import pytest

import isoflop as iso

FAST = {"bootstrap": 100}


@pytest.fixture(scope="module")
def recipes(columns):
    """The runs twice: a recipe b that needs 1.5 times the data of a."""
    n, d = np.tile(columns["N"], 2), np.tile(columns["D"], 2)
    share = np.repeat([1.0, 1 / 1.5], len(columns["N"]))
    noise = np.exp(0.002 * np.random.default_rng(3).standard_normal(len(n)))
    loss = (1.7 + 400 / n**0.34 + 900 / (share * d) ** 0.3) * noise
    return {"N": n, "D": d, "loss": loss, "recipe": np.repeat(["a", "b"], len(n) // 2).astype(object)}


def test_methods(columns):
    found = iso.methods(columns, at=[1e20, 1e21], **FAST)
    assert found.at == [1e20, 1e21]
    assert len(found.table["name"]) >= 3
    law = next(row for row in found.table.to_records() if row["a_opt"] is not None and row["a_opt_low"] is not None)
    assert law["a_opt_low"] <= law["a_opt"] <= law["a_opt_high"]
    assert found.to_pandas().shape[0] == found.table.rows
    assert found.to_polars().height == found.table.rows


def test_contrast(recipes):
    found = iso.contrast(recipes, "recipe", **FAST)
    assert found.arms == ("a", "b")
    assert found.verdict == "first"
    assert (found.table["multiplier"] > 1).all()
    assert "a against b" in repr(found)
    with pytest.raises(iso.IsoflopError, match="recipes"):
        iso.contrast(recipes, "recipes", **FAST)
    with pytest.raises(ValueError, match="exponents"):
        iso.contrast(recipes, "recipe", exponents="both")


def test_influence(columns):
    loss = columns["loss"].copy()
    loss[17] *= 1.3
    found = iso.influence({**columns, "loss": loss})
    assert found.table.rows == len(loss)
    assert int(np.argmax(found.table["outlier"])) == 17
    assert found.table["run"][17] in found.suspects
    assert {"kind", "name"} <= set(found.choices.columns)


def test_profile(columns):
    found = iso.profile(columns, "chinchilla", ["alpha", "E + A / 70B^alpha"], curve=7)
    assert found.table["of"].tolist() == ["alpha", "E + A / 70B^alpha"]
    fit = iso.fit(columns, "chinchilla", bootstrap=0, choices=False)
    assert found.to_dict()["profiles"] == fit.profile(["alpha", "E + A / 70B^alpha"], curve=7)
    assert found.curves["alpha"].rows >= 7


def test_audit_of_runs_and_of_a_fit(columns):
    fit = iso.fit(columns, "chinchilla", bootstrap=100, seed=5)
    one, two = iso.audit(fit), iso.audit(columns, "chinchilla", bootstrap=100, seed=5)
    assert one.to_dict() == two.to_dict()
    assert one.worst in (None, "note", "warning", "serious")
    assert one.passed.rows > 3
    assert pickle.loads(pickle.dumps(one)).to_json() == one.to_json()
    with pytest.raises(TypeError, match="has its law"):
        iso.audit(fit, "chinchilla")
    loaded = pickle.loads(pickle.dumps(fit))
    assert iso.influence(loaded).table.rows == len(columns["N"])


def test_next_runs(columns):
    fit = iso.fit(columns, "chinchilla", bootstrap=100)
    found = iso.next_runs(fit, budget=3e20, goal="loss at N=10B,D=200B", candidates=300)
    assert 0 < found.cost <= 3e20
    runs = found.table
    assert float(np.sum(6 * runs["N"] * runs["D"] * runs["seeds"])) == pytest.approx(found.cost)
    goal = found.outlook.to_records()[0]
    assert goal["after"] < goal["before"]
    before = iso.next_runs("chinchilla@besiroglu", budget=2e20, goal=["a_opt"], noise=0.005, candidates=300)
    assert before.to_dict()["rows"] == 0
    with pytest.raises(iso.IsoflopError, match="noise"):
        iso.next_runs("chinchilla@besiroglu", budget=2e20, goal="a_opt")
    with pytest.raises(iso.IsoflopError, match="which law"):
        iso.next_runs(columns, budget=1e20, goal="a_opt")


@pytest.mark.skipif("ISOFLOP_PROGRAM" not in os.environ, reason="no program to compare with")
@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda csv: iso.methods(csv, **FAST), ["methods", "--bootstrap=100"]),
        (lambda csv: iso.influence(csv), ["influence"]),
        (lambda csv: iso.audit(csv, **FAST), ["audit", "--bootstrap=100"]),
        (
            lambda csv: iso.next_runs(csv, "chinchilla", budget=3e20, goal="a_opt", candidates=200),
            ["next", "--law=chinchilla", "--budget=3e20", "--goal=a_opt", "--candidates=200"],
        ),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else None,
)
def test_the_same_as_the_command_line(csv, make, words):
    told = subprocess.check_output([os.environ["ISOFLOP_PROGRAM"], *words, str(csv), "--format=json", "-qq"])
    assert make(str(csv)).to_dict() == json.loads(told)
