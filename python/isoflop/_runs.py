"""Run tables: from whatever holds columns to the table that the Rust half works on."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _isoflop
from ._errors import ColumnError, DataWarning, IsoflopError, in_python

if TYPE_CHECKING:
    import pandas
    import polars

__all__ = ["Runs", "read"]

Map = Mapping[str, str]


class Runs:
    """A table of training runs.

    Parameters
    ----------
    source
        Anything with ``__arrow_c_stream__`` (polars, pyarrow, duckdb, datasets), a pandas frame, a mapping of names to
        arrays or lists, a list of dictionaries, or the path of a run table or of a directory that a tool left behind.

    Cells that are ``None``, NA, NaT, masked, or NaN in a pandas frame are missing: rows without a value that the law
    needs are left out and counted.

    >>> runs = Runs({"N": [1e6, 1e7, 1e8], "loss": [3.2, 2.8, 2.5]})
    >>> runs.columns, len(runs)
    (['N', 'loss'], 3)
    """

    table: _isoflop.Table

    def __init__(self, source: object) -> None:
        self.table = _table(source)

    @property
    def columns(self) -> list[str]:
        """Names of the columns."""
        return self.table.names

    def roles(self, map: Map | None = None) -> dict[str, str]:
        """Which column stands for N, D, C and loss, found by its name or said by ``map``.

        >>> Runs({"n_params": [1e6], "val_loss": [3.2]}).roles()
        {'N': 'n_params', 'loss': 'val_loss'}
        """
        return dict(self.table.roles(pairs(map)))

    def to_dict(self) -> dict[str, Any]:
        """Columns by name: arrays of floats, NaN where a cell is missing, or lists of texts."""
        columns: dict[str, Any] = {}
        for name, cells in self.table.columns():
            columns[name] = np.frombuffer(cells[0]) if isinstance(cells, tuple) else cells
        return columns

    def to_pandas(self) -> pandas.DataFrame:
        """A pandas frame."""
        import pandas

        return pandas.DataFrame(self.to_dict())

    def to_polars(self) -> polars.DataFrame:
        """A polars frame."""
        import polars

        return polars.DataFrame(self)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """The table as an Arrow stream."""
        return self.table.__arrow_c_stream__(requested_schema)

    def __len__(self) -> int:
        return self.table.rows

    def __repr__(self) -> str:
        files = ", ".join(name for name, _ in self.table.sources)
        return f"<isoflop.Runs: {len(self)} rows of {files}; columns {', '.join(self.columns)}>"

    def __reduce__(self) -> tuple[object, ...]:
        return (_unpickled, (self.table.columns(),))


def read(
    path: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    *,
    tool: str | None = None,
    points: str = "final",
    restarts: str = "last",
    log_pattern: str | None = None,
    loss: str | None = None,
) -> Runs:
    """Read run tables, or the runs that a tool left behind.

    Parameters
    ----------
    path
        CSV, TSV, JSON lines or Parquet files, plain or compressed, patterns such as ``runs/*.csv``, or files and
        directories of wandb, TensorBoard, HF Trainer, MLflow, Trackio or DVCLive. Several become one table.
    tool
        The tool that keeps the runs; found from names by default.
    points
        Points of each run: ``final``, ``best``, ``last:K``, ``every``, ``decayed`` (the ends of decays of the learning
        rate) or ``at:D=1B,2B``; ``samples`` for the items of an evaluation.
    restarts
        Which value counts where a run has several at one step: ``last``, ``first`` or ``error``.
    log_pattern
        A regular expression with named groups for the lines of text logs.
    loss
        The metric that ``points`` looks at.

    Raises
    ------
    IsoflopError
        A file that cannot be read; the message names file, row, column and value.
    """
    paths = [path] if isinstance(path, (str, os.PathLike)) else list(path)
    table = _isoflop.Table.read([os.fspath(p) for p in paths], tool, points, restarts, log_pattern, loss)
    runs = Runs.__new__(Runs)
    runs.table = table
    tell(table.notes)
    return runs


def pairs(mapping: Mapping[str, Any] | None) -> list[str]:
    """``{'loss': 'val_loss'}`` as the texts that the Rust half reads."""
    if mapping is None:
        return []
    if not isinstance(mapping, Mapping):
        raise TypeError(f"write a dictionary such as {{'loss': 'val_loss'}}, not {mapping!r}")
    return [f"{name}={text(value)}" for name, value in mapping.items()]


def text(value: object) -> str:
    """A value as text that reads back to the same bits."""
    if isinstance(value, (bool, np.bool_)):
        return str(int(value))
    if isinstance(value, (int, np.integer)):
        return str(int(value))
    if isinstance(value, (float, np.floating)):
        return repr(float(value))
    return str(value)


def texts(values: str | Iterable[str] | None) -> list[str]:
    """One text or several as a list."""
    if values is None:
        return []
    return [values] if isinstance(values, str) else [str(value) for value in values]


def tell(notes: Iterable[tuple[str, str]]) -> None:
    """Warn of what the Rust half warns of."""
    for level, note in notes:
        if level == "warning":
            warnings.warn(in_python(note), DataWarning, stacklevel=3)


def _unpickled(columns: list[tuple[str, Any]]) -> Runs:
    runs = Runs.__new__(Runs)
    runs.table = _isoflop.Table.from_columns(columns)
    return runs


def _table(source: object) -> _isoflop.Table:
    if isinstance(source, Runs):
        return source.table
    if isinstance(source, (str, os.PathLike)):
        return read(source).table
    kind = type(source).__module__.partition(".")[0]
    if kind == "pandas" and hasattr(source, "columns"):
        return _from_pandas(source)
    if kind == "polars":
        source = _typed(source)
    if hasattr(source, "__arrow_c_stream__"):
        return _checked(_isoflop.Table.from_arrow(source))
    if isinstance(source, Mapping):
        return _from_columns({str(name): values for name, values in source.items()})
    if isinstance(source, Sequence) and source and all(isinstance(row, Mapping) for row in source):
        names = list(dict.fromkeys(str(name) for row in source for name in row))
        return _from_columns({name: [row.get(name) for row in source] for name in names})
    if isinstance(source, Sequence) and source and all(isinstance(p, (str, os.PathLike)) for p in source):
        return read(source).table
    raise TypeError(
        "runs must be a frame of pandas, polars or pyarrow, a dictionary of columns, a list of dictionaries, or a "
        f"path, not {type(source).__name__}{' without rows' if isinstance(source, Sequence) else ''}"
    )


def _checked(table: _isoflop.Table) -> _isoflop.Table:
    if table.rows == 0 or not table.names:
        raise IsoflopError("the table is empty: it has no rows", "P0101")
    return table


def _typed(frame: Any) -> Any:
    """A frame of polars without columns of type Null, which its Arrow stream gives a buffer that they must not have."""
    import polars

    if isinstance(frame, polars.LazyFrame):
        frame = frame.collect()
    if isinstance(frame, polars.DataFrame) and polars.Null in frame.dtypes:
        return frame.cast({polars.Null: polars.Float64})
    return frame


def _from_pandas(frame: Any) -> _isoflop.Table:
    """Columns one by one, because a frame may hold what Arrow has no type for."""
    if len(set(frame.columns)) < len(frame.columns):
        twice = next(name for name in frame.columns if list(frame.columns).count(name) > 1)
        raise _bad(str(twice), f"the table has two columns {str(twice)!r}: rename one", "P0103")
    columns: dict[str, Any] = {}
    for name in frame.columns:
        series = frame[name]
        missing = np.asarray(series.isna(), dtype=bool)
        dtype = series.dtype
        if getattr(dtype, "kind", "O") in "iufb":
            values = series.to_numpy(dtype=float, na_value=np.nan)
            columns[str(name)] = (values, missing)
        else:
            cells = series.astype(object).tolist()
            columns[str(name)] = [None if gone else cell for cell, gone in zip(cells, missing.tolist())]
    return _from_columns(columns)


def _from_columns(columns: Mapping[str, Any]) -> _isoflop.Table:
    if not columns:
        raise IsoflopError("the table is empty: it has no columns", "P0101")
    made = [(name, _cells(name, values)) for name, values in columns.items()]
    sizes = {name: len(cells[0]) // 8 if isinstance(cells, tuple) else len(cells) for name, cells in made}
    first, rows = next(iter(sizes.items()))
    for name, size in sizes.items():
        if size != rows:
            raise _bad(name, f"column {name!r} has {size} rows, but {first!r} has {rows}", "P0104")
    return _checked(_isoflop.Table.from_columns(made))


def _cells(name: str, values: Any) -> tuple[bytes, bytes | None] | list[str | None]:
    """A column as the Rust half takes it: floats as bytes with a mask, or texts."""
    missing: np.ndarray[Any, Any] | None = None
    if isinstance(values, tuple) and len(values) == 2 and isinstance(values[1], np.ndarray):
        values, missing = values
    elif isinstance(values, np.ma.MaskedArray):
        missing = np.ma.getmaskarray(values)
        values = values.data
    elif not isinstance(values, np.ndarray):
        if isinstance(values, (str, bytes, Mapping)) or not hasattr(values, "__len__"):
            raise _bad(name, f"column {name!r} is {type(values).__name__}, not a list or an array", "P0102")
        array = _numbers(values)
        if array is None:
            return _texts(name, list(values))
        values, missing = array
    if values.ndim != 1:
        raise _bad(name, f"column {name!r} has {values.ndim} dimensions, not one", "P0102")
    if values.dtype.kind in "iufb":
        numbers = np.ascontiguousarray(values, dtype="<f8")
        gone = None if missing is None or not missing.any() else np.ascontiguousarray(missing, dtype=bool)
        return (numbers.tobytes(), None if gone is None else gone.tobytes())
    if values.dtype.kind in "mMcV":
        if values.dtype.kind in "cV":
            raise _bad(name, f"column {name!r} holds {values.dtype}, neither numbers nor text", "P0102")
        gone = np.isnat(values)
        return [None if lost else cell for cell, lost in zip(values.astype(str).tolist(), gone.tolist())]
    cells = values.tolist()
    if missing is not None:
        cells = [None if lost else cell for cell, lost in zip(cells, missing.tolist())]
    array = _numbers(cells)
    return _texts(name, cells) if array is None else _cells(name, array)


def _numbers(cells: Any) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]] | None:
    """Cells that are numbers or missing as floats and a mask; ``None`` for others."""
    if type(cells).__module__.partition(".")[0] in ("torch", "jax", "jaxlib", "cupy", "tensorflow"):
        array = np.asarray(cells)
        return (array.astype(float), np.zeros(len(array), dtype=bool))
    cells = list(cells)
    if not all(cell is None or isinstance(cell, (int, float, np.number, np.bool_)) for cell in cells):
        return None
    missing = np.array([cell is None for cell in cells], dtype=bool)
    values = np.array([np.nan if cell is None else float(cell) for cell in cells], dtype=float)
    return (values, missing)


def _texts(name: str, cells: list[Any]) -> list[str | None]:
    """Texts; numbers among them are written out, as a CSV file would have them."""
    made: list[str | None] = []
    for row, cell in enumerate(cells):
        if cell is None or _is_missing(cell):
            made.append(None)
        elif isinstance(cell, str):
            made.append(cell)
        elif isinstance(cell, (int, float, np.number, np.bool_)):
            made.append(text(cell))
        elif hasattr(cell, "isoformat"):
            made.append(cell.isoformat())
        else:
            raise _bad(
                name,
                f"column {name!r}, row {row + 1}: {type(cell).__name__} is neither a number nor a text",
                "P0102",
            )
    return made


def _is_missing(cell: Any) -> bool:
    """NaN, NaT and NA: nothing equals itself less."""
    try:
        return bool(cell != cell)
    except (TypeError, ValueError):
        return type(cell).__name__ == "NAType"


def _bad(column: str, message: str, code: str) -> ColumnError:
    made = ColumnError(message, code)
    made.column = column
    return made
