"""The same runs from every library give the same bits; bad tables give errors that name the column."""

import datetime
import json
import os
import subprocess

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import isoflop as iso

OPTIONS = {"bootstrap": 40, "seed": 3}


def bits(fit):
    return fit.draws.tobytes() + np.array(list(fit.params.values())).tobytes()


@pytest.fixture(scope="module")
def reference(columns):
    return bits(iso.fit(columns, "chinchilla", **OPTIONS))


SOURCES = {
    "lists": lambda c: {name: values.tolist() for name, values in c.items()},
    "records": lambda c: [dict(zip(c, row)) for row in zip(*(v.tolist() for v in c.values()))],
    "pandas": pd.DataFrame,
    "pandas, pyarrow types": lambda c: pd.DataFrame(c).convert_dtypes(dtype_backend="pyarrow"),
    "pandas, objects": lambda c: pd.DataFrame(c).astype(object),
    "polars": pl.DataFrame,
    "pyarrow": pa.table,
    "pyarrow, chunked": lambda c: pa.concat_tables([pa.table(c)[:30], pa.table(c)[30:]]),
    "masked arrays": lambda c: {n: np.ma.masked_array(v, mask=np.zeros(len(v), bool)) for n, v in c.items()},
    "big-endian": lambda c: {name: values.astype(">f8") for name, values in c.items()},
    "strided": lambda c: {name: np.repeat(values, 2)[::2] for name, values in c.items()},
}


@pytest.mark.parametrize("kind", SOURCES)
def test_same_bits(kind, columns, reference):
    assert bits(iso.fit(SOURCES[kind](columns), "chinchilla", **OPTIONS)) == reference


def test_same_bits_from_a_file_and_on_one_thread(csv, reference):
    assert bits(iso.fit(csv, "chinchilla", **OPTIONS)) == reference
    assert bits(iso.fit(csv, "chinchilla", threads=1, **OPTIONS)) == reference


def test_the_command_line_makes_the_same_fit_and_files(csv, tmp_path):
    program = os.environ.get("ISOFLOP_PROGRAM")
    if program is None:
        pytest.skip("ISOFLOP_PROGRAM does not say where the command line is")
    saved = tmp_path / "cli.json"
    words = [program, "fit", str(csv), "--law=chinchilla", "--bootstrap=40", "--seed=3", "--format=json"]
    told = subprocess.run([*words, f"--save={saved}"], check=True, capture_output=True, text=True)
    fit = iso.fit(csv, "chinchilla", **OPTIONS)
    assert fit.to_dict() == json.loads(told.stdout)
    assert bits(iso.load(saved)) == bits(fit)
    own = tmp_path / "python.json"
    fit.save(own)
    ours, theirs = json.loads(own.read_text()), json.loads(saved.read_text())
    ours.pop("command"), theirs.pop("command")
    assert ours == theirs
    # The saved command is one that the program reads again: a plot needs the rows.
    plot = subprocess.run([program, "plot", str(own), "-o", "-"], check=True, capture_output=True, text=True)
    assert plot.stdout.startswith("<svg")
    assert "not the rows" not in plot.stderr


def test_missing_cells_are_left_out_and_counted(columns):
    frame = pd.DataFrame(columns)
    frame.loc[3, "loss"] = np.nan
    with pytest.warns(iso.DataWarning, match="1 row left out: loss is missing"):
        fit = iso.fit(frame, "chinchilla", bootstrap=0)
    assert fit.nobs == 79
    masked = np.ma.masked_array(columns["loss"], mask=np.arange(80) == 3)
    with pytest.warns(iso.DataWarning, match="1 row left out"):
        assert iso.fit({**columns, "loss": masked}, "chinchilla", bootstrap=0).params == fit.params
    with pytest.warns(iso.DataWarning, match="1 row left out"):
        assert iso.fit(pl.from_pandas(frame), "chinchilla", bootstrap=0).params == fit.params


def test_texts_dates_and_nat_are_columns(columns):
    day = np.array(["2026-01-01"] * 79 + ["NaT"], dtype="datetime64[D]")
    family = ["a", None] * 40
    frame = pd.DataFrame({**columns, "day": day, "family": family, "flag": [True] * 80})
    for source in (frame, {**columns, "day": day, "family": family, "when": [datetime.date(2026, 1, 1)] * 80}):
        runs = iso.Runs(source)
        assert runs.to_dict()["day"][0].startswith("2026-01-01")
        assert runs.to_dict()["day"][79] is None
        assert runs.to_dict()["family"][:2] == ["a", None]
    with pytest.warns(iso.DataWarning, match="40 rows removed because a column that it reads is missing"):
        assert iso.fit(frame, "chinchilla", where="family == 'a'", bootstrap=0).nobs == 40


def test_tables_go_back(columns):
    runs = iso.Runs({**columns, "family": ["x"] * 80})
    assert runs.to_pandas()["N"].tolist() == columns["N"].tolist()
    assert runs.to_polars()["family"].to_list() == ["x"] * 80
    assert pa.table(runs).column("loss").to_pylist() == columns["loss"].tolist()
    assert runs.roles() == {"N": "N", "D": "D", "loss": "loss"}


BAD = {
    "text in a number": (lambda c: {**c, "loss": ["much"] + c["loss"].tolist()[1:]}, "loss"),
    "object column with a list": (lambda c: pd.DataFrame({**c, "odd": [[1]] * 80}), "odd"),
    "complex": (lambda c: {**c, "loss": c["loss"] + 1j}, "loss"),
    "two dimensions": (lambda c: {**c, "loss": np.ones((80, 2))}, "loss"),
    "a scalar": (lambda c: {**c, "loss": 3.0}, "loss"),
    "a text": (lambda c: {**c, "loss": "3.0"}, "loss"),
    "unequal lengths": (lambda c: {**c, "loss": c["loss"][:5]}, "loss"),
    "two columns of a name": (
        lambda c: pd.concat([pd.DataFrame(c), pd.DataFrame({"loss": c["loss"]})], axis=1),
        "loss",
    ),
    "missing column": (lambda c: {"N": c["N"], "loss": c["loss"]}, "D"),
    "missing column of polars": (lambda c: pl.DataFrame(c).drop("D"), "D"),
    "not positive": (lambda c: {**c, "loss": -c["loss"]}, "loss"),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_tables_name_the_column(kind, columns):
    make, name = BAD[kind]
    with pytest.raises(iso.ColumnError, match=name) as raised:
        iso.fit(make(columns), "chinchilla", bootstrap=0)
    assert raised.value.column == name
    assert raised.value.code
    assert "--" not in str(raised.value)


EMPTY = {
    "pandas": lambda: pd.DataFrame({"N": [], "D": [], "loss": []}),
    "polars": lambda: pl.DataFrame({"N": [], "D": [], "loss": []}),
    "pyarrow": lambda: pa.table({"N": pa.array([], pa.float64())}),
    "dict": dict,
    "dict of nothing": lambda: {"N": []},
    "frame without columns": pd.DataFrame,
}


@pytest.mark.parametrize("kind", EMPTY)
def test_empty_tables(kind):
    with pytest.raises(iso.IsoflopError, match="empty"):
        iso.fit(EMPTY[kind](), "chinchilla")


@pytest.mark.parametrize("source", [None, 3, [], object(), [1, 2]])
def test_what_is_no_table(source):
    with pytest.raises(TypeError, match="runs must be"):
        iso.fit(source, "chinchilla")


def test_all_rows_missing(columns):
    with pytest.raises(iso.IsoflopError, match="no row is left"):
        iso.fit(pd.DataFrame({**columns, "loss": [np.nan] * 80}), "chinchilla")


def test_a_file_that_is_not_there():
    with pytest.raises(iso.IsoflopError, match="no such file"):
        iso.read("nowhere.csv")
