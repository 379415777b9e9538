"""Fit with the installed package, and time its import: what `cargo xtask wheel` runs in a clean environment.

Prints one line of key=value pairs: medians over fresh processes of the import after numpy's, of both, and of the CPU
time of the first.
"""

import statistics
import subprocess
import sys

IMPORT = """
import time
a = time.perf_counter()
import numpy
b, c = time.perf_counter(), time.process_time()
import isoflop
print(time.perf_counter() - b, time.perf_counter() - a, time.process_time() - c)
"""


def imports(rounds=11):
    """Medians of isoflop's import, of both imports, and of the CPU time of isoflop's, in milliseconds."""
    told = [subprocess.check_output([sys.executable, "-c", IMPORT], text=True).split() for _ in range(rounds)]
    return [1000 * statistics.median(map(float, column)) for column in zip(*told)]


def check():
    """The installed package fits."""
    import isoflop as iso

    made = iso.fit(iso.simulate("chinchilla", seed=1), "chinchilla", bootstrap=100)
    assert made.certificate, made.certificate
    assert made.predict(N=1e9, D=2e10).rows == 1


if __name__ == "__main__":
    alone, both, cpu = imports()
    check()
    print(f"import_ms={alone:.1f} numpy_too_ms={both:.1f} import_cpu_ms={cpu:.1f}")
