"""Laws as estimators of scikit-learn, which must be installed."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from ._fit import Fit, fit
from ._runs import Runs

__all__ = ["ScalingLawRegressor"]


class ScalingLawRegressor(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """A law with the interface of scikit-learn: pipelines, ``cross_val_score``, ``clone``.

    Parameters
    ----------
    law
        Name of a law, or a formula whose output is ``loss``.
    inputs
        Names of the columns of ``X`` in their order; by default those of a frame.
    objective, bootstrap, seed
        As for :func:`isoflop.fit`; without replicates by default, for estimators predict no intervals.

    Attributes
    ----------
    fit_ : isoflop.Fit
    params_ : dict
    n_features_in_ : int

    Examples
    --------
    >>> import numpy as np
    >>> from isoflop.sklearn import ScalingLawRegressor
    >>> N = np.geomspace(1e6, 1e9, 20)[:, None]
    >>> model = ScalingLawRegressor("loss ~ E + A / N^alpha", inputs=["N"]).fit(N, 1.7 + 400 / N[:, 0] ** 0.34)
    >>> round(model.params_["E"], 6)
    1.7
    """

    def __init__(
        self,
        law: str = "chinchilla",
        *,
        inputs: list[str] | None = None,
        objective: str | None = None,
        bootstrap: int = 0,
        seed: int = 0,
    ) -> None:
        self.law = law
        self.inputs = inputs
        self.objective = objective
        self.bootstrap = bootstrap
        self.seed = seed

    def fit(self, X: Any, y: Any) -> ScalingLawRegressor:
        """Fit the law to inputs ``X``, of shape (rows, inputs), and outputs ``y``."""
        names = self._names(X)
        X, y = validate_data(self, X, y, dtype=float, y_numeric=True, ensure_min_samples=2)
        self.names_ = names if names is not None else [f"x{k}" for k in range(X.shape[1])]
        if len(self.names_) != X.shape[1]:
            raise ValueError(f"X has {X.shape[1]} columns, but inputs names {len(self.names_)}")
        columns = dict(zip(self.names_, X.T))
        law = self._law()
        output = law.partition("~")[0].strip() if "~" in law else "loss"
        self.fit_: Fit = fit(
            Runs({**columns, output: y}),
            law,
            objective=self.objective,
            bootstrap=self.bootstrap,
            seed=self.seed,
            choices=False,
        )
        self.params_ = self.fit_.params
        return self

    def predict(self, X: Any) -> np.ndarray[Any, Any]:
        """Outputs of the law at ``X``."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=float, reset=False)
        return self.fit_.predict(dict(zip(self.names_, X.T)))["estimate"]

    def _law(self) -> str:
        return self.law

    def _names(self, X: Any) -> list[str] | None:
        if self.inputs is not None:
            return list(self.inputs)
        return [str(name) for name in X.columns] if hasattr(X, "columns") else None
