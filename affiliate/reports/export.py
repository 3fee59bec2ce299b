"""A report as a file: JSON (the contract), CSV for a spreadsheet, a plain table for a terminal."""

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from affiliate.errors import InvalidInput
from affiliate.reports.commissions import CommissionsReport, Figures, Row
from affiliate.reports.dimensions import unnamed

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
_DISCLOSURE = ("disclosure_state", "disclosure_label", "disclosure_sentence", "disclosure_shown_from")


def export(report: CommissionsReport, format: str) -> bytes:  # noqa: A002 - the word of the command's option
    """The report in one of FORMATS, UTF-8. InvalidInput for another format."""
    if format not in _WRITERS:
        raise InvalidInput(f"{format!r} is no format of a report yet; there are {', '.join(FORMATS)}.")
    return _WRITERS[format](report).encode()


def json_text(report: CommissionsReport) -> str:
    return json.dumps(report.as_json(), ensure_ascii=False, indent=2) + "\n"


def csv_text(report: CommissionsReport) -> str:
    """One line per row. The header is stable: the dimension's columns, the figures, the disclosure, then the basis that
    a detached sheet needs (period, zone, date basis, as known at, the report's hash)."""
    basis = report.basis.as_json()
    stated = {name: basis[name] for name in ("from", "to", "zone", "date_basis", "as_known_at", "sha256")}
    columns = (*unnamed(report.basis.by), *_FIGURES, *_DISCLOSURE, *stated)
    output = io.StringIO(newline="")
    writer = csv.writer(output, lineterminator="\r\n")
    writer.writerow(columns)
    for row in report.rows:
        cells = {**_cells(row), **stated}
        writer.writerow([safe_cell(cells[column]) for column in columns])
    return output.getvalue()


def safe_cell(value: object) -> str:
    """A cell as text. A text that a spreadsheet would run as a formula gets an apostrophe in front; numbers stay."""
    match value:
        case None:
            return ""
        case str():
            return "'" + value if value.startswith(_RUNNABLE) else value
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
        **{column: shown.get(column.removeprefix("disclosure_")) for column in _DISCLOSURE},
    }


def _figures(figures: Figures) -> dict[str, Any]:
    """The figures as typed cells: amounts stay numbers, however they begin."""
    written: Mapping[str, Any] = Figures.as_json(figures)
    amounts = ("commission_pending", "commission_approved", "commission_declined", "sale_amount", "epc")
    return {
        **{name: written[name] for name in _FIGURES},
        **{name: Decimal(written[name]) for name in amounts if written[name] is not None},
        "cvr": figures.cvr,
        "approval_rate": figures.approval_rate,
    }


_SHORT_NAMES = {
    "transactions": "trans.",
    "transactions_pending": "pending",
    "transactions_approved": "approved",
    "transactions_declined": "declined",
    "commission_pending": "c. pending",
    "commission_approved": "c. approved",
    "commission_declined": "c. declined",
    "sale_amount": "sales",
    "approval_rate": "appr. rate",
}


def table_text(report: CommissionsReport) -> str:
    """For people at a terminal: the basis in two lines, the rows, the totals."""
    basis, scope = report.basis, report.basis.scope
    by_article = basis.by == "article"
    header = [basis.by, *(_SHORT_NAMES.get(name, name) for name in _FIGURES), *(["disclosure"] if by_article else [])]
    lines = [
        [
            str(row.labels[basis.by] or "") if row.key else NOT_ATTRIBUTED,
            *_shown_figures(row),
            *([row.disclosure.state if row.disclosure else ""] if by_article else []),
        ]
        for row in report.rows
    ]
    totals = [["total", *_shown_figures(total), *([""] if by_article else [])] for total in report.totals]
    coverage = "; ".join(f"{one.percent} % of {one.currency}" for one in basis.coverage if one.percent is not None)
    heading = (
        f"Commissions by {basis.by}, {scope.first} to {scope.until} (exclusive), {scope.time_zone},"
        f" by {scope.date_basis} date, as known at {basis.known_at.isoformat(timespec='minutes')}."
    )
    attributed = f"Attributed to an article: {coverage or 'nothing earned'}."
    body = _aligned([header, *lines, *totals]) if lines else ["Nothing was clicked or earned in these days."]
    return "\n".join([heading, attributed, "", *body, ""])


def _shown_figures(figures: Figures) -> list[str]:
    written = Figures.as_json(figures)
    rates = {
        name: None if written[name] is None else f"{100 * written[name]:.2f} %" for name in ("cvr", "approval_rate")
    }
    epc = None if figures.epc is None else f"{figures.epc:.4f}"
    cells = {**written, **rates, "epc": epc}
    return ["" if cells[name] is None else str(cells[name]) for name in _FIGURES]


def _aligned(lines: Sequence[Sequence[str]]) -> list[str]:
    """Columns side by side: the first to the left, figures to the right, a rule under the header."""
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    header, *rest = [
        "  ".join(
            [line[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True))]
        )
        for line in lines
    ]
    return [header, "-" * len(header), *rest]


_WRITERS: Mapping[str, Callable[[CommissionsReport], str]] = {"table": table_text, "csv": csv_text, "json": json_text}

FORMATS = tuple(_WRITERS)
