"""A small table of results, which other libraries can take over."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas
    import polars

__all__ = ["Frame"]


class Frame(Mapping[str, "np.ndarray[Any, Any]"]):
    """Columns of equal length by name.

    Indexing gives a numpy array. ``to_pandas``, ``to_polars`` and the Arrow interface hand the table over; polars,
    pyarrow and duckdb take it as it is.

    >>> frame = Frame({"N": [1e6, 1e9], "law": ["a", "b"]})
    >>> frame["N"].max()
    np.float64(1000000000.0)
    >>> frame.to_records()[0]
    {'N': 1000000.0, 'law': 'a'}
    """

    def __init__(self, columns: Mapping[str, Any]) -> None:
        self._columns = {name: _array(values) for name, values in columns.items()}

    @classmethod
    def from_records(cls, records: Sequence[Mapping[str, Any]], names: Sequence[str]) -> Frame:
        """A table of these keys of the records; what a record lacks is missing."""
        return cls({name: [record.get(name) for record in records] for name in names})

    def __getitem__(self, name: str) -> np.ndarray[Any, Any]:
        return self._columns[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        """Number of columns, as of a mapping; see ``rows``."""
        return len(self._columns)

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(next(iter(self._columns.values()), ()))

    @property
    def columns(self) -> list[str]:
        """Names of the columns."""
        return list(self._columns)

    def to_dict(self) -> dict[str, list[Any]]:
        """Columns as lists; numbers that are missing are ``None``."""
        return {name: [_plain(value) for value in values.tolist()] for name, values in self._columns.items()}

    def to_records(self) -> list[dict[str, Any]]:
        """Rows as dictionaries."""
        columns = self.to_dict()
        return [dict(zip(columns, row)) for row in zip(*columns.values())]

    def to_json(self) -> str:
        """Rows as JSON."""
        return json.dumps(self.to_records())

    def to_pandas(self) -> pandas.DataFrame:
        """A pandas frame."""
        import pandas

        return pandas.DataFrame(dict(self._columns))

    def to_polars(self) -> polars.DataFrame:
        """A polars frame."""
        import polars

        return polars.DataFrame(self.to_dict(), strict=False)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """The table as an Arrow stream."""
        from ._runs import Runs

        return Runs(dict(self._columns)).table.__arrow_c_stream__(requested_schema)

    def __repr__(self) -> str:
        head = [list(self._columns)]
        body = [[shown(value) for value in row] for row in zip(*self._columns.values())]
        return aligned(head + _shortened(body))

    def _repr_html_(self) -> str:
        cells = "".join(f"<th>{html.escape(name)}</th>" for name in self._columns)
        body = _shortened([[shown(value) for value in row] for row in zip(*self._columns.values())])
        rows = "".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in body)
        return f"<table><thead><tr>{cells}</tr></thead><tbody>{rows}</tbody></table>"


def shown(value: Any) -> str:
    """A cell for people: five significant digits."""
    if isinstance(value, (float, np.floating)):
        return "" if np.isnan(value) else f"{float(value):.5g}"
    return "" if value is None else str(value)


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Rows of cells as lines of text: the first column to the left, the others to the right."""
    if not rows:
        return ""
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [cell.ljust(w) if k == 0 else cell.rjust(w) for k, (cell, w) in enumerate(zip(row, widths))]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def _shortened(rows: list[list[str]], most: int = 60) -> list[list[str]]:
    """The first and last rows of many."""
    if len(rows) <= most:
        return rows
    half = most // 2
    return [*rows[:half], ["..."] * len(rows[0]), *rows[-half:]]


def _array(values: Any) -> np.ndarray[Any, Any]:
    """Numbers as floats, whole numbers and truth values as they are, everything else as objects."""
    if isinstance(values, np.ndarray):
        return values
    values = list(values)
    if values and all(isinstance(value, bool) for value in values):
        return np.array(values, dtype=bool)
    if values and all(type(value) is int for value in values):
        return np.array(values)
    if all(value is None or isinstance(value, (int, float)) for value in values):
        return np.array([np.nan if value is None else value for value in values], dtype=float)
    made = np.empty(len(values), dtype=object)
    made[:] = values
    return made


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and np.isnan(value) else value
