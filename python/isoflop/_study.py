"""Comparisons and backtests."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from . import _isoflop
from ._frame import Frame
from ._options import Bounds, options
from ._result import Result
from ._runs import Runs, tell, text, texts

__all__ = ["Backtest", "Comparison", "Profile", "backtest", "compare", "profile"]


class Comparison(Result):
    """Laws on the same rows; made by :func:`compare`.

    Attributes
    ----------
    sentence : str
        The result in one sentence.
    standing : list of str
        The laws that are not shown to be worse than the best.
    table : Frame
        One row per law, best first.
    """

    def __init__(self, report: dict[str, Any]) -> None:
        super().__init__(report, Frame.from_records([_compared(law) for law in report["laws"]], _COMPARED))
        self.sentence: str = report["sentence"]
        self.standing: list[str] = report["standing"]

    @property
    def left_out(self) -> dict[str, str]:
        """Laws that were not compared, and why."""
        return {law["law"]: law["reason"] for law in self._report["left_out"]}

    def _heading(self) -> str:
        return self.sentence


_COMPARED = [
    "law",
    "parameters",
    "verdict",
    "aicc",
    "bic",
    "cv_rms",
    "behind",
    "p",
    "weight",
    "forward_rms_log",
]


def _compared(law: dict[str, Any]) -> dict[str, Any]:
    cross, forward = law["cross_validation"] or {}, law["forward"] or {"score": {}}
    return {
        **{name: law[name] for name in ("law", "parameters", "verdict", "aicc", "bic", "weight")},
        **{"cv_rms": cross.get("rms"), "behind": cross.get("behind"), "p": cross.get("p")},
        "forward_rms_log": forward["score"].get("rms_log"),
    }


class Backtest(Result):
    """Forecasts of runs that are known; made by :func:`backtest`.

    Attributes
    ----------
    table : Frame
        One row per law and fold: error, bias, share inside the interval.
    forecasts : Frame
        One row per law and run held out.
    """

    def __init__(self, report: dict[str, Any]) -> None:
        folds, forecasts = [], []
        for law in report["laws"]:
            every = [*law["folds"], {"held_out": "all", "score": law["total"]}]
            folds += [{"law": law["law"], **fold, **(fold["score"] or {})} for fold in every]
            forecasts += [{"law": law["law"], **forecast} for forecast in law["forecasts"]]
        super().__init__(report, Frame.from_records(folds, _FOLD))
        self.forecasts = Frame.from_records(forecasts, _FORECAST)


_FOLD = ["law", "held_out", "fitted", "forecasts", "median_error", "bias", "rms_log", "coverage", "verdict"]
_FORECAST = ["law", "fold", "row", "beyond", "observed", "predicted", "low", "high"]


class Profile(Result):
    """Profile likelihoods; made by :func:`profile`.

    Attributes
    ----------
    table : Frame
        One row per quantity: estimate and the ends of its interval.
    curves : dict of str to Frame
        The curve of each quantity: its value and the objective there, every point a refit.
    """

    def __init__(self, report: dict[str, Any]) -> None:
        found = report["profiles"]
        super().__init__(report, Frame.from_records(found, ["of", "estimate", "low", "high", "level"]))
        self.curves: dict[str, Frame] = {}
        for one in found:
            names = list(one["curve"][0]) if one["curve"] else []
            self.curves[one["of"]] = Frame.from_records(one["curve"], names)


def compare(
    runs: object,
    laws: str | Iterable[str] = "auto",
    *,
    output: str = "loss",
    by: str | None = None,
    cuts: int | Iterable[float] = 5,
    parts: int | None = None,
    significance: float = 0.05,
    map: Mapping[str, str] | None = None,
    let: Mapping[str, str] | None = None,
    where: str | Iterable[str] | None = None,
    weight: str | None = None,
    cluster: str | None = None,
    objective: str | None = None,
    delta: float | None = None,
    starts: int | str = "auto",
    bootstrap: int = 100,
    level: float = 0.9,
    seed: int = 0,
    threads: int | None = None,
    folder: str | os.PathLike[str] | None = None,
) -> Comparison:
    """Compare laws on the rows that all of them can use, under one objective.

    Parameters
    ----------
    runs
        As for :func:`fit`, with the same options for columns and rows.
    laws
        Names or formulas; ``auto`` is every law of the catalogue that the table has the columns of.
    output
        What the laws of ``auto`` must predict.
    by, cuts
        The backtest cuts along this input, so often or there; by default along C, else N.
    parts
        Random parts of the cross-validation.
    significance
        Chance of telling laws apart that are equally good.
    folder
        A folder with law files of your own.

    Examples
    --------
    >>> import isoflop as iso
    >>> runs = iso.simulate("chinchilla", seed=1)
    >>> iso.compare(runs, ["chinchilla", "kaplan_nd"], bootstrap=0).standing
    ['chinchilla']
    """
    asked = options(
        map=map,
        let=let,
        where=where,
        weight=weight,
        cluster=cluster,
        objective=objective,
        delta=delta,
        starts=starts,
        bootstrap=bootstrap,
        level=level,
        seed=seed,
        threads=threads,
        choices=False,
        laws=folder,
    )
    told, notes = _isoflop.compare(
        Runs(runs).table, asked, texts(laws), output, by, _cuts(cuts), parts, float(significance)
    )
    tell(notes)
    return Comparison(json.loads(told))


def backtest(
    runs: object,
    laws: str | Iterable[str],
    *,
    by: str | None = None,
    cuts: int | Iterable[float] = 5,
    leave_out: str | None = None,
    map: Mapping[str, str] | None = None,
    let: Mapping[str, str] | None = None,
    where: str | Iterable[str] | None = None,
    weight: str | None = None,
    cluster: str | None = None,
    objective: str | None = None,
    delta: float | None = None,
    fix: Mapping[str, float] | None = None,
    bounds: Bounds | None = None,
    tie: Mapping[str, str] | None = None,
    starts: int | str = "auto",
    bootstrap: int = 200,
    level: float = 0.9,
    seed: int = 0,
    threads: int | None = None,
    folder: str | os.PathLike[str] | None = None,
) -> Backtest:
    """Fit laws to the small runs and forecast the large ones, which are known.

    Parameters
    ----------
    runs, laws
        As for :func:`fit`; several laws are tested on the same rows.
    by, cuts
        Cut along this input, so often or there; by default five times along C, else N.
    leave_out
        Instead of cutting: hold out each value of this column in turn.
    folder
        A folder with law files of your own.
    """
    asked = options(
        map=map,
        let=let,
        where=where,
        weight=weight,
        cluster=cluster,
        objective=objective,
        delta=delta,
        fix=fix,
        bounds=bounds,
        tie=tie,
        starts=starts,
        bootstrap=bootstrap,
        level=level,
        seed=seed,
        threads=threads,
        choices=False,
        laws=folder,
    )
    told, notes = _isoflop.backtest(Runs(runs).table, asked, texts(laws), by, _cuts(cuts), leave_out)
    tell(notes)
    return Backtest(json.loads(told))


def profile(
    runs: object,
    law: str,
    of: str | Iterable[str],
    *,
    curve: int = 21,
    map: Mapping[str, str] | None = None,
    let: Mapping[str, str] | None = None,
    where: str | Iterable[str] | None = None,
    weight: str | None = None,
    cluster: str | None = None,
    objective: str | None = None,
    delta: float | None = None,
    fix: Mapping[str, float] | None = None,
    bounds: Bounds | None = None,
    tie: Mapping[str, str] | None = None,
    starts: int | str = "auto",
    level: float = 0.9,
    seed: int = 0,
    threads: int | None = None,
    folder: str | os.PathLike[str] | None = None,
) -> Profile:
    """How far a quantity can be moved before the runs object; :meth:`Fit.profile` asks the same of a fit.

    Parameters
    ----------
    runs, law
        As for :func:`fit`, with the same options for columns, rows, objective and parameters.
    of
        Parameters, derived quantities such as ``a_opt``, or formulas of parameters such as ``E + A / 70B^alpha``.
    curve
        Points of each curve.
    folder
        A folder with law files of your own.

    Examples
    --------
    >>> import isoflop as iso
    >>> found = iso.profile(iso.simulate("chinchilla", seed=1), "chinchilla", ["alpha", "a_opt"], curve=5)
    >>> bool((found.table["low"] < found.table["estimate"]).all())
    True
    """
    asked = options(
        map=map,
        let=let,
        where=where,
        weight=weight,
        cluster=cluster,
        objective=objective,
        delta=delta,
        fix=fix,
        bounds=bounds,
        tie=tie,
        starts=starts,
        level=level,
        seed=seed,
        threads=threads,
        choices=False,
        laws=folder,
    )
    told, notes = _isoflop.profile(Runs(runs).table, asked, law, texts(of), int(curve))
    tell(notes)
    return Profile(json.loads(told))


def _cuts(cuts: int | Iterable[float]) -> str:
    if isinstance(cuts, (int, np.integer)):
        return str(int(cuts))
    # The comma makes a single small value a place to cut, not a count.
    return ",".join(text(float(cut)) for cut in cuts) + ","
