"""Amazon's earnings report. Header lines and rows are those of importers' tests in public code: see samples/README.md."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from affiliate.errors import UnreadableFile
from affiliate.networks.base import Reading
from affiliate.networks.registry import network
from tests.networks.reports import Report, read_as

SAMPLES = Path(__file__).parent / "samples"
ENGLISH = (SAMPLES / "amazon_earnings_en.csv").read_bytes()
SPANISH = (SAMPLES / "amazon_earnings_es.csv").read_bytes()
ORDERS = (SAMPLES / "amazon_orders_en.csv").read_bytes()
TITLED = (
    b"Fee earnings report from 06/01/2026 to 06/30/2026\n"
    b"Date Shipped,Product Name,ASIN,Seller,Tracking ID,Sub Tag,Product Link Type,Price,Items Shipped,Returns,Revenue,Ad Fees\n"
    b'06/03/2026,"Gaming Desk, 55 inch",B0AAA111,Amazon.com,must-20,a0123456789x,Text,129.99,1,0,129.99,5.20\n'
    b"06/10/2026,Mouse Pad,B0BBB222,Amazon.com,must-20,,Text,14.99,2,0,29.98,1.20\n"
)


def read(content: bytes, currency: str | None = None, **said: str) -> Report:
    return read_as("amazon", content, Reading(currency=currency, said=said))


def table(*rows: str, header: str = "Tracking ID,Date Shipped,ASIN,Ad Fees(£),Revenue(£)") -> bytes:
    return "\n".join([header, *rows, ""]).encode()


def days(report: Report) -> list[str]:
    return [row.transaction_at.date().isoformat() for row in report.good]


def test_equal_rows_are_two_sales_and_a_return_is_negative() -> None:
    report = read(ENGLISH, "MXN")
    assert not report.bad
    assert [row.commission.amount for row in report.good] == [Decimal(c) for c in ("51.96", "53.94", "53.94", "-20.00")]
    assert len({(row.external_id, row.line_id) for row in report.good}) == 4
    assert [row.sale.amount for row in report.good if row.sale][-1] == Decimal("-500.00")
    assert {row.commission.currency for row in report.good} == {"MXN"}


def test_both_styles_of_dates_are_read() -> None:
    assert days(read(ENGLISH, "MXN")) == ["2026-09-15", "2026-09-16", "2026-09-16", "2026-09-17"]


def test_a_title_stands_above_a_spanish_header() -> None:
    (row,) = read(SPANISH, "USD").good
    assert (row.publisher_ref, str(row.commission), str(row.sale)) == ("aventa-x-20", "50.02 USD", "1250.50 USD")
    assert row.transaction_at == datetime(2026, 9, 15, tzinfo=UTC)


def test_a_row_is_shipped_so_approved_and_belongs_to_its_tag() -> None:
    row = read(ENGLISH, "MXN").good[0]
    assert (row.status, row.raw_status, row.payment, row.kind) == ("approved", "", "unpaid", "sale")
    assert (row.publisher_ref, row.advertiser_ref, row.sub_ids) == ("aventa-cap-20", "amazon.com.mx", ())


def test_a_dollar_is_not_decided_and_the_way_out_is_told() -> None:
    with pytest.raises(UnreadableFile, match=r"“\$” may be AUD, .*amazon.com.mx has MXN\)\. Say it with --currency"):
        read(ENGLISH)
    with pytest.raises(UnreadableFile, match="it names none"):
        read(SPANISH)


def test_a_currency_that_its_columns_are_not_in_is_refused() -> None:
    with pytest.raises(UnreadableFile, match=r"in “\$”, which is not EUR"):
        read(ENGLISH, "EUR")


def test_the_mark_of_one_currency_decides_it() -> None:
    (row,) = read(table("t-21,15 September 2026,B1,1.50,30.00")).good
    assert str(row.commission) == "1.50 GBP"


def test_the_orders_report_is_told_from_earnings() -> None:
    with pytest.raises(UnreadableFile, match="this is the orders report"):
        read(ORDERS, "MXN")


@pytest.mark.parametrize(
    ("row", "seller", "said", "day"),
    [
        ("03/04/2026", "", {"date_format": "%d/%m/%Y"}, "2026-04-03"),
        ("03/04/2026", "", {"date_format": "%m/%d/%Y"}, "2026-03-04"),
        ("03/04/2026", "Amazon.com", {}, "2026-03-04"),
        ("03/04/2026", "Amazon.co.uk", {}, "2026-04-03"),
        ("03/04/2026", "", {"marketplace": "amazon.de"}, "2026-04-03"),
        ("13/04/2026", "Amazon.com", {}, "2026-04-13"),
        ("04/13/2026", "Amazon.co.uk", {}, "2026-04-13"),
        ("03.04.2026", "", {}, "2026-04-03"),
        ("3. April 2026", "", {}, "2026-04-03"),
        ("2026-04-03", "", {}, "2026-04-03"),
        ("05/05/2026", "", {}, "2026-05-05"),
    ],
)
def test_the_file_then_the_marketplace_decide_what_a_date_means(
    row: str, seller: str, said: dict[str, str], day: str
) -> None:
    content = table(f"t-21,{row},B1,1.50,{seller}", header="Tracking ID,Date Shipped,ASIN,Ad Fees,Seller")
    assert days(read(content, "EUR", **said)) == [day]


@pytest.mark.parametrize("seller", ["", "Somebody", "Amazon.com.mx"])
def test_an_undecided_date_is_asked_for(seller: str) -> None:
    content = table(f"t-21,03/04/2026,B1,1.50,{seller}", header="Tracking ID,Date Shipped,ASIN,Ad Fees,Seller")
    with pytest.raises(UnreadableFile, match=r"03/04/2026 begins with the day .* --column date_format="):
        read(content, "MXN")


def test_a_title_may_decide_what_its_rows_leave_open() -> None:
    report = read(TITLED, "USD")
    assert days(report) == ["2026-06-03", "2026-06-10"]
    assert [row.sub_ids for row in report.good] == [("a0123456789x",), ()]


def test_dates_of_both_orders_contradict_each_other() -> None:
    with pytest.raises(UnreadableFile, match="some of its dates begin with the day, others with the month"):
        read(table("t-21,13/04/2026,B1,1.50,3.00", "t-21,04/13/2026,B1,1.50,3.00"))


def test_decimal_commas_are_found_and_doubt_is_told() -> None:
    header = "Tracking-ID;Date Shipped;ASIN;Einnahmen (€);Umsatz (€)"
    (row,) = read(table("t-21;15.09.2026;B1;1,50;1.250,00", header=header)).good
    assert (str(row.commission), str(row.sale)) == ("1.50 EUR", "1250.00 EUR")
    with pytest.raises(UnreadableFile, match="whether its decimal mark is a point or a comma"):
        read(table("t-21;15.09.2026;B1;1,250;", header=header))


def test_a_total_that_its_rows_do_not_make_says_that_rows_are_missing() -> None:
    lines = ENGLISH.splitlines(keepends=True)
    report = read(b"".join([*lines[:2], *lines[3:]]), "MXN")
    assert len(report.good) == 3
    assert ["139.84" in bad.reason and "85.90" in bad.reason for bad in report.bad] == [True]


def test_a_bad_cell_stops_its_row_alone() -> None:
    report = read(
        table("t-21,15 September 2026,B1,1.50,3.00", "t-21,someday,B1,1.50,3.00", "t-21,1 May 2026,B1,much,3")
    )
    assert [row.line for row in report.good] == [2]
    assert [bad.line for bad in report.bad] == [3, 4]


def test_columns_of_another_language_can_be_said() -> None:
    content = table("t-21;15.09.2026;B1;1,50", header="ID;Jour;ASIN;Gains")
    with pytest.raises(UnreadableFile, match=r"say which is which: --column publisher=…, .*--column commission=…"):
        read(content, "EUR")
    said = {"publisher": "ID", "transaction_at": "Jour", "commission": "Gains"}
    assert [str(row.commission) for row in read(content, "EUR", **said).good] == ["1.50 EUR"]


def test_a_file_names_its_marketplace_days_and_tags_as_its_period() -> None:
    import io

    period = network("amazon").reader.period  # type: ignore[union-attr]
    assert period is not None
    reading = Reading(currency="MXN")
    assert period(io.BytesIO(ENGLISH), reading) == "amazon.com.mx 2026-09-15..2026-09-17 aventa-cap-20"
    said = Reading(currency="MXN", said={"period": "2026-09"})
    assert period(io.BytesIO(ENGLISH), said) == "amazon.com.mx 2026-09 aventa-cap-20"


def test_a_row_is_known_again_wherever_it_stands() -> None:
    lines = ENGLISH.splitlines(keepends=True)
    ids = {(row.external_id, row.line_id) for row in read(ENGLISH, "MXN").good}
    turned = b"".join([lines[0], *reversed(lines[1:5]), lines[5]])
    assert {(row.external_id, row.line_id) for row in read(turned, "MXN").good} == ids
