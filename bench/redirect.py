"""How fast is the redirect? Beside nginx `return 302` with a JSON access log, in one run, in turns.

    python bench/redirect.py [--rounds 3] [--seconds 4] [--links 1000]

Server on the first core, wrk on the second (32 connections, one thread, browser headers, links at random). Every one
of our answers has its click in the journal, visitor hash included, before it is sent. The loader is idle.
"""

import argparse
import json
import os
import random
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from affiliate.ids import new_placement_token
from affiliate.redirect.counters import Counters
from affiliate.redirect.hop import Hop
from affiliate.redirect.journal import JournalWriter
from affiliate.redirect.orphans import OrphanLog
from affiliate.redirect.segments import read_segment, segments
from affiliate.redirect.table import Change, Entry, LinkTable
from affiliate.redirect.visitors import KeyFiles, Visitors
from affiliate.redirect.wsgi import RedirectMiddleware

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

HOST = "127.0.0.1"
FOLDER = "AFFILIATE_BENCH_FOLDER"
THREADS = 16  # as in affiliate/serve.py

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

_WRK = """
local paths = {{}}
for line in io.lines("{paths}") do paths[#paths + 1] = line end
math.randomseed(os.time())
local headers = {{
  ["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
  ["Accept"] = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
  ["Accept-Language"] = "en-GB,en;q=0.9",
  ["Accept-Encoding"] = "gzip, deflate, br",
  ["Referer"] = "https://mag.example/style/partywear?utm_source=x",
  ["Sec-Fetch-Dest"] = "document",
  ["Sec-Fetch-Mode"] = "navigate",
}}
request = function() return wrk.format("GET", paths[math.random(#paths)], headers) end
"""


@dataclass(frozen=True)
class Measured:
    per_second: float
    cpu_us: float  # of the server, a request: what remains comparable on a busy machine
    p50_ms: float
    p99_ms: float


def build() -> "WSGIApplication":
    """The application under test, made by granian in its worker: our redirect, and nothing behind it."""
    folder = Path(os.environ[FOLDER])
    counters = Counters(folder / "journal")
    hop = Hop(
        LinkTable(folder / "links"),
        JournalWriter(folder / "journal", counters, segment_bytes=16 << 20),
        Visitors(KeyFiles(folder / "keys")),
        OrphanLog(folder),
    )

    def nothing(_environ: "WSGIEnvironment", start_response: "StartResponse") -> list[bytes]:
        start_response("404 Not Found", [("Content-Length", "0")])
        return [b""]

    return RedirectMiddleware(hop, nothing, counters)


@contextmanager
def running(command: list[str], port: int, **environment: str) -> Iterator[int]:
    """A server, by its process id, once it takes connections."""
    process = subprocess.Popen(command, env={**os.environ, **environment}, stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex((HOST, port)) == 0:
                    break
            time.sleep(0.05)
        else:
            sys.exit(f"{command[0]} did not start")
        yield process.pid
    finally:
        process.terminate()
        process.wait()


@dataclass(frozen=True)
class Server:
    port: int
    pid: int

    def cpu_seconds(self) -> float:
        """Of the process and its children, from /proc; 0 where there is none."""
        tree, seconds = {str(self.pid)}, 0.0
        for path in sorted(Path("/proc").glob("[0-9]*/stat"), key=lambda path: int(path.parent.name)):
            with suppress(OSError):
                fields = path.read_text().rpartition(")")[2].split()
                if path.parent.name in tree or fields[1] in tree:
                    tree.add(path.parent.name)
                    seconds += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        return seconds


def load(server: Server, script: Path, seconds: int) -> Measured:
    before = server.cpu_seconds()
    output = subprocess.run(
        [
            *pinned(1),
            "wrk",
            "-t1",
            "-c32",
            f"-d{seconds}s",
            "--latency",
            "-s",
            str(script),
            f"http://{HOST}:{server.port}",
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    if "Non-2xx" in output:
        sys.exit(f"Not every answer was a redirect:\n{output}")
    return Measured(
        float(_found(r"Requests/sec:\s+([\d.]+)", output)[0]),
        (server.cpu_seconds() - before) / int(_found(r"(\d+) requests in", output)[0]) * 1e6,
        _milliseconds(_found(r"50%\s+([\d.]+)(us|ms|s)", output)),
        _milliseconds(_found(r"99%\s+([\d.]+)(us|ms|s)", output)),
    )


def _found(pattern: str, output: str) -> tuple[str, ...]:
    match = re.search(pattern, output)
    if match is None:
        sys.exit(f"wrk printed no {pattern}:\n{output}")
    return match.groups()


def _milliseconds(found: tuple[str, ...]) -> float:
    return float(found[0]) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[found[1]]


def pinned(core: int) -> list[str]:
    return ["taskset", "-c", str(core % (os.cpu_count() or 1))] if shutil.which("taskset") else []


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def prepare(folder: Path, links: int) -> None:
    """The link table, and the paths that wrk asks for: every second one with a placement token."""
    paths = []
    table = LinkTable(folder / "links")

    def entries() -> Iterator[Change]:
        for number in range(links):
            before = (
                f"https://www.awin1.com/cread.php?awinmid=1001&awinaffid=2002&ued=https%3A%2F%2Fshop.example%2F{number}"
            )
            entry = Entry(number, new_placement_token(), f"{before}&clickref=", "", has_slot=True)
            paths.append(f"/go/slug-{number}" + (f"/-{new_placement_token()}" if number % 2 else ""))
            yield 1, f"/go/slug-{number}", entry

    table.replace(entries(), hosts={}, checkpoint=1)
    table.close()
    (folder / "paths").write_text("\n".join(paths))
    (folder / "wrk.lua").write_text(_WRK.format(paths=folder / "paths"))


def check_tools() -> None:
    packages = {"nginx": "nginx-light", "wrk": "wrk"}
    if missing := [tool for tool in packages if shutil.which(tool, path=os.environ["PATH"] + ":/usr/sbin") is None]:
        wanted = " ".join(packages[tool] for tool in missing)
        print(f"Not measured: {' and '.join(missing)} missing. Debian, Ubuntu: apt-get install {wanted}")
        sys.exit(0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--links", type=int, default=1000)
    wanted = parser.parse_args()
    check_tools()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="affiliate-bench-")))
        prepare(folder, wanted.links)
        ports = {"nginx": free_port(), "affiliate": free_port()}
        (folder / "nginx.conf").write_text(_NGINX.format(folder=folder, host=HOST, port=ports["nginx"]))
        nginx = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin") or "nginx"
        theirs = [*pinned(0), nginx, "-c", str(folder / "nginx.conf")]
        servers = {"nginx": Server(ports["nginx"], stack.enter_context(running(theirs, ports["nginx"])))}
        ours = [
            *(sys.executable, "-m", "granian", "--interface", "wsgi", "--factory", "--http", "1", "--no-ws"),
            *("--workers", "1", "--blocking-threads", str(THREADS), "--log-level", "error"),
            *("--host", HOST, "--port", str(ports["affiliate"]), "--working-dir", str(Path(__file__).parent)),
            "redirect:build",
        ]
        pid = stack.enter_context(running([*pinned(0), *ours], ports["affiliate"], **{FOLDER: str(folder)}))
        servers["affiliate"] = Server(ports["affiliate"], pid)
        report(wanted, measure(folder, servers, wanted.rounds, wanted.seconds), folder)


def measure(folder: Path, servers: dict[str, Server], rounds: int, seconds: int) -> dict[str, list[Measured]]:
    results: dict[str, list[Measured]] = {name: [] for name in servers}
    for server in servers.values():
        load(server, folder / "wrk.lua", 2)  # warm
    for number in range(rounds):
        order = list(servers)
        random.shuffle(order)
        for name in order:
            results[name].append(load(servers[name], folder / "wrk.lua", seconds))
            shown = results[name][-1]
            print(f"round {number + 1}  {name:<10} {shown.per_second:>9,.0f}/s   p99 {shown.p99_ms:.2f} ms", flush=True)
    return results


def report(wanted: argparse.Namespace, results: dict[str, list[Measured]], folder: Path) -> None:
    medians = {name: statistics.median(one.per_second for one in many) for name, many in results.items()}
    cpu = {name: statistics.median(one.cpu_us for one in many) for name, many in results.items()}
    print(f"\n{wanted.links:,} links at random, {wanted.rounds} rounds of {wanted.seconds} s, medians:")
    for name, many in results.items():
        p50, p99 = (statistics.median(getattr(one, key) for one in many) for key in ("p50_ms", "p99_ms"))
        print(
            f"  {name:<10} {medians[name]:>9,.0f} redirects/s   {cpu[name]:.1f} µs of CPU each   p50 {p50:.2f} ms"
            f"   p99 {p99:.2f} ms"
        )
    print(
        f"  ratio      {medians['affiliate'] / medians['nginx']:>9.2f} of nginx; by CPU {cpu['nginx'] / cpu['affiliate']:.2f}"
    )
    paths = segments(folder / "journal")
    clicks = sum(len(read_segment(path).records) for path in paths)
    print(
        f"  {clicks:,} clicks are in the journal, {sum(path.stat().st_size for path in paths) / max(clicks, 1):.0f} bytes each"
    )
    print(json.dumps({"ratio": round(medians["affiliate"] / medians["nginx"], 3), **medians}))


if __name__ == "__main__":
    main()
