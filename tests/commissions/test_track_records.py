from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from affiliate.commissions.track_records import are_stale, count, keep
from affiliate.commissions.undo import undo_import
from affiliate.links.queries import Record, track_records
from affiliate.store import Store
from affiliate.store.tables import ImportRun, Payout, Programme, PublisherAccount, TransactionVersion
from tests.commissions import sheets
from tests.conftest import NOW

OCTOBER = datetime(2026, 10, 5, 10, tzinfo=UTC)


@pytest.fixture
def ledger(store: Store) -> Store:
    with store.transaction() as session:
        sheets.newsroom(session, NOW)
    return store


def record(store: Store, shop: str = "77") -> Record | None:
    """Counted now."""
    with store.transaction() as session:
        keep(session, count(session, now=NOW))
        programme_id = session.scalars(select(Programme.id).where(Programme.advertiser_ref == shop)).one()
        return track_records(session, [programme_id]).get(programme_id)


def test_sales_are_counted_by_what_became_of_them(ledger: Store) -> None:
    with ledger.transaction() as session:
        states = ["approved"] * 3 + ["declined"] + ["pending"] * 2
        sheets.book(session, *({"id": f"t{n}", "status": state} for n, state in enumerate(states)), now=NOW)
        sheets.book(session, {"id": "x", "shop": "78", "status": "declined"}, now=NOW)
    assert record(ledger) == Record(6, 3, 1, 0, None)
    assert record(ledger, "78") == Record(1, 0, 1, 0, None)


def test_a_negative_row_takes_an_approved_sale_back(ledger: Store) -> None:
    with ledger.transaction() as session:
        rows = [{"id": f"t{n}", "status": "approved"} for n in range(4)]
        back = {"id": "t9", "status": "approved", "commission": "-5.00", "sale": "-50.00"}
        sheets.book(session, *rows, back, now=NOW)
    assert record(ledger) == Record(4, 3, 1, 0, None)


def test_a_sale_of_more_than_a_year_ago_no_longer_counts(ledger: Store) -> None:
    with ledger.transaction() as session:
        old = {"id": "old", "status": "approved", "sold": "2025-11-01T10:00:00+00:00"}
        sheets.book(session, old, {"id": "new", "status": "approved"}, now=NOW)
    assert record(ledger) == Record(1, 1, 0, 0, None)


def test_days_to_pay_are_known_where_we_saw_it_happen(ledger: Store) -> None:
    with ledger.transaction() as session:
        known_unpaid = [{"id": f"t{n}", "status": "approved"} for n in range(2)]
        sheets.book(session, *known_unpaid, as_of=OCTOBER + timedelta(days=1), now=NOW)
        paid = [{**row, "payment": "paid"} for row in known_unpaid]
        paid_at_first_sight = {"id": "t9", "status": "approved", "payment": "paid"}
        sheets.book(session, paid[0], paid_at_first_sight, as_of=OCTOBER + timedelta(days=20), now=NOW)
        sheets.book(session, paid[1], as_of=OCTOBER + timedelta(days=40), now=NOW)
    assert record(ledger) == Record(3, 3, 0, 2, 30)


def test_the_payout_that_covers_a_sale_says_when_it_was_paid(ledger: Store) -> None:
    with ledger.transaction() as session:
        sheets.book(session, {"id": "t1", "status": "approved", "payment": "paid"}, now=NOW)
        version = session.scalars(select(TransactionVersion)).one()
        version.payout_ref = "P1"
        account = session.scalars(select(PublisherAccount)).one()
        session.add(
            Payout(
                account_id=account.id,
                external_id="P1",
                payment="paid",
                raw_status="PAID",
                currency="GBP",
                commission=version.commission,
                issued_at=OCTOBER,
                paid_at=OCTOBER + timedelta(days=31),
                observed_at=NOW,
                recorded_at=NOW,
                import_run_id=session.scalars(select(ImportRun.id)).one(),
                payload="{}",
            )
        )
    assert record(ledger) == Record(1, 1, 0, 1, 31)


def test_what_was_undone_counts_no_longer(ledger: Store) -> None:
    with ledger.transaction() as session:
        run = sheets.book(session, {"id": "t1", "status": "approved"}, now=NOW).run_id
        assert run is not None
    assert record(ledger) == Record(1, 1, 0, 0, None)
    with ledger.transaction() as session:
        undo_import(session, run, now=NOW)
    assert record(ledger) is None


def test_records_are_stale_after_an_import_and_after_a_day(ledger: Store) -> None:
    def stale(**later: float) -> bool:
        with ledger.reading() as session:
            return are_stale(session, now=NOW + timedelta(**later))

    assert not stale()
    with ledger.transaction() as session:
        sheets.book(session, {"id": "t1"}, now=NOW)
    assert stale()
    with ledger.transaction() as session:
        keep(session, count(session, now=NOW + timedelta(hours=1)))
    assert not stale(hours=2)
    assert stale(hours=26)
    with ledger.transaction() as session:
        sheets.book(session, {"id": "t2"}, now=NOW + timedelta(hours=3))
    assert stale(hours=4)
