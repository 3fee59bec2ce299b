"""What a network's API is to us: windows of time that are asked for, page by page.

Who asks (affiliate/commissions/pulling.py) decides which windows, keeps what was done, and books the rows; a network only
knows how one window is asked for. Its pages are read by the network's own reader, like files.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from affiliate.clock import Clock, utc_now
from affiliate.networks.base import BadRow, Reading, ReportedPayout, ReportedProgramme

TRANSACTION, CHANGE, PAYOUT, PROGRAMME = "transaction", "change", "payout", "programme"
"""What a window's days mean: when it was sold, when it last changed, when it was paid out. Programmes have no days."""


class Window(NamedTuple):
    """From inclusive, to exclusive; aware, UTC."""

    first: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered; headers compare without case."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class Client(Protocol):
    """Sends one request and comes back with a 2xx answer: waits where the network says so (Retry-After) or its limits ask
    for it, tries again after a time-out, and raises Unreachable when that did not help (`permanent` for a refusal such as
    401). Nothing secret is in what it raises."""

    def get(self, url: str, *, parameters: Mapping[str, str] = ..., headers: Mapping[str, str] = ...) -> Answer: ...

    def post(
        self,
        url: str,
        *,
        json: object = ...,
        form: Mapping[str, str] = ...,
        parameters: Mapping[str, str] = ...,
        headers: Mapping[str, str] = ...,
    ) -> Answer: ...


@dataclass(frozen=True, slots=True)
class Ask:
    """All that one call may use. `publisher_ref` is our account, `time_zone` the zone to ask in, `base_url` without a
    slash at its end, `credentials` by the names that the API asks for; they never show. `moved` says that an administrator
    wrote the base URL: it then stands for all of the network's addresses. `clock` tells the time where a network must be asked
    for all changes until now."""

    client: Client
    base_url: str
    publisher_ref: str
    credentials: Mapping[str, str] = field(repr=False)
    time_zone: str = "UTC"
    moved: bool = False
    clock: Clock = utc_now

    def at(self, other: str) -> str:
        """Another base URL of the network, where it gives out tokens, say."""
        return self.base_url if self.moved else other


class Page(NamedTuple):
    """One page as it came; `total` pages of the window, where the network says so."""

    content: bytes
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Api:
    """`credentials` names what must be in the account's file, each with where the network shows it. `longest` is the widest
    window it answers, `bases` the meanings of a window's days that it knows, CHANGE where it has dates of change. A
    network without dates of change is asked for all of its last twelve months again every week, and so is one with
    `silent_changes`, whose rows also change without a new date of change (CJ locks and closes a row under its old posting
    date). `memory` is how far back it answers, None where that is not known. `pause` is the least time between two calls.
    `time_zone` is the zone that it is asked in, and in which its moments without an offset are read; None: the account's.
    `source` is where the network documents all that.

    `transactions` asks for one window by one basis: pages in order, to be read by the network's reader. Unreachable or
    UnreadableFile in the middle: the window has failed, nothing of it may be kept. `payouts` does the same for what was
    paid out, `programmes` for the advertisers of the account; None where the API does not tell.
    """

    base_url: str
    credentials: Mapping[str, str]
    bases: tuple[str, ...]
    longest: timedelta
    transactions: Callable[[Ask, Window, str], Iterator[Page]]
    overlap: timedelta = timedelta(days=2)
    memory: timedelta | None = None
    silent_changes: bool = False
    pause: timedelta = timedelta(0)
    time_zone: str | None = None
    source: str = ""
    payouts: Callable[[Ask, Window], Iterator[Page]] | None = None
    read_payouts: Callable[[bytes, Reading], Iterator[ReportedPayout | BadRow]] | None = None
    programmes: Callable[[Ask], Iterator[Page]] | None = None
    read_programmes: Callable[[bytes, Reading], Iterator[ReportedProgramme | BadRow]] | None = None
