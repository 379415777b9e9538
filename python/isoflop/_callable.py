"""Laws and objectives that are Python functions: the slow path."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ._errors import IsoflopError
from ._frame import Frame, aligned
from ._options import Bounds
from ._result import Result
from ._runs import Runs, pairs

__all__ = ["CallableFit", "fit_callable"]

Array = np.ndarray[Any, Any]
Rho = Callable[[Array], Array]

STEP = 6e-6
"""Step of central differences in internal coordinates: about the cube root of the rounding of a float."""
CERTIFIED = 1e-7
"""Largest relative gradient of what counts as an optimum; differences leave about 1e-9 of noise in it."""
SAME = 1e-6
"""Two objectives this close, relatively, are the same optimum."""


class CallableFit(Result):
    """The fit of a Python function; made by :func:`fit_callable`. It has no full certificate.

    Attributes
    ----------
    params : dict
        Estimates by name.
    value : float
        The objective at the optimum.
    gradient : float
        Largest entry of the gradient there, relative to the sum of its absolute contributions.
    starts : dict
        How many starts were tried, and how many ended at this optimum.
    converged : bool
        Whether the gradient says that it is an optimum.
    draws : numpy.ndarray
        Bootstrap replicates: one row each, in the order of ``params``.
    """

    def __init__(self, problem: _Problem, best: _End, starts: dict[str, int], draws: Array, level: float) -> None:
        self._problem = problem
        self.params: dict[str, float] = dict(zip(problem.names, problem.natural(best.u).tolist()))
        self.value, self.gradient, self.starts, self.draws = best.value, best.gradient, starts, draws
        self.converged = best.gradient <= CERTIFIED
        self.nobs = len(problem.y)
        ends = np.full((2, len(self.params)), np.nan)
        if len(draws) >= 10:
            ends = np.quantile(draws, [0.5 - 0.5 * level, 0.5 + 0.5 * level], axis=0)
        table = Frame(
            {"name": list(self.params), "estimate": list(self.params.values()), "low": ends[0], "high": ends[1]}
        )
        report = {
            "path": "slow",
            "function": problem.title,
            "parameters": table.to_records(),
            "objective": best.value,
            "gradient": best.gradient,
            "starts": starts,
            "converged": self.converged,
            "rows": self.nobs,
        }
        super().__init__(report, table)

    def predict(self, **inputs: Any) -> Array:
        """The function at the estimates and at these inputs."""
        return np.asarray(self._problem.func(**{k: np.asarray(v, float) for k, v in inputs.items()}, **self.params))

    def _heading(self) -> str:
        state = "optimum" if self.converged else "NOT an optimum"
        agreeing = f"{self.starts['agreeing']} of {self.starts['tried']} starts agree"
        return f"slow path: {self._problem.title}; {state}, gradient {self.gradient:.0e}, {agreeing}"

    def __repr__(self) -> str:
        values = aligned([[name, f"{value:.5g}"] for name, value in self.params.items()])
        return f"<isoflop.CallableFit: {self._heading()}\n{values}>"


def fit_callable(
    runs: object,
    func: Callable[..., Any],
    params: Mapping[str, float],
    *,
    output: str = "loss",
    objective: str | Rho = "huber-log",
    delta: float = 1e-3,
    log: bool = True,
    bounds: Bounds | None = None,
    map: Mapping[str, str] | None = None,
    weight: str | None = None,
    starts: int = 8,
    bootstrap: int = 0,
    level: float = 0.9,
    seed: int = 0,
) -> CallableFit:
    """Fit a law that is a Python function, or minimise an objective that is one. **This is the slow path.**

    Derivatives are central differences and every step runs Python: hundreds to thousands of times slower than
    :func:`fit`, one thread, no certificate of terms, directions and rows. Use it for what a formula cannot say; where a
    formula can, ``isoflop.fit(runs, 'loss ~ ...')`` finds the same optimum.

    Parameters
    ----------
    runs
        As for :func:`fit`.
    func
        The law. Its arguments are the parameters, by the names of ``params``, and columns of the runs, as arrays; it
        gives one prediction per row.
    params
        Where to start, by name. A parameter that starts above 0 stays above 0 unless ``bounds`` says otherwise.
    output
        The column that is predicted.
    objective
        ``huber-log``, ``huber``, ``squares-log`` or ``squares``; or a function of the residuals that gives the
        contribution of each, smooth and smallest at 0.
    delta
        Threshold of the Huber loss, in the unit of the residual.
    log
        For an ``objective`` that is a function: whether residuals are differences of logarithms.
    bounds
        ``{'alpha': (0, 1)}`` with ``None`` for no bound.
    map
        Columns that stand for names of the function.
    weight
        A column of weights.
    starts
        The start given and random ones around it.
    bootstrap
        Replicates behind the intervals; each is a fit of its own, from the optimum.
    level
        Coverage of the intervals, which are plain percentiles.
    seed
        Decides starts and replicates.

    Examples
    --------
    >>> import isoflop as iso
    >>> def law(N, D, E, A, B, alpha, beta):
    ...     return E + A / N**alpha + B / D**beta
    >>> runs = iso.simulate("chinchilla", seed=1)
    >>> slow = iso.fit_callable(runs, law, {"E": 1.7, "A": 400, "B": 2000, "alpha": 0.35, "beta": 0.37}, starts=2)
    >>> fast = iso.fit(runs, "chinchilla", bootstrap=0)
    >>> abs(slow.params["alpha"] / fast.params["alpha"] - 1) < 1e-6
    True
    """
    runs = runs if isinstance(runs, Runs) else Runs(runs)
    problem = _problem(runs, func, params, output, objective, delta, log, bounds or {}, map, weight)
    rng = np.random.default_rng(seed)
    start = problem.internal(np.array([float(params[name]) for name in problem.names]))
    ends = [_minimise(problem, start)]
    for _ in range(max(starts, 1) - 1):
        ends.append(_minimise(problem, problem.clipped(start + 0.3 * rng.standard_normal(len(start)))))
    best = min(ends, key=lambda end: end.value)
    if not np.isfinite(best.value):
        raise IsoflopError("the function gives no finite prediction where the search starts: change params", "P0302")
    agreeing = sum(end.value - best.value <= SAME * abs(best.value) for end in ends)
    weights, rows = problem.weights, len(problem.y)
    draws = []
    for _ in range(bootstrap):
        problem.weights = weights * np.bincount(rng.integers(rows, size=rows), minlength=rows)
        end = _minimise(problem, best.u)
        if end.gradient <= CERTIFIED:
            draws.append(problem.natural(end.u))
    problem.weights = weights
    made = np.array(draws).reshape(-1, len(start))
    return CallableFit(problem, best, {"tried": len(ends), "agreeing": int(agreeing)}, made, level)


class _End:
    """Where a search ended."""

    def __init__(self, u: Array, value: float, gradient: float) -> None:
        self.u, self.value, self.gradient = u, value, gradient


class _Problem:
    """A function, its rows and an objective, over internal coordinates: logarithms of parameters above 0."""

    def __init__(self, func: Callable[..., Any], title: str, names: list[str], columns: dict[str, Array]) -> None:
        self.func, self.title, self.names, self.columns = func, title, names, columns
        self.y = self.weights = self.low = self.high = self.scale = np.zeros(0)
        self.is_log = np.zeros(0, dtype=bool)
        self.rho: Rho = np.square
        self.in_logs = True

    def natural(self, u: Array) -> Array:
        with np.errstate(over="ignore"):
            return np.where(self.is_log, np.exp(np.where(self.is_log, u, 0.0)), u * self.scale)

    def internal(self, p: Array) -> Array:
        return np.where(self.is_log, np.log(np.where(self.is_log, p, 1.0)), p / self.scale)

    def clipped(self, u: Array) -> Array:
        return np.clip(u, self.low, self.high)

    def residuals(self, u: Array) -> Array:
        with np.errstate(all="ignore"):
            made = np.asarray(self.func(**self.columns, **dict(zip(self.names, self.natural(u).tolist()))), float)
            if made.shape != self.y.shape:
                raise IsoflopError(
                    f"the function gives an array of shape {made.shape} for {len(self.y)} rows: give one number a row",
                    "P0303",
                )
            return np.log(made) - np.log(self.y) if self.in_logs else made - self.y

    def value(self, u: Array) -> float:
        value = float(np.sum(self.weights * self.rho(self.residuals(u))))
        return value if np.isfinite(value) else np.inf

    def gradient(self, u: Array) -> tuple[Array, Array]:
        """The gradient, and the sum of the absolute contributions of the rows to it."""
        r = self.residuals(u)
        step = STEP * np.maximum(np.abs(r), 1e-6)
        psi = self.weights * (self.rho(r + step) - self.rho(r - step)) / (2 * step)
        parts = np.empty((len(u), len(r)))
        for k in range(len(u)):
            h = np.zeros(len(u))
            h[k] = STEP
            parts[k] = psi * (self.residuals(u + h) - self.residuals(u - h)) / (2 * STEP)
        return parts.sum(axis=1), np.abs(parts).sum(axis=1)


def _minimise(problem: _Problem, u: Array, most: int = 200) -> _End:
    """Newton's method with damping; the Hessian by differences of gradients."""
    value, damping = problem.value(u), 1e-3
    gradient, size = problem.gradient(u)
    relative = np.inf
    for _ in range(most):
        if not np.isfinite(value) or not np.isfinite(gradient).all():
            break
        at_bound = ((u <= problem.low) & (gradient > 0)) | ((u >= problem.high) & (gradient < 0))
        free = ~at_bound
        relative = float(np.max(np.abs(gradient[free]) / np.maximum(size[free], 1e-300), initial=0.0))
        if relative < 1e-11:
            break
        hessian = _hessian(problem, u)[np.ix_(free, free)]
        values, vectors = np.linalg.eigh(0.5 * (hessian + hessian.T))
        slope = vectors.T @ gradient[free]
        moved = False
        while damping < 1e12:
            # Directions of negative or no curvature count as curved, so that every step leads down.
            curved = np.maximum(np.abs(values), 1e-12 * np.abs(values).max(initial=1e-300))
            move = np.zeros(len(u))
            move[free] = -(vectors @ (slope / (curved + damping * np.abs(values).max(initial=1e-300))))
            tried = problem.clipped(u + np.clip(move, -2.0, 2.0))
            lower = problem.value(tried)
            if lower < value or (lower == value and damping < 1e-8):
                moved = lower < value
                u, value, damping = tried, lower, damping * 0.1 if damping > 1e-14 else 0.0
                break
            damping = max(damping, 1e-12) * 10
        gradient, size = problem.gradient(u)
        if not moved:
            break
    at_bound = ((u <= problem.low) & (gradient > 0)) | ((u >= problem.high) & (gradient < 0))
    relative = float(np.max(np.abs(gradient[~at_bound]) / np.maximum(size[~at_bound], 1e-300), initial=0.0))
    return _End(u, value, relative if np.isfinite(value) else np.inf)


def _hessian(problem: _Problem, u: Array) -> Array:
    made = np.empty((len(u), len(u)))
    for k in range(len(u)):
        h = np.zeros(len(u))
        h[k] = 1e-5
        made[k] = (problem.gradient(u + h)[0] - problem.gradient(u - h)[0]) / 2e-5
    return np.nan_to_num(made)


def _problem(
    runs: Runs,
    func: Callable[..., Any],
    params: Mapping[str, float],
    output: str,
    objective: str | Rho,
    delta: float,
    log: bool,
    bounds: Bounds,
    map: Mapping[str, str] | None,
    weight: str | None,
) -> _Problem:
    """Binds the arguments of the function to parameters and columns, and leaves out rows that lack one."""
    arguments = list(inspect.signature(func).parameters)
    names = [name for name in arguments if name in params]
    unknown = [name for name in [*params, *bounds] if name not in names]
    if unknown or not names:
        what = f"has no argument {unknown[0]}" if unknown else "has no parameter"
        raise IsoflopError(f"the function {what}: its arguments are {', '.join(arguments)}", "P0301")
    roles = dict(runs.table.roles(pairs(map)))
    cells = runs.to_dict()
    needed = [name for name in arguments if name not in names] + [output] + ([weight] if weight else [])
    columns = {}
    for name in needed:
        column = cells.get(roles.get(name, name))
        if not isinstance(column, np.ndarray):
            known = ", ".join(runs.columns)
            raise IsoflopError(f"{name} is neither in params nor a column of numbers; the columns are {known}", "P0301")
        columns[name] = column
    keep = np.all([np.isfinite(column) for column in columns.values()], axis=0)
    columns = {name: column[keep] for name, column in columns.items()}
    if int(keep.sum()) <= len(names):
        raise IsoflopError(f"{int(keep.sum())} rows are too few for {len(names)} parameters", "P0304")
    y = columns.pop(output)
    weights = columns.pop(weight) if weight else np.ones(len(y))
    problem = _Problem(func, getattr(func, "__name__", type(func).__name__), names, columns)
    problem.y, problem.weights = y, weights
    if callable(objective):
        problem.rho, problem.in_logs = objective, log
    elif objective in ("huber-log", "huber"):
        problem.rho = lambda r: np.where(np.abs(r) <= delta, 0.5 * r * r, delta * (np.abs(r) - 0.5 * delta))
        problem.in_logs = objective == "huber-log"
    elif objective in ("squares-log", "squares"):
        problem.rho, problem.in_logs = (lambda r: 0.5 * r * r), objective == "squares-log"
    else:
        known = "huber-log, huber, squares-log, squares, or a function"
        raise IsoflopError(f"unknown objective {objective!r}: use one of {known}", "T0101")
    if problem.in_logs and (y <= 0).any():
        raise IsoflopError(f"{output} is not above 0 in all rows, but the objective takes its log", "C0201")
    ends = [bounds.get(name, (None, None)) for name in names]
    low = np.array([-np.inf if low is None else float(low) for low, _ in ends])
    high = np.array([np.inf if high is None else float(high) for _, high in ends])
    start = np.array([float(params[name]) for name in names])
    bounded = np.array([name in bounds for name in names])
    problem.is_log = (start > 0) & np.where(bounded, low >= 0, True)
    problem.scale = np.where(start == 0, 1.0, np.abs(start))
    with np.errstate(divide="ignore"):
        problem.low = np.where(problem.is_log, np.log(np.maximum(low, 0.0)), low / problem.scale)
        problem.high = np.where(problem.is_log, np.log(np.maximum(high, 0.0)), high / problem.scale)
    return problem
