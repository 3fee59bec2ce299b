"""What does it cost to journal a click? Our segment in its three durabilities, beside what else could hold the clicks.

    python bench/journal.py [--seconds 1.2] [--folder FOLDER]

Every way stores the same record of 190 bytes, packed anew for each click, one click a call; with one thread and with the
eight of a web worker. The folder should lie on the disk that would hold the journal: in memory a sync costs nothing.
"""

import argparse
import importlib
import json
import os
import random
import tempfile
import threading
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter_ns
from typing import Any

import lmdb

from affiliate.redirect.counters import Counters
from affiliate.redirect.journal import Durability, JournalWriter
from affiliate.redirect.records import ClickRecord, frame

THREADS = (1, 8)
CLICK = ClickRecord(
    1_795_000_000_000,
    -7_123_456_789,
    123_456,
    8,
    "a0000000001y",
    "GB",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0",
    "mag.example",
    "/style/partywear-for-november/",
    "mag.example",
    "",
)

Append = Callable[[], object]
Close = Callable[[], object]


@dataclass(frozen=True)
class Measured:
    per_second: float
    p50_us: float
    p99_us: float


def segment(folder: Path, durability: Durability) -> tuple[Append, Close]:
    writer = JournalWriter(folder, Counters(folder), segment_bytes=16 << 20, durability=durability)
    return lambda: writer.append(CLICK), writer.close


def write(folder: Path, *, sync: bool) -> tuple[Append, Close]:
    file = os.open(folder / "clicks", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def append() -> None:
        os.write(file, frame(CLICK))
        if sync:
            os.fdatasync(file)

    return append, lambda: os.close(file)


def in_lmdb(folder: Path, *, sync: bool) -> tuple[Append, Close]:
    environment = lmdb.open(str(folder / "clicks.mdb"), subdir=False, map_size=8 << 30, sync=sync)
    lock, number = threading.Lock(), 0

    def append() -> None:
        nonlocal number
        framed = frame(CLICK)
        with lock:
            number += 1
            key = number.to_bytes(8, "big")
        with environment.begin(write=True) as transaction:
            transaction.put(key, framed)

    return append, environment.close


def in_sqlite(folder: Path, *, synchronous: str) -> tuple[Append, Close]:
    """One connection for all threads: with one each, they would wait for each other in SQLite's sleeps."""
    connection = _sqlite().connect(folder / "clicks.db", check_same_thread=False, isolation_level=None)
    for statement in (
        "PRAGMA journal_mode=WAL",
        f"PRAGMA synchronous={synchronous}",
        "CREATE TABLE clicks (id INTEGER PRIMARY KEY, record BLOB)",
    ):
        connection.execute(statement)
    lock = threading.Lock()

    def append() -> None:
        framed = frame(CLICK)
        with lock:
            connection.execute("INSERT INTO clicks (record) VALUES (?)", (framed,))

    return append, connection.close


def _sqlite() -> Any:
    """As in the product: pysqlite3 where there is one."""
    try:
        return importlib.import_module("pysqlite3.dbapi2")
    except ImportError:
        return importlib.import_module("sqlite3")


WAYS: dict[str, Callable[[Path], tuple[Append, Close]]] = {
    "segment, kernel": lambda folder: segment(folder, "kernel"),
    "segment, interval": lambda folder: segment(folder, "interval"),
    "segment, click": lambda folder: segment(folder, "click"),
    "write(2)": lambda folder: write(folder, sync=False),
    "write(2) and fdatasync": lambda folder: write(folder, sync=True),
    "LMDB put, no sync": lambda folder: in_lmdb(folder, sync=False),
    "LMDB put": lambda folder: in_lmdb(folder, sync=True),
    "SQLite insert, NORMAL": lambda folder: in_sqlite(folder, synchronous="NORMAL"),
    "SQLite insert, FULL": lambda folder: in_sqlite(folder, synchronous="FULL"),
}


def measure(append: Append, threads: int, seconds: float) -> Measured:
    start = threading.Barrier(threads + 1)
    taken: list[array[int]] = [array("q") for _ in range(threads)]
    ends: list[int] = []

    def run(times: "array[int]") -> None:
        start.wait()
        now = perf_counter_ns()
        until = now + int(seconds * 1e9)
        while now < until:
            began = now
            append()
            now = perf_counter_ns()
            times.append(now - began)
        ends.append(now)

    running = [threading.Thread(target=run, args=(times,)) for times in taken]
    for thread in running:
        thread.start()
    start.wait()
    began = perf_counter_ns()
    for thread in running:
        thread.join()
    times = sorted(time for some in taken for time in some)
    lasted = (max(ends) - began) / 1e9
    return Measured(len(times) / lasted, times[len(times) // 2] / 1e3, times[len(times) * 99 // 100] / 1e3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=1.2)
    parser.add_argument("--folder", type=Path)
    wanted = parser.parse_args()
    results: dict[tuple[str, int], Measured] = {}
    runs = [(way, threads) for way in WAYS for threads in THREADS]
    random.shuffle(runs)
    for way, threads in runs:
        with tempfile.TemporaryDirectory(prefix="affiliate-bench-", dir=wanted.folder) as folder:
            append, close = WAYS[way](Path(folder))
            append()  # the first one makes the file
            results[way, threads] = measure(append, threads, wanted.seconds)
            close()
    report(results)


def report(results: dict[tuple[str, int], Measured]) -> None:
    print(f"One record has {len(frame(CLICK))} bytes. Ratio: to the segment that leaves syncing to the kernel.\n")
    head = "".join(f"{f'{threads} at once':>15}{'ratio':>8}{'p50 µs':>9}{'p99 µs':>10}" for threads in THREADS)
    print(f"{'':<24}{head}")
    for way in WAYS:
        line = f"{way:<24}"
        for threads in THREADS:
            one, first = results[way, threads], results["segment, kernel", threads]
            line += f"{one.per_second:>13,.0f}/s{one.per_second / first.per_second:>8.3f}{one.p50_us:>9.1f}{one.p99_us:>10.1f}"
        print(line)
    rates = {f"{way}, {threads}": round(one.per_second) for (way, threads), one in results.items()}
    print("\n" + json.dumps(rates))


if __name__ == "__main__":
    main()
