"""Load on `isoflop serve`: 2 GB uploads, slow clients, 200 connections that ask for fits, and what must be refused.

Usage: explorer.py ISOFLOP [SECONDS]; the load is wrk's (Debian's package `wrk`) where it is there, else that of threads. Needs
nothing else beside the standard library. Linux only: memory is read from /proc.
"""

import http.client
import json
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

CONNECTIONS = 200
TWO_GB = 2 * 1000**3
SCRIPT = """
wrk.method = "POST"
wrk.headers["Authorization"] = "Bearer {token}"
wrk.headers["Content-Type"] = "application/json"
wrk.body = [[{body}]]
local threads = {{}}
function setup(thread) table.insert(threads, thread) end
function init() counts = {{}} end
function response(status) counts[status] = (counts[status] or 0) + 1 end
function done(summary, latency)
  local sum = {{}}
  for _, thread in ipairs(threads) do
    for status, count in pairs(thread:get("counts")) do sum[status] = (sum[status] or 0) + count end
  end
  for status, count in pairs(sum) do io.write("status ", status, " ", count, "\\n") end
  io.write(string.format("latency median %.1f ms, 99 %% %.1f ms, most %.1f ms\\n",
    latency:percentile(50) / 1000, latency:percentile(99) / 1000, latency.max / 1000))
  local e = summary.errors
  io.write(string.format("errors of the connection %d\\n", e.connect + e.read + e.write + e.timeout))
end
"""


class Server:
    """The explorer that is asked, and its memory."""

    def __init__(self, address: str, pid: int) -> None:
        base, self.token = address.split("/?token=")
        self.host = base.removeprefix("http://")
        self.status = Path(f"/proc/{pid}/status")

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, dict]:
        named = {"Authorization": f"Bearer {self.token}", **{k.replace("_", "-"): v for k, v in headers.items()}}
        if body is not None:
            named.setdefault("Content-Type", "application/json")
        connection = http.client.HTTPConnection(self.host, timeout=120)
        connection.request(method, path, body, named)
        answer = connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text.startswith(b"{") else {}

    def memory(self, name: str = "VmRSS") -> float:
        lines = self.status.read_text(encoding="utf-8").splitlines()
        return next(int(line.split()[1]) / 1000 for line in lines if line.startswith(name))

    def socket(self) -> socket.socket:
        host, port = self.host.rsplit(":", 1)
        return socket.create_connection((host, int(port)), timeout=60)


def main() -> None:
    isoflop, seconds = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 10
    with tempfile.TemporaryDirectory() as folder:
        command = [str(Path(isoflop).resolve()), "serve", folder]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            server = Server(process.stdout.readline().strip(), process.pid)
            print(f"memory at the beginning: {server.memory():.0f} MB")
            refusals(server)
            uploads(server)
            slow(server)
            load(server, seconds)
            process.send_signal(signal.SIGINT)
            began = time.monotonic()
            print(f"ended with {process.wait(30)} after {time.monotonic() - began:.2f} s")


def refusals(server: Server) -> None:
    """What must not be done, with the status and code of the refusal."""
    fit = b'{"kind": "laws", "table": "t1"}'
    asked = [
        ("no token", "GET", "/api/jobs", None, {"Authorization": ""}),
        ("wrong token", "GET", "/api/jobs", None, {"Authorization": "Bearer " + 43 * "x"}),
        ("foreign Origin", "POST", "/api/jobs", fit, {"Origin": "https://example.com"}),
        ("foreign Host", "GET", "/api/jobs", None, {"Host": "example.com"}),
        ("path with ..", "GET", "/api/files?path=../../etc", None, {}),
        ("absolute path", "POST", "/api/tables", b'{"paths": ["/etc/passwd"]}', {}),
        ("table with ..", "POST", "/api/tables", b'{"paths": ["../../../etc/passwd"]}', {}),
        ("asset with ..", "GET", "/assets/..%2f..%2fetc%2fpasswd", None, {}),
    ]
    for name, method, path, body, headers in asked:
        status, answer = server.ask(method, path, body, **headers)
        print(f"{name}: {status} {answer.get('error', {}).get('code', '')}")
        assert status in (400, 401, 403, 404, 421), (name, status)


def uploads(server: Server) -> None:
    """2 GB, once as said beforehand, once in pieces of unknown number."""
    lines = [
        "POST /api/uploads?name=big.csv HTTP/1.1",
        f"Host: {server.host}",
        f"Authorization: Bearer {server.token}",
        "Content-Type: application/octet-stream",
    ]
    for name, how in [("2 GB with its length", f"Content-Length: {TWO_GB}"), ("2 GB in chunks", "Transfer-Encoding: chunked")]:
        before, sent, piece = server.memory(), 0, b"x" * 65536
        framed = piece if "Length" in how else b"10000\r\n" + piece + b"\r\n"
        began = time.monotonic()
        with server.socket() as client:
            client.sendall("\r\n".join([*lines, how, "", ""]).encode())
            try:
                while sent < TWO_GB:
                    client.sendall(framed)
                    sent += len(piece)
            except OSError:
                pass
            try:
                answer = client.recv(4096).decode(errors="replace").split("\r\n")[0]
            except OSError:
                answer = "the connection was closed"
        took = time.monotonic() - began
        print(f"{name}: {answer or 'closed'}; {sent / 1e6:.0f} MB were sent in {took:.1f} s; "
              f"memory {before:.0f} MB before, {server.memory():.0f} MB after, {server.memory('VmHWM'):.0f} MB at most")
        assert " 200 " not in answer and " 201 " not in answer


def slow(server: Server) -> None:
    """100 clients that send a byte every second; the others must not notice."""
    clients = [server.socket() for _ in range(100)]
    began, slowest = time.monotonic(), 0.0
    closed: list[float] = []
    for client in clients:
        client.sendall(b"GET /api/jobs HTTP/1.1\r\nHost: ")
        client.setblocking(False)
    left = list(clients)
    while left and time.monotonic() - began < 60:
        for client in list(left):
            try:
                client.send(b"x")
                if client.recv(4096) == b"":
                    raise ConnectionError
            except BlockingIOError:
                continue
            except OSError:
                closed.append(time.monotonic() - began)
                left.remove(client)
        moment = time.monotonic()
        server.ask("GET", "/api/jobs")
        slowest = max(slowest, time.monotonic() - moment)
        time.sleep(1)
    for client in clients:
        client.close()
    told = f"closed after {min(closed):.0f} to {max(closed):.0f} s" if closed else "none was closed within 60 s"
    print(f"100 slow clients: {len(closed)} {told}; other requests took {1000 * slowest:.0f} ms at most")


def load(server: Server, seconds: int) -> None:
    lines = ["N,D,loss"]
    for k in range(400):
        n, d = 1e7 * 1.5 ** (k % 20), 2e8 * 1.5 ** (k // 20)
        lines.append(f"{n},{d},{(1.7 + 400 / n**0.34 + 2000 / d**0.37) * (1 + 0.001 * (k * 7919 % 101 - 50) / 50)}")
    table = server.ask("POST", "/api/uploads?name=runs.csv", "\n".join(lines).encode(),
                       Content_Type="application/octet-stream")[1]["id"]
    fit = json.dumps({"kind": "fit", "table": table, "request": {"law": "chinchilla", "bootstrap": 200}})
    print(f"memory before the fits: {server.memory():.0f} MB")
    began = time.monotonic()
    asking = threading.Thread(target=wrk if shutil.which("wrk") else burst, args=(server, fit, seconds))
    asking.start()
    slowest, asked = 0.0, 0
    while True:
        is_loaded, moment = asking.is_alive(), time.monotonic()
        jobs = server.ask("GET", "/api/jobs")[1]["jobs"]
        slowest, asked = max(slowest, time.monotonic() - moment), asked + 1
        if not is_loaded and all(job["state"] not in ("queued", "running") for job in jobs):
            break
        time.sleep(0.1)
    took = time.monotonic() - began
    print(f"jobs that are kept: {dict(Counter(job['state'] for job in jobs))}; the last was done after {took:.1f} s")
    print(f"{asked} other requests meanwhile: {1000 * slowest:.0f} ms at most")
    print(f"memory after: {server.memory():.0f} MB, {server.memory('VmHWM'):.0f} MB at most")


def wrk(server: Server, fit: str, seconds: int) -> None:
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(SCRIPT.format(token=server.token, body=fit))
        script.flush()
        address = f"http://{server.host}/api/jobs"
        command = ["wrk", "-t2", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", script.name, address]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    print(f"wrk, {CONNECTIONS} connections, {seconds} s:")
    print("\n".join(f"  {line.strip()}" for line in told.splitlines() if line.startswith(("status", "lat", "err", "Req"))))


def burst(server: Server, fit: str, _seconds: int) -> None:
    """Where there is no wrk: as many fits at once as there would be connections."""
    statuses: Counter[int] = Counter()
    threads = [
        threading.Thread(target=lambda: statuses.update([server.ask("POST", "/api/jobs", fit.encode())[0]]))
        for _ in range(CONNECTIONS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f"{CONNECTIONS} fits at once by threads: {dict(sorted(statuses.items()))}")


if __name__ == "__main__":
    main()
