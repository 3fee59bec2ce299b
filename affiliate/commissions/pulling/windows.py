"""Which windows of time an account's network is asked for, and when: what was asked for before decides.

New sales and changes are asked for every few hours, from where the last request ended and two days further back, so that
neither a zone nor a clock can open a gap. Networks that change rows without a date for it (Awin's payment, CJ's locking)
are asked for their last twelve months anew every week: Vox's reports of impact change for up to six months
(voxmedia/tap-impact-publisher), and payments come later still.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from affiliate.clock import day_bounds, day_start, zone
from affiliate.errors import InvalidInput
from affiliate.networks.api import CHANGE, PAYOUT, PROGRAMME, TRANSACTION, Api, Window

YEAR = timedelta(days=365)
RESUMED_WITHIN = timedelta(days=1)  # an older unfinished request is asked for anew: what it brought is no longer true

_HOURS, _DAY, _WEEK = timedelta(hours=3), timedelta(days=1), timedelta(days=7)
_UNTIL_PAID = timedelta(days=62)  # a self-bill is paid within two months of its issue, or found by the weekly request
_MARGIN = timedelta(hours=1)  # kept from the edge of what a network remembers, for the time that asking takes


@dataclass(frozen=True, slots=True)
class Request:
    """Windows that were, or are to be, asked for together. `windows` in the order of time."""

    basis: str
    windows: tuple[Window, ...]


@dataclass(frozen=True, slots=True)
class Past:
    """A request that was made: its outer bounds, whether all of it came, and before when the rest may not be tried."""

    basis: str
    requested_at: datetime
    first: datetime
    until: datetime
    complete: bool
    windows: tuple[Window, ...] = ()
    not_before: datetime | None = None

    @property
    def reaches_its_day(self) -> bool:
        """Whether it asked for all up to the moment it was made, unlike one for some days of last year."""
        return self.until >= self.requested_at - _DAY


@dataclass(frozen=True, slots=True)
class _Rule:
    """What is asked for `every` so often (None: once). `back` is how far back, None: from where the last one ended, less
    `overlap`."""

    basis: str
    every: timedelta | None
    back: timedelta | None = None
    overlap: timedelta = timedelta(0)


def _rules(api: Api) -> Iterator[_Rule]:
    changes = CHANGE in api.bases
    repeated = api.silent_changes or not changes
    yield _Rule(TRANSACTION, _WEEK if repeated else None, YEAR)
    yield _Rule(CHANGE if changes else TRANSACTION, _HOURS, overlap=api.overlap)
    if api.payouts is not None:
        yield _Rule(PAYOUT, _WEEK, YEAR)
        yield _Rule(PAYOUT, _DAY, overlap=_UNTIL_PAID)
    if api.programmes is not None:
        yield _Rule(PROGRAMME, _DAY, timedelta(0))


def due(api: Api, past: Sequence[Past], *, time_zone: str, now: datetime, basis: str | None = None) -> list[Request]:
    """What should be asked for now, the longest first: the year is asked for before the hours are. With a `basis`, that
    alone, and at once. An unfinished request is not due again while it can be resumed."""
    requests: list[Request] = []
    for rule in _rules(api):
        if basis not in (None, rule.basis) or any(planned.basis == rule.basis for planned in requests):
            continue
        newest = max(
            filter(lambda each: _answers(each, rule, api), past), key=lambda each: each.requested_at, default=None
        )
        if newest and not _is_due(newest, rule, now, at_once=basis is not None):
            continue
        first = now if rule.basis == PROGRAMME else _start(rule, api, past, now)
        requests.append(Request(rule.basis, slices(Window(first, now), api.longest, time_zone)))
    return requests


def resumable(past: Sequence[Past], *, now: datetime) -> list[Past]:
    """Unfinished requests young enough to be gone on with, oldest first, without those that a later one covers."""
    young = sorted(
        (each for each in past if each.requested_at > now - RESUMED_WITHIN), key=lambda each: each.requested_at
    )
    return [
        each
        for at, each in enumerate(young)
        if not each.complete and not any(_covers(later, each) for later in young[at + 1 :])
    ]


def _covers(later: Past, earlier: Past) -> bool:
    return later.basis == earlier.basis and later.first <= earlier.first and earlier.until <= later.until


def days(first: date, until: date, api: Api, *, time_zone: str, now: datetime) -> tuple[Window, ...]:
    """The windows of calendar days, from inclusive, to exclusive, no later than the end of today. InvalidInput where none is
    left."""
    today = now.astimezone(zone(time_zone)).date()
    if first > today:
        raise InvalidInput(f"{first} has not come yet; there is nothing to ask for.")
    bounds = day_bounds(first, min(until, today + _DAY) if until > first else until, time_zone)
    return slices(Window(*bounds), api.longest, time_zone)


def slices(whole: Window, longest: timedelta, time_zone: str) -> tuple[Window, ...]:
    """The window in pieces no longer than the network answers, cut at midnights of the zone where they are long enough."""
    if whole.first >= whole.until:
        return (whole,)
    pieces: list[Window] = []
    first = whole.first
    while first < whole.until:
        end = min(first + longest, whole.until)
        if end < whole.until:
            midnight = _midnight_before(end, time_zone)
            end = midnight if midnight > first else end
        pieces.append(Window(first, end))
        first = end
    return tuple(pieces)


def _answers(each: Past, rule: _Rule, api: Api) -> bool:
    """Whether this request is one of the rule's. A year answers for the hours too."""
    wide = rule.back is None or each.until - each.first >= _reach(rule.back, api) - _DAY
    return each.basis == rule.basis and each.reaches_its_day and wide


def _is_due(newest: Past, rule: _Rule, now: datetime, *, at_once: bool) -> bool:
    if not newest.complete:
        return newest.requested_at <= now - RESUMED_WITHIN
    return at_once or (rule.every is not None and newest.requested_at <= now - rule.every)


def _start(rule: _Rule, api: Api, past: Sequence[Past], now: datetime) -> datetime:
    if rule.back is not None:
        return (now - _reach(rule.back, api)).replace(minute=0, second=0)
    ended = [min(each.until, each.requested_at) for each in past if _ends_a_gap(each, rule)]
    return max(max(ended, default=now) - rule.overlap, now - _reach(timedelta.max, api))


def _ends_a_gap(each: Past, rule: _Rule) -> bool:
    """Whether all up to its end is known from this request on: it is one of the rule's, or a whole year of sales."""
    by_rule = each.basis == rule.basis
    whole_year = rule.basis == CHANGE and each.basis == TRANSACTION and each.until - each.first > 27 * _DAY
    return each.complete and each.reaches_its_day and (by_rule or whole_year)


def _reach(back: timedelta, api: Api) -> timedelta:
    """How far back may be asked."""
    known = api.memory - _MARGIN if api.memory is not None else 5 * YEAR
    return min(back, known)


def _midnight_before(moment: datetime, time_zone: str) -> datetime:
    """The last beginning of a day in the zone at or before the moment, as UTC."""
    day = moment.astimezone(zone(time_zone)).date()
    return day_start(day, time_zone)
