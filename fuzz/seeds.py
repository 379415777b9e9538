"""Write small files with the real tools as seeds for the fuzz targets: python fuzz/seeds.py [TARGET...]

Two runs of a few steps go through every tool that is installed (those of oracles/runs/check.py, and pyarrow, polars
and duckdb for Parquet); the files land in fuzz/corpus/TARGET. An input of `json` begins with a byte that chooses the
reader, in the order of fuzz_targets/json.rs.
"""

import contextlib
import hashlib
import io
import json
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "oracles" / "runs"))
import check

check.STEPS = range(50, 301, 50)
check.ITEMS, check.ATTEMPTS = 2, 2


def keep(target, data):
    """A seed under the name that its content gives it."""
    folder = HERE / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / hashlib.sha1(data).hexdigest()).write_bytes(data)


def written(write):
    """The files that a tool writes, by name."""
    with tempfile.TemporaryDirectory() as name:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            write(Path(name))
        return {path.relative_to(name): path.read_bytes() for path in Path(name).rglob("*") if path.is_file()}


def from_tool(target, write, choose):
    """Keeps the files whose name `choose` likes."""
    for name, data in written(write).items():
        if choose(name.name):
            keep(target, data)


def wandb_records():
    """Records by wandb's own writer (up to 0.22): whole runs hold names of the machine that wrote them."""
    from wandb.proto import wandb_internal_pb2
    from wandb.sdk.internal.datastore import DataStore

    for name, n in check.RUNS.items():
        with tempfile.TemporaryDirectory() as folder:
            store = DataStore()
            store.open_for_write(f"{folder}/run.wandb")
            record = wandb_internal_pb2.Record()
            record.run.run_id, record.run.display_name = name, name
            record.run.config.update.add(key="n_params", value_json=str(n))
            store.write(record)
            for step, loss in check.losses(n).items():
                record = wandb_internal_pb2.Record()
                for key, value in (("_step", step), ("val/loss", loss)):
                    record.history.item.add(nested_key=[key], value_json=json.dumps(value))
                store.write(record)
            store.close()
            keep("wandb", Path(folder, "run.wandb").read_bytes())


def databases():
    """What is read of the databases: the rest of MLflow's schema is a megabyte."""
    import sqlite3

    for write, kept in ((check.trackio, ("metrics", "configs")), (check.mlflow_db, ("runs", "params", "metrics"))):
        with tempfile.TemporaryDirectory() as name:
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                write(Path(name))
            for path in Path(name).glob("*.db"):
                base = sqlite3.connect(path, isolation_level=None)
                base.execute("PRAGMA journal_mode=DELETE")
                base.execute("PRAGMA foreign_keys=OFF")
                for kind, table in base.execute("SELECT type, name FROM sqlite_master").fetchall():
                    if kind in ("table", "view") and table not in kept and not table.startswith("sqlite_"):
                        base.execute(f'DROP {kind} "{table}"')
                if "runs" in kept:
                    # Where artifacts would be is a path of this machine.
                    base.execute("UPDATE runs SET artifact_uri = NULL, user_id = NULL, source_name = NULL")
                base.execute("PRAGMA page_size=512")
                base.execute("VACUUM")
                base.close()
                keep("sqlite", path.read_bytes())


def parquet():
    """A table of points, a history, Neptune's long form and Trackio's export, by each codec; and by other writers."""
    import pyarrow
    import pyarrow.parquet

    points = [(name, step, loss) for name, n in check.RUNS.items() for step, loss in check.losses(n).items()]
    run, step, loss = zip(*points)
    tables = [
        {"N": [check.RUNS[r] for r in run], "step": step, "loss": loss, "run": run, "ok": [True] * len(run)},
        {"_step": step, "_timestamp": [1.7e9 + s for s in step], "val/loss": loss},
        {
            "run_id": run,
            "attribute_path": ["val/loss"] * len(run),
            "attribute_type": ["float_series"] * len(run),
            "step": step,
            "float_value": loss,
        },
        {"run_name": run, "step": step, "timestamp": ["2026-01-01T00:00:00"] * len(run), "val/loss": loss},
    ]
    for columns in tables:
        for options in (
            {"compression": "NONE", "use_dictionary": False},
            {"compression": "SNAPPY"},
            {"compression": "ZSTD", "data_page_version": "2.0"},
            {"compression": "GZIP", "row_group_size": 5},
            {"compression": "LZ4", "use_dictionary": False, "column_encoding": {"step": "DELTA_BINARY_PACKED"}},
        ):
            out = io.BytesIO()
            pyarrow.parquet.write_table(pyarrow.table(columns), out, store_schema=False, **options)
            keep("parquet", out.getvalue())
    for name, data in writers(pyarrow.table({**tables[0], "config": [{"lr": 1e-3, "tag": r} for r in run]})).items():
        (HERE / "corpus" / "parquet" / name).write_bytes(data)


def writers(points):
    """One table by other writers and in encodings that are no writer's default, by name."""
    import duckdb
    import polars
    import pyarrow.parquet

    files = {}
    differences = {"run": "DELTA_BYTE_ARRAY", "step": "DELTA_BINARY_PACKED", "loss": "BYTE_STREAM_SPLIT"}
    for name, options in {
        "pyarrow_differences": {"column_encoding": differences, "data_page_version": "2.0"},
        "pyarrow_lengths": {"column_encoding": {"run": "DELTA_LENGTH_BYTE_ARRAY"}, "compression": "GZIP"},
        "pyarrow_index": {"write_page_index": True, "compression": "LZ4", "write_page_checksum": True},
    }.items():
        out = io.BytesIO()
        pyarrow.parquet.write_table(points, out, use_dictionary="column_encoding" not in options, **options)
        files[name] = out.getvalue()
    out = io.BytesIO()
    polars.from_arrow(points).write_parquet(out)
    files["polars"] = out.getvalue()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.parquet"
        duckdb.sql(f"COPY (SELECT * FROM points) TO '{path}' (FORMAT parquet, PARQUET_VERSION V2, COMPRESSION zstd)")
        files["duckdb"] = path.read_bytes()
    return files


def archives():
    """A log of Inspect by each method that Python writes, and a session of ClearML."""
    import zipfile

    log = {
        "version": 2,
        "status": "success",
        "eval": {"eval_id": "e", "task": "sums", "model": "mockllm/model", "dataset": {"samples": 2}},
        "results": {"total_samples": 2, "scores": [{"name": "match", "metrics": {"accuracy": {"value": 0.5}}}]},
    }
    samples = [
        {"id": str(i), "epoch": e, "scores": {"match": {"value": "CI"[i % 2]}}} for i in range(2) for e in (1, 2)
    ]
    task = {"id": "a", "name": "run", "hyperparams": {"General": {"n_params": {"value": "1000", "type": "int"}}}}
    events = [
        {"type": "training_stats_scalar", "metric": "loss", "variant": "val", "iter": 10, "value": 3.5, "timestamp": 1}
    ]
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        for files in (
            {"header.json": json.dumps(log), "summaries.json": json.dumps(samples)},
            {"_journal/start.json": json.dumps({"version": 2, "eval": log["eval"]}), "_journal/summaries/1.json": json.dumps(samples)},
            {"task.json": json.dumps(task), "metrics.jsonl": json.dumps(events) + "\n"},
        ):
            out = io.BytesIO()
            with zipfile.ZipFile(out, "w", method) as archive:
                for name, text in files.items():
                    archive.writestr(zipfile.ZipInfo(name), text, method)
            keep("archive", out.getvalue())
    keep("json", b"\x04" + json.dumps({**log, "samples": samples}).encode())


def inspect():
    """A log by Inspect itself, with its mock model."""
    for name, data in written(check.inspect).items():
        if name.suffix == ".eval":
            keep("archive", data)


def documents():
    """State of a trainer, results of an evaluation, lines of Trackio and of an Aim export."""
    points = check.losses(1000).items()
    state = {"global_step": 300, "log_history": [{"step": s, "eval_loss": v, "epoch": s / 100} for s, v in points]}
    results = {
        "results": {"arc": {"alias": "arc", "acc,none": 0.5, "acc_stderr,none": "N/A"}},
        "n-samples": {"arc": {"original": 4, "effective": 4}},
        "config": {"model": "hf", "model_args": "pretrained=m,revision=step1000"},
        "model_name": "m",
    }
    row = {"v": 1, "kind": "metric", "project": "p", "run": "r", "run_id": "i", "config": {"n_params": 1000}}
    lines = [json.dumps({**row, "step": s, "metrics": {"val/loss": v}}) for s, v in points]
    aim = [json.dumps({"run_id": "i", "run_name": "r", "hparams": {"n": 1}})]
    value = {"run_id": "i", "metric": "loss", "context": {"subset": "val"}}
    aim += [json.dumps({**value, "step": s, "value": v}) for s, v in points]
    for choice, text in enumerate([json.dumps(state), json.dumps(results), "\n".join(lines), "\n".join(aim)]):
        keep("json", bytes([choice]) + text.encode())


SEEDS = {
    "wandb": [wandb_records],
    "tensorboard": [lambda: from_tool("tensorboard", check.tensorboard, lambda name: "tfevents" in name)],
    "sqlite": [databases],
    "archive": [archives, inspect],
    "json": [documents],
    "parquet": [parquet],
}


def main():
    for target in sys.argv[1:] or SEEDS:
        for make in SEEDS[target]:
            try:
                make()
            except ImportError as missing:
                print(f"{target}: left out in part: {missing}")
        folder = HERE / "corpus" / target
        sizes = [path.stat().st_size for path in folder.iterdir()] if folder.is_dir() else []
        print(f"{target}: {len(sizes)} seeds, {sum(sizes)} bytes, the largest {max(sizes, default=0)}")


if __name__ == "__main__":
    main()
