"""Load on `isoflop serve`: many fits at once, and what becomes of them, of other requests and of the memory.

Usage: explorer.py ISOFLOP [FITS]; needs nothing beside the standard library. Linux only: memory is read from /proc.
"""

import json
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from pathlib import Path


def main() -> None:
    isoflop, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 200
    with tempfile.TemporaryDirectory() as folder:
        command = [isoflop, "serve", folder]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None
            base, token = server.stdout.readline().strip().split("/?token=")
            load(base, token, count, Path(f"/proc/{server.pid}/status"))
            server.send_signal(signal.SIGINT)
            began = time.monotonic()
            print(f"ended with {server.wait(30)} after {time.monotonic() - began:.2f} s")


def load(base: str, token: str, count: int, status: Path) -> None:
    def ask(method: str, path: str, body: bytes | None = None) -> tuple[int, dict]:
        request = urllib.request.Request(base + path, body, {"Authorization": f"Bearer {token}"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def memory(name: str) -> float:
        lines = status.read_text(encoding="utf-8").splitlines()
        return next(int(line.split()[1]) / 1000 for line in lines if line.startswith(name))

    lines = ["N,D,loss"]
    for k in range(400):
        n, d = 1e7 * 1.5 ** (k % 20), 2e8 * 1.5 ** (k // 20)
        lines.append(f"{n},{d},{(1.7 + 400 / n**0.34 + 2000 / d**0.37) * (1 + 0.001 * (k * 7919 % 101 - 50) / 50)}")
    table = ask("POST", "/api/uploads?name=runs.csv", "\n".join(lines).encode())[1]["id"]
    fit = json.dumps({"kind": "fit", "table": table, "request": {"law": "chinchilla", "bootstrap": 200}}).encode()
    print(f"memory before: {memory('VmRSS'):.0f} MB")

    statuses: Counter[int] = Counter()
    ids: list[str] = []
    lock = threading.Lock()
    began = time.monotonic()

    def submit() -> None:
        code, answer = ask("POST", "/api/jobs", fit)
        with lock:
            statuses[code] += 1
            if code == 202:
                ids.append(answer["id"])

    threads = [threading.Thread(target=submit) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f"{count} fits at once: {dict(sorted(statuses.items()))} in {time.monotonic() - began:.2f} s")

    slowest, asked = 0.0, 0
    while True:
        moment = time.monotonic()
        jobs = ask("GET", "/api/jobs")[1]["jobs"]
        slowest, asked = max(slowest, time.monotonic() - moment), asked + 1
        if all(job["state"] not in ("queued", "running") for job in jobs):
            break
        time.sleep(0.1)
    took = time.monotonic() - began
    print(f"{dict(Counter(job['state'] for job in jobs))} after {took:.1f} s")
    print(f"{asked} other requests meanwhile: {1000 * slowest:.0f} ms at most")
    print(f"memory after: {memory('VmRSS'):.0f} MB, {memory('VmHWM'):.0f} MB at most")


if __name__ == "__main__":
    main()
