"""Run a command and report what it cost: python bench/measure.py COMMAND [ARGUMENT...]

Prints one line: wall and CPU seconds, peak resident memory in bytes, exit status. The command's own output is dropped,
its messages go through to stderr. Linux and macOS.
"""

import resource
import subprocess
import sys
import time


def main():
    start = time.perf_counter()
    status = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=False).returncode
    seconds = time.perf_counter() - start
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    unit = 1 if sys.platform == "darwin" else 1024
    print(f"seconds={seconds} cpu={used.ru_utime + used.ru_stime} rss={used.ru_maxrss * unit} status={status}")


if __name__ == "__main__":
    main()
