"""What a report covers: its days in a zone, of which title; and of money, by which date and as known when."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Self

from affiliate.clock import day_bounds, day_start, zone
from affiliate.errors import InvalidInput
from affiliate.networks.words import PAYMENTS
from affiliate.store.tables import Site

DATE_BASES = ("transaction", "click", "validation")

FAILING, WARNING, PASSING, UNCHECKED, NO_ARTICLE = "failing", "warning", "passing", "not-checked", "no-article"
GROUPS = (FAILING, WARNING, PASSING, UNCHECKED, NO_ARTICLE)
"""How money is told apart by the disclosure of the page that earned it; each transaction and click is in one of them.
Failing: a check failed, or the page had paid links and showed nothing. Not checked: no verdict held of it."""

_MOST_DAYS = 3660  # ten years: more is a slip of the pen, and by day it would be a page nobody reads
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """[first, until) as calendar days of `time_zone`, and as UTC moments [start, end). `site_id` None means all titles,
    and what belongs to none of them."""

    first: date
    until: date
    time_zone: str
    site_id: int | None
    site_key: str | None
    start: datetime
    end: datetime

    @classmethod
    def of(cls, *, first: date, until: date, time_zone: str, site: Site | None, **others: Any) -> Self:
        """InvalidInput for an empty or endless range, or an unknown zone. `others` are what a narrower range adds."""
        start, end = day_bounds(first, until, time_zone)
        if (until - first).days > _MOST_DAYS:
            raise InvalidInput(f"The range {first} to {until} is longer than ten years.")
        return cls(
            first=first,
            until=until,
            time_zone=time_zone,
            site_id=site.id if site else None,
            site_key=site.key if site else None,
            start=start,
            end=end,
            **others,
        )

    @property
    def days(self) -> list[tuple[date, datetime, datetime]]:
        """(day, its first moment, the next day's first moment): 23, 24 or 25 hours apart where clocks change."""
        count = (self.until - self.first).days
        listed = [self.first + timedelta(days=number) for number in range(count + 1)]
        starts = [day_start(day, self.time_zone) for day in listed]
        return list(zip(listed[:-1], starts[:-1], starts[1:], strict=True))

    @property
    def offsets(self) -> list[tuple[datetime, int]]:
        """(UTC hour, minutes that the zone's clocks are ahead of UTC in hours that begin from it on), in order. The first
        holds from the beginning of the range, each further one from a change of clocks."""
        local = zone(self.time_zone)

        def minutes(moment: datetime) -> int:
            return (moment.astimezone(local).utcoffset() or timedelta()) // timedelta(minutes=1)

        first_hour = self.start.replace(minute=0, second=0)
        found = [(first_hour, minutes(self.start))]
        for _day, begin, end in self.days:
            hour = begin.replace(minute=0, second=0)
            while hour <= end and minutes(end) != found[-1][1]:
                if minutes(hour) != found[-1][1]:
                    found.append((hour, minutes(hour)))
                hour += _HOUR
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope(Range):
    """The range of a report of money.

    `as_of` None means the current picture; a moment means what was known then: versions recorded until then of runs not
    undone until then. `disclosure` is one of GROUPS, `payment` one of PAYMENTS, None for all of them; clicks are not told apart
    by payment. InvalidInput for an unknown date basis, group or payment.
    """

    date_basis: str
    as_of: datetime | None
    disclosure: str | None = None
    payment: str | None = None

    @property
    def moment(self) -> datetime:
        """When disclosures are looked at: at the end of the days, or when the report was known, whichever was first."""
        last = self.end - timedelta(microseconds=1)
        return min(last, self.as_of) if self.as_of else last

    def __post_init__(self) -> None:
        if self.disclosure is not None and self.disclosure not in GROUPS:
            raise InvalidInput(
                f"{self.disclosure!r} is nothing that disclosures are told apart by; there are {', '.join(GROUPS)}."
            )
        if self.payment is not None and self.payment not in PAYMENTS:
            raise InvalidInput(f"{self.payment!r} is no state of payment; there are {', '.join(PAYMENTS)}.")
        if self.date_basis not in DATE_BASES:
            raise InvalidInput(f"{self.date_basis!r} is no date basis; there are {', '.join(DATE_BASES)}.")
