"""Fits in shards: the bits of the fit on one machine, whatever happens to a shard."""

import json
import os
import pickle
import random
import subprocess

import pytest

import isoflop as iso
from isoflop.distributed import JobSpec, fits, merge, run

ASKED = {"bootstrap": 60, "seed": 11, "cluster": "N", "choices": False}


@pytest.fixture(scope="module")
def local(columns):
    """The fit on one machine, as it is saved."""
    return saved(iso.fit(columns, "chinchilla", **ASKED))


@pytest.fixture(scope="module")
def job(columns):
    """The same fit in 7 shards, which do not divide 60."""
    return JobSpec.plan(columns, "chinchilla", shards=7, **ASKED)


def saved(fit):
    """What a fit is saved as."""
    return fit._raw.saved_json()


def test_local_bits(job, local):
    assert (job.tasks, job.shards) == (60, 7)
    seen = []
    assert saved(run(job, progress=lambda done, all: seen.append((done, all)))) == local
    assert seen == [(k, 7) for k in range(1, 8)]


def test_any_order_any_threads_and_after_pickling(job, local, tmp_path):
    order = list(range(1, 8))
    random.Random(1).shuffle(order)
    other = pickle.loads(pickle.dumps(job))
    assert other.id == job.id
    for shard in order:
        text = other.run(shard, threads=1 + shard % 3)
        assert text == job.run(shard)
        (tmp_path / job.name(shard)).write_text(text)
    assert saved(merge(job, tmp_path)) == local


def test_deleted_and_damaged_shards_are_run_again(job, local, tmp_path):
    run(job, out=tmp_path)
    os.remove(tmp_path / job.name(2))
    whole = (tmp_path / job.name(3)).read_text()
    (tmp_path / job.name(3)).write_text(whole[: len(whole) // 2])
    digit = whole.index(".") + 3
    changed = whole[:digit] + str((int(whole[digit]) + 1) % 10) + whole[digit + 1 :]
    (tmp_path / job.name(4)).write_text(changed)
    (tmp_path / job.name(5)).write_bytes(b"\xff\x00")
    (tmp_path / job.name(6)).write_text(whole)
    times = {shard: os.stat(tmp_path / job.name(shard)).st_mtime_ns for shard in (1, 7)}
    assert sorted(job.finished(tmp_path)) == [1, 7]
    with pytest.raises(iso.IsoflopError, match=r"5 of 7 shards are missing: 2-6"):
        merge(job, tmp_path)
    again = []
    assert saved(run(job, out=tmp_path, progress=lambda done, all: again.append(done))) == local
    assert again == [3, 4, 5, 6, 7]
    assert times == {shard: os.stat(tmp_path / job.name(shard)).st_mtime_ns for shard in (1, 7)}
    assert not [name for name in os.listdir(tmp_path) if name.endswith(".tmp")]


def test_shards_of_another_job_do_not_count(job, columns, tmp_path):
    other = JobSpec.plan(columns, "chinchilla", shards=7, **{**ASKED, "seed": 12})
    run(other, out=tmp_path)
    assert job.finished(tmp_path) == {}


def test_what_cannot_be_divided(columns):
    with pytest.raises(iso.IsoflopError, match="shards"):
        JobSpec.plan(columns, "chinchilla", shards=61, **ASKED)
    with pytest.raises(iso.IsoflopError, match="no replicates"):
        JobSpec.plan(columns, "chinchilla", shards=2, interval="laplace")
    with pytest.raises(iso.IsoflopError, match="no shard 8"):
        JobSpec.plan(columns, "chinchilla", shards=7, **ASKED).run(8)
    with pytest.raises(ValueError, match="backend"):
        run(JobSpec.plan(columns, "chinchilla", shards=1, **ASKED), backend="slurm")


def test_a_law_with_several_outputs(columns):
    error = 0.2 + 0.5 * (columns["loss"] - 1.7)
    law = "loss ~ E + A / N^alpha + B / D^beta; error ~ e + k * (E + A / N^alpha + B / D^beta)"
    asked = {"bootstrap": 20, "choices": False}
    fit = iso.fit({**columns, "error": error}, law, **asked)
    job = JobSpec.plan({**columns, "error": error}, law, shards=3, **asked)
    assert saved(run(job)) == saved(fit)


def test_fits_of_groups(columns, tmp_path):
    rows = len(columns["N"])
    family = ["a"] * 30 + ["b"] * (rows - 33) + ["few"] * 3
    runs = {**columns, "family": family, "seed": [0.5] * 40 + [1e21] * (rows - 40)}
    asked = {"bootstrap": 20, "choices": False, "seed": 4}
    job = JobSpec.plan(runs, "loss ~ E + A / N^alpha", each="family", shards=2, **asked)
    assert (job.tasks, job.is_groups) == (3, True)
    with pytest.warns(iso.DataWarning, match="^few: error "):
        found = fits(job, out=tmp_path)
    assert list(found) == ["a", "b"]
    for level, fit in found.items():
        alone = iso.fit(runs, "loss ~ E + A / N^alpha", where=f'family == "{level}"', **asked)
        assert fit.params == alone.params
        assert fit.draws.tobytes() == alone.draws.tobytes()
        assert fit.nobs == alone.nobs
    assert sorted(job.finished(tmp_path)) == [1, 2]
    with pytest.raises(iso.IsoflopError, match="fit for each group"):
        run(job)
    by_number = JobSpec.plan(runs, "loss ~ E + A / N^alpha", each="seed", shards=2, **asked)
    assert list(fits(by_number)) == ["0.5", "1000000000000000000000"]
    with pytest.raises(iso.IsoflopError, match="familie"):
        JobSpec.plan(runs, "loss ~ E + A / N^alpha", each="familie", shards=2)


@pytest.mark.parametrize("interval", ["point", "weighted", "residual", "wild-cluster"])
def test_every_bootstrap(columns, interval):
    asked = {"bootstrap": 30, "cluster": None if interval in ("point", "residual") else "N", "interval": interval}
    fit = iso.fit(columns, "chinchilla", choices=False, **asked)
    assert saved(run(JobSpec.plan(columns, "chinchilla", shards=4, choices=False, **asked))) == saved(fit)


@pytest.mark.skipif("ISOFLOP_PROGRAM" not in os.environ, reason="no program to run")
def test_the_program_runs_shards_of_python_and_python_merges_its(job, local, tmp_path, csv):
    def program(*words, code=0):
        done = subprocess.run(
            [os.environ["ISOFLOP_PROGRAM"], *map(str, words)], cwd=tmp_path, capture_output=True, text=True
        )
        assert done.returncode == code, done.stderr
        return done

    job.save(tmp_path / "job.json")
    assert JobSpec.load(tmp_path / "job.json").id == job.id
    for shard in (3, 1):
        program("shard", "run", "job.json", "--shard", f"{shard}/7", "-o", "out", "--threads", 1)
    assert "nothing to do" in program("shard", "run", "job.json", "--shard", "3", "-o", "out").stderr
    assert sorted(job.finished(tmp_path / "out")) == [1, 3]
    assert "2,4-7" in program("shard", "merge", "job.json", "out", code=2).stderr
    assert "C1407" in program("shard", "run", "job.json", "--shard", "3/9", "-o", "out", code=2).stderr
    assert saved(run(job, out=tmp_path / "out")) == local

    # From files, with nothing of Python.
    asked = [csv, "--law", "chinchilla", "--cluster", "N", "--bootstrap", 60, "--seed", 11]
    program("shard", "plan", *asked, "--shards", 3, "-o", "job.json")
    for shard in (2, 3, 1):
        program("shard", "run", "job.json", "--shard", f"{shard}/3", "-o", "files")
    program("shard", "merge", "job.json", "files", "-o", "merged.json")
    program("fit", *asked, "--save", "fit.json")
    one, two = (json.loads((tmp_path / name).read_text()) for name in ("merged.json", "fit.json"))
    one.pop("command"), two.pop("command")
    assert one == two
    csv.write_text(csv.read_text().replace("1000000.0,", "1100000.0,"))
    assert "C1406" in program("shard", "run", "job.json", "--shard", "1", "-o", "other", code=2).stderr
