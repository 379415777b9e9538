"""Check the built command line against scipy and 40-digit Newton, end to end.

    python oracles/cli/check.py PATH_TO_ISOFLOP

Writes the synthetic twin table (oracles/tables.py), fits it with `isoflop fit` under several objectives and compares
parameters and objective with an optimum found independently (oracles/objectives.py), to 1e-9 relative. Then predicts
from a saved fit and compares with the formula.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import objectives as ob
import tables

NAMES = ("huber-log", "huber", "squares", "squares-log", "student-t-log")
TOLERANCE = 1e-9


def isoflop(binary, *arguments):
    """The JSON that a command prints; its messages when it fails."""
    done = subprocess.run([binary, *map(str, arguments), "--format", "json"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"isoflop {' '.join(map(str, arguments))}: exit {done.returncode}: {done.stderr.strip()}")
    return json.loads(done.stdout)


def fit_agrees(binary, file, rows, name, title):
    """Whether the program and the oracle end at the same optimum."""
    objective = next(o for o in ob.OBJECTIVES if o.name == name)
    p, *_ = ob.search(objective, rows, subsets=20)
    p, goal, *_ = ob.polish(objective, rows, p)
    wanted = ob.natural(p)
    fit = isoflop(binary, "fit", file, "--law", "chinchilla", "--objective", name, "--bootstrap", 0)
    off = max(abs(fit["parameters"][k]["estimate"] / wanted[k] - 1) for k in ob.NAMES)
    short = abs(fit["objective"]["value"] / float(goal) - 1)
    verdict = fit["certificate"]["verdict"]
    good = off <= TOLERANCE and short <= TOLERANCE and fit["rows"]["used"] == len(rows) and verdict != "not certified"
    print(f"{'ok  ' if good else 'FAIL'} {title} {name:14} parameters off by {off:.1e}, objective by {short:.1e}, {verdict}")
    return good


def prediction_agrees(binary, file, folder):
    """Whether a saved fit predicts what its own parameters say."""
    saved, point = Path(folder) / "fit.json", {"N": 70e9, "D": 1.4e12}
    fit = isoflop(binary, "fit", file, "--law", "chinchilla", "--bootstrap", 0, "--save", saved)
    at = {name: value["estimate"] for name, value in fit["parameters"].items()}
    wanted = tables.law(point["N"], point["D"], **at)
    found = isoflop(binary, "predict", saved, "--at", "N=70B,D=1.4T")["points"][0]["estimate"]
    good = abs(found / wanted - 1) < 1e-12
    print(f"{'ok  ' if good else 'FAIL'} predict N=70B, D=1.4T: {found}, formula {wanted}")
    return good


def tried(comparison, *arguments):
    """A comparison that fails, rather than ends everything, when the program does not do its part."""
    try:
        return comparison(*arguments)
    except (RuntimeError, KeyError, TypeError, ValueError) as reason:
        print(f"FAIL {comparison.__name__}: {reason!r}")
        return False


def main():
    binary, rows = sys.argv[1], tables.twin()
    held = []
    with tempfile.TemporaryDirectory() as folder:
        for title, part in (("245 rows", rows), ("240 rows", tables.without_highest(rows))):
            file = Path(folder) / f"twin{len(part)}.csv"
            tables.write(file, part)
            held += [tried(fit_agrees, binary, file, part, name, title) for name in NAMES]
        held.append(tried(prediction_agrees, binary, file, folder))
    print(f"{sum(held)} comparisons agree, {len(held) - sum(held)} do not")
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
