"""Two Ray nodes, one of which is killed midway: ``cargo xtask test ray``, or ``python ray_nodes.py [--namespaces]``.

4000 bootstrap refits in 40 shards on two nodes with a processor each. When a quarter of the shards is there, one node
is killed. All shards must come back, and the fit must have the bits of the one on this machine. With ``--namespaces``,
which needs Linux and root, each node has a network of its own and they talk over a virtual cable.
"""

import argparse
import contextlib
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np

os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
warnings.simplefilter("ignore", FutureWarning)

import ray  # noqa: E402

import isoflop as iso  # noqa: E402
from isoflop.distributed import JobSpec, _one, run  # noqa: E402

SHARDS, REFITS = 40, 4000
NETS = {"isoflop-head": "10.77.0.1", "isoflop-node": "10.77.0.2"}
PORT = 6379


def table(rows=80):
    """Runs of a law with noise."""
    rng = np.random.default_rng(7)
    n, d = np.exp(rng.uniform(np.log([[1e6], [2e7]]), np.log([[1e9], [2e10]]), (2, rows)))
    loss = (1.7 + 400 / n**0.34 + 900 / d**0.3) * np.exp(0.004 * rng.standard_normal(rows))
    return {"N": n, "D": d, "loss": loss}


@contextlib.contextmanager
def on_this_network():
    """A head without processors and two nodes; gives what kills one of them."""
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    nodes = [cluster.add_node(num_cpus=1) for _ in range(2)]
    ray.init(address=cluster.address, log_to_driver=False, logging_level="FATAL")
    yield lambda: cluster.remove_node(nodes.pop(), allow_graceful=False)
    ray.shutdown()
    cluster.shutdown()


@contextlib.contextmanager
def on_two_networks():
    """As one who is in the network of the head: gives what kills all processes in that of the other node."""
    ray.init(address=f"{NETS['isoflop-head']}:{PORT}", log_to_driver=False, logging_level="FATAL")
    until = time.perf_counter() + 60
    while ray.cluster_resources().get("CPU", 0) < 2 and time.perf_counter() < until:
        time.sleep(0.2)
    yield lambda: emptied("isoflop-node")
    ray.shutdown()


def emptied(net):
    """Kills all processes in a network that this script made."""
    for process in subprocess.check_output(["ip", "netns", "pids", net], text=True).split():
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(process), signal.SIGKILL)


def with_namespaces():
    """Makes two networks with a cable between them, a node in each, and runs this script in that of the head."""

    def ip(*words):
        subprocess.run(["ip", *words], check=True)

    started = []
    place = tempfile.mkdtemp(prefix="isoflop-ray-")
    ray_program = str(Path(sys.executable).with_name("ray"))
    try:
        for net in NETS:
            ip("netns", "add", net)
            ip("-n", net, "link", "set", "lo", "up")
        ends = dict(zip(NETS, ("isoflop0", "isoflop1")))
        first, second = NETS
        ip("-n", first, "link", "add", ends[first], "type", "veth", "peer", "name", ends[second], "netns", second)
        for net, address in NETS.items():
            ip("-n", net, "addr", "add", f"{address}/24", "dev", ends[net])
            ip("-n", net, "link", "set", ends[net], "up")
        kinds = {first: ["--head", f"--port={PORT}", "--include-dashboard=false"]}
        kinds[second] = [f"--address={NETS[first]}:{PORT}"]
        for net, words in kinds.items():
            own = ["--num-cpus=1", f"--node-ip-address={NETS[net]}", "--block", "--disable-usage-stats"]
            command = ["ip", "netns", "exec", net, ray_program, "start", *words, *own]
            if net == first:
                command.append(f"--temp-dir={place}")
            started.append(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
            time.sleep(12)
        inside = ["ip", "netns", "exec", first, sys.executable, __file__, "--inside"]
        return subprocess.run(inside, check=False).returncode
    finally:
        for net in NETS:
            with contextlib.suppress(subprocess.CalledProcessError):
                emptied(net)
                ip("netns", "del", net)
        for process in started:
            process.wait()
        shutil.rmtree(place, ignore_errors=True)


def overheads(job):
    """Seconds that a shard costs beside its work: one after the other, on a worker that is warm."""
    task = ray.remote(num_cpus=1)(_one)
    text = ray.put(job.to_json())
    ray.get([task.remote(text, job.id, shard) for shard in range(1, 5)])
    around, inside = [], []
    for shard in range(1, 21):
        start = time.perf_counter()
        _, _, took = ray.get(task.remote(text, job.id, shard))
        around.append(time.perf_counter() - start - took)
        inside.append(took)
    return {"work_of_a_shard_s": statistics.median(inside), "overhead_of_a_shard_s": statistics.median(around)}


def bits_and_a_death(nodes):
    """Run, kill, compare."""
    asked = {"bootstrap": REFITS, "seed": 3, "choices": False}
    start = time.perf_counter()
    local = iso.fit(table(), "chinchilla", **asked)._raw.saved_json()
    told = {"local_fit_s": time.perf_counter() - start}
    start = time.perf_counter()
    job = JobSpec.plan(table(), "chinchilla", shards=SHARDS, **asked)
    told |= {"plan_s": time.perf_counter() - start, "job_bytes": len(job.to_json())}
    told["shard_bytes"] = len(job.run(1))
    killed = []
    start = time.perf_counter()
    with nodes() as kill:
        told |= {"cluster_s": time.perf_counter() - start}
        alive = alive_nodes()

        def watch(done, shards):
            if done == shards // 4 and not killed:
                killed.append(done)
                kill()

        with tempfile.TemporaryDirectory() as out:
            start = time.perf_counter()
            fit = run(job, backend="ray", out=out, progress=watch)
            told |= {"ray_run_s": time.perf_counter() - start}
            assert sorted(job.finished(out)) == list(range(1, SHARDS + 1)), "shards are missing"
        assert killed, "no node was killed"
        assert fit._raw.saved_json() == local, "the fit is not that of this machine"
        until = time.perf_counter() + 60
        while alive_nodes() >= alive and time.perf_counter() < until:
            time.sleep(0.2)  # the cluster hears of a death late
        assert alive_nodes() == alive - 1, "the node that was killed is alive"
        told |= overheads(job)
    print("\n" + json.dumps({name: round(value, 5) for name, value in told.items()}, indent=2))
    print(f"{SHARDS} shards of {REFITS} refits, one of two nodes killed after {SHARDS // 4}: identical bits")


def alive_nodes():
    return sum(node["Alive"] for node in ray.nodes())


def speed(rows, refits, shards):
    """How long a larger job takes on one processor here and on two nodes of one each; nobody is killed."""
    job = JobSpec.plan(table(rows), "chinchilla", shards=shards, bootstrap=refits, choices=False)
    start = time.perf_counter()
    for shard in range(1, shards + 1):
        job.run(shard, threads=1)
    told = {"rows": rows, "refits": refits, "shards": shards, "one_processor_s": time.perf_counter() - start}
    with on_this_network():
        task = ray.remote(num_cpus=1)(_one)
        text = ray.put(job.to_json())
        ray.get([task.remote(text, job.id, 1) for _ in range(8)])  # workers are warm
        start = time.perf_counter()
        took = [seconds for _, _, seconds in ray.get([task.remote(text, job.id, k + 1) for k in range(shards)])]
        told |= {"two_nodes_s": time.perf_counter() - start, "work_on_nodes_s": sum(took)}
        told |= overheads(job)
    told["speed_up"] = told["one_processor_s"] / told["two_nodes_s"]
    print("\n" + json.dumps({name: round(value, 5) for name, value in told.items()}, indent=2))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--namespaces", action="store_true", help="a network for each node; Linux, root")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--speed", nargs=3, type=int, metavar=("ROWS", "REFITS", "SHARDS"), help="only time a job")
    asked = parser.parse_args()
    if asked.namespaces:
        return with_namespaces()
    if asked.speed:
        return speed(*asked.speed)
    return bits_and_a_death(on_two_networks if asked.inside else on_this_network)


if __name__ == "__main__":
    sys.exit(main())
