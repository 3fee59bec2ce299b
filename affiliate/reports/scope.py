"""What a report covers: its days in a zone, by which date, as known when, of which title."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Self

from affiliate.clock import day_bounds, day_start
from affiliate.errors import InvalidInput
from affiliate.store.tables import Site

DATE_BASES = ("transaction", "click", "validation")

_MOST_DAYS = 3660  # ten years: more is a slip of the pen, and by day it would be a page nobody reads


@dataclass(frozen=True, slots=True)
class Scope:
    """[first, until) as calendar days of `time_zone`, and as UTC moments [start, end).

    `as_of` None means the current picture; a moment means what was known then: versions recorded until then of runs not
    undone until then. `site` None means all titles, and what belongs to none of them.
    """

    first: date
    until: date
    time_zone: str
    date_basis: str
    as_of: datetime | None
    site_id: int | None
    site_key: str | None
    start: datetime
    end: datetime

    @classmethod
    def of(
        cls, *, first: date, until: date, time_zone: str, date_basis: str, as_of: datetime | None, site: Site | None
    ) -> Self:
        """InvalidInput for an empty or endless range, an unknown zone or an unknown date basis."""
        if date_basis not in DATE_BASES:
            raise InvalidInput(f"{date_basis!r} is no date basis; there are {', '.join(DATE_BASES)}.")
        start, end = day_bounds(first, until, time_zone)
        if (until - first).days > _MOST_DAYS:
            raise InvalidInput(f"The range {first} to {until} is longer than ten years.")
        site_id, site_key = (site.id, site.key) if site else (None, None)
        return cls(first, until, time_zone, date_basis, as_of, site_id, site_key, start, end)

    @property
    def days(self) -> list[tuple[date, datetime, datetime]]:
        """(day, its first moment, the next day's first moment): 23, 24 or 25 hours apart where clocks change."""
        count = (self.until - self.first).days
        listed = [self.first + timedelta(days=number) for number in range(count + 1)]
        starts = [day_start(day, self.time_zone) for day in listed]
        return list(zip(listed[:-1], starts[:-1], starts[1:], strict=True))
