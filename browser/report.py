"""The report of `isoflop report` as a reader has it: from a file in Chromium, by mouse and keys, narrow and wide.

Usage: report.py ISOFLOP [SCREENSHOTS]; prints a line for each check and ends with 1 if one fails. With a folder for
screenshots it writes those that are kept, reviewed, in browser/reference.
"""

import csv
import json
import math
import subprocess
import sys
import tempfile
import time
import traceback
import xml.etree.ElementTree
from pathlib import Path

from chromium import axe, console_errors, driver, keep, scheme, viewport
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

LAW = "loss ~ E + A / N^alpha + B / D^beta"
SLIDE = """
const sliders = [...document.querySelectorAll("input[type=range]")];
const slider = sliders.find((s) => s.ariaLabel === arguments[0] + ", slider");
slider.value = arguments[1];
const began = performance.now();
slider.dispatchEvent(new Event("input"));
document.body.getBoundingClientRect();
return performance.now() - began;
"""


def table(rows: int) -> str:
    """Runs of a Chinchilla law, a little off it."""
    lines = ["N,D,loss"]
    for k in range(rows):
        n, d = 1e7 * 1.7 ** (k % 8), 2e8 * 1.9 ** (k // 8 % 8)
        loss = (1.7 + 400 / n**0.34 + 2000 / d**0.37) * (1 + 0.004 * ((k * 7919 % 101) / 50 - 1))
        lines.append(f"{n},{d},{loss}")
    return "\n".join(lines) + "\n"


class Report:
    """A folder with runs, fit and reports, and a page."""

    def __init__(self, isoflop: str, folder: Path, shots: Path | None) -> None:
        self.isoflop, self.folder, self.shots = isoflop, folder, shots
        (folder / "runs.csv").write_text(table(128), encoding="utf-8")
        self.run("fit", "runs.csv", "--law", LAW, "--bootstrap", "200", "--save", "fit.json")
        self.json("compare", "runs.csv", "--laws", "chinchilla,kaplan_nd", keep="compare.json")
        self.run("report", "fit.json", "--with", "compare.json", "-o", "report.html")
        self.run("report", "runs.csv", "--law", LAW, "--where", "D < 6e8", "--bootstrap", "0", "-o", "doubtful.html")
        self.page = driver()
        self.page.execute_cdp_cmd(
            "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(folder / "taken")}
        )

    def run(self, *words: str) -> str:
        """What the program prints."""
        command = [self.isoflop, "-q", *words]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def json(self, *words: str, keep: str | None = None) -> dict:
        """The same as JSON."""
        text = self.run(*words, "--format", "json")
        if keep:
            (self.folder / keep).write_text(text, encoding="utf-8")
        return json.loads(text)

    def open(self, name: str = "report.html", width: int = 1280, dark: bool = False) -> None:
        """The page anew."""
        viewport(self.page, width)
        scheme(self.page, dark)
        self.page.get((self.folder / name).as_uri())
        WebDriverWait(self.page, 20).until(lambda page: page.execute_script("return document.readyState") == "complete")

    def keep(self, width: int, dark: bool) -> None:
        """The top of the page, and one figure, as pictures."""
        if not self.shots or width == 2560 or (width == 400 and dark):
            return
        name = "narrow" if width == 400 else "dark" if dark else "light"
        keep(self.page, self.shots / f"report-{name}.png")
        if width == 1280:
            drawn = self.page.find_elements(By.CSS_SELECTOR, "figure .stage")[4]
            drawn.screenshot(str(self.shots / f"figure-{name}.png"))

    def find(self, selector: str):
        """The first element."""
        return self.page.find_element(By.CSS_SELECTOR, selector)

    def button(self, text: str, figure: int = 0):
        """A button below a figure."""
        box = self.page.find_elements(By.CSS_SELECTOR, "figure")[figure]
        return next(b for b in box.find_elements(By.CSS_SELECTOR, ".tools button") if b.text == text)

    def dataset(self, selector: str) -> dict:
        """The data attributes of an element."""
        return self.page.execute_script("return {...document.querySelector(arguments[0]).dataset}", selector)


def near(a: float, b: float, tolerance: float) -> bool:
    """Whether two numbers are the same but for a relative error."""
    return math.isclose(float(a), float(b), rel_tol=tolerance)


def opens_without_complaint(report: Report) -> None:
    """No error in the console, nothing loaded, no violation, at three widths, light and dark."""
    for dark in (False, True):
        for width in (400, 1280, 2560):
            report.open(width=width, dark=dark)
            loaded = report.page.execute_script("return performance.getEntriesByType('resource').map((e) => e.name)")
            assert not [name for name in loaded if not name.startswith("data:")], loaded
            report.keep(width, dark)
            too_wide = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
            assert report.page.execute_script(too_wide) <= 0, f"{width} pixels are too narrow"
            assert not (found := axe(report.page)), "\n".join(found)
            assert not (said := console_errors(report.page)), said
    colours = []
    for dark in (False, True):
        report.open(dark=dark)
        colours.append(report.page.execute_script("return getComputedStyle(document.querySelector('.iff .bg')).fill"))
    assert colours[0] != colours[1], colours


def sliders_say_what_rust_says(report: Report) -> None:
    """Estimate and ends of the interval, at several places, inside the runs and far beyond."""
    report.open()
    first = report.dataset("#answer")["estimate"]
    times = []
    for n, d in ((100, 900), (500, 500), (1000, 1000), (640, 720)):
        times += [report.page.execute_script(SLIDE, "N", n), report.page.execute_script(SLIDE, "D", d)]
        shown = report.dataset("#answer")
        point = ",".join(f"{name}={value!r}" for name, value in json.loads(shown["point"]).items())
        told = report.json("predict", "fit.json", "--at", point)["points"][0]
        for key in ("estimate", "low", "high"):
            assert near(shown[key], told[key], 1e-9), f"{point}: {key} {shown[key]} here, {told[key]} in Rust"
    assert shown["estimate"] != first
    assert "made of" in report.find("#parts").text and "beyond the runs" in report.find("#beyond").text
    assert max(times) < 50, f"a slider answers after {max(times):.0f} ms"
    print(f"     slider: {max(times):.1f} ms at most", flush=True)


def a_budget_is_spent_as_the_plan_says(report: Report) -> None:
    """N, D and loss for a budget, with and without demand."""
    report.open()
    for budget, demand in ((600, 0), (800, 400)):
        report.page.execute_script(SLIDE, "budget", budget)
        report.page.execute_script(SLIDE, "demand", demand)
        best = {key: float(value) for key, value in report.dataset("#best").items()}
        low, high = 6 * 1e7 * 1.7**7 * 2e8 * 1.9**7, 1e10
        cost = low / 1e4 * high ** (budget / 1000)
        served = 2e8 * 1.9**7 * 1e4 * demand / 1000
        constraint = f"6*N*D + 2*N*{served!r} <= {cost!r}"
        plan = report.json("plan", "fit.json", "--minimize", "loss", "--over", "N,D", "--subject-to", constraint)
        assert near(best["value"], plan["objective"]["estimate"], 1e-9), (best, plan["objective"])
        assert near(best["n"], plan["decision"]["N"]["estimate"], 1e-3), (best, plan["decision"])
    report.find("#budget button").click()
    assert near(report.dataset("#answer")["estimate"], best["value"], 1e-9)


def figures_can_be_zoomed(report: Report) -> None:
    """By keys, buttons and the mouse, and back to the very same drawing."""
    report.open()
    line = "return document.querySelector('figure .plot path.m').getAttribute('d')"
    ticks = "return document.querySelector('figure .ax').innerHTML"
    whole = (report.page.execute_script(line), report.page.execute_script(ticks))
    stage = report.find("figure .stage")
    stage.send_keys("+", "+", Keys.ARROW_LEFT)
    zoomed = (report.page.execute_script(line), report.page.execute_script(ticks))
    assert zoomed[0] != whole[0] and zoomed[1] != whole[1] and "text" in zoomed[1]
    stage.send_keys("0")
    assert (report.page.execute_script(line), report.page.execute_script(ticks)) == whole
    ActionChains(report.page).move_to_element_with_offset(stage, -150, -60).click_and_hold().move_by_offset(
        140, 90
    ).release().perform()
    assert report.dataset("figure")["zoomed"] == "true"
    report.button("All").click()
    assert report.page.execute_script(line) == whole[0]


def markers_speak_and_series_can_be_hidden(report: Report) -> None:
    """Hover and legend."""
    report.open()
    places = """
      const svg = document.querySelector("figure svg"), box = svg.getBoundingClientRect();
      const [, x, y] = /M([\\d.]+),([\\d.]+)/.exec(svg.querySelector(".plot path.m").getAttribute("d"));
      svg.scrollIntoView();
      const now = svg.getBoundingClientRect(), scale = now.width / svg.viewBox.baseVal.width;
      return [(x - 330) * scale, (y - 200) * scale];
    """
    x, y = report.page.execute_script(places)
    ActionChains(report.page).move_to_element_with_offset(report.find("figure svg"), round(x), round(y)).perform()
    tip = report.find("figure .tip")
    assert tip.is_displayed() and "·" in tip.text, tip.text
    shown = "return [...arguments[0].querySelectorAll('.plot [data-e=\"0\"]')].map((e) => e.style.display)"
    toggle = report.find("figure .tools button[aria-pressed]")
    toggle.send_keys(Keys.ENTER)
    figure = report.find("figure")
    assert toggle.get_dom_attribute("aria-pressed") == "false"
    assert set(report.page.execute_script(shown, figure)) == {"none"}
    toggle.send_keys(Keys.ENTER)
    assert "none" not in report.page.execute_script(shown, figure)


def figures_can_be_taken(report: Report) -> None:
    """CSV with the rows of the table, SVG that parses, PNG."""
    report.open()
    for kind in ("CSV", "SVG", "PNG"):
        report.button(kind, figure=1).click()
    name = report.dataset("figure:nth-of-type(2)")["file"]
    paths = [report.folder / "taken" / f"{name}.{end}" for end in ("csv", "svg", "png")]
    until = time.monotonic() + 20
    while not all(path.is_file() and path.stat().st_size for path in paths):
        assert time.monotonic() < until, f"not taken: {[path.name for path in paths if not path.is_file()]}"
        time.sleep(0.1)
    rows = list(csv.reader(paths[0].open(encoding="utf-8")))
    count = "return document.querySelectorAll('figure')[1].querySelectorAll('tr').length"
    table_rows = report.page.execute_script(count)
    assert len(rows) == table_rows > 1 and len({len(row) for row in rows}) == 1
    assert xml.etree.ElementTree.parse(paths[1]).getroot().tag.endswith("svg")
    assert paths[2].read_bytes().startswith(b"\x89PNG") and paths[2].stat().st_size > 5000


def keys_reach_everything(report: Report) -> None:
    """The order of the focus is that of the page, and every stop can be seen and has a name."""
    report.open()
    stops = []
    report.find("body").send_keys(Keys.TAB)
    for _ in range(25):
        here = report.page.switch_to.active_element
        name = here.accessible_name
        assert name, here.get_attribute("outerHTML")[:200]
        stops.append(report.page.execute_script("return arguments[0].getBoundingClientRect().top + scrollY", here))
        here.send_keys(Keys.TAB)
    assert len(set(stops)) > 5 and all(b > a - 60 for a, b in zip(stops, stops[1:], strict=False)), stops


def a_doubtful_fit_is_marked(report: Report) -> None:
    """In red, at the top."""
    report.open("doubtful.html")
    alert = report.find("[role=alert]")
    assert alert.text.startswith("Not certified") and alert.location["y"] < 300, alert.text
    red, green, _ = (
        int(part)
        for part in alert.find_element(By.CSS_SELECTOR, "strong").value_of_css_property("color")[5:].split(",")[:3]
    )
    assert red > 2 * green
    if report.shots:
        keep(report.page, report.shots / "report-doubtful.png")
    assert not axe(report.page) and not console_errors(report.page)


def it_is_fast(report: Report) -> None:
    """First paint of a report with 5,000 runs and 1,000 replicates."""
    runs = report.folder / "many.csv"
    runs.write_text(table(5000), encoding="utf-8")
    report.run("fit", "many.csv", "--law", LAW, "--bootstrap", "1000", "--save", "many.json")
    began = time.monotonic()
    report.run("report", "many.json", "-o", "many.html")
    written = time.monotonic() - began
    report.open("many.html")
    entries = "return performance.getEntriesByType('paint').map((e) => e.startTime)"
    WebDriverWait(report.page, 20).until(lambda page: page.execute_script(entries))
    paint = min(report.page.execute_script(entries))
    slide = max(report.page.execute_script(SLIDE, "N", place) for place in (300, 700, 500))
    size = (report.folder / "many.html").stat().st_size / 1e6
    print(
        f"     5,000 runs, 1,000 replicates: written in {written:.2f} s, {size:.2f} MB, "
        f"first paint after {paint:.0f} ms, slider {slide:.1f} ms",
        flush=True,
    )
    assert paint < 500 and slide < 50


CHECKS = [
    opens_without_complaint,
    sliders_say_what_rust_says,
    a_budget_is_spent_as_the_plan_says,
    figures_can_be_zoomed,
    markers_speak_and_series_can_be_hidden,
    figures_can_be_taken,
    keys_reach_everything,
    a_doubtful_fit_is_marked,
    it_is_fast,
]


def main() -> int:
    """All checks; how many failed."""
    shots = Path(sys.argv[2]) if len(sys.argv) > 2 else None
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        report = Report(str(Path(sys.argv[1]).resolve()), Path(folder).resolve(), shots)
        try:
            for check in CHECKS:
                try:
                    check(report)
                    print(f"ok   {check.__name__}", flush=True)
                except Exception:
                    failed += 1
                    print(f"FAIL {check.__name__}: {traceback.format_exc()}", flush=True)
        finally:
            report.page.quit()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
