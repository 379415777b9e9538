"""What a reviewer asks of a fit: other methods, other recipes, every run left out, a list of checks."""

from __future__ import annotations

import html
import json
import os
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from . import _isoflop
from ._errors import IsoflopError
from ._fit import Fit
from ._frame import Frame
from ._options import Bounds, options
from ._result import Result, ranged
from ._runs import Runs, tell

__all__ = ["Audit", "Contrast", "Influence", "Methods", "audit", "contrast", "influence", "methods"]


class Methods(Result):
    """The approaches to the compute-optimal size side by side; made by :func:`methods`.

    Attributes
    ----------
    table : Frame
        One row per approach: exponents of N* and D*, and N* at the budgets of ``at``, with intervals.
    at : list of float
        Budgets in FLOP of the columns ``n_opt_1``, ``n_opt_2``, ...
    disagreements : Frame
        Where two approaches differ by more than chance: the factor, what is predicted of it, and the causes.
    """

    def __init__(self, report: dict[str, Any]) -> None:
        self.at: list[float] = report["at"]
        sizes = [f"n_opt_{k + 1}" for k in range(len(self.at))]
        rows = []
        for found in report["methods"]:
            row = {"name": found["name"], "points": found["points"], "missing": found["missing"]}
            row |= ranged(found["a"], "a_opt") | ranged(found["b"], "b_opt")
            for name, size in zip(sizes, found["sizes"]):
                row |= ranged(size, name)
            rows.append(row)
        names = ["name", "points", *_ends("a_opt"), *_ends("b_opt")]
        names += [end for size in sizes for end in _ends(size)]
        super().__init__(report, Frame.from_records(rows, [*names, "missing"]))
        differ = [
            {**found, **ranged(found["ratio"], "ratio"), "causes": ", ".join(found["causes"])}
            for found in report["disagreements"]
        ]
        self.disagreements = Frame.from_records(differ, ["method", "budget", *_ends("ratio"), "predicted", "causes"])


class Contrast(Result):
    """Two recipes at scale; made by :func:`contrast`.

    Attributes
    ----------
    arms : tuple of str
        The two recipes, first and second.
    verdict : str
        ``first``, ``second``, ``first-then-second``, ``second-then-first`` or ``unknown``.
    table : Frame
        By scale: the losses, their difference, and how many times the scale the second needs for the loss of the first.
    crossings : list of float
        Scales at which the better recipe changes.
    next_runs : Frame
        Runs that would settle it best.
    """

    def __init__(self, report: dict[str, Any]) -> None:
        first, second = (arm["name"] for arm in report["arms"])
        self.arms: tuple[str, str] = (first, second)
        self.verdict: str = report["verdict"]
        self.crossings: list[float] = report["crossings"]
        rows = []
        for point in report["points"]:
            losses = dict(zip(("loss_first", "loss_second"), point["losses"]))
            row = {"scale": point["scale"], **losses, **ranged(point["difference"], "difference")}
            rows.append(row | ranged(point["multiplier"], "multiplier"))
        names = ["scale", "loss_first", "loss_second", *_ends("difference"), *_ends("multiplier")]
        super().__init__(report, Frame.from_records(rows, names))
        self.next_runs = Frame.from_records(report["next"], ["arm", "n", "d", "compute", "reduction"])

    def _heading(self) -> str:
        return f"{self.arms[0]} against {self.arms[1]}: {self.verdict}"


class Influence(Result):
    """Which runs and choices decide a fit; made by :func:`influence`.

    Attributes
    ----------
    table : Frame
        One row per run: its residual, Cook's distance, chance of being an outlier, what leaving it out does.
    groups : Frame
        The same for all runs of one size or cluster.
    choices : Frame
        The parameters under other choices.
    suspects : list of str
        The runs that look like outliers.
    """

    def __init__(self, report: dict[str, Any]) -> None:
        places = report["places"]
        params: list[str] = report["parameters"]
        shifts = [f"shift_{name}" for name in params]
        rows = [
            {**row, "run": places[row["row"]], **dict(zip(shifts, row["shifts"]))} for row in report["single"]
        ]
        names = ["run", "residual", "cook", "outlier", "decision_factor", "decision_share", *shifts, "certified"]
        super().__init__(report, Frame.from_records(rows, names))
        groups = [
            {**group, "size": len(group["rows"]), **_answer(params, group["without"])} for group in report["groups"]
        ]
        self.groups = Frame.from_records(groups, ["value", "size", "cook", "decision_factor", *params])
        choices = [{**choice, **_answer(params, choice["answer"])} for choice in report["choices"]]
        self.choices = Frame.from_records(choices, ["kind", "name", "rows", "cost", *params, "decision"])
        self.suspects: list[str] = [places[row] for row in report["suspects"]]


class Audit(Result):
    """What a list of checks finds about a fit; made by :func:`audit`.

    Attributes
    ----------
    worst : str or None
        ``serious``, ``warning`` or ``note``; ``None`` if nothing was found.
    table : Frame
        The findings, the most serious first: check, severity, evidence and advice.
    passed : Frame
        The checks that found nothing, and those that could not be made.
    """

    def __init__(self, report: dict[str, Any]) -> None:
        super().__init__(report, Frame.from_records(report["findings"], ["check", "severity", "evidence", "advice"]))
        self.worst: str | None = report["worst"]
        self.passed = Frame.from_records(report["passed"], ["check", "evidence", "was_made"])

    def __bool__(self) -> bool:
        """Whether nothing serious was found."""
        return self.worst != "serious"

    def _heading(self) -> str:
        found, passed = self.table.rows, sum(map(bool, self.passed["was_made"]))
        return f"{self._report['law']}: {found} findings, the worst {self.worst or 'none'}; {passed} checks passed"

    def __repr__(self) -> str:
        rows = self.table.to_records()
        return "\n".join([self._heading(), *(f"  {r['severity']}: {r['check']}: {r['evidence']}" for r in rows)])

    def _repr_html_(self) -> str:
        return f"<p><b>{html.escape(self._heading())}</b></p>{self.table._repr_html_()}"


def methods(
    runs: object,
    law: str = "chinchilla",
    *,
    tolerance: float = 0.1,
    at: Iterable[float] = (),
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
    bootstrap: int = 400,
    level: float = 0.9,
    seed: int = 0,
    threads: int | None = None,
    laws: str | os.PathLike[str] | None = None,
) -> Methods:
    """Approaches 1, 2 and 3 to the compute-optimal size on one table, and why they differ.

    Parameters
    ----------
    runs
        As for :func:`fit`, with the same options for columns, rows and objective.
    law
        The law of approach 3.
    tolerance
        Runs whose compute differs by less than this share have one budget.
    at
        Budgets in FLOP at which the optimal size is wanted; by default the largest of the runs and ten times it.

    Examples
    --------
    >>> import isoflop as iso
    >>> found = iso.methods(iso.simulate("chinchilla", seed=1), bootstrap=0)
    >>> found.table["name"].tolist()[-1] != ""
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
        bootstrap=bootstrap,
        level=level,
        seed=seed,
        threads=threads,
        choices=False,
        laws=laws,
    )
    told, notes = _isoflop.methods(Runs(runs).table, asked, law, float(tolerance), [float(budget) for budget in at])
    tell(notes)
    return Methods(json.loads(told))


def contrast(
    runs: object,
    arm: str,
    law: str = "chinchilla",
    *,
    between: tuple[str, str] | None = None,
    exponents: Literal["auto", "shared", "separate"] = "auto",
    reach: float = 100.0,
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
    level: float = 0.9,
    seed: int = 0,
    threads: int | None = None,
    laws: str | os.PathLike[str] | None = None,
) -> Contrast:
    """Two recipes: which is better at which scale, the multiplier of compute, and the runs that would settle it.

    Parameters
    ----------
    runs
        As for :func:`fit`, with the same options for columns, rows and objective.
    arm
        The column that tells the two recipes apart.
    law
        The law that both follow.
    between
        The two recipes, for a column with more than two values.
    exponents
        Whether the recipes share the exponents of the law; ``auto`` shares them unless a test objects.
    reach
        How far beyond the largest run to compare, as a factor.
    bootstrap
        Replicates behind all intervals, at least 100.
    """
    if exponents not in ("auto", "shared", "separate"):
        raise ValueError(f"exponents is {exponents!r}, but must be 'auto', 'shared' or 'separate'")
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
        laws=laws,
    )
    pair = None if between is None else [str(name) for name in between]
    told, notes = _isoflop.contrast(Runs(runs).table, asked, law, arm, pair, exponents, float(reach))
    tell(notes)
    return Contrast(json.loads(told))


def influence(
    runs: object,
    law: str | None = None,
    *,
    budget: float | None = None,
    together: int = 5,
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
    seed: int = 0,
    threads: int | None = None,
    laws: str | os.PathLike[str] | None = None,
) -> Influence:
    """Which runs and choices decide a fit: exact refits without every run and every size, and under other choices.

    Parameters
    ----------
    runs
        A :class:`Fit`, whose runs, law and options are taken; or what :func:`fit` takes, with the same options.
    law
        The law, where ``runs`` is no fit; by default ``chinchilla``.
    budget
        Budget in FLOP at which the optimal size is the decision; by default ten times the largest run.
    together
        How many suspect runs to leave out together.

    Examples
    --------
    >>> import isoflop as iso
    >>> found = iso.influence(iso.simulate("chinchilla", seed=1))
    >>> found.table.rows == found.to_dict()["rows"]
    True
    """
    if isinstance(runs, Fit):
        table, asked, law = _of_fit(runs, law)
    else:
        table = Runs(runs).table
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
            seed=seed,
            threads=threads,
            laws=laws,
        )
    asked |= {"bootstrap": 0, "choices": False}
    told, notes = _isoflop.influence(table, asked, law or "chinchilla", budget, int(together))
    tell(notes)
    return Influence(json.loads(told))


def audit(
    runs: object,
    law: str | None = None,
    *,
    budget: float | None = None,
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
    bootstrap: int = 400,
    level: float = 0.9,
    seed: int = 0,
    threads: int | None = None,
    laws: str | os.PathLike[str] | None = None,
) -> Audit:
    """What would a reviewer ask? A list of checks on a fit, each with its evidence.

    Parameters
    ----------
    runs
        A :class:`Fit`, whose runs, law and options are taken; or what :func:`fit` takes, with the same options.
    law
        The law, where ``runs`` is no fit; by default ``chinchilla``.
    budget
        Compute in FLOP that the fit shall forecast.

    Examples
    --------
    >>> import isoflop as iso
    >>> found = iso.audit(iso.simulate("chinchilla", seed=1), bootstrap=0)
    >>> found.worst in (None, "note", "warning", "serious")
    True
    """
    if isinstance(runs, Fit):
        table, asked, law = _of_fit(runs, law)
    else:
        table = Runs(runs).table
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
            laws=laws,
        )
    asked |= {"choices": False}
    told, notes = _isoflop.audit(table, asked, law or "chinchilla", budget)
    tell(notes)
    return Audit(json.loads(told))


def _of_fit(fit: Fit, law: str | None) -> tuple[_isoflop.Table, dict[str, Any], str]:
    """Table, options and law of a fit that was made here."""
    if fit._runs is None or fit._asked is None:
        raise IsoflopError("this fit was loaded without its runs: give the runs and the law", "P0204")
    if law is not None:
        raise TypeError("a fit has its law; give the runs to name another")
    return fit._runs.table, dict(fit._asked), str(fit._asked["law"])


def _ends(name: str) -> list[str]:
    return [name, f"{name}_low", f"{name}_high"]


def _answer(params: list[str], answer: dict[str, Any] | None) -> dict[str, Any]:
    if answer is None:
        return {}
    return {**dict(zip(params, answer["estimates"])), "decision": answer["decision"]}

