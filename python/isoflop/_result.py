"""What all answers share: the report of the command of their name, and one main table."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ._frame import Frame

if TYPE_CHECKING:
    import pandas
    import polars

__all__ = ["Result", "ranged"]


class Result:
    """An answer: ``table`` is its main table, ``to_dict()`` all of it, as the command line prints it as JSON.

    >>> Result({"schema_version": 1}, Frame({"N": [1e9]})).to_json()
    '{"schema_version": 1}'
    """

    table: Frame

    def __init__(self, report: dict[str, Any], table: Frame) -> None:
        self._report = report
        self.table = table

    @property
    def warnings(self) -> list[str]:
        """What to know before relying on it."""
        found = self._report.get("warnings", [])
        return [str(one["message"]) if isinstance(one, dict) else str(one) for one in found]

    def to_dict(self) -> dict[str, Any]:
        """What the command of this name prints with ``--format json``."""
        return self._report

    def to_json(self) -> str:
        """``to_dict`` as text."""
        return json.dumps(self._report)

    def to_pandas(self) -> pandas.DataFrame:
        """The main table as a pandas frame."""
        return self.table.to_pandas()

    def to_polars(self) -> polars.DataFrame:
        """The main table as a polars frame."""
        return self.table.to_polars()

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """The main table as an Arrow stream."""
        return self.table.__arrow_c_stream__(requested_schema)

    def _heading(self) -> str:
        """A sentence above the table; empty for none."""
        return ""

    def __repr__(self) -> str:
        heading = self._heading()
        return f"{heading}\n\n{self.table!r}" if heading else repr(self.table)

    def _repr_html_(self) -> str:
        heading = self._heading()
        return (f"<p><b>{heading}</b></p>" if heading else "") + self.table._repr_html_()


def ranged(found: dict[str, Any] | None, name: str) -> dict[str, Any]:
    """An estimate with its interval as three columns: ``a``, ``a_low``, ``a_high``."""
    found = found or {}
    return {name: found.get("estimate"), f"{name}_low": found.get("low"), f"{name}_high": found.get("high")}
