"""Days of which nobody told us: the holes between the windows that were pulled, and silences too long for chance."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from affiliate.networks.asking.api import Window

DAY = timedelta(days=1)
_BY_CHANCE = 0.01  # a silence that would come by itself less often than once in a hundred such histories is none


@dataclass(frozen=True, slots=True)
class Gap:
    """Days in a row, from inclusive, to exclusive, in UTC."""

    first: date
    until: date

    @property
    def days(self) -> int:
        return (self.until - self.first).days


def between_windows(windows: Iterable[Window], span: Window) -> list[Gap]:
    """Every day of the span that no window covers whole."""
    missing: set[date] = set()
    covered_until = span.first
    for window in sorted(windows):
        if window.first > covered_until:
            missing.update(_days(covered_until, min(window.first, span.until)))
        covered_until = max(covered_until, window.until)
    missing.update(_days(covered_until, span.until))
    return stretches(missing)


def silences(told: Collection[date], first: date, until: date) -> list[Gap]:
    """Stretches without any row in [first, until) that are too long for chance, given how many of the days have rows."""
    days = (until - first).days
    quiet = stretches({first + number * DAY for number in range(days)} - set(told))
    empty_share = sum(gap.days for gap in quiet) / days if days > 0 else 0.0
    return [gap for gap in quiet if empty_share**gap.days * days < _BY_CHANCE]


def stretches(days: Iterable[date]) -> list[Gap]:
    """Days as runs of neighbours."""
    found: list[Gap] = []
    for day in sorted(days):
        if found and found[-1].until == day:
            found[-1] = Gap(found[-1].first, day + DAY)
        else:
            found.append(Gap(day, day + DAY))
    return found


def start_of(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC)


def _days(first: datetime, until: datetime) -> Iterator[date]:
    """The days that [first, until) touches."""
    day = first.date()
    while first < until and start_of(day) < until:
        yield day
        day += DAY
