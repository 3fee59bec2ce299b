"""From a figure to the transactions behind it, and to what the network said."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from affiliate.commissions.undo import undo_import
from affiliate.errors import InvalidInput, NotFound
from affiliate.networks.words import STATUSES
from affiliate.reports.commissions import DIMENSIONS
from affiliate.reports.transactions import TransactionPage, list_transactions, transaction_detail
from affiliate.store import Store
from affiliate.store.tables import Transaction
from tests.commissions.sheets import book, newsroom, placed
from tests.reports.ledgers import OCTOBER, october

NOW = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def behind(session: Session, **parts: Any) -> TransactionPage:
    first, until = OCTOBER
    return list_transactions(session, **{"first": first, "until": until, "time_zone": "Europe/London", **parts})


@pytest.fixture
def ledger(store: Store) -> Store:
    with store.transaction() as session:
        newsroom(session, NOW)
        dress = placed(session, slug="dress", article="/a", author="Ada", now=NOW)
        bare = placed(session, slug="shoes", article=None, now=NOW)
        book(
            session,
            {"id": "1", "ref": dress.token, "commission": "5.00"},
            {"id": "2", "ref": dress.token, "commission": "4.00", "status": "declined"},
            {"id": "3", "ref": bare.token, "commission": "3.00", "currency": "EUR", "shop": "78"},
            {"id": "4", "commission": "2.00", "status": "approved", "sold": "2026-10-20T10:00:00+00:00"},
            {"id": "5", "sold": "2026-09-01T10:00:00+00:00"},
            now=NOW,
        )
    return store


def test_every_row_of_every_report_drills_down_to_exactly_its_transactions(ledger: Store) -> None:
    with ledger.reading() as session:
        for by in DIMENSIONS:
            for row in october(session, by, now=NOW).rows:
                for status in STATUSES:
                    page = behind(session, by=by, key=row.key, status=status, currency=row.currency)
                    assert page.total == len(page.rows) == getattr(row, f"transactions_{status}"), (by, row.key, status)
                    summed = sum((one.commission for one in page.rows), Decimal(0))
                    assert summed == getattr(row, f"commission_{status}")


def test_pages_are_newest_first_and_their_sums_are_of_all_pages(ledger: Store) -> None:
    with ledger.reading() as session:
        first = behind(session, page=1, per_page=3)
        second = behind(session, page=2, per_page=3)
    assert [row.external_id for row in (*first.rows, *second.rows)] == ["4", "3", "2", "1"]
    assert (first.total, first.pages, second.total) == (4, 2, 4)
    assert [(one.currency, one.status, one.transactions, str(one.commission)) for one in first.sums] == [
        ("EUR", "pending", 1, "3"),
        ("GBP", "approved", 1, "2"),
        ("GBP", "declined", 1, "4"),
        ("GBP", "pending", 1, "5"),
    ]


def test_a_row_names_all_that_it_hangs_on(ledger: Store) -> None:
    with ledger.reading() as session:
        (row,) = (row for row in behind(session).rows if row.external_id == "1")
    written = row.as_json()
    assert (written["link"], written["article"], written["author"], written["site"]) == (
        "dress",
        "/a",
        "Ada",
        "default",
    )
    assert (written["commission"], written["sale_amount"], written["attribution"]) == ("5.00", "50.00", "sub-id")
    assert written["transaction_at"] == "2026-10-05T10:00:00+00:00"


def test_questions_that_no_report_asks_are_refused(sqlite_store: Store) -> None:
    with sqlite_store.reading() as session:
        for parts in (
            {"status": "perhaps"},
            {"by": "colour"},
            {"by": "article", "key": "x"},
            {"by": "article", "key": "9" * 30},
            {"by": "day", "key": "2025-01-01"},
            {"page": 0},
            {"per_page": 5000},
            {"until": date(2026, 9, 1)},
        ):
            with pytest.raises(InvalidInput):
                behind(session, **parts)


def test_the_detail_shows_every_version_with_its_run_line_and_raw_row(ledger: Store) -> None:
    with ledger.transaction() as session:
        second = book(session, {"id": "9"}, {"id": "1", "status": "approved", "commission": "4.50"}, now=NOW + DAY)
        known = session.scalars(select(Transaction.id).where(Transaction.external_id == "1")).one()
        detail = transaction_detail(session, known)
        undo_import(session, second.run_id or 0, now=NOW + 2 * DAY)
        after = transaction_detail(session, known)
        gone = session.scalars(select(Transaction.id).where(Transaction.external_id == "9")).one()
        assert not transaction_detail(session, gone).counts
    assert [(one.number, one.status, str(one.commission), one.run_id, one.line) for one in detail.versions] == [
        (1, "pending", "5", 1, 2),
        (2, "approved", "4.5", 2, 3),
    ]
    assert [one.is_current for one in detail.versions] == [False, True]
    assert detail.transaction.status == "approved"
    assert '"commission": "4.50"' in detail.versions[1].pretty_payload
    assert [one.is_current for one in after.versions] == [True, False]
    assert after.versions[1].undone_at == NOW + 2 * DAY
    assert after.transaction.status == "pending"


def test_a_transaction_that_is_not_there_is_named(sqlite_store: Store) -> None:
    with sqlite_store.reading() as session, pytest.raises(NotFound, match="transaction 99"):
        transaction_detail(session, 99)
