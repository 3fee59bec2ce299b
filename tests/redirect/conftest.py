"""A hop over real files, and its journal read back."""

from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from affiliate.redirect.counters import Counters, journal_failures
from affiliate.redirect.hop import Answer, Hop
from affiliate.redirect.journal import JournalWriter
from affiliate.redirect.orphans import OrphanLog
from affiliate.redirect.records import ClickRecord
from affiliate.redirect.segments import read_segment, segments
from affiliate.redirect.table import Entry, LinkTable
from affiliate.redirect.unknown_hosts import UnknownHosts
from affiliate.redirect.visitors import Visitors
from tests.conftest import NOW

TOKEN = "a0000000001y"
HOST = "mag.example"
SITE = 1
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def key_of(day: date) -> bytearray:
    return bytearray(sha256(day.isoformat().encode()).digest())


def entry(link_id: int = 1, before: str = "https://shop.example/dress?u1=", after: str = "", reason: str = "") -> Entry:
    return Entry(link_id, TOKEN, before, after, has_slot=True, reason=reason)


class Redirects:
    """A hop with everything around it, asked the way a server asks."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.table = LinkTable(folder / "links")
        self.table.replace([(SITE, "/go/dress", entry())], hosts={HOST: SITE}, checkpoint=0)
        self.counters = Counters(folder / "counters")
        self.journal = JournalWriter(folder / "journal", self.counters)
        self.orphans = OrphanLog(folder)
        self.hop = self.make_hop()

    def make_hop(self, **options: Any) -> Hop:
        self.hop = Hop(
            self.table,
            self.journal,
            Visitors(key_of),
            self.orphans,
            unknown_hosts=UnknownHosts(self.folder),
            counters=self.counters,
            **options,
        )
        return self.hop

    def ask(
        self,
        path: str = "/go/dress",
        *,
        method: str = "GET",
        host: str = HOST,
        headers: dict[str, str] | None = None,
        address: str = "203.0.113.9",
        now: datetime = NOW,
    ) -> Answer | None:
        return self.hop.answer(method, host, path, {"user-agent": BROWSER, **(headers or {})}, address, now)

    def location(self, path: str = "/go/dress", *, headers: dict[str, str] | None = None) -> str | None:
        answer = self.ask(path, headers=headers)
        return dict(answer.headers).get("Location") if answer else None

    def clicks(self) -> list[ClickRecord]:
        found = [each.record() for path in segments(self.folder / "journal") for each in read_segment(path).records]
        return sorted(found, key=lambda record: record.time_ms)

    def failures(self) -> int:
        return journal_failures(self.folder / "counters")


@pytest.fixture
def redirects(tmp_path: Path) -> Redirects:
    return Redirects(tmp_path)
