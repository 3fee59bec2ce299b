"""Every SQL statement about clicks. Statements act on a session's transaction and commit nothing."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Executable, Integer, Table, case, cast, delete, func, insert, literal, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from affiliate.store.tables import Click, ClickHour, JournalSegment, Link, Placement, Programme, RecentVisit

_IN_ONE_QUERY = 500

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


class Totals(NamedTuple):
    raw: int
    human: int
    network_comparable: int


class ClickRow(NamedTuple):
    """A row of `clicks` but for its id, in the order of the columns."""

    at: datetime
    site_id: int
    link_id: int
    placement_id: int | None
    article_id: int | None
    programme_id: int
    click_class: str
    rules_version: int
    network_comparable: bool
    device: str
    user_agent_family: str
    country: str | None
    referrer_host: str | None
    referrer_path: str | None
    gpc: bool
    fallback_reason: str | None


Hour = tuple[datetime, int, int, int, int, int, str, str, str]  # the key of click_hours, in the order of its columns


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


def recent_visits(session: Session, visitors: Collection[int]) -> dict[tuple[int, int], int]:
    """When these visitors were last seen, in ms, by (visitor, scope)."""
    seen: dict[tuple[int, int], int] = {}
    for some in _parts(sorted(visitors)):
        rows = session.execute(
            select(RecentVisit.visitor, RecentVisit.scope, RecentVisit.last_ms).where(RecentVisit.visitor.in_(some))
        )
        seen |= {(row[0], row[1]): row[2] for row in rows}
    return seen


def remember_visits(session: Session, visits: Mapping[tuple[int, int], int]) -> None:
    """Writes when visitors were last seen; a later moment wins over an earlier one."""
    if not visits:
        return
    greatest, mark = ("GREATEST", "%s") if _is_postgresql(session) else ("MAX", "?")
    statement = (
        f"INSERT INTO recent_visits (visitor, scope, last_ms) VALUES ({mark}, {mark}, {mark}) "  # noqa: S608 - no values
        f"ON CONFLICT (visitor, scope) DO UPDATE SET last_ms = {greatest}(recent_visits.last_ms, excluded.last_ms)"
    )
    rows = [(visitor, scope, last) for (visitor, scope), last in sorted(visits.items())]
    session.connection().exec_driver_sql(statement, rows)


def forget_visits(session: Session, before_ms: int) -> int:
    return _changed(session, delete(_table(RecentVisit)).where(RecentVisit.last_ms < before_ms))


def insert_clicks(session: Session, rows: Sequence[ClickRow]) -> None:
    """Hands the rows to the driver as they are: SQLAlchemy's own way through its column types costs a third of all
    that the loader does."""
    if not rows:
        return
    columns = ", ".join(ClickRow._fields)
    connection = session.connection()
    if _is_postgresql(session):
        driver: Any = connection.connection.driver_connection
        with driver.cursor() as cursor, cursor.copy(f"COPY clicks ({columns}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        return
    marks = ", ".join("?" * len(ClickRow._fields))
    connection.exec_driver_sql(
        f"INSERT INTO clicks ({columns}) VALUES ({marks})",  # noqa: S608 - our own column names
        [
            (row.at.isoformat(" ", "microseconds")[:26], *row[1:]) for row in rows
        ],  # as the column type writes it: no zone
    )


def add_to_hours(session: Session, hours: Mapping[Hour, tuple[int, int]]) -> None:
    """Adds (clicks, network-comparable clicks) to the roll-up, in the order of its key so that two loaders cannot
    dead-lock."""
    if not hours:
        return
    table = _table(ClickHour)
    statement = _upsert(session, table)
    key = [column.name for column in table.primary_key.columns]
    statement = statement.on_conflict_do_update(
        index_elements=key,
        set_={
            "clicks": table.c.clicks + statement.excluded.clicks,
            "network_comparable": table.c.network_comparable + statement.excluded.network_comparable,
        },
    )
    rows = [
        {**dict(zip(key, hour, strict=True)), "clicks": clicks, "network_comparable": comparable}
        for hour, (clicks, comparable) in sorted(hours.items())
    ]
    session.execute(statement, rows)


def rebuild_hours(session: Session) -> int:
    """Makes the roll-up anew from the raw clicks; how many rows it has."""
    if _is_postgresql(session):  # a loader that commits half-way would be counted twice; SQLite has one writer anyway
        session.execute(text("LOCK TABLE click_hours IN EXCLUSIVE MODE"))
    session.execute(delete(_table(ClickHour)))
    hour = (
        func.date_trunc("hour", Click.at, "UTC")
        if _is_postgresql(session)
        else func.strftime("%Y-%m-%d %H:00:00.000000", Click.at)
    )
    dimensions = (
        hour,
        Click.site_id,
        Click.link_id,
        func.coalesce(Click.placement_id, 0),
        func.coalesce(Click.article_id, 0),
        func.coalesce(Click.programme_id, 0),
        func.coalesce(Click.country, ""),
        Click.device,
        Click.click_class,
    )
    raw = select(
        *(dimension.label(f"d{number}") for number, dimension in enumerate(dimensions)),
        literal(1).label("one"),
        cast(Click.network_comparable, Integer).label("comparable"),
    ).subquery()
    keys = [raw.c[f"d{number}"] for number in range(len(dimensions))]
    counted = select(*keys, func.sum(raw.c.one), func.sum(raw.c.comparable)).group_by(*keys)
    names = [column.name for column in _table(ClickHour).columns]
    session.execute(insert(_table(ClickHour)).from_select(names, counted))
    return session.scalar(select(func.count()).select_from(_table(ClickHour))) or 0


def totals(session: Session) -> Totals:
    human = func.sum(case((ClickHour.click_class == "human", ClickHour.clicks), else_=0))
    row = session.execute(select(func.sum(ClickHour.clicks), human, func.sum(ClickHour.network_comparable))).one()
    return Totals(*(int(value or 0) for value in row))


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


def _parts(values: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(values)
    while part := list(islice(rest, _IN_ONE_QUERY)):
        yield part
