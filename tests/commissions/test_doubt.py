"""A row under a known id that tells of another sale: two sales never become one unseen."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from affiliate.commissions.importing import ImportResult, import_transactions
from affiliate.commissions.replaying import replay_run
from affiliate.commissions.undo import undo_import
from affiliate.errors import InvalidInput
from affiliate.store import Store
from affiliate.store.tables import QuarantinedRow, Transaction, TransactionVersion
from tests.commissions.sheets import awin_file, awin_row, book, newsroom

NOW = datetime(2026, 11, 20, tzinfo=UTC)
FIRST = {"id": "p1", "sold": "2026-10-05T10:00:00+00:00", "order": "o1", "commission": "5.50", "sale": "55.00"}
SECOND = {"id": "p1", "sold": "2026-10-06T12:34:00+00:00", "order": "o2", "commission": "7.00", "sale": "70.00"}


@pytest.fixture(autouse=True)
def _site(request: pytest.FixtureRequest) -> None:
    name = "store" if "store" in request.fixturenames else "sqlite_store"
    with request.getfixturevalue(name).transaction() as session:
        newsroom(session, NOW)


def amounts(session: Session) -> list[str]:
    current = TransactionVersion.id == Transaction.current_version_id
    rows = session.scalars(select(TransactionVersion).join(Transaction, current).order_by(Transaction.external_id))
    return [f"{row.commission:.2f}" for row in rows]


def aside(session: Session) -> list[str]:
    return list(session.scalars(select(QuarantinedRow.reason).where(QuarantinedRow.resolved_at.is_(None))))


def test_two_sales_of_one_product_in_two_files_never_become_one(store: Store) -> None:
    with store.transaction() as session:
        book(session, FIRST, now=NOW)
        result = book(session, SECOND, now=NOW)
        assert (result.new, result.amended, len(result.quarantined)) == (0, 0, 1)
        assert amounts(session) == ["5.50"]
        reason = result.quarantined[0].reason
        for words in ("another sale", "order ref o2 instead of o1", "commission 7.00 instead of 5.50", "external_id"):
            assert words in reason


def test_nor_in_one_file(sqlite_store: Store) -> None:
    with sqlite_store.transaction() as session:
        result = book(session, FIRST, SECOND, now=NOW)
        assert (result.new, [bad.line for bad in result.quarantined]) == (1, [3])
        assert "another sale" in result.quarantined[0].reason


def test_whichever_file_comes_first_the_money_is_booked_once_and_the_rest_is_seen(sqlite_store: Store) -> None:
    third = {**FIRST, "sold": "2026-10-07T12:00:00+00:00", "order": "o3", "commission": "1.25", "sale": "12.50"}
    files = [(FIRST, timedelta(days=3)), (SECOND, timedelta(days=2)), (third, timedelta(days=1))]
    for order in permutations(files):
        with sqlite_store.transaction() as session:
            for row, ago in order:
                book(session, row, as_of=NOW - ago, now=NOW)
            assert amounts(session) == [order[0][0]["commission"]]
            assert len(aside(session)) == 2
            session.rollback()


@pytest.mark.parametrize("day", ["2026-10-05", "2026-10-06"])
def test_of_days_without_a_time_order_and_commission_tell(sqlite_store: Store, day: str) -> None:
    with sqlite_store.transaction() as session:
        book(session, {**FIRST, "sold": "2026-10-05"}, now=NOW)
        assert len(book(session, {**SECOND, "sold": day}, now=NOW).quarantined) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"commission": "4.00", "sale": "40.00"},  # a partial return
        {"commission": "0.00", "status": "declined"},
        {"order": "o9", "commission": "4.00"},  # the shop's other number for it
        {"order": "o9", "sold": "2026-10-06T12:00:00+00:00"},  # nothing earned otherwise
        {"sold": "2026-10-05T11:00:00+00:00", "order": "", "commission": "4.00"},  # read in another zone
        {"sold": "2026-10-07T11:00:00+00:00", "commission": "4.00"},  # the same order
        {"order": "", "commission": "4.00"},
        {"validated": "2026-11-05T10:00:00+00:00", "status": "approved", "commission": "5.25"},
    ],
)
def test_what_networks_amend_is_not_doubted(sqlite_store: Store, change: dict[str, str]) -> None:
    with sqlite_store.transaction() as session:
        book(session, FIRST, now=NOW)
        result = book(session, {**FIRST, **change}, now=NOW)
        assert (result.amended, result.quarantined) == (1, ())


def test_without_an_order_day_and_commission_tell(sqlite_store: Store) -> None:
    first, second = ({**row, "order": ""} for row in (FIRST, SECOND))
    days = ({**first, "sold": "2026-10-05"}, {**second, "sold": "2026-10-06"})
    for known, other in ((first, second), days):
        with sqlite_store.transaction() as session:
            book(session, known, now=NOW)
            assert len(book(session, other, now=NOW).quarantined) == 1
            session.rollback()


def test_awin_s_amendments_are_amendments(sqlite_store: Store) -> None:
    def send(session: Session, **parts: Any) -> ImportResult:
        content = awin_file(awin_row(1, orderRef="o1", **parts))
        return import_transactions(session, network="awin", file_name="a.json", content=content, now=NOW)

    with sqlite_store.transaction() as session:
        send(session)
        amended = send(
            session,
            commissionAmount={"amount": 2.13, "currency": "EUR"},
            saleAmount={"amount": 21.28, "currency": "EUR"},
            commissionStatus="approved",
            validationDate="2026-11-14T20:59:00",
            amended=True,
        )
        assert (amended.amended, amended.quarantined) == (1, ())


def test_a_person_says_that_the_doubted_row_amends(store: Store) -> None:
    with store.transaction() as session:
        book(session, FIRST, now=NOW)
        run = book(session, SECOND, {**FIRST, "id": "p2"}, now=NOW).run_id or 0
        assert len(replay_run(session, run, now=NOW).still) == 1
        with pytest.raises(InvalidInput, match="Line 3 of import run"):
            replay_run(session, run, amends=[3], now=NOW)
        replayed = replay_run(session, run, amends=[2], now=NOW)
        assert (replayed.booked and replayed.booked.amended, replayed.still) == (1, ())
        assert amounts(session) == ["7.00", "5.50"]
        undo_import(session, replayed.replay or 0, now=NOW)
        assert amounts(session) == ["5.50", "5.50"]
        assert len(aside(session)) == 1


def test_or_which_column_is_the_id(sqlite_store: Store) -> None:
    with sqlite_store.transaction() as session:
        contradicting = {**FIRST, "commission": "1.00"}
        run = book(session, FIRST, SECOND, contradicting, now=NOW).run_id or 0
        replayed = replay_run(session, run, columns={"external_id": "order"}, now=NOW)
        assert replayed.booked is not None
        assert replayed.booked.new == 1
        assert sorted(amounts(session)) == ["5.50", "7.00"]  # what was booked is not booked a second time
        assert [bad.line for bad in replayed.still] == [4]


def test_once_the_other_is_undone_nothing_is_doubted(sqlite_store: Store) -> None:
    with sqlite_store.transaction() as session:
        first = book(session, FIRST, now=NOW).run_id or 0
        second = book(session, SECOND, now=NOW).run_id or 0
        undo_import(session, first, now=NOW)
        assert replay_run(session, second, now=NOW).still == ()
        assert amounts(session) == ["7.00"]
