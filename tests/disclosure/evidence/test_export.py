"""Evidence handed out: it is verified with plain Python, and whatever is done to it is found."""

import io
import json
import subprocess
import sys
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from affiliate.disclosure.findings import Checked, Finding
from affiliate.errors import InvalidInput
from affiliate.reports.evidence import NOT_ADVICE, Exported, Scope, export_evidence
from affiliate.store import Store
from affiliate.store.tables import EvidenceStamp, PageCheck
from tests.conftest import NOW
from tests.disclosure.evidence.made_up import check_in, filled, found_site
from tests.waiting import PATIENCE

ALL = Scope()


def exported(store: Store, output: Path, scope: Scope = ALL) -> Exported:
    with store.reading() as session:
        return export_evidence(session, output, scope, now=NOW + timedelta(days=1))


def unpacked(store: Store, folder: Path, scope: Scope = ALL) -> Path:
    exported(store, folder / "evidence.zip", scope)
    with zipfile.ZipFile(folder / "evidence.zip") as archive:
        archive.extractall(folder / "evidence")
    return folder / "evidence"


def verified(folder: Path) -> subprocess.CompletedProcess[str]:
    """As an auditor does it: another Python, isolated from ours."""
    return subprocess.run(
        [sys.executable, "-I", "-S", str(folder / "verify.py")],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def test_an_export_is_verified_with_plain_python(sqlite_store: Store, tmp_path: Path) -> None:
    filled(sqlite_store)
    folder = unpacked(sqlite_store, tmp_path)
    answer = verified(folder)
    assert answer.returncode == 0, answer.stderr
    assert "Whole up to record 8" in answer.stdout
    assert "12 files" in answer.stdout
    assert NOT_ADVICE in (folder / "README.txt").read_text(encoding="utf-8")


def change_a_record(folder: Path) -> None:
    lines = (folder / "records.ndjson").read_text(encoding="utf-8").split("\n")
    lines[3] = lines[3].replace("FAIL", "PASS")
    (folder / "records.ndjson").write_text("\n".join(lines), encoding="utf-8")


def leave_a_record_out(folder: Path) -> None:
    lines = (folder / "records.ndjson").read_text(encoding="utf-8").split("\n")
    del lines[3]
    (folder / "records.ndjson").write_text("\n".join(lines), encoding="utf-8")


def change_a_page(folder: Path) -> None:
    page = next((folder / "files").glob("*.html.txt"))
    page.write_text(page.read_text(encoding="utf-8") + " ", encoding="utf-8")


def lose_a_picture(folder: Path) -> None:
    next((folder / "files").glob("*.jpg")).unlink()


@pytest.mark.parametrize("tamper", [change_a_record, leave_a_record_out, change_a_page, lose_a_picture])
def test_tampering_with_an_export_is_found(sqlite_store: Store, tmp_path: Path, tamper: Any) -> None:
    filled(sqlite_store)
    folder = unpacked(sqlite_store, tmp_path)
    tamper(folder)
    answer = verified(folder)
    assert answer.returncode == 1
    assert "is not as it was written" in answer.stderr or "is missing or not as it was kept" in answer.stderr


def test_a_part_is_handed_out_with_the_digests_of_the_rest(sqlite_store: Store, tmp_path: Path) -> None:
    filled(sqlite_store)  # article 1 has the even records
    folder = unpacked(sqlite_store, tmp_path, Scope(article_id=1))
    lines = [json.loads(line) for line in (folder / "records.ndjson").read_text(encoding="utf-8").splitlines()]
    assert [(line["number"], "record" in line) for line in lines] == [
        (2, True),
        (3, False),
        (4, True),
        (5, False),
        (6, True),
        (7, False),
        (8, True),
    ]
    assert "Article 2" not in (folder / "records.ndjson").read_text(encoding="utf-8")
    assert verified(folder).returncode == 0


def test_a_part_goes_on_to_the_record_that_was_stamped_after_it(sqlite_store: Store, tmp_path: Path) -> None:
    filled(sqlite_store)
    with sqlite_store.transaction() as session:
        stamped = session.get_one(PageCheck, 7)
        session.add(
            EvidenceStamp(number=7, hash=stamped.hash, authority="https://tsa.example", token=b"x", stamped_at=NOW)
        )
    folder = unpacked(sqlite_store, tmp_path, Scope(until=NOW + timedelta(seconds=4)))
    numbers = [
        json.loads(line)["number"] for line in (folder / "records.ndjson").read_text(encoding="utf-8").splitlines()
    ]
    assert numbers == [1, 2, 3, 4, 5, 6, 7]
    assert (folder / "stamps" / "7.txt").read_text(encoding="utf-8") == stamped.hash


def sheets(store: Store, folder: Path, scope: Scope = ALL) -> dict[str, list[tuple[Any, ...]]]:
    exported(store, folder / "evidence.xlsx", scope)
    book = load_workbook(io.BytesIO((folder / "evidence.xlsx").read_bytes()))
    return {sheet.title: [tuple(row) for row in sheet.iter_rows(values_only=True)] for sheet in book}


def test_the_workbook_holds_register_checks_findings_rules_and_texts(sqlite_store: Store, tmp_path: Path) -> None:
    filled(sqlite_store)
    found = sheets(sqlite_store, tmp_path)
    assert list(found) == ["About", "Register", "Checks", "Findings", "Rules", "Texts", "Exceptions", "Stamps"]
    assert [row[0] for row in found["Register"][1:]] == ["Article 1", "Article 2"]
    assert len(found["Checks"]) == 1 + 8
    assert [row[:5] for row in found["Findings"][1:]] == [
        (number, "https://www.mag.example/style/partywear", "uk", "UK-02", "BLOCK") for number in (4, 8)
    ]
    assert ("uk-en-1", "Ad", "We earn a commission if you buy.") in found["Texts"]
    sources = {row[2]: row[8] for row in found["Rules"][1:]}
    assert sources["UK-02"].startswith("https://")


def test_a_cell_that_looks_like_a_formula_is_text(sqlite_store: Store, tmp_path: Path) -> None:
    found_site(sqlite_store)
    evil = ['=HYPERLINK("https://evil.example")', "+1", "-1", "@SUM(A1)", "\x00\x1b=1"]
    findings = tuple(Finding("uk", "UK-02", "BLOCK", text, text) for text in evil)
    with sqlite_store.transaction() as session:
        check_in(session, checked=Checked({"uk": "FAIL"}, findings))
    exported(sqlite_store, tmp_path / "evidence.xlsx")
    sheet = load_workbook(tmp_path / "evidence.xlsx")["Findings"]
    cells = [row[5] for row in sheet.iter_rows(min_row=2)]
    assert [cell.data_type for cell in cells] == ["s"] * 5
    assert [cell.value for cell in cells][:4] == evil[:4]
    assert all(cell.quotePrefix for cell in cells)


def test_another_ending_and_an_empty_part_are_refused_and_leave_no_file(sqlite_store: Store, tmp_path: Path) -> None:
    filled(sqlite_store)
    with pytest.raises(InvalidInput, match=r"\.zip or \.xlsx"):
        exported(sqlite_store, tmp_path / "evidence.pdf")
    with pytest.raises(InvalidInput, match="no record"):
        exported(sqlite_store, tmp_path / "evidence.zip", Scope(first=NOW + timedelta(days=9)))
    assert not list(tmp_path.glob("evidence.*"))
