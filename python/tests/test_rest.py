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


LAW = "chinchilla@besiroglu"
FLOPS = "6*N*D <= 1e22"
TWO = {"small": "chinchilla@hoffmann", "large": LAW}
SHARES = "C[web]=2.2,C[code]=1.1,gamma[web]=0.5,gamma[code]=0.5"
MIX = f"optimal_mixture_additive:E=1.4,{SHARES},A=500,alpha=0.34,B=600,beta=0.3"
# Keyword arguments, and the same question on the command line.
SAME = [
    ((LAW,), {"solve": "D", "subject_to": "loss == 2.1", "given": {"N": "7B"}},
     [LAW, "--solve", "D", "--subject-to", "loss == 2.1", "--given", "N=7B"]),
    ((TWO,), {"minimize": "small_loss + large_loss", "over": ["N", "D"], "subject_to": FLOPS},
     [*(f"{role}={law}" for role, law in TWO.items()), "--minimize", "small_loss + large_loss", "--over", "N,D",
      "--subject-to", FLOPS]),
    ((MIX,), {"minimize": "loss", "simplex": "mix_*", "given": {"N": "1e9", "D": "2e10"}},
     [MIX, "--minimize", "loss", "--simplex", "mix_*", "--given", "N=1e9", "--given", "D=2e10"]),
    ((LAW,), {"minimize": "loss", "over": ["N", "D"], "let": {"spent": "6*N*D"}, "subject_to": "spent <= 1e22",
              "curves": True},
     [LAW, "--minimize", "loss", "--over", "N,D", "--let", "spent=6*N*D", "--subject-to", "spent <= 1e22", "--curves"]),
    ((LAW,), {"minimize": "6*N*D", "over": ["N", "D", "layers"], "integer": "layers",
              "subject_to": ["loss <= 2.5", "N == 12 * layers * 1024^2"]},
     [LAW, "--minimize", "6*N*D", "--over", "N,D,layers", "--integer", "layers", "--subject-to", "loss <= 2.5",
      "--subject-to", "N == 12 * layers * 1024^2"]),
]


@pytest.mark.skipif("ISOFLOP_PROGRAM" not in os.environ, reason="no program to run")
@pytest.mark.parametrize(("arguments", "options", "words"), SAME)
def test_plans_are_those_of_the_command_line(arguments, options, words):
    command = [os.environ["ISOFLOP_PROGRAM"], "plan", *words, "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert iso.plan(*arguments, **options).to_dict() == json.loads(done.stdout)


def test_plans_of_several_laws(columns):
    fit = iso.fit(columns, "chinchilla", bootstrap=20)
    best = iso.plan({"ours": fit, "theirs": LAW}, minimize="ours_loss", over=["N", "D"], subject_to=FLOPS)
    assert best.decision["N"] == pytest.approx(iso.plan(fit, "compute-optimal", flops=1e22).decision["N"], rel=1e-6)
    with pytest.raises(iso.IsoflopError, match="role"):
        iso.plan({"a b": fit, "theirs": LAW}, minimize="loss", over=["N", "D"], subject_to=FLOPS)


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
