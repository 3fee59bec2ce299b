"""Programmes as a network tells them, by its API or in a file: which we have joined, and on which terms.

Every field follows the network until a person changes it: what differs from what was told last was typed, and stays. Mode,
template, pin and what a person expects are never told, so never touched. Whether we are in a programme is the network's to
say: one that it closes, or no longer lists, is left, and its links are named.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from affiliate.errors import InvalidUrl
from affiliate.links import queries
from affiliate.links.aliases import Advertisers
from affiliate.money import exact
from affiliate.networks.base import BadRow, ReportedProgramme
from affiliate.networks.registry import network, network_name
from affiliate.store.tables import LinkChange, Programme, ProgrammeHost, PublisherAccount
from affiliate.urls import normalise_host

_MANY = 5  # programmes: if so many are missing at once, and more than half, the list is more likely cut off than true
_LONGEST = 255  # characters; the columns'
_NEVER_TOLD: Mapping[str, Any] = {
    "name": "",
    "rate": None,
    "terms": "",
    "cookie_days": None,
    "markets": [],
    "permissions": {},
    "parameters": {},
    "hosts": [],
    "joined": None,
}


@dataclass(frozen=True, slots=True)
class LeftProgramme:
    """A programme that we are no longer in, with its links that are in use and the articles that they stand in."""

    id: int
    network: str
    advertiser_ref: str
    name: str
    raw_status: str
    links: int
    articles: int

    def __str__(self) -> str:
        said = f" ({self.raw_status})" if self.raw_status else ""
        return (
            f"{self.name} at {network_name(self.network)} is closed{said}:"
            f" {self.links} links in {self.articles} articles earn nothing"
        )

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "network": self.network,
            "advertiser_id": self.advertiser_ref,
            "name": self.name,
            "raw_status": self.raw_status,
            "links": self.links,
            "articles": self.articles,
        }


@dataclass(frozen=True, slots=True)
class ToldProgrammes:
    """What a list of programmes changed. `unlisted` are programmes that were typed and that the whole list does not have,
    `notes` what could not be used of rows that were taken, `link_ids` the links to publish."""

    new: int
    changed: int
    unchanged: int
    left: tuple[LeftProgramme, ...]
    unlisted: tuple[str, ...]
    notes: tuple[str, ...]
    bad: tuple[BadRow, ...]
    link_ids: tuple[int, ...]

    def as_json(self) -> dict[str, Any]:
        return {
            "new": self.new,
            "changed": self.changed,
            "unchanged": self.unchanged,
            "closed": [each.as_json() for each in self.left],
            "unlisted": list(self.unlisted),
            "notes": list(self.notes),
            "bad": [{"line": row.line, "reason": row.reason} for row in self.bad],
            "links": len(self.link_ids),
        }


def store_programmes(
    session: Session,
    account: PublisherAccount,
    rows: Iterable[ReportedProgramme | BadRow],
    *,
    whole: bool = True,
    now: datetime,
) -> ToldProgrammes:
    """Brings one account's programmes up to what its network tells.

    With `whole` the rows are all that the account has: what was told before and is not among them is left. Not so where
    the list is empty, lacks more than half (and five) of them, or one of its rows could not be read. Links follow through the
    outbox; the caller publishes `link_ids` where it can. The same rows again change nothing.
    """
    book = _Book(session, account, now)
    bad: list[BadRow] = []
    for row in rows:
        if isinstance(row, BadRow):
            bad.append(row)
        elif problem := _unusable(row):
            bad.append(BadRow(row.line, problem, "{}"))
        else:
            book.tell(row)
    if whole and bad:
        book.notes.append("Rows could not be read, so programmes that are not in the list were left as they are.")
    elif whole and not book.listed:
        book.notes.append("The list is empty, so nothing was closed.")
    elif whole and len(missing := book.missing()) >= _MANY and len(missing) > len(book.listed):
        book.notes.append(f"The list lacks {len(missing)} programmes of before, more than it has; nothing was closed.")
    elif whole:
        book.close(missing)
    return book.result(whole=whole, bad=tuple(bad))


def _unusable(row: ReportedProgramme) -> str:
    if not row.advertiser_ref.strip() or len(row.advertiser_ref) > _LONGEST:
        return "The advertiser id is missing, or longer than 255 characters."
    if row.rate is not None and not 0 <= row.rate <= 1:
        return f"The rate {row.rate} is no fraction of the sale between 0 and 1."
    return ""


class _Book:
    """One account's programmes while a list of them is read."""

    def __init__(self, session: Session, account: PublisherAccount, now: datetime) -> None:
        self._session = session
        self._account = account
        self._now = now
        self._advertisers = Advertisers(session, account.network, now=now)
        wanted = select(Programme).where(Programme.account_id == account.id).options(selectinload(Programme.hosts))
        self._known = {programme.advertiser_ref: programme for programme in session.scalars(wanted)}
        self.listed: set[str] = set()
        self.notes: list[str] = []
        self._new: set[str] = set()
        self._changed: set[str] = set()
        self._relinked: set[str] = set()
        self._left: set[str] = set()

    def tell(self, row: ReportedProgramme) -> None:
        told = self._told(row)
        programme = self._known.get(row.advertiser_ref)
        if programme is None:
            programme = self._make(row.advertiser_ref, told["name"])
        before = _picture(programme)
        _take(programme, told, raw_status=row.raw_status[:_LONGEST])
        programme.told_at = self._now
        self._compare(programme, before)
        self.listed.add(row.advertiser_ref)

    def missing(self) -> list[Programme]:
        """Whoever was told before, is joined, and is not in the list."""
        unlisted = [each for ref, each in self._known.items() if ref not in self.listed]
        return [each for each in unlisted if each.told_at is not None and each.joined]

    def close(self, programmes: Iterable[Programme]) -> None:
        for programme in programmes:
            before = _picture(programme)
            programme.joined = False
            programme.raw_status = "not listed"
            programme.told = {**programme.told, "joined": False}
            self._compare(programme, before)

    def result(self, *, whole: bool, bad: tuple[BadRow, ...]) -> ToldProgrammes:
        self._session.flush()
        relinked = [self._known[ref].id for ref in sorted(self._relinked - self._new)]
        link_ids = tuple(queries.links_of_programmes(self._session, relinked))
        self._session.add_all(LinkChange(link_id=link_id, changed_at=self._now) for link_id in link_ids)
        self._session.flush()
        typed = [each for ref, each in self._known.items() if ref not in self.listed and each.told_at is None]
        return ToldProgrammes(
            new=len(self._new),
            changed=len(self._changed - self._new),
            unchanged=len(self.listed - self._changed - self._new),
            left=left_programmes(self._session, [self._known[ref] for ref in sorted(self._left)]),
            unlisted=tuple(f"{each.name} ({each.advertiser_ref})" for each in typed if whole and self.listed),
            notes=tuple(self.notes),
            bad=bad,
            link_ids=link_ids,
        )

    def _make(self, advertiser_ref: str, name: str) -> Programme:
        key = self._account.network
        programme = Programme(
            account_id=self._account.id,
            advertiser=self._advertisers.of(advertiser_ref, name),
            network=key,
            advertiser_ref=advertiser_ref,
            name=name,
            mode=network(key).default_mode,
            parameters={},
            joined=False,
            raw_status="",
            terms="",
            markets=[],
            permissions={},
            told={},
            hosts=[],
            to_be_completed=True,
            created_at=self._now,
        )
        self._session.add(programme)
        self._known[advertiser_ref] = programme
        self._new.add(advertiser_ref)
        return programme

    def _told(self, row: ReportedProgramme) -> dict[str, Any]:
        """The row as it is kept: plain values, hosts in stored form."""
        return {
            "name": (row.name.strip() or row.advertiser_ref)[:_LONGEST],
            "rate": _text(row.rate),
            "terms": row.terms,
            "cookie_days": row.cookie_days,
            "markets": sorted({market.upper() for market in row.markets}),
            "permissions": dict(row.permissions),
            "parameters": dict(row.parameters),
            "hosts": self._hosts(row),
            "joined": row.joined,
        }

    def _hosts(self, row: ReportedProgramme) -> list[str]:
        usable = set()
        for host in row.hosts:
            try:
                usable.add(normalise_host(host))
            except InvalidUrl as problem:
                self.notes.append(f"{row.name}, line {row.line}: {problem}")
        return sorted(usable)

    def _compare(self, programme: Programme, before: dict[str, Any]) -> None:
        after = _picture(programme)
        changed = {name for name, value in after.items() if value != before[name]}
        if changed:
            self._changed.add(programme.advertiser_ref)
        if changed & {"joined", "parameters"}:
            self._relinked.add(programme.advertiser_ref)
        if before["joined"] and not programme.joined:
            self._left.add(programme.advertiser_ref)


def _picture(programme: Programme) -> dict[str, Any]:
    return {
        "name": programme.name,
        "rate": programme.rate,
        "terms": programme.terms,
        "cookie_days": programme.cookie_days,
        "markets": list(programme.markets),
        "permissions": dict(programme.permissions),
        "parameters": dict(programme.parameters),
        "hosts": sorted(host.host for host in programme.hosts),
        "joined": programme.joined,
        "raw_status": programme.raw_status,
    }


def _take(programme: Programme, told: dict[str, Any], *, raw_status: str) -> None:
    """Gives the programme what the network tells, but for what a person changed."""
    base = {**_NEVER_TOLD, **programme.told}
    if programme.to_be_completed and programme.told_at is None:
        base["name"] = programme.name  # an import's guess, not a person's word
    ours = _as_told(programme)
    for name in ("name", "terms", "cookie_days", "markets"):
        setattr(programme, name, _merged(ours[name], base[name], told[name]))
    rate = _merged(ours["rate"], base["rate"], told["rate"])
    programme.rate = None if rate is None else exact(rate)
    programme.permissions = _merged_parts(ours["permissions"], base["permissions"], told["permissions"])
    programme.parameters = _merged_parts(ours["parameters"], base["parameters"], told["parameters"])
    _set_hosts(programme, _merged_hosts(set(ours["hosts"]), set(base["hosts"]), set(told["hosts"])))
    if not told["joined"] or not base["joined"]:  # else a person who left a programme stays out of it
        programme.joined = told["joined"]
    programme.raw_status = raw_status
    programme.to_be_completed = programme.to_be_completed and not programme.hosts
    if programme.told != told:
        programme.told = told


def _as_told(programme: Programme) -> dict[str, Any]:
    return {**_picture(programme), "rate": _text(programme.rate)}


def _text(rate: Decimal | None) -> str | None:
    return None if rate is None else f"{round(rate, 6).normalize():f}"


def _merged(ours: Any, base: Any, theirs: Any) -> Any:
    return theirs if ours == base else ours


def _merged_parts(ours: Mapping[str, Any], base: Mapping[str, Any], theirs: Mapping[str, Any]) -> dict[str, Any]:
    """Name by name; a network that tells none at all takes none away."""
    if not theirs:
        return dict(ours)
    names = dict.fromkeys((*ours, *theirs))
    merged = {name: _merged(ours.get(name), base.get(name), theirs.get(name)) for name in names}
    return {name: value for name, value in merged.items() if value is not None}


def _merged_hosts(ours: set[str], base: set[str], theirs: set[str]) -> set[str]:
    """Those that a person added, and those told, but for those that a person took away."""
    return (ours - base) | (theirs - (base - ours)) if theirs else ours


def _set_hosts(programme: Programme, wanted: set[str]) -> None:
    present = {host.host: host for host in programme.hosts}
    if wanted != present.keys():
        programme.hosts = [present.get(host) or ProgrammeHost(host=host) for host in sorted(wanted)]


def left_programmes(session: Session, programmes: Iterable[Programme]) -> tuple[LeftProgramme, ...]:
    """These programmes with the links that hang on them."""
    known = list(programmes)
    uses = queries.uses_of_programmes(session, [each.id for each in known])
    return tuple(
        LeftProgramme(each.id, each.network, each.advertiser_ref, each.name, each.raw_status, *uses[each.id])
        for each in known
    )
