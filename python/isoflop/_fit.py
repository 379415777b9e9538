"""Fits."""

from __future__ import annotations

import html
import json
import os
import warnings as python_warnings
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _isoflop
from ._errors import ExtrapolationWarning, IsoflopError, NotCertifiedWarning, in_python
from ._frame import Frame, aligned, shown
from ._options import Bounds, command, options
from ._runs import Runs, pairs, tell, texts

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Certificate", "Fit", "Summary", "fit", "load"]

FAR = 10.0
"""Beyond this ratio a prediction comes with a warning."""


def fit(
    runs: object,
    law: str,
    *,
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
    bootstrap: int = 1000,
    interval: str | None = None,
    ends: str | None = None,
    strata: str | None = None,
    of: str | Iterable[str] | None = None,
    prior: Mapping[str, str] | None = None,
    draws: int | None = None,
    level: float = 0.9,
    seed: int = 0,
    threads: int | None = None,
    choices: bool = True,
    among: str | Iterable[str] | None = None,
    laws: str | os.PathLike[str] | None = None,
) -> Fit:
    """Fit a law to runs.

    Parameters
    ----------
    runs
        A frame of pandas, polars or pyarrow, a dictionary of columns, a list of dictionaries, a path, or :class:`Runs`.
    law
        Name of a law (see :func:`laws`), or a formula such as ``loss ~ E + A / N^alpha``; every name in a formula that
        is not a column is a parameter.
    map
        Columns that stand for names of the law: ``{'loss': 'val_loss'}``.
    let
        New columns: ``{'D': 'C / (6*N)'}``.
    where
        Rows to keep: ``'C < 1e21'``, or several such conditions.
    weight, cluster
        Columns of weights, and of what belongs together when intervals are made by resampling.
    objective, delta
        What is minimised: ``squares``, ``huber``, ``student-t``, ``cauchy``, ``asymmetric-huber``, ``quantile``,
        ``huber-density``, each also with ``-log``; ``binomial`` or, with over-dispersion, ``beta-binomial`` for shares
        whose attempts are the ``weight``; ``poisson``; by default what the law recommends, else ``huber-log``.
        ``delta`` is its threshold, in the unit of the residual.
    fix, bounds, tie
        Changes to parameters: ``{'E': 1.69}``, ``{'alpha': (0, 1)}`` with ``None`` for no bound, ``{'beta': 'alpha'}``.
    starts
        ``auto``, a number, or ``hoffmann`` for the grid of 4500 points of Hoffmann et al. (2022, section 3.3).
    bootstrap
        Replicates behind the intervals; 0 for none.
    interval, ends
        How intervals are found, ``cluster``, ``residual``, ``profile``, ``nuts`` and others that ``isoflop fit --help``
        lists, and where those of a bootstrap end, such as ``bca``; by default what covers best in our study.
    strata
        Column within whose values ``stratified`` draws.
    of
        Formulas of parameters that get an interval too.
    prior
        Priors for ``nuts``: ``{'alpha': 'normal(0.35, 0.1)'}``.
    draws
        Draws that each of four chains of ``nuts`` keeps.
    level
        Coverage of the intervals.
    seed
        The same seed gives the same bits on any number of threads.
    threads
        By default as many as the machine has.
    choices
        Whether the other objectives are fitted as well, to show how much the choice moves the answer.
    among
        Laws that share the forecasts of this fit, by name or as formulas, by how well they forecast rows held out;
        ``auto`` is every law of the catalogue over the same columns.
    laws
        A folder with law files of your own.

    Returns
    -------
    Fit
        With a certificate: a fit whose optimum is not certified is no error, but a :class:`NotCertifiedWarning`.

    Raises
    ------
    FormulaError, ColumnError, IsoflopError
        What is wrong with the request or the runs.

    Examples
    --------
    >>> import isoflop as iso
    >>> runs = iso.simulate("chinchilla", seed=1)
    >>> fit = iso.fit(runs, "chinchilla", bootstrap=100)
    >>> fit.certificate.verdict
    'certified'
    >>> round(fit.params["alpha"], 2)
    0.38
    """
    runs = runs if isinstance(runs, Runs) else Runs(runs)
    asked = options(
        law=law,
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
        interval=interval,
        ends=ends,
        strata=strata,
        of=of,
        prior=prior,
        draws=draws,
        level=level,
        seed=seed,
        threads=threads,
        choices=choices,
        among=among,
        laws=laws,
    )
    table = runs.table
    raw = _isoflop.fit(table, asked, command([name for name, _ in table.sources], asked))
    made = Fit(raw, runs, asked)
    tell(raw.notes)
    warn_uncertified(raw, stacklevel=3)
    return made


def warn_uncertified(raw: _isoflop.Fitted, stacklevel: int) -> None:
    """Warn if a fit is not certified."""
    verdict, reasons = raw.verdict
    if verdict == "not certified":
        reason = reasons[0] if reasons else "see fit.certificate"
        python_warnings.warn(f"this fit is not certified: {reason}", NotCertifiedWarning, stacklevel=stacklevel)


def load(path: str | os.PathLike[str]) -> Fit:
    """Read a fit that :meth:`Fit.save` or ``isoflop fit --save`` wrote."""
    return Fit(_isoflop.Fitted.read(os.fspath(path)), None, None)


class Certificate:
    """What is proved about the optimum of a fit, and what is not.

    Attributes
    ----------
    verdict : str
        ``certified``, ``certified with warnings`` or ``not certified``.
    reasons : list of str
        Why it is not plainly certified.
    starts : dict
        How many independent starts were tried, agreed, ended elsewhere or failed.
    terms : Frame
        For each term of the law its share of the prediction, and what leaving it out costs.
    direction : str or None
        The combination of parameters that the runs determine worst, in words.
    condition : float or None
        Condition of the curvature at the optimum.
    influential : Frame
        Rows whose removal moves a parameter by more than one standard error.
    """

    def __init__(self, certificate: Mapping[str, Any], places: list[str] | None) -> None:
        self.verdict: str = {
            "certified": "certified",
            "certified-with-warnings": "certified with warnings",
            "not-certified": "not certified",
        }[certificate["verdict"]]
        self.reasons: list[str] = certificate["reasons"]
        self.starts: dict[str, int] = certificate["starts"]
        self.gradient: float = certificate["gradient"]
        self.condition: float | None = certificate["condition"]
        direction = certificate["direction"]
        self.direction: str | None = None if direction is None else direction["text"]
        self.terms = Frame.from_records(certificate["terms"], ["text", "share", "largest_share", "cost"])
        found = certificate["influential"]
        rows = places if places is not None else [f"row {i['row'] + 1}" for i in found]
        records = [{**i, "row": row} for i, row in zip(found, rows)]
        self.influential = Frame.from_records(records, ["row", "parameter", "shift", "standard_errors"])

    def __bool__(self) -> bool:
        """Whether the optimum is certified, perhaps with warnings."""
        return self.verdict != "not certified"

    def __repr__(self) -> str:
        return "\n  - ".join([f"certificate: {self.verdict}", *self.reasons])


class Summary:
    """The report of a fit as text, and as HTML in a notebook."""

    def __init__(self, title: str, lines: list[str], table: Frame, verdict: str, reasons: list[str]) -> None:
        self._title, self._lines, self._reasons = title, lines, reasons
        self.verdict = verdict
        self.table = table

    def __str__(self) -> str:
        parts = [self._title, *self._lines, "", repr(self.table), "", f"certificate: {self.verdict}"]
        return "\n".join(parts + [f"  - {reason}" for reason in self._reasons])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        color = {"certified": "#1a7f37", "not certified": "#b42318"}.get(self.verdict, "#9a6700")
        reasons = "".join(f"<li>{html.escape(reason)}</li>" for reason in self._reasons)
        lines = "<br>".join(html.escape(line) for line in self._lines)
        return (
            f"<div><p><b>{html.escape(self._title)}</b><br>{lines}</p>{self.table._repr_html_()}"
            f'<p>certificate: <b style="color:{color}">{self.verdict}</b></p><ul>{reasons}</ul></div>'
        )


class Fit:
    """A fitted law with its certificate; made by :func:`fit` and :func:`load`.

    Pickling and copying keep it whole. ``save`` writes the file of ``isoflop fit --save``.
    """

    def __init__(self, raw: _isoflop.Fitted, runs: Runs | None, asked: dict[str, Any] | None) -> None:
        self._raw = raw
        self._runs = runs
        self._asked = asked

    # What was fitted.

    @property
    def law(self) -> str:
        """Name of the law, or ``formula``."""
        return self._raw.law

    @property
    def formula(self) -> str:
        """The formula that was fitted."""
        return self._raw.formula

    @property
    def runs(self) -> Runs | None:
        """The runs, where the fit was made and not loaded."""
        return self._runs

    @property
    def inputs(self) -> list[str]:
        """What a prediction needs."""
        return self._raw.inputs

    @property
    def output(self) -> str:
        """What the law predicts; of a law of several statements the output of the first."""
        return self._raw.output

    @property
    def outputs(self) -> list[str]:
        """All that the law predicts: one name, but for a law of several statements."""
        return self._raw.outputs

    @property
    def nobs(self) -> int:
        """Observations that were fitted: rows; for a law of several outputs, the values of all of them."""
        return int(self._fit["rows"])

    # What was found.

    @property
    def overdispersion(self) -> float | None:
        """Correlation of two attempts of one row, 0 for a binomial; ``None`` but for ``beta-binomial``."""
        return self._fit.get("overdispersion")

    @property
    def params(self) -> dict[str, float]:
        """Estimates by name."""
        return dict(self._raw.params)

    @property
    def parameters(self) -> Frame:
        """Estimates with their intervals, and whether they are held or lie at a bound."""
        names = ["name", "estimate", "low", "high", "fixed", "at_bound"]
        return Frame.from_records(self._fit["parameters"], names)

    @property
    def derived(self) -> Frame:
        """Quantities that follow from the parameters, such as ``a_opt``."""
        return Frame.from_records(self._fit["derived"], ["name", "estimate", "low", "high", "formula"])

    @cached_property
    def draws(self) -> np.ndarray[Any, Any]:
        """Bootstrap replicates: one row each, parameters in the order of ``params``."""
        return np.frombuffer(self._raw.draws()).reshape(-1, len(self._raw.params))

    @property
    def bse(self) -> dict[str, float]:
        """Standard errors: standard deviations of the replicates."""
        if len(self.draws) < 2:
            return dict.fromkeys(self.params, float("nan"))
        return dict(zip(self.params, np.std(self.draws, axis=0, ddof=1).tolist()))

    def cov_params(self) -> np.ndarray[Any, Any]:
        """Covariance of the replicates, in the order of ``params``."""
        if len(self.draws) < 2:
            raise IsoflopError("there are no replicates: fit with bootstrap above 0", "P0201")
        return np.atleast_2d(np.cov(self.draws, rowvar=False))

    def conf_int(self, level: float | None = None) -> Frame:
        """Intervals of the parameters.

        Parameters
        ----------
        level
            Coverage; by default that of the fit. At another level the ends are made by the rule of the fit from its own
            replicates.
        """
        low, high = self.parameters["low"], self.parameters["high"]
        interval = self._fit["interval"]
        if level is not None and (interval is None or level != interval["level"]):
            if not 0 < level < 1:
                raise IsoflopError(f"level is {level}, but must lie between 0 and 1, such as 0.9", "P0202")
            if interval is None:
                raise IsoflopError("there are no replicates: fit with bootstrap above 0", "P0201")
            ends = self._raw.ends_at(level)
            if ends is None:
                raise IsoflopError(
                    f"intervals by {interval['method']} are known at {interval['level']} only: fit with level={level}",
                    "P0206",
                )
            low, high = np.array([(np.nan, np.nan) if pair is None else pair for pair in ends]).T
        return Frame({"name": list(self.params), "low": low, "high": high})

    @property
    def resid(self) -> np.ndarray[Any, Any]:
        """Residuals on the scale of the objective; of more than 10000 rows, as many of their quantiles."""
        return np.frombuffer(self._raw.residuals())

    @property
    def rmse(self) -> float:
        """Root mean square of the residuals, in the unit of the output."""
        return float(self._fit["rmse"])

    @property
    def rmse_log(self) -> float | None:
        """Root mean square of the residuals of the log, where it exists."""
        value = self._fit["rmse_log"]
        return None if value is None else float(value)

    @property
    def objective(self) -> dict[str, Any]:
        """Name, threshold and value of what was minimised."""
        return dict(self._fit["objective"])

    @cached_property
    def certificate(self) -> Certificate:
        """What is proved about the optimum, and what is not."""
        return Certificate(self._fit["certificate"], self._parsed["influential"])

    @property
    def choices(self) -> Frame:
        """The answer under other objectives: it often moves more than the interval is wide."""
        names = [str(name) for name in self.params]
        rows = [
            {"objective": c["objective"], "certified": c["certified"], **dict(zip(names, c["estimates"]))}
            for c in self._fit["choices"]
        ]
        return Frame.from_records(rows, ["objective", "certified", *names])

    @property
    def ranges(self) -> dict[str, tuple[float, float]]:
        """Lowest and highest value of each input among the runs."""
        return {r["name"]: (r["low"], r["high"]) for r in self._fit["ranges"]}

    @property
    def warnings(self) -> list[str]:
        """What to look at: findings of the fit, and what was said about the runs."""
        found = [str(w["message"]) for w in self._fit["warnings"]]
        return found + [in_python(note) for level, note in self._raw.notes if level == "warning"]

    @property
    def notes(self) -> list[str]:
        """Everything that was said while it was made, such as which columns were taken."""
        return [in_python(note) for _, note in self._raw.notes]

    # What it says.

    def predict(
        self,
        points: object = None,
        /,
        *,
        interval: float | None = None,
        map: Mapping[str, str] | None = None,
        output: str | None = None,
        **inputs: Any,
    ) -> Frame:
        """Predict at points.

        Parameters
        ----------
        points
            Anything that :func:`fit` takes as runs. Rows without an input are NaN in the answer.
        interval
            Coverage of the intervals for a new run; by default that of the fit.
        map
            Columns that stand for inputs of the law.
        output
            Which of :attr:`outputs` to predict, for a law of several statements; by default the first.
        **inputs
            Instead of ``points``: numbers or arrays by name, ``fit.predict(N=70e9, D=1.4e12)``.

        Returns
        -------
        Frame
            The inputs, ``estimate``, ``low`` and ``high`` (NaN without replicates), and for each input
            ``extrapolation_*``: how many times it lies beyond the runs.
        """
        if output is not None and output not in self.outputs:
            raise ValueError(f"the law does not predict {output}; it predicts {', '.join(self.outputs)}")
        table = Runs(self._points(points, inputs)).table
        own = self._fit["interval"]
        level = interval if interval is not None else own["level"] if own is not None else 0.9
        columns, dropped = self._raw.predict(table, pairs(map), float(level), output)
        given = Runs.__new__(Runs)
        given.table = table
        cells = given.to_dict()
        frame = {name: cells[column] for name, column in self._raw.columns_of(table, pairs(map))}
        frame.update((name, np.frombuffer(values)) for name, values in columns)
        tell(("warning", note) for note in dropped)
        far = [
            name for name in frame if name.startswith("extrapolation_") and np.nanmax(frame[name], initial=1.0) > FAR
        ]
        if far:
            names = ", ".join(name.removeprefix("extrapolation_") for name in far)
            python_warnings.warn(
                f"some points lie more than 10 times beyond the runs in {names}: the interval covers the noise of the "
                "runs, not a law that changes out there",
                ExtrapolationWarning,
                stacklevel=2,
            )
        if not self.certificate:
            reason = self.certificate.reasons[0] if self.certificate.reasons else "see fit.certificate"
            python_warnings.warn(f"this fit is not certified: {reason}", NotCertifiedWarning, stacklevel=2)
        return Frame(frame)

    def _points(self, points: object, inputs: Mapping[str, Any]) -> object:
        if points is not None:
            if inputs:
                raise TypeError(f"give points or {', '.join(inputs)}, not both")
            return points
        missing = [name for name in self.inputs if name not in inputs]
        unknown = [name for name in inputs if name not in self.inputs]
        if missing or unknown:
            what = f"needs {', '.join(missing)}" if missing else f"has no input {unknown[0]}"
            raise IsoflopError(f"the law {what}; its inputs are {', '.join(self.inputs)}", "P0203")
        rows = np.broadcast_arrays(*(np.asarray(inputs[name]) for name in self.inputs))
        return {name: np.atleast_1d(values).ravel() for name, values in zip(self.inputs, rows)}

    def profile(
        self, of: str | Iterable[str], *, level: float | None = None, curve: int = 21, runs: object = None
    ) -> list[dict[str, Any]]:
        """Profile likelihood: how far a quantity can be moved before the runs object.

        Parameters
        ----------
        of
            Parameters, derived quantities such as ``a_opt``, or formulas of parameters such as ``E + A / 70B^alpha``.
        level
            Coverage of the intervals; by default that of the fit.
        curve
            Points of each curve.
        runs
            The runs, for a fit that was loaded.

        Returns
        -------
        list of dict
            As the ``profiles`` of ``isoflop profile --format json``.
        """
        if runs is None and self._runs is None:
            raise IsoflopError("this fit was loaded: give its runs, fit.profile(..., runs=...)", "P0204")
        table = self._runs.table if runs is None and self._runs is not None else Runs(runs).table
        asked = dict(self._asked) if self._asked is not None else options(law=self.formula)
        if level is not None:
            asked["level"] = float(level)
        law = asked["law"] or self.formula
        told, notes = _isoflop.profile(table, asked, law, texts(of), curve)
        tell(notes)
        profiles: list[dict[str, Any]] = json.loads(told)["profiles"]
        return profiles

    def summary(self) -> Summary:
        """The report: parameters, derived quantities and the verdict."""
        table = {name: list(column) for name, column in self.parameters.items() if name in _SHOWN}
        for name, column in self.derived.items():
            if name in _SHOWN:
                table[name].extend(column)
        objective = self.objective
        interval = self._fit["interval"]
        lines = [self.formula, f"{self.nobs} rows, {objective['name']} {shown(objective['value'])}"]
        if interval is not None:
            what = "clusters" if interval["clusters"] else "rows"
            lines.append(
                f"{100 * interval['level']:g} % intervals, bootstrap over {what}, {interval['replicates']} replicates"
            )
        title = "a formula" if self.law == "formula" else self.law
        return Summary(title, lines, Frame(table), self.certificate.verdict, self.certificate.reasons)

    def plot(self, ax: Axes | None = None, *, x: str | None = None, kind: str = "matplotlib") -> Any:
        """Draw the runs, the law along one input, and its interval for a new run.

        Parameters
        ----------
        ax
            Matplotlib axes to draw on; new ones by default.
        x
            The input along which to draw; by default the one with the largest span.
        kind
            ``matplotlib`` gives axes; ``altair`` an ``altair.LayerChart`` to zoom and to point at; ``vega-lite`` the
            specification of that chart as a dictionary, which needs neither.
        """
        from ._plot import plot

        return plot(self, ax, x, kind)

    def to_arviz(self) -> Any:
        """The draws as arviz takes them, chain by chain; needs arviz.

        Draws of ``interval='nuts'`` are a posterior; replicates of a bootstrap stand in its place, as one chain, and
        the attribute ``draws`` says so.

        Returns
        -------
        arviz.InferenceData or xarray.DataTree
            Groups ``posterior``, and where all rows were fitted ``observed_data`` and ``constant_data``.
        """
        from ._arviz import to_arviz

        return to_arviz(self)

    def _columns(self) -> dict[str, Any]:
        """Inputs and output of the runs by their names in the law; ``None`` for what no column stands for."""
        if self._runs is None:
            return {}
        roles = self._runs.roles(_maps(self._asked))
        cells = self._runs.to_dict()
        return {name: cells.get(roles.get(name, name)) for name in [*self.inputs, self.output]}

    # Files.

    def to_dict(self) -> dict[str, Any]:
        """What ``isoflop fit --format json`` prints; for a fit that was loaded, what its file holds."""
        report = self._raw.report_json()
        made: dict[str, Any] = json.loads(report if report is not None else self._raw.saved_json())
        return made

    def to_json(self) -> str:
        """``to_dict`` as text."""
        report = self._raw.report_json()
        return report if report is not None else self._raw.saved_json()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the file that ``isoflop predict``, ``plot``, ``report`` and ``plan`` take; whole or not at all."""
        path = os.path.realpath(os.fspath(path))
        temporary = f"{path}.{os.getpid()}.tmp"
        try:
            with open(temporary, "w", encoding="utf-8", newline="\n") as file:
                file.write(self._raw.saved_json())
            os.replace(temporary, path)
        finally:
            if os.path.exists(temporary):
                os.remove(temporary)

    load = staticmethod(load)

    @cached_property
    def _parsed(self) -> dict[str, Any]:
        parsed: dict[str, Any] = json.loads(self._raw.fit_json())
        return parsed

    @property
    def _fit(self) -> dict[str, Any]:
        fit: dict[str, Any] = self._parsed["fit"]
        return fit

    def __reduce__(self) -> tuple[object, ...]:
        return (_unpickled, (self._raw.saved_json(), self._raw.report_json(), self._runs, self._asked))

    def __repr__(self) -> str:
        values = aligned([[name, f"{value:.5g}"] for name, value in self.params.items()])
        return f"<isoflop.Fit: {self.formula}\n{values}\n{self.certificate!r}>"

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {
            "text/plain": str(self.summary()),
            "text/html": self._repr_html_(),
            "text/latex": f"${self._raw.latex()}$",
        }


def _maps(asked: Mapping[str, Any] | None) -> dict[str, str]:
    """The columns that the options of a fit name."""
    texts = [] if asked is None else asked.get("map", [])
    return {name: column for name, _, column in (text.partition("=") for text in texts)}


_SHOWN = ("name", "estimate", "low", "high")


def _unpickled(saved: str, report: str | None, runs: Runs | None, asked: dict[str, Any] | None) -> Fit:
    return Fit(_isoflop.Fitted.from_json(saved, report), runs, asked)
