"""`isoflop serve` as a user has it: in Chromium, by keyboard, narrow and wide, and its API under schemathesis.

Usage: explorer.py ISOFLOP [SCREENSHOTS]; prints a line for each check and ends with 1 if one fails.
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

from chromium import axe, console_errors, driver, keep, scheme, viewport
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select, WebDriverWait

LONG = 60
WRONG = "loss ~ E + A / N^^alpha"
RIGHT = "loss ~ E + A / N^alpha + B / D^beta"


def table(rows: int = 64) -> str:
    """Runs of a Chinchilla law, a little off it, with columns of unusual names."""
    lines = ["size,tok,val_loss,run,recipe"]
    for k in range(rows):
        n, d = 1e7 * 1.7 ** (k % 8), 2e8 * 1.9 ** (k // 8 % 8)
        loss = (1.7 + 400 / n**0.34 + 2000 / d**0.37) * (1 + 0.002 * ((k * 7919 % 101) / 50 - 1))
        # The same law, so that a fit of all runs stays one.
        lines.append(f"{n},{d},{loss},r{k},{'old' if (k + k // 8) % 2 else 'new'}")
    lines.append("1e9,,2.1,lost,old")
    return "\n".join(lines) + "\n"


@contextlib.contextmanager
def serving(isoflop: str, folder: Path) -> Iterator[str]:
    """The printed address of an explorer over `folder`."""
    # By a relative path, as the page shows where things lie.
    with subprocess.Popen(
        [isoflop, "serve", folder.name], cwd=folder.parent, stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stdout is not None
            yield server.stdout.readline().strip()
        finally:
            server.terminate() if os.name == "nt" else server.send_signal(2)
            if server.wait(20) != 0:
                raise AssertionError(f"the explorer ended with {server.returncode}")


class Explorer:
    """The page, and what is done with it."""

    def __init__(self, url: str, folder: Path, shots: Path | None) -> None:
        self.url, self.folder, self.shots = url, folder, shots
        self.page = driver()

    def one(self, selector: str) -> WebElement:
        return WebDriverWait(self.page, LONG).until(lambda p: p.find_element(By.CSS_SELECTOR, selector))

    def wait(self, what: Callable[[], object], seconds: float = LONG) -> object:
        waiting = WebDriverWait(self.page, seconds, poll_frequency=0.05, ignored_exceptions=[Exception])
        return waiting.until(lambda _: what())

    def text(self, selector: str) -> str:
        return self.one(selector).text

    def write(self, selector: str, text: str) -> None:
        field = self.one(selector)
        field.send_keys(Keys.CONTROL, "a")
        field.send_keys(Keys.DELETE)
        field.send_keys(text)

    def shot(self, name: str) -> None:
        if self.shots:
            keep(self.page, self.shots / f"{name}.png")

    def clean(self) -> None:
        errors = console_errors(self.page)
        assert not errors, errors
        found = axe(self.page)
        assert not found, "\n".join(found)

    def job(self, kind: str, state: str = "done") -> WebElement:
        """The newest article once it is over."""
        def over() -> WebElement | None:
            article = self.page.find_element(By.CSS_SELECTOR, "#jobs article")
            right = kind in article.find_element(By.CSS_SELECTOR, "h3").text
            return article if right and article.get_attribute("data-state") == state else None
        return self.wait(over)  # type: ignore[return-value]

    # What follows are the checks, in their order.

    def opens_with_the_printed_address(self) -> None:
        self.page.get(self.url)
        self.wait(lambda: self.page.find_element(By.TAG_NAME, "html").get_attribute("data-ready") == "true")
        assert "token" not in self.page.current_url, self.page.current_url
        self.clean()

    def is_locked_without_the_token(self) -> None:
        other = driver()
        try:
            other.get(self.url.split("?")[0])
            assert "Locked" in other.page_source
        finally:
            other.quit()

    def takes_a_dropped_table(self) -> None:
        path = self.folder / "my runs.csv"
        path.write_text(table(), encoding="utf-8")
        # A drop as the browser tells it.
        self.page.execute_script(
            "const data = new DataTransfer(); data.items.add(new File([arguments[0]], 'my runs.csv'));"
            "const drop = new DragEvent('drop', {dataTransfer: data, bubbles: true});"
            "document.getElementById('drop').dispatchEvent(drop);",
            path.read_text(encoding="utf-8"),
        )
        self.wait(lambda: "65 rows of 5 columns" in self.text("#table"))
        assert "val_loss" in self.text("#mapping")

    def marks_a_wrong_formula(self) -> None:
        self.write("#formula", WRONG)
        self.wait(lambda: "^" in self.text("#marks pre"))
        line, carets = self.text("#marks pre").splitlines()
        assert line == WRONG and carets.index("^") == WRONG.index("^^") + 1, (line, carets)
        assert self.one("#formula").get_attribute("aria-invalid") == "true"
        assert self.one("#fit").get_attribute("disabled")
        self.shot("formula")
        self.clean()

    def corrects_the_mapping(self) -> None:
        self.write("#formula", RIGHT)
        self.wait(lambda: "reads N" in self.text("#rows"))
        for name, column in [("N", "size"), ("D", "tok")]:
            Select(self.one(f"#role-{name}")).select_by_value(column)
            self.wait(lambda n=name, c=column: Select(self.one(f"#role-{n}")).first_selected_option.text == c)
        self.wait(lambda: "64 rows of 65 can be used" in self.text("#rows"))
        assert "tok is missing" in self.text("#rows"), self.text("#rows")

    def fits(self) -> None:
        self.write("#bootstrap", "100")
        self.one("#bootstrap").send_keys(Keys.TAB)
        self.wait(lambda: self.one("#fit").is_enabled())
        self.one("#fit").click()
        article = self.job("Fit")
        self.wait(lambda: article.find_element(By.CSS_SELECTOR, "figure svg"))
        assert "certified" in article.text and "alpha" in article.text, article.text
        again = article.find_element(By.XPATH, ".//details[summary='Repeat elsewhere']//pre")
        command = again.get_attribute("textContent")
        assert "--map N=size --map D=tok --bootstrap 100" in command, command
        self.clean()

    def forecasts(self) -> None:
        article = self.job("Fit")
        article.find_element(By.XPATH, ".//button[.='Forecast']").click()
        self.wait(lambda: "loss = " in article.text and "beyond the runs" in article.text)

    def plans(self) -> None:
        article = self.job("Fit")
        field = self.wait(lambda: article.find_element(By.CSS_SELECTOR, "[data-name=flops]"))
        field.send_keys("1e22")  # type: ignore[union-attr]
        article.find_element(By.CSS_SELECTOR, "[data-plan] button").click()
        assert "N = " in self.job("Plan").text

    def plans_without_a_fit(self) -> None:
        self.one("#published summary").click()
        form = "#published [data-plan]"
        self.wait(lambda: self.page.find_element(By.CSS_SELECTOR, f"{form} [data-name=D]"))
        for name, value in [("N", "7B"), ("D", "2T")]:
            self.write(f"{form} [data-name={name}]", value)
        self.one(f"{form} button").click()
        text = self.job("Plan").text
        assert "step law" in text and "measured on" in text, text
        self.clean()

    def profiles(self) -> None:
        self.write("#of", "alpha")
        self.one("#profile button").click()
        article = self.job("Profile")
        self.wait(lambda: article.find_element(By.CSS_SELECTOR, "figure svg"))
        assert "profile of alpha" in article.get_attribute("innerHTML")
        self.clean()

    def contrasts_two_recipes(self) -> None:
        Select(self.one("#arm")).select_by_visible_text("recipe")
        self.one("#contrast button").click()
        article = self.job("Contrast")
        self.wait(lambda: len(article.find_elements(By.CSS_SELECTOR, "figure svg")) == 2)
        assert "old" in article.text and "new" in article.text, article.text[:400]
        self.clean()

    def chooses_the_next_runs(self) -> None:
        self.write("#goal", "loss at N=70B,D=1.4T")
        self.write("#budget", "3e20")
        self.one("#next button").click()
        article = self.job("Next runs")
        self.wait(lambda: article.find_element(By.CSS_SELECTOR, "figure svg"))
        commands = [pre.get_attribute("textContent") for pre in article.find_elements(By.CSS_SELECTOR, "pre.wrap")]
        assert "isoflop next" in commands[0] and "iso.next_runs(" in commands[1], commands

    def compares(self) -> None:
        self.write("#laws", "chinchilla, kaplan_nd")
        self.one("[data-kind=compare]").click()
        article = self.job("Comparison")
        assert "chinchilla" in article.text
        self.wait(lambda: article.find_element(By.CSS_SELECTOR, "figure svg"))
        self.clean()

    def exports_the_report_with_all_results(self) -> None:
        link = self.page.find_element(By.XPATH, "//a[.='Export report']")
        address = self.page.execute_async_script(
            "const [link, done] = arguments; const click = HTMLAnchorElement.prototype.click;"
            "HTMLAnchorElement.prototype.click = function () {"
            "  HTMLAnchorElement.prototype.click = click; done(this.getAttribute('href'));};"
            "link.dispatchEvent(new MouseEvent('click', {cancelable: true}));", link)
        assert "with=" in address, address
        report = self.page.execute_async_script(
            "fetch(arguments[0]).then((r) => r.text()).then(arguments[1])", address)
        for head in ["Comparison of laws", "Two recipes", "Profiles", "Next runs", "Plan", "isoflop report"]:
            assert head in report, head

    def cancels_a_long_job(self) -> None:
        self.write("#bootstrap", "20000")
        self.one("#bootstrap").send_keys(Keys.TAB)
        self.one("#fit").click()
        selector = "#jobs article:first-child[data-state=running] [data-cancel]"
        button = self.wait(lambda: self.page.find_element(By.CSS_SELECTOR, selector))
        began = time.monotonic()
        button.click()  # type: ignore[union-attr]
        self.job("Fit", "cancelled")
        assert time.monotonic() - began < 20

    def survives_a_reload(self) -> None:
        titles = [e.text for e in self.page.find_elements(By.CSS_SELECTOR, "#jobs h3")]
        self.page.refresh()
        self.wait(lambda: self.page.find_element(By.TAG_NAME, "html").get_attribute("data-ready") == "true")
        self.wait(lambda: [e.text for e in self.page.find_elements(By.CSS_SELECTOR, "#jobs h3")] == titles)
        self.wait(lambda: "64 rows of 65 can be used" in self.text("#rows"))
        assert self.one("#formula").get_attribute("value") == RIGHT
        assert Select(self.one("#role-N")).first_selected_option.text == "size"

    def is_usable_narrow_and_wide_light_and_dark(self) -> None:
        for width in (400, 1280, 2560):
            for dark in (False, True):
                viewport(self.page, width)
                scheme(self.page, dark)
                wide = self.page.execute_script("return document.documentElement.scrollWidth")
                assert wide <= width, f"{wide} wide at {width}"
                self.page.execute_script("window.scrollTo(0, 0)")
                self.shot(f"explorer-{width}-{'dark' if dark else 'light'}")
                found = axe(self.page)
                assert not found, f"{width} {'dark' if dark else 'light'}\n" + "\n".join(found)
        viewport(self.page, 1280)
        scheme(self.page, False)

    def is_used_by_keyboard(self) -> None:
        self.page.execute_script("document.activeElement.blur(); window.scrollTo(0, 0)")
        seen = []
        for _ in range(60):
            ActionChains(self.page).send_keys(Keys.TAB).perform()
            element = self.page.switch_to.active_element
            seen.append(element.get_attribute("id") or element.text)
        wanted = ["file", "role-N", "lets", "filters", "formula", "search", "objective", "fit"]
        places = [seen.index(name) if name in seen else -1 for name in wanted]
        assert -1 not in places and places == sorted(places), list(zip(wanted, places, strict=True))

    def follows_a_file(self) -> None:
        runs = self.folder / "live.csv"
        runs.write_text(table(32).replace("size,tok", "N,D"), encoding="utf-8")
        self.page.get(self.url)
        button = self.wait(lambda: self.page.find_element(By.XPATH, "//*[@id='files']//button[.='live.csv']"))
        button.click()  # type: ignore[union-attr]
        self.wait(lambda: "33 rows" in self.text("#table"))
        self.write("#bootstrap", "0")
        self.one("#bootstrap").send_keys(Keys.TAB)
        self.one("#watch").click()
        time.sleep(3)
        before = len(self.page.find_elements(By.CSS_SELECTOR, "#jobs article"))
        runs.write_text(table(64).replace("size,tok", "N,D"), encoding="utf-8")
        self.wait(lambda: len(self.page.find_elements(By.CSS_SELECTOR, "#jobs article")) > before)
        assert "64 rows" in self.job("Fit").text
        self.one("#watch").click()

    def asks_nobody_else(self) -> None:
        entries = self.page.execute_script("return performance.getEntriesByType('resource').map((e) => e.name)")
        here = self.url.split("?")[0]
        assert entries and all(name.startswith(here) for name in entries), entries

    def draws_a_million_points(self) -> None:
        path = self.folder / "curves.csv"
        with path.open("w", encoding="utf-8") as file:
            file.write("run,step,loss\n")
            for run in range(10):
                for step in range(100_000):
                    file.write(f"r{run},{step},{2 + run / 10 + 3 / (1 + step) ** 0.3:.6f}\n")
        self.page.get(self.url)
        button = self.wait(lambda: self.page.find_element(By.XPATH, "//*[@id='files']//button[.='curves.csv']"))
        button.click()  # type: ignore[union-attr]
        self.wait(lambda: "1,000,000 rows" in self.text("#curves"))
        self.page.execute_script("document.querySelector('#curves').scrollIntoView()")
        self.shot("curves")
        # From a key to the new picture.
        took = self.page.execute_async_script(
            "const done = arguments[0]; const canvas = document.querySelector('#curves canvas');"
            "const told = document.querySelector('#curves [role=status]'); const before = told.textContent;"
            "const start = performance.now(); new MutationObserver(() => {"
            "if (told.textContent !== before) done(performance.now() - start);})"
            ".observe(told, {childList: true, characterData: true, subtree: true});"
            "canvas.dispatchEvent(new KeyboardEvent('keydown', {key: '+', bubbles: true}));"
        )
        print(f"     zoom into 1,000,000 points: {took:.0f} ms")
        assert took < 2000, took

    def paints_soon(self) -> None:
        self.page.get(self.url)
        paint = self.wait(lambda: self.page.execute_script(
            "return performance.getEntriesByName('first-contentful-paint').map((e) => e.startTime)[0]"))
        print(f"     first paint: {paint:.0f} ms")
        assert paint < 1500, paint  # type: ignore[operator]


def schemathesis(url: str) -> None:
    """The API against its description: no server error, nothing that the description does not say."""
    base, token = url.split("/?token=")
    command = Path(sys.executable).with_name("schemathesis")
    request = urllib.request.Request(f"{base}/api/openapi.json", headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request) as answer:
        description = json.load(answer)
    # Streams do not end, and the token is held back from no request.
    for path in list(description["paths"]):
        if path.endswith("/events"):
            del description["paths"][path]
    with tempfile.TemporaryDirectory() as folder:
        schema = Path(folder) / "openapi.json"
        schema.write_text(json.dumps(description), encoding="utf-8")
        checks = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
        done = subprocess.run(
            [command, "run", str(schema), "--url", base, "-H", f"Authorization: Bearer {token}", "--checks", checks,
             "--max-examples", "20", "--seed", "1", "--no-color", "--phases", "examples,coverage,fuzzing"],
            capture_output=True, text=True, timeout=300, check=False, cwd=folder,
        )
    print("\n".join(f"     {line}" for line in done.stdout.splitlines()[-14:]))
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]


def neutral(place: str) -> Path:
    """A folder whose name says nothing, as pictures show it."""
    folder = Path(place) / "runs"
    folder.mkdir(exist_ok=True)
    return folder


def main() -> int:
    isoflop = str(Path(sys.argv[1]).resolve())
    shots = Path(sys.argv[2]) if len(sys.argv) > 2 else None
    failed = 0

    def check(name: str, work: Callable[[], None]) -> None:
        nonlocal failed
        began = time.monotonic()
        try:
            work()
            print(f"ok   {name} ({time.monotonic() - began:.1f} s)", flush=True)
        except Exception:  # Each check stands alone; what failed is printed.
            failed += 1
            print(f"FAIL {name}\n{traceback.format_exc()}", flush=True)
            explorer.shot(f"failed-{name.replace(' ', '-')}")

    with tempfile.TemporaryDirectory() as place, serving(isoflop, neutral(place)) as url:
        explorer = Explorer(url, neutral(place), shots)
        try:
            for name in [n for n in vars(Explorer) if n not in HELPERS and not n.startswith("_")]:
                check(name.replace("_", " "), getattr(explorer, name))
        finally:
            explorer.page.quit()
        check("the API keeps its description", lambda: schemathesis(url))
    print(f"{failed} failed")
    return 1 if failed else 0


HELPERS = {"one", "wait", "text", "write", "shot", "clean", "job"}

if __name__ == "__main__":
    sys.exit(main())
