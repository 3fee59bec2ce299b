"""The ways from a host to money: which programmes cover it, which of them is taken, and why.

Several programmes may pay for one host: at several networks, on several accounts of the site's company. The most specific
host decides first, then a pin, then what is left of a sale of 100 after the rate, what is not approved and the time that the
money takes. All of it comes from local tables: an editor waits for it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from sqlalchemy.orm import Session

from affiliate.errors import CannotBuild
from affiliate.links import queries
from affiliate.links.programmes import terms
from affiliate.links.queries import Record
from affiliate.networks.base import UNTOUCHED
from affiliate.networks.registry import deep_link, network_name
from affiliate.store.tables import Programme
from affiliate.urls import host_and_parents

LEDGER, TYPED, NETWORK, UNKNOWN = "ledger", "typed", "network", "unknown"

ENOUGH = 30  # transactions: with fewer, one more return moves an approval rate by more than three points
NEUTRAL_APPROVAL = Decimal("0.8")
NEUTRAL_DAYS = 90
WAITING = Decimal("0.1")  # what a year of waiting for the money takes off

_FORBIDDING = {
    "deep_links": "forbids links to single pages",
    "content": "forbids links in articles",
}


@dataclass(frozen=True, slots=True)
class Figure:
    """A number and what it rests on: `ledger` (so many transactions of our own), `typed` by a person, `network` (so many of
    all our programmes there), or `unknown`: a neutral guess."""

    value: Decimal
    basis: str
    count: int = 0


@dataclass(frozen=True, slots=True)
class Route:
    """One programme that covers a host. `barrier` says in words why it earns nothing, empty where it earns; `usable` whether
    links may be made on it (a programme that wants its addresses untouched earns nothing, and links to it are kept).
    `net` is what of the sale is left after approval and waiting, as a fraction; None where the rate is not known."""

    programme: Programme
    host: str
    barrier: str
    usable: bool
    approval: Figure
    days: Figure

    @property
    def net(self) -> Decimal | None:
        if self.programme.rate is None:
            return None
        waiting = 1 + WAITING * self.days.value / 365
        return round(self.programme.rate * self.approval.value / waiting, 6)

    def as_json(self) -> dict[str, Any]:
        programme = self.programme
        return {
            "programme_id": programme.id,
            "programme": programme.name,
            "advertiser": programme.advertiser.name,
            "advertiser_id": programme.advertiser_ref,
            "network": programme.network,
            "account": programme.account.publisher_ref,
            "host": self.host,
            "mode": programme.mode,
            "joined": programme.joined,
            "pinned": programme.pinned,
            "earns": not self.barrier,
            "reason": self.barrier or None,
            "rate": fraction_text(programme.rate),
            "approval_rate": fraction_text(self.approval.value),
            "approval_basis": self.approval.basis,
            "approval_count": self.approval.count,
            "payment_days": int(self.days.value),
            "payment_basis": self.days.basis,
            "payment_count": self.days.count,
            "net": fraction_text(self.net),
        }


class Routes:
    """The routes of one company; what they rest on is read once."""

    def __init__(self, session: Session, entity_id: int | None = None) -> None:
        self._session = session
        self._entity_id = entity_id
        self._records: dict[int, Record] = {}

    def to(self, hosts: Iterable[str]) -> dict[str, list[Route]]:
        """By host the routes, most specific host first, and of each the best first."""
        ladders = {host: host_and_parents(host) for host in hosts}
        covered = queries.programmes_covering(self._session, {step for ladder in ladders.values() for step in ladder})
        self._read_records(programme for programmes in covered.values() for programme in programmes)
        return {
            host: [route for step in ladder for route in self._ranked(covered.get(step, ()), step)]
            for host, ladder in ladders.items()
        }

    def first(self, host: str) -> Programme | None:
        """The programme on which a new link to this host is made; None: there is none. Records are read only where there
        is a choice."""
        ladder = host_and_parents(host)
        covered = queries.programmes_covering(self._session, ladder)
        for step in ladder:
            usable = [each for each in covered.get(step, ()) if self._barrier(each, step)[1]]
            if len(usable) > 1:
                self._read_records(usable)
                return self._ranked(usable, step)[0].programme
            if usable:
                return usable[0]
        return None

    def _read_records(self, programmes: Iterable[Programme]) -> None:
        missing = {programme.id for programme in programmes} - self._records.keys()
        self._records |= dict.fromkeys(missing, Record()) | queries.track_records(self._session, missing)

    def _ranked(self, programmes: Sequence[Programme], host: str) -> list[Route]:
        return sorted((self._route(programme, host) for programme in programmes), key=_order)

    def _route(self, programme: Programme, host: str) -> Route:
        barrier, usable = self._barrier(programme, host)
        own = self._records[programme.id]
        there = self._networks.get(programme.network, Record()) if _needs_network(programme, own) else Record()
        return Route(
            programme, host, barrier, usable, approval_of(programme, own, there), days_of(programme, own, there)
        )

    @cached_property
    def _networks(self) -> Mapping[str, Record]:
        return queries.track_records_of_networks(self._session)

    def _barrier(self, programme: Programme, host: str) -> tuple[str, bool]:
        """(why it earns nothing, whether links may be made all the same)."""
        called = f"{programme.name} at {network_name(programme.network)}"
        if self._entity_id is not None and programme.account.entity_id != self._entity_id:
            return f"{called} pays {programme.account.entity.name}, which is not this site's company.", False
        if not programme.joined:
            said = f" (the network says: {programme.raw_status})" if programme.raw_status else ""
            return f"{called} covers it, but we are not in that programme{said}.", False
        if forbidden := forbids(programme):
            return f"{called} {forbidden}.", False
        if programme.mode == UNTOUCHED:
            return f"{called} wants its addresses untouched.", True
        if problem := lacks(programme, host):
            return f"{called}: no deep link can be built, {problem}", True
        return "", True


def _needs_network(programme: Programme, own: Record) -> bool:
    knows_approval = own.decided >= ENOUGH or programme.approval_rate is not None
    knows_days = own.paid >= ENOUGH or programme.payment_days is not None
    return not (knows_approval and knows_days)


def _order(route: Route) -> tuple[bool, bool, bool, Decimal, int]:
    """Best first: what earns nothing last; the pinned one first; an unknown rate after known ones; the older of equals."""
    net = route.net
    return bool(route.barrier), not route.programme.pinned, net is None, -(net or Decimal()), route.programme.id


def covering(session: Session, host: str, *, entity_id: int | None = None) -> Programme | None:
    """The programme on which a new link to this host is made: the first usable route. None: there is none.

    With `entity_id` only accounts of that company count: a title earns on its own company's accounts.
    """
    return Routes(session, entity_id).first(host)


def why_not(session: Session, host: str, *, entity_id: int | None = None) -> str:
    """What stands in the way of the first programme that covers a host; empty where none does."""
    return next((route.barrier for route in Routes(session, entity_id).to([host])[host]), "")


def approval_of(programme: Programme, own: Record, there: Record) -> Figure:
    """From our own history where enough of it was decided, else as typed, else as at the network on the whole."""
    if own.decided >= ENOUGH:
        return Figure(Decimal(own.approved) / own.decided, LEDGER, own.decided)
    if programme.approval_rate is not None:
        return Figure(programme.approval_rate, TYPED)
    if there.decided >= ENOUGH:
        return Figure(Decimal(there.approved) / there.decided, NETWORK, there.decided)
    return Figure(NEUTRAL_APPROVAL, UNKNOWN)


def days_of(programme: Programme, own: Record, there: Record) -> Figure:
    """Days from sale to payment, found in the same order."""
    if own.paid >= ENOUGH and own.payment_days is not None:
        return Figure(Decimal(own.payment_days), LEDGER, own.paid)
    if programme.payment_days is not None:
        return Figure(Decimal(programme.payment_days), TYPED)
    if there.paid >= ENOUGH and there.payment_days is not None:
        return Figure(Decimal(there.payment_days), NETWORK, there.paid)
    return Figure(Decimal(NEUTRAL_DAYS), UNKNOWN)


def forbids(programme: Programme) -> str:
    """What a programme's permissions forbid that every link of ours does, in words; empty where nothing."""
    for name, words in _FORBIDDING.items():
        if str(programme.permissions.get(name, "")).strip().lower() == "no":
            return words
    return ""


def lacks(programme: Programme, host: str) -> str:
    """Why the network cannot build a deep link from these terms; empty where it can, or need not."""
    if programme.mode == UNTOUCHED:
        return ""
    try:
        deep_link(terms(programme), f"https://{host}/")
    except CannotBuild as problem:
        return problem.reason
    return ""


def fraction_text(value: Decimal | None) -> str | None:
    """0.08 as "0.08", with at most six decimals."""
    return None if value is None else f"{round(value, 6).normalize():f}"


def better(routes: Sequence[Route], programme_id: int) -> Route | None:
    """The route that a new link would take, where a link is on another one; None where it is on the best."""
    best = next((route for route in routes if route.usable), None)
    return best if best and best.programme.id != programme_id else None
