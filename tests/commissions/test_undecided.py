"""What a file leaves open is asked at every door alike: whoever looks at it, whoever books it."""

import io
import tracemalloc
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from affiliate.commissions.importing import ImportResult, import_transactions, reading_of
from affiliate.commissions.maps import find_map, save_map
from affiliate.errors import UndecidedFile
from affiliate.networks.base import Reading
from affiliate.networks.reading.columns import ColumnMap
from affiliate.networks.reading.evidence import Evidence, survey
from affiliate.networks.reading.proposals import propose
from affiliate.store import Store
from affiliate.store.tables import ImportRun, Transaction, TransactionVersion
from tests.commissions.sheets import newsroom

NOW = datetime(2026, 11, 20, tzinfo=UTC)
HEADER = ("Id", "Shop", "Commission", "Umsatz", "Date", "Currency", "State")
MAP = {
    "external_id": "Id",
    "advertiser": "Shop",
    "commission": "Commission",
    "sale": "Umsatz",
    "transaction_at": "Date",
    "currency": "Currency",
    "status": "State",
}
ISO, MIXED = "2026-10-01", ("15/10/2026", "10/15/2026")


@pytest.fixture(autouse=True)
def _site(sqlite_store: Store) -> None:
    with sqlite_store.transaction() as session:
        newsroom(session, NOW)


def content(*cells: tuple[str, str, str]) -> bytes:
    """A sheet with a row for each (commission, sale, date)."""
    rows = [(f"t{number}", "Acme", *three, "EUR", "approved") for number, three in enumerate(cells)]
    return "\n".join(";".join(row) for row in (HEADER, *rows, ())).encode()


def book(session: Session, file: bytes, said: Mapping[str, str] | ColumnMap | None = None) -> ImportResult:
    columns = said if isinstance(said, ColumnMap) else ColumnMap.parse({**MAP, **(said or {})})
    return import_transactions(
        session,
        network="generic",
        file_name="sheet.csv",
        content=file,
        reading=reading_of(session, "generic", columns=columns),
        now=NOW,
    )


def booked(session: Session) -> list[tuple[str, str]]:
    current = TransactionVersion.id == Transaction.current_version_id
    rows = session.scalars(select(TransactionVersion).join(Transaction, current).order_by(Transaction.external_id))
    return [(f"{row.commission.normalize():f}", f"{row.transaction_at:%Y-%m-%d}") for row in rows]


FILES: dict[str, tuple[list[tuple[str, str, str]], dict[str, str], tuple[str, ...], list[tuple[str, str]]]] = {
    # cells, what is said, what is asked, what is booked
    "a mark that may part thousands": ([("1.000", "", ISO), ("2.000", "", ISO)], {}, ("decimal",), []),
    "the same beside whole numbers": ([("1.000", "", ISO), ("5", "", ISO)], {}, ("decimal",), []),
    "the other mark": ([("1,000", "", ISO)], {}, ("decimal",), []),
    "an open mark in the sale alone": ([("5", "1.000", ISO)], {}, ("decimal",), []),
    "a row that decides it": (
        [("1.000", "", ISO), ("1.111,11", "", ISO)],
        {},
        (),
        [("1000", ISO), ("1111.11", ISO)],
    ),
    "a sale that decides it": ([("1.000", "9,99", ISO)], {}, (), [("1000", ISO)]),
    "two marks": ([("1.000.000", "", ISO), ("1.000", "", ISO)], {}, (), [("1000000", ISO), ("1000", ISO)]),
    "a nought in front": ([("0.125", "", ISO), ("1.000", "", ISO)], {}, (), [("0.125", ISO), ("1", ISO)]),
    "no mark at all": ([("12", "30", ISO), ("-7", "", ISO)], {}, (), [("12", ISO), ("-7", ISO)]),
    "rows that prove both": ([("1.50", "", ISO), ("4,50", "", ISO)], {}, ("decimal",), []),
    "it is said": ([("1.000", "", ISO)], {"decimal": ","}, (), [("1000", ISO)]),
    "it is said, against all that the file tells": (
        [("1.000", "", ISO), ("1.111,11", "", ISO)],
        {"decimal": "."},
        ("decimal",),
        [],
    ),
    "it is said, and nothing hangs on it": (
        [("1.50", "", ISO), ("4,50", "", ISO)],
        {"decimal": "."},
        (),
        [("1.5", ISO)],
    ),
    "a day that may be a month": ([("5", "", "01/02/2026")], {}, ("date_format",), []),
    "among days that are certain": ([("5", "", "01/02/2026"), ("5", "", ISO)], {}, ("date_format",), []),
    "a day beyond the twelfth": (
        [("5", "", "01/02/2026"), ("6", "", "13/02/2026 10:11")],
        {},
        (),
        [("5", "2026-02-01"), ("6", "2026-02-13")],
    ),
    "a month in front": (
        [("5", "", "01/02/2026"), ("6", "", "02/13/2026")],
        {},
        (),
        [("5", "2026-01-02"), ("6", "2026-02-13")],
    ),
    "the same day in either": ([("5", "", "02/02/2026")], {}, (), [("5", "2026-02-02")]),
    "points between": ([("5", "", "01.02.2026")], {}, (), [("5", "2026-02-01")]),
    "a month's name": ([("5", "", "3 Apr 2026"), ("6", "", ISO)], {}, (), [("5", "2026-04-03"), ("6", ISO)]),
    "days that prove both": ([("5", "", MIXED[0]), ("5", "", MIXED[1])], {}, ("date_format",), []),
    "two ways of writing": ([("5", "", "13/10/2026"), ("5", "", "13.10.2026")], {}, ("date_format",), []),
    "a format is said": ([("5", "", "01/02/2026")], {"date_format": "%m/%d/%Y"}, (), [("5", "2026-01-02")]),
    "a format is said, against all that the file tells": (
        [("5", "", "01/02/2026"), ("5", "", "02/13/2026")],
        {"date_format": "%d/%m/%Y"},
        ("date_format",),
        [],
    ),
    "neither": ([("1.000", "", "01/02/2026")], {}, ("decimal", "date_format"), []),
}


@pytest.mark.parametrize("name", FILES)
def test_the_booking_door_asks_what_looking_asks_and_decides_what_it_decides(sqlite_store: Store, name: str) -> None:
    cells, said, asked, expected = FILES[name]
    file = content(*cells)
    proposal = propose(io.BytesIO(file), {**MAP, **said}, is_settled=True)
    assert tuple(one.field for one in proposal.questions) == asked
    with sqlite_store.transaction() as session:
        if asked:
            with pytest.raises(UndecidedFile) as refused:
                book(session, file, said)
            assert refused.value.asked == {one.field: one.asks for one in proposal.questions}
            assert all(f"--column {field}=…" in str(refused.value) for field in asked)
            assert session.query(ImportRun).count() == 0
        else:
            book(session, file, said)
        assert booked(session) == expected


def test_rows_that_prove_both_are_named_by_their_lines(sqlite_store: Store) -> None:
    file = content(("1.50", "", MIXED[0]), ("4,50", "", MIXED[1]))
    with sqlite_store.transaction() as session, pytest.raises(UndecidedFile) as refused:
        book(session, file)
    assert "1.50 (line 2), 4,50 (line 3)" in str(refused.value)
    assert "15/10/2026 (line 2), others with the month, 10/15/2026 (line 3)" in str(refused.value)


def test_a_saved_map_decides_nothing_that_it_does_not_say(sqlite_store: Store) -> None:
    with sqlite_store.transaction() as session:
        save_map(session, "daily", MAP, now=NOW)
        with pytest.raises(UndecidedFile, match=r"Is the mark in 1\.000 the decimal mark"):
            book(session, content(("1.000", "", ISO)), find_map(session, "daily"))
        book(session, content(("1.000", "1,50", ISO)), find_map(session, "daily"))
        assert booked(session) == [("1000", ISO)]


@pytest.mark.parametrize(
    ("network", "cells"),
    [
        ("pepperjam", {"transaction_id": "1", "program_id": "5", "commission": "1.000", "date": ISO, "status": "paid"}),
        (
            "daisycon",
            {
                "affiliatemarketing_id": "7",
                "part_id": "2",
                "program_name": "Acme",
                "publisher_commission": "1.000",
                "currency_code": "EUR",
                "date_transaction": ISO,
                "status": "open",
            },
        ),
    ],
)
def test_a_map_that_is_ready_for_a_network_decides_nothing_either(
    sqlite_store: Store, network: str, cells: dict[str, str]
) -> None:
    def send(session: Session, commission: str, **said: str) -> Any:
        row = {name: commission if value == "1.000" else value for name, value in cells.items()}
        file = f"{';'.join(row)}\n{';'.join(row.values())}\n".encode()
        reading = Reading(currency="EUR", said=said)
        return import_transactions(session, network=network, file_name="x.csv", content=file, reading=reading, now=NOW)

    with sqlite_store.transaction() as session:
        with pytest.raises(UndecidedFile, match="the decimal mark, or does it part thousands"):
            send(session, "1.000")
        assert send(session, "1.000", decimal=",").new == 1
        assert booked(session) == [("1000", ISO)]
        assert send(session, "1.000,00").unchanged == 1
        run = session.query(ImportRun).order_by(ImportRun.id.desc()).first()
        assert run is not None
        assert run.reading["said"]["decimal"] == ","  # so that its rows are read again in the same way


def test_numbers_of_json_are_exact_whatever_its_texts_look_like(sqlite_store: Store) -> None:
    row = '{"Id": "1", "Shop": "A", "Commission": 1.000, "Umsatz": 1.234, "Date": "2026-10-01", "Currency": "EUR", "State": "approved"}'
    with sqlite_store.transaction() as session:
        book(session, f"[{row}]".encode())
        assert booked(session) == [("1", ISO)]
        with pytest.raises(UndecidedFile):
            book(session, f"[{row.replace('1.234', chr(34) + '1.234' + chr(34))}]".encode())


def test_the_last_of_many_rows_decides_and_the_memory_stays_flat(sqlite_store: Store) -> None:
    rows = 30_000

    def lines() -> Iterator[tuple[int, dict[str, object]]]:
        for number in range(rows):
            yield number, {"c": f"{number % 900 + 100}.000", "d": f"{number % 12 + 1:02}/{number % 11 + 1:02}/2026"}
        yield rows, {"c": "1.000,50", "d": "13/01/2026"}

    evidence = Evidence()
    tracemalloc.start()
    evidence = survey(lines(), {"commission": "c", "transaction_at": "d"})
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (evidence.decide().decimal, evidence.decide().date_format) == (",", "%d/%m/%Y")
    assert most < 2_000_000
