"""The commission report against ledgers whose figures were worked out by hand."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from affiliate.commissions.undo import undo_import
from affiliate.errors import InvalidInput
from affiliate.links.sites import add_site, find_site
from affiliate.reports.commissions import DIMENSIONS, CommissionsReport, commissions_report
from affiliate.reports.timeline import timeline
from affiliate.store import Store, migrations
from tests.commissions.sheets import book, newsroom, placed
from tests.reports.ledgers import OCTOBER, disclosed, october
from tests.rolled_up import roll_up

NOW = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
NOON = datetime(2026, 10, 5, 12, 0, tzinfo=UTC)


@pytest.fixture
def ledger(store: Store) -> Store:
    with store.transaction() as session:
        newsroom(session, NOW)
    return store


@pytest.fixture
def golden(ledger: Store) -> Store:
    """Two articles of two authors, a link in both, one bare link; two currencies; every status; worked out by hand:

    /partywear (Ada)  clicks 40 + 10 = 50   GBP: 5.00 pending, 7.50 approved, 2.50 approved, 4.00 declined
                                            EUR: 3.00 approved
    /news (Ben)       clicks 20             GBP: 1.00 declined
    bare link         clicks 5              GBP: 6.00 pending
    no sub-id                               GBP: 10.00 approved, -2.00 approved (a reversal as a negative row)
    """
    with ledger.transaction() as session:
        dress = placed(session, slug="marble-dress", article="/partywear", author="Ada", now=NOW)
        shoes = placed(session, slug="marble-shoes", article="/partywear", author="Ada", now=NOW)
        news = placed(session, slug="marble-dress", article="/news", author="Ben", now=NOW)
        bare = placed(session, slug="marble-shoes", article=None, now=NOW)
        roll_up(session, dress, NOON, 40, comparable=30)
        roll_up(session, shoes, NOON, 10, comparable=8)
        roll_up(session, news, NOON, 20)
        roll_up(session, bare, NOON, 5)
        roll_up(session, dress, NOON, 900, "bot")
        roll_up(session, dress, datetime(2026, 11, 1, 0, 0, tzinfo=UTC), 77)
        disclosed(session, dress, "missing", NOON - 30 * DAY, NOON)
        disclosed(session, dress, "present", NOON)
        book(
            session,
            {"id": "1", "ref": dress.token, "commission": "5.00", "sale": "50.00"},
            {"id": "2", "ref": dress.token, "commission": "7.50", "sale": "75.00", "status": "approved"},
            {"id": "3", "ref": shoes.token, "commission": "2.50", "sale": "25.00", "status": "approved"},
            {"id": "4", "ref": shoes.token, "commission": "4.00", "sale": "40.00", "status": "declined"},
            {
                "id": "5",
                "ref": dress.token,
                "commission": "3.00",
                "sale": "30",
                "currency": "EUR",
                "status": "approved",
            },
            {"id": "6", "ref": news.token, "commission": "1.00", "sale": "10.00", "status": "declined"},
            {"id": "7", "ref": bare.token, "commission": "6.00", "sale": "60.00"},
            {"id": "8", "ref": "", "commission": "10.00", "sale": "100.00", "status": "approved", "shop": "78"},
            {"id": "9", "ref": "", "commission": "-2.00", "sale": "-20.00", "status": "approved", "shop": "78"},
            now=NOW,
        )
    return ledger


def by_value(report: CommissionsReport) -> dict[tuple[object, str | None], dict[str, Any]]:
    name = report.basis.by
    return {(row[name], row["currency"]): row for row in report.as_json()["rows"]}


def test_an_empty_database_gives_no_rows_and_no_totals(ledger: Store) -> None:
    with ledger.reading() as session:
        for by in DIMENSIONS:
            written = october(session, by, now=NOW).as_json()
            assert (written["rows"], written["totals"]) == ([], [])
            assert written["basis"]["coverage"] == []


def test_one_transaction_makes_one_row(ledger: Store) -> None:
    with ledger.transaction() as session:
        book(session, {"id": "1"}, now=NOW)
        report = october(session, "advertiser", now=NOW).as_json()
    assert report["rows"] == [
        {
            "advertiser": "template 77",
            "clicks": 0,
            "clicks_raw": 0,
            "clicks_network_comparable": 0,
            "transactions": 1,
            "transactions_pending": 1,
            "transactions_approved": 0,
            "transactions_declined": 0,
            "commission_pending": "5.00",
            "commission_approved": "0.00",
            "commission_declined": "0.00",
            "sale_amount": "50.00",
            "currency": "GBP",
            "epc": None,
            "cvr": None,
            "approval_rate": None,
            "commission_unpaid": "5.00",
            "commission_invoiced": "0.00",
            "commission_paid": "0.00",
            "disclosure": None,
        }
    ]


def test_the_golden_ledger_by_article(golden: Store) -> None:
    with golden.reading() as session:
        report = october(session, now=NOW)
    rows = by_value(report)
    assert set(rows) == {("/partywear", "GBP"), ("/partywear", "EUR"), ("/news", "GBP"), (None, "GBP")}
    assert rows["/partywear", "GBP"] == {
        "article": "/partywear",
        "title": "/partywear",
        "author": "Ada",
        "site": "default",
        "clicks": 50,
        "clicks_raw": 950,  # and 900 of bots
        "clicks_network_comparable": 38,  # 30 + 8
        "transactions": 4,
        "transactions_pending": 1,
        "transactions_approved": 2,
        "transactions_declined": 1,
        "commission_pending": "5.00",
        "commission_approved": "10.00",  # 7.50 + 2.50
        "commission_declined": "4.00",
        "sale_amount": "190.00",  # 50 + 75 + 25 + 40
        "currency": "GBP",
        "epc": "0.30",  # (5 + 10) / 50
        "cvr": 0.08,  # 4 / 50
        "approval_rate": 0.666667,  # 2 / (2 + 1)
        "commission_unpaid": "15.00",  # 5 + 10
        "commission_invoiced": "0.00",
        "commission_paid": "0.00",
        "disclosure": {
            "state": "present",
            "label": "Ad",
            "sentence": "We earn commission.",
            "shown_from": NOON.isoformat(),
            "verdict": "not checked",
            "verdicts": {},
            "checked_at": None,
            "check": None,
        },
    }
    euros = rows["/partywear", "EUR"]
    assert (euros["clicks"], euros["commission_approved"], euros["epc"]) == (50, "3.00", "0.06")
    news = rows["/news", "GBP"]
    assert (news["clicks"], news["commission_declined"], news["epc"], news["approval_rate"]) == (
        20,
        "1.00",
        "0.00",
        0.0,
    )
    assert news["disclosure"] == {
        "state": "unknown",
        "label": None,
        "sentence": None,
        "shown_from": None,
        "verdict": "not checked",
        "verdicts": {},
        "checked_at": None,
        "check": None,
    }
    rest = rows[None, "GBP"]
    assert (rest["clicks"], rest["transactions"], rest["disclosure"]) == (5, 3, None)
    assert (rest["commission_pending"], rest["commission_approved"]) == ("6.00", "8.00")  # 10 - 2


def test_the_golden_totals_are_per_currency_and_hold_each_click_once(golden: Store) -> None:
    with golden.reading() as session:
        written = [october(session, by, now=NOW).as_json()["totals"] for by in DIMENSIONS]
    assert all(totals == written[0] for totals in written)
    euros, pounds = written[0]
    assert (euros["currency"], euros["clicks"], euros["commission_approved"]) == ("EUR", 75, "3.00")
    assert pounds == {
        "clicks": 75,  # 40 + 10 + 20 + 5
        "clicks_raw": 975,  # and 900 of bots
        "clicks_network_comparable": 63,  # 30 + 8 + 20 + 5
        "transactions": 8,
        "transactions_pending": 2,
        "transactions_approved": 4,
        "transactions_declined": 2,
        "commission_pending": "11.00",  # 5 + 6
        "commission_approved": "18.00",  # 7.50 + 2.50 + 10 - 2
        "commission_declined": "5.00",  # 4 + 1
        "sale_amount": "340.00",  # 50 + 75 + 25 + 40 + 10 + 60 + 100 - 20
        "currency": "GBP",
        "epc": "0.386667",  # 29 / 75
        "cvr": 0.106667,  # 8 / 75
        "approval_rate": 0.666667,  # 4 / 6
        "commission_unpaid": "29.00",  # 11 + 18
        "commission_invoiced": "0.00",
        "commission_paid": "0.00",
    }


def test_the_golden_ledger_by_each_other_dimension(golden: Store) -> None:
    with golden.reading() as session:
        earned = {
            by: {
                row[by]: (row["clicks"], row["commission_pending"], row["commission_approved"])
                for row in october(session, by, now=NOW).as_json()["rows"]
                if row["currency"] != "EUR"
            }
            for by in ("author", "link", "advertiser", "network", "site", "day", "programme")
        }
    assert earned["author"] == {"Ada": (50, "5.00", "10.00"), "Ben": (20, "0.00", "0.00"), None: (5, "6.00", "8.00")}
    assert earned["link"] == {
        "marble-dress": (60, "5.00", "7.50"),  # 40 in /partywear + 20 in /news
        "marble-shoes": (15, "6.00", "2.50"),  # 10 in /partywear + 5 bare
        None: (0, "0.00", "8.00"),
    }
    assert earned["advertiser"] == {
        "Minty": (75, "0.00", "0.00"),  # the links' advertiser was only clicked
        "template 77": (0, "11.00", "10.00"),
        "template 78": (0, "0.00", "8.00"),
    }
    assert earned["network"] == {"awin": (75, "0.00", "0.00"), "template": (0, "11.00", "18.00")}
    assert earned["site"] == {"default": (75, "11.00", "10.00"), None: (0, "0.00", "8.00")}
    assert earned["day"] == {"2026-10-05": (75, "11.00", "18.00")}
    assert earned["programme"] == {
        "Minty": (75, "0.00", "0.00"),
        "77": (0, "11.00", "10.00"),
        "78": (0, "0.00", "8.00"),
    }


def test_coverage_is_the_share_of_earned_commission_attributed_to_articles(golden: Store) -> None:
    with golden.reading() as session:
        basis = october(session, now=NOW).as_json()["basis"]
    assert basis["coverage"] == [
        {"currency": "EUR", "attributed": "3.00", "total": "3.00", "percent": "100.00"},
        # 5 + 7.50 + 2.50 of 5 + 7.50 + 2.50 + 6 + 10 + |-2|
        {"currency": "GBP", "attributed": "15.00", "total": "33.00", "percent": "45.45"},
    ]


def test_the_basis_says_what_the_figures_rest_on(golden: Store) -> None:
    with golden.reading() as session:
        basis = october(session, now=NOW).as_json()["basis"]
        again = october(session, now=NOW + DAY).as_json()["basis"]
        other = october(session, until=date(2026, 10, 2), now=NOW).as_json()["basis"]
    assert {name: basis[name] for name in ("report", "from", "to", "zone", "by", "date_basis", "filters")} == {
        "report": "commissions",
        "from": "2026-10-01",
        "to": "2026-11-01",
        "zone": "Europe/London",
        "by": "article",
        "date_basis": "transaction",
        "filters": {"site": None, "disclosure": None, "payment": None},
    }
    assert basis["as_known_at"] == basis["generated_at"] == NOW.isoformat()
    assert basis["sha256"] == again["sha256"] != other["sha256"]


def test_a_click_only_value_has_no_currency(ledger: Store) -> None:
    with ledger.transaction() as session:
        roll_up(session, placed(session, slug="dress", article="/a", now=NOW), NOON, 4)
        report = october(session, now=NOW).as_json()
    (row,) = report["rows"]
    assert (row["article"], row["clicks"], row["currency"], row["epc"], row["cvr"]) == ("/a", 4, None, "0.00", 0.0)
    (total,) = report["totals"]
    assert (total["clicks"], total["currency"], total["approval_rate"]) == (4, None, None)


def test_a_value_that_only_machines_clicked_has_a_row_so_that_raw_counts_sum_up(ledger: Store) -> None:
    with ledger.transaction() as session:
        roll_up(session, placed(session, slug="dress", article="/a", now=NOW), NOON, 4, "bot")
        report = october(session, now=NOW).as_json()
    (row,), (total,) = report["rows"], report["totals"]
    for figures in (row, total):
        assert (figures["clicks"], figures["clicks_raw"], figures["currency"], figures["epc"]) == (0, 4, None, None)


def test_a_declined_transaction_leaves_epc_unchanged(ledger: Store) -> None:
    with ledger.transaction() as session:
        placement = placed(session, slug="dress", article="/a", now=NOW)
        roll_up(session, placement, NOON, 10)
        book(session, {"id": "1", "ref": placement.token}, now=NOW)
        before = october(session, now=NOW).rows[0].epc
        book(session, {"id": "2", "ref": placement.token, "status": "declined"}, now=NOW)
        after = october(session, now=NOW).rows[0]
    assert before == after.epc == Decimal("0.5")
    assert after.transactions == 2


def test_a_declined_amount_is_positive_even_where_the_network_writes_it_negative(ledger: Store) -> None:
    with ledger.transaction() as session:
        book(session, {"id": "1", "commission": "-5.00", "status": "declined"}, now=NOW)
        (row,) = october(session, "network", now=NOW).rows
    assert (row.commission_declined, row.commission) == (Decimal(5), Decimal(0))


def test_days_begin_at_midnight_of_the_zone(ledger: Store) -> None:
    with ledger.transaction() as session:
        book(
            session,
            {"id": "1", "sold": "2026-09-30T22:59:59+00:00"},  # 23:59:59 of 30 September in London
            {"id": "2", "sold": "2026-09-30T23:00:00+00:00"},  # midnight of 1 October in London
            {"id": "3", "sold": "2026-10-31T23:59:59+00:00"},  # summer time ended on the 25th
            {"id": "4", "sold": "2026-11-01T00:00:00+00:00"},
            now=NOW,
        )
        days = [row.labels["day"] for row in october(session, "day", now=NOW).rows]
        in_utc = october(session, "day", time_zone="UTC", now=NOW)
        assert october(session, "network", now=NOW).totals[0].transactions == 2
    assert days == ["2026-10-01", "2026-10-31"]
    assert [row.labels["day"] for row in in_utc.rows] == ["2026-10-31"]


@pytest.mark.parametrize(
    ("time_zone", "midnight"),
    [
        ("Europe/London", "2026-10-09T23:00"),
        ("America/New_York", "2026-10-10T04:00"),
        ("Asia/Kolkata", "2026-10-09T18:30"),
        ("Asia/Kathmandu", "2026-10-09T18:15"),
        ("America/St_Johns", "2026-10-10T02:30"),
        ("Australia/Lord_Howe", "2026-10-09T13:00"),  # half an hour later until 4 October
    ],
)
@pytest.mark.parametrize("by", ["day", "network"])
def test_a_day_ends_within_an_hour_where_the_zones_clocks_say_so(
    ledger: Store, time_zone: str, midnight: str, by: str
) -> None:
    first = datetime.fromisoformat(f"{midnight}+00:00")
    with ledger.transaction() as session:
        moments = (first - timedelta(seconds=1), first, first + DAY - timedelta(seconds=1), first + DAY)
        rows = [
            {"id": f"{number}", "sold": at.isoformat(), "commission": f"{10**number}"}
            for number, at in enumerate(moments)
        ]
        book(session, *rows, now=NOW)
        asked: dict[str, Any] = {"by": by, "time_zone": time_zone, "now": NOW}
        report = commissions_report(session, first=date(2026, 10, 10), until=date(2026, 10, 11), **asked)
    assert [row.commission for row in report.rows] == [Decimal(10 + 100)]


def test_the_report_can_go_by_click_or_validation_date(ledger: Store) -> None:
    with ledger.transaction() as session:
        book(
            session,
            {"id": "1", "clicked": "2026-09-20T10:00:00+00:00", "validated": "2026-10-20T10:00:00+00:00"},
            {"id": "2", "clicked": "2026-10-04T10:00:00+00:00"},
            {"id": "3", "sold": "2026-09-21T10:00:00+00:00", "clicked": "2026-10-01T00:00:00+01:00"},
            now=NOW,
        )
        counts = {
            basis: october(session, "network", date_basis=basis, now=NOW)
            for basis in ("transaction", "click", "validation")
        }
    assert {basis: report.totals[0].transactions for basis, report in counts.items()} == {
        "transaction": 2,
        "click": 2,
        "validation": 1,
    }
    assert {basis: report.basis.undated for basis, report in counts.items()} == {
        "transaction": 0,
        "click": 0,
        "validation": 1,
    }


def test_a_sale_in_another_currency_than_its_commission_is_left_out_and_counted(ledger: Store) -> None:
    from affiliate.commissions.importing import import_transactions
    from tests.commissions.sheets import awin_file, awin_row

    content = awin_file(awin_row(1, saleAmount={"amount": 100, "currency": "USD"}), awin_row(2))
    with ledger.transaction() as session:
        import_transactions(session, network="awin", file_name="a.json", content=content, now=NOW)
        report = october(session, "network", now=NOW).as_json()
    assert report["rows"][0]["sale_amount"] == "42.56"
    assert report["basis"]["sales_in_another_currency"] == 1


def test_as_known_at_a_moment_the_report_says_what_it_said_then(ledger: Store) -> None:
    with ledger.transaction() as session:
        placement = placed(session, slug="dress", article="/a", now=NOW)
        roll_up(session, placement, NOON, 10)
        said = []
        moments = [NOW + day * DAY for day in range(5)]
        book(session, {"id": "1", "ref": placement.token}, now=moments[0])
        said.append(october(session, now=moments[0]))
        book(session, {"id": "1", "status": "approved"}, {"id": "2"}, now=moments[1])
        said.append(october(session, now=moments[1]))
        # an older file, learnt later: history, not the current picture
        run = book(session, {"id": "2", "status": "declined"}, {"id": "3"}, as_of=NOW, now=moments[2])
        said.append(october(session, now=moments[2]))
        undo_import(session, run.run_id or 0, now=moments[3])
        said.append(october(session, now=moments[3]))
        # the same sale under another date: it leaves October
        book(session, {"id": "1", "status": "approved", "sold": "2026-09-01T10:00:00+00:00"}, now=moments[4])
        said.append(october(session, now=moments[4]))
        for moment, then in zip(moments, said, strict=True):
            again = october(session, as_of=moment, now=NOW + 100 * DAY)
            assert again.rows == then.rows
            assert again.totals == then.totals
            assert again.basis.sha256 == then.basis.sha256
    assert [report.totals[0].transactions for report in said] == [1, 2, 3, 2, 1]


def test_an_undone_import_is_gone_from_the_report(ledger: Store) -> None:
    with ledger.transaction() as session:
        run = book(session, {"id": "1"}, now=NOW)
        undo_import(session, run.run_id or 0, now=NOW + DAY)
        assert october(session, "network", now=NOW + DAY).rows == ()


def test_a_site_shows_what_is_attributed_to_its_links(golden: Store) -> None:
    with golden.transaction() as session:
        site = find_site(session)
        other = add_site(session, key="other", name="Other", now=NOW)
        own = october(session, "network", site=site, now=NOW)
        none = october(session, "network", site=other, now=NOW)
    pounds = own.totals[1]
    assert (pounds.transactions, pounds.clicks) == (6, 75)  # without the two that carried no sub-id
    assert own.basis.as_json()["filters"] == {"site": "default", "disclosure": None, "payment": None}
    assert (none.rows, none.totals) == ((), ())


def test_unusable_questions_are_refused(sqlite_store: Store) -> None:
    with sqlite_store.reading() as session:
        with pytest.raises(InvalidInput, match="'colour' is no dimension"):
            october(session, "colour", now=NOW)
        with pytest.raises(InvalidInput, match="'moon' is no date basis"):
            october(session, date_basis="moon", now=NOW)
        with pytest.raises(InvalidInput, match="no time zone"):
            october(session, time_zone="Mars/Olympus", now=NOW)
        with pytest.raises(InvalidInput, match="is empty"):
            october(session, until=date(2026, 10, 1), now=NOW)


def test_the_timeline_has_every_day_and_the_sums_of_the_report(golden: Store) -> None:
    with golden.reading() as session:
        line = timeline(session, first=OCTOBER[0], until=OCTOBER[1], time_zone="Europe/London")
    assert len(line.days) == 31
    assert line.currencies == ("EUR", "GBP")
    fifth = line.days[4]
    assert (fifth.day, fifth.clicks, fifth.transactions) == (date(2026, 10, 5), 75, 9)
    assert fifth.commission == {"EUR": Decimal(3), "GBP": Decimal(29)}
    assert sum(day.clicks for day in line.days) == 75


_row = st.fixed_dictionaries(
    {
        "id": st.integers(1, 40).map(str),
        "shop": st.sampled_from(["77", "78"]),
        "status": st.sampled_from(["pending", "approved", "declined"]),
        "commission": st.decimals(-50, 500, places=4).map(str),
        "currency": st.sampled_from(["GBP", "EUR", "JPY"]),
        "place": st.integers(-1, 3),
        "sold": st.integers(0, 60 * 24).map(
            lambda hours: (datetime(2026, 9, 20, tzinfo=UTC) + timedelta(hours=hours)).isoformat()
        ),
    }
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=st.lists(st.lists(_row, max_size=12, unique_by=lambda row: row["id"]), max_size=4))
def test_rows_sum_to_totals_in_every_cut_and_the_past_can_be_asked_again(
    files: list[list[dict[str, Any]]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    store = _fresh(tmp_path_factory.mktemp("ledger"))
    with store.transaction() as session:
        newsroom(session, NOW)
        places = [
            placed(session, slug="dress", article="/a", author="Ada", now=NOW),
            placed(session, slug="shoes", article="/a", author="Ada", now=NOW),
            placed(session, slug="dress", article="/b", author="", now=NOW),
            placed(session, slug="dress", article=None, now=NOW),
        ]
        for number, place in enumerate(places):
            roll_up(session, place, NOON, number + 1)
        for day, rows in enumerate(files):
            cells = [{**row, "ref": places[row["place"]].token if row["place"] >= 0 else ""} for row in rows]
            book(session, *({k: v for k, v in row.items() if k != "place"} for row in cells), now=NOW + day * DAY)
        later = NOW + 10 * DAY
        expected = october(session, "network", now=later).totals
        for by in DIMENSIONS:
            report = october(session, by, now=later)
            assert report.totals == expected
            assert october(session, by, as_of=later, now=later).rows == report.rows
            for total in report.totals:
                of_currency = [row for row in report.rows if row.currency == total.currency]
                for name in (
                    "transactions",
                    "commission_pending",
                    "commission_approved",
                    "commission_declined",
                    "sale_amount",
                ):
                    assert sum(getattr(row, name) for row in of_currency) == getattr(total, name), (by, name)
                assert total.clicks == 10
            clicks = {row.key: row.clicks for row in report.rows}
            assert sum(clicks.values()) == 10, by
    store.close()


def _fresh(folder: Path) -> Store:
    store = Store(f"sqlite:///{folder / 'affiliate.db'}")
    migrations.upgrade(store)
    return store
