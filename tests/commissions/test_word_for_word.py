"""Rows that come again as they were: known by their hash and not read, unless what they mean may have changed."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from affiliate.commissions.importing import ImportResult, import_transactions
from affiliate.ids import new_placement_token
from affiliate.links.programmes import add_account
from affiliate.networks.base import Reading
from affiliate.networks.reading.rows import Unread
from affiliate.store import Store
from affiliate.store.tables import Transaction
from tests.commissions.sheets import awin_file, awin_row, newsroom, placed

NOW = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def ledger(store: Store) -> Store:
    with store.transaction() as session:
        newsroom(session, NOW)
    return store


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The lines that were read."""
    lines: list[int] = []
    as_usual = Unread.read

    def noted(row: Unread) -> Any:
        lines.append(row.line)
        return as_usual(row)

    monkeypatch.setattr(Unread, "read", noted)
    return lines


def pull(session: Session, *rows: dict[str, Any], day: int, reading: Reading | None = None) -> ImportResult:
    return import_transactions(
        session,
        network="awin",
        file_name="awin.json",
        content=awin_file(*rows),
        as_of=NOW + day * DAY,
        reading=reading or Reading(),
        now=NOW + 9 * DAY,
    )


def test_only_rows_that_say_something_else_are_read(ledger: Store, read: list[int]) -> None:
    with ledger.transaction() as session:
        pull(session, *(awin_row(number) for number in range(1, 5)), day=0)
        read.clear()
        again = pull(session, *(awin_row(number) for number in range(1, 5)), day=1)
        assert (again.unchanged, read) == (4, [])
        amended = [awin_row(1), awin_row(2, commissionStatus="approved"), awin_row(5)]
        result = pull(session, *amended, day=2)
    assert (result.new, result.amended, result.unchanged, read) == (1, 1, 1, [2, 3])


def test_a_row_is_read_when_its_sub_id_may_name_a_placement_by_now(ledger: Store) -> None:
    token = new_placement_token()
    with ledger.transaction() as session:
        pull(session, awin_row(1, clickRefs={"clickRef": token}), day=0)
        placed(session, slug="marble-dress", article="/partywear", now=NOW).token = token
        result = pull(session, awin_row(1, clickRefs={"clickRef": token}), day=1)
        transaction = session.scalars(select(Transaction)).one()
    assert (result.amended, transaction.attribution) == (1, "sub-id")


def test_rows_are_read_when_something_else_is_said_of_the_reading(ledger: Store) -> None:
    with ledger.transaction() as session:
        pull(session, awin_row(1), day=0)
        result = pull(session, awin_row(1), day=1, reading=Reading(time_zone="Europe/Paris"))
    assert result.amended == 1
    assert "transaction at 2026-10-14T18:59:00+00:00 instead of 2026-10-14T20:59:00" in result.changes[0].says


def test_rows_are_read_by_another_version_of_the_program(
    ledger: Store, read: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    with ledger.transaction() as session:
        pull(session, awin_row(1), day=0)
        monkeypatch.setattr("affiliate.commissions.importing.reading_code", lambda: "another")
        pull(session, awin_row(1), day=1)
    assert read == [1, 1]


def test_a_row_that_names_no_account_is_read_when_another_account_came(ledger: Store) -> None:
    with ledger.transaction() as session:
        pull(session, awin_row(1, publisherId=None), day=0)
        add_account(session, "awin", "555", name="Ours", now=NOW + 9 * DAY)
        add_account(session, "awin", "556", name="Theirs", now=NOW + 10 * DAY)
        result = pull(session, awin_row(1, publisherId=None), day=1)
    assert "several at awin: 555, 556" in result.quarantined[0].reason


@pytest.mark.parametrize("known_first", [True, False])
def test_a_known_row_beside_one_that_contradicts_it_is_seen(ledger: Store, known_first: bool) -> None:
    rows = [awin_row(1), awin_row(1, commissionStatus="approved")]
    with ledger.transaction() as session:
        pull(session, awin_row(1), day=0)
        result = pull(session, *(rows if known_first else reversed(rows)), day=1)
    assert (result.unchanged, result.amended) == ((1, 0) if known_first else (0, 1))
    assert "Line 2 contradicts line 1" in result.quarantined[0].reason


def test_a_known_row_that_comes_twice_in_a_file_counts_twice(ledger: Store) -> None:
    with ledger.transaction() as session:
        pull(session, awin_row(1), day=0)
        result = pull(session, awin_row(1), awin_row(1), day=1)
    assert (result.unchanged, result.quarantined) == (2, ())


def test_an_older_picture_that_comes_again_is_an_amendment(ledger: Store) -> None:
    with ledger.transaction() as session:
        pull(session, awin_row(1), day=0)
        pull(session, awin_row(1, commissionStatus="approved"), day=1)
        result = pull(session, awin_row(1), day=2)
    assert result.amended == 1
