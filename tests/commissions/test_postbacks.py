"""Messages that come, and are booked, at the same moment on several nodes."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from affiliate.commissions.postbacks import Proof, book, receive
from affiliate.commissions.runs import list_runs
from affiliate.commissions.undo import undo_import
from affiliate.links.programmes import add_account
from affiliate.networks.registry import network
from affiliate.store import Store
from affiliate.store.tables import Postback, Transaction, TransactionVersion
from tests.commissions.sheets import awin_row, newsroom

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture
def ledger(store: Store) -> Store:
    with store.transaction() as session:
        newsroom(session, NOW)
        add_account(session, "awin", "426667", now=NOW)
    return store


def send(store: Store, number: int, *, seconds: float = 0, **parts: object) -> bool:
    at = NOW + seconds * SECOND
    proof = Proof(at, f"{number} {parts} {at.isoformat()}")
    with store.transaction() as session:
        return receive(session, network("awin"), "426667", awin_row(number, **parts), proof, now=at)


def at_once(work: Callable[[int], object], times: int) -> list[object]:
    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(work, range(times)))


def test_the_same_message_on_many_threads_at_once_is_kept_once(ledger: Store) -> None:
    answers = at_once(lambda _: send(ledger, 1), 8)
    assert sorted(map(bool, answers)) == [False] * 7 + [True]
    with ledger.reading() as session:
        assert session.scalar(select(func.count()).select_from(Postback)) == 1


def test_two_nodes_that_book_at_once_book_every_message_once(ledger: Store) -> None:
    for number in range(20):
        send(ledger, number)
    at_once(lambda _: book(ledger, now=NOW + SECOND), 4)
    with ledger.reading() as session:
        assert sum(run.rows for run in list_runs(session)) == 20
        assert session.scalar(select(func.count()).select_from(TransactionVersion)) == 20
        assert session.scalar(select(func.count()).where(Postback.booked_at.is_(None))) == 0


def test_an_hour_of_messages_becomes_runs_of_five_minutes_each_true_as_of_its_first(ledger: Store) -> None:
    for minute in range(0, 60, 2):
        send(ledger, minute, seconds=60 * minute)
    assert len(book(ledger, now=NOW + 3600 * SECOND).runs) == 10
    with ledger.reading() as session:
        moments = sorted(run.as_of for run in list_runs(session))
    assert moments == [NOW + timedelta(minutes=6 * number) for number in range(10)]


def test_two_words_in_one_second_end_in_the_one_that_came_last(ledger: Store) -> None:
    send(ledger, 1)
    send(ledger, 1, commissionStatus="approved")
    book(ledger, now=NOW + SECOND)
    with ledger.reading() as session:
        current = session.scalars(
            select(TransactionVersion.status).join(Transaction, Transaction.current_version_id == TransactionVersion.id)
        ).all()
    assert current == ["approved"]


def test_a_run_of_messages_can_be_taken_back(ledger: Store) -> None:
    send(ledger, 1)
    (run_id,) = book(ledger, now=NOW).runs
    with ledger.transaction() as session:
        assert undo_import(session, run_id, now=NOW).gone == 1
    assert book(ledger, now=NOW).messages == 0
