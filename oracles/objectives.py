"""An independent optimum of E + A / N^alpha + B / D^beta under the objectives of the field.

Parameters are p = (log A, log B, log E, alpha, beta), followed by log s where the objective has a free scale s. Every
objective gives value, gradient and Hessian by formula, in double precision (numpy) or in any precision (mpmath), so an
optimum found in doubles can be polished by Newton's method in 40 digits and its gradient shown to vanish.

The residual is r = log loss - log prediction (`log`) or loss - prediction (`raw`). All goals are sums over rows:

    squares        r^2 / 2
    huber          r^2 / 2 where |r| <= delta, else delta (|r| - delta / 2)
    cauchy         delta^2 / 2 log(1 + (r / delta)^2)          (scipy's cauchy with f_scale = delta)
    student-t      (nu + 1) / 2 log(1 + r^2 / (nu s^2)) + log s, s free: the negative log-likelihood less a constant
    huber-density  huber(r / s) + log s, s free                (Besiroglu et al. 2024, delta = 1e-3)
"""

from dataclasses import dataclass

import mpmath as mp
import numpy as np
from scipy.optimize import minimize

NAMES = ("A", "B", "E", "alpha", "beta")


@dataclass(frozen=True)
class Objective:
    name: str
    output: str  # "log" or "raw"
    rho: str  # "squares", "huber", "cauchy", "student-t"
    size: float = 0.0  # delta, or the degrees of freedom of student-t
    free_scale: bool = False


OBJECTIVES = (
    Objective("squares", "raw", "squares"),
    Objective("squares-log", "log", "squares"),
    Objective("huber-log", "log", "huber", 1e-3),
    Objective("huber", "raw", "huber", 1e-3),
    Objective("cauchy-log", "log", "cauchy", 1e-3),
    Objective("student-t-log", "log", "student-t", 4.0, free_scale=True),
    Objective("huber-density-log", "log", "huber", 1e-3, free_scale=True),
)


class Double:
    """Arithmetic in double precision."""

    exp, log = staticmethod(np.exp), staticmethod(np.log)
    number = staticmethod(float)
    array = staticmethod(lambda values: np.asarray(values, dtype=float))


class Many:
    """Arithmetic in mpmath's working precision, on numpy arrays of objects."""

    exp, log = (staticmethod(np.frompyfunc(f, 1, 1)) for f in (mp.exp, mp.log))
    number = staticmethod(lambda value: mp.mpf(value))
    array = staticmethod(lambda values: np.array([mp.mpf(v) for v in values], dtype=object))


class Table:
    """Logs of the inputs and both outputs, in the arithmetic asked for."""

    def __init__(self, rows, ops=Double):
        n, d, loss = (ops.array(rows[:, k].tolist()) for k in (0, 1, 3))
        self.ops, self.rows = ops, rows
        self.x, self.y, self.raw = ops.log(n), ops.log(d), loss
        self.log = ops.log(loss)


def rho(objective, r, ops, branch=None):
    """Value and first two derivatives of the penalty at every residual.

    `branch` (0 inside, else the sign) fixes which piece of the Huber penalty each row is on, whatever its residual.
    """
    k = ops.number(objective.size)
    if objective.rho == "squares":
        return r * r / 2, r, r * 0 + 1
    if objective.rho == "huber":
        piece = branches(objective, r) if branch is None else branch
        inside = piece == 0
        return np.where(inside, r * r / 2, k * (piece * r - k / 2)), np.where(inside, r, k * piece), np.where(inside, 1, 0)
    if objective.rho == "cauchy":
        q = 1 + (r / k) ** 2
        return k * k / 2 * ops.log(q), r / q, (2 - q) / (q * q)
    q = k + r * r
    return (k + 1) / 2 * ops.log(q / k), (k + 1) * r / q, (k + 1) * (k - r * r) / (q * q)


def branches(objective, r):
    """Which piece of the Huber penalty each scaled residual is on: 0 inside, else its sign."""
    return np.where(abs(r) <= objective.size, 0, np.where(r < 0, -1, 1))


def residuals(objective, table, p):
    """Residuals, divided by the scale where it is free."""
    ops = table.ops
    total = sum(ops.exp(z) for z in (p[0] - p[3] * table.x, p[1] - p[4] * table.y, p[2] + table.x * 0))
    r = table.log - ops.log(total) if objective.output == "log" else table.raw - total
    return r / ops.exp(p[5] + table.x * 0) if objective.free_scale else r


def evaluate(objective, table, p, branch=None):
    """Goal, gradient [p] and Hessian [p x p]."""
    ops = table.ops
    a, b, e, alpha, beta = p[:5]
    one, none = table.x * 0 + 1, table.x * 0
    slopes = (  # of the exponents of the three terms, [rows x 5] each
        np.column_stack([one, none, none, -table.x, none]),
        np.column_stack([none, one, none, none, -table.y]),
        np.column_stack([none, none, one, none, none]),
    )
    terms = [ops.exp(a - alpha * table.x), ops.exp(b - beta * table.y), ops.exp(e + none)]
    total = terms[0] + terms[1] + terms[2]
    if objective.output == "log":
        shares, f, y = [t / total for t in terms], ops.log(total), table.log
    else:
        shares, f, y = terms, total, table.raw
    slope = sum(s[:, None] * z for s, z in zip(shares, slopes))

    def curvature(weight):
        """Weighted sum over rows of the Hessian of the prediction."""
        out = sum(z.T @ ((weight * s)[:, None] * z) for s, z in zip(shares, slopes))
        return out - slope.T @ (weight[:, None] * slope) if objective.output == "log" else out

    r = y - f
    if not objective.free_scale:
        value, first, second = rho(objective, r, ops, branch)
        return value.sum(), -(slope.T @ first), slope.T @ (second[:, None] * slope) - curvature(first)

    s = ops.exp(p[5] + none)[0]
    r = r / s
    value, first, second = rho(objective, r, ops, branch)
    rows = len(r)
    goal = value.sum() + rows * p[5]
    cross = slope.T @ (second * r + first) / s
    inner = slope.T @ (second[:, None] * slope) / (s * s) - curvature(first) / s
    gradient = np.append(-(slope.T @ first) / s, rows - (first * r).sum())
    corner = (second * r * r + first * r).sum()
    return goal, gradient, np.block([[inner, cross[:, None]], [cross[None, :], np.array([[corner]])]])


def starts(rows, k, seed):
    """k starts with every term of the size of the excess loss at the centre of the table: [k x 5]."""
    rng = np.random.default_rng(seed)
    x, y, loss = np.log(rows[:, 0]).mean(), np.log(rows[:, 1]).mean(), rows[:, 3]
    floor = loss.min() * rng.uniform(0.3, 0.98, k)
    excess = np.maximum(np.median(loss) - floor, 1e-3)
    alpha, beta, part = rng.uniform(0.1, 1.0, k), rng.uniform(0.1, 1.0, k), rng.uniform(0.2, 0.8, k)
    return np.column_stack([np.log(excess * part) + alpha * x, np.log(excess * (1 - part)) + beta * y, np.log(floor), alpha, beta])


def descend(objective, table, p):
    """Trust-region Newton in doubles: the parameters it ends at."""
    found = minimize(
        lambda q: evaluate(objective, table, q)[0], p, method="trust-exact",
        jac=lambda q: evaluate(objective, table, q)[1], hess=lambda q: evaluate(objective, table, q)[2],
        options={"gtol": 1e-14, "maxiter": 500},
    )  # fmt: skip
    return found.x


def subset_starts(rows, k, seed):
    """k Huber fits to random subsets of the rows: the starts for goals with several true minima, [k x 5]."""
    rng = np.random.default_rng(seed)
    first = descend(OBJECTIVES[1], Table(rows), starts(rows, 1, seed)[0])
    sizes = rng.integers(20, len(rows), k)
    return [descend(OBJECTIVES[2], Table(rows[rng.choice(len(rows), m, replace=False)]), first) for m in sizes]


def path(objective):
    """The objectives to solve in turn on the way to this one, each from the end of the last.

    A Huber goal with a small delta is almost the absolute deviation, with a kink at every row: its delta shrinks in
    steps. With a free scale the window of the square piece is delta * s = 5e-9, too narrow for a search in doubles; the
    path ends at ten times the delta, where the same rows are inside, and `polish` goes on from there.
    """
    if objective.rho == "huber":
        first, last = (1.0, 10 * objective.size) if objective.free_scale else (0.1, objective.size)
        return [Objective("", objective.output, "huber", delta, objective.free_scale) for delta in np.geomspace(first, last, 31)]
    return [objective]


def search(objective, rows, seed=0, subsets=300):
    """Best end point in doubles, starts tried, share of them that reach it (to 1e-9 relative) and the other minima.

    Convex-like goals get 24 starts scaled to the data; redescending ones (cauchy, student-t) `subsets` more
    from random subsets of the rows, because they may have several minima.
    """
    table, squares = Table(rows), Objective("", objective.output, "squares")
    begin = [descend(squares, table, p) for p in starts(rows, 24, seed)]
    if objective.rho in ("cauchy", "student-t"):
        begin += subset_starts(rows, subsets, seed)
    ends = []
    for p in begin:
        if objective.free_scale:
            p = np.append(p, np.log(2 * evaluate(squares, table, p)[0] / len(rows)) / 2)
        for step in path(objective):
            p = descend(step, table, p)
        goal, gradient, hessian = evaluate(path(objective)[-1], table, p)
        if np.isfinite(goal) and np.linalg.eigvalsh(hessian)[0] > 0:
            ends.append((goal, p))
    ends.sort(key=lambda end: end[0])
    goals = np.array([goal for goal, _ in ends])
    same = goals <= goals[0] + 1e-9 * abs(goals[0])
    others = [p for (goal, p), new in zip(ends[1:], np.diff(goals) > 1e-7 * abs(goals[0])) if new]
    return ends[0][1], len(begin), float(same.sum() / len(begin)), others[:5]


def polish(objective, rows, p, digits=40, steps=30):
    """Newton in many digits, with every row kept on the piece of the Huber penalty that it is on at the end of the search.

    Returns the parameters, goal, largest |gradient|, least and largest eigenvalue of the Hessian. Raises where a row
    ends up on another piece than it was kept on: then the point is no optimum of the goal.
    """
    branch = branches(path(objective)[-1], residuals(objective, Table(rows), p)) if objective.rho == "huber" else None
    with mp.workdps(digits):
        table = Table(rows, Many)
        p = Many.array(p.tolist())
        if objective.free_scale:  # the scale of the last objective on the path, brought to this delta
            p[5] += mp.log(mp.mpf(objective.size) / path(objective)[-1].size)
        goal, gradient, hessian = evaluate(objective, table, p, branch)
        for _ in range(steps):
            step = mp.lu_solve(mp.matrix(hessian.tolist()), mp.matrix((-gradient).tolist()))
            trial = p + np.array(list(step), dtype=object)
            after = evaluate(objective, table, trial, branch)
            if max(map(abs, after[1])) >= max(map(abs, gradient)) and max(map(abs, gradient)) < 1e-20:
                break
            p, (goal, gradient, hessian) = trial, after
        if branch is not None and (branches(objective, residuals(objective, table, p)) != branch).any():
            raise ArithmeticError(f"{objective.name}: a row left its piece of the Huber penalty")
        eigenvalues = np.linalg.eigvalsh(np.array(hessian, dtype=float))
        return p, goal, float(max(map(abs, gradient))), float(eigenvalues[0]), float(eigenvalues[-1])


def natural(p):
    """{A, B, E, alpha, beta} (and the scale) as floats, from p."""
    values = [mp.exp(v) for v in p[:3]] + list(p[3:5]) + [mp.exp(v) for v in p[5:]]
    return {name: float(value) for name, value in zip((*NAMES, "scale"), values)}
