"""Two Ray nodes on this machine, one of which is killed midway: ``cargo xtask test ray``, or ``python ray_nodes.py``.

A head without processors, two nodes with one each; 4000 bootstrap refits in 40 shards. When a quarter of the shards is
there, one node is killed. All shards must come back, and the fit must have the bits of the one on this machine.
"""

import json
import os
import statistics
import sys
import tempfile
import time
import warnings

import numpy as np

os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
os.environ.setdefault("RAY_DEDUP_LOGS", "0")
warnings.simplefilter("ignore", FutureWarning)

import ray  # noqa: E402
from ray.cluster_utils import Cluster  # noqa: E402

import isoflop as iso  # noqa: E402
from isoflop.distributed import JobSpec, _one, run  # noqa: E402

SHARDS, REFITS = 40, 4000


def table() -> dict[str, np.ndarray]:
    """80 runs of a law with noise."""
    rng = np.random.default_rng(7)
    n, d = np.meshgrid(np.geomspace(1e6, 1e9, 10), np.geomspace(2e7, 2e10, 8))
    loss = (1.7 + 400 / n**0.34 + 900 / d**0.3) * np.exp(0.004 * rng.standard_normal(n.shape))
    return {"N": n.ravel(), "D": d.ravel(), "loss": loss.ravel()}


def overheads(job: JobSpec, alone: list[float]) -> dict[str, float]:
    """Seconds that a shard costs beside its work: one after the other, on a worker that is warm."""
    task = ray.remote(num_cpus=1)(_one)
    text = ray.put(job.to_json())
    ray.get([task.remote(text, job.id, shard) for shard in range(1, 5)])
    around, inside = [], []
    for shard in range(1, 11):
        start = time.perf_counter()
        _, _, took = ray.get(task.remote(text, job.id, shard))
        around.append(time.perf_counter() - start - took)
        inside.append(took)
    return {
        "work_of_a_shard_s": statistics.median(inside),
        "work_of_a_shard_here_s": statistics.median(alone),
        "overhead_of_a_shard_s": statistics.median(around),
    }


def main() -> None:
    """Run, kill, compare."""
    asked = {"bootstrap": REFITS, "seed": 3, "choices": False}
    start = time.perf_counter()
    local = iso.fit(table(), "chinchilla", **asked)._raw.saved_json()
    told = {"local_fit_s": time.perf_counter() - start}
    start = time.perf_counter()
    job = JobSpec.plan(table(), "chinchilla", shards=SHARDS, **asked)
    told["plan_s"] = time.perf_counter() - start
    told["job_bytes"] = len(job.to_json())
    alone = []
    for shard in range(1, 6):
        start = time.perf_counter()
        text = job.run(shard, threads=1)
        alone.append(time.perf_counter() - start)
    told["shard_bytes"] = len(text)

    start = time.perf_counter()
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    nodes = [cluster.add_node(num_cpus=1) for _ in range(2)]
    ray.init(address=cluster.address, log_to_driver=False, logging_level="FATAL")
    assert len([node for node in ray.nodes() if node["Alive"]]) == 3
    told["cluster_s"] = time.perf_counter() - start
    killed = []

    def watch(done: int, shards: int) -> None:
        if done == shards // 4 and not killed:
            killed.append(time.perf_counter())
            cluster.remove_node(nodes.pop(), allow_graceful=False)

    with tempfile.TemporaryDirectory() as out:
        start = time.perf_counter()
        fit = run(job, backend="ray", out=out, progress=watch)
        told["ray_run_s"] = time.perf_counter() - start
        assert sorted(job.finished(out)) == list(range(1, SHARDS + 1)), "shards are missing"
    assert killed, "no node was killed"
    assert fit._raw.saved_json() == local, "the fit is not that of this machine"
    until = time.perf_counter() + 30
    while len(alive := [node for node in ray.nodes() if node["Alive"]]) > 2 and time.perf_counter() < until:
        time.sleep(0.2)  # the cluster hears of a death late
    assert len(alive) == 2, f"{len(alive)} nodes are alive, not the head and one"
    told |= overheads(job, alone)
    ray.shutdown()
    cluster.shutdown()
    print(json.dumps({name: round(value, 5) for name, value in told.items()}, indent=2))
    print(f"{SHARDS} shards of {REFITS} refits, one of two nodes killed after {SHARDS // 4}: identical bits")


if __name__ == "__main__":
    sys.exit(main())
