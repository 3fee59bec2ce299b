import io
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from affiliate.commissions.importing import import_rows, import_transactions, reading_of
from affiliate.commissions.replaying import replay_run
from affiliate.commissions.runs import show_run
from affiliate.commissions.undo import undo_import
from affiliate.errors import Conflict, NotFound
from affiliate.networks.base import Reading
from affiliate.networks.reading.columns import ColumnMap
from affiliate.networks.reading.mapped import READER as MAPPED
from affiliate.networks.reading.rows import unread_report
from affiliate.networks.registry import network
from affiliate.store import Store
from affiliate.store.tables import ImportRun, PublisherAccount, Transaction, TransactionVersion
from tests.commissions.sheets import newsroom

THEN = datetime(2026, 11, 1, tzinfo=UTC)
NOW = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _site(request: pytest.FixtureRequest) -> None:
    name = "store" if "store" in request.fixturenames else "sqlite_store"
    with request.getfixturevalue(name).transaction() as session:
        newsroom(session, THEN)


MAP = {
    "external_id": "Id",
    "advertiser": "Shop",
    "commission": "Commission",
    "transaction_at": "Date",
    "status": "State",
    "decimal": ".",
}
FILE = """Id,Shop,Commission,Date,State
1,Acme,1.50,2026-10-01,approved
2,Acme,2.50,2026-10-02,Open
3,Acme,3.50,2026-10-03,Odd
4,Acme,"4,50",2026-10-04,approved
1,Acme,9.99,2026-10-01,approved
5,Acme
"""


def book(session: Session, content: str = FILE, currency: str | None = "EUR") -> int:
    result = import_transactions(
        session,
        network="generic",
        file_name="sheet.csv",
        content=content.encode(),
        as_of=THEN,
        reading=reading_of(session, "generic", currency=currency, columns=ColumnMap.parse(MAP)),
        now=NOW,
    )
    assert result.run_id is not None
    return result.run_id


def open_lines(session: Session, run_id: int) -> list[int]:
    return [row.line for row in show_run(session, run_id).set_aside if row.resolved_at is None]


def amounts(session: Session) -> list[str]:
    current = TransactionVersion.id == Transaction.current_version_id
    rows = session.scalars(select(TransactionVersion).join(Transaction, current).order_by(Transaction.external_id))
    return [f"{row.commission.normalize():f} {row.currency}" for row in rows]


def test_a_word_that_is_told_now_books_its_rows_as_of_then(sqlite_store: Store) -> None:
    with sqlite_store.transaction() as session:
        run_id = book(session)
        assert open_lines(session, run_id) == [3, 4, 5, 6, 7]
        replayed = replay_run(session, run_id, columns={"status.Open": "pending"}, now=NOW)
        assert replayed.booked is not None
        assert (replayed.booked.new, len(replayed.still)) == (1, 4)
        assert open_lines(session, run_id) == [4, 5, 6, 7]
        assert amounts(session) == ["1.5 EUR", "2.5 EUR"]
        replay = session.get_one(ImportRun, replayed.replay)
        assert (replay.origin, replay.as_of, replay.rows, replay.quarantined) == ("replay", THEN, 1, 0)


def test_what_is_still_bad_stays_with_its_run_and_its_reason_of_today(sqlite_store: Store) -> None:
    with sqlite_store.transaction() as session:
        run_id = book(session)
        replayed = replay_run(session, run_id, columns={"status.Open": "pending"}, now=NOW)
        reasons = {row.line: row.reason for row in show_run(session, run_id).set_aside}
        assert "open" in reasons[4]  # the words that are known now
        assert not show_run(session, replayed.replay or 0).set_aside


def test_a_row_that_contradicts_the_file_or_is_not_whole_is_not_read_again(sqlite_store: Store) -> None:
    with sqlite_store.transaction() as session:
        run_id = book(session)
        words = {"status.Open": "pending", "status.Odd": "declined", "decimal": ","}
        replayed = replay_run(session, run_id, columns=words, now=NOW)
        assert open_lines(session, run_id) == [3, 4, 6, 7]  # with a comma, lines 3 and 4 are no amounts now
        assert [bad.line for bad in replayed.still] == [3, 4, 6, 7]
        assert amounts(session) == ["1.5 EUR", "4.5 EUR"]


def test_which_of_two_sayings_is_right_is_not_decided_by_reading_again(sqlite_store: Store) -> None:
    text = "Id,Shop,Commission,Date,State\n1,Acme,1.50,2026-10-01,approved\n1,Acme,9.99,2026-10-01,approved\n"
    with sqlite_store.transaction() as session:
        run_id = book(session, text)
        replayed = replay_run(session, run_id, now=NOW)
        assert (replayed.booked, [bad.line for bad in replayed.still]) == (None, [3])
        assert amounts(session) == ["1.5 EUR"]


def test_a_currency_that_the_account_has_by_now_is_used(sqlite_store: Store) -> None:
    content = "Id,Shop,Commission,Date,State\n1,Acme,1.50,2026-10-01,approved\n"
    with sqlite_store.transaction() as session:
        run_id = book(session, content, currency=None)
        assert amounts(session) == []
        assert replay_run(session, run_id, now=NOW).replay is None
        book(session, content.replace("1,Acme", "9,Acme"), currency="GBP")  # makes the account
        session.scalars(select(PublisherAccount)).one().currency = "SEK"
        assert replay_run(session, run_id, now=NOW).replay is not None
        assert amounts(session) == ["1.5 SEK", "1.5 GBP"]


def test_a_currency_that_is_said_now_is_used(sqlite_store: Store) -> None:
    with sqlite_store.transaction() as session:
        run_id = book(session, currency=None)
        replay_run(session, run_id, currency="USD", now=NOW)
        assert amounts(session) == ["1.5 USD"]


def test_a_dry_run_changes_nothing(sqlite_store: Store) -> None:
    with sqlite_store.transaction() as session:
        run_id = book(session)
        replayed = replay_run(session, run_id, columns={"status.Open": "pending"}, dry_run=True, now=NOW)
        assert replayed.booked is not None
        assert (replayed.booked.new, replayed.replay) == (1, None)
        assert open_lines(session, run_id) == [3, 4, 5, 6, 7]
        assert amounts(session) == ["1.5 EUR"]


def test_undoing_a_replay_sets_its_rows_aside_again(store: Store) -> None:
    with store.transaction() as session:
        run_id = book(session)
        replayed = replay_run(session, run_id, columns={"status.Open": "pending"}, now=NOW)
        assert replayed.replay
        undo_import(session, replayed.replay, now=NOW)
        assert open_lines(session, run_id) == [3, 4, 5, 6, 7]
        assert amounts(session) == ["1.5 EUR"]
        again = replay_run(session, run_id, columns={"status.Open": "pending"}, now=NOW)
        assert again.replay
        assert amounts(session) == ["1.5 EUR", "2.5 EUR"]


def test_undoing_a_run_takes_its_replays_along(sqlite_store: Store) -> None:
    with sqlite_store.transaction() as session:
        run_id = book(session)
        replay_run(session, run_id, columns={"status.Open": "pending"}, now=NOW)
        undo_import(session, run_id, now=NOW)
        assert amounts(session) == []
        with pytest.raises(Conflict, match="is undone; import its file again"):
            replay_run(session, run_id, now=NOW)


def test_replaying_twice_books_once(sqlite_store: Store) -> None:
    with sqlite_store.transaction() as session:
        run_id = book(session)
        replay_run(session, run_id, columns={"status.Open": "pending"}, now=NOW)
        assert replay_run(session, run_id, columns={"status.Open": "pending"}, now=NOW).replay is None
        assert amounts(session) == ["1.5 EUR", "2.5 EUR"]


def test_an_unknown_run_is_told(sqlite_store: Store) -> None:
    with sqlite_store.transaction() as session, pytest.raises(NotFound, match="affiliate import runs"):
        replay_run(session, 99, now=NOW)


def test_the_rows_of_a_period_s_replay_go_with_the_period(sqlite_store: Store) -> None:
    header = "Tracking ID,Date Shipped,ASIN,Ad Fees(£)\n"
    first = f"{header}t-21,1 September 2026,B1,1.50\nt-21,2 September 2026,B2,1.00\n"
    with sqlite_store.transaction() as session:

        def send(content: str, as_of: datetime) -> int:
            reading = reading_of(session, "amazon", said={"period": "2026-09"})
            result = import_transactions(
                session,
                network="amazon",
                file_name="fees.csv",
                content=content.encode(),
                as_of=as_of,
                reading=reading,
                now=NOW,
            )
            return result.run_id or 0

        run_id = send(first.replace("1 September", "some day"), THEN)
        assert amounts(session) == ["1 GBP"]
        row = show_run(session, run_id).set_aside[0]
        assert '"number":1' in row.payload
        send(first, NOW)
        assert amounts(session) == ["1.5 GBP", "1 GBP"]


WRONG = """Id,Shop,Commission,Date,State
1,Acme,1.000,2026-10-01,approved
2,Acme,"2.222,22",2026-10-02,approved
3,Acme,3,2026-10-03,approved
"""


def read_wrong(session: Session, text: str, **said: str) -> int:
    """As runs were read that took what nobody said from a default: row by row, without a look at the whole file."""
    columns = ColumnMap.parse({**MAP, **said})
    reading = Reading(currency="EUR", columns=columns)
    result = import_rows(
        session,
        network=network("generic"),
        name="sheet.csv",
        sha256="0" * 64,
        rows=unread_report(MAPPED, io.BytesIO(text.encode()), reading),
        reading=reading,
        as_of=THEN,
        now=NOW,
    )
    return result.run_id or 0


def test_a_replay_that_settles_the_mark_reads_the_booked_rows_again(store: Store) -> None:
    with store.transaction() as session:
        run_id = read_wrong(session, WRONG)
        assert (amounts(session), open_lines(session, run_id)) == (["1 EUR", "3 EUR"], [3])
        would = replay_run(session, run_id, columns={"decimal": ","}, dry_run=True, now=NOW)
        assert would.booked is not None
        assert (would.booked.new, would.booked.amended) == (1, 1)
        assert amounts(session) == ["1 EUR", "3 EUR"]
        replayed = replay_run(session, run_id, columns={"decimal": ","}, now=NOW)
        assert (replayed.still, replayed.kept) == ((), ())
        assert amounts(session) == ["1000 EUR", "2222.22 EUR", "3 EUR"]
        assert session.get_one(ImportRun, replayed.replay).replay_of == run_id
        again = replay_run(session, run_id, columns={"decimal": ","}, now=NOW).booked
        assert again is not None
        assert (again.new, again.amended) == (0, 0)
        for replay in (replayed.replay, again.run_id):
            undo_import(session, replay or 0, now=NOW)
        assert (amounts(session), open_lines(session, run_id)) == (["1 EUR", "3 EUR"], [3])


def test_undoing_a_run_takes_along_a_replay_that_only_amended(sqlite_store: Store) -> None:
    with sqlite_store.transaction() as session:
        run_id = read_wrong(session, WRONG.replace('"2.222,22"', "2"))
        replay_run(session, run_id, columns={"decimal": ","}, now=NOW)
        assert amounts(session) == ["1000 EUR", "2 EUR", "3 EUR"]
        undo_import(session, run_id, now=NOW)
        assert amounts(session) == []


def test_rows_that_a_run_found_unchanged_are_read_again_too(sqlite_store: Store) -> None:
    with sqlite_store.transaction() as session:
        for _ in range(2):
            run_id = read_wrong(session, WRONG)
        assert session.get_one(ImportRun, run_id).unchanged == 2
        replay_run(session, run_id, columns={"decimal": ","}, now=NOW)
        assert amounts(session) == ["1000 EUR", "2222.22 EUR", "3 EUR"]


def test_what_cannot_be_read_so_stays_booked_and_is_named(sqlite_store: Store) -> None:
    with sqlite_store.transaction() as session:
        run_id = read_wrong(session, WRONG.replace("3,Acme,3,", "3,Acme,3.50,"))
        replayed = replay_run(session, run_id, columns={"decimal": ","}, now=NOW)
        assert [bad.line for bad in replayed.kept] == [4]
        assert amounts(session) == ["1000 EUR", "2222.22 EUR", "3.5 EUR"]


@pytest.mark.parametrize(
    ("first", "now_said", "expected"),
    [
        (
            {"date_format": "%d/%m/%Y"},
            {"columns": {"date_format": "%m/%d/%Y"}},
            ["2026-01-02T00:00", "2026-03-04T00:00"],
        ),
        ({"date_format": "%d/%m/%Y"}, {"time_zone": "Asia/Tokyo"}, ["2026-01-31T15:00", "2026-04-02T15:00"]),
        (
            {"date_format": "%d/%m/%Y", "status.ok": "pending"},
            {"columns": {"status.OK": "declined"}},
            ["declined", "declined"],
        ),
    ],
)
def test_whatever_is_said_otherwise_is_said_of_the_booked_rows_too(
    sqlite_store: Store, first: dict[str, str], now_said: dict[str, Any], expected: list[str]
) -> None:
    text = "Id,Shop,Commission,Date,State\n1,Acme,1.50,01/02/2026,ok\n2,Acme,2.50,03/04/2026,ok\n"
    with sqlite_store.transaction() as session:
        run_id = read_wrong(session, text, **{"status.ok": "approved", **first})
        replay_run(session, run_id, now=NOW, **now_said)
        current = TransactionVersion.id == Transaction.current_version_id
        rows = session.scalars(select(TransactionVersion).join(Transaction, current).order_by(Transaction.external_id))
        said = [row.status if "status" in str(now_said) else f"{row.transaction_at:%Y-%m-%dT%H:%M}" for row in rows]
        assert said == expected


def test_a_word_that_nobody_had_said_reads_no_booked_row_again(sqlite_store: Store) -> None:
    with sqlite_store.transaction() as session:
        run_id = book(session)
        replayed = replay_run(session, run_id, columns={"status.Open": "pending"}, now=NOW)
        assert replayed.booked is not None
        assert replayed.booked.unchanged == 0


def test_another_id_books_no_row_a_second_time(sqlite_store: Store) -> None:
    with sqlite_store.transaction() as session:
        run_id = book(session)
        before = amounts(session)
        replay_run(session, run_id, columns={"external_id": "Shop + Date"}, now=NOW)
        assert amounts(session) == before
