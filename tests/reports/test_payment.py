"""The second axis of money, payment, in the report and behind its figures; and payouts with what they cover."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from affiliate.commissions.importing import import_transactions
from affiliate.commissions.payouts import store_payouts
from affiliate.errors import InvalidInput, NotFound
from affiliate.money import Money
from affiliate.networks.base import Reading, ReportedPayout
from affiliate.networks.words import PAYMENTS, STATUSES
from affiliate.reports.commissions import Row, commissions_report
from affiliate.reports.export import csv_text, table_text
from affiliate.reports.payouts import find_payout, list_payouts, payout_detail
from affiliate.reports.transactions import list_transactions
from affiliate.store import Store
from affiliate.store.tables import PublisherAccount
from tests.commissions.sheets import awin_file, awin_row, book, newsroom
from tests.reports.ledgers import OCTOBER

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
ASKED: dict[str, Any] = {"first": OCTOBER[0], "until": OCTOBER[1], "time_zone": "Europe/London"}


@pytest.fixture
def ledger(store: Store) -> Store:
    """One transaction of every status, payment and currency, each of another amount."""
    rows = [
        {"id": f"{status}-{payment}-{currency}", "status": status, "payment": payment, "currency": currency}
        | {"commission": f"{2**number}.10"}
        for number, (status, payment, currency) in enumerate(
            (status, payment, currency) for status in STATUSES for payment in PAYMENTS for currency in ("GBP", "EUR")
        )
    ]
    with store.transaction() as session:
        newsroom(session, NOW)
        book(session, *rows, now=NOW)
    return store


def test_unpaid_invoiced_and_paid_add_up_to_what_is_earned_and_lead_to_their_transactions(ledger: Store) -> None:
    with ledger.reading() as session:
        for by in ("network", "payment", "day"):
            report = commissions_report(session, **ASKED, by=by, now=NOW)
            figures = [*report.totals, *report.rows]
            assert {one.currency for one in figures} == {"GBP", "EUR"}
            for one in figures:
                parts = {payment: getattr(one, f"commission_{payment}") for payment in PAYMENTS}
                assert sum(parts.values()) == one.commission
                at: dict[str, Any] = {"by": by, "key": one.key} if isinstance(one, Row) else {}
                for payment, amount in parts.items():
                    page = list_transactions(
                        session, **ASKED, **at, status="earned", payment=payment, currency=one.currency
                    )
                    assert sum((each.commission for each in page.rows), Decimal(0)) == amount
                    assert {each.payment for each in page.rows} <= {payment}
    assert {row.key for row in report.rows} == {"2026-10-05"}


def test_the_filter_leaves_the_money_of_one_payment_and_its_rows_are_those_of_the_dimension(ledger: Store) -> None:
    with ledger.reading() as session:
        cut = {(row.key, row.currency): row for row in commissions_report(session, **ASKED, by="payment", now=NOW).rows}
        assert {key for key, _ in cut} == set(PAYMENTS)
        for payment in PAYMENTS:
            report = commissions_report(session, **ASKED, by="network", payment=payment, now=NOW)
            assert report.basis.as_json()["filters"]["payment"] == payment
            for total in report.totals:
                same = cut[payment, total.currency]
                assert (total.commission, total.transactions, total.commission_declined) == (
                    same.commission, same.transactions, same.commission_declined,
                )  # fmt: skip
                assert getattr(total, f"commission_{payment}") == total.commission
        with pytest.raises(InvalidInput, match="no state of payment"):
            commissions_report(session, **ASKED, payment="owed", now=NOW)
        with pytest.raises(InvalidInput, match="no status"):
            list_transactions(session, **ASKED, status="owed")


def test_a_payment_is_told_as_it_was_known_then(ledger: Store) -> None:
    with ledger.transaction() as session:
        paid = {"id": "approved-unpaid-GBP", "status": "approved", "payment": "paid", "commission": "64.10"}
        book(session, paid, now=NOW + timedelta(days=1))
    with ledger.reading() as session:
        then = commissions_report(session, **ASKED, as_of=NOW, now=NOW)
        now = commissions_report(session, **ASKED, now=NOW)
    moved = {total.currency: total.commission_paid for total in now.totals}
    assert moved["GBP"] - then.totals[-1].commission_paid == Decimal("64.10")


def test_exports_show_payment_without_moving_a_column_that_stood_before(ledger: Store) -> None:
    with ledger.reading() as session:
        report = commissions_report(session, **ASKED, by="network", payment="paid", now=NOW)
    header = csv_text(report).splitlines()[0].split(",")
    assert header[-4:] == ["commission_unpaid", "commission_invoiced", "commission_paid", "payment_filter"]
    assert csv_text(report).splitlines()[1].endswith(",paid")
    assert "c. invoiced" in table_text(report)
    assert ", only paid." in table_text(report)
    row = report.as_json()["rows"][0]
    assert (row["commission_unpaid"], row["commission_paid"] == row["commission_invoiced"]) == ("0.00", False)


# ---- payouts --------------------------------------------------------------------------------------------------------


@pytest.fixture
def paid(store: Store) -> Store:
    """Three payouts: two transactions name the first, one of another account and an undone picture do not count."""
    rows = [
        awin_row(1, paidToPublisher=True, paymentId=900),
        awin_row(2, paidToPublisher=True, paymentId=900, commissionAmount={"amount": 1, "currency": "EUR"}),
        awin_row(3, paidToPublisher=True, paymentId=900, commissionAmount={"amount": 5, "currency": "GBP"}),
        awin_row(4, paidToPublisher=True, paymentId=901),
        awin_row(5, paidToPublisher=True, paymentId=900, publisherId=1),
    ]
    with store.transaction() as session:
        newsroom(session, NOW)
        for number, some in enumerate((rows, [awin_row(4)])):  # the fourth is on no payout any more
            import_transactions(
                session, network="awin", file_name="a.json", content=awin_file(*some),
                reading=Reading(time_zone="UTC"), now=NOW + timedelta(hours=number),
            )  # fmt: skip
        account = session.scalars(select(PublisherAccount).where(PublisherAccount.publisher_ref == "426667")).one()
        reported = [
            ReportedPayout(
                line=number, external_id=f"{900 + number}", publisher_ref=None, payment=payment, raw_status=payment.upper(),
                commission=Money(Decimal("5.26"), "EUR"), issued_at=datetime(2026, 10, 1 + number, tzinfo=UTC),
                payload={"id": 900 + number}, number=f"INV-{number}",
            )
            for number, payment in enumerate(("paid", "invoiced", "invoiced"))
        ]  # fmt: skip
        store_payouts(session, account, reported, name="f", sha256="0" * 64, as_of=NOW, now=NOW)
    return store


def test_a_payout_shows_the_transactions_that_name_it_now_and_what_they_add_up_to(paid: Store) -> None:
    with paid.reading() as session:
        page = list_payouts(session, time_zone="UTC")
        assert [(row.called, row.transactions, row.covered, row.elsewhere) for row in page.rows] == [
            ("INV-2", 0, Decimal(0), 0),
            ("INV-1", 0, Decimal(0), 0),
            ("INV-0", 3, Decimal("5.26"), 1),
        ]
        detail = payout_detail(session, page.rows[2].id)
        assert {each.external_id for each in detail.transactions} == {"1", "2", "3"}
        assert detail.payout.difference == 0
        assert detail.as_json()["payload"] == {"id": 900}
        assert len(payout_detail(session, page.rows[2].id, page=2, per_page=2).transactions) == 1
        assert find_payout(session, "awin", "426667", "900") == page.rows[2].id
        assert find_payout(session, "awin", "1", "900") is None
        with pytest.raises(NotFound):
            payout_detail(session, 999)


def test_payouts_are_found_by_network_payment_and_day_page_by_page(paid: Store) -> None:
    with paid.reading() as session:

        def found(**asked: Any) -> list[str]:
            return [row.called for row in list_payouts(session, **{"time_zone": "UTC", **asked}).rows]

        assert found(payment="invoiced") == ["INV-2", "INV-1"]
        assert found(network="awin", payment="paid") == ["INV-0"]
        assert found(network="impact") == []
        assert found(first=date(2026, 10, 2), until=date(2026, 10, 3)) == ["INV-1"]
        assert found(first=date(2026, 10, 2), until=date(2026, 10, 3), time_zone="America/New_York") == ["INV-2"]
        assert found(page=2, per_page=2) == ["INV-0"]
        sums = list_payouts(session, time_zone="UTC").sums
        assert [(one.payment, one.payouts, one.commission) for one in sums] == [
            ("invoiced", 2, Decimal("10.52")),
            ("paid", 1, Decimal("5.26")),
        ]
        for wrong in ({"payment": "unpaid"}, {"page": 0}, {"first": date(2026, 2, 2), "until": date(2026, 2, 1)}):
            with pytest.raises(InvalidInput):
                found(**wrong)
