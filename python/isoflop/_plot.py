"""Figures with matplotlib."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ._errors import IsoflopError
from ._fit import Fit
from ._runs import pairs

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot"]

POINTS = 100
"""Points of each curve."""
MOST = 6
"""Curves at most."""


def plot(fit: Fit, ax: Axes | None, x: str | None) -> Axes:
    """The runs, and the law along one input for a few values of the others."""
    import matplotlib.pyplot as plt

    if fit.runs is None:
        raise IsoflopError("this fit was loaded without its runs; plot one that was made by fit", "P0204")
    numeric = list(fit.ranges)
    if not numeric:
        raise IsoflopError("the law has no numeric input to draw along", "P0205")
    along = x if x is not None else max(numeric, key=lambda name: _span(*fit.ranges[name]))
    if along not in numeric:
        raise IsoflopError(f"the law has no numeric input {along}; it has {', '.join(numeric)}", "P0203")
    asked = fit._asked or {}
    roles = dict(fit.runs.table.roles(pairs(None) + list(asked.get("map", []))))
    cells = fit.runs.to_dict()
    columns = {name: cells.get(roles.get(name, name)) for name in [*fit.inputs, fit.output]}
    if ax is None:
        ax = plt.subplots()[1]
    across, up = columns[along], columns[fit.output]
    if isinstance(across, np.ndarray) and isinstance(up, np.ndarray):
        ax.plot(across, up, "o", ms=3, color="0.5", label="runs")
    low, high = fit.ranges[along]
    values = np.geomspace(low, high, POINTS) if low > 0 else np.linspace(low, high, POINTS)
    for label, others in _slices(fit, along):
        points = fit._raw.predict(_table({along: values, **others}), [], 0.9)[0]
        ax.plot(values, np.frombuffer(points[0][1]), lw=1.2, label=label)
    if low > 0:
        ax.set_xscale("log")
    ax.set_xlabel(along)
    ax.set_ylabel(fit.output)
    if 1 < len(ax.get_lines()) <= MOST + 1:
        ax.legend(frameon=False, fontsize="small")
    return ax


def _slices(fit: Fit, along: str) -> list[tuple[str, dict[str, Any]]]:
    """Values of the other inputs: for one other, spread over its range, for more, their geometric middle."""
    others = [name for name in fit.ranges if name != along]
    if set(fit.inputs) - set(fit.ranges):
        # Inputs that are texts have no range to draw along.
        return []
    if len(others) == 1:
        low, high = fit.ranges[others[0]]
        steps = np.geomspace(low, high, MOST - 1) if low > 0 else np.linspace(low, high, MOST - 1)
        return [(f"{others[0]} = {step:.3g}", {others[0]: np.full(POINTS, step)}) for step in np.unique(steps)]
    middle = {
        name: float(np.sqrt(low * high) if low > 0 else (low + high) / 2) for name, (low, high) in fit.ranges.items()
    }
    return [("law", {name: np.full(POINTS, middle[name]) for name in others})]


def _table(columns: dict[str, Any]) -> Any:
    from ._runs import Runs

    return Runs(columns).table


def _span(low: float, high: float) -> float:
    return high / low if low > 0 else high - low
