"""What holds the link table best? Our LMDB table beside a SQLite snapshot, both behind a memory of 16,384 found paths.

    python bench/table.py [--quick] [--links 1000000] [--seconds 3]

One process, one thread and the eight of a web worker, look-ups a second of CPU time. The snapshot is what a careful person would build: the whole entry in one row without a
row id, keyed by site and path, opened immutable and mapped whole, one cached statement. Paths at random and by Zipf's
law, without tokens. Building ends on disk.
"""

import argparse
import json
import random
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path

from _servers import HOST
from redirect import SHAPES, entries, fill

from affiliate.redirect.table import Entry, Found, LinkTable

REMEMBERED = 16_384  # as in affiliate/redirect/table.py

_TABLE = """
CREATE TABLE entries (
    site INTEGER, path TEXT, link INTEGER, token TEXT, before TEXT, after TEXT, slot INTEGER, reason TEXT,
    refusal TEXT, referrer_policy TEXT, PRIMARY KEY (site, path)
) WITHOUT ROWID
"""
_LOOK_UP = (
    "SELECT link, token, before, after, slot, reason, refusal, referrer_policy FROM entries WHERE site = ? AND path = ?"
)


class Snapshot:
    """The least that a SQLite table needs to answer: exact paths of one site."""

    def __init__(self, file: Path, links: int) -> None:
        writing = sqlite3.connect(file)
        writing.execute(_TABLE)
        with writing:
            writing.executemany(
                "INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                ((site, path, *entry) for site, path, entry in entries(links)),
            )
        writing.close()
        self._file = file
        self._mine = threading.local()  # a connection serves one thread at a time
        self.find = lru_cache(REMEMBERED)(self.search)

    def search(self, _host: str, path: str) -> Found | None:
        try:
            reading = self._mine.reading
        except AttributeError:
            reading = self._mine.reading = sqlite3.connect(f"file:{self._file}?mode=ro&immutable=1", uri=True)
            reading.execute(f"PRAGMA mmap_size = {1 << 32}")
        row = reading.execute(_LOOK_UP, (1, path)).fetchone()
        return Found(Entry(*row), "") if row else None


def per_second(find: Callable[[str, str], object], numbers: list[int], seconds: float, threads: int) -> float:
    """Look-ups a second of CPU time of all threads, warmed."""
    paths = [f"/go/slug-{number}" for number in numbers]
    for path in paths:
        assert find(HOST, path)
    began = time.process_time()

    def look(_thread: int) -> int:
        done = 0
        while time.process_time() - began < seconds:
            for path in random.choices(paths, k=10_000):
                find(HOST, path)
            done += 10_000
        return done

    with ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(look, range(threads))) / (time.process_time() - began)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="in ten seconds: 100,000 links, half a second each")
    parser.add_argument("--links", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=3)
    wanted = parser.parse_args()
    if wanted.quick:
        wanted.links, wanted.seconds = 100_000, 0.5
    rows: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory(prefix="affiliate-bench-") as name:
        folder = Path(name)
        began = time.process_time()
        fill(folder, wanted.links)
        table = LinkTable(folder / "links")
        rows["lmdb"] = {"build_s": time.process_time() - began, "mb": _megabytes(folder / "links" / "links.mdb")}
        began = time.process_time()
        snapshot = Snapshot(folder / "snapshot.db", wanted.links)
        rows["sqlite"] = {"build_s": time.process_time() - began, "mb": _megabytes(folder / "snapshot.db")}
        for shape, numbers in SHAPES.items():
            asked = numbers(wanted.links)
            for threads in (1, 8):
                for store, find in (("lmdb", table.find), ("sqlite", snapshot.find)):
                    rows[store][f"{shape}_{threads}_per_s"] = per_second(find, asked, wanted.seconds, threads)
    print(f"{wanted.links:,} links      " + "".join(f"{column:>18}" for column in rows["lmdb"]))
    for store, figures in rows.items():
        print(f"{store:<16}" + "".join(f"{figure:>18,.1f}" for figure in figures.values()))
    print(json.dumps({"bench": "table", "links": wanted.links, **rows}))


def _megabytes(file: Path) -> float:
    return file.stat().st_size / 1e6


if __name__ == "__main__":
    main()
