"""Reports as files."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from affiliate.clicks.count import MEANINGS
from affiliate.errors import InvalidInput
from affiliate.reports.commissions import CommissionsReport
from affiliate.reports.export import FORMATS, export, safe_cell
from affiliate.reports.scope import GROUPS
from affiliate.store import Store
from tests.commissions.sheets import book, newsroom, placed
from tests.reports.ledgers import checked, disclosed, october
from tests.rolled_up import roll_up

NOW = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)
NOON = datetime(2026, 10, 5, 12, 0, tzinfo=UTC)


@pytest.fixture
def report(sqlite_store: Store) -> CommissionsReport:
    with sqlite_store.transaction() as session:
        newsroom(session, NOW)
        formula = placed(session, slug="dress", article='=HYPERLINK("https://evil.example")', author="Zoë", now=NOW)
        roll_up(session, formula, NOON, 3)
        disclosed(session, formula, "present", NOON - timedelta(days=1))
        checked(session, formula, NOON, uk="FAIL", amazon="PASS")
        book(session, {"id": "1", "ref": formula.token}, {"id": "2", "commission": "-5.00", "sale": "-50"}, now=NOW)
        return october(session, now=NOW)


def test_json_is_the_contract(report: CommissionsReport) -> None:
    written = json.loads(export(report, "json"))
    assert written == report.as_json()
    assert list(written) == ["basis", "rows", "totals", "by_disclosure"]


def test_csv_has_a_stable_header_and_one_line_per_row(report: CommissionsReport) -> None:
    header, *lines = csv.reader(io.StringIO(export(report, "csv").decode()))
    assert header == [
        *["article", "title", "author", "site", "clicks", "clicks_raw", "clicks_network_comparable", "transactions"],
        *["transactions_pending", "transactions_approved", "transactions_declined"],
        *["commission_pending", "commission_approved", "commission_declined", "sale_amount", "currency"],
        *["epc", "cvr", "approval_rate"],
        *["disclosure_state", "disclosure_label", "disclosure_sentence", "disclosure_shown_from"],
        *["from", "to", "zone", "date_basis", "as_known_at", "sha256"],
        *["disclosure_verdict", "disclosure_verdicts", "disclosure_checked_at", "disclosure_filter"],
        *["commission_unpaid", "commission_invoiced", "commission_paid", "payment_filter"],
    ]
    attributed, rest = (dict(zip(header, line, strict=True)) for line in lines)
    assert attributed["author"] == "Zoë"
    assert (attributed["commission_pending"], attributed["epc"]) == ("5.00", "1.666667")
    assert (attributed["disclosure_state"], attributed["disclosure_label"]) == ("present", "Ad")
    assert attributed["disclosure_verdict"] == "FAIL"
    assert attributed["disclosure_verdicts"] == "amazon: PASS, uk: FAIL"
    assert attributed["disclosure_checked_at"] == NOON.isoformat()
    assert attributed["disclosure_filter"] == rest["disclosure_verdict"] == ""
    assert (attributed["from"], attributed["to"], attributed["zone"]) == ("2026-10-01", "2026-11-01", "Europe/London")
    assert (rest["article"], rest["epc"], rest["disclosure_state"]) == ("(not attributed)", "", "")


def test_a_text_that_would_run_as_a_formula_is_defused_and_a_negative_amount_is_not(report: CommissionsReport) -> None:
    header, *lines = csv.reader(io.StringIO(export(report, "csv").decode()))
    attributed, rest = (dict(zip(header, line, strict=True)) for line in lines)
    assert attributed["article"] == '\'=HYPERLINK("https://evil.example")'
    assert rest["commission_pending"] == "-5.00"


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\nx", "＝1+1", " =1+1", "\u00a0=1+1", "\u3000＝1+1", " \t@SUM(A1)"],
)
def test_every_beginning_of_a_formula_is_defused(text: str) -> None:
    assert safe_cell(text) == "'" + text


def test_numbers_are_cells_as_they_are() -> None:
    assert [safe_cell(value) for value in (None, 3, Decimal("-1.50"), Decimal("1E+3"), "plain")] == [
        "",
        "3",
        "-1.50",
        "1000",
        "plain",
    ]


def test_the_table_aligns_its_columns_and_ends_with_totals(report: CommissionsReport) -> None:
    lines = export(report, "table").decode().splitlines()
    assert lines[0].startswith("Commissions by article, 2026-10-01 to 2026-11-01 (exclusive), Europe/London")
    assert lines[1] == "Attributed to an article: 50.00 % of GBP."
    assert lines[5].endswith("present, FAIL (uk)")
    end = lines.index("", 3)
    assert len({len(line) for line in lines[3:end]}) == 1
    assert lines[end - 1].startswith("total")
    assert "(not attributed)" in lines[end - 2]
    groups = lines.index("", end + 1)
    assert lines[end + 1].startswith("By what the pages showed")
    assert len({len(line) for line in lines[end + 2 : groups]}) == 1
    assert [line.split()[0] for line in lines[end + 4 : groups]] == list(GROUPS)
    assert lines[groups + 2 :] == [f"{name.replace('_', '-')}: {meaning}" for name, meaning in MEANINGS.items()]


def test_an_empty_report_says_so(sqlite_store: Store) -> None:
    with sqlite_store.reading() as session:
        empty = october(session, now=NOW)
    assert "Nothing was clicked or earned" in export(empty, "table").decode()
    assert len(export(empty, "csv").decode().splitlines()) == 1
    assert json.loads(export(empty, "json"))["rows"] == []


@pytest.mark.parametrize("format_", ["xlsx", "pdf", "JSON", ""])
def test_an_unknown_format_names_what_there_is(report: CommissionsReport, format_: str) -> None:
    with pytest.raises(InvalidInput, match=", ".join(FORMATS)):
        export(report, format_)
