"""Decisions: plans, costs, and the runs to do next."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from typing import Any

from . import _isoflop
from ._errors import IsoflopError
from ._fit import Fit
from ._frame import Frame
from ._options import options
from ._result import Result
from ._runs import Runs, pairs, tell, text, texts

__all__ = ["NextRuns", "Plan", "cost", "next_runs", "plan", "plans", "rules"]


class Plan(Result):
    """The best numbers under constraints, with the price of being wrong; made by :func:`plan`.

    Attributes
    ----------
    decision : dict
        What was decided.
    objective : dict
        Name, estimate, and low and high end of the interval of the objective.
    table : Frame
        Decisions, objective and reported quantities with intervals.
    constraints : Frame
        Value, limit and shadow price of each constraint.
    regret : dict or None
        What the choice costs if one of the replicates is the truth.
    """

    def __init__(self, report: dict[str, Any]) -> None:
        self.decision: dict[str, float] = {name: found["estimate"] for name, found in report["decision"].items()}
        self.objective: dict[str, Any] = report["objective"]
        self.regret: dict[str, float] | None = report["regret"]
        rows = [{"name": name, **found} for name, found in report["decision"].items()]
        rows += [self.objective, *({"name": name, **found} for name, found in report["report"].items())]
        super().__init__(report, Frame.from_records(rows, ["name", "estimate", "low", "high"]))
        names = ["text", "value", "limit", "active", "shadow_price"]
        self.constraints = Frame.from_records(report["constraints"], names)


class NextRuns(Result):
    """The runs to do next; made by :func:`next_runs`.

    Attributes
    ----------
    table : Frame
        One row per configuration: the inputs, how many seeds, the cost of one, and the output expected.
    outlook : Frame
        What is known of each goal before these runs, and what will be after them.
    cost : float
        What all of them cost.
    """

    def __init__(self, report: dict[str, Any]) -> None:
        self.cost: float = report["cost"]
        rows = [{**run["inputs"], **run} for run in report["runs"]]
        inputs = list(dict.fromkeys(name for run in report["runs"] for name in run["inputs"]))
        super().__init__(report, Frame.from_records(rows, [*inputs, "seeds", "cost", "expected"]))
        names = ["goal", "kind", "estimate", "before", "after", "low", "high"]
        self.outlook = Frame.from_records(report["outlook"], names)

    def _heading(self) -> str:
        goals = "; ".join(map(_outlook, self.outlook.to_records()))
        return f"{sum(self.table['seeds'])} runs that cost {self.cost:.3g}: {goals}"


def _outlook(goal: Mapping[str, Any]) -> str:
    before = "not determined" if goal["before"] is None else f"{goal['before']:.3g}"
    return f"{goal['goal']}, {goal['kind']} {before} before and {goal['after']:.3g} after"


def plan(
    what: Fit | str | os.PathLike[str] | Mapping[str, Fit | str | os.PathLike[str]],
    plan: str | None = None,
    *,
    minimize: str | None = None,
    maximize: str | None = None,
    solve: str | None = None,
    over: str | Iterable[str] = (),
    simplex: str | Iterable[str] = (),
    let: Mapping[str, str] | None = None,
    subject_to: str | Iterable[str] = (),
    given: Mapping[str, float | str] | None = None,
    flops: float | None = None,
    target: float | None = None,
    demand: float | None = None,
    integer: str | Iterable[str] = (),
    hardware: str | None = None,
    report: str | Iterable[str] = (),
    curves: bool = False,
    tolerance: float = 0.005,
    starts: int = 24,
    level: float = 0.9,
    laws: str | os.PathLike[str] | None = None,
) -> Plan:
    """Decide with a law.

    Parameters
    ----------
    what
        A :class:`Fit`, the path of a saved one, a law with its coefficients (``chinchilla@besiroglu``), or with values
        by hand (``chinchilla:E=1.8,A=480,B=2080,alpha=0.35,beta=0.37``). Several laws: a mapping from role to law,
        ``{"loss": fit, "bench": "error.json"}``; one may read what another predicts.
    plan
        A named plan, such as ``compute-optimal``; :func:`plans` lists them.
    minimize, maximize
        Without a named plan: the output of the law, or a formula of what is decided.
    solve
        In place of an objective: what the equation among the constraints is solved for.
    over
        What is decided; ``mix_*`` stands for all inputs that begin so.
    simplex
        Shares that add up to 1 and are decided: ``mix_*`` or ``["web", "code"]``.
    let
        Names with formulas, also for inputs of a law: ``{"C": "6*N*D"}``.
    subject_to
        Constraints with ``<=``, ``>=`` or ``==``.
    given
        Values that formulas or the law need.
    flops, target, demand
        Short for values of these names: training budget in FLOP, loss to reach, tokens to serve.
    integer
        Decisions in whole numbers.
    hardware
        A device that gives peak, memory, bandwidth and power, such as ``h100`` or ``h100:fp8``.
    report
        Something else to show at the optimum, such as ``D/N``.
    curves
        Also the data of figures: the best against the budget, the loss around every decision, isoFLOP slices; as
        ``plan.to_dict()["curves"]``.
    tolerance
        Loss of objective that counts as none, as a share.
    starts
        Starts of the search where the best cannot be proved.
    level
        Coverage of the intervals.
    laws
        A folder with law files of your own.

    Examples
    --------
    >>> import isoflop as iso
    >>> best = iso.plan("chinchilla@besiroglu", "compute-optimal", flops=1e24)
    >>> round(6 * best.decision["N"] * best.decision["D"] / 1e24, 6)
    1.0
    """
    if plan is None and minimize is None and maximize is None and solve is None:
        raise IsoflopError("say what the plan is for: a named plan, see isoflop.plans(), minimize, or solve", "C0406")
    short = {"flops": flops, "target": target, "demand": demand}
    values = {**(given or {}), **{name: value for name, value in short.items() if value is not None}}
    asked = {
        "plan": plan,
        "minimize": minimize,
        "maximize": maximize,
        "solve": solve,
        "over": texts(over),
        "simplex": texts(simplex),
        "let": pairs(let),
        "subject_to": texts(subject_to),
        "given": pairs(values),
        "integer": texts(integer),
        "hardware": hardware,
        "report": texts(report),
        "curves": bool(curves),
        "tolerance": float(tolerance),
        "starts": int(starts),
        "level": float(level),
        "laws": None if laws is None else os.fspath(laws),
    }
    laws_by_role = what if isinstance(what, Mapping) else {"": what}
    roles = [(role, law._raw if isinstance(law, Fit) else os.fspath(law)) for role, law in laws_by_role.items()]
    told, notes = _isoflop.plan(roles, asked)
    tell(notes)
    return Plan(json.loads(told))


def plans() -> Frame:
    """The named plans, and what must be given to each."""
    found = json.loads(_isoflop.plans())["plans"]
    rows = [{**p, "kind": "rules" if p["rules"] else "plan", "given": ", ".join(p["given"])} for p in found]
    return Frame.from_records(rows, ["id", "subject", "title", "kind", "law", "given"])


def rules(plan: str, *, laws: str | os.PathLike[str] | None = None, **given: float | str) -> Frame:
    """What published rules say for these values, and which inputs lie outside the runs behind each.

    Parameters
    ----------
    plan
        A named plan of the kind ``rules``, such as ``hyperparameters``; :func:`plans` lists them.
    laws
        A folder with law files of your own.
    given
        What the plan asks for.

    Examples
    --------
    >>> import isoflop as iso
    >>> found = iso.rules("hyperparameters", N=1e9, D=1e11)
    >>> round(float(found["value"][0]), 6)
    0.001632
    """
    told, notes = _isoflop.rules(plan, pairs(given), None if laws is None else os.fspath(laws))
    tell(notes)
    answer = json.loads(told)
    if answer is None:
        raise IsoflopError(f"{plan} decides something: give it a law, isoflop.plan(law, {plan!r}, ...)", "C0410")
    rows = [
        {
            **rule,
            "grade": (rule["law_source"] or {}).get("grade"),
            "source": (rule["law_source"] or rule)["source"],
            "outside": ", ".join(f"{o['name']} {o['low']:g} to {o['high']:g}" for o in rule["outside"]),
        }
        for rule in answer["rules"]
    ]
    return Frame.from_records(rows, ["name", "value", "unit", "law", "grade", "outside", "source"])


def next_runs(
    runs: object,
    law: str | None = None,
    *,
    budget: float,
    goal: str | Iterable[str],
    cost: str | None = None,
    limits: Mapping[str, tuple[float, float]] | None = None,
    given: Mapping[str, float] | None = None,
    keep: str | Iterable[str] = (),
    largest: float | None = None,
    most: int = 24,
    repeats: int = 3,
    candidates: int = 2500,
    noise: float | None = None,
    draws: int = 8,
    map: Mapping[str, str] | None = None,
    let: Mapping[str, str] | None = None,
    where: str | Iterable[str] | None = None,
    weight: str | None = None,
    cluster: str | None = None,
    objective: str | None = None,
    delta: float | None = None,
    level: float = 0.9,
    seed: int = 0,
    threads: int | None = None,
    laws: str | os.PathLike[str] | None = None,
) -> NextRuns:
    """Choose the runs whose results narrow a forecast or a decision most, among all within a budget.

    Parameters
    ----------
    runs
        A :class:`Fit`, whose runs, law and options are taken; what :func:`fit` takes, with the same options; or, before
        any run, the name of a law with its coefficients, such as ``chinchilla@besiroglu``.
    law
        The law, where ``runs`` are runs.
    budget
        What all new runs may cost, in FLOP or in the unit of ``cost``.
    goal
        What is to be known better: ``'loss at N=70B,D=1.4T'``, ``'regret at 1e24'``, ``'a_opt'`` or any formula of
        parameters, ``'against LAW'``; several count equally.
    cost
        What a run costs, as a formula of the inputs; by default ``6*N*D``, or ``C``.
    limits
        Where an input may lie: ``{'N': (1e7, 1e9)}``; by default from the smallest run to ten times the largest.
    given
        Inputs held at a value.
    keep
        What a run must meet; where the law has N and D, by default ``D >= 2*N`` and ``D <= 500*N``.
    largest
        One run may cost this at most.
    most, repeats
        Runs at most, and runs of one configuration at most.
    candidates
        About how many configurations to choose from.
    noise
        Standard deviation of a run around the law, as a share; by default that of the fit.
    draws
        Replicates of the fit over which the design is averaged.

    Examples
    --------
    >>> import isoflop as iso
    >>> found = iso.next_runs("chinchilla@besiroglu", budget=2e20, goal="a_opt", noise=0.005)
    >>> found.cost <= 2e20
    True
    """
    table, what = None, None
    if isinstance(runs, Fit):
        if runs._runs is None or runs._asked is None:
            raise IsoflopError("this fit was loaded without its runs: give the runs and the law", "P0204")
        if law is not None:
            raise TypeError("a fit has its law; give the runs to name another")
        table, asked = runs._runs.table, {**runs._asked, "choices": False}
    else:
        asked = options(
            law=law,
            map=map,
            let=let,
            where=where,
            weight=weight,
            cluster=cluster,
            objective=objective,
            delta=delta,
            level=level,
            seed=seed,
            threads=threads,
            choices=False,
            laws=laws,
        )
        if law is None:
            if not isinstance(runs, str) or os.path.exists(runs):
                raise IsoflopError("say which law to fit to the runs: next_runs(runs, 'chinchilla', ...)", "C1203")
            what = runs
        else:
            table = Runs(runs).table
    question = {
        "goals": texts(goal),
        "budget": float(budget),
        "cost": cost,
        "limits": [f"{name}={text(float(low))}..{text(float(high))}" for name, (low, high) in (limits or {}).items()],
        "given": pairs(given),
        "keep": texts(keep),
        "largest": None if largest is None else float(largest),
        "most": int(most),
        "repeats": int(repeats),
        "candidates": int(candidates),
        "noise": None if noise is None else float(noise),
        "design_draws": int(draws),
    }
    told, notes = _isoflop.next_runs(table, what, asked, question)
    tell(notes)
    return NextRuns(json.loads(told))


def cost(
    config: Mapping[str, Any] | str | os.PathLike[str],
    *,
    context: float | None = None,
    tokens: float | None = None,
    bytes: float = 2.0,
    given: Mapping[str, float | str] | None = None,
    hardware: str | None = None,
) -> Frame:
    """Parameters, FLOP by each counting convention, memory, speed and price of an architecture.

    Parameters
    ----------
    config
        A ``config.json`` as on Hugging Face, as its path or as a dictionary.
    context
        Context length; by default what the config allows at most.
    tokens
        Training tokens, for the FLOP of a whole run in the column ``of_run``.
    bytes
        Bytes for each number when served.
    given
        What cost models ask besides: ``gpus``, ``price``, ``batch`` and so on.
    hardware
        A device that gives peak, memory, bandwidth and power, such as ``h100``.
    """
    if isinstance(config, Mapping):
        name, content = "config", json.dumps(config)
    else:
        name = os.fspath(config)
        with open(config, encoding="utf-8") as file:
            content = file.read()
    asked = {
        "context": context,
        "tokens": tokens,
        "bytes": float(bytes),
        "given": pairs(given),
        "hardware": hardware,
    }
    told = _isoflop.cost(name, content, asked)
    names = ["model", "name", "value", "of_run", "description"]
    return Frame.from_records(json.loads(told)["costs"], names)
