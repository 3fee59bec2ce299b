"""The programmes, to look for, to look at and to change: terms, how each did, and the links that hang on it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from affiliate.errors import CannotBuild, InvalidInput, NotFound
from affiliate.links import queries
from affiliate.links.programmes import checked_mode, checked_rate, checked_referrer_policy, find_account
from affiliate.links.queries import ProgrammeFilter, Record
from affiliate.links.routes import Figure, approval_of, days_of, forbids, fraction_text, lacks
from affiliate.links.setup import named
from affiliate.networks.registry import network_name
from affiliate.store.tables import LinkChange, Programme, ProgrammeHost
from affiliate.urls import normalise_host

_LONGEST_WAIT = 3650  # days


@dataclass(frozen=True, slots=True)
class ProgrammeTerms:
    """All that a person may set. `rate` and `approval_rate` are fractions; `approval_rate` and `payment_days` are what the
    person expects, None where our history decides. `conditions` are the rates in words. `markets` are ISO 3166 codes. An empty `template` or
    `referrer_policy` means the usual one."""

    name: str
    hosts: Sequence[str]
    mode: str
    rate: Decimal | None = None
    template: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    referrer_policy: str = ""
    joined: bool = True
    conditions: str = ""
    cookie_days: int | None = None
    markets: Sequence[str] = ()
    permissions: Mapping[str, str] = field(default_factory=dict)
    approval_rate: Decimal | None = None
    payment_days: int | None = None
    pinned: bool = False


@dataclass(frozen=True, slots=True)
class ProgrammeView:
    """`lacks` says why no deep link can be built, `forbids` what its permissions forbid that every link of ours does; empty
    where nothing. `record` is what our ledger says, `approval` and `days` what a choice between routes reckons with. `links`
    are those in use, in `articles`. `told_at` is when its network last told of it."""

    id: int
    advertiser: str
    network: str
    network_name: str
    account: str
    advertiser_ref: str
    terms: ProgrammeTerms
    raw_status: str
    told_at: datetime | None
    to_be_completed: bool
    lacks: str
    forbids: str
    record: Record
    approval: Figure
    days: Figure
    links: int
    articles: int

    @property
    def name(self) -> str:
        return self.terms.name

    def as_json(self) -> dict[str, Any]:
        terms = self.terms
        return {
            "id": self.id,
            "network": self.network,
            "account": self.account,
            "advertiser_id": self.advertiser_ref,
            "name": terms.name,
            "advertiser": self.advertiser,
            "hosts": list(terms.hosts),
            "mode": terms.mode,
            "rate": fraction_text(terms.rate),
            "terms": terms.conditions,
            "cookie_days": terms.cookie_days,
            "markets": list(terms.markets),
            "permissions": dict(terms.permissions),
            "approval_rate": fraction_text(terms.approval_rate),
            "payment_days": terms.payment_days,
            "pinned": terms.pinned,
            "joined": terms.joined,
            "raw_status": self.raw_status,
            "told_at": self.told_at.isoformat() if self.told_at else None,
            "to_be_completed": self.to_be_completed,
            "links": self.links,
            "articles": self.articles,
            "record": {
                "transactions": self.record.transactions,
                "decided": self.record.decided,
                "approval_rate": fraction_text(self.record.approval_rate),
                "paid": self.record.paid,
                "payment_days": self.record.payment_days,
            },
        }


@dataclass(frozen=True, slots=True)
class EditedProgramme:
    """`link_ids`: the links that the change concerns, to be published."""

    programme: ProgrammeView
    link_ids: tuple[int, ...]


def has_programmes(session: Session) -> bool:
    return session.scalar(select(Programme.id).limit(1)) is not None


def list_programmes(session: Session, wanted: ProgrammeFilter) -> tuple[list[ProgrammeView], int]:
    """The page of programmes that match, those to be completed first, then by name; and how many match in all."""
    found, total = queries.programmes(session, wanted)
    return _views(session, found), total


def find_programme(
    session: Session, *, network: str, advertiser_ref: str, account_ref: str | None = None
) -> ProgrammeView:
    """NotFound, or InvalidInput where our account at the network has to be named."""
    account = find_account(session, network, account_ref)
    found = session.scalar(
        select(Programme).where(Programme.account_id == account.id, Programme.advertiser_ref == advertiser_ref)
    )
    if found is None:
        raise NotFound("programme", advertiser_ref, "Add it with: affiliate programme add")
    return _views(session, [found])[0]


def show_programme(session: Session, programme_id: int) -> ProgrammeView:
    return _views(session, [_whole(session, programme_id)])[0]


def edit_programme(session: Session, *, programme_id: int, terms: ProgrammeTerms, now: datetime) -> EditedProgramme:
    """Completes or changes a programme; all its links follow. CannotBuild if its network could not build a deep link
    from these terms, InvalidInput for what cannot be; nothing changed then."""
    programme = _whole(session, programme_id)
    covered = sorted({normalise_host(host) for host in terms.hosts})
    if not covered:
        raise InvalidInput("Name at least one host that the programme pays for, such as shop.example.")
    programme.name = named(terms.name, "programme")
    programme.mode, programme.rate = checked_mode(terms.mode), checked_rate(terms.rate)
    programme.template, programme.parameters = terms.template.strip() or None, dict(terms.parameters)
    programme.referrer_policy = checked_referrer_policy(terms.referrer_policy)
    programme.terms, programme.permissions = terms.conditions.strip(), dict(terms.permissions)
    programme.cookie_days = checked_days(terms.cookie_days)
    programme.markets = checked_markets(terms.markets)
    programme.approval_rate, programme.payment_days = (
        checked_rate(terms.approval_rate),
        checked_days(terms.payment_days),
    )
    programme.pinned = terms.pinned
    programme.joined, programme.to_be_completed = terms.joined, False
    if problem := lacks(programme, covered[0]):
        raise CannotBuild(programme.network, problem)
    present = {host.host: host for host in programme.hosts}
    programme.hosts = [present.get(host) or ProgrammeHost(host=host) for host in covered]
    link_ids = tuple(queries.links_of_programmes(session, [programme.id]))
    session.add_all(LinkChange(link_id=link_id, changed_at=now) for link_id in link_ids)
    session.flush()
    return EditedProgramme(_views(session, [programme])[0], link_ids)


def checked_days(days: int | None) -> int | None:
    if days is not None and not 0 <= days <= _LONGEST_WAIT:
        raise InvalidInput(f"{days} days cannot be; write a number from 0 to {_LONGEST_WAIT}.")
    return days


def checked_markets(codes: Sequence[str]) -> list[str]:
    """ISO 3166 codes of two letters, upper case, sorted."""
    wanted = sorted({code.strip().upper() for code in codes})
    for code in wanted:
        if not (len(code) == 2 and code.isascii() and code.isalpha()):
            raise InvalidInput(f"{code!r} is no country; write codes of two letters such as GB or US.")
    return wanted


def _whole(session: Session, programme_id: int) -> Programme:
    programme = session.get(Programme, programme_id)
    if programme is None:
        raise NotFound("programme", programme_id)
    return programme


def _views(session: Session, programmes: Sequence[Programme]) -> list[ProgrammeView]:
    ids = [programme.id for programme in programmes]
    records, uses = queries.track_records(session, ids), queries.uses_of_programmes(session, ids)
    networks = queries.track_records_of_networks(session)
    return [
        _view(each, records.get(each.id, Record()), networks.get(each.network, Record()), uses[each.id])
        for each in programmes
    ]


def _view(programme: Programme, record: Record, there: Record, uses: tuple[int, int]) -> ProgrammeView:
    terms = _terms(programme)
    return ProgrammeView(
        id=programme.id,
        advertiser=programme.advertiser.name,
        network=programme.network,
        network_name=network_name(programme.network),
        account=programme.account.name or programme.account.publisher_ref,
        advertiser_ref=programme.advertiser_ref,
        terms=terms,
        raw_status=programme.raw_status,
        told_at=programme.told_at,
        to_be_completed=programme.to_be_completed,
        lacks=lacks(programme, terms.hosts[0]) if terms.hosts else "its hosts are not known yet.",
        forbids=forbids(programme),
        record=record,
        approval=approval_of(programme, record, there),
        days=days_of(programme, record, there),
        links=uses[0],
        articles=uses[1],
    )


def _terms(programme: Programme) -> ProgrammeTerms:
    return ProgrammeTerms(
        name=programme.name,
        hosts=tuple(sorted(host.host for host in programme.hosts)),
        mode=programme.mode,
        rate=programme.rate,
        template=programme.template or "",
        parameters=dict(programme.parameters),
        referrer_policy=programme.referrer_policy or "",
        joined=programme.joined,
        conditions=programme.terms,
        cookie_days=programme.cookie_days,
        markets=tuple(programme.markets),
        permissions=dict(programme.permissions),
        approval_rate=programme.approval_rate,
        payment_days=programme.payment_days,
        pinned=programme.pinned,
    )
