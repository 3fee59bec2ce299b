"""The statements behind pages that people wait for find their rows through an index."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import event

from affiliate.reports.commissions import DIMENSIONS
from affiliate.reports.transactions import list_transactions
from affiliate.store import Store
from tests.commissions.sheets import book, newsroom, placed
from tests.reports.ledgers import october
from tests.rolled_up import roll_up

NOW = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)

# Small tables that are read whole on purpose, and what the plan calls the listed days of a report by day.
_SMALL = ("days", "programmes", "publisher_accounts", "advertisers", "sites", "import_runs", "CONSTANT", "column")


@pytest.fixture
def statements(sqlite_store: Store) -> Iterator[list[tuple[str, Any]]]:
    heard: list[tuple[str, Any]] = []

    def hear(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if statement.startswith(("SELECT", "WITH")):
            heard.append((statement, parameters))

    event.listen(sqlite_store.engine, "before_cursor_execute", hear)
    yield heard
    event.remove(sqlite_store.engine, "before_cursor_execute", hear)


@pytest.fixture
def measured(sqlite_store: Store) -> Store:
    """A ledger that was never analysed, so that the planner takes every table to be large."""
    with sqlite_store.transaction() as session:
        newsroom(session, NOW)
        place = placed(session, slug="dress", article="/a", author="Ada", now=NOW)
        roll_up(session, place, datetime(2026, 10, 5, tzinfo=UTC), 1)
        sold = [datetime(2026, 1 + number % 10, 1 + number % 28, tzinfo=UTC).isoformat() for number in range(600)]
        book(session, *({"id": str(n), "ref": place.token, "sold": at} for n, at in enumerate(sold)), now=NOW)
    return sqlite_store


def scans(store: Store, heard: list[tuple[str, Any]]) -> list[str]:
    with store.engine.connect() as connection:
        steps = [
            str(step[3])
            for statement, parameters in list(heard)
            for step in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        ]
    assert steps
    return [step for step in steps if step.startswith("SCAN") and not any(small in step for small in _SMALL)]


@pytest.mark.parametrize("as_of", [None, NOW])
@pytest.mark.parametrize("by", DIMENSIONS)
def test_a_report_of_a_few_days_reads_only_those(
    measured: Store, statements: list[tuple[str, Any]], by: str, as_of: datetime | None
) -> None:
    with measured.reading() as session:
        october(session, by, until=date(2026, 10, 3), as_of=as_of, now=NOW)
    assert scans(measured, statements) == []


def test_the_transactions_of_a_few_days_are_found_through_an_index(
    measured: Store, statements: list[tuple[str, Any]]
) -> None:
    with measured.reading() as session:
        list_transactions(
            session, first=date(2026, 10, 1), until=date(2026, 10, 3), time_zone="UTC", by="author", key="Ada"
        )
    assert scans(measured, statements) == []
