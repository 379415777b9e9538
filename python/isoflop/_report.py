"""Figures of fits and results as the command line draws them, and the report."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from typing import Any

from . import _isoflop
from ._errors import IsoflopError
from ._fit import Fit
from ._frame import Frame
from ._options import options
from ._result import Result
from ._runs import Runs

__all__ = ["Figure", "figures", "report"]

VEGA_LITE = "application/vnd.vegalite.v5+json"


class Figure:
    """A figure: drawn in a notebook, and its numbers.

    Attributes
    ----------
    title
        One line.
    caption
        What it shows.
    table
        The numbers behind it, as they would be printed.
    spec
        The figure as a Vega-Lite specification, for ``altair.Chart.from_dict``.
    svg
        The figure as SVG.
    """

    def __init__(self, title: str, caption: str, spec: str, svg: str, head: list[str], rows: list[list[str]]) -> None:
        self.title = title
        self.caption = caption
        self.spec: dict[str, Any] = json.loads(spec)
        self.svg = svg
        self.table = Frame({name: [row[k] for row in rows] for k, name in enumerate(head)})

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        return {VEGA_LITE: self.spec, "image/svg+xml": self.svg, "text/plain": repr(self)}

    def __repr__(self) -> str:
        return f"Figure({self.title!r})"


def figures(what: Fit | Result, *, runs: object = None, dark: bool = False) -> list[Figure]:
    """The figures of a fit or of a result, such as those of `compare`, `backtest`, `methods`, `plan` and `next_runs`.

    Parameters
    ----------
    what
        A fit, or a result.
    runs
        The runs, for a fit that was loaded.
    dark
        Colours for a dark ground.

    Returns
    -------
    list of Figure
        As `isoflop plot` draws them, the main one first; empty for a result that has none.

    >>> import isoflop as iso
    >>> found = iso.plan("chinchilla@besiroglu", "inference-aware", target=2.1, demand=1e12)
    >>> [figure.title for figure in iso.figures(found)]
    ['room around the decision', 'what the sums are made of']
    """
    if isinstance(what, Fit):
        table, asked = _runs_of(what, runs)
        return [Figure(*drawn) for drawn in _isoflop.figures_of_fit(what._raw, table, asked, dark)]
    drawn = _isoflop.figures_of_result(what.to_json(), dark)
    return [Figure(*one) for one in drawn or []]


def report(
    fit: Fit,
    path: str | os.PathLike[str] | None = None,
    *,
    results: Iterable[Result] = (),
    runs: object = None,
) -> str:
    """The report of a fit as one HTML page that needs nothing else, or as Markdown.

    Parameters
    ----------
    fit
        The fit.
    path
        Where to write it; a name that ends in ``.md`` makes it Markdown. Not written by default.
    results
        Results that belong to it: of a comparison, a backtest, a plan.
    runs
        The runs, for a fit that was loaded.

    Returns
    -------
    str
        The text of the page.
    """
    table, asked = _runs_of(fit, runs)
    is_markdown = path is not None and os.fspath(path).endswith((".md", ".markdown"))
    named = [(f"{type(result).__name__.lower()}.json", result.to_json()) for result in results]
    text = _isoflop.report(fit._raw, table, asked, named, is_markdown)
    if path is not None:
        with open(path, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
    return text


def _runs_of(fit: Fit, runs: object) -> tuple[_isoflop.Table, dict[str, Any]]:
    """The table of a fit, and how its columns were read."""
    if runs is None and fit._runs is None:
        raise IsoflopError("this fit was loaded: give its runs, runs=...", "P0204")
    table = fit._runs.table if runs is None and fit._runs is not None else Runs(runs).table
    return table, dict(fit._asked) if fit._asked is not None else options(law=fit.formula)
