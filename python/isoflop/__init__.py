"""Fit scaling laws to training runs, with a certificate.

>>> import isoflop as iso
>>> runs = iso.simulate("chinchilla", seed=1)          # or a frame, a dictionary of columns, a path
>>> fit = iso.fit(runs, "chinchilla", bootstrap=100)
>>> fit.certificate.verdict
'certified'
>>> frame = fit.predict(N=1e9, D=2e10)
>>> bool(frame["low"][0] < frame["estimate"][0] < frame["high"][0])
True
"""

from . import distributed
from ._callable import CallableFit, fit_callable
from ._errors import (
    ColumnError,
    DataWarning,
    ExtrapolationWarning,
    FormulaError,
    IsoflopError,
    IsoflopWarning,
    NotCertifiedWarning,
)
from ._fit import Certificate, Fit, Summary, fit, load
from ._frame import Frame
from ._isoflop import __version__
from ._laws import Law, Reproduction, law, laws, reproduce, simulate
from ._plan import NextRuns, Plan, cost, next_runs, plan, plans, rules
from ._report import Figure, figures, report
from ._review import Audit, Contrast, Influence, Methods, audit, contrast, influence, methods
from ._runs import Runs, read
from ._study import Backtest, Comparison, Profile, backtest, compare, profile

__all__ = [
    "Audit",
    "Backtest",
    "CallableFit",
    "Certificate",
    "ColumnError",
    "Comparison",
    "Contrast",
    "DataWarning",
    "ExtrapolationWarning",
    "Figure",
    "Fit",
    "FormulaError",
    "Frame",
    "Influence",
    "IsoflopError",
    "IsoflopWarning",
    "Law",
    "Methods",
    "NextRuns",
    "NotCertifiedWarning",
    "Plan",
    "Profile",
    "Reproduction",
    "Runs",
    "Summary",
    "__version__",
    "audit",
    "backtest",
    "compare",
    "contrast",
    "cost",
    "distributed",
    "figures",
    "fit",
    "fit_callable",
    "influence",
    "law",
    "laws",
    "load",
    "methods",
    "next_runs",
    "plan",
    "plans",
    "profile",
    "read",
    "report",
    "reproduce",
    "rules",
    "simulate",
]
