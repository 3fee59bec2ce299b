from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affiliate.errors import AffiliateError, SettingsInvalid, UnreadableFile
from affiliate.money import Money
from affiliate.networks.base import APPROVED, DECLINED, PAID, PENDING, Reading
from affiliate.networks.reading.amounts import plain_amount
from affiliate.networks.reading.columns import ColumnMap
from tests.networks.reports import Report, read_as

MAP = {
    "external_id": "Order ID",
    "advertiser": "Shop",
    "commission": "Commission",
    "currency": "Currency",
    "transaction_at": "Date",
    "status": "State",
    "status.Confirmed": "approved",
    "status.Open": "pending",
    "status.Returned": "declined",
    "sub_id": "Ref",
}
HEADER = "Order ID,Shop,Commission,Currency,Date,State,Ref"
ROW = "17,Acme,1.50,GBP,2026-11-01T10:00:00,Confirmed,a0123456789x"


def read(text: str | bytes, changes: dict[str, str] | None = None, reading: Reading | None = None) -> Report:
    content = text if isinstance(text, bytes) else text.encode()
    columns = ColumnMap.parse({**MAP, **(changes or {})})
    given = reading or Reading()
    return read_as("generic", content, Reading(given.currency, given.time_zone, given.publisher_ref, columns))


def test_a_mapped_csv_is_read() -> None:
    (row,) = read(f"{HEADER}\n{ROW}\n", reading=Reading(time_zone="Europe/London", publisher_ref="me")).good
    assert (row.line, row.external_id, row.advertiser_ref, row.publisher_ref) == (2, "17", "Acme", "me")
    assert row.commission == Money(Decimal("1.50"), "GBP")
    assert (row.status, row.raw_status, row.kind) == (APPROVED, "Confirmed", "sale")
    assert row.transaction_at == datetime(2026, 11, 1, 10, tzinfo=UTC)
    assert row.sub_ids == ("a0123456789x",)
    assert row.payload["Shop"] == "Acme"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(delimiter: str) -> None:
    assert len(read(f"{HEADER}\n{ROW}\n".replace(",", delimiter)).good) == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_the_encoding_is_found(encoding: str) -> None:
    content = f"{HEADER}\n{ROW}\n".replace("Acme", "Café Müller").encode(encoding)
    assert read(content).good[0].advertiser_ref == "Café Müller"


def test_a_comma_may_be_the_decimal_mark_and_a_day_come_first() -> None:
    text = "Order ID;Shop;Commission;Currency;Date;State;Ref\n17;Acme;-1.234,5 €;EUR;31/12/2026 23:30;Returned;\n"
    (row,) = read(text, {"decimal": ",", "date_format": "%d/%m/%Y %H:%M"}, Reading(time_zone="Europe/Berlin")).good
    assert row.commission == Money(Decimal("-1234.5"), "EUR")
    assert row.transaction_at == datetime(2026, 12, 31, 22, 30, tzinfo=UTC)
    assert (row.status, row.sub_ids) == (DECLINED, ())


@pytest.mark.parametrize(
    ("text", "decimal", "plain"),
    [
        ("12.30", ".", "12.30"),
        ("1,250.50", ".", "1250.50"),
        ("£1,250", ".", "1250.0"),
        ("($1.23)", ".", "-1.23"),
        ("-$1.23", ".", "-1.23"),
        ("1,5", ".", None),
        ("12.30", ",", None),
        ("1.234,5", ",", "1234.5"),
        ("1 234,5", ",", "1234.5"),
        ("1,2,3", ".", None),
        ("1e5", ".", None),
        ("1_000", ".", None),
        ("", ".", None),
    ],
)
def test_an_amount_is_read_by_its_decimal_mark_or_not_at_all(text: str, decimal: str, plain: str | None) -> None:
    assert plain_amount(text, decimal) == plain


@pytest.mark.parametrize(
    "above",
    [
        "Earnings report\n",
        "sep=,\n",
        'Report,"1 October, 2026"\nAccount,me\n\n',
        '"Shop, Currency"\n',
        "a;b;c;d;e;f;g;h\n",
    ],
)
def test_titles_may_stand_above_the_header(above: str) -> None:
    (row,) = read(f"{above}{HEADER}\n{ROW}\n").good
    assert (row.external_id, row.line) == ("17", above.count("\n") + 2)


@pytest.mark.parametrize(("after_header", "after_row"), [(",", ","), (",", ""), ("", ","), (",,,", ","), ("", ",,,")])
def test_delimiters_at_the_end_of_lines_hold_nothing(after_header: str, after_row: str) -> None:
    report = read(f"{HEADER}{after_header}\n{ROW}{after_row}\n")
    assert [row.external_id for row in report.good] == ["17"]
    assert not report.bad


def test_a_total_below_the_rows_is_set_aside() -> None:
    report = read(f"{HEADER}\n{ROW}\nTotal,,1.50,,,,\n")
    assert [row.external_id for row in report.good] == ["17"]
    assert [bad.line for bad in report.bad] == [3]


def test_columns_of_one_name_that_nothing_asks_for_are_all_kept() -> None:
    (row,) = read(f"{HEADER},Note,,Note,\n{ROW},first,second,third,\n").good
    assert (row.payload["Note"], row.payload[""], row.payload["Note (2)"]) == ("first", "second", "third")


def test_the_accounts_currency_does_not_fill_an_empty_cell() -> None:
    report = read(f"{HEADER}\n{ROW.replace('GBP', '')}\n", reading=Reading(currency="EUR"))
    assert not report.good
    assert "currency" in report.bad[0].reason


def test_a_missing_column_is_named_beside_those_that_are_there() -> None:
    with pytest.raises(UnreadableFile) as refusal:
        read("Order ID,Shop,Commission,Date\n1,2,3,4\n")
    told = str(refusal.value)
    assert "no column “Currency”, “State”, “Ref”" in told
    assert "columns are: Order ID, Shop, Commission, Date." in told


def test_a_wanted_column_that_is_there_twice_is_refused() -> None:
    with pytest.raises(UnreadableFile, match="“Shop” is there twice"):
        read(f"{HEADER},Shop\n{ROW},x\n")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it is empty"),
        (b"\n\n", "it is empty"),
        (b"PK\x03\x04\x00\x00", "saved as CSV"),
        (HEADER.encode() + b'\n1,"open,3\n', "quotes do not close"),
    ],
)
def test_a_file_that_is_no_table_is_refused(content: bytes, words: str) -> None:
    with pytest.raises(UnreadableFile) as refusal:
        read(content)
    assert words in str(refusal.value)


def test_without_a_map_the_way_out_is_told() -> None:
    with pytest.raises(UnreadableFile, match="--map"):
        read_as("generic", HEADER.encode(), Reading())


def test_bad_rows_name_their_line_in_the_file_and_hide_no_good_ones() -> None:
    lines = [
        HEADER,
        ROW,
        "",
        '18,"Two\nlines",1.50,GBP,2026-11-01,Open,',
        "19,Acme,1.50,,2026-11-01,Open,",
        "20,Acme,1.50,GBP,2026-11-01,Lost,",
        "21,Acme,1.50,GBP,01.11.2026,Open,",
        '22,Acme,"1,5x",GBP,2026-11-01,Open,',
        ",Acme,1.50,GBP,2026-11-01,Open,",
        "24,Acme,1.50,GBP,2026-11-01,Open,,more",
        "25,Acme,1.50",
        ROW,
    ]
    report = read("\n".join(lines))
    assert [row.line for row in report.good] == [2, 4, 13]
    assert [bad.line for bad in report.bad] == [6, 7, 8, 9, 10, 11, 12]
    words = [
        "currency",
        "'Lost', an unknown word",
        "01.11.2026",
        "'1,5x', which is no amount",
        "external_id",
        "more cells",
        "fewer cells",
    ]
    for bad, expected in zip(report.bad, words, strict=True):
        assert expected in bad.reason
    assert '"status.Lost"' in report.bad[1].reason
    assert "column “Date”" in report.bad[2].reason


def test_constants_and_the_accounts_currency_stand_in_for_columns() -> None:
    text = "Order ID,Commission,Date\n17,1.50,2026-11-01\n"
    short = {name: MAP[name] for name in ("external_id", "commission", "transaction_at")}
    columns = ColumnMap.parse({**short, "advertiser": "=Acme", "status": "=approved", "payment": "=paid"})
    (row,) = read_as("generic", text.encode(), Reading(currency="EUR", columns=columns)).good
    assert (row.advertiser_ref, row.status, row.payment, row.commission.currency) == ("Acme", APPROVED, PAID, "EUR")


def test_our_own_words_need_no_mapping() -> None:
    (row,) = read(f"{HEADER}\n{ROW}\n".replace("Confirmed", "PENDING")).good
    assert (row.status, row.raw_status) == (PENDING, "PENDING")


def test_columns_with_personal_data_are_not_kept() -> None:
    (row,) = read(f"{HEADER},IP Address,Customer Name,E-Mail\n{ROW},1.2.3.4,Jo,jo@x.example\n").good
    assert set(row.payload) == set(HEADER.split(","))


def test_all_problems_of_a_map_are_told_at_once() -> None:
    with pytest.raises(SettingsInvalid) as refusal:
        ColumnMap.parse(
            {
                "external_id": "=1",
                "commision": "Commission",  # codespell:ignore commision
                "currency": "=EURO",
                "status": "State",
                "status.Gone": "reversed",
                "decimal": ";",
                "date_format": "%H:%M",
                "advertiser": 3,
            }
        )
    told = "\n".join(refusal.value.problems)
    for words in (
        "external_id differs",
        "commision is no field",  # codespell:ignore commision
        "'EURO' is no ISO 4217",
        "status.Gone is 'reversed'",
        "decimal is ';'",
        "date_format is '%H:%M'",
        "advertiser must be a text",
        "commission is missing",
        "transaction_at is missing",
    ):
        assert words in told
    assert len(refusal.value.problems) == 9


@given(
    st.one_of(
        st.binary(max_size=300), st.text(max_size=300).map(lambda text: f"{HEADER}\n{text}".encode(errors="ignore"))
    )
)
def test_no_content_at_all_ends_in_anything_but_a_report_or_a_refusal(content: bytes) -> None:
    for key, reading in (("generic", Reading(columns=ColumnMap.parse(MAP))), ("awin", Reading())):
        try:
            report = read_as(key, content, reading)
        except AffiliateError:
            continue
        assert report.rows == len(report.good) + len(report.bad)
