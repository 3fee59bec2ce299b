"""A table that nobody knows yet: looked at, confirmed, previewed, imported; what it set aside is read again."""

import html
import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from openpyxl import Workbook

from affiliate.store.tables import ColumnMap, ImportRun, TransactionVersion
from affiliate.web.services import Services
from tests.web.conftest import Visitor
from tests.web.newsroom import furnish

GERMAN = (
    "Transaktions-ID;Händler;Provision (€);Datum;Status\n"
    "1;Acme;1.234,50;03/04/2026 10:11;Bestätigt\n"
    "2;Acme;1,50;13/04/2026 11:12;Geprüft\n"
).encode("cp1252")


@pytest.fixture
def finance(services: Services, signed_in: Callable[[str], Visitor]) -> Visitor:
    furnish(services)
    return signed_in("finance")


def send(finance: Visitor, content: bytes, name: str = "partner.csv", step: str = "preview", **sent: Any) -> Any:
    return finance.post(
        "/imports/new", file=(io.BytesIO(content), name), **{"network": "generic", "step": step, **sent}
    )


def shown(answer: Any) -> str:
    return re.sub(r"\s+", " ", html.unescape(answer.text))


FILLED = {
    "mapped": "yes",
    "at.external_id": "Transaktions-ID",
    "at.advertiser": "Händler",
    "at.commission": "Provision (€)",
    "all.currency": "EUR",
    "at.transaction_at": "Datum",
    "at.status": "Status",
    "option.decimal": ",",
    "option.date_format": "%d/%m/%Y %H:%M",
}


def test_a_file_that_nobody_knows_is_shown_as_it_is_understood(finance: Visitor, services: Services) -> None:
    answer = send(finance, GERMAN)
    page = shown(answer)
    assert answer.status_code == 200
    assert "CSV, written in cp1252, columns parted by semicolons." in page
    assert "Provision (€): 1.234,50 → 1234.50" in page
    assert "Datum: 03/04/2026 10:11 → 3 April 2026, 10:11:00" in page
    assert "What does “Geprüft” mean: pending, approved, declined?" in page
    assert '<select id="at.commission" name="at.commission">' in page
    assert "<option selected>Provision (€)</option>" in page
    assert 'name="all.currency" value="EUR"' in page
    with services.store.reading() as session:
        assert session.query(ImportRun).count() == 0


def test_what_was_confirmed_is_previewed_and_then_imported(finance: Visitor, services: Services) -> None:
    words: dict[str, Any] = {"their": ["status.Bestätigt", "status.Geprüft"], "ours": ["approved", "pending"]}
    preview = send(finance, GERMAN, **FILLED, **words)
    assert "new: commission 1234.50 EUR, approved" in shown(preview)
    assert "<option selected>pending</option>" in shown(preview)
    packed = re.search(r'name="packed" value="([^"]+)"', preview.text)
    assert packed
    done = finance.post(
        "/imports/new",
        network="generic",
        step="import",
        packed=packed.group(1),
        file_name="partner.csv",
        map_name="partner",
        **FILLED,
        **words,
    )
    assert done.status_code == 303
    with services.store.reading() as session:
        assert [f"{row.commission:.2f}" for row in session.query(TransactionVersion)] == ["1234.50", "1.50"]
        assert session.get_one(ColumnMap, "partner").columns["status.Geprüft"] == "pending"
    assert "2 unchanged" in finance.get(send(finance, GERMAN, step="import", map="partner").headers["Location"]).text


def test_a_question_left_open_keeps_the_row_aside_and_it_is_read_again(finance: Visitor, services: Services) -> None:
    words: dict[str, Any] = {"their": ["status.Bestätigt", "status.Geprüft"], "ours": ["approved", ""]}
    assert send(finance, GERMAN, step="import", **FILLED, **words).status_code == 303
    page = shown(finance.get("/imports/1"))
    assert "Read them again" in page
    assert finance.post("/imports/1/replay", columns="= =").status_code == 422
    finance.post("/imports/1/replay")
    assert "Nothing of it can be booked yet" in shown(finance.get("/imports/1"))
    answer = finance.post("/imports/1/replay", columns='"status.Geprüft" = "pending"')
    assert answer.status_code == 303
    page = shown(finance.get("/imports/1"))
    assert "Imported: 1 new" in page
    assert '<a href="/imports/2">import 2</a>; it was:' in page
    assert "Read them again" not in page
    assert finance.post("/imports/2/undo", sure="yes").status_code == 303
    assert "Read them again" in shown(finance.get("/imports/1"))


def test_a_sheet_of_a_workbook_is_looked_at(finance: Visitor) -> None:
    book = Workbook()
    assert book.active is not None
    book.active.title = "Sales"
    for row in (["Order ID", "Merchant", "Commission", "Date", "Status"], [7, "Acme", 1.5, "2026-11-01", "approved"]):
        book.active.append(row)
    written = io.BytesIO()
    book.save(written)
    page = shown(send(finance, written.getvalue(), "sales.xlsx"))
    assert "XLSX, rows in “Sales”." in page
    assert "In which currency are the amounts?" in page


def test_a_network_with_a_ready_map_asks_for_the_rest(finance: Visitor) -> None:
    row = b'[{"commissionId": "c1", "merchantGroupId": 5, "publisherRevenue": 1.5, "commissionDate": "2026-11-01"}]'
    page = shown(send(finance, row, "sovrn.json", network="sovrn"))
    assert "Which column holds the status?" in page
    assert "<option selected>publisherRevenue</option>" in page


def test_a_network_with_a_whole_map_is_previewed_at_once(finance: Visitor) -> None:
    text = b"transaction_id,program_id,commission,date,status\n1,5,1.50,2026-11-01,paid\n"
    page = shown(send(finance, text, "ascend.csv", network="pepperjam", currency="USD"))
    assert "new: commission 1.50 USD, approved" in page
    assert "<option selected>program_id</option>" in page


def test_amazon_s_period_and_date_style_can_be_said(finance: Visitor, services: Services) -> None:
    content = b"Tracking ID,Date Shipped,ASIN,Ad Fees($)\nt-20,03/04/2026,B1,1.50\n"
    assert "Say --column date_format" in shown(send(finance, content, network="amazon", currency="USD"))
    said = {"network": "amazon", "currency": "USD", "period": "2026-04", "columns": 'date_format = "%d/%m/%Y"'}
    assert send(finance, content, step="import", **said).status_code == 303
    with services.store.reading() as session:
        run = session.query(ImportRun).one()
        assert run.period == "amazon 2026-04 t-20"


@pytest.mark.parametrize("path", ["/imports/9/replay"])
def test_an_unknown_run_is_not_replayed(finance: Visitor, path: str) -> None:
    assert finance.post(path).status_code == 404


def test_what_a_file_leaves_open_is_asked_on_the_page_and_its_field_answers(
    finance: Visitor, services: Services
) -> None:
    text = b"Id,Shop,Sum,Day,State\n1,A,1.000,01/02/2026,approved\n"
    filled = {
        "mapped": "yes",
        "at.external_id": "Id",
        "at.advertiser": "Shop",
        "at.commission": "Sum",
        "all.currency": "EUR",
        "at.transaction_at": "Day",
        "at.status": "State",
    }
    refused = send(finance, text, step="import", **filled)
    page = shown(refused)
    assert refused.status_code == 422
    assert (
        "partner.csv was not imported: Is the mark in 1.000 the decimal mark, or does it part thousands? (line 2)"
        in page
    )
    assert "Does 01/02/2026 begin with the day" in page
    assert "Say it below." in page
    assert "--column" not in page
    answers = {"option.decimal": ",", "option.date_format": "%d/%m/%Y"}
    assert send(finance, text, step="import", **filled, **answers).status_code == 303
    with services.store.reading() as session:
        row = session.query(TransactionVersion).one()
        assert (f"{row.commission:.2f}", f"{row.transaction_at:%Y-%m-%d}") == ("1000.00", "2026-02-01")
    assert "Read its rows anew" in finance.get("/imports/1").text
    finance.post("/imports/1/replay", columns='date_format = "%m/%d/%Y"')
    assert "1 amended" in shown(finance.get("/imports/1"))


def test_a_doubted_row_is_said_to_amend_on_the_page(finance: Visitor) -> None:
    for number, row in enumerate(("p1,A,5.50,2026-11-01,approved,o1", "p1,A,7.00,2026-11-02,approved,o2"), start=1):
        text = f"Id,Shop,Sum,Day,State,Order\n{row}\n".encode()
        columns = {
            "external_id": "Id",
            "advertiser": "Shop",
            "commission": "Sum",
            "transaction_at": "Day",
            "status": "State",
        }
        filled = {f"at.{name}": column for name, column in {**columns, "order_ref": "Order"}.items()}
        page = finance.get(
            send(finance, text, step="import", mapped="yes", **filled, **{"all.currency": "EUR"}).headers["Location"]
        )
        assert ("is known as another sale" in page.text) == (number == 2)
    assert finance.post("/imports/2/replay", amends="x").status_code == 422
    finance.post("/imports/2/replay", amends="2")
    assert "1 amended" in shown(finance.get("/imports/2"))


def test_a_network_s_own_report_is_named_on_the_page(finance: Visitor) -> None:
    row = b'[{"etransaction_id": "e", "advertiser_id": 1, "commissions": 1.5, "currency": "USD"}]'
    assert "This is Rakuten Advertising’s own report" in shown(send(finance, row, "x.json"))


NAMES = (
    "../../etc/passwd",
    "C:\\fakepath\\x.csv",
    "a\r\nSet-Cookie: x=y.csv",
    "a\x00.csv",
    "\u202evsc.exe",
    "<script>alert(1)</script>.csv",
    "\"'`.csv",
    "x" * 10_000 + ".csv",
    "\u2028line.csv",
    " ",
)


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_kept_and_shown_under_a_name_of_one_line(finance: Visitor, services: Services, name: str) -> None:
    words: dict[str, Any] = {"their": ["status.Bestätigt", "status.Geprüft"], "ours": ["approved", "pending"]}
    in_a_header = name.replace("\r\n", "%0D%0A").replace('"', "%22")  # as browsers send it (HTML, multipart/form-data)
    preview = send(finance, GERMAN, name=in_a_header, **FILLED, **words)
    packed = re.search(r'name="packed" value="([^"]+)"', preview.text)
    assert packed
    sent = {"network": "generic", "step": "import", "packed": packed.group(1), "file_name": name}
    done = finance.post("/imports/new", **sent, **FILLED, **words)
    assert done.status_code == 303, shown(done)
    with services.store.reading() as session:
        kept = session.query(ImportRun).one().file_name
    assert kept == "(no name)" or (kept.isprintable() and len(kept) <= 255)
    page = finance.get(done.headers["Location"])
    assert page.status_code == 200
    assert html.unescape(page.text).count(kept)
    assert "<script>alert" not in page.text + preview.text
    assert not {"Set-Cookie: x=y.csv"} & {f"{key}: {value}" for key, value in done.headers}
