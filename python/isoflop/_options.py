"""Keyword arguments as the Rust half takes them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

from ._runs import pairs, text, texts

__all__ = ["Bounds", "Folder", "command", "options"]

Bounds = Mapping[str, "tuple[float | None, float | None]"]
Folder = "str | os.PathLike[str] | None"


def options(
    *,
    law: str | None = None,
    map: Mapping[str, str] | None = None,
    let: Mapping[str, str] | None = None,
    where: str | Iterable[str] | None = None,
    weight: str | None = None,
    cluster: str | None = None,
    objective: str | None = None,
    delta: float | None = None,
    fix: Mapping[str, float] | None = None,
    bounds: Bounds | None = None,
    tie: Mapping[str, str] | None = None,
    starts: int | str = "auto",
    bootstrap: int = 1000,
    interval: str | None = None,
    ends: str | None = None,
    strata: str | None = None,
    of: str | Iterable[str] | None = None,
    prior: Mapping[str, str] | None = None,
    draws: int | None = None,
    level: float = 0.9,
    seed: int = 0,
    threads: int | None = None,
    choices: bool = True,
    among: str | Iterable[str] | None = None,
    laws: str | os.PathLike[str] | None = None,
) -> dict[str, Any]:
    """All options of a fit, checked as far as their types go."""
    if not isinstance(bootstrap, int) or not 0 <= bootstrap <= 1_000_000:
        raise ValueError(f"bootstrap is {bootstrap!r}, but must be a whole number from 0 to 1 million")
    if threads is not None and not 1 <= threads <= 1024:
        raise ValueError(f"threads is {threads!r}, but must be from 1 to 1024")
    if not 0 <= seed < 2**64:
        raise ValueError(f"seed is {seed!r}, but must be from 0 to 2**64 - 1")
    if draws is not None and not 1 <= draws <= 1_000_000:
        raise ValueError(f"draws is {draws!r}, but must be from 1 to 1 million")
    if delta is not None and not delta > 0:
        raise ValueError(f"delta is {delta!r}, but must be above 0")
    return {
        "law": law,
        "map": pairs(map),
        "let": [f"{name} = {formula}" for name, formula in (let or {}).items()],
        "where": texts(where),
        "weight": weight,
        "cluster": cluster,
        "objective": objective,
        "delta": None if delta is None else float(delta),
        "fix": pairs(fix),
        "bounds": [f"{name}={_end(low)}..{_end(high)}" for name, (low, high) in (bounds or {}).items()],
        "tie": pairs(tie),
        "starts": str(starts),
        "bootstrap": bootstrap,
        "interval": interval,
        "ends": ends,
        "strata": strata,
        "of": texts(of),
        "prior": [f"{name} ~ {form}" for name, form in (prior or {}).items()],
        "draws": draws,
        "level": float(level),
        "seed": int(seed),
        "threads": threads,
        "choices": choices,
        "among": texts(among),
        "laws": None if laws is None else os.fspath(laws),
    }


def _end(value: float | None) -> str:
    return "" if value is None or abs(value) == float("inf") else text(float(value))


def command(sources: list[str], options: Mapping[str, Any]) -> list[str]:
    """The command line that makes the same fit, for the record in saved files; tables in memory are ``-``."""
    words = ["isoflop", "fit", *(["-"] if sources == ["memory"] else sources)]
    single = ["law", "weight", "cluster", "objective", "delta", "laws", "threads"]
    single += ["interval", "ends", "strata", "draws"]
    for name in single:
        if options[name] is not None:
            words.append(f"--{name}={text(options[name])}")
    lists = {"map": "map", "let": "let", "where": "where", "fix": "fix", "bounds": "bound", "tie": "tie"}
    lists |= {"of": "of", "prior": "prior", "among": "among"}
    for name, option in lists.items():
        words.extend(f"--{option}={value}" for value in options[name])
    for name in ("starts", "bootstrap", "level", "seed"):
        words.append(f"--{name}={text(options[name])}")
    return words
