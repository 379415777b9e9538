"""Write runs with the real tools and read them back with the built command line.

    python oracles/runs/check.py PATH_TO_ISOFLOP

Two runs of 40 steps, with a NaN and an infinity among the losses, go through every tool that is installed; isoflop must
give back the same numbers, to the last bit where the tool keeps 64 bits, and leave every file as it was. A tool that is
not installed is left out by name: those of `requirements.txt` always are there.
"""

import contextlib
import csv
import hashlib
import importlib.metadata
import io
import math
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

STEPS = range(50, 2001, 50)
RUNS = {"n19M": 19_000_000, "n70M": 70_000_000}


def losses(n):
    """The loss at each step, one NaN and one infinity among them."""
    noise = random.Random(n)
    found = {s: 1.69 + 406.4 / n**0.34 + 410.7 / (s * 131072) ** 0.28 + noise.gauss(0, 0.02) for s in STEPS}
    found[850], found[900] = math.nan, math.inf
    return found


def tensorboard(folder):
    """Scalars as 32-bit floats, one folder for each run."""
    from tensorboardX import SummaryWriter

    for name, n in RUNS.items():
        writer = SummaryWriter(str(folder / name))
        for step, loss in losses(n).items():
            writer.add_scalar("val/loss", loss, step)
        writer.close()


def mlflow(folder, uri):
    """Metrics, parameters and names through the client."""
    from mlflow.entities import Metric, Param
    from mlflow.tracking import MlflowClient

    client = MlflowClient(tracking_uri=uri)
    experiment = client.create_experiment("sweep", artifact_location=str(folder / "artifacts"))
    for name, n in RUNS.items():
        run = client.create_run(experiment, run_name=name)
        metrics = [Metric("val/loss", loss, 1_700_000_000_000 + step, step) for step, loss in losses(n).items()]
        client.log_batch(run.info.run_id, metrics=metrics, params=[Param("n_params", str(n))])
        client.set_terminated(run.info.run_id)


def mlflow_files(folder):
    """The file store, which newer versions keep only on request."""
    os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
    mlflow(folder, (folder / "mlruns").as_uri())


def mlflow_db(folder):
    """The database."""
    mlflow(folder, f"sqlite:///{folder / 'mlflow.db'}")


def wandb(folder):
    """An offline run directory for each run."""
    import wandb

    for name, n in RUNS.items():
        settings = wandb.Settings(mode="offline", console="off", silent=True, x_disable_stats=True)
        run = wandb.init(project="sweep", name=name, dir=str(folder), config={"n_params": n}, settings=settings)
        for step, loss in losses(n).items():
            run.log({"val/loss": loss}, step=step)
        run.finish()
    # Ends the process that writes the files.
    wandb.teardown()


def dvclive(folder):
    """A directory for each run; it is written without a repository."""
    from dvclive import Live

    for name, n in RUNS.items():
        with Live(str(folder / name), save_dvc_exp=False, report=None) as live:
            live.log_param("n_params", n)
            for step, loss in losses(n).items():
                live.step = step
                live.log_metric("val/loss", loss)


def trackio(folder):
    """A database for the project."""
    # Read when the package is imported.
    os.environ["TRACKIO_DIR"] = str(folder)
    import trackio

    for name, n in RUNS.items():
        run = trackio.init(project="sweep", name=name, config={"n_params": n}, embed=False)
        for step, loss in losses(n).items():
            run.log({"val/loss": loss}, step=step)
        trackio.finish()


# For each: the package as pip knows it, and what writes with it.
TOOLS = {
    "tensorboard": ("tensorboardX", tensorboard),
    "mlflow": ("mlflow-skinny", mlflow_files),
    "mlflow-db": ("mlflow-skinny", mlflow_db),
    "wandb": ("wandb", wandb),
    "dvclive": ("dvclive", dvclive),
    "trackio": ("trackio", trackio),
}


def state(folder):
    """Names and contents of all files but the messages that W&B's own process still writes."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix != ".log")
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def read(binary, tool, folder):
    """Loss by run and step, as isoflop exports them."""
    command = [binary, "export", str(folder), "-o", "-", "--from", tool, "--points", "values"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"exit {done.returncode}: {done.stderr.strip()}")
    found = {name: {} for name in RUNS}
    for row in csv.DictReader(io.StringIO(done.stdout)):
        if row["metric"] == "val/loss":
            found[row["run"]][int(row["step"])] = float(row["value"])
    return found


def agree(tool, found):
    """Every value, and none besides."""
    # A 32-bit float has 24 bits.
    tolerance = 2.0**-24 if tool == "tensorboard" else 0.0
    for name, n in RUNS.items():
        wanted = losses(n)
        if found[name].keys() != wanted.keys():
            return f"{name}: steps {sorted(wanted.keys() ^ found[name].keys())[:5]} on one side only"
        for step, loss in wanted.items():
            value = found[name][step]
            same = (
                math.isnan(value)
                if math.isnan(loss)
                else value == loss or (math.isfinite(loss) and abs(value - loss) <= tolerance * abs(loss))
            )
            if not same:
                return f"{name} step {step}: {value!r} for {loss!r}"
    return None


def main():
    binary, held, out = sys.argv[1], [], []
    for tool, (package, write) in TOOLS.items():
        try:
            version = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            out.append(tool)
            continue
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            try:
                with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                    write(folder)
                before = state(folder)
                fault = agree(tool, read(binary, tool, folder))
                changed = sorted(dict(set(state(folder).items()) ^ set(before.items())))
                if fault is None and changed:
                    fault = f"reading changed {changed}"
            except Exception as reason:  # A tool that fails is a finding, not the end.
                fault = repr(reason)
        print(f"{'ok  ' if fault is None else 'FAIL'} {tool} written by {package} {version}{'' if fault is None else ': ' + fault}")
        held.append(fault is None)
    print(f"{sum(held)} tools agree, {len(held) - sum(held)} do not" + (f"; not installed: {', '.join(out)}" if out else ""))
    return 0 if held and all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
