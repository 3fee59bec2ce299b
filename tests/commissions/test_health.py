"""How connectors stand: late, with gaps, with fewer rows than usual, with words nobody knew."""

import json
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import NoReturn

import pytest
from sqlalchemy import func, select

from affiliate.commissions.health import Connector, Health, last_successes, look
from affiliate.commissions.health.alarms import Facts, alarms
from affiliate.commissions.health.gaps import Gap, between_windows, silences
from affiliate.commissions.health.usual import against_usual
from affiliate.commissions.importing import import_transactions, reading_of
from affiliate.commissions.undo import undo_import
from affiliate.links.programmes import add_account
from affiliate.networks.asking.api import TRANSACTION, Api, Window
from affiliate.networks.base import Network
from affiliate.store import Store
from affiliate.store.tables import Postback, PublisherAccount, Pull
from tests.commissions.sheets import awin_file, awin_row, book, newsroom

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture
def ledger(store: Store) -> Store:
    with store.transaction() as session:
        newsroom(session, NOW)
    return store


def account(store: Store, network: str = "awin", ref: str = "426667") -> int:
    with store.transaction() as session:
        return add_account(session, network, ref, currency="GBP", time_zone="UTC", now=NOW - 400 * DAY).id


def pulled(
    store: Store,
    account_id: int,
    first: datetime,
    until: datetime,
    *,
    at: datetime | None = None,
    problem: str = "",
) -> None:
    at = at or until
    with store.transaction() as session:
        session.add(
            Pull(
                account_id=account_id,
                basis=TRANSACTION,
                first=first,
                until=until,
                state="failed" if problem else "done",
                requested_at=at,
                finished_at=at,
                rows=0,
                problem=problem,
            )
        )


def sold(store: Store, days: Iterable[datetime], *, at: datetime, name: str = "t") -> None:
    """A file of Awin's with one row for each of these moments."""
    rows = [
        awin_row(int(day.timestamp()) + number, transactionDate=day.strftime("%Y-%m-%dT%H:%M:%S"), clickRefs=None)
        for number, day in enumerate(days)
    ]
    with store.transaction() as session:
        reading = reading_of(session, "awin", time_zone="UTC")
        import_transactions(session, network="awin", file_name=name, content=awin_file(*rows), reading=reading, now=at)


def health(store: Store, now: datetime = NOW, *, credentials: bool = True) -> Health:
    with store.reading() as session:
        return look(session, now=now, has_credentials=lambda _network, _ref: credentials)


def the_connector(store: Store, now: datetime = NOW, *, credentials: bool = True) -> Connector:
    (found,) = health(store, now, credentials=credentials).connectors
    return found


def kinds(connector: Connector) -> list[tuple[str, str]]:
    return [(alarm.kind, alarm.severity) for alarm in connector.alarms]


def test_without_accounts_all_is_well(ledger: Store) -> None:
    found = health(ledger)
    assert (found.connectors, found.waiting, found.needs_somebody) == ((), (), False)


def test_an_account_that_nothing_came_from_is_only_noted_with_the_way_to_begin(ledger: Store) -> None:
    account(ledger)
    found = health(ledger, credentials=False)
    (connector,) = found.connectors
    assert kinds(connector) == [("nothing-yet", "note")]
    assert "affiliate import transactions awin FILE" in connector.alarms[0].way_out
    assert (connector.last_success, connector.fed_by, found.needs_somebody) == (None, (), False)


@pytest.mark.parametrize(
    ("hours", "expected"), [(20, []), (30, [("late", "soon")]), (73, [("late", "urgent")])], ids=str
)
def test_a_connector_that_is_not_pulled_is_late_after_a_day_and_urgent_after_three(
    ledger: Store, hours: int, expected: list[tuple[str, str]]
) -> None:
    pulled(ledger, account(ledger), NOW - 30 * DAY, NOW - hours * HOUR)
    connector = the_connector(ledger)
    assert kinds(connector) == expected
    assert connector.last_success == NOW - hours * HOUR
    assert connector.fed_by == ("api",)


def test_why_the_last_pull_failed_is_said_and_forgotten_when_one_succeeds(ledger: Store) -> None:
    account_id = account(ledger)
    pulled(ledger, account_id, NOW - 3 * DAY, NOW - 5 * HOUR)
    pulled(ledger, account_id, NOW - 3 * DAY, NOW, at=NOW - HOUR, problem="api.awin.com could not be read: 401.")
    connector = the_connector(ledger)
    assert kinds(connector) == [("pull-failed", "soon")]
    assert "api.awin.com could not be read: 401." in connector.alarms[0].says
    pulled(ledger, account_id, NOW - 3 * DAY, NOW)
    assert kinds(the_connector(ledger)) == []


def test_days_between_pulled_windows_are_gaps_until_they_are_pulled_or_a_file_tells_of_them(ledger: Store) -> None:
    account_id = account(ledger)
    pulled(ledger, account_id, NOW - 40 * DAY, NOW - 20 * DAY)
    pulled(ledger, account_id, NOW - 16 * DAY, NOW)
    connector = the_connector(ledger, credentials=False)
    first = (NOW - 20 * DAY).date()
    assert connector.gaps == (Gap(first, first + 5 * DAY),)  # the days at both ends are covered in part only
    assert kinds(connector) == [("gaps", "soon")]
    assert "Of 5 days nobody told us: 31 Oct 2026 to 4 Nov 2026." in connector.alarms[0].says
    assert "affiliate import transactions awin FILE" in connector.alarms[0].way_out
    sold(ledger, [NOW - 20 * DAY + number * DAY for number in range(3)], at=NOW)
    assert the_connector(ledger).gap_days == 2
    pulled(ledger, account_id, NOW - 21 * DAY, NOW - 15 * DAY)
    assert the_connector(ledger).gap_days == 0


def test_a_file_that_was_undone_closes_no_gap(ledger: Store) -> None:
    account_id = account(ledger)
    pulled(ledger, account_id, NOW - 40 * DAY, NOW - 20 * DAY)
    pulled(ledger, account_id, NOW - 16 * DAY, NOW)
    sold(ledger, [NOW - 18 * DAY], at=NOW)
    assert the_connector(ledger).gap_days == 4
    with ledger.transaction() as session:
        undo_import(session, 1, now=NOW)
    assert the_connector(ledger).gap_days == 5


def test_where_only_files_come_a_silence_too_long_for_chance_is_a_gap(ledger: Store) -> None:
    account(ledger)
    first = NOW - 100 * DAY
    sold(ledger, [first + number * DAY for number in range(99) if number not in (10, 50, 51, 52, 53)], at=NOW - DAY)
    connector = the_connector(ledger, credentials=False)
    assert connector.gaps == (Gap(date(2026, 10, 1), date(2026, 10, 5)),)
    assert connector.fed_by == ("file",)
    (gap,) = [each for each in connector.alarms if each.kind == "gaps"]
    assert gap.severity == "note"
    assert "On 4 days nothing was sold, longer than chance explains" in gap.says
    assert "affiliate import transactions awin FILE" in gap.way_out


def test_a_file_that_does_not_come_in_its_rhythm_is_overdue(ledger: Store) -> None:
    account(ledger)
    for weeks in (5, 4, 3):
        sold(ledger, [NOW - weeks * 7 * DAY - DAY], at=NOW - weeks * 7 * DAY)
    assert ("file-overdue", "soon") in kinds(the_connector(ledger))
    assert ("file-overdue", "soon") not in kinds(the_connector(ledger, NOW - 6 * DAY))


def test_a_file_that_names_its_accounts_row_by_row_feeds_those_that_it_has_rows_for(ledger: Store) -> None:
    with ledger.transaction() as session:
        book(session, {"id": "a", "publisher": "1"}, {"id": "b", "publisher": "2"}, now=NOW - 9 * DAY)
        book(session, {"id": "c", "publisher": "2"}, now=NOW)
        at = last_successes(session, now=NOW)
    assert at == {("template", "1"): NOW - 9 * DAY, ("template", "2"): NOW}


def test_fewer_rows_than_usual_on_the_weekday_are_told_once_enough_weeks_are_known(ledger: Store) -> None:
    account_id = account(ledger)
    day = (NOW - 2 * DAY).replace(hour=0)
    moments = [day - weeks * 7 * DAY + number * HOUR for weeks in range(1, 6) for number in range(10)]
    moments += [day - number * DAY + HOUR for number in range(1, 35) for _ in range(9)]
    sold(ledger, moments, at=NOW - DAY)
    pulled(ledger, account_id, NOW - 60 * DAY, NOW)
    connector = the_connector(ledger)
    last = connector.days[-1]
    assert (last.day, last.rows, last.is_low) == (day.date(), 0, True)
    assert last.usual is not None
    assert last.usual >= 10
    assert kinds(connector) == [("few-rows", "soon"), ("programmes-incomplete", "note")]
    assert "Of Wednesday, 18 Nov no row came" in connector.alarms[0].says
    sold(ledger, [day + number * HOUR for number in range(8)], at=NOW, name="more")
    assert kinds(the_connector(ledger)) == [("programmes-incomplete", "note")]


def test_credentials_that_end_soon_are_told_of_and_ended_ones_are_urgent(ledger: Store) -> None:
    account_id = account(ledger)
    pulled(ledger, account_id, NOW - 3 * DAY, NOW)
    for days, expected in (
        (30, []),
        (10, [("credentials-expire", "soon")]),
        (2, [("credentials-expire", "urgent")]),
        (-1, [("credentials-expire", "urgent")]),
    ):
        with ledger.transaction() as session:
            session.get_one(PublisherAccount, account_id).credentials_expire_at = NOW + days * DAY
        assert kinds(the_connector(ledger)) == expected


@pytest.mark.parametrize(
    ("days", "severity", "said"),
    [
        (19, None, ""),
        (20, "soon", "Pull before 30 Nov 2026: affiliate pull short --account 7"),
        (27, "urgent", "Pull before 23 Nov 2026: affiliate pull short --account 7"),
        (31, "urgent", "Pull now, and import the network's report for the days before"),
    ],
    ids=str,
)
def test_a_network_with_a_short_memory_warns_before_its_window_closes(
    days: int, severity: str | None, said: str
) -> None:
    found = [alarm for alarm in alarms(short_memory(NOW - days * DAY)) if alarm.kind == "window-closes"]
    assert [alarm.severity for alarm in found] == ([severity] if severity else [])
    assert all(said in alarm.way_out for alarm in found)


def test_a_gap_is_filled_by_the_api_as_far_back_as_that_remembers_and_else_by_a_file() -> None:
    for days, way in (
        (25, "Pull them: affiliate pull short --account 7 --from 2026-10-26 --to 2026-10-28"),
        (40, "FILE"),
    ):
        first = (NOW - days * DAY).date()
        (alarm,) = alarms(short_memory(NOW, Gap(first, first + 2 * DAY)))
        assert way in alarm.way_out


def short_memory(pulled_at: datetime, *gaps: Gap) -> Facts:
    """An account at a network that tells of the last 30 days alone."""

    def never(*_: object) -> NoReturn:
        raise AssertionError("no link and no page is asked for here")

    api = Api("https://api.example", {}, (TRANSACTION,), 30 * DAY, never, memory=30 * DAY)
    return Facts(
        account=PublisherAccount(network="short", publisher_ref="7", time_zone="UTC", to_be_completed=False),
        network=Network("short", "Short", "redirect", never, never, api=api),
        now=NOW,
        can_pull=True,
        pulled_at=pulled_at,
        last_pull=None,
        last_success=pulled_at,
        file_days=(),
        gaps=gaps,
        days=(),
        postbacks_wait_since=None,
        programmes_to_complete=0,
    )


def test_an_account_without_a_zone_whose_network_asks_for_one_is_noted(ledger: Store) -> None:
    with ledger.transaction() as session:
        account_id = add_account(session, "skimlinks", "100001", now=NOW).id
    pulled(ledger, account_id, NOW - 3 * DAY, NOW)
    assert kinds(the_connector(ledger)) == [("zone-missing", "note")]


def test_messages_that_nobody_books_are_told_of_after_an_hour(ledger: Store) -> None:
    account_id = account(ledger)
    with ledger.transaction() as session:
        session.add(
            Postback(
                account_id=account_id,
                network="awin",
                digest="d",
                received_at=NOW - 2 * HOUR,
                said_at=NOW - 2 * HOUR,
                payload="{}",
            )
        )
    assert ("postbacks-wait", "soon") in kinds(the_connector(ledger))


def test_rows_that_wait_are_told_by_word_with_their_money_and_each_row_counts_once(ledger: Store) -> None:
    account(ledger)
    rows = [awin_row(1, commissionStatus="parked"), awin_row(2, commissionStatus="parked"), awin_row(3, saleAmount=[1])]
    for hours in (2, 1):
        with ledger.transaction() as session:
            import_transactions(
                session, network="awin", file_name="a.json", content=awin_file(*rows), now=NOW - hours * HOUR
            )
    found = health(ledger)
    assert [(each.cause, each.word, each.rows, each.run_ids) for each in found.waiting] == [
        ("word", "parked", 2, (2, 1)),
        ("other", None, 1, (2, 1)),
    ]
    assert [str(each) for each in found.waiting[0].money] == ["8.52 EUR"]
    assert found.needs_somebody
    with ledger.transaction() as session:
        undo_import(session, 1, now=NOW)
        undo_import(session, 2, now=NOW)
    assert health(ledger).waiting == ()


def test_the_money_of_a_mapped_file_is_read_past_the_unknown_word_too(ledger: Store) -> None:
    with ledger.transaction() as session:
        book(session, {"status": "Parked"}, now=NOW)
        book(session, {"id": "t2", "currency": ""}, now=NOW)
    waiting = health(ledger).waiting
    assert [(each.cause, each.word, [str(money) for money in each.money]) for each in waiting] == [
        ("currency", None, []),
        ("word", "Parked", ["5.00 GBP"]),
    ]


def test_a_row_waits_no_longer_once_a_later_import_told_of_its_transaction(ledger: Store) -> None:
    account(ledger)
    bad, good = awin_row(1, commissionStatus="parked"), awin_row(1)
    for row, hours in ((bad, 5), (awin_row(2, commissionAmount={"amount": 1, "currency": ""}), 5), (good, 9)):
        with ledger.transaction() as session:
            import_transactions(
                session, network="awin", file_name="a.json", content=awin_file(row), as_of=NOW - hours * HOUR, now=NOW
            )
    assert [each.rows for each in health(ledger).waiting] == [1, 1]  # the good one is older than what waits
    for row in (good | {"commissionStatus": "approved"}, awin_row(2)):
        with ledger.transaction() as session:
            import_transactions(session, network="awin", file_name="b.json", content=awin_file(row), now=NOW)
    assert health(ledger).waiting == ()
    with ledger.transaction() as session:
        undo_import(session, 4, now=NOW)
    assert [each.word for each in health(ledger).waiting] == ["parked"]


def test_a_line_that_contradicts_another_waits_although_that_was_booked(ledger: Store) -> None:
    account(ledger)
    with ledger.transaction() as session:
        file = awin_file(awin_row(1), awin_row(1, commissionAmount={"amount": 9, "currency": "EUR"}))
        import_transactions(session, network="awin", file_name="a.json", content=file, now=NOW)
    assert [(each.cause, each.rows) for each in health(ledger).waiting] == [("other", 1)]


def test_the_worst_connector_stands_first_and_all_of_it_can_be_written_as_json(ledger: Store) -> None:
    well, ill = account(ledger), account(ledger, "rakuten", "3140")
    pulled(ledger, well, NOW - 3 * DAY, NOW)
    pulled(ledger, ill, NOW - 30 * DAY, NOW - 10 * DAY)
    found = json.loads(json.dumps(health(ledger).as_json()))
    assert [each["network"] for each in found["connectors"]] == ["rakuten", "awin"]
    assert found["needs_somebody"] is True
    assert found["connectors"][1]["alarms"] == []


def test_a_look_stores_nothing(ledger: Store) -> None:
    pulled(ledger, account(ledger), NOW - 3 * DAY, NOW)
    health(ledger)
    with ledger.reading() as session:
        assert session.scalar(select(func.count()).select_from(Pull)) == 1


# ---- values ---------------------------------------------------------------------------------------------------------


def window(first: float, until: float) -> Window:
    return Window(NOW + first * DAY, NOW + until * DAY)


def test_overlapping_windows_in_any_order_leave_no_gap() -> None:
    windows = [window(2, 4), window(0, 2.5), window(3, 3.1), window(4, 6)]
    assert between_windows(windows, window(0, 6)) == []
    assert between_windows(reversed(windows), window(0, 6)) == []


def test_a_span_without_windows_is_one_gap() -> None:
    assert between_windows([], window(0, 2)) == [Gap(NOW.date(), NOW.date() + 3 * DAY)]


def test_a_gap_of_an_hour_at_midnight_names_both_days() -> None:
    midnight = NOW.replace(hour=0)
    windows = [Window(midnight - DAY, midnight - HOUR), Window(midnight + HOUR, midnight + DAY)]
    (gap,) = between_windows(windows, Window(midnight - DAY, midnight + DAY))
    assert gap == Gap(midnight.date() - DAY, midnight.date() + DAY)


def test_a_publisher_who_sells_rarely_has_no_gaps() -> None:
    first = date(2026, 1, 1)
    assert silences({first + number * DAY for number in range(0, 300, 9)}, first, first + 300 * DAY) == []


def test_no_rows_at_all_are_no_silence() -> None:
    assert silences(set(), date(2026, 1, 1), date(2026, 3, 1)) == []


@pytest.mark.parametrize(("rows", "is_low"), [(40, False), (28, False), (20, True), (0, True), (400, False)], ids=str)
def test_a_day_is_low_beyond_three_spreads_of_its_weekday(rows: int, is_low: bool) -> None:
    day = date(2026, 11, 18)
    counts = {day - timedelta(weeks=number): 40 + number % 3 for number in range(1, 9)} | {day: rows}
    assert against_usual(counts, day, known_since=day - 60 * DAY).is_low is is_low


def test_one_great_sale_does_not_make_the_next_weeks_low() -> None:
    day = date(2026, 12, 4)
    counts = {day - timedelta(weeks=number): 20 for number in range(2, 9)} | {day - timedelta(weeks=1): 900, day: 18}
    assert not against_usual(counts, day, known_since=day - 60 * DAY).is_low


@pytest.mark.parametrize(("usual", "is_low"), [(8, True), (6, False)])
def test_a_day_without_rows_is_low_where_some_would_surely_have_come(usual: int, is_low: bool) -> None:
    day = date(2026, 11, 18)
    counts = {day - timedelta(weeks=number): usual for number in range(1, 9)}
    assert against_usual(counts, day, known_since=day - 60 * DAY).is_low is is_low


def test_with_three_weeks_known_nothing_is_usual() -> None:
    day = date(2026, 11, 18)
    assert against_usual({}, day, known_since=day - 21 * DAY).usual is None
