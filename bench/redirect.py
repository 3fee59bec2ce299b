"""How fast is the redirect? Beside nginx `return 302` with a JSON access log, in one run, in turns.

    python bench/redirect.py [--quick] [--links 1000 100000 1000000] [--paths random zipf] [--rounds 3] [--seconds 3]

Server on the first core, wrk on the second (32 connections, one thread, browser headers). Paths are asked for at random,
or by Zipf's law (the n-th link n times less often than the first); every second one carries a placement token. Every one
of our answers has its click in the journal, visitor hash and country included, before it is sent; one worker, the loader
idle. Both servers are warmed; figures are medians of the rounds.
"""

import argparse
import itertools
import json
import os
import random
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from _servers import (
    HOST,
    Measured,
    Server,
    check_tools,
    find_tool,
    free_port,
    load,
    pinned,
    resident_mb,
    running,
    wrk_script,
)

from affiliate.ids import new_placement_token
from affiliate.redirect.counters import Counters
from affiliate.redirect.countries import open_countries
from affiliate.redirect.hop import Hop
from affiliate.redirect.journal import JournalWriter
from affiliate.redirect.orphans import OrphanLog
from affiliate.redirect.segments import read_segment, segments
from affiliate.redirect.table import Entry, LinkTable
from affiliate.redirect.unknown_hosts import UnknownHosts
from affiliate.redirect.visitors import KeyFiles, Visitors
from affiliate.redirect.wsgi import RedirectMiddleware

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

FOLDER = "AFFILIATE_BENCH_FOLDER"
THREADS = 44  # as in affiliate/serve.py
ASKED = 300_000  # paths that wrk chooses from

_TOKENS = [new_placement_token() for _ in range(1000)]  # making one takes 10 µs

_NGINX = """
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  log_format clicks escape=json '{{"at":"$msec","path":"$uri","status":$status,"agent":"$http_user_agent",'
    '"referrer":"$http_referer","address":"$remote_addr","host":"$host"}}';
  access_log {folder}/access.log clicks buffer=64k flush=1s;
  keepalive_requests 1000000000;
  server {{
    listen {host}:{port};
    location /go/ {{
      add_header Cache-Control no-store;
      add_header X-Robots-Tag "noindex, nofollow";
      add_header Referrer-Policy strict-origin-when-cross-origin;
      return 302 https://shop.example$uri;
    }}
  }}
}}
"""


def build() -> "WSGIApplication":
    """The application under test, made by granian in its worker: our redirect, and nothing behind it."""
    folder = Path(os.environ[FOLDER])
    counters = Counters(folder / "journal")
    hop = Hop(
        LinkTable(folder / "links"),
        JournalWriter(folder / "journal", counters, segment_bytes=16 << 20),
        Visitors(KeyFiles(folder / "keys")),
        OrphanLog(folder),
        unknown_hosts=UnknownHosts(folder),
        counters=counters,
        country_of=open_countries(""),
    )

    def nothing(_environ: "WSGIEnvironment", start_response: "StartResponse") -> list[bytes]:
        start_response("404 Not Found", [("Content-Length", "0")])
        return [b""]

    return RedirectMiddleware(hop, nothing, counters)


def entries(links: int) -> Iterator[tuple[int, str, Entry]]:
    for number in range(links):
        target = f"ued=https%3A%2F%2Fshop.example%2Fpartywear%2F{number}"
        before = f"https://www.awin1.com/cread.php?awinmid=1001&awinaffid=2002&{target}&clickref="
        yield 1, f"/go/slug-{number}", Entry(number, _TOKENS[number % 1000], before, "", has_slot=True)


def fill(folder: Path, links: int) -> None:
    table = LinkTable(folder / "links")
    table.replace(entries(links), hosts={HOST: 1}, checkpoint=1)
    table.close()


def at_random(links: int) -> list[int]:
    return list(range(links)) if links < ASKED else random.sample(range(links), ASKED)


def by_zipf(links: int) -> list[int]:
    cumulated = list(itertools.accumulate(1 / (rank + 1) for rank in range(links)))
    order = random.sample(range(links), links)  # which link is the most wanted one has nothing to do with its number
    return random.choices(order, cum_weights=cumulated, k=ASKED)


SHAPES: dict[str, Callable[[int], list[int]]] = {"random": at_random, "zipf": by_zipf}


def paths(numbers: Sequence[int]) -> list[str]:
    return [f"/go/slug-{number}" + (f"/-{random.choice(_TOKENS)}" if number % 2 else "") for number in numbers]


def nginx(folder: Path, port: int) -> list[str]:
    configuration = folder / "nginx.conf"
    configuration.write_text(_NGINX.format(folder=folder, host=HOST, port=port))
    return [*pinned(0), find_tool("nginx") or "nginx", "-c", str(configuration)]


def ours(port: int) -> list[str]:
    return [
        *pinned(0),
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--factory", "--http", "1", "--no-ws"),
        *("--workers", "1", "--blocking-threads", str(THREADS), "--log-level", "error"),
        *("--host", HOST, "--port", str(port), "--working-dir", str(Path(__file__).parent), "redirect:build"),
    ]


def measure(servers: dict[str, Server], script: Path, rounds: int, seconds: int) -> dict[str, Measured]:
    """Medians of each, warmed, in turns."""
    results: dict[str, list[Measured]] = {name: [] for name in servers}
    for server in servers.values():
        load(server, script, 2)
    for _ in range(rounds):
        for name in random.sample(list(servers), len(servers)):
            results[name].append(load(servers[name], script, seconds))
    return {name: _median(many) for name, many in results.items()}


def _median(many: Sequence[Measured]) -> Measured:
    names = ("per_second", "cpu_us", "p50_ms", "p99_ms")
    return Measured(*(statistics.median(getattr(one, name) for one in many) for name in names))


def clicks_in(journal: Path) -> tuple[int, int]:
    """How many clicks the journal holds, and their bytes."""
    found = [read_segment(path) for path in segments(journal)]
    return sum(len(each.records) for each in found), sum(path.stat().st_size for path in segments(journal))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="in a minute: two sizes, one round of two seconds")
    parser.add_argument("--links", type=int, nargs="+", default=[1_000, 100_000, 1_000_000])
    parser.add_argument("--paths", choices=list(SHAPES), nargs="+", default=list(SHAPES))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=3)
    wanted = parser.parse_args()
    if wanted.quick:
        wanted.links, wanted.paths, wanted.rounds, wanted.seconds = [1_000, 1_000_000], ["random"], 1, 2
    check_tools(nginx="nginx-light", wrk="wrk")
    print(f"{wanted.rounds} rounds of {wanted.seconds} s, medians; CPU is the server's, a request\n")
    print("    links  paths    nginx/s   µs CPU    ours/s   µs CPU   ratio   p50 ms   p99 ms   MB beyond the table")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="affiliate-bench-")))
        ports = free_port(), free_port()
        anchor = stack.enter_context(running(nginx(folder, ports[0]), ports[0]))
        rows = [row for links in wanted.links for row in measure_size(folder, links, anchor, ports[1], wanted)]
    print(json.dumps({"bench": "redirect", "rows": rows}))


def measure_size(
    folder: Path, links: int, anchor: Server, port: int, wanted: argparse.Namespace
) -> Iterator[dict[str, float | str]]:
    fill(folder, links)
    with running(ours(port), port, **{FOLDER: str(folder)}) as us:
        for shape in wanted.paths:
            script = wrk_script(folder, f"{links}-{shape}", paths(SHAPES[shape](links)))
            found = measure({"nginx": anchor, "ours": us}, script, wanted.rounds, wanted.seconds)
            beyond = max(resident_mb(pid)[0] for pid in us.tree())
            yield row_of(links, shape, found["nginx"], found["ours"], beyond)
    clicks, size = clicks_in(folder / "journal")
    print(f"{'':10} {clicks:,} clicks in the journal, {size / max(clicks, 1):.0f} bytes each", flush=True)
    for segment in segments(folder / "journal"):
        segment.unlink()


def row_of(links: int, shape: str, anchor: Measured, us: Measured, beyond: float) -> dict[str, float | str]:
    ratio = us.per_second / anchor.per_second
    print(
        f"{links:>9,}  {shape:<6} {anchor.per_second:>9,.0f} {anchor.cpu_us:>8.1f} {us.per_second:>9,.0f} {us.cpu_us:>8.1f}"
        f" {ratio:>7.2f} {us.p50_ms:>8.2f} {us.p99_ms:>8.2f} {beyond:>8.0f}",
        flush=True,
    )
    return {
        "links": links,
        "paths": shape,
        "nginx_per_second": round(anchor.per_second),
        "nginx_cpu_us": round(anchor.cpu_us, 1),
        "per_second": round(us.per_second),
        "cpu_us": round(us.cpu_us, 1),
        "ratio": round(ratio, 3),
        "p50_ms": us.p50_ms,
        "p99_ms": us.p99_ms,
        "resident_mb": round(beyond),
    }


if __name__ == "__main__":
    main()
