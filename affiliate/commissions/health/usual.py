"""Rows by day against the usual: the median of the same weekday, which neither a sale nor a broken week moves."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from math import sqrt
from statistics import median

WEEKS = 8
_FEWEST_WEEKS = 4
_SURELY_SOME = 7  # Poisson: none where seven are usual comes by chance once in 1,100 days (e^-7)
_SPREADS = 3
_AS_SIGMA = 1.4826  # the median deviation of a normal distribution, as its standard deviation


@dataclass(frozen=True, slots=True)
class DayCount:
    """The rows of one day (UTC) by when they were sold. `usual` is the median of the same weekday in the eight weeks before
    it, None where fewer than four of them are known; `is_low`: so few that chance hardly explains it."""

    day: date
    rows: int
    usual: float | None
    is_low: bool


def against_usual(counts: Mapping[date, int], day: date, *, known_since: date) -> DayCount:
    """`known_since` is the first day of which anything was told; earlier weeks say nothing."""
    rows = counts.get(day, 0)
    weeks = [earlier for number in range(1, WEEKS + 1) if (earlier := day - timedelta(weeks=number)) >= known_since]
    if len(weeks) < _FEWEST_WEEKS:
        return DayCount(day, rows, None, is_low=False)
    before = [counts.get(earlier, 0) for earlier in weeks]
    usual = float(median(before))
    spread = max(_AS_SIGMA * median(abs(count - usual) for count in before), sqrt(usual))
    is_low = rows < usual - _SPREADS * spread or (rows == 0 and usual >= _SURELY_SOME)
    return DayCount(day, rows, usual, is_low)
