"""How long until something happens? Everyday commands, and `affiliate serve` until /healthz answers.

    python bench/starting.py [--rounds 5]

Commands: processor seconds of the whole process, its end included, the least of the rounds; beside them how many times
`python -c pass` that is, which is what remains comparable on a slower machine. Aimed at: 0.6 s. The server: seconds by the
clock, and processor seconds of all its processes until then; aimed at: 3 s. Everything is measured twice: with the byte
code that `make install` makes, and without any, which is what a start costs where nobody made it.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from _servers import Server, free_port

PYTHON = sys.executable
AFFILIATE = str(Path(PYTHON).with_name("affiliate"))
AWIN = "https://www.awin1.com/cread.php?awinmid=3&awinaffid=4&clickref=x&ued=https%3A%2F%2Fshop.example%2F"
COMMANDS = (["--version"], ["--help"], ["link", "list"], ["inspect", AWIN], ["clicks", "count"])


def cpu(command: Sequence[str], environment: Mapping[str, str], rounds: int) -> float:
    """Processor seconds of a command, the least of the rounds; it must succeed."""
    spent = []
    for _ in range(rounds):
        before = _children()
        subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)
        spent.append(_children() - before)
    return min(spent)


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def until_healthy(environment: Mapping[str, str], port: int) -> tuple[float, float]:
    """Seconds by the clock and of the processor until /healthz answers 200."""
    began = time.monotonic()
    with subprocess.Popen(
        [AFFILIATE, "serve", "--port", str(port)], env=environment, stdout=subprocess.DEVNULL
    ) as process:
        server = Server(port, process.pid)
        while server.ask("/healthz")[0] != 200:
            if process.poll() is not None or time.monotonic() - began > 120:
                sys.exit("affiliate serve did not come up")
            time.sleep(0.01)
        taken = time.monotonic() - began, server.cpu_seconds()
        process.terminate()
    return taken


def measure(environment: Mapping[str, str], rounds: int) -> None:
    nothing = cpu([PYTHON, "-c", "pass"], environment, rounds)
    print(f"  {'python -c pass':<40}{nothing:6.3f} s")
    for command in COMMANDS:
        spent = cpu([AFFILIATE, *command], environment, rounds)
        print(
            f"  {'affiliate ' + ' '.join(command)[:28]:<40}{spent:6.3f} s   {spent / nothing:5.1f} times python -c pass"
        )
    starts = [until_healthy(environment, free_port()) for _ in range(min(rounds, 3))]
    wall, spent = min(starts)
    print(f"  {'affiliate serve, until /healthz':<40}{wall:6.2f} s   {spent:.2f} s of the processor")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("AFFILIATE_", "PYTHON"))}
    with tempfile.TemporaryDirectory() as folder:
        warm = {**plain, "AFFILIATE_DATA_DIR": folder}
        until_healthy(warm, free_port())  # makes the database, and the byte code where it is missing
        print(f"With byte code (load of this machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores)")
        measure(warm, rounds)
        print("Without: every process compiles what it loads")
        measure({**warm, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPYCACHEPREFIX": f"{folder}/none"}, 1)


if __name__ == "__main__":
    main()
