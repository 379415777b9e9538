"""Read a large directory of runs in bounded memory: python bench/directory.py PATH_TO_ISOFLOP [GIGABYTES]

Writes four TensorBoard files of 35000 steps with tensorboardX, and puts each into very many run folders as a hard link, so that
10 GB of logs take 10 MB of disk; what is measured is parsing and memory, not the disk. Prints wall and CPU seconds
and the peak memory of `isoflop export --points final`, for a tenth of the runs and for all of them. Packages: tensorboardX.
"""

import contextlib
import io
import os
import sys
import tempfile
from pathlib import Path

from runs import cost, write_tensorboard


def main():
    binary = sys.argv[1]
    wanted = float(sys.argv[2]) if len(sys.argv) > 2 else 10.0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with contextlib.redirect_stdout(io.StringIO()):
            write_tensorboard(folder / "seeds", 4, 35_000)
        seeds = sorted(path for path in (folder / "seeds").rglob("*") if path.is_file())
        for share in (0.1, 1.0):
            home, size, runs = folder / f"logs{share}", 0, 0
            while size < share * wanted * 1e9:
                seed = seeds[runs % len(seeds)]
                place = home / f"run{runs:06}"
                place.mkdir(parents=True)
                os.link(seed, place / seed.name)
                size, runs = size + seed.stat().st_size, runs + 1
            out = folder / "out.csv"
            cpu, wall, peak = cost([binary, "export", "--points", "final", "-o", str(out), str(home), "-qq"])
            rows = sum(1 for _ in out.open()) - 1
            took = f"wall {wall:.1f} s, cpu {cpu:.1f} s, peak {peak:.0f} MiB"
            print(f"{size / 1e9:.2f} GB in {runs} runs: {rows} rows, {took}", flush=True)
            assert rows == runs


if __name__ == "__main__":
    main()
