"""The catalogue of laws."""

from __future__ import annotations

import html
import json
import os
from collections.abc import Iterable
from typing import Any

from . import _isoflop
from ._frame import Frame
from ._result import Result
from ._runs import Runs, texts

__all__ = ["Law", "Reproduction", "law", "laws", "reproduce", "simulate"]


class Law:
    """A law with what is known about it; made by :func:`law`.

    Attributes
    ----------
    id, title, formula, latex : str
    inputs : list of str
    output : str
    bibtex : str
        The works that it comes from.
    """

    def __init__(self, told: dict[str, Any], bibtex: str) -> None:
        self._told = told
        self.id: str = told["id"]
        self.title: str = told["title"]
        self.formula: str = told["formula"]
        self.latex: str = told["latex"]
        self.inputs: list[str] = [variable["name"] for variable in told["inputs"]]
        self.output: str = told["output"]["name"]
        self.bibtex = bibtex

    @property
    def parameters(self) -> Frame:
        """The parameters with their bounds."""
        names = ["name", "lower", "upper", "fixed", "description"]
        return Frame.from_records(self._told["parameters"], names)

    @property
    def coefficients(self) -> dict[str, dict[str, float]]:
        """Published values by the name of their set; sets from memory are left out, they can only start a search."""
        return {s["id"]: s["values"] for s in self._told["coefficients"] if "values" in s}

    @property
    def prose(self) -> dict[str, str]:
        """What is said about it by heading, known criticism included."""
        return {part["heading"]: part["text"] for part in self._told["prose"]}

    def to_dict(self) -> dict[str, Any]:
        """What ``isoflop laws show --format json`` prints."""
        return self._told

    def __repr__(self) -> str:
        return f"<isoflop.Law {self.id}: {self.formula}>"

    def _repr_html_(self) -> str:
        return f"<p><b>{html.escape(self.title)}</b></p><p>$${self.latex}$$</p>{self.parameters._repr_html_()}"

    def _repr_latex_(self) -> str:
        return f"$${self.latex}$$"


def laws(
    query: str = "",
    *,
    input: str | Iterable[str] | None = None,
    output: str | None = None,
    area: str | None = None,
    folder: str | os.PathLike[str] | None = None,
) -> Frame:
    """Laws of the catalogue.

    Parameters
    ----------
    query
        Words that the law must contain: its name, title, inputs, authors or text.
    input, output, area
        Only laws with these inputs, this output, of this area.
    folder
        A folder with law files of your own.

    Examples
    --------
    >>> import isoflop as iso
    >>> "chinchilla" in iso.laws("hoffmann")["id"]
    True
    """
    told = _isoflop.laws(query, texts(input), output, area, None if folder is None else os.fspath(folder))
    found = json.loads(told)["laws"]
    rows = [{**one, "output": one["output"]["name"], "checked": one["grade"]} for one in found]
    return Frame.from_records(rows, ["id", "area", "checked", "output", "title", "formula"])


def law(id: str, *, inputs: Iterable[str] = (), folder: str | os.PathLike[str] | None = None) -> Law:
    """One law, by name or as a formula.

    Parameters
    ----------
    id
        Name of a law, or a formula such as ``loss ~ E + A / N^alpha``.
    inputs
        For a formula: names that are inputs beside N, D and C. All others are parameters.
    folder
        A folder with law files of your own.

    Raises
    ------
    FormulaError
        With the place in the formula.

    Examples
    --------
    >>> import isoflop as iso
    >>> iso.law("chinchilla").formula
    'loss ~ E + A / N^alpha + B / D^beta'
    >>> iso.law("loss ~ E + A / N^alpha").parameters["name"].tolist()
    ['E', 'A', 'alpha']
    """
    if "~" in id:
        return Law(json.loads(_isoflop.law_of_formula(id, list(inputs))), "")
    told, bibtex = _isoflop.law(id, None if folder is None else os.fspath(folder))
    return Law(json.loads(told), bibtex)


def simulate(law: str, *, noise: float = 0.01, seed: int = 0, folder: str | os.PathLike[str] | None = None) -> Runs:
    """Runs that a law of the catalogue gives on its own design.

    Parameters
    ----------
    law
        Name of the law.
    noise
        Size of the noise: relative where the law is fitted in logs, else relative to the spread of the output.
    seed
        Decides the noise.

    Examples
    --------
    >>> import isoflop as iso
    >>> iso.simulate("chinchilla", seed=1).columns
    ['N', 'D', 'loss']
    """
    runs = Runs.__new__(Runs)
    runs.table = _isoflop.simulate(law, float(noise), int(seed), None if folder is None else os.fspath(folder))
    return runs


class Reproduction(Result):
    """Published results beside ours; made by :func:`reproduce`.

    Attributes
    ----------
    table : Frame
        One row per figure: the result, the figure, the part of the table it is of, ours, theirs, the relative
        difference, what is allowed, and whether ours is within.
    left_out : dict
        Results whose tables are not there, with the names of these.
    failed : dict
        Results whose tables are there and cannot be used, with the reason.
    """

    def __init__(self, report: dict[str, Any]) -> None:
        found = report["results"]
        self.left_out: dict[str, list[str]] = {r["id"]: r["missing"] for r in found if r["status"] == "left_out"}
        self.failed: dict[str, str] = {r["id"]: r["error"]["message"] for r in found if r["status"] == "failed"}
        rows = [{"result": r["id"], **figure} for r in found for figure in r.get("figures", [])]
        names = ["result", "name", "case", "ours", "published", "relative_difference", "tolerance", "met"]
        super().__init__(report, Frame.from_records(rows, names))

    @property
    def optima(self) -> Frame:
        """Fits of ours beside the coefficients that were published, on the same rows: a lower objective is better."""
        rows = [{"result": r["id"], **one} for r in self._report["results"] for one in r.get("optima", [])]
        return Frame.from_records(rows, ["result", "case", "objective", "published_objective", "better", "same_place"])

    def _heading(self) -> str:
        parts = [f"{int(sum(self.table['met']))} of {self.table.rows} figures are met"]
        missing = len(self.left_out)
        if missing:
            parts.append(f"{missing} {'result is' if missing == 1 else 'results are'} left out for want of tables")
        return "; ".join([*parts, *(f"{name} failed: {reason}" for name, reason in self.failed.items())])


def reproduce(names: str | Iterable[str] = (), *, data: str | os.PathLike[str]) -> Reproduction:
    """Rerun published results from public run tables.

    Parameters
    ----------
    names
        Which ones, such as ``chinchilla``; all without any.
    data
        The folder that holds the public tables.

    Raises
    ------
    IsoflopError
        No such folder, or no such result.

    Examples
    --------
    >>> import isoflop as iso
    >>> found = iso.reproduce("approach2_bias", data=".")  # it needs no table
    >>> all(found.table["met"])
    True
    """
    return Reproduction(json.loads(_isoflop.reproduce(texts(names), os.fspath(data))))
