"""Taking imports back."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from affiliate.commissions.undo import undo_import
from affiliate.errors import Conflict, NotFound
from affiliate.store import Store
from affiliate.store.tables import Transaction, TransactionVersion
from tests.commissions.sheets import book, newsroom, of_period

NOW = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def ledger(store: Store) -> Store:
    with store.transaction() as session:
        newsroom(session, NOW)
    return store


def statuses(store: Store) -> dict[str, str]:
    with store.reading() as session:
        rows = session.execute(
            select(Transaction.external_id, TransactionVersion.status).join(
                TransactionVersion, TransactionVersion.id == Transaction.current_version_id
            )
        )
        return {row.external_id: row.status for row in rows}


def test_undoing_an_amendment_brings_the_earlier_picture_back(ledger: Store) -> None:
    with ledger.transaction() as session:
        book(session, {"id": "t1"}, now=NOW)
        second = book(session, {"id": "t1", "status": "declined"}, {"id": "t2"}, now=NOW + DAY)
    with ledger.transaction() as session:
        undone = undo_import(session, second.run_id or 0, now=NOW + 2 * DAY)
    assert (undone.transactions, undone.gone) == (2, 1)
    assert statuses(ledger) == {"t1": "pending"}


def test_undoing_the_first_of_two_keeps_what_the_second_said(ledger: Store) -> None:
    with ledger.transaction() as session:
        first = book(session, {"id": "t1"}, now=NOW)
        book(session, {"id": "t1", "status": "declined"}, now=NOW + DAY)
        undo_import(session, first.run_id or 0, now=NOW + 2 * DAY)
    assert statuses(ledger) == {"t1": "declined"}


def test_undoing_brings_the_dates_and_the_programme_of_the_earlier_version_back(ledger: Store) -> None:
    with ledger.transaction() as session:
        book(session, {"id": "t1"}, now=NOW)
        wrong = book(session, {"id": "t1", "sold": "2026-09-30T10:00:00+00:00", "shop": "78"}, now=NOW + DAY)
        undo_import(session, wrong.run_id or 0, now=NOW + 2 * DAY)
        transaction = session.scalars(select(Transaction)).one()
        assert transaction.transaction_at == datetime(2026, 10, 5, 10, 0, tzinfo=UTC)
        assert transaction.programme.advertiser_ref == "77"


def test_an_undone_file_can_be_imported_anew_with_other_dates(ledger: Store) -> None:
    with ledger.transaction() as session:
        wrong = book(session, {"id": "t1", "sold": "2026-09-30T10:00:00+00:00"}, now=NOW)
        undo_import(session, wrong.run_id or 0, now=NOW)
        right = book(session, {"id": "t1"}, now=NOW + DAY)
        transaction = session.scalars(select(Transaction)).one()
    assert (right.new, right.amended) == (1, 0)
    assert transaction.transaction_at == datetime(2026, 10, 5, 10, 0, tzinfo=UTC)


def test_what_a_later_file_confirmed_stands_when_what_it_rested_on_is_undone(ledger: Store) -> None:
    with ledger.transaction() as session:
        first = book(session, {"id": "t1"}, {"id": "t2"}, now=NOW)
        second = book(session, {"id": "t1"}, now=NOW + DAY)
        undone = undo_import(session, first.run_id or 0, now=NOW + 2 * DAY)
        stands = session.scalars(
            select(TransactionVersion).where(TransactionVersion.import_run_id == second.run_id)
        ).one()
        again = book(session, {"id": "t1"}, now=NOW + 3 * DAY)
    assert (undone.transactions, undone.gone) == (2, 1)
    assert (stands.observed_at, stands.recorded_at, stands.line) == (NOW + DAY, NOW + 2 * DAY, 0)
    assert '"t1"' in stands.payload
    assert (again.unchanged, statuses(ledger)) == (1, {"t1": "pending"})


def test_an_import_cannot_be_undone_twice_nor_one_that_is_not_there(ledger: Store) -> None:
    with ledger.transaction() as session:
        run = book(session, {"id": "t1"}, now=NOW).run_id or 0
        undo_import(session, run, now=NOW + DAY)
        with pytest.raises(Conflict, match="undone already"):
            undo_import(session, run, now=NOW + DAY)
        with pytest.raises(NotFound, match="import run 99"):
            undo_import(session, 99, now=NOW + DAY)


def test_a_newer_file_of_a_period_takes_the_place_of_the_older_one(ledger: Store) -> None:
    with ledger.transaction() as session:
        old = of_period(session, {"id": "t1"}, {"id": "t2"}, {"id": "t3"}, now=NOW)
        other = of_period(session, {"id": "t9"}, period="September", now=NOW)
        new = of_period(session, {"id": "t1"}, {"id": "t2", "status": "declined"}, {"id": "t4"}, now=NOW + DAY)
    assert (new.replaced, new.replaced_by, other.replaced) == ((old.run_id,), None, ())
    assert statuses(ledger) == {"t1": "pending", "t2": "declined", "t4": "pending", "t9": "pending"}


def test_an_older_file_of_a_period_is_booked_and_counts_as_replaced(ledger: Store) -> None:
    with ledger.transaction() as session:
        new = of_period(session, {"id": "t1", "status": "declined"}, now=NOW)
        old = of_period(session, {"id": "t1"}, {"id": "t2"}, as_of=NOW - DAY, now=NOW + DAY)
    assert (old.rows, old.replaced, old.replaced_by) == (2, (), new.run_id)
    assert statuses(ledger) == {"t1": "declined"}


def test_the_same_file_of_a_period_again_changes_nothing(ledger: Store) -> None:
    with ledger.transaction() as session:
        for day in range(2):
            again = of_period(session, {"id": "t1"}, now=NOW + day * DAY)
    assert (again.unchanged, again.replaced, again.replaced_by) == (1, (), None)
    assert statuses(ledger) == {"t1": "pending"}


def test_accounts_do_not_replace_each_others_periods(ledger: Store) -> None:
    with ledger.transaction() as session:
        of_period(session, {"publisher": "", "id": "t1"}, account="555", now=NOW)
        of_period(session, {"publisher": "", "id": "t2"}, account="556", now=NOW + DAY)
    assert set(statuses(ledger)) == {"t1", "t2"}
