"""The SQL of the links room."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, delete, func, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from affiliate.store.tables import (
    Advertiser,
    Link,
    LinkChange,
    LinkPath,
    Placement,
    Product,
    Programme,
    ProgrammeHost,
    PublisherAccount,
    Site,
    SiteHost,
    TrackRecord,
)
from affiliate.urls import host_key, host_of

PAGE = 50


@dataclass(frozen=True, slots=True)
class LinkFilter:
    """What to list: words found in name, path, target or advertiser (all of them), a status, a site, a programme; pages
    count from 1."""

    text: str = ""
    status: str | None = None
    site_id: int | None = None
    programme_id: int | None = None
    page: int = 1
    per_page: int | None = PAGE


@dataclass(frozen=True, slots=True)
class ProgrammeFilter:
    """What to list: a text found in name, advertiser id or a host; a network's key; `standing` is joined, incomplete or
    closed, "" for all; pages count from 1."""

    text: str = ""
    network: str = ""
    standing: str = ""
    page: int = 1
    per_page: int | None = PAGE


STANDINGS = ("joined", "incomplete", "closed")


def _whole() -> Select[Link]:
    return select(Link).options(
        joinedload(Link.site),
        joinedload(Link.product),
        joinedload(Link.programme).joinedload(Programme.account),
        joinedload(Link.programme).joinedload(Programme.advertiser),
        selectinload(Link.paths),
    )


def by_id(session: Session, link_id: int) -> Link | None:
    return session.scalars(_whole().where(Link.id == link_id)).first()


def by_path(session: Session, site_id: int, path: str) -> Link | None:
    found = select(LinkPath.link_id).where(LinkPath.site_id == site_id, LinkPath.path == path).scalar_subquery()
    return session.scalars(_whole().where(Link.id == found)).first()


def by_target(session: Session, site_id: int, target_key: str) -> Sequence[Link]:
    """The site's links to this target that are not retired, oldest first."""
    wanted = _whole().where(Link.site_id == site_id, Link.target_key == target_key, Link.status != "retired")
    return session.scalars(wanted.order_by(Link.id)).all()


def near_target(session: Session, site_id: int, near_key: str, target_key: str, limit: int) -> Sequence[Link]:
    """The site's links to other targets that are nearly this one and not retired, oldest first."""
    alike = (Link.site_id == site_id, Link.near_key == near_key, Link.target_key != target_key)
    return session.scalars(_whole().where(*alike, Link.status != "retired").order_by(Link.id).limit(limit)).all()


def live_targets(session: Session, site_id: int, target_keys: Collection[str]) -> set[str]:
    """Those of these targets to which the site has a link that is not retired."""
    of_these = (Link.site_id == site_id, Link.target_key.in_(target_keys), Link.status != "retired")
    return set(session.scalars(select(Link.target_key).where(*of_these)))


def next_twins(session: Session, site_id: int, target_keys: Collection[str]) -> defaultdict[str, int]:
    """By target, how many numbers the site's links to it take, retired ones too."""
    of_these = (Link.site_id == site_id, Link.target_key.in_(target_keys))
    taken = select(Link.target_key, func.max(Link.twin) + 1).where(*of_these).group_by(Link.target_key)
    return defaultdict(int, {key: twin for key, twin in session.execute(taken)})  # noqa: C416 # rows are no pairs to mypy


def path_owner(session: Session, site_id: int, path: str) -> LinkPath | None:
    return session.scalar(select(LinkPath).where(LinkPath.site_id == site_id, LinkPath.path == path))


def taken_slugs(session: Session, site_id: int, slugs: Sequence[str]) -> set[str]:
    """Those of these slugs that are taken on the site."""
    return set(session.scalars(select(LinkPath.slug).where(LinkPath.site_id == site_id, LinkPath.slug.in_(slugs))))


def _matching(wanted: LinkFilter) -> list[object]:
    conditions: list[object] = []
    for word in wanted.text.split():
        pattern = f"%{_escaped(word)}%"
        conditions.append(
            or_(
                Link.name.ilike(pattern, escape="\\"),
                Link.target_url.ilike(pattern, escape="\\"),
                Advertiser.name.ilike(pattern, escape="\\"),
                Link.paths.any(LinkPath.path.ilike(pattern, escape="\\")),
            )
        )
    if wanted.status:
        conditions.append(Link.status == wanted.status)
    if wanted.site_id:
        conditions.append(Link.site_id == wanted.site_id)
    if wanted.programme_id:
        conditions.append(Link.programme_id == wanted.programme_id)
    return conditions


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def search(session: Session, wanted: LinkFilter) -> tuple[Sequence[Link], int]:
    """The page of links, newest first, and how many match in all."""
    matching = and_(True, *_matching(wanted))  # type: ignore[arg-type] # conditions of several column types
    joined = select(Link.id).join(Programme, Programme.id == Link.programme_id)
    joined = joined.join(Advertiser, Advertiser.id == Programme.advertiser_id).where(matching)
    total = session.scalar(select(func.count()).select_from(joined.subquery())) or 0
    ids = joined.order_by(Link.id.desc())
    if wanted.per_page:
        ids = ids.limit(wanted.per_page).offset((max(wanted.page, 1) - 1) * wanted.per_page)
    links = session.scalars(_whole().where(Link.id.in_(ids)).order_by(Link.id.desc())).all()
    return links, total


def default_tokens(session: Session, link_ids: Sequence[int]) -> dict[int, str]:
    """Each link's token for bare use."""
    rows = session.execute(
        select(Placement.link_id, Placement.token).where(Placement.is_default, Placement.link_id.in_(link_ids))
    )
    return {row.link_id: row.token for row in rows}


def site_of_hosts(session: Session) -> dict[str, int]:
    """Every host that readers come by, with its site's id: the sites' hosts, and those of link bases that one site alone has
    and that are no other site's host."""
    based: dict[str, set[int]] = {}
    for site_id, link_base in session.execute(select(Site.id, Site.link_base).where(Site.link_base != "")):
        based.setdefault(host_key(host_of(link_base) or ""), set()).add(site_id)
    known = {host: min(sites) for host, sites in based.items() if host and len(sites) == 1}
    return known | {row.host: row.site_id for row in session.execute(select(SiteHost.host, SiteHost.site_id))}


def changes(session: Session, above: int, spans: Sequence[tuple[int, int]], limit: int) -> Sequence[tuple[int, int]]:
    """(change id, link id) of the outbox, oldest first: those above an id, and in spans of ids, both ends included."""
    wanted = or_(LinkChange.id > above, *(LinkChange.id.between(*span) for span in spans))
    rows = session.execute(select(LinkChange.id, LinkChange.link_id).where(wanted).order_by(LinkChange.id).limit(limit))
    return [(row.id, row.link_id) for row in rows]


def change_before(session: Session, change_id: int, seconds: float) -> int:
    """The oldest change that was made at most so many seconds before this one; itself where it is not there."""
    made_at = session.scalar(select(LinkChange.changed_at).where(LinkChange.id == change_id))
    if made_at is None:
        return change_id
    recent = LinkChange.changed_at >= made_at - timedelta(seconds=seconds)
    return session.scalar(select(func.min(LinkChange.id)).where(recent)) or change_id


def change_span(session: Session) -> tuple[int, int]:
    """The oldest and the newest change that the outbox still holds; 1 and 0 where it is empty."""
    oldest, newest = (select(end(LinkChange.id)).scalar_subquery() for end in (func.min, func.max))
    row = session.execute(select(func.coalesce(oldest, 1), func.coalesce(newest, 0))).one()
    return row[0], row[1]


def prune_changes(session: Session, before: datetime, limit: int) -> int:
    """Deletes changes made before a moment, the oldest first; never the newest one, whose id SQLite would give out
    again. How many."""
    old = select(LinkChange.id).where(
        LinkChange.changed_at < before, LinkChange.id < select(func.max(LinkChange.id)).scalar_subquery()
    )
    deleted = session.execute(
        delete(LinkChange).where(LinkChange.id.in_(old.order_by(LinkChange.id).limit(limit))),
        execution_options={"synchronize_session": False},
    )
    return deleted.rowcount  # type: ignore[attr-defined, no-any-return] # a delete's result has it


@dataclass(frozen=True, slots=True)
class PublishedLink:
    """What publishing needs of a link: twenty times faster to read than a `Link`. `token` is its default placement's, `tokens`
    are those of all its placements."""

    id: int
    site_id: int
    status: str
    mode: str | None
    target_url: str
    token: str
    programme: Programme
    paths: tuple[str, ...]
    tokens: tuple[str, ...] = ()


_LINK_COLUMNS = (
    Link.id,
    LinkPath.link_id,
    Placement.link_id,
)  # where a link's row, its paths and its placements name it


class LinkReader:
    """Reads links for publishing. `programmes` are those that were read before, by id; new ones are added."""

    def __init__(self, session: Session, programmes: dict[int, Programme]) -> None:
        self._session = session
        self._programmes = programmes

    def with_ids(self, link_ids: Sequence[int]) -> list[PublishedLink]:
        return self._links(*(column.in_(link_ids) for column in _LINK_COLUMNS))

    def above(self, link_id: int, limit: int) -> list[PublishedLink]:
        """A batch of all links in the order of their ids."""
        ids = select(Link.id).where(Link.id > link_id).order_by(Link.id).limit(limit).subquery()
        last = self._session.scalar(select(func.max(ids.c.id)))
        if last is None:
            return []
        return self._links(*(column.between(link_id + 1, last) for column in _LINK_COLUMNS))

    def _links(
        self, wanted: ColumnElement[bool], wanted_paths: ColumnElement[bool], wanted_tokens: ColumnElement[bool]
    ) -> list[PublishedLink]:
        rows = self._session.execute(
            select(Link.id, Link.site_id, Link.status, Link.mode, Link.target_url, Placement.token, Link.programme_id)
            .join(Placement, and_(Placement.link_id == Link.id, Placement.is_default))
            .where(wanted)
            .order_by(Link.id)
        ).all()
        paths: dict[int, list[str]] = {}
        for link_id, path in self._session.execute(select(LinkPath.link_id, LinkPath.path).where(wanted_paths)):
            paths.setdefault(link_id, []).append(path)
        tokens: dict[int, list[str]] = {}
        for link_id, token in self._session.execute(select(Placement.link_id, Placement.token).where(wanted_tokens)):
            tokens.setdefault(link_id, []).append(token)
        self._read_programmes({row.programme_id for row in rows})
        programmes = self._programmes
        return [
            PublishedLink(*row[:6], programmes[row[6]], tuple(paths.get(row[0], ())), tuple(tokens.get(row[0], ())))
            for row in rows
        ]

    def _read_programmes(self, programme_ids: set[int]) -> None:
        missing = programme_ids - self._programmes.keys()
        if missing:
            wanted = select(Programme).options(joinedload(Programme.account)).where(Programme.id.in_(missing))
            self._programmes.update((programme.id, programme) for programme in self._session.scalars(wanted))


def links_of_programmes(session: Session, programme_ids: Collection[int]) -> Sequence[int]:
    return session.scalars(select(Link.id).where(Link.programme_id.in_(programme_ids)).order_by(Link.id)).all()


def uses_of_programmes(session: Session, programme_ids: Collection[int]) -> dict[int, tuple[int, int]]:
    """By programme: how many links of it are not retired, and in how many articles they stand now."""
    standing = and_(Placement.link_id == Link.id, Placement.removed_at.is_(None))
    rows = session.execute(
        select(Link.programme_id, func.count(Link.id.distinct()), func.count(Placement.article_id.distinct()))
        .outerjoin(Placement, standing)
        .where(Link.programme_id.in_(programme_ids), Link.status != "retired")
        .group_by(Link.programme_id)
    )
    return dict.fromkeys(programme_ids, (0, 0)) | {row[0]: (row[1], row[2]) for row in rows}


def programmes(session: Session, wanted: ProgrammeFilter) -> tuple[Sequence[Programme], int]:
    """The page of programmes, those to be completed first, then by name; and how many match in all."""
    matching = and_(True, *_matching_programmes(wanted))
    total = session.scalar(select(func.count(Programme.id)).where(matching)) or 0
    page = (
        select(Programme)
        .options(joinedload(Programme.account), joinedload(Programme.advertiser), selectinload(Programme.hosts))
        .where(matching)
        .order_by(Programme.to_be_completed.desc(), func.lower(Programme.name), Programme.id)
    )
    if wanted.per_page:
        page = page.limit(wanted.per_page).offset((max(wanted.page, 1) - 1) * wanted.per_page)
    return session.scalars(page).all(), total


def _matching_programmes(wanted: ProgrammeFilter) -> Iterable[ColumnElement[bool]]:
    if word := wanted.text.strip():
        with_host = select(ProgrammeHost.programme_id).where(ProgrammeHost.host.icontains(word, autoescape=True))
        yield or_(
            Programme.name.icontains(word, autoescape=True),
            Programme.advertiser_ref.icontains(word, autoescape=True),
            Programme.id.in_(with_host),
        )
    if wanted.network:
        yield Programme.network == wanted.network
    if wanted.standing == "incomplete":
        yield Programme.to_be_completed.is_(True)
    elif wanted.standing:
        yield Programme.joined.is_(wanted.standing == "joined")


def programmes_covering(session: Session, hosts: Collection[str]) -> dict[str, list[Programme]]:
    """By host the programmes that name it, joined or not, oldest first, with account, company and advertiser."""
    found: dict[str, list[Programme]] = {}
    rows = session.execute(
        select(ProgrammeHost.host, Programme)
        .join(Programme, Programme.id == ProgrammeHost.programme_id)
        .options(joinedload(Programme.account).joinedload(PublisherAccount.entity), joinedload(Programme.advertiser))
        .where(ProgrammeHost.host.in_(hosts))
        .order_by(Programme.id)
    )
    for host, programme in rows:
        found.setdefault(host, []).append(programme)
    return found


@dataclass(frozen=True, slots=True)
class Record:
    """What our own ledger says of a programme, or of all of a network's: see `TrackRecord`."""

    transactions: int = 0
    approved: int = 0
    declined: int = 0
    paid: int = 0
    payment_days: int | None = None

    @property
    def decided(self) -> int:
        return self.approved + self.declined

    @property
    def approval_rate(self) -> Decimal | None:
        """Approved of those decided; None where none is."""
        return Decimal(self.approved) / self.decided if self.decided else None


_RECORD = (
    TrackRecord.transactions,
    TrackRecord.approved,
    TrackRecord.declined,
    TrackRecord.paid,
    TrackRecord.payment_days,
)


def track_records(session: Session, programme_ids: Collection[int]) -> dict[int, Record]:
    """By programme, those that have one."""
    wanted = select(TrackRecord.programme_id, *_RECORD).where(TrackRecord.programme_id.in_(programme_ids))
    return {row[0]: Record(*row[1:]) for row in session.execute(wanted)}


def track_records_of_networks(session: Session) -> dict[str, Record]:
    """By network, all its programmes together; days weighed by how many payments they rest on."""
    days = func.sum(TrackRecord.payment_days * TrackRecord.paid) / func.nullif(func.sum(TrackRecord.paid), 0)
    rows: Iterable[Any] = session.execute(
        select(Programme.network, *(func.sum(figure).label(figure.key) for figure in _RECORD[:-1]), days.label("days"))
        .join(Programme, Programme.id == TrackRecord.programme_id)
        .group_by(Programme.network)
    )
    return {
        row.network: Record(
            transactions=int(row.transactions),
            approved=int(row.approved),
            declined=int(row.declined),
            paid=int(row.paid),
            payment_days=None if row.days is None else round(row.days),
        )
        for row in rows
    }


def product_of(session: Session, link_id: int) -> Product | None:
    return session.scalar(select(Product).join(Link, Link.product_id == Product.id).where(Link.id == link_id))
