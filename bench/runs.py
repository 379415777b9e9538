"""Time isoflop beside the Python readers of the same runs: python bench/runs.py PATH_TO_ISOFLOP [RUNS] [STEPS]

Writes RUNS runs of STEPS values of two metrics (by default 200 of 10000) as W&B logs, as TensorBoard files, as an MLflow
database, and as CSV and Parquet tables. Each is read with `isoflop export` to one row per run (of a table: the range of
every column), and with what its own tool offers: wandb's DataStore with its messages, tensorboard's EventAccumulator,
mlflow.search_runs, polars. Every reading is a process; ours is timed from its start to its end, a peer from where its imports
are done (Linux). Short ones take turns eleven times, and medians count. Prints a line of `key=value` pairs for each: CPU seconds (user
and system, children included), wall seconds, peak memory in MiB. Run by `cargo xtask bench runs`.

MlflowClient's histories are no peer: reading all of these took more than half an hour and was ended.
"""

import contextlib
import io
import json
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

PEERS = {
    "wandb": """
import pathlib, json
from wandb.proto import wandb_internal_pb2
from wandb.sdk.internal.datastore import DataStore
for log in sorted(pathlib.Path(path).rglob("*.wandb")):
    store = DataStore(); store.open_for_scan(str(log)); last = {}
    while (data := store.scan_data()) is not None:
        record = wandb_internal_pb2.Record(); record.ParseFromString(data)
        if record.WhichOneof("record_type") == "history":
            for item in record.history.item:
                last[item.key or "/".join(item.nested_key)] = json.loads(item.value_json)
    assert last
""",
    "tensorboard": """
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
import pathlib
for folder in sorted(pathlib.Path(path).iterdir()):
    runs = EventAccumulator(str(folder), size_guidance={"scalars": 0}); runs.Reload()
    last = {tag: runs.Scalars(tag)[-1].value for tag in runs.Tags()["scalars"]}
""",
    "mlflow": """
import mlflow
mlflow.set_tracking_uri("sqlite:///" + path)
table = mlflow.search_runs(search_all_experiments=True, max_results=50000)
assert len(table) > 0
""",
    "csv": "import polars\nassert polars.read_csv(path).height > 0",
    "parquet": "import polars\nassert polars.read_parquet(path).height > 0",
}


def curve(run, steps):
    """Loss and tokens of a run."""
    noise = random.Random(run)
    return [(s, 2 + 400 / (s * 131072.0) ** 0.28 + noise.gauss(0, 0.01), s * 131072.0) for s in range(1, steps + 1)]


def write_wandb(folder, runs, steps):
    """The records that an offline run writes, by wandb's own writer."""
    from wandb.proto import wandb_internal_pb2
    from wandb.sdk.internal.datastore import DataStore

    for run in range(runs):
        home = folder / f"offline-run-20260101_000000-r{run:03}"
        home.mkdir(parents=True)
        store = DataStore()
        store.open_for_write(str(home / f"run-r{run:03}.wandb"))
        record = wandb_internal_pb2.Record()
        record.run.run_id, record.run.display_name = f"r{run:03}", f"run{run:03}"
        store.write(record)
        for step, loss, tokens in curve(run, steps):
            record = wandb_internal_pb2.Record()
            for name, value in (("_step", step), ("val/loss", loss), ("tokens", tokens)):
                record.history.item.add(nested_key=[name], value_json=json.dumps(value))
            record.history.step.num = step
            store.write(record)
        store.close()


def write_tensorboard(folder, runs, steps):
    from tensorboardX.event_file_writer import EventFileWriter
    from tensorboardX.proto.event_pb2 import Event
    from tensorboardX.proto.summary_pb2 import Summary

    for run in range(runs):
        writer = EventFileWriter(str(folder / f"run{run:03}"))
        for step, loss, tokens in curve(run, steps):
            values = [Summary.Value(tag="val/loss", simple_value=loss), Summary.Value(tag="tokens", simple_value=tokens)]
            writer.add_event(Event(wall_time=1.7e9 + step, step=step, summary=Summary(value=values)))
        writer.close()


def write_mlflow(path, runs, steps):
    """The schema by MLflow itself, the rows by SQL."""
    from mlflow.tracking import MlflowClient

    client = MlflowClient(tracking_uri=f"sqlite:///{path}")
    experiment = client.create_experiment("sweep", artifact_location=str(path.parent))
    ids = [client.create_run(experiment, run_name=f"run{run:03}").info.run_id for run in range(runs)]
    base = sqlite3.connect(path)
    for run, run_id in enumerate(ids):
        points = curve(run, steps)
        for key, column in (("val/loss", 1), ("tokens", 2)):
            rows = ((key, point[column], 1_700_000_000_000 + point[0], run_id, point[0], 0) for point in points)
            base.executemany("INSERT INTO metrics(key, value, timestamp, run_uuid, step, is_nan) VALUES (?, ?, ?, ?, ?, ?)", rows)
            last = (key, points[-1][column], 1_700_000_000_000 + steps, steps, 0, run_id)
            base.execute("INSERT INTO latest_metrics(key, value, timestamp, step, is_nan, run_uuid) VALUES (?,?,?,?,?,?)", last)
    base.commit()
    base.close()


def write_tables(folder, runs, steps):
    import polars

    rows = [(f"run{run:03}", *point) for run in range(runs) for point in curve(run, steps)]
    table = polars.DataFrame(rows, schema=["run", "step", "loss", "tokens"], orient="row")
    table.write_csv(folder / "points.csv")
    table.write_parquet(folder / "points.parquet")


def cost(command):
    """CPU seconds, wall seconds and peak memory in MiB of a command."""
    watch = [sys.executable, str(Path(__file__).with_name("measure.py")), *command]
    done = subprocess.run(watch, capture_output=True, text=True, check=False)
    fields = dict(part.split("=") for part in done.stdout.split())
    if fields.get("status") != "0":
        raise RuntimeError(f"{command[:3]}: {done.stderr[-2000:]}")
    return float(fields["cpu"]), float(fields["seconds"]), int(fields["rss"]) / 2**20


def peer_cost(path, code):
    """The same of a peer's reading, by its own clocks, which start when its imports are done."""
    lines = code.splitlines()
    imports = [line for line in lines if line.startswith(("import", "from"))]
    work = [line for line in lines if line not in imports]
    head = ["import time", *imports, f"path = {str(path)!r}", "cpu, wall = time.process_time(), time.perf_counter()"]
    # Its own peak: that of a child begins at what its parent had.
    peak = "next(int(line.split()[1]) / 1024 for line in open('/proc/self/status') if line.startswith('VmHWM'))"
    tail = [f"print(time.process_time() - cpu, time.perf_counter() - wall, {peak})"]
    done = subprocess.run([sys.executable, "-c", "\n".join(head + work + tail)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{lines[:3]}: {done.stderr[-2000:]}")
    return tuple(map(float, done.stdout.split()))


def compare(ours, path, code):
    """What both readings cost, each a median over turns."""
    turns = [(cost(ours), peer_cost(path, code))]
    if turns[0][1][1] < 10:
        turns += [(cost(ours), peer_cost(path, code)) for _ in range(10)]
    return [tuple(map(statistics.median, zip(*side))) for side in zip(*turns)]


def main():
    binary = sys.argv[1]
    runs, steps = (int(sys.argv[i]) if len(sys.argv) > i else default for i, default in ((2, 200), (3, 10000)))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        events = folder / "events"
        events.mkdir()
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            write_wandb(folder / "wandb", runs, steps)
            write_tensorboard(events, runs, steps)
            write_mlflow(folder / "mlflow.db", runs, steps)
            write_tables(folder, runs, steps)
        stores = [
            ("wandb", folder / "wandb"),
            ("tensorboard", events),
            ("mlflow", folder / "mlflow.db"),
            ("csv", folder / "points.csv"),
            ("parquet", folder / "points.parquet"),
        ]
        for store, path in stores:
            is_table = store in ("csv", "parquet")
            command = ["runs"] if is_table else ["export", "--points", "final", "-o", str(folder / "out.csv")]
            ours, peer = compare([binary, *command, str(path), "-qq"], path, PEERS[store])
            print(
                f"store={store} runs={runs} steps={steps} "
                f"cpu={ours[0]} wall={ours[1]} rss={ours[2]} "
                f"peer_cpu={peer[0]} peer_wall={peer[1]} peer_rss={peer[2]}",
                flush=True,
            )


if __name__ == "__main__":
    main()
