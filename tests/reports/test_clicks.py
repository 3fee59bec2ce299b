"""The report of clicks against a roll-up whose figures were worked out by hand, on both databases."""

import csv
import io
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from affiliate.clicks import retention
from affiliate.clicks.classes import CLASSES
from affiliate.clicks.count import MEANINGS, Counts
from affiliate.errors import InvalidInput
from affiliate.links.sites import add_site, find_site
from affiliate.networks.registry import compared_count
from affiliate.reports.clicks import DIMENSIONS, GRAINS, ClicksReport, Figures, clicks_report, course
from affiliate.reports.export import export
from affiliate.reports.scope import Range
from affiliate.store import Store
from affiliate.store.tables import JournalSegment, Node
from tests.commissions.sheets import newsroom, placed
from tests.rolled_up import roll_up

NOW = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)
NOON = datetime(2026, 10, 5, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def ledger(store: Store) -> Store:
    with store.transaction() as session:
        newsroom(session, NOW)
    return store


@pytest.fixture
def golden(ledger: Store) -> Store:
    """Three places and a bare link. Worked out by hand, as human / network-comparable / others:

    /partywear (Ada), dress, position 1   40 / 30   5 Oct 12:00, GB mobile from m.example;   900 bot, 5 prefetch
    /partywear (Ada), shoes, position 2   10 /  8   5 Oct 13:00, GB desktop;                   4 duplicate
    /news (Ben),      dress, position 1   20 / 20   6 Oct 12:00, US mobile;                    2 internal, 1 preview
    bare link,        shoes               5 /  5    7 Oct 12:00, unknown country

    human 75, comparable 63, raw 75 + 900 + 5 + 4 + 2 + 1 = 987
    """
    with ledger.transaction() as session:
        dress = placed(session, slug="marble-dress", article="/partywear", author="Ada", now=NOW)
        shoes = placed(session, slug="marble-shoes", article="/partywear", author="Ada", now=NOW)
        news = placed(session, slug="marble-dress", article="/news", author="Ben", now=NOW)
        bare = placed(session, slug="marble-shoes", article=None, now=NOW)
        dress.position, shoes.position, news.position = 1, 2, 1
        phone: dict[str, Any] = {"country": "GB", "device": "mobile", "referrer_host": "m.example"}
        roll_up(session, dress, NOON, 40, comparable=30, **phone)
        roll_up(session, dress, NOON, 900, "bot", **phone)
        roll_up(session, dress, NOON, 5, "prefetch", **phone)
        roll_up(session, shoes, NOON + HOUR, 10, comparable=8, country="GB")
        roll_up(session, shoes, NOON + HOUR, 4, "duplicate", country="GB")
        roll_up(session, news, NOON + 24 * HOUR, 20, country="US", device="mobile")
        roll_up(session, news, NOON + 24 * HOUR, 2, "internal", country="US", device="mobile")
        roll_up(session, news, NOON + 24 * HOUR, 1, "preview", country="US", device="mobile")
        roll_up(session, bare, NOON + 48 * HOUR, 5)
        roll_up(session, dress, datetime(2026, 11, 1, tzinfo=UTC), 77)  # the day after
    return ledger


def october(session: Session, by: str = "article", **parts: Any) -> ClicksReport:
    asked = {"first": date(2026, 10, 1), "until": date(2026, 11, 1), "time_zone": "Europe/London", "now": NOW}
    return clicks_report(session, by=by, **{**asked, **parts})


def three(report: ClicksReport) -> dict[str | None, tuple[int, int, int]]:
    """First column → raw, human, network-comparable."""
    rows = report.as_json()["rows"]
    return {row[report.basis.by]: (row["raw"], row["human"], row["network_comparable"]) for row in rows}


def test_an_empty_database_gives_no_rows_and_a_total_of_nothing(ledger: Store) -> None:
    with ledger.reading() as session:
        for by in DIMENSIONS:
            written = october(session, by).as_json()
            assert written["rows"] == []
            assert written["totals"] == [
                dict.fromkeys(("raw", "human", "network_comparable", *set(CLASSES) - {"human"}), 0)
            ]
            assert written["basis"]["loaded_until"] is None


def test_one_click_makes_one_row(ledger: Store) -> None:
    with ledger.transaction() as session:
        roll_up(session, placed(session, slug="dress", article="/a", now=NOW), NOON, 1, comparable=0)
        (row,) = october(session, "link").as_json()["rows"]
    assert row == {
        "link": "dress",
        "name": "Dress",
        "site": "default",
        "raw": 1,
        "human": 1,
        "network_comparable": 0,
        "prefetch": 0,
        "preview": 0,
        "bot": 0,
        "internal": 0,
        "duplicate": 0,
    }


def test_the_golden_clicks_by_article(golden: Store) -> None:
    with golden.reading() as session:
        report = october(session).as_json()
    assert report["rows"] == [
        {
            "article": "/partywear",
            "title": "/partywear",
            "author": "Ada",
            "site": "default",
            "raw": 959,
            "human": 50,
            "network_comparable": 38,  # 40 + 10 + 900 + 5 + 4; 30 + 8
            "prefetch": 5,
            "preview": 0,
            "bot": 900,
            "internal": 0,
            "duplicate": 4,
        },
        {
            "article": "/news",
            "title": "/news",
            "author": "Ben",
            "site": "default",
            "raw": 23,
            "human": 20,
            "network_comparable": 20,
            "prefetch": 0,
            "preview": 1,
            "bot": 0,
            "internal": 2,
            "duplicate": 0,
        },
        {
            "article": None,
            "title": None,
            "author": None,
            "site": None,
            "raw": 5,
            "human": 5,
            "network_comparable": 5,
            "prefetch": 0,
            "preview": 0,
            "bot": 0,
            "internal": 0,
            "duplicate": 0,
        },
    ]


GOLDEN: dict[str, dict[str | None, tuple[int, int, int]]] = {
    "author": {"Ada": (959, 50, 38), "Ben": (23, 20, 20), None: (5, 5, 5)},
    "link": {"marble-dress": (968, 60, 50), "marble-shoes": (19, 15, 13)},
    "position": {"1": (968, 60, 50), "2": (14, 10, 8), None: (5, 5, 5)},
    "site": {"default": (987, 75, 63)},
    "advertiser": {"Minty": (987, 75, 63)},
    "programme": {"Minty": (987, 75, 63)},
    "network": {"awin": (987, 75, 63)},
    "country": {"GB": (959, 50, 38), "US": (23, 20, 20), "": (5, 5, 5)},
    "device": {"mobile": (968, 60, 50), "desktop": (19, 15, 13)},
    "class": {
        "human": (75, 75, 63),
        "bot": (900, 0, 0),
        "prefetch": (5, 0, 0),
        "duplicate": (4, 0, 0),
        "internal": (2, 0, 0),
        "preview": (1, 0, 0),
    },
    "referrer": {"m.example": (945, 40, 30), "": (42, 35, 33)},
    "day": {"2026-10-05": (959, 50, 38), "2026-10-06": (23, 20, 20), "2026-10-07": (5, 5, 5)},
    "hour": {
        "2026-10-05T13:00+01:00": (945, 40, 30),
        "2026-10-05T14:00+01:00": (14, 10, 8),
        "2026-10-06T13:00+01:00": (23, 20, 20),
        "2026-10-07T13:00+01:00": (5, 5, 5),
    },
}


def test_the_golden_clicks_by_each_other_dimension(golden: Store) -> None:
    with golden.reading() as session:
        assert {by: three(october(session, by)) for by in GOLDEN} == GOLDEN
        assert list(three(october(session, "hour"))) == list(GOLDEN["hour"]), "in their order"
        placements = [row.human for row in october(session, "placement").rows]
    assert set(GOLDEN) | {"article", "placement"} == set(DIMENSIONS)
    assert placements == [40, 20, 10, 5]


def test_a_network_says_which_count_to_hold_against_its_own(golden: Store) -> None:
    with golden.reading() as session:
        (row,) = october(session, "network").as_json()["rows"]
    assert (row["name"], row["compare_with"]) == ("Awin", "network_comparable")
    assert compared_count("cj") == compared_count("nobody") == "human"


@pytest.mark.parametrize("every", [None, *GRAINS])
def test_rows_sum_to_the_total_in_every_dimension(golden: Store, every: str | None) -> None:
    with golden.reading() as session:
        for by in DIMENSIONS:
            if every and by in GRAINS:
                continue
            report = october(session, by, every=every)
            written = report.as_json()
            (total,) = written["totals"]
            assert {name: sum(row[name] for row in written["rows"]) for name in total} == total
            assert report.total.counts == Counts(raw=987, human=75, network_comparable=63)


def test_a_cut_can_go_day_by_day_and_hour_by_hour(golden: Store) -> None:
    with golden.reading() as session:
        by_day = october(session, "link", every="day").as_json()["rows"]
        by_hour = october(session, "device", every="hour").as_json()["rows"]
    assert [(row["day"], row["link"], row["human"], row["raw"]) for row in by_day] == [
        ("2026-10-05", "marble-dress", 40, 945),
        ("2026-10-05", "marble-shoes", 10, 14),
        ("2026-10-06", "marble-dress", 20, 23),
        ("2026-10-07", "marble-shoes", 5, 5),
    ]
    assert next(iter(by_day[0])) == "day"
    assert [(row["hour"], row["device"], row["human"]) for row in by_hour] == [
        ("2026-10-05T13:00+01:00", "mobile", 40),
        ("2026-10-05T14:00+01:00", "desktop", 10),
        ("2026-10-06T13:00+01:00", "mobile", 20),
        ("2026-10-07T13:00+01:00", "desktop", 5),
    ]


@pytest.mark.parametrize(
    ("within", "value", "rows"),
    [
        ("article", "/partywear", {"1": (945, 40, 30), "2": (14, 10, 8)}),
        ("article", None, {None: (5, 5, 5)}),
        ("country", "GB", {"1": (945, 40, 30), "2": (14, 10, 8)}),
        ("country", "", {None: (5, 5, 5)}),
        ("referrer", "m.example", {"1": (945, 40, 30)}),
        ("author", "Ben", {"1": (23, 20, 20)}),
        ("network", "cj", {}),
    ],
)
def test_a_report_can_be_of_one_value_of_another_dimension(
    golden: Store, within: str, value: str | None, rows: dict[str | None, tuple[int, int, int]]
) -> None:
    with golden.reading() as session:
        keys = {row.labels[within]: row.key for row in october(session, within).rows}
        report = october(session, "position", within=within, key=keys.get(value, value))
    assert three(report) == rows


def test_a_report_can_be_of_one_class(golden: Store) -> None:
    with golden.reading() as session:
        bots = october(session, "country", click_class="bot")
        people = october(session, "country", click_class="human")
    assert three(bots) == {"GB": (900, 0, 0)}
    assert three(people)["GB"] == (50, 50, 38)
    assert bots.basis.as_json()["filters"]["class"] == "bot"


def test_a_site_has_its_own_clicks(golden: Store) -> None:
    with golden.transaction() as session:
        other = add_site(session, key="weekly", name="Weekly", entity_key=None, hosts=(), now=NOW)
        assert october(session, site=other).rows == ()
        assert october(session, site=find_site(session, "default")).total.human == 75


# ---- zones ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "moment", "day", "hour"),
    [
        ("Europe/London", datetime(2026, 10, 4, 23, tzinfo=UTC), "2026-10-05", "2026-10-05T00:00+01:00"),
        ("Europe/London", datetime(2026, 10, 4, 22, tzinfo=UTC), "2026-10-04", "2026-10-04T23:00+01:00"),
        ("America/New_York", datetime(2026, 10, 5, 3, tzinfo=UTC), "2026-10-04", "2026-10-04T23:00-04:00"),
        ("America/New_York", datetime(2026, 10, 5, 4, tzinfo=UTC), "2026-10-05", "2026-10-05T00:00-04:00"),
        # an hour that begins at 23:30 belongs to the day in which it begins
        ("Asia/Kolkata", datetime(2026, 10, 4, 18, tzinfo=UTC), "2026-10-04", "2026-10-04T23:30+05:30"),
        ("Asia/Kolkata", datetime(2026, 10, 4, 19, tzinfo=UTC), "2026-10-05", "2026-10-05T00:30+05:30"),
    ],
)
def test_days_and_hours_are_those_of_the_zone(ledger: Store, zone: str, moment: datetime, day: str, hour: str) -> None:
    with ledger.transaction() as session:
        roll_up(session, placed(session, slug="dress", article="/a", now=NOW), moment, 1)
        assert list(three(october(session, "day", time_zone=zone))) == [day]
        assert list(three(october(session, "hour", time_zone=zone))) == [hour]
        only = date.fromisoformat(day)
        assert october(session, first=only, until=only + timedelta(days=1), time_zone=zone).total.raw == 1
        limits = " ".join(october(session, time_zone=zone).basis.limits)
    assert ("not whole hours from UTC" in limits) == (zone == "Asia/Kolkata")


@pytest.mark.parametrize(("day", "hours"), [("2026-10-25", 25), ("2026-03-29", 23), ("2026-10-24", 24)])
def test_a_day_on_which_clocks_change_has_its_own_number_of_hours(ledger: Store, day: str, hours: int) -> None:
    first = date.fromisoformat(day)
    asked: dict[str, Any] = {"first": first, "until": first + timedelta(days=1), "time_zone": "Europe/London"}
    with ledger.transaction() as session:
        place = placed(session, slug="dress", article="/a", now=NOW)
        start = datetime(first.year, first.month, first.day, tzinfo=UTC) - 3 * HOUR
        for number in range(31):  # 29 of them would be too few for a day and the hours around it
            roll_up(session, place, start + number * HOUR, 1)
        by_day = three(october(session, "day", **asked))
        by_hour = three(october(session, "hour", **asked))
        drawn = course(session, Range.of(site=None, **asked), "hour")
    assert by_day == {day: (hours, hours, hours)}
    assert len(by_hour) == hours
    assert [(moment.isoformat(timespec="minutes"), figures.raw) for moment, figures in drawn] == [
        (hour, 1) for hour in by_hour
    ]
    if hours == 25:
        assert {"2026-10-25T01:00+01:00", "2026-10-25T01:00+00:00"} <= set(by_hour)


def test_a_year_of_days_crosses_both_changes_of_the_clocks(ledger: Store) -> None:
    with ledger.transaction() as session:
        place = placed(session, slug="dress", article="/a", now=NOW)
        for moment in (datetime(2026, 3, 28, 23, tzinfo=UTC), datetime(2026, 3, 29, 23, tzinfo=UTC)):
            roll_up(session, place, moment, 1)
        roll_up(session, place, datetime(2026, 10, 25, 23, tzinfo=UTC), 1)
        report = october(session, "day", first=date(2026, 1, 1), until=date(2027, 1, 1))
    assert list(three(report)) == ["2026-03-28", "2026-03-30", "2026-10-25"]


def test_the_course_shows_empty_days_too(golden: Store) -> None:
    with golden.reading() as session:
        days = course(
            session,
            Range.of(first=date(2026, 10, 4), until=date(2026, 10, 7), time_zone="Europe/London", site=None),
            "day",
        )
    assert [(moment.date().isoformat(), figures.human) for moment, figures in days] == [
        ("2026-10-04", 0),
        ("2026-10-05", 50),
        ("2026-10-06", 20),
    ]
    assert days[0][1] == Figures()


# ---- what it rests on -----------------------------------------------------------------------------------------------


def test_the_basis_says_what_the_figures_rest_on(golden: Store) -> None:
    with golden.transaction() as session:
        loaded = NOW - timedelta(seconds=30)
        session.add(JournalSegment(uuid="0" * 32, offset=1, loaded=1, set_aside=0, updated_at=loaded))
        session.flush()
        basis = october(session, "link", every="day", within="author", key="Ada").as_json()["basis"]
        again = october(session, "link", every="day", within="author", key="Ada", now=NOW + HOUR).as_json()["basis"]
        other = october(session, "link").as_json()["basis"]
    assert {name: basis[name] for name in ("report", "from", "to", "zone", "by", "every")} == {
        "report": "clicks",
        "from": "2026-10-01",
        "to": "2026-11-01",
        "zone": "Europe/London",
        "by": "link",
        "every": "day",
    }
    assert basis["filters"] == {"site": None, "class": None, "within": "author", "key": "Ada"}
    assert basis["counts"] == MEANINGS
    assert basis["generated_at"] == NOW.isoformat()
    assert basis["loaded_until"] == loaded.isoformat()
    assert basis["sha256"] == again["sha256"] != other["sha256"]
    assert "Clicks that still wait in a journal are not counted yet." in basis["limits"]


def test_the_slowest_node_says_until_when_clicks_are_in(ledger: Store) -> None:
    minute = timedelta(minutes=1)
    told: dict[str, Any] = {"version": "1", "waiting_bytes": 0, "journal_failures": 0, "problem": ""}
    with ledger.transaction() as session:
        session.add(Node(name="a", seen_at=NOW, loaded_at=NOW - minute, waiting_since=None, **told))
        session.add(Node(name="b", seen_at=NOW, loaded_at=NOW, waiting_since=NOW - 20 * minute, **told))
        session.add(Node(name="c", seen_at=NOW - 6 * minute, loaded_at=NOW - 6 * minute, waiting_since=None, **told))
        session.add(Node(name="gone", seen_at=NOW - 48 * HOUR, loaded_at=NOW - 48 * HOUR, waiting_since=None, **told))
        session.flush()
        freshness = october(session).basis.freshness
    assert freshness.loaded_until == NOW - 20 * minute
    assert freshness.late == ("b", "c", "gone")


def test_hours_whose_clicks_were_purged_still_count(golden: Store) -> None:
    later = NOW + timedelta(days=500)
    with golden.reading() as session:
        before = october(session)
    retention.purge(golden, Path("no journal"), keep_raw_days=1, keep_hours_months=0, now=later)
    with golden.reading() as session:
        assert october(session).as_json()["rows"] == before.as_json()["rows"]
    retention.purge(golden, Path("no journal"), keep_raw_days=1, keep_hours_months=1, now=later)
    with golden.reading() as session:
        report = october(session)
    assert report.rows == ()
    assert any("were deleted" in limit for limit in report.basis.limits)


@pytest.mark.parametrize(
    "wrong",
    [
        {"by": "moon"},
        {"every": "week"},
        {"by": "day", "every": "day"},
        {"by": "hour", "every": "day"},
        {"click_class": "martian"},
        {"within": "day", "key": "2026-10-05"},
        {"within": "article", "key": "x"},
        {"within": "article", "key": "9" * 30},
        {"time_zone": "Moon/Crater"},
        {"until": date(2026, 10, 1)},
        {"first": date(2000, 1, 1)},
    ],
)
def test_what_cannot_be_reported_is_refused_in_words(sqlite_store: Store, wrong: dict[str, Any]) -> None:
    with sqlite_store.reading() as session, pytest.raises(InvalidInput):
        october(session, **wrong)


def test_a_report_of_too_many_rows_is_refused(sqlite_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("affiliate.reports.clicks.MOST_ROWS", 2)
    with sqlite_store.transaction() as session:
        newsroom(session, NOW)
        place = placed(session, slug="dress", article="/a", now=NOW)
        for number in range(3):
            roll_up(session, place, NOON + number * HOUR, 1)
        with pytest.raises(InvalidInput, match="more than 2 rows"):
            october(session, "hour")
        assert len(october(session, "day").rows) == 1


# ---- as a file ------------------------------------------------------------------------------------------------------


def test_json_is_the_contract(golden: Store) -> None:
    with golden.reading() as session:
        report = october(session)
    written = json.loads(export(report, "json"))
    assert written == report.as_json()
    assert list(written) == ["basis", "rows", "totals"]


def test_csv_has_a_stable_header_and_one_line_per_row(golden: Store) -> None:
    with golden.reading() as session:
        report = october(session, every="day")
    header, *lines = csv.reader(io.StringIO(export(report, "csv").decode()))
    assert header == [
        *["day", "article", "title", "author", "site", "raw", "human", "network_comparable"],
        *["prefetch", "preview", "bot", "internal", "duplicate"],
        *["from", "to", "zone", "loaded_until", "sha256"],
    ]
    assert lines[0][:8] == ["2026-10-05", "/partywear", "/partywear", "Ada", "default", "959", "50", "38"]
    assert lines[-1][:8] == ["2026-10-07", "(not in an article)", "", "", "", "5", "5", "5"]


def test_the_table_names_countries_and_what_is_unknown(golden: Store) -> None:
    with golden.reading() as session:
        countries = export(october(session, "country"), "table").decode()
        referrers = export(october(session, "referrer", every="day"), "table").decode()
        nothing = export(october(session, first=date(2026, 9, 1), until=date(2026, 9, 2)), "table").decode()
    lines = countries.splitlines()
    assert lines[0] == "Clicks by country, 2026-10-01 to 2026-11-01 (exclusive), Europe/London."
    assert [line.split("  ")[0] for line in lines[5:9]] == ["United Kingdom", "United States", "unknown", "total"]
    assert "none given" in referrers
    for meaning in MEANINGS.values():
        assert meaning in countries
    assert "Nothing was clicked in these days." in nothing
