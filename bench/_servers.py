"""What the benches of the redirect share: servers to ask, and two ways of asking.

`wrk` asks as fast as answers come (how many a second?). `paced` asks at a constant rate whether answers come or not, and
counts from the moment at which a request should have begun, so that waiting for a slow predecessor is part of the
latency (open loop).
"""

import gc
import http.client
import os
import re
import select
import shutil
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

HOST = "127.0.0.1"
AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
HEADERS = {
    "User-Agent": AGENT,
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
    "Accept-Language": "en-GB,en;q=0.9",
    "Accept-Encoding": "gzip, deflate, br",
    "Referer": "https://mag.example/style/partywear?utm_source=x",
    "Sec-Fetch-Dest": "document",
    "Sec-Fetch-Mode": "navigate",
}

_WRK = """
local paths = {{}}
for line in io.lines("{paths}") do paths[#paths + 1] = line end
math.randomseed(os.time())
local headers = {{ {headers} }}
request = function() return wrk.format("GET", paths[math.random(#paths)], headers) end
"""


@dataclass(frozen=True)
class Measured:
    per_second: float
    cpu_us: float  # of the server, a request: what remains comparable on a busy machine
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True)
class Server:
    port: int
    pid: int

    def tree(self) -> list[int]:
        """The process and everything below it, from /proc."""
        parents = {}
        for path in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
        found = [self.pid]
        for known in found:
            found.extend(child for child, parent in parents.items() if parent == known)
        return found

    def cpu_seconds(self) -> float:
        return sum(_cpu_seconds(pid) for pid in self.tree())

    def ask(self, path: str) -> tuple[int, str]:
        """Status and Location; 0 where nobody answers."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=5)
        try:
            connection.request("GET", path, headers=HEADERS)
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            return 0, ""
        else:
            return answer.status, answer.headers.get("Location", "")
        finally:
            connection.close()


def _cpu_seconds(pid: int) -> float:
    with suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0


def resident_mb(pid: int) -> tuple[float, float]:
    """Resident memory of a process beyond the link table, and of the link table in it (which all workers share)."""
    beyond = table = 0
    mapped = ""
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
            mapped = line
        elif line.startswith("Rss:"):
            kilobytes = int(line.split()[1])
            if ".mdb" in mapped:
                table += kilobytes
            else:
                beyond += kilobytes
    return beyond / 1024, table / 1024


@contextmanager
def running(command: Sequence[str], port: int, **environment: str) -> Iterator[Server]:
    """A server, once it takes connections."""
    process = subprocess.Popen(command, env={**os.environ, **environment}, stderr=subprocess.DEVNULL)
    try:
        for _ in range(400):
            with socket.socket() as probe:
                if probe.connect_ex((HOST, port)) == 0:
                    break
            time.sleep(0.05)
        else:
            sys.exit(f"{command[0]} did not start")
        yield Server(port, process.pid)
    finally:
        process.terminate()
        process.wait()


def wrk_script(folder: Path, name: str, paths: Sequence[str]) -> Path:
    """Asks for these paths, each time another one at random, as a browser would."""
    listed, script = folder / f"{name}.paths", folder / f"{name}.lua"
    listed.write_text("\n".join(paths))
    headers = ", ".join(f'["{key}"] = "{value}"' for key, value in HEADERS.items())
    script.write_text(_WRK.format(paths=listed, headers=headers))
    return script


def load(server: Server, script: Path, seconds: float) -> Measured:
    """Thirty-two connections that ask as fast as they are answered."""
    before = server.cpu_seconds()
    wrk = ["wrk", "-t1", "-c32", f"-d{seconds}s", "--latency", "-s", str(script), f"http://{HOST}:{server.port}"]
    output = subprocess.run([*pinned(1), *wrk], capture_output=True, text=True, check=True).stdout
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


def paced(port: int, paths: Sequence[str], *, per_second: int, seconds: float, connections: int = 32) -> list[float]:
    """Latencies in ms, sorted, of requests begun at a constant rate. One that is due while all connections are taken
    waits, and the wait counts. Exits where an answer is no redirect."""
    common = "".join(f"{key}: {value}\r\n" for key, value in HEADERS.items())
    total = int(per_second * seconds)
    requests = [f"GET {paths[n % len(paths)]} HTTP/1.1\r\nHost: {HOST}\r\n{common}\r\n".encode() for n in range(total)]
    free = [socket.create_connection((HOST, port)) for _ in range(connections)]
    for each in free:
        each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    waiting: deque[int] = deque()
    asked: dict[socket.socket, int] = {}
    latencies: list[float] = []
    gc.disable()
    started, due = time.perf_counter() + 0.01, 0
    while len(latencies) < total:
        now = time.perf_counter()
        while due < total and started + due / per_second <= now:
            waiting.append(due)
            due += 1
        while waiting and free:
            connection, number = free.pop(), waiting.popleft()
            connection.sendall(requests[number])
            asked[connection] = number
        pause = max(started + due / per_second - time.perf_counter(), 0) if due < total else 1.0
        # select, because it waits for microseconds where poll and epoll wait for whole milliseconds
        for connection in select.select(list(asked), (), (), pause)[0]:
            answer = connection.recv(65_536)
            latencies.append((time.perf_counter() - started - asked.pop(connection) / per_second) * 1000)
            if not answer.startswith(b"HTTP/1.1 302"):  # small enough to come whole
                sys.exit(f"Not every answer was a redirect: {answer[:200]!r}")
            free.append(connection)
    gc.enable()
    for connection in free:
        connection.close()
    return sorted(latencies)


def percentile(ordered: Sequence[float], share: float) -> float:
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def pinned(core: int) -> list[str]:
    return ["taskset", "-c", str(core % (os.cpu_count() or 1))] if shutil.which("taskset") else []


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def check_tools(**packages: str) -> None:
    """Ends the bench, quietly, where a tool is missing; names the Debian packages."""
    if missing := [tool for tool in packages if find_tool(tool) is None]:
        wanted = " ".join(packages[tool] for tool in missing)
        print(f"Not measured: {' and '.join(missing)} missing. Debian, Ubuntu: apt-get install {wanted}")
        sys.exit(0)


def find_tool(tool: str) -> str | None:
    return shutil.which(tool, path=os.environ["PATH"] + ":/usr/sbin")
