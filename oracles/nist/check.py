"""Check the NIST problem list: data and formulas must give the certified residual sum of squares.

Reads crates/isoflop-fit/tests/nist/problems.toml and the .dat files beside it, evaluates each formula at the
certified parameter values in 40-digit arithmetic and compares the residual sum of squares with the certified one.

The certified values carry 11 digits. Rounding them moves the sum of squares by a second-order amount, which this
script computes from nothing but the file: it allows 1e-9 relative plus the rounding of the values themselves.
Only Lanczos1, whose residuals (1e-13) are smaller than the rounding of its parameters, needs that allowance.

Run from anywhere: python oracles/nist/check.py     (needs mpmath)
"""

import itertools
import re
import sys
import tomllib
from pathlib import Path

import mpmath as mp

mp.mp.dps = 40
FOLDER = Path(__file__).resolve().parents[2] / "crates" / "isoflop-fit" / "tests" / "nist"
NAMES = {name: getattr(mp, name) for name in ("exp", "log", "sqrt", "sin", "cos", "atan", "pi")}
PARAMETER = re.compile(r"^\s*(b\d+)\s*=\s*(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s*$")


def read(path):
    """One .dat file: [(name, start 1, start 2, certified)], certified sum of squares, rows [y, x...], level."""
    lines = path.read_text(encoding="ascii").splitlines()
    first, last = map(int, re.search(r"Data\s+\(lines\s+(\d+)\s+to\s+(\d+)\)", "\n".join(lines[:10])).groups())
    parameters = [m.groups()[:4] for m in map(PARAMETER.match, lines[:60]) if m]
    rss = next(line.split()[-1] for line in lines if line.startswith("Residual Sum of Squares"))
    rows = [[mp.mpf(word) for word in line.split()] for line in lines[first - 1 : last]]
    level = lines[27].split()[0].lower()
    return parameters, mp.mpf(rss), rows, level


def sum_of_squares(problem, rows, values):
    """Residual sum of squares of `left ~ right` over the rows at the parameter values."""
    left, right = (compile(side.strip().replace("^", "**"), problem["name"], "eval") for side in problem["formula"].split("~"))
    total = mp.mpf(0)
    for y, *x in rows:
        scope = NAMES | values | dict(zip(problem["inputs"], x, strict=True)) | {"y": y}
        total += (eval(left, scope) - eval(right, scope)) ** 2
    return total


def half_unit(text):
    """Half a unit in the last printed digit of a number such as 2.3894212918E+02."""
    digits, exponent = re.fullmatch(r"[-+]?\d*\.?(\d*)(?:[eE]([-+]?\d+))?", text).groups()
    return mp.mpf(10) ** (int(exponent or 0) - len(digits)) / 2


def rounding_allowance(problem, rows, texts, at):
    """How far rounding the certified values to their printed digits can lift the sum of squares.

    At the optimum the slope vanishes, so the sum of squares rises by at most the sum over pairs of
    |second difference| for steps of half a unit in the last digit.
    """
    step = {name: half_unit(text) for name, text in texts.items()}
    base = sum_of_squares(problem, rows, at)

    def moved(*names):
        return sum_of_squares(problem, rows, at | {n: at[n] + step[n] for n in names})

    single = {n: moved(n) for n in at}
    rise = sum(abs(s - base) for s in single.values())
    return rise + sum(abs(moved(a, b) - single[a] - single[b] + base) for a, b in itertools.combinations(at, 2))


def main():
    problems = tomllib.loads((FOLDER / "problems.toml").read_text(encoding="utf-8"))["problem"]
    bad = 0
    for problem in problems:
        parameters, certified, rows, level = read(FOLDER / problem["file"])
        texts = {name: text for name, _, _, text in parameters}
        at = {name: mp.mpf(text) for name, text in texts.items()}
        rss = sum_of_squares(problem, rows, at)
        error = abs(rss - certified)
        allowed = certified * mp.mpf("1e-9")
        if error > allowed:
            allowed += rounding_allowance(problem, rows, texts, at)
        counts = (len(rows), len(parameters), level)
        good = error <= allowed and counts == (problem["observations"], problem["parameters"], problem["level"])
        bad += not good
        print(f"{'ok  ' if good else 'FAIL'} {problem['name']:10} {mp.nstr(rss, 11):>18} certified {mp.nstr(certified, 11):>18}"
              f"  relative error {float(error / certified):.1e}, allowed {float(allowed / certified):.1e}")
    print(f"{len(problems) - bad} problems agree, {bad} do not")
    return 1 if bad or len(problems) != 27 else 0


if __name__ == "__main__":
    sys.exit(main())
