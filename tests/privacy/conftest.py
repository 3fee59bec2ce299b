"""Readers who can be told apart, and where to look for what they left."""

import contextlib
import http.client
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import BinaryIO

import pytest

from affiliate.clock import utc_now
from tests.serve.conftest import Server
from tests.waiting import PATIENCE

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
OFTEN = 16  # addresses of each kind


@dataclass
class Crowd:
    """Addresses that no other bytes look like: every byte of an IPv4 one is above 0xc0, so it stands in no UTF-8 text."""

    v4: list[IPv4Address] = field(default_factory=list)
    v6: list[IPv6Address] = field(default_factory=list)

    def __post_init__(self) -> None:
        dice = random.Random(20)
        self.v4 = [IPv4Address(bytes(dice.randrange(0xC1, 0xDF) for _ in range(4))) for _ in range(OFTEN)]
        self.v6 = [IPv6Address(b"\x20\x01" + dice.randbytes(14)) for _ in range(OFTEN)]

    def forwarded(self) -> list[str]:
        """As proxies write them in X-Forwarded-For."""
        mapped = [f"::ffff:{address}" for address in self.v4[::2]]
        return [*map(str, self.v4), *map(str, self.v6), *(address.exploded for address in self.v6[::2]), *mapped]

    def texts(self) -> list[bytes]:
        addresses: list[IPv4Address | IPv6Address] = [*self.v4, *self.v6]
        ways = [way for address in addresses for way in (str(address), address.exploded, address.packed.hex())]
        ways += [str(int(address)) for address in addresses]
        return [way.encode() for text in ways for way in (text, text.upper())]


@dataclass
class Visit:
    """One request by a proxy that names the client, with everything a browser could give away."""

    server: Server
    answered: list[tuple[int, str]] = field(default_factory=list)  # status, Set-Cookie

    def __call__(self, path: str, address: str, *, method: str = "GET", **headers: str) -> int:
        sent = {
            "Host": "mag.example",
            "User-Agent": BROWSER,
            "X-Forwarded-For": f"192.0.2.1, {address}",
            "X-Real-IP": address,
            "Forwarded": f'for="{address}"',
            "Cookie": "session=COOKIE-VALUE; ad=COOKIE-VALUE",
            "Authorization": "Bearer AUTHORIZATION-VALUE",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        with contextlib.closing(
            http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=PATIENCE)
        ) as connection:
            connection.request(method, path, headers=sent)
            answer = connection.getresponse()
            answer.read()
        self.answered.append((answer.status, answer.headers.get("Set-Cookie", "")))
        return answer.status


def files_below(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def memory_of(pid: int) -> Iterator[bytes]:
    """What a process has in memory of its own, piece by piece; its parent may look. Mapped files are left out: they are
    looked at as files."""
    with Path(f"/proc/{pid}/mem").open("rb") as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            bounds, permissions = line.split()[:2]
            if permissions.startswith("r") and permissions.endswith("p"):
                start, end = (int(bound, 16) for bound in bounds.split("-"))
                yield _piece(memory, start, end - start)


def _piece(memory: BinaryIO, start: int, size: int) -> bytes:
    try:
        memory.seek(start)
        return memory.read(size)
    except (OSError, ValueError, OverflowError):  # the kernel's own pages
        return b""


def holders(key: bytes, pids: Iterable[int]) -> list[int]:
    """The processes in whose memory a key stands, or half of it."""
    halves = (key[:16], key[16:])
    return [pid for pid in pids if any(half in piece for piece in memory_of(pid) for half in halves)]


@dataclass
class Day:
    """A server whose clock is ours, at the first minute of a day."""

    server: Server
    crowd: Crowd
    visit: Visit
    began: datetime

    def at(self, **since_midnight: float) -> datetime:
        """Sets the server's clock."""
        moment = self.began + timedelta(**since_midnight)
        self.server.step_clock((moment - utc_now()).total_seconds())
        return moment


@pytest.fixture
def day(tmp_path: Path) -> Iterator[Day]:
    settings = {
        "AFFILIATE_SERVER__TRUSTED_PROXIES": '["127.0.0.1/32"]',
        "AFFILIATE_JOURNAL__SEGMENT_SECONDS": "3600",  # everything that was journalled is still there to be looked at
    }
    server = Server(tmp_path, settings=settings, stepped=True)
    midnight = utc_now().replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    made = Day(server, Crowd(), Visit(server), midnight)
    made.at(minutes=1)
    server.start()
    yield made
    server.stop()
