"""Fits in shards: on this machine, on a Ray cluster, or wherever a command can be started.

A :class:`JobSpec` is one file that holds rows, request and the optimum. Every bootstrap replicate is addressed by seed
and number, so a shard gives the same bits wherever and however often it is run, and the fit from all shards has the
bits of :func:`isoflop.fit`. Shards are files with a checksum; those that are there and whole are not run again.

>>> import isoflop as iso
>>> runs = iso.simulate("chinchilla", seed=1)
>>> job = JobSpec.plan(runs, "chinchilla", bootstrap=60, shards=4, choices=False)
>>> fit = run(job)
>>> fit.conf_int()["low"].tolist() == iso.fit(runs, "chinchilla", bootstrap=60).conf_int()["low"].tolist()
True

Without Python, and so on Slurm, Kubernetes or GNU parallel, a saved job is run by ``isoflop shard run``.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal

from . import _isoflop
from ._errors import IsoflopError
from ._fit import Fit, warn_uncertified
from ._options import command, options
from ._runs import Runs, tell

__all__ = ["JobSpec", "fits", "merge", "run"]

AHEAD = 2
"""Shards in flight for each processor of a cluster: enough that none waits, few enough to stop soon."""
RETRIES = 5
"""How often a shard is started again whose machine went away."""


class JobSpec:
    """A fit whose replicates are solved in shards, or fits of many groups; made by :meth:`plan` and :meth:`load`.

    Attributes
    ----------
    shards, tasks : int
        Parts, and replicates or groups in all.
    id : str
        SHA-256 of the file: shards name the job that they belong to by it.
    """

    def __init__(self, raw: _isoflop.Job, runs: Runs | None, asked: dict[str, Any] | None) -> None:
        self._raw = raw
        self._runs = runs
        self._asked = asked

    @classmethod
    def plan(
        cls, runs: object, law: str, *, shards: int, each: str | None = None, **fit_options: Any
    ) -> JobSpec:
        """Find the optimum and pack what every shard needs.

        Parameters
        ----------
        runs, law
            As for :func:`isoflop.fit`.
        shards
            Parts that the work is divided into.
        each
            Instead of the replicates of one fit, one fit for each value of this column; see :func:`fits`.
        **fit_options
            The keyword arguments of :func:`isoflop.fit`, such as ``bootstrap`` and ``cluster``.

        Raises
        ------
        IsoflopError
            As for :func:`isoflop.fit`; intervals that have no replicates, or more shards than replicates.
        """
        runs = runs if isinstance(runs, Runs) else Runs(runs)
        asked = options(law=law, **fit_options)
        sources = [name for name, _ in runs.table.sources]
        raw = _isoflop.Job.plan(runs.table, asked, int(shards), each, command(sources, asked))
        tell(raw.notes)
        return cls(raw, runs, asked)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> JobSpec:
        """Read a job that :meth:`save` or ``isoflop shard plan`` wrote."""
        with open(path, encoding="utf-8") as file:
            return cls(_isoflop.Job.from_json(os.fspath(path), file.read()), None, None)

    @property
    def shards(self) -> int:
        """Parts that the work is divided into."""
        return self._raw.shards

    @property
    def tasks(self) -> int:
        """Replicates or groups in all."""
        return self._raw.tasks

    @property
    def is_groups(self) -> bool:
        """Whether the tasks are fits of groups, for :func:`fits`, and not replicates, for :func:`run`."""
        return self._raw.is_groups

    @property
    def id(self) -> str:
        """SHA-256 of the file."""
        return self._raw.id

    def name(self, shard: int) -> str:
        """Name of the file of a shard, counted from 1."""
        return self._raw.name(shard)

    def to_json(self) -> str:
        """The text of the file."""
        return self._raw.to_json()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the file that ``isoflop shard run`` takes; whole or not at all."""
        _write(os.fspath(path), self.to_json())

    def run(self, shard: int, *, threads: int | None = None) -> str:
        """Run one shard here; the text of its file."""
        return self._raw.run(shard, threads)

    def finished(self, out: str | os.PathLike[str]) -> dict[int, str]:
        """The shards in a folder that are whole and belong to this job, with the texts of their files."""
        found = {}
        for shard in range(1, self.shards + 1):
            path = os.path.join(out, self.name(shard))
            try:
                with open(path, encoding="utf-8") as file:
                    text = file.read()
                self._raw.check(path, text, shard)
            except (OSError, UnicodeDecodeError, IsoflopError):
                continue
            found[shard] = text
        return found

    def __reduce__(self) -> tuple[object, ...]:
        return (_unpickled, (self.to_json(), self._runs, self._asked))

    def __repr__(self) -> str:
        what = "groups" if self.is_groups else "replicates"
        return f"<isoflop.distributed.JobSpec: {self.tasks} {what} in {self.shards} shards, {self.id[:12]}>"


def run(
    job: JobSpec,
    *,
    backend: Literal["local", "ray"] = "local",
    out: str | os.PathLike[str] | None = None,
    threads: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Fit:
    """Run all shards of a job that are not there yet, and make the fit.

    Parameters
    ----------
    job
        The job.
    backend
        ``local`` runs the shards one after the other on all threads of this machine. ``ray`` runs them on the Ray
        cluster that this process is connected to, one processor each: the job is broadcast once, shards come back as
        they end, and those of a machine that goes away are started again elsewhere.
    out
        A folder that keeps every shard as it ends: called again, only what is missing or damaged is run. Only this
        process writes there, so the machines of a cluster need not share it.
    threads
        Threads of this machine, for ``local`` and for the merge.
    progress
        Called with shards done and shards in all.

    Returns
    -------
    Fit
        The bits of :func:`isoflop.fit` with the same arguments.

    Examples
    --------
    >>> import tempfile, isoflop as iso
    >>> job = JobSpec.plan(iso.simulate("chinchilla", seed=1), "chinchilla", bootstrap=20, shards=2, choices=False)
    >>> with tempfile.TemporaryDirectory() as out:
    ...     fit = run(job, out=out)
    ...     sorted(job.finished(out))
    [1, 2]
    """
    return _merged(job, _shards(job, backend, out, threads, progress), threads)


def fits(
    job: JobSpec,
    *,
    backend: Literal["local", "ray"] = "local",
    out: str | os.PathLike[str] | None = None,
    threads: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Fit]:
    """Run a job of groups; the fit of each group by the value of its column.

    Parameters
    ----------
    job
        A job that was planned with ``each``.
    backend, out, threads, progress
        As for :func:`run`.

    Returns
    -------
    dict of str to Fit
        As :func:`isoflop.fit` makes them of the rows of each group, loaded, without runs. A group that cannot be fitted
        is left out with a :class:`isoflop.DataWarning` that says why.

    Examples
    --------
    >>> import numpy as np, isoflop as iso
    >>> sizes = np.geomspace(1e6, 1e9, 8)
    >>> runs = {"N": np.tile(sizes, 2), "loss": np.r_[1.7 + 400 / sizes**0.34, 1.9 + 300 / sizes**0.3]}
    >>> runs["family"] = ["a"] * 8 + ["b"] * 8
    >>> job = JobSpec.plan(runs, "loss ~ E + A / N^alpha", each="family", shards=2, bootstrap=0)
    >>> {level: round(fit.params["E"], 2) for level, fit in fits(job).items()}
    {'a': 1.7, 'b': 1.9}
    """
    made = {}
    found = _shards(job, backend, out, threads, progress)
    for level, saved, error in job._raw.fits(sorted(found.items())):
        if saved is None:
            tell([("warning", f"{level}: {error}")])
        else:
            made[level] = Fit(_isoflop.Fitted.from_json(saved, None), None, None)
    return made


def _shards(
    job: JobSpec,
    backend: str,
    out: str | os.PathLike[str] | None,
    threads: int | None,
    progress: Callable[[int, int], None] | None,
) -> dict[int, str]:
    """All shards, those that are missing run here or on Ray."""
    if backend not in ("local", "ray"):
        raise ValueError(f"backend is {backend!r}, but must be 'local' or 'ray'")
    if out is not None:
        os.makedirs(out, exist_ok=True)
    found = {} if out is None else job.finished(out)
    missing = [shard for shard in range(1, job.shards + 1) if shard not in found]
    made = _locally(job, missing, threads) if backend == "local" else _on_ray(job, missing)
    for shard, text in made:
        found[shard] = text
        if out is not None:
            _write(os.path.join(out, job.name(shard)), text)
        if progress is not None:
            progress(len(found), job.shards)
    return found


def merge(job: JobSpec, out: str | os.PathLike[str], *, threads: int | None = None) -> Fit:
    """Make the fit from the shards in a folder, such as those of a Slurm array.

    Raises
    ------
    IsoflopError
        Shards that are missing or damaged, by their numbers.
    """
    return _merged(job, job.finished(out), threads)


def _merged(job: JobSpec, found: dict[int, str], threads: int | None) -> Fit:
    table = None if job._runs is None else job._runs.table
    raw = job._raw.merge(sorted(found.items()), table, threads)
    fit = Fit(raw, job._runs, job._asked)
    tell(raw.notes)
    warn_uncertified(raw, stacklevel=3)
    return fit


def _locally(job: JobSpec, shards: Iterable[int], threads: int | None) -> Iterator[tuple[int, str]]:
    for shard in shards:
        yield shard, job.run(shard, threads=threads)


_HERE: dict[str, _isoflop.Job] = {}
"""The job of this worker process, read once for all of its shards."""


def _one(text: str, id: str, shard: int) -> tuple[int, str, float]:
    """Runs a shard on a worker; its number, its file and the seconds that it took."""
    start = time.perf_counter()
    if id not in _HERE:
        _HERE.clear()
        _HERE[id] = _isoflop.Job.from_json("the job", text)
    made = _HERE[id].run(shard, 1)
    return shard, made, time.perf_counter() - start


def _on_ray(job: JobSpec, shards: list[int]) -> Iterator[tuple[int, str]]:
    """Shards as they end on a Ray cluster."""
    import ray

    if not shards:
        return
    if not ray.is_initialized():
        ray.init()
    task = ray.remote(num_cpus=1, max_retries=RETRIES)(_one)
    text = ray.put(job.to_json())
    waiting = list(reversed(shards))
    flying: list[Any] = []
    most = AHEAD * max(1, int(ray.cluster_resources().get("CPU", 1)))
    try:
        while waiting or flying:
            while waiting and len(flying) < most:
                flying.append(task.remote(text, job.id, waiting.pop()))
            ended, flying = ray.wait(flying, num_returns=1)
            for done in ray.get(ended):
                shard, made, _ = done
                # What came over a network is checked like what was read from a file.
                job._raw.check(job.name(shard), made, shard)
                yield shard, made
    finally:
        for left in flying:
            ray.cancel(left, force=True)


def _write(path: str, text: str) -> None:
    temporary = f"{path}.{os.getpid()}.tmp"
    try:
        with open(temporary, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        if os.path.exists(temporary):
            os.remove(temporary)


def _unpickled(text: str, runs: Runs | None, asked: dict[str, Any] | None) -> JobSpec:
    return JobSpec(_isoflop.Job.from_json("the job", text), runs, asked)
