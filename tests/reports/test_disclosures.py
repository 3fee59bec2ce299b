"""What stands beside the money: what each article showed, what its checks said, and what was earned on pages that fail."""

import csv
import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from affiliate.errors import InvalidInput
from affiliate.reports.commissions import DIMENSIONS, CommissionsReport, DisclosureLine
from affiliate.reports.export import export
from affiliate.reports.scope import FAILING, GROUPS, NO_ARTICLE, PASSING, UNCHECKED, WARNING
from affiliate.reports.timeline import timeline
from affiliate.reports.transactions import list_transactions, transaction_detail
from affiliate.store import Store, migrations
from tests.commissions.sheets import book, newsroom, placed
from tests.reports.ledgers import OCTOBER, checked, disclosed, october
from tests.rolled_up import roll_up

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
NOON = datetime(2026, 10, 5, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def ledger(store: Store) -> Store:
    with store.transaction() as session:
        newsroom(session, NOW)
    return store


@pytest.fixture
def golden(ledger: Store) -> Store:
    """Worked out by hand: earned (pending + approved) in October, in pounds unless it says otherwise

    /fails    5.00 + 7.50 approved, 4.00 declined, EUR 3.00   uk FAIL, amazon PASS      40 clicks
    /nothing  2.00                                            missing, uk PASS before   10 clicks
    /warned   6.00                                            uk WARN                   5 clicks
    /passes   20.00                                           uk PASS, amazon PASS      20 clicks
    /new      1.00                                            never checked             2 clicks
    bare      8.00                                                                      3 clicks
    no sub-id 10.50
    """
    with ledger.transaction() as session:
        place = {
            name: placed(session, slug="dress", article=f"/{name}", now=NOW)
            for name in ("fails", "nothing", "warned", "passes", "new")
        }
        bare = placed(session, slug="dress", article=None, now=NOW)
        for one, clicks in zip([*place.values(), bare], (40, 10, 5, 20, 2, 3), strict=True):
            roll_up(session, one, NOON, clicks)
        for name in ("fails", "warned", "passes"):
            disclosed(session, place[name], "present", NOON)
        disclosed(session, place["nothing"], "missing", NOON)
        checked(session, place["fails"], NOON, uk="FAIL", amazon="PASS")
        checked(session, place["nothing"], NOON, uk="PASS")
        checked(session, place["warned"], NOON, uk="WARN", amazon="PASS")
        checked(session, place["passes"], NOON, uk="PASS", amazon="PASS")
        book(
            session,
            {"id": "1", "ref": place["fails"].token, "commission": "5.00"},
            {"id": "2", "ref": place["fails"].token, "commission": "7.50", "status": "approved"},
            {"id": "3", "ref": place["fails"].token, "commission": "4.00", "status": "declined"},
            {"id": "4", "ref": place["fails"].token, "commission": "3.00", "currency": "EUR"},
            {"id": "5", "ref": place["nothing"].token, "commission": "2.00"},
            {"id": "6", "ref": place["warned"].token, "commission": "6.00"},
            {"id": "7", "ref": place["passes"].token, "commission": "20.00", "status": "approved"},
            {"id": "8", "ref": place["new"].token, "commission": "1.00"},
            {"id": "9", "ref": bare.token, "commission": "8.00"},
            {"id": "10", "ref": "", "commission": "10.50"},
            now=NOW,
        )
    return ledger


def lines(report: CommissionsReport, currency: str = "GBP") -> dict[str, DisclosureLine]:
    return {line.group: line for line in report.by_disclosure if line.currency == currency}


def shown(report: CommissionsReport) -> dict[object, dict[str, Any]]:
    return {row.labels["article"]: row.as_json()["disclosure"] for row in report.rows}


def test_commission_earned_on_failing_pages_is_a_line_of_its_own(golden: Store) -> None:
    with golden.reading() as session:
        report = october(session, now=NOW)
    pounds = lines(report)
    assert {group: (line.articles, line.commission, line.clicks) for group, line in pounds.items()} == {
        FAILING: (2, Decimal("14.50"), 50),  # 5 + 7.50 of /fails, 2 of /nothing
        WARNING: (1, Decimal(6), 5),
        PASSING: (1, Decimal(20), 20),
        UNCHECKED: (1, Decimal(1), 2),
        NO_ARTICLE: (0, Decimal("18.50"), 3),
    }
    failing = pounds[FAILING].as_json()
    assert failing["disclosure"] == "failing"
    assert (failing["commission_pending"], failing["commission_approved"], failing["commission_declined"]) == (
        "7.00",
        "7.50",
        "4.00",
    )
    assert (failing["transactions"], failing["sale_amount"], failing["currency"]) == (4, "200.00", "GBP")
    assert failing["share"] == 0.241667  # 14.50 / 60
    euros = lines(report, "EUR")
    assert (euros[FAILING].articles, euros[FAILING].commission, euros[FAILING].share) == (1, Decimal(3), Decimal(1))
    assert (euros[PASSING].articles, euros[PASSING].commission, euros[PASSING].clicks) == (0, Decimal(0), 20)


def test_the_lines_are_the_same_whatever_the_rows_go_by(golden: Store) -> None:
    with golden.reading() as session:
        expected = october(session, now=NOW).by_disclosure
        assert all(october(session, by, now=NOW).by_disclosure == expected for by in DIMENSIONS)


def test_each_article_row_carries_what_its_checks_say_of_each_profile_and_the_worst_of_it(golden: Store) -> None:
    with golden.reading() as session:
        rows = shown(october(session, now=NOW))
    assert rows["/fails"] == {
        "state": "present",
        "label": "Ad",
        "sentence": "We earn commission.",
        "shown_from": NOON.isoformat(),
        "verdict": "FAIL",
        "verdicts": {"amazon": "PASS", "uk": "FAIL"},
        "checked_at": NOON.isoformat(),
        "check": 1,
    }
    assert (rows["/nothing"]["state"], rows["/nothing"]["verdict"]) == ("missing", "PASS")
    assert (rows["/warned"]["verdict"], rows["/passes"]["verdict"]) == ("WARN", "PASS")
    assert (rows["/new"]["state"], rows["/new"]["verdict"], rows["/new"]["verdicts"]) == ("unknown", "not checked", {})
    assert rows[None] is None


def test_a_placement_carries_what_its_article_does(golden: Store) -> None:
    with golden.reading() as session:
        rows = [row.as_json() for row in october(session, "placement", now=NOW).rows]
    assert {(row["article"], row["disclosure"] and row["disclosure"]["verdict"]) for row in rows} == {
        *[("/fails", "FAIL"), ("/nothing", "PASS"), ("/warned", "WARN"), ("/passes", "PASS"), ("/new", "not checked")],
        (None, None),
    }


def test_of_several_variants_of_a_page_the_worst_counts(golden: Store) -> None:
    with golden.transaction() as session:
        feed = placed(session, slug="shoes", article="/passes", now=NOW)
        check = checked(session, feed, NOON + DAY, "feed", uk="FAIL")
        row = shown(october(session, now=NOW))["/passes"]
        assert october(session, now=NOW).by_disclosure[5].articles == 3  # GBP, failing
    assert (row["verdict"], row["verdicts"]) == ("FAIL", {"amazon": "PASS", "uk": "FAIL"})
    assert (row["check"], row["checked_at"]) == (check.number, (NOON + DAY).isoformat())


def test_verdicts_are_those_of_the_reports_own_moment(golden: Store) -> None:
    """The page was mended in November: the report of October, and one as known on the 6th, still say that it failed."""
    mended = datetime(2026, 11, 3, tzinfo=UTC)
    with golden.transaction() as session:
        place = placed(session, slug="shoes", article="/fails", now=NOW)
        before = october(session, now=NOW).as_json()
        confirmed = checked(session, place, NOON + DAY, uk="FAIL", amazon="PASS")
        checked(session, place, mended, uk="PASS", amazon="PASS")
        checked(session, place, mended + DAY, uk="PASS", amazon="PASS")
        after = shown(october(session, now=NOW))["/fails"]
        longer = shown(october(session, until=date(2026, 12, 1), now=NOW))["/fails"]
        as_known = october(session, as_of=NOON + timedelta(hours=2), now=NOW)
        lines_then = lines(october(session, as_of=mended - DAY, now=NOW))
        assert (after["verdict"], after["check"]) == ("FAIL", confirmed.number)
        assert after["checked_at"] == (NOON + DAY).isoformat()
        assert after["verdicts"] == before["rows"][0]["disclosure"]["verdicts"] == {"amazon": "PASS", "uk": "FAIL"}
        assert (longer["verdict"], longer["checked_at"]) == ("PASS", (mended + DAY).isoformat())
    assert as_known.basis.as_json()["disclosure_as_of"] == (NOON + timedelta(hours=2)).isoformat()
    assert lines_then == {}  # nothing had been imported then


def test_a_later_check_does_not_change_the_hash_of_an_older_report(golden: Store) -> None:
    with golden.transaction() as session:
        first = october(session, now=NOW).basis.sha256
        place = placed(session, slug="dress", article="/fails", now=NOW)
        checked(session, place, datetime(2026, 11, 2, tzinfo=UTC), uk="FAIL", amazon="PASS")
        assert october(session, now=NOW).basis.sha256 == first


def test_a_page_that_failed_and_showed_nothing_only_before_or_after_does_not_count(ledger: Store) -> None:
    with ledger.transaction() as session:
        place = placed(session, slug="dress", article="/a", now=NOW)
        disclosed(session, place, "missing", NOON - 9 * DAY, NOON)
        disclosed(session, place, "present", NOON, datetime(2026, 11, 2, tzinfo=UTC))
        disclosed(session, place, "missing", datetime(2026, 11, 2, tzinfo=UTC))
        book(session, {"id": "1", "ref": place.token}, now=NOW)
        assert lines(october(session, now=NOW))[UNCHECKED].articles == 1
        assert lines(october(session, until=date(2026, 11, 10), now=NOW))[FAILING].articles == 1


def test_a_group_of_pages_gives_its_rows_alone_in_every_cut(golden: Store) -> None:
    with golden.reading() as session:
        for group, by in product(GROUPS, DIMENSIONS):
            expected = lines(october(session, by, now=NOW))[group]
            alone = october(session, by, disclosure=group, now=NOW)
            [pounds] = [total for total in alone.totals if total.currency == "GBP"]
            for name in ("clicks", "transactions", "commission", "commission_declined", "sale_amount", "counts"):
                assert getattr(pounds, name) == getattr(expected, name), (group, by, name)
            assert sum(row.commission for row in alone.rows if row.currency == "GBP") == expected.commission
            assert lines(alone)[group].commission == expected.commission
            assert alone.basis.as_json()["filters"]["disclosure"] == group


def test_the_picture_of_a_group_shows_its_days_alone(golden: Store) -> None:
    with golden.reading() as session:
        expected = lines(october(session, now=NOW))[FAILING]
        line = timeline(session, first=OCTOBER[0], until=OCTOBER[1], time_zone="Europe/London", disclosure=FAILING)
    assert sum(day.clicks for day in line.days) == expected.clicks
    assert sum(day.commission.get("GBP", 0) for day in line.days) == expected.commission


def test_the_transactions_behind_a_group_are_those_of_its_line(golden: Store) -> None:
    asked: dict[str, Any] = {"first": OCTOBER[0], "until": OCTOBER[1], "time_zone": "Europe/London"}
    with golden.reading() as session:
        expected = lines(october(session, now=NOW))
        for group in GROUPS:
            page = list_transactions(session, **asked, disclosure=group, currency="GBP")
            assert page.total == expected[group].transactions
            earned = sum(row.commission for row in page.rows if row.status != "declined")
            assert earned == expected[group].commission
        rows = {row.external_id: row for row in list_transactions(session, **asked).rows}
        one = transaction_detail(session, rows["1"].id).transaction.disclosure
        assert one is not None
        assert one.state == "unknown"  # when it was clicked, at nine; it shows its label since noon
        assert one.verdict == "not checked"
    written = rows["1"].as_json()["disclosure"]
    assert (written["state"], written["verdict"], written["check"]) == ("present", "FAIL", 1)
    assert rows["10"].as_json()["disclosure"] is None


def test_an_unknown_group_is_refused(sqlite_store: Store) -> None:
    with sqlite_store.reading() as session, pytest.raises(InvalidInput, match=", ".join(GROUPS)):
        october(session, disclosure="guilty", now=NOW)


def test_files_say_which_pages_they_are_of(golden: Store) -> None:
    with golden.reading() as session:
        report = october(session, disclosure=FAILING, now=NOW)
    table = export(report, "table").decode().splitlines()
    assert table[0].endswith(", only failing.")
    (row, *_) = csv.DictReader(export(report, "csv").decode().splitlines())
    assert "failing" in row.values()
    assert len(json.loads(export(report, "json"))["by_disclosure"]) == 2 * len(GROUPS)


_state = st.sampled_from(["present", "missing", "not-needed", None])
_verdict = st.dictionaries(st.sampled_from(["uk", "amazon", "de"]), st.sampled_from(["PASS", "WARN", "FAIL"]))
_sale = st.fixed_dictionaries(
    {
        "status": st.sampled_from(["pending", "approved", "declined"]),
        "commission": st.decimals(-50, 500, places=4).map(str),
        "currency": st.sampled_from(["GBP", "EUR", "JPY"]),
        "place": st.integers(-1, 4),
    }
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    pages=st.lists(st.tuples(_state, _verdict, st.integers(0, 3)), min_size=4, max_size=4),
    sold=st.lists(_sale, max_size=25),
)
def test_the_lines_sum_up_to_the_totals_whatever_the_pages_showed(
    pages: list[tuple[str | None, dict[str, str], int]],
    sold: list[dict[str, Any]],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    store = Store(f"sqlite:///{tmp_path_factory.mktemp('ledger') / 'affiliate.db'}")
    migrations.upgrade(store)
    with store.transaction() as session:
        newsroom(session, NOW)
        places = [placed(session, slug="dress", article=f"/{number}", now=NOW) for number in range(len(pages))]
        for place, (state, verdicts, clicks) in zip(places, pages, strict=True):
            if state:
                disclosed(session, place, state, NOON)
            if verdicts:
                checked(session, place, NOON, **verdicts)
            if clicks:
                roll_up(session, place, NOON, clicks)
        places.append(placed(session, slug="dress", article=None, now=NOW))
        cells = [
            {**sale, "id": str(number), "ref": places[sale["place"]].token if sale["place"] >= 0 else ""}
            for number, sale in enumerate(sold)
        ]
        if cells:
            book(session, *({k: v for k, v in row.items() if k != "place"} for row in cells), now=NOW)
        report = october(session, now=NOW)
        _assert_sums(report)
        groups = {row.key: _group(row.as_json()["disclosure"]) for row in report.rows}
        for line in report.by_disclosure:
            earning = [row for row in report.rows if row.currency == line.currency and groups[row.key] == line.group]
            assert line.commission == sum(row.commission for row in earning)
            assert line.articles == sum(row.key is not None for row in earning if row.transactions)
            alone = october(session, "advertiser", disclosure=line.group, now=NOW)
            of_currency = [total.commission for total in alone.totals if total.currency == line.currency]
            assert sum(of_currency) == line.commission
    store.close()


def _assert_sums(report: CommissionsReport) -> None:
    for total in report.totals:
        of_currency = [line for line in report.by_disclosure if line.currency == total.currency]
        assert [line.group for line in of_currency] == list(GROUPS)
        for name in (
            *("clicks", "transactions", "transactions_pending", "transactions_approved", "transactions_declined"),
            *("commission_pending", "commission_approved", "commission_declined", "sale_amount"),
        ):
            assert sum(getattr(line, name) for line in of_currency) == getattr(total, name), name
        for name in ("raw", "human", "network_comparable"):
            assert sum(getattr(line.counts, name) for line in of_currency) == getattr(total.counts, name)
        shares = [line.share for line in of_currency if line.share is not None]
        assert not shares or abs(sum(shares, Decimal(-1))) < Decimal("0.00001")
    assert len(report.by_disclosure) == len(report.totals) * len(GROUPS)
    assert Counter(line.currency for line in report.by_disclosure) == {one.currency: 5 for one in report.totals}


def _group(said: dict[str, Any] | None) -> str:
    """What a row says, told apart by hand."""
    if said is None:
        return NO_ARTICLE
    if said["state"] == "missing" or "FAIL" in said["verdicts"].values():
        return FAILING
    return {"WARN": WARNING, "PASS": PASSING}.get(said["verdict"], UNCHECKED)


def test_an_empty_database_has_no_lines(sqlite_store: Store) -> None:
    with sqlite_store.reading() as session:
        assert october(session, now=NOW).by_disclosure == ()
