"""Figures with matplotlib, and as Vega-Lite for altair."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ._errors import IsoflopError
from ._fit import Fit
from ._runs import Runs

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot"]

POINTS = 100
"""Points of each curve."""
MOST = 6
"""Curves at most."""

Array = np.ndarray[Any, Any]


class Curve(NamedTuple):
    """The law along one input, with the ends of its interval."""

    label: str
    x: Array
    estimate: Array
    low: Array
    high: Array


class Scene(NamedTuple):
    """What a figure shows, whoever draws it."""

    along: str
    output: str
    is_log: bool
    runs: tuple[Array, Array] | None
    curves: list[Curve]


def plot(fit: Fit, ax: Axes | None, x: str | None, kind: str) -> Any:
    """The runs, and the law along one input for a few values of the others."""
    if kind not in ("matplotlib", "altair", "vega-lite"):
        raise ValueError(f"kind is {kind!r}, but must be 'matplotlib', 'altair' or 'vega-lite'")
    scene = _scene(fit, x)
    if kind == "matplotlib":
        return _on_axes(scene, ax)
    if ax is not None:
        raise TypeError("axes are for kind='matplotlib'")
    spec = _vega_lite(scene)
    if kind == "vega-lite":
        return spec
    import altair

    return altair.Chart.from_dict(spec)


def _scene(fit: Fit, x: str | None) -> Scene:
    if fit.runs is None:
        raise IsoflopError("this fit was loaded without its runs; plot one that was made by fit", "P0204")
    numeric = list(fit.ranges)
    if not numeric:
        raise IsoflopError("the law has no numeric input to draw along", "P0205")
    along = x if x is not None else max(numeric, key=lambda name: _span(*fit.ranges[name]))
    if along not in numeric:
        raise IsoflopError(f"the law has no numeric input {along}; it has {', '.join(numeric)}", "P0203")
    columns = fit._columns()
    across, up = columns[along], columns[fit.output]
    runs = (across, up) if isinstance(across, np.ndarray) and isinstance(up, np.ndarray) else None
    low, high = fit.ranges[along]
    values = np.geomspace(low, high, POINTS) if low > 0 else np.linspace(low, high, POINTS)
    curves = []
    own = fit._fit["interval"]
    level = float(own["level"]) if own is not None else 0.9
    for label, others in _slices(fit, along):
        found = {name: np.frombuffer(column) for name, column in _predicted(fit, {along: values, **others}, level)}
        curves.append(Curve(label, values, found["estimate"], found["low"], found["high"]))
    return Scene(along, fit.output, low > 0, runs, curves)


def _on_axes(scene: Scene, ax: Axes | None) -> Axes:
    import matplotlib.pyplot as plt

    if ax is None:
        ax = plt.subplots()[1]
    if scene.runs is not None:
        ax.plot(*scene.runs, "o", ms=3, color="0.5", label="runs")
    for curve in scene.curves:
        (line,) = ax.plot(curve.x, curve.estimate, lw=1.2, label=curve.label)
        if np.isfinite(curve.low).any():
            ax.fill_between(curve.x, curve.low, curve.high, color=line.get_color(), alpha=0.15, lw=0)
    if scene.is_log:
        ax.set_xscale("log")
    ax.set_xlabel(scene.along)
    ax.set_ylabel(scene.output)
    if 1 < len(ax.get_lines()) <= MOST + 1:
        ax.legend(frameon=False, fontsize="small")
    return ax


def _vega_lite(scene: Scene) -> dict[str, Any]:
    """The figure as a Vega-Lite 5 specification: bands, curves and runs, to zoom and to point at."""
    axis = {"type": "log"} if scene.is_log else {"zero": False}
    x = {"field": "x", "type": "quantitative", "title": scene.along, "scale": axis, "axis": {"format": "~s"}}
    y = {"type": "quantitative", "title": scene.output, "scale": {"zero": False}}
    names = [curve.label for curve in scene.curves]
    color = {"field": "curve", "type": "nominal", "title": None, "sort": names}
    rows = [
        {"curve": curve.label, "x": a, "y": b, "low": _finite(c), "high": _finite(d)}
        for curve in scene.curves
        for a, b, c, d in zip(*(values.tolist() for values in curve[1:]))
    ]
    tip = [{"field": "x", "type": "quantitative", "title": scene.along, "format": ".4~s"}]
    tip.append({"field": "y", "type": "quantitative", "title": scene.output, "format": ".5~g"})
    layers: list[dict[str, Any]] = []
    if any(row["low"] is not None for row in rows):
        ends = {"y": {**y, "field": "low"}, "y2": {"field": "high"}}
        mark = {"type": "area", "opacity": 0.15}
        layers.append({"data": {"values": rows}, "mark": mark, "encoding": {"x": x, "color": color, **ends}})
    line = {"x": x, "y": {**y, "field": "y"}, "color": color, "tooltip": tip}
    layers.append({"data": {"values": rows}, "mark": {"type": "line", "strokeWidth": 1.5}, "encoding": line})
    if scene.runs is not None:
        pairs = zip(*(values.tolist() for values in scene.runs))
        points = [{"x": a, "y": b} for a, b in pairs if np.isfinite(a) and np.isfinite(b)]
        dots = {"x": x, "y": {**y, "field": "y"}, "tooltip": tip}
        layers.append({"data": {"values": points}, "mark": {"type": "point", "color": "#777"}, "encoding": dots})
    layers[-1]["params"] = [{"name": "zoom", "select": "interval", "bind": "scales"}]
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "width": 480,
        "height": 320,
        "layer": layers,
    }


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _predicted(fit: Fit, points: dict[str, Any], level: float) -> list[tuple[str, bytes]]:
    return fit._raw.predict(Runs(points).table, [], level)[0]


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


def _span(low: float, high: float) -> float:
    return high / low if low > 0 else high - low
