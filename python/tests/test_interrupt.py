"""Ctrl-C ends a long fit at once, and the module is quick to load."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

import isoflop as iso


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_ctrl_c(columns):
    pressed = []
    # A shell starts background jobs with Ctrl-C ignored, and then Python does not listen to it either.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)

    def press():
        pressed.append(time.perf_counter())
        os.kill(os.getpid(), signal.SIGINT)

    timer = threading.Timer(1.0, press)
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        iso.fit(columns, "chinchilla", bootstrap=100_000)
    took = time.perf_counter() - pressed[0]
    signal.signal(signal.SIGINT, before)
    timer.join()
    print(f"a fit ended {took:.3f} s after Ctrl-C")
    # 0.2 s on a quiet machine; others may share the cores of this one.
    assert took < 1.0


def test_import_time():
    code = "import time, numpy; t = time.perf_counter(); import isoflop; print(time.perf_counter() - t)"
    runs = [float(subprocess.check_output([sys.executable, "-c", code])) for _ in range(3)]
    print(f"import isoflop after numpy: {1000 * min(runs):.0f} ms")
    assert min(runs) < 0.15


def test_nothing_optional_is_imported():
    code = (
        "import sys, isoflop; names = 'pandas polars pyarrow sklearn matplotlib ray arviz altair'; "
        "print([m for m in names.split() if m in sys.modules])"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"
