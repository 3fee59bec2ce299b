from datetime import date

import pytest

from affiliate.clock import day_bounds, month_of, parse_day
from affiliate.errors import InvalidInput


def test_a_day_follows_the_zone_and_its_summer_time() -> None:
    first, until = day_bounds(date(2026, 3, 29), date(2026, 3, 30), "Europe/London")
    assert (first.isoformat(), until.isoformat()) == ("2026-03-29T00:00:00+00:00", "2026-03-29T23:00:00+00:00")


def test_an_empty_range_is_refused() -> None:
    with pytest.raises(InvalidInput, match="empty"):
        day_bounds(date(2026, 3, 2), date(2026, 3, 2), "UTC")


@pytest.mark.parametrize("text", ["", "2026-13-01", "yesterday", "01/02/2026"])
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="YYYY-MM-DD"):
        parse_day(text)


def test_an_unknown_zone_is_refused() -> None:
    for name in ("Mars/Olympus", "", "../etc/passwd", "Europe"):
        with pytest.raises(InvalidInput, match="no time zone"):
            day_bounds(date(2026, 1, 1), date(2026, 1, 2), name)


def test_a_month_ends_where_the_next_one_begins() -> None:
    assert month_of(date(2026, 12, 31)) == (date(2026, 12, 1), date(2027, 1, 1))
