"""Debian's Chromium for the browser tests: a driver, what axe-core says of a page, and what its console says."""

import os
import shutil
from pathlib import Path

import axe_selenium_python
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

AXE = Path(axe_selenium_python.__file__).parent / "node_modules/axe-core/axe.min.js"


def driver(width: int = 1280, height: int = 900, dark: bool = False) -> webdriver.Chrome:
    """A headless Chromium with a window of this size."""
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    options.add_argument("--headless=new")
    options.add_argument(f"--window-size={width},{height}")
    options.add_argument("--force-prefers-reduced-motion")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options.add_argument("--no-sandbox")
    made = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    made.set_script_timeout(60)
    scheme(made, dark)
    return made


def scheme(made: webdriver.Chrome, dark: bool) -> None:
    """Makes pages light or dark, as the reader's system would."""
    value = "dark" if dark else "light"
    features = [{"name": "prefers-color-scheme", "value": value}]
    made.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


def viewport(made: webdriver.Chrome, width: int, height: int = 900) -> None:
    """A page of this width, which windows cannot all have."""
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    made.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


def keep(made: webdriver.Chrome, path: Path) -> None:
    """A picture of what can be seen, small enough to be kept."""
    made.save_screenshot(str(path))
    shrink(path)


def shrink(path: Path, scale: float = 1.0) -> None:
    """A picture in few colours, where Pillow is there; only pictures that are to be kept need it."""
    try:
        from PIL import Image
    except ImportError:
        return
    with Image.open(path) as picture:
        size = (round(picture.width * scale), round(picture.height * scale))
        small = picture.convert("RGB").resize(size, Image.Resampling.LANCZOS) if scale != 1 else picture.convert("RGB")
    small.quantize(200, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(path, optimize=True)


def axe(made: webdriver.Chrome) -> list[str]:
    """The serious and critical violations that axe-core finds, one line each."""
    made.execute_cdp_cmd("Runtime.evaluate", {"expression": AXE.read_text(encoding="utf-8")})
    found = made.execute_async_script(
        "const done = arguments[arguments.length - 1]; axe.run(document).then((r) => done(r.violations));"
    )
    serious = [v for v in found if v["impact"] in ("serious", "critical")]
    return [f"{v['id']}: {v['help']}: {[node['html'][:160] for node in v['nodes'][:4]]}" for v in serious]


def console_errors(made: webdriver.Chrome) -> list[str]:
    """What pages complained about since the last call."""
    return [entry["message"] for entry in made.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]
