"""The report of clicks: the three counts and every class, cut by what a click carries, as a whole or hour by hour and day
by day. It reads the hourly roll-up, which is kept for longer than the clicks themselves."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, case, func, select, type_coerce
from sqlalchemy.orm import Session

from affiliate import __version__
from affiliate.clicks.classes import CLASSES, HUMAN
from affiliate.clicks.count import MEANINGS, Counts
from affiliate.clicks.queries import HOURS
from affiliate.clock import zone
from affiliate.errors import InvalidInput
from affiliate.reports.counts import rolled_up
from affiliate.reports.dimensions import Labels, names_of, unnamed
from affiliate.reports.fingerprint import fingerprint
from affiliate.reports.freshness import Freshness, freshness
from affiliate.reports.queries import group_of
from affiliate.reports.scope import Range, Scope
from affiliate.store.tables import Article, ClickContext, ClickHour, ClickPurge, Placement, Programme, Site

NAME = "clicks"
DAY, HOUR = "day", "hour"
GRAINS = (DAY, HOUR)
MOST_ROWS = 100_000  # more is no report: by hour and placement a busy month would be millions of lines

# as the licence of the file asks for it (affiliate/redirect/data/CREDITS.md)
COUNTRY_CREDIT = "Country: geo-whois-asn-country by ip-location-db, CC BY 4.0, from nro.net; or the file that the configuration names."

_KEYS: Mapping[str, Any] = {
    "article": ClickContext.article_id,
    "author": func.nullif(Article.author, ""),
    "link": ClickContext.link_id,
    "placement": ClickContext.placement_id,
    "position": Placement.position,
    "site": ClickContext.site_id,
    "advertiser": Programme.advertiser_id,
    "programme": ClickContext.programme_id,
    "network": Programme.network,
    "country": ClickContext.country,
    "device": ClickContext.device,
    "class": ClickHour.click_class,
    "referrer": ClickContext.referrer_host,
}
_TEXTS = ("author", "network", "country", "device", "class", "referrer")
DIMENSIONS = (*_KEYS, *GRAINS)

_hour: ColumnElement[int] = type_coerce(ClickHour.hour, BigInteger)  # hours since 1970
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = _EPOCH.date()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClickRange(Range):
    """Which clicks are counted: of days and a title; of one class where `click_class` says so; and of one value of a
    dimension, `within` and `key` (None: of those that have none)."""

    click_class: str | None = None
    within: str | None = None
    key: str | None = None

    def __post_init__(self) -> None:
        if self.click_class is not None and self.click_class not in CLASSES:
            raise InvalidInput(f"{self.click_class!r} is no class of clicks; there are {', '.join(CLASSES)}.")
        if self.within is not None and self.within not in _KEYS:
            raise InvalidInput(f"{self.within!r} is nothing that clicks can be of; there are {', '.join(_KEYS)}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """How many clicks there are of each class, and how many of the human ones a network would count too."""

    classes: Mapping[str, int] = field(default_factory=dict)
    network_comparable: int = 0

    @property
    def raw(self) -> int:
        return sum(self.classes.values())

    @property
    def human(self) -> int:
        return self.classes.get(HUMAN, 0)

    @property
    def counts(self) -> Counts:
        return Counts(self.raw, self.human, self.network_comparable)

    def as_json(self) -> dict[str, Any]:
        others = {name: self.classes.get(name, 0) for name in CLASSES if name != HUMAN}
        return {"raw": self.raw, "human": self.human, "network_comparable": self.network_comparable, **others}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row(Figures):
    """One dimension value, in one day or hour where the report goes by them (`time`, else None). `key` names the value for
    the drill-down, None for what has none; `labels` is what people call it, its first entry under the dimension's name."""

    time: str | None
    key: str | None
    labels: Labels

    def as_json(self) -> dict[str, Any]:
        return {**self.labels, **Figures.as_json(self)}


@dataclass(frozen=True, slots=True)
class Basis:
    """What the figures rest on. `limits` are sentences on what they cannot say, `credit` names
    whose data they use; `sha256` is over rows and totals."""

    scope: ClickRange
    by: str
    every: str | None
    limits: tuple[str, ...]
    credit: str | None
    freshness: Freshness
    generated_at: datetime
    sha256: str

    def as_json(self) -> dict[str, Any]:
        scope, loaded = self.scope, self.freshness.loaded_until
        return {
            "report": NAME,
            "from": scope.first.isoformat(),
            "to": scope.until.isoformat(),
            "zone": scope.time_zone,
            "by": self.by,
            "every": self.every,
            "filters": {"site": scope.site_key, "class": scope.click_class, "within": scope.within, "key": scope.key},
            "counts": dict(MEANINGS),
            "limits": list(self.limits),
            "credit": self.credit,
            "loaded_until": loaded.isoformat() if loaded else None,
            "version": __version__,
            "generated_at": self.generated_at.isoformat(),
            "sha256": self.sha256,
        }


@dataclass(frozen=True, slots=True)
class ClicksReport:
    """Rows by value, the most human clicks first (days and hours in their order), and one total, also of nothing."""

    basis: Basis
    rows: tuple[Row, ...]
    total: Figures

    def as_json(self) -> dict[str, Any]:
        return {
            "basis": self.basis.as_json(),
            "rows": [row.as_json() for row in self.rows],
            "totals": [self.total.as_json()],
        }


def clicks_report(
    session: Session,
    *,
    first: date,
    until: date,
    by: str = "article",
    every: str | None = None,
    click_class: str | None = None,
    within: str | None = None,
    key: str | None = None,
    site: Site | None = None,
    time_zone: str,
    now: datetime,
) -> ClicksReport:
    """The days [first, until) of `time_zone`, cut by one of DIMENSIONS, and for `every` day or hour where it is given.

    `within` and `key` count only the clicks of one value of another dimension; `click_class` only those of a class.
    What has no value of the dimension stands in a row whose key is None, so that rows sum to the total. Hours are UTC
    hours: in a zone that is not whole hours from UTC they begin at its half or quarter, and each belongs to the day in
    which it begins. InvalidInput for an unknown dimension, grain, class or zone, an empty range, or too many rows.
    """
    _check_cut(by, every)
    scope = ClickRange.of(
        first=first, until=until, time_zone=time_zone, site=site, click_class=click_class, within=within, key=key
    )
    counted = _counted(session, scope, by, every)
    rows, total = _with_names(session, by, every, counted), _added_up(counted.values())
    basis = Basis(
        scope=scope,
        by=by,
        every=every,
        limits=tuple(_limits(session, scope, by)),
        credit=COUNTRY_CREDIT if "country" in (by, within) else None,
        freshness=freshness(session, now=now),
        generated_at=now,
        sha256=fingerprint([row.as_json() for row in rows], [total.as_json()]),
    )
    return ClicksReport(basis, rows, total)


def counts_by_value(
    session: Session, scope: Range, by: str, *, until: datetime | None = None
) -> dict[str | None, Counts]:
    """The three counts of each value of one of DIMENSIONS; with `until`, of the hours that had begun by then."""
    more = [ClickHour.hour <= until] if until else []
    return {key: figures.counts for (_, key), figures in _counted(session, scope, by, None, *more).items()}


def course(session: Session, scope: Range, grain: str) -> list[tuple[datetime, Figures]]:
    """The first moment of every day or hour of the range, empty ones included, in order, with its figures."""
    counted = {key: figures for (_, key), figures in _counted(session, scope, grain, None).items()}
    local, nothing = zone(scope.time_zone), Figures()
    if grain == DAY:
        days = [(day.isoformat(), begin.astimezone(local)) for day, begin, _ in scope.days]
        return [(begin, counted.get(day, nothing)) for day, begin in days]
    hour, listed = _first_hour(scope.start), []
    while hour < scope.end:
        moment = hour.astimezone(local)
        listed.append((moment, counted.get(_hour_text(moment), nothing)))
        hour += timedelta(hours=1)
    return listed


# ---- counting -------------------------------------------------------------------------------------------------------

_Counted = dict[tuple[str | None, str | None], Figures]


def _check_cut(by: str, every: str | None) -> None:
    if by not in DIMENSIONS:
        raise InvalidInput(f"{by!r} is no dimension of this report; there are {', '.join(DIMENSIONS)}.")
    if every is not None and every not in GRAINS:
        raise InvalidInput(f"{every!r} is no step of time; there are {', '.join(GRAINS)}.")
    if every is not None and by in GRAINS:
        raise InvalidInput(
            f"A report by {by} goes through time already: leave out “every {every}”, or choose another cut."
        )


def _counted(session: Session, scope: Range, by: str, every: str | None, *conditions: ColumnElement[bool]) -> _Counted:
    """(day or hour if `every`, key) → figures."""
    columns = [
        _cut(scope, every).label("time") if every else None,
        _cut(scope, by).label("key"),
        ClickHour.click_class,
    ]
    cuts = [column for column in columns if column is not None]
    sums = (func.sum(ClickHour.clicks).label("clicks"), func.sum(ClickHour.network_comparable).label("comparable"))
    wanted = rolled_up(*cuts, *sums).where(*_within(scope), *conditions).group_by(*cuts)
    rows = session.execute(wanted.limit(MOST_ROWS * len(CLASSES) + 1)).mappings().all()
    time_of, key_of = _text_of(scope, every), _text_of(scope, by)
    classes: dict[Any, dict[str, int]] = defaultdict(dict)
    comparable: dict[Any, int] = defaultdict(int)
    for row in rows:
        pair = (row.get("time"), row["key"])
        classes[pair][row["click_class"]] = int(row["clicks"])
        comparable[pair] += int(row["comparable"])
    if len(classes) > MOST_ROWS:
        raise InvalidInput(f"This report has more than {MOST_ROWS:,} rows: ask for fewer days, or for a coarser cut.")
    return {
        (time_of(time), key_of(key)): Figures(classes=counts, network_comparable=comparable[time, key])
        for (time, key), counts in classes.items()
    }


def _cut(scope: Range, by: str) -> Any:
    if by == HOUR:
        return _hour
    return _local_day(scope) if by == DAY else _KEYS[by]


def _local_day(scope: Range) -> Any:
    """Days since 1970 on the calendar of the zone, of the day in which the hour begins there."""
    *earlier, (_, last) = scope.offsets
    changes = [moment for moment, _ in scope.offsets[1:]]
    minutes = [(_hour < _hour_number(change), offset) for change, (_, offset) in zip(changes, earlier, strict=True)]
    offset: Any = case(*minutes, else_=last) if minutes else last
    return (_hour * 60 + offset) // (24 * 60)


def _within(scope: Range) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [
        ClickHour.hour >= _first_hour(scope.start),
        ClickHour.hour < _first_hour(scope.end),
    ]
    if scope.site_id is not None:
        conditions.append(ClickContext.site_id == scope.site_id)
    if isinstance(scope, Scope) and scope.disclosure:
        conditions.append(group_of(ClickContext.article_id, scope.moment) == scope.disclosure)
    if isinstance(scope, ClickRange):
        if scope.click_class:
            conditions.append(ClickHour.click_class == scope.click_class)
        if scope.within:
            conditions.append(_is_within(scope.within, scope.key))
    return conditions


def _is_within(dimension: str, key: str | None) -> ColumnElement[bool]:
    column = _KEYS[dimension]
    if key is None:
        return column.is_(None)  # type: ignore[no-any-return] # a column of any type
    if dimension in _TEXTS:
        return column == key  # type: ignore[no-any-return] # a column of any type
    if not (key.isascii() and key.isdigit() and len(key) < 10):
        raise InvalidInput(f"{key!r} is no {dimension} of a report.")
    return column == int(key)  # type: ignore[no-any-return] # a column of any type


def _first_hour(moment: datetime) -> datetime:
    """The first hour that does not begin before the moment."""
    whole = moment.replace(minute=0, second=0, microsecond=0)
    return whole if whole == moment else whole + timedelta(hours=1)


def _hour_number(hour: datetime) -> int:
    return (hour - _EPOCH) // timedelta(hours=1)


def _text_of(scope: Range, by: str | None) -> Any:
    """From what the database groups by to the key of a row."""
    local = zone(scope.time_zone)
    if by == HOUR:
        return lambda number: _hour_text((_EPOCH + timedelta(hours=number)).astimezone(local))
    if by == DAY:
        return lambda number: (_EPOCH_DAY + timedelta(days=number)).isoformat()
    return lambda key: None if key is None else str(key)


def _hour_text(moment: datetime) -> str:
    """2026-10-25T01:00+00:00; the offset tells the two hours apart that clocks show twice."""
    return moment.isoformat(timespec="minutes")


def _added_up(all_figures: Iterable[Figures]) -> Figures:
    classes: dict[str, int] = defaultdict(int)
    comparable = 0
    for figures in all_figures:
        comparable += figures.network_comparable
        for name, clicks in figures.classes.items():
            classes[name] += clicks
    return Figures(classes=dict(classes), network_comparable=comparable)


# ---- names and order ------------------------------------------------------------------------------------------------


def _with_names(session: Session, by: str, every: str | None, counted: _Counted) -> tuple[Row, ...]:
    names, nameless = names_of(session, by, {key for _, key in counted if key is not None}), unnamed(by)
    rows = [
        Row(
            time=time,
            key=key,
            labels={**({every: time} if every else {}), **(nameless if key is None else names.get(key, nameless))},
            classes=figures.classes,
            network_comparable=figures.network_comparable,
        )
        for (time, key), figures in counted.items()
    ]
    return tuple(sorted(rows, key=_time_order if by in GRAINS else _most_clicked))


def _time_order(row: Row) -> Any:
    return _moment(row.key or "")


def _most_clicked(row: Row) -> tuple[Any, ...]:
    time = _moment(row.time) if row.time else _EPOCH
    return (time, row.key is None, -row.human, -row.raw, row.key or "")


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


# ---- limits ---------------------------------------------------------------------------------------------------------


def _limits(session: Session, scope: ClickRange, by: str) -> Iterable[str]:
    yield "Clicks that still wait in a journal are not counted yet."
    if by in ("article", "author", "link", "placement", "position", "advertiser", "programme"):
        yield "Names and positions are those of today, not those at the time of the click."
    if any(minutes % 60 for _, minutes in scope.offsets):
        yield (
            f"Clicks are summed in UTC hours; the clocks of {scope.time_zone} are not whole hours from UTC, so an hour begins"
            " within one of theirs and belongs to the day in which it begins."
        )
    if (purged := _hours_purged_before(session)) and purged > scope.start:
        yield f"Sums of hours before {purged:%Y-%m-%d} UTC have had their time and were deleted."


def _hours_purged_before(session: Session) -> datetime | None:
    return session.scalar(select(func.max(ClickPurge.before)).where(ClickPurge.what == HOURS))
