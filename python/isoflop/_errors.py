"""Exceptions and warnings. The Rust half of the package raises them through the functions at the end."""

from __future__ import annotations

import re

__all__ = [
    "ColumnError",
    "DataWarning",
    "ExtrapolationWarning",
    "FormulaError",
    "IsoflopError",
    "IsoflopWarning",
    "NotCertifiedWarning",
]


class IsoflopError(ValueError):
    """Something for the caller to mend; the message says what.

    Attributes
    ----------
    code : str
        A short code that does not change between versions, such as ``R0120``.
    """

    code: str

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code

    def __reduce__(self) -> tuple[object, ...]:
        return (type(self), (str(self),), dict(self.__dict__))


class FormulaError(IsoflopError):
    """A formula that has no meaning; the message shows it with the place underlined.

    Attributes
    ----------
    formula : str
        The formula.
    origin : str
        Where it came from, such as ``law`` or ``where``.
    position : tuple of int, or None
        First character of the place, and the one after its last.
    """

    formula: str = ""
    origin: str = ""
    position: tuple[int, int] | None = None


class ColumnError(IsoflopError):
    """A column that is missing, or holds what cannot be used.

    Attributes
    ----------
    column : str
        Its name, or the name that the law uses for it.
    known : list of str
        The columns of the table, where that helps.
    """

    column: str = ""
    known: tuple[str, ...] = ()


class IsoflopWarning(UserWarning):
    """All warnings of this package."""


class NotCertifiedWarning(IsoflopWarning):
    """The fit is not certified: its numbers should not be relied on."""


class ExtrapolationWarning(IsoflopWarning):
    """A prediction far outside the runs, where no interval covers a law that changes."""


class DataWarning(IsoflopWarning):
    """Something about the runs to look at, such as rows that were left out."""


# The texts are written once, for the command line: options become keyword arguments here.
_SPELLINGS = [
    (re.compile(r"--map (\w+)=(\w+)"), r"map={'\1': '\2'}"),
    (re.compile(r"--let '(\w+) = ([^']*)'"), r"let={'\1': '\2'}"),
    (re.compile(r"--(where|law) '([^']*)'"), r'\1="\2"'),
    (re.compile(r"--at (\w+)=1B"), r"\1=1e9"),
    (re.compile(r"--limit '(\w+)=LOW\.\.HIGH'"), r"limits={'\1': (low, high)}"),
    (re.compile(r"`isoflop laws for`"), "isoflop.laws()"),
    (re.compile(r"`isoflop laws`"), "isoflop.laws()"),
    (re.compile(r"`isoflop plan --list`"), "isoflop.plans()"),
    (re.compile(r"`isoflop fit --cluster`"), "isoflop.fit(cluster=...)"),
    (re.compile(r"--fix, --bound and --tie"), "fix, bounds and tie"),
    (re.compile(r"--bound\b"), "bounds"),
    (re.compile(r"--([a-z]+)-([a-z]+)\b"), r"\1_\2"),
    (re.compile(r"--([a-z]+)\b"), r"\1"),
]


def in_python(text: str) -> str:
    """The text with options of the command line spelt as keyword arguments."""
    for pattern, spelling in _SPELLINGS:
        text = pattern.sub(spelling, text)
    return text


def error(text: str, code: str) -> IsoflopError:
    """An error of no special kind."""
    return IsoflopError(in_python(text), code)


def formula_error(text: str, code: str, origin: str, formula: str, position: tuple[int, int] | None) -> FormulaError:
    """An error in a formula."""
    made = FormulaError(in_python(text), code)
    made.formula, made.origin, made.position = formula, in_python(origin), position
    return made


def column_error(text: str, code: str, column: str, known: list[str]) -> ColumnError:
    """An error about a column."""
    made = ColumnError(in_python(text), code)
    made.column, made.known = column, tuple(known)
    return made
