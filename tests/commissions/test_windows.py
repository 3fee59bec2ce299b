"""Which windows are asked for, and when: plain values, no network."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from affiliate.commissions.pulling.windows import Past, Request, days, due, resumable, slices
from affiliate.networks.asking.api import CHANGE, PAYOUT, TRANSACTION, Api, Window
from affiliate.networks.awin.api import API as AWIN
from affiliate.networks.rakuten.api import API as RAKUTEN

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY = timedelta(days=1)
SALES_ALONE = Api("https://api.example", {}, (TRANSACTION,), 31 * DAY, AWIN.transactions)


def asked(basis: str, first: datetime, until: datetime, at: datetime | None = None, *, complete: bool = True) -> Past:
    return Past(basis, at or until, first, until, complete)


def planned(api: Api, *past: Past, now: datetime = NOW) -> dict[str, tuple[datetime, datetime]]:
    found = due(api, past, time_zone="UTC", now=now)
    return {each.basis: (each.windows[0].first, each.windows[-1].until) for each in found if each.basis != "programme"}


def year(until: datetime) -> Past:
    return asked(TRANSACTION, until - 365 * DAY, until)


@pytest.mark.parametrize("zone", ["UTC", "Europe/London", "America/New_York", "Pacific/Auckland"])
def test_windows_meet_and_none_is_wider_than_the_network_answers(zone: str) -> None:
    """Over a year, with both changes of the clock; all end at a midnight of the zone."""
    windows = days(date(2025, 3, 1), date(2026, 3, 1), AWIN, time_zone=zone, now=NOW)
    assert all(one.until == next_.first for one, next_ in pairwise(windows))
    assert all(timedelta(0) < each.until - each.first <= 31 * DAY for each in windows)
    assert all(each.until.astimezone(ZoneInfo(zone)).hour == 0 for each in windows)
    assert len(windows) in (12, 13)
    whole = Window(windows[0].first, windows[-1].until)
    assert slices(whole, 400 * DAY, zone) == (whole,)


def test_days_end_with_today() -> None:
    assert days(date(2026, 11, 1), date(2027, 1, 1), AWIN, time_zone="UTC", now=NOW) == (
        Window(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 21, tzinfo=UTC)),
    )


def test_a_window_shorter_than_a_day_is_cut_where_it_must_be() -> None:
    whole = Window(NOW, NOW + timedelta(hours=5))
    assert [each.until - each.first for each in slices(whole, timedelta(hours=2), "UTC")] == [
        timedelta(hours=2), timedelta(hours=2), timedelta(hours=1),
    ]  # fmt: skip


def test_at_first_a_year_is_asked_for_and_what_changes_meanwhile() -> None:
    assert planned(AWIN) == {TRANSACTION: (NOW - 365 * DAY, NOW), CHANGE: (NOW - 2 * DAY, NOW)}


def test_the_first_changes_are_those_since_the_year_was_asked_for() -> None:
    """However long that was ago."""
    assert planned(AWIN, year(NOW - 5 * DAY))[CHANGE] == (NOW - 7 * DAY, NOW)


def test_an_outage_leaves_no_hole() -> None:
    last = asked(CHANGE, NOW - 42 * DAY, NOW - 40 * DAY)
    assert planned(AWIN, year(NOW - DAY), last) == {CHANGE: (NOW - 42 * DAY, NOW)}


def test_days_that_a_person_asked_for_fill_no_hole() -> None:
    last = asked(CHANGE, NOW - 12 * DAY, NOW - 10 * DAY)
    today = asked(CHANGE, NOW.replace(hour=0), NOW + DAY / 2, NOW)
    last_year = asked(CHANGE, NOW - 400 * DAY, NOW - 390 * DAY, NOW)
    assert planned(AWIN, year(NOW - DAY), last, last_year, today)[CHANGE] == (NOW - 12 * DAY, NOW)


def test_what_is_under_way_is_not_begun_again_within_a_day() -> None:
    begun = asked(CHANGE, NOW - 6 * DAY, NOW - timedelta(hours=4), complete=False)
    past = (year(NOW - DAY), asked(CHANGE, NOW - 8 * DAY, NOW - 4 * DAY), begun)
    assert CHANGE not in planned(AWIN, *past)
    assert resumable(past, now=NOW) == [begun]
    tomorrow = NOW + DAY
    assert planned(AWIN, *past, now=tomorrow)[CHANGE] == (NOW - 6 * DAY, tomorrow)
    assert resumable(past, now=tomorrow) == []


def test_payments_are_no_changes_so_the_year_comes_again_every_week() -> None:
    changes = asked(CHANGE, NOW - 9 * DAY, NOW)
    assert TRANSACTION not in planned(AWIN, year(NOW - 6 * DAY), changes)
    assert planned(AWIN, year(NOW - 7 * DAY), changes) == {TRANSACTION: (NOW - 365 * DAY, NOW)}


def test_without_dates_of_change_sales_come_by_their_own_date_and_all_of_them_weekly() -> None:
    assert planned(SALES_ALONE) == {TRANSACTION: (NOW - 365 * DAY, NOW)}
    assert planned(SALES_ALONE, year(NOW - timedelta(hours=2))) == {}
    assert planned(SALES_ALONE, year(NOW - timedelta(hours=3))) == {
        TRANSACTION: (NOW - timedelta(days=2, hours=3), NOW)
    }


def test_nothing_is_asked_for_that_the_network_has_forgotten() -> None:
    """Rakuten refuses what is older than 30 days."""
    after_months = asked(CHANGE, NOW - 100 * DAY, NOW - 90 * DAY)
    for first, _ in planned(RAKUTEN, after_months).values():
        assert NOW - 30 * DAY < first < NOW - 29 * DAY


def test_a_basis_by_name_is_asked_for_at_once() -> None:
    past = (year(NOW), asked(CHANGE, NOW - DAY, NOW - timedelta(hours=1)))
    assert due(AWIN, past, time_zone="UTC", now=NOW) != []
    assert due(AWIN, past, time_zone="UTC", now=NOW, basis=CHANGE) == [
        Request(CHANGE, (Window(NOW - timedelta(days=2, hours=1), NOW),))
    ]
    assert due(AWIN, past, time_zone="UTC", now=NOW, basis=PAYOUT) == []
