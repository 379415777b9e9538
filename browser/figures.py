"""Pictures of every kind of figure, light and dark, as they are kept, reviewed, in browser/reference.

Usage: figures.py ISOFLOP FOLDER; needs Pillow for small files.
"""

import random
import subprocess
import sys
import tempfile
from pathlib import Path

from chromium import shrink

RESULTS = Path(__file__).resolve().parents[1] / "crates/isoflop-report/tests/results"


def curves() -> str:
    """Curves of four runs, one of which stays above the law."""
    random.seed(1)
    lines = ["run,N,D,loss"]
    for k, (n, d) in enumerate([(4.6e7, 3.6e9), (1.4e8, 4e9), (3.3e8, 1.2e10), (1.05e9, 2e10)]):
        for step in range(1, 301):
            at = d * step / 300
            loss = 1.8172 + 482.01 / n**0.3478 + 2085.43 / at**0.3658 + 0.08 * (1 - step / 300)
            lines.append(f"run {k + 1},{n},{at},{loss + random.gauss(0, 0.008) + (0.08 if k == 2 else 0)}")
    return "\n".join(lines) + "\n"


def main() -> None:
    isoflop, out = str(Path(sys.argv[1]).resolve()), Path(sys.argv[2]).resolve()
    with tempfile.TemporaryDirectory() as folder:

        def run(*words: str) -> None:
            subprocess.run([isoflop, "-q", *words], cwd=folder, stdout=subprocess.DEVNULL, check=True)

        budgets = "1e18,3e18,1e19,3e19,1e20"
        run("simulate", "chinchilla@besiroglu", "--budgets", budgets, "--sizes", "6", "--noise", "0.3%", "-o", "runs.csv")
        run("fit", "runs.csv", "--law", "chinchilla", "--bootstrap", "200", "--save", "fit.json")
        (Path(folder) / "curves.csv").write_text(curves(), encoding="utf-8")
        sources = [("fit", ["fit.json", "--curves", "curves.csv"])]
        sources += [(path.stem, [str(path)]) for path in sorted(RESULTS.glob("*.json"))]
        for name, words in sources:
            for theme in ("light", "dark"):
                picture = out / f"figures-{name}-{theme}.png"
                run("plot", *words, "-o", str(picture), "--theme", theme)
                shrink(picture, 0.5)


if __name__ == "__main__":
    main()
