"""Report, picture, transactions and imports, as finance uses them."""

import html
import io
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from apiflask import APIFlask

from affiliate.articles.article import ArticleFacts
from affiliate.articles.publish import rewrite_article
from affiliate.links.sites import find_site
from affiliate.reports.dimensions import DIMENSIONS
from affiliate.store.tables import ColumnMap, ImportRun, Placement, Transaction
from affiliate.web import Services
from tests.reports.ledgers import checked
from tests.web.conftest import Visitor
from tests.web.newsroom import ARTICLE, ARTICLE_URL, Script, furnish, new_token

MAP = """
external_id = "Order"
advertiser = "Shop"
commission = "Commission"
currency = "Currency"
transaction_at = "Date"
status = "State"
sub_id = "Ref"
"""
HEADER = "Order,Shop,Commission,Currency,Date,State,Ref\n"


@pytest.fixture
def token(services: Services) -> str:
    """The placement of the one paid link of a published article."""
    furnish(services)
    with services.store.transaction() as session:
        facts = ArticleFacts(url=ARTICLE_URL, title="Partywear", author="Imogen")
        rewrite_article(session, site=find_site(session), html=ARTICLE, article=facts, now=services.clock())
        return session.query(Placement).filter(Placement.article_id.is_not(None)).one().token


@pytest.fixture
def finance(token: str, signed_in: Callable[[str], Visitor]) -> Visitor:
    return signed_in("finance")


def upload(finance: Visitor, content: str, step: str = "import", **sent: Any) -> Any:
    values = {"network": "generic", "columns": MAP, "step": step, **sent}
    return finance.post("/imports/new", file=(io.BytesIO(content.encode()), "sales.csv"), **values)


def sales(token: str) -> str:
    return (
        HEADER
        + f"1,Shop,12.50,GBP,2026-11-18T10:00:00+00:00,approved,{token}\n"
        + f"2,Shop,4.00,GBP,2026-11-19T10:00:00+00:00,pending,{token}\n"
        + "3,Shop,9.00,USD,2026-11-19T11:00:00+00:00,declined,\n"
    )


# ---- who ------------------------------------------------------------------------------------------------------------

PATHS = (
    "/reports/commissions",
    "/reports/commissions.csv",
    "/reports/commissions.json",
    "/reports/commissions/clicks.svg",
    "/transactions",
    "/transactions/1",
    "/imports",
    "/imports/new",
    "/imports/1",
)


@pytest.mark.parametrize("path", PATHS)
def test_money_is_shut_to_strangers_and_editors(
    finance: Visitor, token: str, signed_in: Callable[[str], Visitor], path: str
) -> None:
    upload(finance, sales(token))
    assert finance.get(path).status_code == 200
    assert signed_in("admin").get(path).status_code == 200
    assert signed_in("editor").get(path).status_code == 403
    finance.post("/logout")
    assert finance.get(path).status_code == 303


# ---- report ---------------------------------------------------------------------------------------------------------


def test_the_empty_report_says_what_to_do_first(signed_in: Callable[[str], Visitor]) -> None:
    page = signed_in("finance").get("/reports/commissions").text
    assert "Nothing in these days" in page
    assert 'href="/imports/new"' in page


def test_the_report_shows_each_currency_apart_with_the_disclosure(finance: Visitor, token: str) -> None:
    upload(finance, sales(token))
    page = html.unescape(finance.get("/reports/commissions?by=article").text)
    assert "£16.50" in page
    assert "earned: pending and approved" in page
    assert "US$9.00" in page
    assert "Not attributed" in page
    assert "We earn a commission if you buy through links marked Ad." in page
    assert 'value="day"' in page
    assert "since 20 Nov 2026" in page
    assert "22 Oct 2026 to 20 Nov 2026, Europe/London" in page
    assert "100%" in page


FIGURE = re.compile(r'data-label="Transactions"><a class="plain" href="([^"]+)">(\d+)</a>')


@pytest.mark.parametrize("by", DIMENSIONS)
def test_the_rows_of_every_cut_lead_to_their_transactions(finance: Visitor, token: str, by: str) -> None:
    upload(finance, sales(token))
    page = finance.get(f"/reports/commissions?by={by}&from=2025-12-01&to=2026-12-01").text
    assert f'<option value="{by}" selected>' in page
    figures = [(html.unescape(address), int(shown)) for address, shown in FIGURE.findall(page)]
    assert len(figures) >= 4, "rows and totals in two currencies"
    for address, shown in figures:
        listed = finance.get(address).text
        assert listed.count('href="/transactions/') == shown, address


@pytest.fixture
def failing(services: Services, token: str) -> None:
    """The article's check failed the day before yesterday."""
    with services.store.transaction() as session:
        place = session.query(Placement).filter_by(token=token).one()
        checked(session, place, services.clock() - timedelta(days=2), uk="FAIL", amazon="PASS")


def band(page: str) -> str:
    return " ".join(html.unescape(page).partition('id="band-heading"')[2].partition("</section>")[0].split())


def test_finance_sees_at_once_what_was_earned_on_pages_that_fail(finance: Visitor, token: str, failing: None) -> None:
    upload(finance, sales(token) + "4,Shop,3.50,GBP,2026-11-19T12:00:00+00:00,approved,\n")
    home = finance.get("/", follow_redirects=True).text
    said = band(home)
    assert "<strong>£16.50 of £20.00</strong> (82.5%) was earned" in said
    assert "1 article that fails" in said
    assert "£3.50" in said.partition("are no article")[2]
    [rows] = re.findall(r'<a href="([^"]+)">1 article that fails', home)
    alone = html.unescape(finance.get(html.unescape(rows)).text)
    assert "Only what was earned on pages that fail." in alone
    assert "Partywear" in alone
    assert "Not attributed" not in alone
    assert "earned: pending and approved" in alone
    assert "£20.00" not in alone


def test_a_cut_that_knows_no_article_leads_to_what_was_earned_on_pages_that_fail(
    finance: Visitor, token: str, failing: None
) -> None:
    upload(finance, sales(token))
    page = finance.get("/reports/commissions?by=network&from=2026-11-01&to=2026-12-01").text
    assert band(page) == ""
    [address] = re.findall(r'<a href="([^"]+)">What of it was earned on pages that fail', page)
    address, _, place = html.unescape(address).partition("#")
    assert "from=2026-11-01" in address
    assert f'id="{place}"' in finance.get(address).text


def test_rows_name_the_verdict_of_each_profile(finance: Visitor, token: str, failing: None) -> None:
    upload(finance, sales(token))
    page = html.unescape(finance.get("/reports/commissions").text)
    assert '<span class="status FAIL">FAIL</span>' in page
    assert "amazon PASS, uk FAIL" in page
    assert "checked 18 Nov 2026" in page


def test_what_no_check_looked_at_is_said_to_be_unknown(finance: Visitor, token: str) -> None:
    upload(finance, sales(token))
    said = band(finance.get("/reports/commissions").text)
    assert "Nothing was earned in these days on an article whose check failed" in said
    assert "<strong>£16.50 of £16.50</strong> on" in said
    assert "1 article that was not checked</a>: nobody knows." in said
    assert '<span class="status not-checked">not checked</span>' in finance.get("/reports/commissions").text


def test_figures_of_failing_pages_lead_to_their_transactions_alone(finance: Visitor, token: str, failing: None) -> None:
    upload(finance, sales(token))
    page = finance.get("/reports/commissions?by=network&disclosure=failing").text
    figures = [(html.unescape(address), int(shown)) for address, shown in FIGURE.findall(page)]
    assert [shown for _, shown in figures] == [2, 2], "the row and the total"
    for address, shown in figures:
        listed = finance.get(address).text
        assert "Only those of pages that fail." in html.unescape(listed)
        assert listed.count('href="/transactions/') == shown, address
        assert "amazon PASS, uk FAIL" in listed
    for form in ("csv", "json"):
        file = finance.get(f"/reports/commissions.{form}?by=network&disclosure=failing").text
        assert "9.00" not in file


def test_a_transaction_says_what_its_article_showed_when_it_was_sold(
    finance: Visitor, token: str, failing: None
) -> None:
    upload(finance, sales(token))
    before, after = (html.unescape(finance.get(f"/transactions/{number}").text) for number in (1, 2))
    assert "not checked" in before
    assert "when it was sold" in before
    assert "amazon PASS, uk FAIL" in after


def test_scripts_get_the_same_lines_and_verdicts(
    app: APIFlask, services: Services, finance: Visitor, token: str, failing: None
) -> None:
    upload(finance, sales(token))
    script = Script(app.test_client(), new_token(services, "reports:read", "transactions:read"))
    days = {"from": "2026-11-01", "to": "2026-12-01"}
    report = script.get("/reports/commissions", **days, by="article").json
    alone = script.get("/reports/commissions", **days, by="network", disclosure="failing").json
    listed = script.get("/transactions", **days, disclosure="failing").json
    assert report is not None
    assert alone is not None
    assert listed is not None
    [row] = [row for row in report["rows"] if row["currency"] == "GBP"]
    assert (row["disclosure"]["verdict"], row["disclosure"]["verdicts"]) == ("FAIL", {"amazon": "PASS", "uk": "FAIL"})
    [line] = [line for line in report["by_disclosure"] if (line["disclosure"], line["currency"]) == ("failing", "GBP")]
    assert (line["articles"], line["commission_approved"], line["share"]) == (1, "12.50", 1.0)
    assert [(each["currency"], each["transactions"]) for each in alone["totals"]] == [("GBP", 2)]
    assert (listed["total"], {each["disclosure"]["verdict"] for each in listed["items"]}) == (2, {"FAIL"})
    assert script.get("/reports/commissions", **days, disclosure="guilty").status_code == 422


def test_coverage_names_no_amounts_that_the_figures_above_do_not(finance: Visitor, token: str) -> None:
    reversal = "4,Shop,-2.00,GBP,2026-11-19T12:00:00+00:00,approved,\n"
    upload(finance, sales(token) + reversal)
    page = html.unescape(finance.get("/reports/commissions").text)
    panel = " ".join(page.partition('id="coverage"')[2].partition("</section>")[0].split())
    assert "£14.50" in page
    assert "<strong>89.2%</strong> of the commission in GBP is attributed to an article." in panel
    assert "a reversal, which lowers what is earned above, counts in it like a sale" in panel
    assert "£" not in panel


def test_rows_name_their_site(finance: Visitor, token: str) -> None:
    upload(finance, sales(token))
    assert "<small>Imogen, My site</small>" in finance.get("/reports/commissions").text


@pytest.mark.parametrize(("first", "name"), [("2024-12-01", "1 Dec 2024"), ("2026-11-01", "1 Nov")])
def test_a_picture_names_few_days_and_the_year_where_it_could_be_another(
    finance: Visitor, token: str, first: str, name: str
) -> None:
    upload(finance, sales(token))
    drawn = ET.fromstring(finance.get(f"/reports/commissions/GBP.svg?from={first}&to=2026-12-01").data)  # noqa: S314 - our own drawing
    below = [each.text for each in drawn.iterfind(".//{*}g[@class='axis x']//{*}text")]
    assert below[0] == name
    assert len(below) <= 6


def test_rarer_questions_stand_folded_until_they_are_asked(finance: Visitor) -> None:
    for path in ("/reports/commissions", "/transactions"):
        folded, asked = finance.get(path).text, finance.get(f"{path}?date_basis=validation").text
        assert "<details >" in folded.partition("As known at")[0]
        assert "<details open>" in asked.partition("As known at")[0]


def test_csv_and_json_hold_what_the_page_shows(finance: Visitor, token: str) -> None:
    upload(finance, sales(token))
    answer = finance.get("/reports/commissions.json?from=2026-11-01&to=2026-12-01&by=author")
    assert answer.json is not None
    assert answer.json["basis"]["from"] == "2026-11-01"
    [pounds] = [row for row in answer.json["rows"] if row["currency"] == "GBP"]
    assert (pounds["author"], pounds["commission_approved"], pounds["transactions"]) == ("Imogen", "12.50", 2)
    csv = finance.get("/reports/commissions.csv?by=author")
    assert csv.mimetype == "text/csv"
    assert "commissions-by-author-2026-10-22-2026-11-21.csv" in csv.headers["Content-Disposition"]
    assert csv.text.startswith("author,clicks,clicks_raw,clicks_network_comparable,transactions,")


def test_the_picture_is_an_image_without_scripts_or_foreign_addresses(finance: Visitor, token: str) -> None:
    upload(finance, sales(token))
    for what in ("clicks", "GBP"):
        answer = finance.get(f"/reports/commissions/{what}.svg")
        assert answer.mimetype == "image/svg+xml"
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
        drawn = ET.fromstring(answer.data)  # noqa: S314 - our own drawing
        assert not drawn.findall(".//{http://www.w3.org/2000/svg}script")
        assert "@import" not in answer.text
        assert "url(http" not in answer.text
    assert finance.get("/reports/commissions/CHF.svg").status_code == 404
    assert finance.get("/reports/commissions/clicks.svg?from=2020-01-01&to=2020-03-01").status_code == 200


@pytest.mark.parametrize(
    "query",
    ["disclosure=guilty", "from=2026-11-02&to=2026-11-01", "from=x", "from=0001-01-01", "to=9999-12-31", "by=moon", "date_basis=x", "as_of=x",
     "as_of=0001-01-01", "from=1990-01-01&to=2026-01-01"],
)  # fmt: skip
def test_a_question_that_cannot_be_answered_is_refused_in_words(finance: Visitor, query: str) -> None:
    for path in (
        "/reports/commissions",
        "/reports/commissions.csv",
        "/reports/commissions/clicks.svg",
        "/transactions",
    ):
        if path == "/transactions" and query == "by=moon":
            continue
        assert finance.get(f"{path}?{query}").status_code == 422


# ---- transactions ---------------------------------------------------------------------------------------------------


def test_a_figure_leads_to_its_transactions_and_their_payload(finance: Visitor, token: str) -> None:
    upload(finance, sales(token))
    listed = finance.get("/transactions?by=article&key=1&status=approved&currency=GBP").text
    assert "1 transaction," in listed
    assert "Partywear" in listed
    assert 'href="/transactions/1"' in listed
    none = finance.get("/transactions?by=article").text
    assert "belong to no article" in html.unescape(none)
    assert 'href="/transactions/3"' in none
    detail = html.unescape(finance.get("/transactions/1").text)
    assert '"Commission": "12.50"' in detail
    assert token in detail
    assert 'href="/imports/1"' in detail
    assert 'href="/articles/1"' in detail


def test_a_later_version_shows_what_changed(finance: Visitor, token: str) -> None:
    upload(finance, sales(token))
    upload(finance, HEADER + f"2,Shop,3.00,GBP,2026-11-19T10:00:00+00:00,approved,{token}\n")
    detail = finance.get("/transactions/2").text
    assert "status: <del>pending</del> → <ins>approved</ins>" in detail
    assert "<del>4.00" in detail or "<del>4" in detail
    assert detail.index("approved</ins>") < detail.index("First heard of")


@pytest.mark.parametrize(
    "query", ["status=x", "by=article&key=x", "by=moon", "currency=%00", "by=author&key=%00", "page=x"]
)
def test_a_strange_question_for_transactions_is_no_failure(finance: Visitor, query: str) -> None:
    assert finance.get("/transactions?" + query).status_code in (200, 422)


@pytest.mark.parametrize(
    "path", ["/transactions/99", "/transactions/99999999999999999999", "/imports/99", "/imports/9999999999"]
)
def test_unknown_numbers_are_404(finance: Visitor, path: str) -> None:
    assert finance.get(path).status_code == 404


# ---- imports --------------------------------------------------------------------------------------------------------


def test_a_preview_stores_nothing_and_keeps_the_file_for_the_import(
    finance: Visitor, token: str, services: Services
) -> None:
    page = upload(finance, sales(token), step="preview")
    assert page.status_code == 200
    assert "What sales.csv would do" in page.text
    assert "<strong>3</strong><span>new transactions</span>" in page.text
    with services.store.reading() as session:
        assert session.query(ImportRun).count() == session.query(Transaction).count() == 0
    packed = page.text.partition('name="packed" value="')[2].partition('"')[0]
    done = finance.post(
        "/imports/new",
        network="generic", columns=MAP, map_name="mine", step="import", packed=packed, file_name="sales.csv",
    )  # fmt: skip
    assert done.status_code == 303
    with services.store.reading() as session:
        assert session.query(Transaction).count() == 3
        assert session.query(ColumnMap).one().name == "mine"
    again = upload(finance, sales(token), columns="", map="mine")
    assert again.status_code == 303
    assert "3 unchanged" in finance.get(again.headers["Location"]).text


def test_a_run_shows_what_was_set_aside_and_can_be_undone(finance: Visitor, token: str, services: Services) -> None:
    bad = (
        f"4,Shop,1.00,,2026-11-19T10:00:00+00:00,approved,{token}\n5,Shop,1.00,GBP,x,what,\n"
        "6,Shop,1.00,GBP,2026-11-19T10:00:00+00:00,,\n"
    )
    upload(finance, sales(token) + bad)
    page = html.unescape(finance.get("/imports/1").text)
    assert "Line 5" in page
    assert "Line 6" in page
    assert "currency" in page
    assert "The field status (column “State”) is missing." in page
    assert finance.post("/imports/1/undo").status_code == 422
    assert finance.post("/imports/1/undo", sure="yes").status_code == 303
    assert "Undone 20 Nov 2026" in finance.get("/imports/1").text
    assert "Nothing in these days" in finance.get("/reports/commissions").text
    assert "every import that named it was undone" in finance.get("/transactions/1").text
    assert finance.post("/imports/1/undo", sure="yes").status_code == 409


@pytest.mark.parametrize(
    ("content", "sent", "said"),
    [
        ("", {}, "There is no file"),
        ("x", {"network": ""}, "Choose the network"),
        ("x", {"network": "nobody"}, "nobody"),
        ("x", {"network": "awin"}, "not imported"),
        ("x", {"columns": ""}, "choose a saved column map"),
        ("x", {"columns": "= ="}, "cannot be read"),
        ("x", {"columns": 'external_id = "A"'}, "is missing"),
        ("x", {"columns": "", "map": "nobody"}, "no column map"),
        ("x", {"columns": "", "map": "/etc/passwd.toml"}, "no saved column map"),
        ("a,b\n1,2\n", {}, "not imported"),
        (HEADER, {"as_of": "x"}, "no moment"),
        (HEADER, {"as_of": "2030-01-01T00:00"}, "in the future"),
        (HEADER, {"time_zone": "Moon/Crater"}, "no time zone"),
        (HEADER, {"currency": "XXQ"}, "no ISO 4217"),
    ],
)
def test_a_file_that_cannot_be_imported_says_why(
    finance: Visitor, services: Services, content: str, sent: dict[str, str], said: str
) -> None:
    page = upload(finance, content, **sent)
    assert page.status_code in (404, 422)
    assert said in html.unescape(page.text)
    with services.store.reading() as session:
        assert session.query(ImportRun).count() == 0


@pytest.mark.parametrize("packed", ["x", "####", "eJw=", "QUJD"])
def test_a_damaged_form_is_refused(finance: Visitor, packed: str) -> None:
    answer = finance.post(
        "/imports/new", network="generic", columns=MAP, packed=packed, file_name="x.csv", step="import"
    )
    assert answer.status_code == 422


def test_the_header_of_a_csv_helps_to_write_its_map(finance: Visitor) -> None:
    page = upload(finance, "Bestellung;Händler\n1;Abc\n", step="preview", columns="").text
    assert "Bestellung" in page
    assert "Händler" in page


def test_the_networks_own_json_is_taken(finance: Visitor, token: str) -> None:
    row = {
        "id": 990001, "advertiserId": 7011, "publisherId": 45628, "commissionStatus": "pending",
        "commissionAmount": {"amount": 5.59, "currency": "GBP"}, "saleAmount": {"amount": 55.96, "currency": "GBP"},
        "clickRefs": {"clickRef": token}, "transactionDate": "2026-11-18T20:04:00", "type": "Commission group transaction",
    }  # fmt: skip
    done = upload(finance, json.dumps([row]), network="awin", columns="")
    assert done.status_code == 303, done.text
    assert "£5.59" in finance.get("/reports/commissions").text
