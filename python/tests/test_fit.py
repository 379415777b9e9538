"""The surface of a fit."""

import json
import pickle
import warnings
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest

import isoflop as iso


@pytest.fixture(scope="module")
def fit(columns):
    return iso.fit(columns, "chinchilla", bootstrap=100)


def test_names_and_numbers(fit):
    assert list(fit.params) == ["E", "A", "alpha", "B", "beta"]
    assert abs(fit.params["E"] - 1.7) < 0.05
    assert fit.nobs == 80
    assert fit.certificate.verdict == "certified"
    assert fit.certificate
    assert fit.draws.shape == (100, 5)
    assert fit.resid.shape == (80,)
    assert fit.cov_params().shape == (5, 5)
    assert fit.bse["E"] == pytest.approx(np.sqrt(fit.cov_params()[0, 0]))
    assert "a_opt" in fit.derived["name"]
    assert "certificate: certified" in str(fit.summary())
    assert fit.ranges["N"] == (1e6, 1e9)
    assert "huber-log" in fit.choices["objective"] or len(fit.choices["objective"]) > 2
    json.dumps(fit.to_dict())


def test_intervals(fit):
    own = fit.conf_int()
    assert own["low"].tolist() == fit.parameters["low"].tolist()
    # At another level they are those of the same fit at that level.
    half = fit.conf_int(0.5)
    runs = iso.simulate("chinchilla", seed=1)
    again = iso.fit(runs, "chinchilla", bootstrap=60, level=0.5)
    assert iso.fit(runs, "chinchilla", bootstrap=60).conf_int(0.5)["low"].tolist() == again.conf_int()["low"].tolist()
    profile = iso.fit(runs, "chinchilla", interval="profile", of="E")
    with pytest.raises(iso.IsoflopError, match=r"fit with level=0\.5"):
        profile.conf_int(0.5)
    assert (half["low"] > own["low"]).all()
    assert (half["high"] < own["high"]).all()
    with pytest.raises(iso.IsoflopError, match="between 0 and 1"):
        fit.conf_int(90)


def test_interval_methods():
    runs = iso.simulate("chinchilla", seed=1)
    bca = iso.fit(runs, "chinchilla", bootstrap=200, interval="point", ends="bca", of="E + A")
    assert "bootstrap" in bca.to_dict()["interval"]["method"]
    assert "E + A" in list(bca.derived["name"])
    nuts = iso.fit(runs, "chinchilla", interval="nuts", draws=100, prior={"alpha": "normal(0.35, 0.1)"})
    assert nuts.to_dict()["interval"]["posterior"] is not None
    with pytest.raises(iso.IsoflopError, match="unknown interval method"):
        iso.fit(runs, "chinchilla", interval="guess")


def test_predictions(fit):
    one = fit.predict(N=1e8, D=1e9)
    assert one["low"][0] < one["estimate"][0] < one["high"][0]
    many = fit.predict(N=[1e7, 1e8], D=1e9)
    assert many["estimate"][1] == one["estimate"][0]
    narrow = fit.predict(N=1e8, D=1e9, interval=0.5)
    assert narrow["low"][0] > one["low"][0]
    with pytest.warns(iso.DataWarning, match="N is missing"):
        frame = fit.predict({"N": [1e8, None], "D": [1e9, 1e9]})
    assert frame.rows == 2
    assert np.isnan(frame["estimate"][1])
    with pytest.warns(iso.ExtrapolationWarning, match="more than 10 times beyond the runs in N"):
        fit.predict(N=1e12, D=1e9)
    with pytest.raises(iso.IsoflopError, match="needs D"):
        fit.predict(N=1e8)
    with pytest.raises(iso.IsoflopError, match="no input M"):
        fit.predict(N=1e8, D=1e9, M=2)
    with pytest.raises(iso.ColumnError, match="D"):
        fit.predict({"N": [1e8]})


def test_every_output_of_a_law_of_several_statements():
    runs = iso.simulate("gadre_joint", noise=0.005, seed=1)
    fit = iso.fit(runs, "gadre_joint", bootstrap=50)
    assert fit.outputs == ["loss", "error"]
    assert fit.nobs == 2 * len(runs)  # both outputs of every run
    loss, error = (fit.predict(C=1e21, M=640, output=name) for name in fit.outputs)
    expected = 0.857 - 2.2065 * np.exp(-0.7146 * 2.744704931)
    assert loss["estimate"][0] == pytest.approx(2.744704931, rel=0.01)
    assert error["estimate"][0] == pytest.approx(expected, rel=0.02)
    assert loss["high"][0] - loss["low"][0] > error["high"][0] - error["low"][0] > 0
    with pytest.raises(ValueError, match="loss, error"):
        fit.predict(C=1e21, M=640, output="bleu")


def test_predictions_go_to_other_libraries(fit):
    import polars
    import pyarrow

    frame = fit.predict(N=[1e7, 1e8], D=[1e9, 1e9])
    assert frame.to_pandas()["estimate"].tolist() == frame["estimate"].tolist()
    assert frame.to_polars()["estimate"].to_list() == frame["estimate"].tolist()
    assert polars.DataFrame(frame)["N"].to_list() == [1e7, 1e8]
    assert pyarrow.table(frame).num_rows == 2
    assert json.loads(frame.to_json())[0]["N"] == 1e7
    assert "<table>" in frame._repr_html_()


def test_profile(fit):
    (profile,) = fit.profile("alpha", curve=5)
    at = list(fit.params).index("alpha")
    low, high = fit.conf_int()["low"][at], fit.conf_int()["high"][at]
    assert profile["low"] < fit.params["alpha"] < profile["high"]
    assert 0.2 < (profile["high"] - profile["low"]) / (high - low) < 5


def test_saving(fit, tmp_path):
    fit.save(tmp_path / "fit.json")
    loaded = iso.load(tmp_path / "fit.json")
    assert loaded.params == fit.params
    assert loaded.draws.tobytes() == fit.draws.tobytes()
    assert loaded.predict(N=1e8, D=1e9)["low"] == fit.predict(N=1e8, D=1e9)["low"]
    assert list(tmp_path.iterdir()) == [tmp_path / "fit.json"]
    with pytest.raises(iso.IsoflopError, match="give its runs"):
        loaded.profile("alpha")
    assert loaded.profile("alpha", runs=fit.runs, curve=3)[0]["estimate"] == pytest.approx(fit.params["alpha"])
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(iso.IsoflopError, match="no saved fit"):
        iso.load(tmp_path / "bad.json")
    with pytest.raises(OSError):  # noqa: PT011
        fit.save(tmp_path / "nowhere" / "fit.json")


def test_pickling(fit):
    again = pickle.loads(pickle.dumps(fit))
    assert again.to_dict() == fit.to_dict()
    assert again.profile("E", curve=3) == fit.profile("E", curve=3)


def _work(columns):
    fit = iso.fit(columns, "chinchilla", bootstrap=20)
    return fit, fit.predict(N=1e8, D=1e9)["estimate"][0]


def test_fits_travel_between_processes(columns, fit):
    # The parent has fitted before: a child that is forked has none of its threads.
    with ProcessPoolExecutor(2) as pool:
        made = list(pool.map(_work, [columns, columns], timeout=120))
    assert made[0][0].params == fit.params == made[1][0].params
    assert made[0][1] == fit.predict(N=1e8, D=1e9)["estimate"][0]


def test_eight_threads_at_once(columns):
    with ThreadPoolExecutor(8) as pool:
        fits = list(pool.map(lambda seed: iso.fit(columns, "chinchilla", bootstrap=50, seed=seed % 2), range(16)))
    assert {fit.draws.tobytes() for fit in fits} == {fits[0].draws.tobytes(), fits[1].draws.tobytes()}
    assert fits[0].draws.tobytes() != fits[1].draws.tobytes()


def test_options(columns):
    fixed = iso.fit(columns, "chinchilla", fix={"E": 1.7}, bounds={"alpha": (0, 1)}, bootstrap=0, choices=False)
    assert fixed.params["E"] == 1.7
    assert fixed.parameters["fixed"][0]
    tied = iso.fit(columns, "chinchilla", tie={"beta": "alpha"}, bootstrap=0, choices=False)
    assert "beta" not in tied.params
    renamed = {"n": columns["N"], "d": columns["D"], "final": columns["loss"]}
    mapped = iso.fit(renamed, "chinchilla", map={"N": "n", "D": "d", "loss": "final"}, bootstrap=0, choices=False)
    assert mapped.params == iso.fit(columns, "chinchilla", bootstrap=0, choices=False).params
    assert mapped.predict({"n": [1e8], "d": [1e9]}, map={"N": "n", "D": "d"}).rows == 1
    some = iso.fit(columns, "loss ~ E + A / C^g", let={"C": "6*N*D"}, where=["N < 1e9", "D > 3e7"], bootstrap=0)
    assert some.nobs == 63
    assert some.predict(C=1e18).columns[0] == "C"


def test_not_certified_warns(columns):
    few = {name: values[:20] for name, values in columns.items()}
    with pytest.warns(iso.NotCertifiedWarning, match="not certified"):
        fit = iso.fit(few, "chinchilla", bootstrap=0)
    assert not fit.certificate
    with pytest.warns(iso.NotCertifiedWarning):
        fit.predict(N=1e8, D=2e7)


def test_formula_errors_have_a_place(columns):
    with pytest.raises(iso.FormulaError) as raised:
        iso.fit(columns, "loss ~ E + A / N^")
    assert raised.value.formula == "loss ~ E + A / N^"
    assert raised.value.position is not None
    assert "^" in str(raised.value).splitlines()[-2]
    again = pickle.loads(pickle.dumps(raised.value))
    assert again.position == raised.value.position
    with pytest.raises(iso.FormulaError) as raised:
        iso.fit(columns, "chinchilla", where="N <")
    assert raised.value.origin == "where"
    assert raised.value.code.startswith("F")


def test_other_errors(columns):
    with pytest.raises(iso.IsoflopError, match="did you mean `chinchilla`"):
        iso.fit(columns, "chinchila")
    with pytest.raises(iso.IsoflopError, match="unknown objective"):
        iso.fit(columns, "chinchilla", objective="cubes")
    with pytest.raises(iso.IsoflopError, match="write NAME=NUMBER"):
        iso.fit(columns, "chinchilla", fix={"E": "much"})
    with pytest.raises(ValueError, match="bootstrap"):
        iso.fit(columns, "chinchilla", bootstrap=-1)
    with pytest.raises(ValueError, match="seed"):
        iso.fit(columns, "chinchilla", seed=-1)
    with pytest.raises(iso.IsoflopError, match="level"):
        iso.fit(columns, "chinchilla", level=90)


def test_shown_in_a_notebook(fit):
    bundle = fit._repr_mimebundle_()
    assert "<table>" in bundle["text/html"]
    assert "alpha" in bundle["text/latex"]
    assert "<isoflop.Fit" in repr(fit)


def test_plot(fit):
    import matplotlib as mpl

    mpl.use("Agg")
    axes = fit.plot()
    assert axes.get_xlabel() == "N"
    assert len(axes.get_lines()) > 2
    assert fit.plot(axes, x="D") is axes
    with pytest.raises(iso.IsoflopError, match="no numeric input"):
        fit.plot(x="M")


def test_nothing_is_warned_of_a_good_fit(columns):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        iso.fit(columns, "chinchilla", bootstrap=0).predict(N=1e8, D=1e9)


def test_plot_as_vega_lite(fit):
    import altair

    spec = fit.plot(kind="vega-lite", x="N")
    json.dumps(spec, allow_nan=False)
    chart = fit.plot(kind="altair", x="N")
    assert isinstance(chart, altair.LayerChart)
    drawn = chart.to_dict()  # validates against the schema of Vega-Lite
    assert len(drawn["layer"]) == 3
    _, line, dots = spec["layer"]
    assert len(dots["data"]["values"]) == fit.nobs
    row = line["data"]["values"][37]
    size = float(row["curve"].split("=")[1])
    low, high = fit.ranges["D"]
    at = min(np.geomspace(low, high, 5), key=lambda d: abs(d / size - 1))
    found = fit.predict(N=row["x"], D=at)
    assert (row["y"], row["low"], row["high"]) == (found["estimate"][0], found["low"][0], found["high"][0])
    with pytest.raises(ValueError, match="kind"):
        fit.plot(kind="bokeh")


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_to_arviz(fit, columns):
    arviz = pytest.importorskip("arviz")
    found = fit.to_arviz()
    assert found.posterior.sizes["chain"] == 1
    assert found.posterior["alpha"].values[0].tolist() == fit.draws[:, list(fit.params).index("alpha")].tolist()
    assert found.observed_data["loss"].values.tolist() == columns["loss"].tolist()
    assert "replicates" in found.posterior.attrs["draws"]
    walked = iso.fit(columns, "chinchilla", interval="nuts", draws=150, choices=False, seed=2)
    found = walked.to_arviz()
    assert found.posterior.sizes["chain"] == 4
    # What isoflop says of the chains is what arviz finds in the draws that are kept.
    ours = {one["name"]: one for one in walked._fit["interval"]["posterior"]["summary"]}
    theirs = arviz.rhat(found)
    for name in ("alpha", "beta"):
        assert float(theirs[name]) == pytest.approx(ours[name]["rhat"], abs=0.02)
        assert float(found.posterior[name].mean()) == pytest.approx(ours[name]["mean"], rel=0.02)
