"""Draws for arviz."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._errors import IsoflopError
from ._fit import Fit

__all__ = ["to_arviz"]


def to_arviz(fit: Fit) -> Any:
    """An ``InferenceData``, or a ``DataTree`` where arviz 1.0 or later is installed."""
    if len(fit.draws) == 0:
        raise IsoflopError("there are no draws: fit with bootstrap above 0 or interval='nuts'", "P0201")
    interval = fit._fit["interval"] or {}
    posterior = interval.get("posterior")
    chains = int(posterior["chains"]) if posterior else 1
    # The draws that are kept come in turn from all chains.
    steps = len(fit.draws) // chains
    walked = fit.draws[: steps * chains].reshape(steps, chains, -1).transpose(1, 0, 2)
    groups = {"posterior": {name: walked[:, :, k] for k, name in enumerate(fit.params)}}
    observed, constant = _data(fit)
    if observed:
        groups |= {"observed_data": observed, "constant_data": constant}
    attrs = {
        "inference_library": "isoflop",
        "formula": fit.formula,
        "draws": "posterior" if posterior else f"replicates: {interval.get('method', 'bootstrap')}",
    }
    try:
        from arviz_base import from_dict
    except ImportError:
        import arviz

        return arviz.from_dict(**groups, attrs=attrs, posterior_attrs=attrs)
    return from_dict(groups, attrs={"/": attrs, "posterior": attrs})


def _data(fit: Fit) -> tuple[dict[str, np.ndarray[Any, Any]], dict[str, np.ndarray[Any, Any]]]:
    """Output and numeric inputs of the runs, where all rows of the table were fitted."""
    if fit.runs is None or len(fit.runs) != fit.nobs:
        return {}, {}
    columns = fit._columns()
    numbers = {name: column for name, column in columns.items() if isinstance(column, np.ndarray)}
    if fit.output not in numbers:
        return {}, {}
    observed = {fit.output: numbers.pop(fit.output)}
    return observed, numbers
