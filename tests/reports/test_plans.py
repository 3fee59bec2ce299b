"""The statements behind pages that people wait for find their rows through an index."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import event

from affiliate.reports import clicks
from affiliate.reports.articles import show_article
from affiliate.reports.commissions import DIMENSIONS
from affiliate.reports.link_use import clicks_by_day, clicks_of_links, placements_of_link
from affiliate.reports.transactions import list_transactions
from affiliate.store import Store
from tests.commissions.sheets import book, newsroom, placed
from tests.reports.ledgers import october
from tests.rolled_up import roll_up

NOW = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)

# Small tables that are read whole on purpose, and what the plan calls the listed days of a report by day.
_SMALL = (
    *("days", "programmes", "publisher_accounts", "advertisers", "sites", "import_runs", "nodes", "click_purges"),
    *("CONSTANT", "column"),
)
FEW_DAYS: dict[str, Any] = {
    "first": date(2026, 10, 1),
    "until": date(2026, 10, 3),
    "time_zone": "Europe/London",
    "now": NOW,
}


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


def plan(store: Store, heard: list[tuple[str, Any]]) -> list[str]:
    with store.engine.connect() as connection:
        return [
            str(step[3])
            for statement, parameters in list(heard)
            for step in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        ]


def scans(store: Store, heard: list[tuple[str, Any]]) -> list[str]:
    steps = plan(store, heard)
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


@pytest.mark.parametrize("by", ["article", "advertiser", "placement"])
def test_a_report_of_failing_pages_alone_reads_only_a_few_days(
    measured: Store, statements: list[tuple[str, Any]], by: str
) -> None:
    with measured.reading() as session:
        october(session, by, until=date(2026, 10, 3), disclosure="failing", now=NOW)
    assert scans(measured, statements) == []


def test_the_transactions_of_a_few_days_are_found_through_an_index(
    measured: Store, statements: list[tuple[str, Any]]
) -> None:
    with measured.reading() as session:
        list_transactions(
            session, first=date(2026, 10, 1), until=date(2026, 10, 3), time_zone="UTC", by="author", key="Ada"
        )
    assert scans(measured, statements) == []


@pytest.mark.parametrize("every", [None, "day", "hour"])
@pytest.mark.parametrize("by", clicks.DIMENSIONS)
def test_a_report_of_clicks_of_a_few_days_reads_only_those(
    measured: Store, statements: list[tuple[str, Any]], by: str, every: str | None
) -> None:
    with measured.reading() as session:
        clicks.clicks_report(session, **FEW_DAYS, by=by, every=None if by in clicks.GRAINS else every)
    assert scans(measured, statements) == []


@pytest.mark.parametrize("within", ["article", "link"])
def test_the_clicks_of_an_article_or_a_link_are_found_through_it(
    measured: Store, statements: list[tuple[str, Any]], within: str
) -> None:
    with measured.reading() as session:
        clicks.clicks_report(session, **FEW_DAYS, by="placement", within=within, key="1")
    assert scans(measured, statements) == []
    counting = [statement for statement, _ in statements if "click_hours" in statement]
    assert len(counting) == 1
    assert f"ix_click_contexts_{within}_id" in " ".join(plan(measured, statements))


def test_the_clicks_on_lists_and_pages_are_found_through_their_links_and_articles(
    measured: Store, statements: list[tuple[str, Any]]
) -> None:
    with measured.reading() as session:
        clicks_of_links(session, [1, 2, 3], since=NOW)
        placements_of_link(session, 1, since=NOW)
        clicks_by_day(session, 1, first=FEW_DAYS["first"], until=FEW_DAYS["until"], zone_name="Europe/London")
        show_article(session, 1)
    assert scans(measured, statements) == []
