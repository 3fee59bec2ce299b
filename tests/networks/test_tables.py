"""The same rows, written in every way that a network might: read alike, with one and the same column map."""

import io
import json
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import BinaryIO, cast

import pytest
from openpyxl import Workbook

from affiliate.errors import UnreadableFile
from affiliate.networks.base import Reading
from affiliate.networks.reading.columns import ColumnMap
from affiliate.networks.reading.formats import open_table
from tests.networks.reports import Report, read_as

MAP = {
    "external_id": "Order",
    "advertiser": "Shop",
    "commission": "Commission",
    "currency": "Currency",
    "transaction_at": "Date",
    "status": "State",
    "sub_id": "Ref",
}
ROWS: list[dict[str, object]] = [
    {
        "Order": 17,
        "Shop": "Café & Söhne",
        "Commission": 1.5,
        "Currency": "GBP",
        "Date": "2026-11-01T10:00:00",
        "State": "approved",
        "Ref": "a0123456789x",
    },
    {
        "Order": "18",
        "Shop": "Acme",
        "Commission": -2.25,
        "Currency": "EUR",
        "Date": "2026-11-02T00:00:00",
        "State": "pending",
        "Ref": None,
    },
]
XML_ROW = "<sale><Order>{Order}</Order><Shop>{Shop}</Shop><Commission>{Commission}</Commission>{rest}</sale>"


def as_csv(rows: list[dict[str, object]], delimiter: str = ",") -> bytes:
    lines = [delimiter.join(rows[0])]
    lines += [delimiter.join("" if cell is None else str(cell) for cell in row.values()) for row in rows]
    return ("\n".join(lines) + "\n").encode()


def as_tsv(rows: list[dict[str, object]]) -> bytes:
    return as_csv(rows, "\t")


def as_json(rows: list[dict[str, object]]) -> bytes:
    return json.dumps(rows).encode()


def as_json_below(rows: list[dict[str, object]]) -> bytes:
    return json.dumps({"meta": {"pages": [1]}, "notes": [{"Order": 1}], "data": {"sales": rows}}).encode()


def as_ndjson(rows: list[dict[str, object]]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def as_xml(rows: list[dict[str, object]]) -> bytes:
    def element(row: dict[str, object]) -> str:
        cells = {name: str(value or "").replace("&", "&amp;") for name, value in row.items()}
        return "<sale>" + "".join(f"<{name}>{cell}</{name}>" for name, cell in cells.items()) + "</sale>"

    return f'<?xml version="1.0"?><report><made><by>them</by></made>{"".join(map(element, rows))}</report>'.encode()


def as_xlsx(rows: list[dict[str, object]], *above: list[object]) -> bytes:
    book = Workbook()
    book.active.append(["Notes"])  # type: ignore[union-attr]
    sheet = book.create_sheet("Sales")
    for line in above:
        sheet.append(line)
    sheet.append(list(rows[0]))
    for row in rows:
        dated = {**row, "Date": datetime.fromisoformat(str(row["Date"]))}
        sheet.append(list(dated.values()))
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


WRITERS: list[Callable[[list[dict[str, object]]], bytes]] = [
    as_csv,
    as_tsv,
    as_json,
    as_json_below,
    as_ndjson,
    as_xml,
    as_xlsx,
]


def read(content: bytes, **changes: str) -> Report:
    return read_as("generic", content, Reading(columns=ColumnMap.parse({**MAP, **changes})))


@pytest.mark.parametrize("write", WRITERS)
def test_one_map_reads_the_rows_however_they_are_written(write: Callable[[list[dict[str, object]]], bytes]) -> None:
    report = read(write(ROWS))
    assert not report.bad
    first, second = report.good
    assert (first.external_id, first.advertiser_ref, first.sub_ids) == ("17", "Café & Söhne", ("a0123456789x",))
    assert (first.commission.amount, first.commission.currency) == (Decimal("1.5"), "GBP")
    assert first.transaction_at.isoformat() == "2026-11-01T10:00:00+00:00"
    assert (second.commission.amount, second.sub_ids, second.status) == (Decimal("-2.25"), (), "pending")


@pytest.mark.parametrize("write", WRITERS)
def test_a_file_cut_off_gives_nothing_or_whole_rows(write: Callable[[list[dict[str, object]]], bytes]) -> None:
    content = write([{**row, "Order": f"{row['Order']}-{number}"} for number in range(20) for row in ROWS])
    whole = {row.external_id: row.commission for row in read(content).good}
    assert len(whole) == 40
    for size in range(0, len(content) - 1, max(1, len(content) // 40)):
        try:
            report = read(content[:size])
        except UnreadableFile:
            continue
        assert all(whole[row.external_id] == row.commission for row in report.good)


def test_a_row_cut_inside_its_amount_is_set_aside() -> None:
    text = "Order,Shop,Currency,Date,State,Ref,Commission\n"
    text += "".join(f"{number},Acme,EUR,2026-11-0{number},open,,1{number}.50\n" for number in range(1, 6))
    words = {"status.open": "pending"}
    assert [row.external_id for row in read(text.encode(), **words).good] == ["1", "2", "3", "4", "5"]
    whole_but_for_its_end = read(text.rstrip("\n").encode(), **words)
    assert len(whole_but_for_its_end.good) == 5
    cut = read(text[:-2].encode(), **words)
    assert [row.external_id for row in cut.good] == ["1", "2", "3", "4"]
    assert [(bad.line, "ends in the middle" in bad.reason) for bad in cut.bad] == [(6, True)]


def test_numbers_of_a_sheet_are_what_was_typed() -> None:
    rows = [{**ROWS[0], "Order": 123456789012, "Commission": cell} for cell in (0.1, 3, "4.25", 1e-7)]
    report = read(as_xlsx(rows))
    assert [row.commission.amount for row in report.good] == [Decimal("0.1"), Decimal(3), Decimal("4.25")]
    assert {row.external_id for row in report.good} == {"123456789012"}
    assert "more than six decimals" in report.bad[0].reason


def test_the_sheet_and_its_header_are_found() -> None:
    content = as_xlsx(ROWS, ["Earnings report"], [], ["Account", "me"])
    report = read(content)
    assert [row.line for row in report.good] == [5, 6]
    table = open_table(io.BytesIO(content), lambda names: len({"Order", "Shop"}.intersection(names)))
    assert (table.shape.place, table.above) == ("Sales", ("Earnings report", "Account", "me"))


def test_a_date_of_a_sheet_needs_no_style_where_texts_have_one() -> None:
    content = as_xlsx(ROWS)
    assert len(read(content, date_format="%d/%m/%Y").good) == 2


def test_an_id_that_a_workbook_rounded_is_set_aside() -> None:
    report = read(as_xlsx([{**ROWS[0], "Order": 2.29206766312346e18}, ROWS[1]]))
    assert "a spreadsheet rounded it" in report.bad[0].reason


def test_an_id_that_a_spreadsheet_rounded_is_set_aside() -> None:
    report = read(as_csv([{**ROWS[0], "Order": "4.50001E+11"}, ROWS[1]]))
    assert [row.external_id for row in report.good] == ["18"]
    assert "a spreadsheet rounded it" in report.bad[0].reason


def test_fields_inside_an_object_are_named_by_their_path() -> None:
    rows = [
        {"sale": {"Order": 1, "when": "2026-11-01"}, "Shop": {"id": 5}, "Commission": {"amount": 2.5, "cur": "EUR"}}
    ]
    paths = {
        "external_id": "sale.Order",
        "advertiser": "Shop.id",
        "commission": "Commission.amount",
        "currency": "Commission.cur",
        "transaction_at": "sale.when",
        "status": "=pending",
    }
    reading = Reading(columns=ColumnMap.parse(paths))
    (row,) = read_as("generic", json.dumps(rows).encode(), reading).good
    assert (row.external_id, row.advertiser_ref, str(row.commission)) == ("1", "5", "2.50 EUR")


def test_elements_with_attributes_are_rows_too() -> None:
    xml = b'<r xmlns="http://n.example/1"><t id="7" s="pending"><Shop n="x">Acme</Shop><C>1.5</C><D>2026-11-01</D></t></r>'
    columns = {
        "external_id": "@id",
        "advertiser": "Shop",
        "advertiser_name": "Shop.@n",
        "commission": "C",
        "currency": "=EUR",
        "transaction_at": "D",
        "status": "@s",
    }
    (row,) = read_as("generic", xml, Reading(columns=ColumnMap.parse(columns))).good
    assert (row.external_id, row.advertiser_ref, row.advertiser_name) == ("7", "Acme", "x")


def test_where_the_rows_are_can_be_said() -> None:
    two = json.dumps({"old": [{**ROWS[0], "Order": "old"}], "new": ROWS}).encode()
    assert [row.external_id for row in read(two, records="old").good] == ["old"]
    with pytest.raises(UnreadableFile, match=r"no list of objects under “gone”. Lists are under: old, new"):
        read(two, records="gone")


LAUGHS = '<!DOCTYPE l [<!ENTITY a "ha">' + "".join(
    f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9)
)


@pytest.mark.parametrize("inside", ["<report><sale><Order>&j;</Order></sale></report>", "<report/>"])
def test_entities_are_refused_before_they_grow(inside: str) -> None:
    with pytest.raises(UnreadableFile, match="entities"):
        read(f'<?xml version="1.0"?>{LAUGHS}]>{inside}'.encode())


def test_a_file_outside_is_never_fetched() -> None:
    xml = b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><r><sale><Order>&x;</Order></sale></r>'
    with pytest.raises(UnreadableFile, match="entities"):
        read(xml)


def test_a_workbook_with_entities_is_refused() -> None:
    whole = as_xlsx(ROWS)
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(whole)) as source, zipfile.ZipFile(written, "w") as target:
        for part in source.namelist():
            content = source.read(part)
            if part.endswith("sheet2.xml"):
                content = f'<?xml version="1.0"?>{LAUGHS}]><worksheet>&j;</worksheet>'.encode()
            target.writestr(part, content)
    with pytest.raises(UnreadableFile, match="no whole XLSX workbook"):
        read(written.getvalue())


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "save it as XLSX or CSV"),
        (b"\x1f\x8b\x08\x00", "unpack it first"),
        (b"<!DOCTYPE html><html><body>Please log in</body></html>", "it is a web page"),
        (b"<html><body>Please log in</body></html>", "it is a web page"),
        (b'{"error": "no such account"}', "no column “Order”"),
        (b'{"rows": []}', "it is empty"),
        (b"[]", "it is empty"),
        (b"<report/>", "no element in it holds the fields of a row"),
        (b"<report><sale><Order>1</Order>", "no whole XML"),
        (b'[{"Order": 1}', "no JSON"),
    ],
)
def test_what_is_no_table_is_refused_in_words(content: bytes, words: str) -> None:
    with pytest.raises(UnreadableFile, match=words):
        read(content)


def test_a_line_that_is_no_object_stops_a_file_of_them() -> None:
    with pytest.raises(UnreadableFile, match="line 3 is no whole JSON object"):
        read(as_ndjson([*ROWS]) + b'{"Order": 1, "Shop"')


@pytest.mark.parametrize(
    ("encoding", "found"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("cp1252", "cp1252"),
    ],
)
def test_the_encoding_is_found_and_told(encoding: str, found: str) -> None:
    content = as_csv(ROWS).decode().encode(encoding)
    table = open_table(io.BytesIO(content), len)
    assert (table.shape.encoding, table.shape.delimiter) == (found, ",")
    assert read(content).good[0].advertiser_ref == "Café & Söhne"


def test_bytes_that_cp1252_does_not_know_are_latin_1() -> None:
    content = as_csv(ROWS).decode().encode("latin-1").replace(b"Acme", b"A\x81cme")
    assert open_table(io.BytesIO(content), len).shape.encoding == "latin-1"


def test_an_encoding_can_be_said() -> None:
    content = as_csv([{**ROWS[0], "Shop": "Łódź"}]).decode().encode("cp1250")
    assert read(content, encoding="cp1250").good[0].advertiser_ref == "Łódź"


def test_an_address_of_a_person_is_dropped_whatever_its_column_is_called() -> None:
    row = {**ROWS[0], "x1": "203.0.113.9", "x2": "2001:db8::7", "x3": "jo@shop.example", "at": "10:11:36", "v": "1.2.3"}
    for write in WRITERS:
        (read_row,) = read(write([row])).good
        assert {"at", "v"} < set(read_row.payload)
        assert not {"x1", "x2", "x3"} & set(read_row.payload), write


def test_a_column_of_payments_may_take_any_word() -> None:
    rows = [{**ROWS[0], "Paid": "P-77"}, {**ROWS[1], "Paid": ""}]
    report = read(as_csv(rows), payment="Paid", **{"payment.*": "paid"})
    assert [(row.payment, row.raw_payment) for row in report.good] == [("paid", "P-77"), ("unpaid", None)]


class _Endless(io.RawIOBase):
    """A file that is made while it is read: what a reader keeps of it is the reader's."""

    def __init__(self, before: bytes, row: bytes, rows: int, after: bytes) -> None:
        self._parts = (before, row, after)
        self._size = len(before) + len(row) * rows + len(after)
        self._at = 0

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = offset if whence == 0 else self._size + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        before, row, after = self._parts
        at, wanted = self._at, min(len(buffer), self._size - self._at)
        piece = bytearray()
        while len(piece) < wanted:
            here = at + len(piece)
            if here < len(before):
                piece += before[here:]
            elif here < self._size - len(after):
                piece += row[(here - len(before)) % len(row) :]
            else:
                piece += after[here - (self._size - len(after)) :]
        buffer[:wanted] = bytes(piece[:wanted])
        self._at += wanted
        return wanted


def test_the_list_of_a_large_document_is_found() -> None:
    rows = [{**ROWS[1], "Order": number, "note": "x" * 500} for number in range(8_000)]
    document = {"meta": {"tags": ["a"], "page": {"at": 1}}, "data": {"sales": rows}, "end": []}
    report = read(json.dumps(document).encode())
    assert len(report.good) == 8_000
    assert read(json.dumps(document).encode(), records="data.sales").good[-1].external_id == "7999"


@pytest.mark.parametrize("form", ["csv", "json", "ndjson", "xml"])
def test_a_large_file_is_not_held(form: str) -> None:
    rows = 40_000 if form == "json" else 20_000
    row = ROWS[1]
    whole = {
        "csv": (as_csv(ROWS).splitlines(keepends=True)[0], as_csv([row]).splitlines(keepends=True)[1], b""),
        "ndjson": (b"", as_ndjson([row]), b""),
        "json": (b'{"meta": {"n": 1}, "sales": [' + json.dumps(row).encode(), b", " + json.dumps(row).encode(), b"]}"),
        "xml": (b"<report>", as_xml([row]).partition(b"</made>")[2].removesuffix(b"</report>"), b"</report>"),
    }[form]
    file = cast("BinaryIO", io.BufferedReader(_Endless(whole[0], whole[1], rows, whole[2])))
    tracemalloc.start()
    try:
        records: Iterator[object] = open_table(file, len).records
        assert sum(1 for _ in records) == rows + (form == "json")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4_000_000, f"{peak:,} bytes for {rows * len(whole[1]):,} of file"
