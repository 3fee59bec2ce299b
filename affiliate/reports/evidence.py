"""The evidence handed out, for a regulator, a network or an auditor: a workbook, or a ZIP that can be verified without us.

A part of the chain can be handed out: of the records between that do not belong to it, only their digests are in it, so
that the chain is still verified from its first record to its last.
"""

import json
import shutil
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files as resources
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy.orm import Session

from affiliate.disclosure.evidence import files, queries
from affiliate.disclosure.evidence.chain import digest_of
from affiliate.disclosure.evidence.records import moment
from affiliate.disclosure.evidence.verifying import WHAT_IT_DOES_NOT, WHAT_IT_PROVES
from affiliate.disclosure.rules import pack, profile_names
from affiliate.errors import InvalidInput
from affiliate.reports.register import RegisterFilter, exceptions_of, list_register
from affiliate.store.tables import EvidenceStamp, PageCheck

NOT_ADVICE = "This is a record of technical checks, not legal advice, and no statement of any authority."
FORMATS = ("zip", "xlsx")

_LONGEST_CELL = 32_767  # characters, Excel's limit
_MOST_ROWS = 1_000_000  # of a sheet; Excel's limit is 1,048,576
_ENDINGS = {files.HTML: ".html.txt", files.JPEG: ".jpg"}  # a page is not opened, and its scripts not run, by a click
_SHEETS: Mapping[str, Sequence[str]] = {
    "About": ("What", "Says"),
    "Register": (
        "Article",
        "Address",
        "Site",
        "Kind",
        "State",
        "Label",
        "Sentence",
        "Text version",
        "Shown since (UTC)",
        "Verdicts",
        "Last checked (UTC)",
        "Record",
        "Exceptions in force",
    ),
    "Checks": (
        "Record",
        "Checked (UTC)",
        "Site",
        "Article",
        "Address",
        "Variant",
        "Origin",
        "Mode",
        "Occasion",
        "Kind",
        "Kind by",
        "Status",
        "Verdicts",
        "Paid links",
        "Text version",
        "Engine",
        "SHA-256 of the page",
        "Hash",
    ),
    "Findings": (
        "Record",
        "Address",
        "Profile",
        "Rule",
        "Severity",
        "Found",
        "Where",
        "Measured",
        "Window",
        "How to mend",
        "Source",
    ),
    "Rules": (
        "Profile",
        "Pack version",
        "Rule",
        "Title",
        "Asks",
        "Severity",
        "Taken as",
        "Evidence",
        "Source",
        "Since",
    ),
    "Texts": ("Version", "Label", "Sentence"),
    "Exceptions": ("Rule", "Taken as", "Reason", "By", "From (UTC)", "Until (UTC)", "Article"),
    "Stamps": ("Record", "Hash", "Authority", "Stamped (UTC)"),
}


@dataclass(frozen=True, slots=True)
class Scope:
    """Which part of the evidence: of one site or article, with a verdict for a profile, checked from `first` until `until`
    (exclusive). Everything where nothing is said."""

    site_id: int | None = None
    article_id: int | None = None
    profile: str | None = None
    first: datetime | None = None
    until: datetime | None = None

    def holds(self, check: PageCheck) -> bool:
        return (
            self.site_id in (None, check.site_id)
            and self.article_id in (None, check.article_id)
            and (self.profile is None or self.profile in check.verdicts)
            and (self.first is None or check.checked_at >= self.first)
            and (self.until is None or check.checked_at < self.until)
        )


@dataclass(frozen=True, slots=True)
class Exported:
    """`records` are handed out whole, `digests` as their digest alone; `files` are pages and pictures."""

    records: int
    digests: int
    files: int


def export_evidence(session: Session, output: Path, scope: Scope, *, now: datetime) -> Exported:
    """Writes a workbook or, with everything that is needed to verify it, a ZIP, by the ending of the file's name. InvalidInput
    for another one, and where there is no record: no file is left then."""
    format_ = output.suffix.lower().removeprefix(".")
    if format_ not in FORMATS:
        raise InvalidInput(f"{output.name} names no format: end it in .zip or .xlsx.")
    with TemporaryDirectory(prefix="affiliate-evidence-") as folder:
        export = _Export(session, scope, Path(folder), now)
        export.write()
        if not export.records:
            raise InvalidInput("There is no record in this part of the evidence; nothing was written.")
        export.deliver(output, format_)
    return Exported(export.records, export.digests, len(export.named) if format_ == "zip" else 0)


class _Export:
    def __init__(self, session: Session, scope: Scope, folder: Path, now: datetime) -> None:
        self.session, self.scope, self.folder, self.now = session, scope, folder, now
        self.records = self.digests = 0
        self.named: set[str] = set()
        self.stamps: list[EvidenceStamp] = []
        self._texts: dict[str, tuple[str, str]] = {}
        self._profiles: dict[str, None] = {}
        from openpyxl import Workbook

        self._book = Workbook(write_only=True)
        self._sheets = {name: self._book.create_sheet(name) for name in _SHEETS}
        self._rows = dict.fromkeys(_SHEETS, 0)

    def write(self) -> None:
        """Walks the chain once: the records into a file, their facts into the workbook."""
        for name, columns in _SHEETS.items():
            self._sheets[name].append([_heading(self._sheets[name], column) for column in columns])
        with (self.folder / "records.ndjson").open("w", encoding="utf-8", newline="\n") as lines:
            for line in self._lines():
                lines.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")
        self._write_rest()
        self._book.save(self.folder / "evidence.xlsx")

    def deliver(self, output: Path, format_: str) -> None:
        """The whole file or none: it is moved there when it is complete."""
        made = self.folder / "evidence.xlsx"
        if format_ == "zip":
            made = self.folder / "evidence.zip"
            self._zip(made)
        shutil.move(made, output)

    def _zip(self, made: Path) -> None:
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("README.txt", self._readme())
            archive.writestr("verify.py", _checker())
            archive.write(self.folder / "evidence.xlsx", "evidence.xlsx")
            archive.write(self.folder / "records.ndjson", "records.ndjson")
            for name, content in self._kept():
                archive.writestr(f"files/{name}", content)
            for stamp in self.stamps:
                archive.writestr(f"stamps/{stamp.number}-{stamp.id}.tsr", stamp.token)
                archive.writestr(f"stamps/{stamp.number}.txt", stamp.hash)

    def _lines(self) -> Iterator[dict[str, Any]]:
        scope = self.scope
        found = queries.span(
            self.session, site_id=scope.site_id, article_id=scope.article_id, first=scope.first, until=scope.until
        )
        if found is None:
            return
        lowest, last = found
        stamps = queries.stamps(self.session)
        highest = min((stamp.number for stamp in stamps if stamp.number >= last), default=last)
        self.stamps = [stamp for stamp in stamps if lowest <= stamp.number <= highest]
        for check in queries.chain_between(self.session, lowest, highest):
            line = {"number": check.number, "previous_hash": check.previous_hash, "hash": check.hash}
            if scope.holds(check):
                self.records += 1
                self._note(check)
                yield {**line, "record": check.record}
            else:
                self.digests += 1
                yield {**line, "record_sha256": digest_of(check.record)}

    def _note(self, check: PageCheck) -> None:
        try:
            record = json.loads(check.record)
        except ValueError:  # tampered with; verify.py says so
            return
        self._profiles.update(dict.fromkeys(check.verdicts))
        self.named |= {record.get("html_sha256", ""), *record.get("screenshots", {}).values()} - {""}
        text = record.get("text") or {}
        if text.get("version"):
            self._texts[text["version"]] = (text.get("label", ""), text.get("sentence", ""))
        article, engine = record.get("article") or {}, record.get("engine") or {}
        self._row(
            "Checks",
            check.number,
            moment(check.checked_at),
            (record.get("site") or {}).get("key", ""),
            article.get("title", ""),
            check.url,
            check.variant,
            check.origin,
            check.mode,
            check.occasion,
            record.get("kind", ""),
            record.get("kind_by", ""),
            record.get("status"),
            _verdicts(check.verdicts),
            len(record.get("links", ())),
            text.get("version", ""),
            " ".join(filter(None, (f"affiliate {engine.get('affiliate', '')}", engine.get("browser", "")))),
            check.html_sha256,
            check.hash,
        )
        for each in record.get("findings", ()):
            self._row(
                "Findings",
                check.number,
                check.url,
                *(each.get(name, "") for name in ("profile", "rule", "severity", "message", "where", "measured")),
                *(each.get(name, "") for name in ("screen", "mend", "source")),
            )

    def _write_rest(self) -> None:
        for what, says in (
            ("What this is", f"{self.records} records of checks of disclosure, made {moment(self.now)}"),
            ("What it is not", NOT_ADVICE),
            ("What the chain proves", WHAT_IT_PROVES),
            ("What it does not prove", WHAT_IT_DOES_NOT),
            ("How to verify", "Take the ZIP of this export and run: python3 verify.py"),
        ):
            self._row("About", what, says)
        self._write_register()
        self._write_rules()
        for version, (label, sentence) in sorted(self._texts.items()):
            self._row("Texts", version, label, sentence)
        for each in exceptions_of(self.session, site_id=self.scope.site_id, article_id=self.scope.article_id):
            ended = each.ended_at or each.ends_at
            until = moment(ended) if ended else ""
            article = each.article_id or ""
            self._row(
                "Exceptions", each.rule, each.severity, each.reason, each.made_by, moment(each.made_at), until, article
            )
        for stamp in self.stamps:
            self._row("Stamps", stamp.number, stamp.hash, stamp.authority, moment(stamp.stamped_at))

    def _write_register(self) -> None:
        page, per_page = 1, 500
        while True:
            wanted = RegisterFilter(
                site_id=self.scope.site_id, profile=self.scope.profile, page=page, per_page=per_page
            )
            rows, total = list_register(self.session, wanted, now=self.now)
            for row in rows:
                if self.scope.article_id not in (None, row.article_id):
                    continue
                self._row(
                    "Register",
                    row.title,
                    row.url,
                    row.site,
                    row.kind,
                    row.state,
                    row.label,
                    row.sentence,
                    row.text_version,
                    moment(row.shown_from) if row.shown_from else "",
                    _verdicts(row.verdicts),
                    moment(row.checked_at) if row.checked_at else "",
                    row.check,
                    row.exceptions,
                )
            if page * per_page >= total:
                return
            page += 1

    def _write_rules(self) -> None:
        for profile in self._profiles:
            if profile not in profile_names():
                continue
            made = pack(profile)
            for rule in made.rules:
                self._row(
                    "Rules",
                    profile,
                    made.version,
                    rule.id,
                    rule.title,
                    rule.asks,
                    rule.severity,
                    rule.effective,
                    rule.grade,
                    rule.source,
                    rule.since,
                )

    def _row(self, sheet: str, *values: object) -> None:
        self._rows[sheet] += 1
        if self._rows[sheet] == _MOST_ROWS:
            values = ("… there is no room for more here; records.ndjson has all.",)
        if self._rows[sheet] <= _MOST_ROWS:
            self._sheets[sheet].append([_cell(self._sheets[sheet], value) for value in values])

    def _kept(self) -> Iterator[tuple[str, bytes]]:
        """The files with their names; one that was tampered with comes as far as it can be had, so that it is found."""
        for digest in sorted(self.named):
            file = queries.file(self.session, digest)
            if file is None:
                continue
            try:
                content = files.unpacked(file)
            except files.Damaged:
                content = b""
            yield f"{digest}{_ENDINGS.get(file.media_type, '.bin')}", content
            self.session.expunge(file)

    def _readme(self) -> str:
        stamps = (
            "stamps/            time stamps (RFC 3161) of an authority outside. With its root certificate in roots.pem:\n"
            "                   openssl ts -verify -data stamps/N.txt -in stamps/N-1.tsr -CAfile roots.pem\n"
            "                   That verifies that the hash of record N existed when it was stamped.\n"
            if self.stamps
            else ""
        )
        return f"""Evidence of disclosure, exported {moment(self.now)}
{NOT_ADVICE}

evidence.xlsx      the same for reading: register, checks, findings, rules with their sources, texts, exceptions
records.ndjson     {self.records} records in the order of the chain{_and_digests(self.digests)}
files/             the pages that were checked, and pictures of them, named by their SHA-256. Pages end in .html.txt, so
                   that their scripts do not run by a click; rename them to look at them.
verify.py          verifies all of this with nothing but Python: python3 verify.py
{stamps}
How to verify without verify.py: each line of records.ndjson is a JSON object. The hash of a record is
SHA-256(previous_hash + "\\n" + SHA-256(record)), all hashes as 64 lower-case hexadecimal characters, the record as UTF-8.
The previous_hash of record 1 is 64 zeros, that of any other the hash of the record before it.

What this proves: {WHAT_IT_PROVES}
What it does not: {WHAT_IT_DOES_NOT}
"""


def _and_digests(digests: int) -> str:
    if not digests:
        return ""
    return (
        f",\n                   and the digests (record_sha256) of {digests} records between or after them that are no part of"
        "\n                   this export: the chain is verified across them, without what they say"
    )


def _checker() -> str:
    return (resources("affiliate.disclosure.evidence") / "export_checker.py").read_text(encoding="utf-8")


def _verdicts(verdicts: Mapping[str, str]) -> str:
    return ", ".join(f"{profile}: {verdict}" for profile, verdict in sorted(verdicts.items()))


def _heading(sheet: Any, text: str) -> Any:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    cell = WriteOnlyCell(sheet, text)
    cell.font = Font(bold=True)
    return cell


def _cell(sheet: Any, value: object) -> Any:
    """A text stays text, whatever it begins with: a spreadsheet runs nothing of it."""
    if not isinstance(value, str):
        return value
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("�", value)[:_LONGEST_CELL])
    cell.data_type = "s"
    cell.quotePrefix = True
    return cell
