"""Every SQL statement about clicks. Statements act on a session's transaction and commit nothing."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Executable,
    Table,
    case,
    cast,
    delete,
    func,
    insert,
    select,
    text,
    type_coerce,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from affiliate.clicks.classes import FIRST, HUMAN
from affiliate.store.copying import copy
from affiliate.store.tables import (
    Click,
    ClickContext,
    ClickHour,
    ClickOrigin,
    ClickPurge,
    ClickRules,
    JournalSegment,
    Link,
    LinkChange,
    Placement,
    Programme,
    RecentVisit,
    UserAgent,
    UserAgentSighting,
)

_IN_ONE_QUERY = 500
_MS_PER_HOUR = 3_600_000
_PURGE_LOCK = 7_261_006  # any number, the same in every version

CLICKS = "clicks"  # what can be purged
HOURS = "hours"

T = TypeVar("T")


class LinkFacts(NamedTuple):
    """Where a link's clicks are booked."""

    site_id: int
    programme_id: int
    advertiser_id: int
    default_placement_id: int | None


class PlacementFacts(NamedTuple):
    placement_id: int
    link_id: int
    article_id: int | None


class Context(NamedTuple):
    """A row of `click_contexts` but for id and digest, in the order of the columns."""

    site_id: int
    link_id: int
    placement_id: int | None
    article_id: int | None
    programme_id: int
    country: str
    device: str
    referrer_host: str


class Origin(NamedTuple):
    """A row of `click_origins` but for id and digest, in the order of the columns."""

    user_agent_family: str
    referrer_path: str
    fallback_reason: str


class Totals(NamedTuple):
    raw: int
    human: int
    network_comparable: int


# visitor, last (ms), clicks: a row of `recent_visits`, in the order of the columns
VisitRow = tuple[int, int, bytes]

# at (ms), context, origin, user agent, class, flags, rules: a row of `clicks` but for its id, in the order of the columns
ClickRow = tuple[int, int, int, int | None, str, int, int]

Hour = tuple[int, int, str]  # hours since 1970, context, class: the key of click_hours


# ---- loading --------------------------------------------------------------------------------------------------------


def stamp(session: Session) -> tuple[int, int]:
    """Changes when what is known of links may have changed, or rows were purged that nothing referred to."""
    changed = session.scalar(select(func.max(LinkChange.id)))
    purged = session.scalar(select(func.max(ClickPurge.id)))
    return changed or 0, purged or 0


def keep_purges_out(session: Session) -> None:
    """Until this transaction ends no purge deletes what clicks refer to. SQLite has one writer anyway."""
    if _is_postgresql(session):
        session.execute(text("SELECT pg_advisory_xact_lock_shared(:key)"), {"key": _PURGE_LOCK})


def checkpoint(session: Session, uuid: str) -> int | None:
    """How far a segment is loaded, as an offset; None for one never seen."""
    return session.scalar(select(JournalSegment.offset).where(JournalSegment.uuid == uuid))


def move_checkpoint(
    session: Session, uuid: str, start: int, end: int, *, loaded: int, set_aside: int, now: datetime
) -> bool:
    """Moves a segment's checkpoint from `start` to `end` if it stands at `start`. False: another loader was faster, and
    the caller's transaction must not be committed."""
    first = {"uuid": uuid, "offset": start, "loaded": 0, "set_aside": 0, "updated_at": now}
    session.execute(_upsert(session, _table(JournalSegment)).on_conflict_do_nothing(), first)
    moved = _changed(
        session,
        update(_table(JournalSegment))
        .where(JournalSegment.uuid == uuid, JournalSegment.offset == start)
        .values(
            offset=end,
            loaded=JournalSegment.loaded + loaded,
            set_aside=JournalSegment.set_aside + set_aside,
            updated_at=now,
        ),
    )
    return moved == 1


def link_facts(session: Session, link_ids: Collection[int]) -> dict[int, LinkFacts]:
    facts: dict[int, LinkFacts] = {}
    for some in _parts(sorted(link_ids)):
        rows = session.execute(
            select(Link.id, Link.site_id, Link.programme_id, Programme.advertiser_id, Placement.id)
            .join(Programme, Programme.id == Link.programme_id)
            .outerjoin(Placement, (Placement.link_id == Link.id) & Placement.is_default)
            .where(Link.id.in_(some))
        )
        facts |= {row[0]: LinkFacts(*row[1:]) for row in rows}
    return facts


def placements(session: Session, tokens: Collection[str]) -> dict[str, PlacementFacts]:
    facts: dict[str, PlacementFacts] = {}
    for some in _parts(sorted(tokens)):
        rows = session.execute(
            select(Placement.token, Placement.id, Placement.link_id, Placement.article_id).where(
                Placement.token.in_(some)
            )
        )
        facts |= {row[0]: PlacementFacts(*row[1:]) for row in rows}
    return facts


def context_ids(session: Session, contexts: Mapping[bytes, Context]) -> dict[bytes, int]:
    """The ids of these contexts by their digests; missing rows are made."""
    return _ids(session, _table(ClickContext), contexts)


def origin_ids(session: Session, origins: Mapping[bytes, Origin]) -> dict[bytes, int]:
    """The ids of these origins by their digests; missing rows are made."""
    return _ids(session, _table(ClickOrigin), origins)


def _ids(session: Session, table: Table, rows: Mapping[bytes, Context | Origin]) -> dict[bytes, int]:
    found = _ids_of_digests(session, table, rows)
    if missing := sorted(digest for digest in rows if digest not in found):  # sorted: two loaders cannot dead-lock
        columns = [column.name for column in table.columns if column.name != "id"]
        marks = ", ".join(("%s" if _is_postgresql(session) else "?",) * len(columns))
        session.connection().exec_driver_sql(
            f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({marks}) ON CONFLICT DO NOTHING",  # noqa: S608
            [(digest, *rows[digest]) for digest in missing],
        )
        found |= _ids_of_digests(session, table, missing)
    return found


def _ids_of_digests(session: Session, table: Table, digests: Iterable[bytes]) -> dict[bytes, int]:
    found: dict[bytes, int] = {}
    connection = session.connection()
    parameters: tuple[Any, ...]
    for some in _parts(digests):
        where, parameters = "= ANY(%s)", (some,)
        if not _is_postgresql(session):
            where, parameters = f"IN ({', '.join('?' * len(some))})", tuple(some)
        rows = connection.exec_driver_sql(f"SELECT digest, id FROM {table.name} WHERE digest {where}", parameters)  # noqa: S608
        found |= {bytes(row[0]): row[1] for row in rows}
    return found


def recent_visits(session: Session, visitors: Collection[int]) -> dict[int, bytes]:
    """What is remembered of these visitors."""
    found: dict[int, bytes] = {}
    connection = session.connection()
    for some in _parts(sorted(visitors), 10_000):
        where, parameter = (
            ("= ANY(%s)", some) if _is_postgresql(session) else ("IN (SELECT value FROM json_each(?))", str(some))
        )
        rows = connection.exec_driver_sql(
            f"SELECT visitor, clicks FROM recent_visits WHERE visitor {where}",  # noqa: S608 - no values
            (parameter,),
        )
        found.update((row[0], row[1]) for row in rows.all())
    return found


def remember_visits(session: Session, visits: Sequence[VisitRow]) -> None:
    """Writes what is to be remembered, sorted by visitor. Visitors' hashes are of one node, and so is the loader that
    alone writes them: the last writer wins."""
    if not visits:
        return
    connection = session.connection()
    rest = " ON CONFLICT (visitor) DO UPDATE SET last_at = excluded.last_at, clicks = excluded.clicks"
    if _is_postgresql(session):
        columns = tuple(list(column) for column in zip(*visits, strict=True))
        connection.exec_driver_sql(
            f"INSERT INTO recent_visits SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bytea[]){rest}",  # noqa: S608
            columns,
        )
    else:
        connection.exec_driver_sql(f"INSERT INTO recent_visits VALUES (?, ?, ?){rest}", list(visits))  # noqa: S608


def insert_clicks(session: Session, rows: Sequence[ClickRow]) -> None:
    """Hands the rows to the driver as they are: SQLAlchemy's own way through its column types costs more than all the
    rest of the loader."""
    if not rows:
        return
    columns = "at, context_id, origin_id, user_agent_id, click_class, flags, rules_id"
    connection = session.connection()
    if _is_postgresql(session):
        copy(connection, f"COPY clicks ({columns}) FROM STDIN", rows)
    else:
        connection.exec_driver_sql(f"INSERT INTO clicks ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?)", list(rows))  # noqa: S608


def add_to_hours(session: Session, hours: Mapping[Hour, tuple[int, int]]) -> None:
    """Adds (clicks, network-comparable clicks) to the roll-up, in the order of its key so that two loaders cannot
    dead-lock. Numbers may be negative; a row that comes to nothing is taken out by `drop_empty_hours`."""
    if not hours:
        return
    connection = session.connection()
    rows = [(*hour, *counts) for hour, counts in sorted(hours.items())]
    rest = (
        " ON CONFLICT (hour, context_id, click_class) DO UPDATE SET clicks = click_hours.clicks + excluded.clicks,"
        " network_comparable = click_hours.network_comparable + excluded.network_comparable"
    )
    if _is_postgresql(session):
        arrays = "%s::bigint[], %s::int[], %s::varchar[], %s::int[], %s::int[]"
        columns = [list(column) for column in zip(*rows, strict=True)]
        connection.exec_driver_sql(
            f"INSERT INTO click_hours SELECT * FROM unnest({arrays}){rest}",  # noqa: S608 - no values
            tuple(columns),
        )
    else:
        connection.exec_driver_sql(f"INSERT INTO click_hours VALUES (?, ?, ?, ?, ?){rest}", rows)  # noqa: S608


# ---- user agents and rules ------------------------------------------------------------------------------------------


def rules_id(session: Session, version: str, *, now: datetime) -> int:
    """The id of these rules; their row is made when they are first used."""
    wanted = select(ClickRules.id).where(ClickRules.version == version)
    if (found := session.scalar(wanted)) is not None:
        return found
    statement = _upsert(session, _table(ClickRules)).on_conflict_do_nothing()
    session.execute(statement, {"version": version, "since": now, "report": None})
    return session.scalars(wanted).one()


def user_agent_ids(session: Session, texts: Collection[str]) -> dict[str, int]:
    """The ids of those strings that are in the dictionary."""
    found: dict[str, int] = {}
    for some in _parts(sorted(texts)):
        rows = session.execute(select(UserAgent.text, UserAgent.id).where(UserAgent.text.in_(some)))
        found |= {row[0]: row[1] for row in rows}
    return found


def note_sightings(session: Session, sightings: Mapping[tuple[int, int], int], shared_by: int) -> set[int]:
    """Notes (user agent, visitor) → ms, and returns those of the user agents that at least `shared_by` visitors showed."""
    if not sightings:
        return set()
    rows = [(*pair, moment) for pair, moment in sorted(sightings.items())]
    connection = session.connection()
    rest = " ON CONFLICT (agent, visitor) DO NOTHING"
    if _is_postgresql(session):
        columns = [list(column) for column in zip(*rows, strict=True)]
        connection.exec_driver_sql(
            f"INSERT INTO user_agent_sightings SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]){rest}",  # noqa: S608
            tuple(columns),
        )
    else:
        connection.exec_driver_sql(f"INSERT INTO user_agent_sightings VALUES (?, ?, ?){rest}", rows)  # noqa: S608
    shared: set[int] = set()
    for some in _parts(sorted({agent for agent, _ in sightings})):
        shared |= set(
            session.scalars(
                select(UserAgentSighting.agent)
                .where(UserAgentSighting.agent.in_(some))
                .group_by(UserAgentSighting.agent)
                .having(func.count() >= shared_by)
            )
        )
    return shared


def forget_agents(session: Session, agents: Collection[int]) -> None:
    session.execute(delete(_table(UserAgentSighting)).where(UserAgentSighting.agent.in_(agents)))


def add_user_agents(session: Session, kinds: Mapping[str, str], *, now: datetime) -> dict[str, int]:
    """Puts strings with their kinds into the dictionary; their ids."""
    rows = [{"text": agent, "kind": kind, "added_at": now} for agent, kind in sorted(kinds.items())]
    session.execute(_upsert(session, _table(UserAgent)).on_conflict_do_nothing(), rows)
    return user_agent_ids(session, kinds.keys())


def user_agents(session: Session) -> Sequence[tuple[int, str, str]]:
    """The dictionary: (id, text, kind)."""
    rows = session.execute(select(UserAgent.id, UserAgent.text, UserAgent.kind).order_by(UserAgent.id))
    return [(row[0], row[1], row[2]) for row in rows]


def is_rejudging_due(session: Session, version: str) -> bool:
    known = session.execute(select(ClickRules.report).where(ClickRules.version == version)).first()
    return known is None or known[0] is None


def note_rejudged(session: Session, rules_id: int, report: dict[str, object]) -> None:
    session.get_one(ClickRules, rules_id).report = report


class OfAgents(NamedTuple):
    """The clicks of some user agents whose ids are in [first, until)."""

    agent_ids: Collection[int]
    first: int
    until: int

    def where(self) -> list[ColumnElement[bool]]:
        return [Click.id >= self.first, Click.id < self.until, Click.user_agent_id.in_(self.agent_ids)]


def newest_click(session: Session) -> int:
    """The id of the newest click; 0 without any."""
    return session.scalar(select(func.max(Click.id))) or 0


def classes_of(session: Session, of_agents: OfAgents) -> Sequence[tuple[str, int]]:
    """The (class, flags) that these clicks have."""
    rows = session.execute(select(Click.click_class, Click.flags).where(*of_agents.where()).distinct())
    return [(row[0], row[1]) for row in rows]


def hours_of(session: Session, of_agents: OfAgents, click_class: str, flags: int) -> Sequence[tuple[int, int, int]]:
    """(hour, context, clicks) of those of these clicks."""
    wanted = select(_hour_of_click().label("hour"), Click.context_id, func.count().label("clicks"))
    wanted = wanted.where(*of_agents.where(), Click.click_class == click_class, Click.flags == flags)
    rows = session.execute(wanted.group_by("hour", Click.context_id))
    return [(row.hour, row.context_id, row.clicks) for row in rows]


def set_class(session: Session, of_agents: OfAgents, click_class: str, flags: int, *, new: str, rules_id: int) -> None:
    """Gives those of these clicks another class."""
    those = (*of_agents.where(), Click.click_class == click_class, Click.flags == flags)
    session.execute(update(_table(Click)).where(*those).values(click_class=new, rules_id=rules_id))


def set_kind(session: Session, agent_ids: Collection[int], kind: str) -> None:
    session.execute(update(_table(UserAgent)).where(UserAgent.id.in_(agent_ids)).values(kind=kind))


# ---- roll-up --------------------------------------------------------------------------------------------------------


def rebuild_hours(session: Session, since: datetime | None) -> int:
    """Makes the roll-up anew from the raw clicks, from the hour `since` on; how many rows it has from there."""
    if _is_postgresql(session):  # a loader that commits half-way would be counted twice; SQLite has one writer anyway
        session.execute(text("LOCK TABLE click_hours IN EXCLUSIVE MODE"))
    session.execute(delete(_table(ClickHour)).where(*_from_hour(since)))
    names = [column.name for column in _table(ClickHour).columns]
    session.execute(insert(_table(ClickHour)).from_select(names, _counted(since)))
    return session.scalar(select(func.count()).select_from(ClickHour).where(*_from_hour(since))) or 0


def differing_hours(session: Session, since: datetime | None) -> int:
    """In how many rows the roll-up and the raw clicks differ, from the hour `since` on."""
    kept = select(*_table(ClickHour).columns).where(*_from_hour(since))
    counted = _counted(since)
    missing = select(func.count()).select_from(counted.except_(kept).subquery())
    wrong = select(func.count()).select_from(kept.except_(counted).subquery())
    return max(session.scalar(missing) or 0, session.scalar(wrong) or 0)


def _from_hour(since: datetime | None) -> list[ColumnElement[bool]]:
    return [ClickHour.hour >= since] if since else []


def _hour_of_click() -> ColumnElement[int]:
    return type_coerce(Click.at, BigInteger) // _MS_PER_HOUR


def _counted(since: datetime | None) -> Any:
    comparable = case((Click.click_class == HUMAN, Click.flags.bitwise_and(FIRST) / FIRST), else_=0)
    keys = (_hour_of_click(), Click.context_id, Click.click_class)
    numbers = (func.count(), cast(func.sum(comparable), BigInteger))
    wanted: Any = select(*(part.label(f"c{number}") for number, part in enumerate((*keys, *numbers)))).group_by(*keys)
    return wanted.where(Click.at >= since) if since else wanted


def totals(session: Session) -> Totals:
    human = func.sum(case((ClickHour.click_class == HUMAN, ClickHour.clicks), else_=0))
    row = session.execute(select(func.sum(ClickHour.clicks), human, func.sum(ClickHour.network_comparable))).one()
    return Totals(*(int(value or 0) for value in row))


def drop_empty_hours(session: Session, hours: Collection[int]) -> None:
    """Takes out the rows of these hours (since 1970) that have come to nothing."""
    for some in _parts(sorted(hours)):
        of_hours = type_coerce(ClickHour.hour, BigInteger).in_(some)
        session.execute(delete(_table(ClickHour)).where(of_hours, ClickHour.clicks == 0))


# ---- forgetting -----------------------------------------------------------------------------------------------------


def forget_visits(session: Session, before: datetime) -> int:
    return _changed(session, delete(_table(RecentVisit)).where(RecentVisit.last_at < before))


def forget_sightings(session: Session, before: datetime) -> int:
    return _changed(session, delete(_table(UserAgentSighting)).where(UserAgentSighting.seen_at < before))


def delete_before(session: Session, what: str, before: datetime, most: int) -> int:
    """Deletes the oldest clicks, at most so many, or all hours; how many."""
    if what == HOURS:
        return _changed(session, delete(_table(ClickHour)).where(ClickHour.hour < before))
    oldest = select(Click.id).where(Click.at < before).order_by(Click.at).limit(most)
    return _changed(session, delete(_table(Click)).where(Click.id.in_(oldest.scalar_subquery())))


def note_purge(session: Session, what: str, before: datetime, deleted: int, *, now: datetime) -> None:
    purge = session.scalars(select(ClickPurge).filter_by(what=what, before=before)).first()
    if purge is None:
        purge = ClickPurge(what=what, before=before, deleted=0)
        session.add(purge)
    purge.deleted += deleted
    purge.purged_at = now


def finish_purge(session: Session, what: str, before: datetime) -> int:
    """How much is older still. After a purge that deleted anything: writes that down, and deletes the origins and contexts
    that nothing refers to and the checkpoints that old."""
    counted, older = (ClickHour, ClickHour.hour < before) if what == HOURS else (Click, Click.at < before)
    left = session.scalar(select(func.count()).select_from(counted).where(older)) or 0
    purge = session.scalars(select(ClickPurge).filter_by(what=what, before=before)).first()
    if purge is not None and purge.left is None:
        purge.left = left
        if _is_postgresql(session):
            session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _PURGE_LOCK})
        session.execute(delete(_table(ClickOrigin)).where(ClickOrigin.id.not_in(select(Click.origin_id))))
        unused = ClickContext.id.not_in(select(Click.context_id)), ClickContext.id.not_in(select(ClickHour.context_id))
        session.execute(delete(_table(ClickContext)).where(*unused))
        if what == CLICKS:
            session.execute(delete(_table(JournalSegment)).where(JournalSegment.updated_at < before))
    return left


def purged_before(session: Session) -> datetime | None:
    """The moment before which raw clicks have been deleted; None if none ever were."""
    return session.scalar(select(func.max(ClickPurge.before)).where(ClickPurge.what == CLICKS))


def _table(mapped: type[Any]) -> Table:
    table: Table = mapped.__table__
    return table


def _upsert(session: Session, table: Table) -> Any:
    return (postgresql if _is_postgresql(session) else sqlite).insert(table)


def _is_postgresql(session: Session) -> bool:
    return session.get_bind().dialect.name == "postgresql"


def _changed(session: Session, statement: Executable) -> int:
    result: Any = session.execute(statement)  # a CursorResult, which alone knows how many rows it changed
    return int(result.rowcount)


def _parts(values: Iterable[T], size: int = _IN_ONE_QUERY) -> Iterator[list[T]]:
    rest = iter(values)
    while part := list(islice(rest, size)):
        yield part
