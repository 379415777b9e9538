"""Vega-Lite figures of fits and of every kind of result against the schema of Vega-Lite, which Altair ships.

Usage: check.py ISOFLOP; prints a line for each file and ends with 1 if one fails.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import altair
import jsonschema

HERE = Path(__file__).resolve().parent
RESULTS = HERE.parents[1] / "crates/isoflop-report/tests/results"
SCHEMA = Path(altair.__file__).parent / "vegalite/v5/schema/vega-lite-schema.json"


def main() -> int:
    """Draws and checks all; 1 if something is wrong."""
    isoflop = str(Path(sys.argv[1]).resolve())
    validator = jsonschema.Draft7Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    failed = 0
    with tempfile.TemporaryDirectory() as folder:

        def run(*words: str) -> str:
            done = subprocess.run([isoflop, "-q", *words], cwd=folder, capture_output=True, text=True, check=True)
            return done.stdout

        (Path(folder) / "runs.csv").write_text(run("demo", "--runs"), encoding="utf-8")
        run("fit", "runs.csv", "--law", "chinchilla", "--bootstrap", "40", "--save", "fit.json")
        curves = ["run,params,tokens,loss"]
        for k in range(400):
            n, d = 1e4 * 4 ** (k // 100), 1e6 * (1 + k % 100)
            curves.append(f"r{k // 100},{n},{d},{1.5 + 30 / n**0.4 + 60 / d**0.35}")
        (Path(folder) / "curves.csv").write_text("\n".join(curves) + "\n", encoding="utf-8")
        for source in ["fit.json", *sorted(map(str, RESULTS.glob("*.json")))]:
            for theme in ("light", "dark"):
                more = ["--curves", "curves.csv"] if source == "fit.json" else []
                run("plot", source, *more, "-o", "figure.vl.json", "--theme", theme)
                text = (Path(folder) / "figure.vl.json").read_text(encoding="utf-8")
                errors = [error.message[:200] for error in validator.iter_errors(json.loads(text))]
                print(f"{'FAIL' if errors else 'ok  '} figures of {Path(source).name}, {theme}", *errors[:1])
                failed += bool(errors)
        # The check itself can fail.
        wrong = json.loads(text)
        wrong.get("concat", [wrong])[0]["layer"][0]["mark"] = {"type": "blob"}
        if validator.is_valid(wrong):
            print("FAIL a wrong mark is not noticed")
            failed += 1
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
