"""Comparisons, backtests, plans, laws, costs."""

import json
import os
import subprocess

import numpy as np
import pytest

import isoflop as iso


def test_compare(columns):
    found = iso.compare(columns, ["chinchilla", "loss ~ E + A / N^alpha"], bootstrap=0, cuts=2)
    assert found.standing == ["chinchilla"]
    assert found.table["law"][0] == "chinchilla"
    assert "chinchilla" in found.sentence
    json.dumps(found.to_dict())
    with pytest.raises(iso.IsoflopError, match="predict"):
        iso.compare(columns, ["chinchilla", "D ~ a * N^b"])


def test_backtest(columns):
    found = iso.backtest(columns, "chinchilla", by="N", cuts=2, bootstrap=20)
    assert found.table["held_out"][-1] == "all"
    assert len(found.forecasts["observed"]) == found.table["forecasts"][-1]
    assert np.abs(found.forecasts["predicted"] / found.forecasts["observed"] - 1).max() < 0.05
    at = iso.backtest(columns, "chinchilla", by="N", cuts=[1e8], bootstrap=0)
    assert at.table.rows == 2
    with pytest.raises(iso.IsoflopError, match="familie"):
        iso.backtest(columns, "chinchilla", leave_out="familie")


def test_plan(columns, tmp_path):
    fit = iso.fit(columns, "chinchilla", bootstrap=50)
    best = iso.plan(fit, "compute-optimal", flops=1e21)
    assert 6 * best.decision["N"] * best.decision["D"] == pytest.approx(1e21, rel=1e-6)
    assert best.regret is not None
    assert best.table["low"][0] < best.table["estimate"][0] < best.table["high"][0]
    fit.save(tmp_path / "fit.json")
    assert iso.plan(tmp_path / "fit.json", "compute-optimal", flops=1e21).to_dict() == best.to_dict()
    own = iso.plan(fit, minimize="loss", over=["N", "D"], subject_to="6*N*D <= 1e21", report="D/N")
    assert own.decision["N"] == pytest.approx(best.decision["N"], rel=1e-5)
    assert "D/N" in own.table["name"]
    assert "compute-optimal" in iso.plans()["id"]
    rules = iso.rules("hyperparameters", N=1e9, D=1e11)
    assert rules["value"][0] == pytest.approx(1.632499e-3, rel=1e-5)
    with pytest.raises(iso.IsoflopError, match="decides something"):
        iso.rules("compute-optimal")
    with pytest.raises(iso.FormulaError):
        iso.plan(fit, minimize="loss +", over="N")
    with pytest.raises(iso.IsoflopError, match="plans"):
        iso.plan(fit)


def test_laws():
    assert iso.laws().rows > 400
    assert "chinchilla" in iso.laws("hoffmann", input="N", output="loss")["id"]
    law = iso.law("chinchilla")
    assert law.inputs == ["N", "D"]
    assert law.coefficients["besiroglu"]["E"] == pytest.approx(1.8172)
    assert law.bibtex.startswith("@")
    assert "alpha" in law._repr_html_()
    with pytest.raises(iso.IsoflopError, match="chinchilla"):
        iso.law("chinchila")
    with pytest.raises(iso.FormulaError):
        iso.law("loss ~ E +")
    assert iso.law("score ~ a + b*x", inputs=["x"]).output == "score"


def test_simulate():
    one, same, other = (iso.simulate("chinchilla", seed=seed) for seed in (1, 1, 2))
    assert one.to_dict()["loss"].tobytes() == same.to_dict()["loss"].tobytes()
    assert one.to_dict()["loss"].tobytes() != other.to_dict()["loss"].tobytes()


def test_reproduce(tmp_path):
    wanted = ["approach2_bias", "sardana-plan", "chinchilla"]
    found = iso.reproduce(wanted, data=tmp_path)
    assert found.table.rows > 3
    assert all(found.table["met"])
    assert list(found.left_out) == ["chinchilla"]
    assert "1 result is left out" in repr(found)
    with pytest.raises(iso.IsoflopError, match="did you mean chinchilla"):
        iso.reproduce("chinchila", data=tmp_path)
    with pytest.raises(iso.IsoflopError, match="no folder"):
        iso.reproduce(data=tmp_path / "absent")
    if "ISOFLOP_PROGRAM" in os.environ:
        words = ["reproduce", *wanted, "--data", str(tmp_path), "--format=json", "-qq"]
        told = subprocess.check_output([os.environ["ISOFLOP_PROGRAM"], *words])
        assert found.to_dict() == json.loads(told)


def test_cost():
    config = {
        "model_type": "llama",
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "vocab_size": 100,
        "max_position_embeddings": 128,
    }
    found = iso.cost(config, tokens=1e9)
    assert found.rows > 5
    assert np.nanmax(found["of_run"]) > 1e14
    assert "money" in iso.cost(config, tokens=1e9, given={"price": 2.5}, hardware="h100")["name"]
    with pytest.raises(iso.IsoflopError):
        iso.cost({"model_type": "abacus"})


def test_a_program_of_a_user(capsys):
    import program

    assert np.isnan(program.main())
    assert "certified" in capsys.readouterr().out
