"""A report as a file: JSON (the contract), CSV for a spreadsheet, a plain table for a terminal."""

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from affiliate.clicks.classes import CLASSES, HUMAN
from affiliate.clicks.count import MEANINGS
from affiliate.errors import InvalidInput
from affiliate.reports import clicks
from affiliate.reports.clicks import ClicksReport
from affiliate.reports.commissions import CommissionsReport, Figures, Row
from affiliate.reports.dimensions import called, unnamed
from affiliate.reports.disclosures import Shown

NOT_ATTRIBUTED = "(not attributed)"

_RUNNABLE = (
    "=",
    "+",
    "-",
    "@",
    "\t",
    "\r",
    "\n",
    "＝",
    "＋",
    "－",
    "＠",
)  # the full-width ones: Excel reads them alike
_FIGURES = (
    "clicks",
    "clicks_raw",
    "clicks_network_comparable",
    "transactions",
    "transactions_pending",
    "transactions_approved",
    "transactions_declined",
    "commission_pending",
    "commission_approved",
    "commission_declined",
    "sale_amount",
    "currency",
    "epc",
    "cvr",
    "approval_rate",
)
_PAYMENTS = ("commission_unpaid", "commission_invoiced", "commission_paid")
_DISCLOSURE = ("disclosure_state", "disclosure_label", "disclosure_sentence", "disclosure_shown_from")
_VERDICTS = ("disclosure_verdict", "disclosure_verdicts", "disclosure_checked_at", "disclosure_filter")

_COUNTS = ("raw", "human", "network_comparable", *(name for name in CLASSES if name != HUMAN))

AnyReport = CommissionsReport | ClicksReport
# columns, cells of each line, facts of the basis, columns that came later
_Sheet = tuple[Sequence[str], Sequence[Mapping[str, Any]], Sequence[str], Sequence[str]]


def export(report: AnyReport, format: str) -> bytes:  # noqa: A002 - the word of the command's option
    """The report in one of FORMATS, UTF-8. InvalidInput for another format."""
    if format not in _WRITERS:
        raise InvalidInput(f"{format!r} is no format of a report yet; there are {', '.join(FORMATS)}.")
    return _WRITERS[format](report).encode()


def json_text(report: AnyReport) -> str:
    return json.dumps(report.as_json(), ensure_ascii=False, indent=2) + "\n"


def csv_text(report: AnyReport) -> str:
    """One line per row. The header is stable: the dimension's columns, the figures, the disclosure where money is
    reported, then the basis that a detached sheet needs (period, zone, the report's hash); what came later stands at its
    end."""
    columns, lines, facts, later = (
        _clicks_sheet(report) if isinstance(report, ClicksReport) else _commissions_sheet(report)
    )
    basis = report.basis.as_json()
    output = io.StringIO(newline="")
    writer = csv.writer(output, lineterminator="\r\n")
    writer.writerow((*columns, *facts, *later))
    for line in lines:
        cells = (
            (line[column] for column in columns),
            (basis[fact] for fact in facts),
            (line[column] for column in later),
        )
        writer.writerow([safe_cell(cell) for group in cells for cell in group])
    return output.getvalue()


def _commissions_sheet(report: CommissionsReport) -> _Sheet:
    columns = (*unnamed(report.basis.by), *_FIGURES, *_DISCLOSURE)
    facts = ("from", "to", "zone", "date_basis", "as_known_at", "sha256")
    asked = {"disclosure_filter": report.basis.scope.disclosure, "payment_filter": report.basis.scope.payment}
    later = (*_VERDICTS, *_PAYMENTS, "payment_filter")
    return columns, [{**_cells(row), **asked} for row in report.rows], facts, later


def _clicks_sheet(report: ClicksReport) -> _Sheet:
    by, every = report.basis.by, report.basis.every
    columns = (*([every] if every else []), *unnamed(by), *_COUNTS)
    nameless = {by: f"({called(by, None, {})})"}
    lines = [{**row.as_json(), **(nameless if row.key is None else {})} for row in report.rows]
    return columns, lines, ("from", "to", "zone", "loaded_until", "sha256"), ()


def safe_cell(value: object) -> str:
    """A cell as text. A text that a spreadsheet would run as a formula, also behind blanks, which some take off, gets an
    apostrophe in front; numbers stay."""
    match value:
        case None:
            return ""
        case str():
            return "'" + value if value.startswith(_RUNNABLE) or value.lstrip().startswith(_RUNNABLE) else value
        case Decimal():
            return f"{value:f}"
        case datetime():
            return value.isoformat()
        case _:
            return str(value)


def _cells(row: Row) -> dict[str, Any]:
    names = {**row.labels}
    if row.key is None:
        names[next(iter(names))] = NOT_ATTRIBUTED
    shown = row.disclosure.as_json() if row.disclosure else {}
    return {
        **names,
        **_figures(row),
        **{column: shown.get(column.removeprefix("disclosure_")) for column in (*_DISCLOSURE, *_VERDICTS)},
        "disclosure_verdicts": _listed(shown.get("verdicts", {})),
    }


def _listed(verdicts: Mapping[str, str]) -> str:
    """amazon: PASS, uk: FAIL."""
    return ", ".join(f"{profile}: {verdict}" for profile, verdict in verdicts.items())


def _figures(figures: Figures) -> dict[str, Any]:
    """The figures as typed cells: amounts stay numbers, however they begin."""
    written: Mapping[str, Any] = Figures.as_json(figures)
    amounts = ("commission_pending", "commission_approved", "commission_declined", "sale_amount", "epc", *_PAYMENTS)
    return {
        **{name: written[name] for name in (*_FIGURES, *_PAYMENTS)},
        **{name: Decimal(written[name]) for name in amounts if written[name] is not None},
        "cvr": figures.cvr,
        "approval_rate": figures.approval_rate,
    }


_SHORT_NAMES = {
    "clicks_raw": "raw",
    "clicks_network_comparable": "net-comp.",
    "transactions": "trans.",
    "transactions_pending": "pending",
    "transactions_approved": "approved",
    "transactions_declined": "declined",
    "commission_pending": "c. pending",
    "commission_approved": "c. approved",
    "commission_declined": "c. declined",
    "sale_amount": "sales",
    "commission_unpaid": "c. unpaid",
    "commission_invoiced": "c. invoiced",
    "commission_paid": "c. paid",
    "approval_rate": "appr. rate",
}


_SHOWN = (*_FIGURES, *_PAYMENTS)
_FIGURE_HEADS = tuple(_SHORT_NAMES.get(name, name) for name in _SHOWN)


def table_text(report: AnyReport) -> str:
    """For people at a terminal: what it is in two lines, the rows, the totals, and what the counts mean."""
    return _clicks_table(report) if isinstance(report, ClicksReport) else _commissions_table(report)


def _commissions_table(report: CommissionsReport) -> str:
    basis, scope = report.basis, report.basis.scope
    named = basis.by in ("article", "placement")
    header = [basis.by, *_FIGURE_HEADS, *(["disclosure"] if named else [])]
    lines = [
        [
            str(row.labels[basis.by] or "") if row.key else NOT_ATTRIBUTED,
            *_shown_figures(row),
            *([_shown_disclosure(row.disclosure)] if named else []),
        ]
        for row in report.rows
    ]
    totals = [["total", *_shown_figures(total), *([""] if named else [])] for total in report.totals]
    coverage = "; ".join(f"{one.percent} % of {one.currency}" for one in basis.coverage if one.percent is not None)
    heading = (
        f"Commissions by {basis.by}, {scope.first} to {scope.until} (exclusive), {scope.time_zone},"
        f" by {scope.date_basis} date, as known at {basis.known_at.isoformat(timespec='minutes')}"
        f"{f', only {scope.disclosure}' if scope.disclosure else ''}{f', only {scope.payment}' if scope.payment else ''}."
    )
    attributed = f"Attributed to an article: {coverage or 'nothing earned'}."
    body = _aligned([header, *lines, *totals]) if lines else ["Nothing was clicked or earned in these days."]
    groups = ["By what the pages showed and their newest checks said:", *_groups(report), ""] if lines else []
    clicks_are = "clicks: the human ones; raw and net-comp. (network-comparable) are the other two counts of them."
    return "\n".join([heading, attributed, "", *body, "", *groups, clicks_are, *_meanings(), ""])


def _groups(report: CommissionsReport) -> list[str]:
    """Totals told apart by disclosure; a share is that of the earned commission of its currency."""
    lines = [
        [
            line.group,
            str(line.articles),
            *_shown_figures(line),
            "" if line.share is None else f"{100 * line.share:.2f} %",
        ]
        for line in report.by_disclosure
    ]
    return _aligned([["pages", "articles", *_FIGURE_HEADS, "share"], *lines])


def _shown_disclosure(shown: Shown | None) -> str:
    """present, FAIL (uk)."""
    if shown is None:
        return ""
    worst = [profile for profile, verdict in shown.verdicts.items() if verdict == shown.verdict]
    return f"{shown.state}, {shown.verdict}{_in_brackets(worst)}"


def _in_brackets(names: Sequence[str]) -> str:
    return f" ({', '.join(names)})" if names else ""


def _shown_figures(figures: Figures) -> list[str]:
    written = Figures.as_json(figures)
    rates = {
        name: None if written[name] is None else f"{100 * written[name]:.2f} %" for name in ("cvr", "approval_rate")
    }
    epc = None if figures.epc is None else f"{figures.epc:.4f}"
    cells = {**written, **rates, "epc": epc}
    return ["" if cells[name] is None else str(cells[name]) for name in _SHOWN]


def _clicks_table(report: ClicksReport) -> str:
    basis, scope = report.basis, report.basis.scope
    times = [basis.every] if basis.every else []
    header = [*times, basis.by, *(name.replace("_", "-") for name in _COUNTS)]
    lines = [
        [*([row.time or ""] if times else []), called(basis.by, row.key, row.labels), *_shown_counts(row)]
        for row in report.rows
    ]
    total = ["total", *("" for _ in times), *_shown_counts(report.total)]
    loaded = basis.freshness.loaded_until
    heading = (
        f"Clicks by {basis.by}{f', every {basis.every}' if times else ''}, {scope.first} to {scope.until} (exclusive),"
        f" {scope.time_zone}."
    )
    known = f"Loaded until {loaded.isoformat(timespec='minutes')}." if loaded else "Nothing was loaded yet."
    body = _aligned([header, *lines, total], len(times) + 1) if lines else ["Nothing was clicked in these days."]
    return "\n".join([heading, known, "", *body, "", *_meanings(), *basis.limits, ""])


def _shown_counts(figures: clicks.Figures) -> list[str]:
    written = clicks.Figures.as_json(figures)
    return [str(written[name]) for name in _COUNTS]


def _meanings() -> list[str]:
    return [f"{name.replace('_', '-')}: {meaning}" for name, meaning in MEANINGS.items()]


def _aligned(lines: Sequence[Sequence[str]], texts: int = 1) -> list[str]:
    """Columns side by side: the first ones, texts, to the left, figures to the right, a rule under the header."""
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    header, *rest = ["  ".join(_padded(line, widths, texts)) for line in lines]
    return [header, "-" * len(header), *rest]


def _padded(line: Sequence[str], widths: Sequence[int], texts: int) -> Iterator[str]:
    for number, (cell, width) in enumerate(zip(line, widths, strict=True)):
        yield cell.ljust(width) if number < texts else cell.rjust(width)


_WRITERS: Mapping[str, Callable[[AnyReport], str]] = {"table": table_text, "csv": csv_text, "json": json_text}

FORMATS = tuple(_WRITERS)
