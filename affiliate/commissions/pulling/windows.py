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
from affiliate.networks.asking.api import CHANGE, PAYOUT, PROGRAMME, TRANSACTION, Api, Window

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
        known = _known_until(rule, past, api)
        is_due = known is None or basis is not None or (rule.every is not None and known <= now - rule.every)
        if is_due and not _is_under_way(rule, past, known, api, now):
            first = now if rule.basis == PROGRAMME else _start(rule, known, api, past, now)
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


def _known_until(rule: _Rule, past: Sequence[Past], api: Api) -> datetime | None:
    """Up to when this rule's requests brought all: those for as far back as it says, or those without a hole between them.
    None where there was none."""
    known: datetime | None = None
    for each in past:
        if each.complete and each.basis == rule.basis and each.reaches_its_day and _fits(each, rule, known, api):
            known = max(known or each.first, min(each.until, each.requested_at))
    return known


def _is_under_way(rule: _Rule, past: Sequence[Past], known: datetime | None, api: Api, now: datetime) -> bool:
    """Whether a request of this rule was begun and can be resumed."""
    young = (each for each in past if not each.complete and each.requested_at > now - RESUMED_WITHIN)
    return any(each.basis == rule.basis and each.reaches_its_day and _fits(each, rule, known, api) for each in young)


def _fits(each: Past, rule: _Rule, known: datetime | None, api: Api) -> bool:
    if rule.back is None:
        return known is None or each.first <= known
    return each.until - each.first >= _reach(rule.back, api) - _DAY


def _start(rule: _Rule, known: datetime | None, api: Api, past: Sequence[Past], now: datetime) -> datetime:
    """A year's request says all that happened before it, so the first request for changes begins where it was made."""
    if rule.back is not None:
        return (now - _reach(rule.back, api)).replace(minute=0, second=0)
    if known is None:
        known = _known_until(_Rule(TRANSACTION, None, YEAR), past, api) or now
    return max(known - rule.overlap, now - _reach(5 * YEAR, api))


def _reach(back: timedelta, api: Api) -> timedelta:
    """How far back may be asked."""
    return back if api.memory is None else min(back, api.memory - _MARGIN)


def _midnight_before(moment: datetime, time_zone: str) -> datetime:
    """The last beginning of a day in the zone at or before the moment, as UTC."""
    day = moment.astimezone(zone(time_zone)).date()
    return day_start(day, time_zone)
