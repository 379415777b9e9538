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
from ._laws import Law, law, laws, simulate
from ._plan import Plan, cost, plan, plans, rules
from ._runs import Runs, read
from ._study import Backtest, Comparison, backtest, compare

__all__ = [
    "Backtest",
    "Certificate",
    "ColumnError",
    "Comparison",
    "DataWarning",
    "ExtrapolationWarning",
    "Fit",
    "FormulaError",
    "Frame",
    "IsoflopError",
    "IsoflopWarning",
    "Law",
    "NotCertifiedWarning",
    "Plan",
    "Runs",
    "Summary",
    "__version__",
    "backtest",
    "compare",
    "cost",
    "fit",
    "law",
    "laws",
    "load",
    "plan",
    "plans",
    "read",
    "rules",
    "simulate",
]
