"""Write runs with the real tools and read them back with the built command line.

    python oracles/runs/check.py PATH_TO_ISOFLOP [--only TOOL,...]

Four runs of 40 steps, with a NaN and an infinity among the losses, go through every tool (an evaluation of 20 items,
three times each, where the tool evaluates); isoflop must give back the same numbers, to the last bit where the tool
keeps 64 bits, the same law as from a table of them, and leave every file as it was. A tool that is not installed is a
failure. `cargo xtask test` runs this with current versions (`requirements.txt`) and older ones (`requirements-older.txt`).
"""

import contextlib
import csv
import hashlib
import importlib.metadata
import io
import json
import math
import os
import random
import subprocess
import sys
import tempfile
from inspect import signature
from pathlib import Path

STEPS = range(50, 2001, 50)
RUNS = {"n19M": 19_000_000, "n70M": 70_000_000, "n160M": 160_000_000, "n410M": 410_000_000}
# Of an evaluation.
ITEMS, ATTEMPTS = 20, 3


def losses(n):
    """The loss at each step, one NaN and one infinity among them."""
    noise = random.Random(n)
    found = {s: 1.69 + 406.4 / n**0.34 + 410.7 / (s * 131072) ** 0.28 + noise.gauss(0, 0.02) for s in STEPS}
    found[850], found[900] = math.nan, math.inf
    return found


def finite(n):
    """Those that are numbers."""
    return {step: loss for step, loss in losses(n).items() if math.isfinite(loss)}


def tensorboard(folder):
    """Scalars as 32-bit floats, one folder for each run."""
    from tensorboardX import SummaryWriter

    for name, n in RUNS.items():
        writer = SummaryWriter(str(folder / name))
        for step, loss in losses(n).items():
            writer.add_scalar("val/loss", loss, step)
            writer.add_scalar("n_params", n, step)
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

    # The setting had another name before 0.19.
    old = tuple(map(int, wandb.__version__.split(".")[:2])) < (0, 19)
    quiet = {"_disable_stats" if old else "x_disable_stats": True}
    for name, n in RUNS.items():
        settings = wandb.Settings(mode="offline", console="off", silent=True, **quiet)
        run = wandb.init(project="sweep", name=name, dir=str(folder), config={"n_params": n}, settings=settings)
        for step, loss in losses(n).items():
            run.log({"val/loss": loss}, step=step)
        run.finish()
    # Ends the process that writes the files.
    wandb.teardown()


def dvclive(folder):
    """A directory for each run, away from this repository, to which it would add a file of its own."""
    from dvclive import Live

    for name, n in RUNS.items():
        with contextlib.chdir(folder), Live(str(folder / name), save_dvc_exp=False, report=None) as live:
            live.log_param("n_params", n)
            for step, loss in losses(n).items():
                live.step = step
                live.log_metric("val/loss", loss)


def trackio(folder):
    """A database for the project."""
    # Read when the package is imported; older versions know only the second, and would send statistics.
    os.environ |= {"TRACKIO_DIR": str(folder), "HF_HOME": str(folder), "GRADIO_ANALYTICS_ENABLED": "False"}
    import trackio

    # Older versions do not know how a run is shown, fail on what is not finite, and keep no settings.
    old = "embed" not in signature(trackio.init).parameters
    for name, n in RUNS.items():
        run = trackio.init(project="sweep", name=name, config={"n_params": n}, **({} if old else {"embed": False}))
        for step, loss in (finite if old else losses)(n).items():
            run.log({"val/loss": loss} | ({"n_params": n} if old else {}), step=step)
        trackio.finish()
    return finite if old else losses


def solved(n, item, attempt):
    """Whether an attempt at an item succeeds."""
    return random.Random(f"{n} {item} {attempt}").random() < 0.4


def inspect(folder):
    """A log for each run: items that its mock model answers rightly or wrongly, three times each."""
    os.environ["INSPECT_DISPLAY"] = "none"
    import tiktoken

    class Encoding:
        """The tokens of the mock model are counted with a table that would be downloaded."""

        def encode(self, text, **_):
            return list(text.encode())

    tiktoken.get_encoding = tiktoken.encoding_for_model = lambda *_, **__: Encoding()
    from inspect_ai import Task, eval
    from inspect_ai.dataset import Sample
    from inspect_ai.model import ModelOutput, get_model
    from inspect_ai.scorer import match

    for name, n in RUNS.items():
        items = [Sample(id=f"s{i}", input=f"{i}?", target="yes", metadata={"minutes": i + 0.5}) for i in range(ITEMS)]
        # One at a time: all items, then all again.
        answers = ["yes" if solved(n, i, attempt) else "no" for attempt in range(ATTEMPTS) for i in range(ITEMS)]
        model = get_model("mockllm/model", custom_outputs=[ModelOutput.from_content("m", text) for text in answers])
        task = Task(dataset=items, scorer=match(), epochs=ATTEMPTS, name="items")
        eval(task, model=model, log_dir=str(folder / name), max_samples=1, max_connections=1, metadata={"run": name})


def lm_eval(folder):
    """Results and samples of its dummy model for each run, on a task of ITEMS local questions; no network, no torch."""
    os.environ |= {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "HF_HOME": str(folder / ".hf")}
    from lm_eval import simple_evaluate
    from lm_eval.models.dummy import DummyLM
    from lm_eval.loggers import EvaluationTracker
    from lm_eval.tasks import TaskManager

    # The model needs none; versions before 0.4.13 would download one.
    DummyLM.tokenizer = None
    tasks = folder / ".tasks"
    tasks.mkdir()
    choices = ([str(2 * i + k) for k in range(4)] for i in range(ITEMS))
    questions = ({"q": f"What is {i}+{i}?", "choices": found, "gold": 0} for i, found in enumerate(choices))
    (tasks / "sums.jsonl").write_text("".join(json.dumps(question) + "\n" for question in questions))
    (tasks / "sums.yaml").write_text(
        f"task: sums\ndataset_path: json\ndataset_kwargs: {{data_files: {{test: {tasks}/sums.jsonl}}}}\n"
        "test_split: test\noutput_type: multiple_choice\ndoc_to_text: '{{q}}'\ndoc_to_choice: '{{choices}}'\n"
        "doc_to_target: gold\nmetric_list:\n  - {metric: acc, aggregation: mean, higher_is_better: true}\n"
    )
    told = {}
    for name in RUNS:
        tracker = EvaluationTracker(output_path=str(folder / "results"))
        found = simple_evaluate(
            model="dummy",
            model_args=f"pretrained=org/{name}",
            tasks=["sums"],
            task_manager=TaskManager(include_path=str(tasks), include_defaults=False),
            log_samples=True,
            bootstrap_iters=0,
            evaluation_tracker=tracker,
        )
        samples = found.pop("samples")
        tracker.save_results_aggregated(results=found, samples=samples)
        tracker.save_results_samples(task_name="sums", samples=samples["sums"])
        told[name] = (found["results"]["sums"]["acc,none"], [float(s["acc"]) for s in samples["sums"]])
    (folder / ".told.json").write_text(json.dumps(told))


def evaluations_agree(binary, folder):
    """Accuracy of every run, and success of every item, as the tool had them in memory."""
    told = json.loads((folder / ".told.json").read_text())
    home = folder / "results"
    found = sorted(float(row["sums/acc"]) for row in export(binary, "lm-eval", home, "final"))
    if found != sorted(acc for acc, _ in told.values()):
        return f"accuracies {found} for {told}"
    rows = list(export(binary, "lm-eval", home, "samples"))
    successes = sorted(float(row["acc/successes"]) for row in rows)
    wanted = sorted(value for _, values in told.values() for value in values)
    return None if successes == wanted else f"{len(rows)} items with {sum(successes)} successes for {sum(wanted)}"


# For each: the package as pip knows it, and what writes with it.
TOOLS = {
    "tensorboard": ("tensorboardX", tensorboard),
    "mlflow": ("mlflow-skinny", mlflow_files),
    "mlflow-db": ("mlflow-skinny", mlflow_db),
    "wandb": ("wandb", wandb),
    "dvclive": ("dvclive", dvclive),
    "trackio": ("trackio", trackio),
    "inspect": ("inspect_ai", inspect),
    "lm-eval": ("lm_eval", lm_eval),
}


def state(folder):
    """Names and contents of all files but the messages that W&B's own process still writes."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix != ".log")
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def export(binary, tool, folder, points):
    """Rows as isoflop exports them."""
    command = [binary, "export", str(folder), "-o", "-", "--from", tool, "--points", points]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"exit {done.returncode}: {done.stderr.strip()}")
    return csv.DictReader(io.StringIO(done.stdout))


def read(binary, tool, folder):
    """Loss by run and step."""
    found = {name: {} for name in RUNS}
    for row in export(binary, tool, folder, "values"):
        if row["metric"] == "val/loss":
            found[row["run"]][int(row["step"])] = float(row["value"])
    return found


def fit(binary, path, *options):
    """Parameters of a law in size and steps through every point."""
    law = "loss ~ E + A / N^alpha + B / S^beta"
    roles = ("loss=val/loss", "N=n_params", "S=step")
    command = [binary, "fit", str(path), *options, "--law", law, *(f"--map={role}" for role in roles)]
    command += ["--format", "json", "--bootstrap", "0", "--cluster", "N"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"exit {done.returncode}: {done.stderr.strip()}")
    return {name: found["estimate"] for name, found in json.loads(done.stdout)["parameters"].items()}


def fits_agree(binary, tool, folder):
    """The same sweep gives the same law from every tool and from a table, to what the tool keeps of a loss."""
    with tempfile.TemporaryDirectory() as name:
        table = Path(name) / "runs.csv"
        rows = [f"{n},{step},{loss!r}" for n in RUNS.values() for step, loss in finite(n).items()]
        table.write_text("\n".join(["n_params,step,val/loss", *rows, ""]))
        wanted = fit(binary, table)
    found = fit(binary, folder, "--from", tool, "--points", "every")
    # Parameters move by some ten times what the losses do, and by what the order of rows does to sums.
    tolerance = 1e-5 if tool == "tensorboard" else 1e-9
    off = {name: found[name] for name in wanted if not abs(found[name] / wanted[name] - 1) <= tolerance}
    return f"a fit to a table of the same runs gives {wanted}, here {off}" if off else None


def items_agree(binary, folder):
    """Successes, attempts and metadata of every item."""
    found = {(row["metadata.run"], row["item"]): row for row in export(binary, "inspect", folder, "samples")}
    wanted = {(name, f"s{i}") for name in RUNS for i in range(ITEMS)}
    if found.keys() != wanted:
        return f"items {sorted(found.keys() ^ wanted)[:5]} on one side only"
    for (name, item), row in found.items():
        i = int(item[1:])
        successes = sum(solved(RUNS[name], i, attempt) for attempt in range(ATTEMPTS))
        here = [float(row[column]) for column in ("match/successes", "match/attempts", "metadata.minutes")]
        if here != [successes, ATTEMPTS, i + 0.5]:
            return f"{name} {item}: {here} for {successes} of {ATTEMPTS}"
    return None


# How what was read is compared, for tools that evaluate instead of training.
AGREE = {"inspect": items_agree, "lm-eval": evaluations_agree}


def agree(tool, found, written):
    """Every value of those written, and none besides."""
    # A 32-bit float has 24 bits.
    tolerance = 2.0**-24 if tool == "tensorboard" else 0.0
    for name, n in RUNS.items():
        wanted = written(n)
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
    binary, held, out = str(Path(sys.argv[1]).resolve()), [], []
    only = sys.argv[3].split(",") if sys.argv[2:3] == ["--only"] else list(TOOLS)
    for tool, (package, write) in ((tool, TOOLS[tool]) for tool in only):
        try:
            version = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            out.append(tool)
            continue
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            try:
                with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                    written = write(folder) or losses
                before = state(folder)
                if tool in AGREE:
                    fault = AGREE[tool](binary, folder)
                else:
                    fault = agree(tool, read(binary, tool, folder), written) or fits_agree(binary, tool, folder)
                changed = sorted(dict(set(state(folder).items()) ^ set(before.items())))
                if fault is None and changed:
                    fault = f"reading changed {changed}"
            except Exception as reason:  # A tool that fails is a finding, not the end.
                fault = repr(reason)
        print(f"{'ok  ' if fault is None else 'FAIL'} {tool} written by {package} {version}{'' if fault is None else ': ' + fault}")
        held.append(fault is None)
    print(f"{sum(held)} tools agree, {len(held) - sum(held)} do not" + (f"; not installed: {', '.join(out)}" if out else ""))
    return 0 if held and all(held) and not out else 1


if __name__ == "__main__":
    sys.exit(main())
