"""The register and its evidence from the command: recheck, verify, stamp, export."""

import zipfile
from pathlib import Path

import pytest

from affiliate.disclosure.evidence.recording import Recorded
from affiliate.disclosure.recheck import Rechecker
from tests.cli.conftest import Run

STORY = '<article><h1>Partywear</h1><p>We like <a href="https://www.halden.example/dress">this dress</a>.</p></article>'


@pytest.fixture
def stored(newsroom: Run, folder: Path) -> Run:
    """A product-led article that is known by a draft's name, so no page is asked for."""
    (folder / "story.html").write_text(STORY, encoding="utf-8")
    newsroom("rewrite", "story.html", "--kind", "product-led")
    return newsroom


def test_a_page_is_checked_and_stands_in_the_register(stored: Run) -> None:
    before = stored("disclosure", "register", "--json").json
    assert [(row["title"], row["worst"]) for row in before["items"]] == [("Partywear", "UNCHECKED")]
    said = stored("disclosure", "recheck", "--json").json
    assert said == {"occasion": "asked", "due": 1, "checked": 1, "failing": 0, "unread": 0}
    (row,) = stored("disclosure", "register", "--json").json["items"]
    assert row["verdicts"] == {"uk": "PASS"}
    assert (row["label"], row["text_version"], row["check"]) == ("Ad", "uk-en-1", 1)
    assert "0 of 1 pages fail" in stored("disclosure", "register").stdout


def test_the_archive_is_checked_once_and_goes_on_where_it_was(stored: Run) -> None:
    assert stored("disclosure", "recheck", "--occasion", "archive", "--json").json["checked"] == 1
    assert stored("disclosure", "recheck", "--occasion", "archive", "--json").json["due"] == 0
    assert stored("disclosure", "recheck", "--occasion", "archive", "--again", "--json").json["checked"] == 1


def test_an_article_that_cannot_be_checked_does_not_end_the_run(
    stored: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "second.html").write_text(STORY, encoding="utf-8")
    stored("rewrite", "second.html", "--kind", "product-led")
    checked = Rechecker.stored

    def odd(rechecker: Rechecker, article_id: int, occasion: str) -> Recorded | None:
        if article_id == 1:
            raise ValueError("nobody thought of this page")
        return checked(rechecker, article_id, occasion)

    monkeypatch.setattr(Rechecker, "stored", odd)
    answer = stored("disclosure", "recheck", "--json", code=1)
    assert answer.json == {"occasion": "asked", "due": 2, "checked": 1, "failing": 1, "unread": 0}
    assert "article 1 could not be checked" in answer.stderr


def test_the_chain_is_verified_and_tampering_ends_with_exit_1(stored: Run, folder: Path) -> None:
    import sqlite3

    stored("disclosure", "recheck")
    stored("disclosure", "recheck")
    answer = stored("disclosure", "verify")
    assert "The chain is whole: 2 records, 1 files." in answer.stdout
    assert "nothing was cut off at its end" in answer.stdout
    with sqlite3.connect(folder / "data" / "affiliate.db") as database:
        database.execute("UPDATE page_checks SET record = replace(record, 'PASS', 'FAIL') WHERE number = 1")
    found = stored("disclosure", "verify", "--json", code=1).json
    assert (found["whole"], found["first_broken"]) == (False, 1)
    assert "number 1" in stored("disclosure", "verify", code=1).stdout


def test_evidence_is_exported_by_the_name_of_the_file(stored: Run, folder: Path) -> None:
    stored("disclosure", "recheck")
    said = stored("disclosure", "export", "--output", "evidence.zip", "--profile", "UK", "--json").json
    assert said == {"output": "evidence.zip", "records": 1, "digests": 0, "files": 1}
    assert "verify.py" in zipfile.ZipFile(folder / "evidence.zip").namelist()
    stored("disclosure", "export", "--output", "evidence.xlsx")
    assert (folder / "evidence.xlsx").stat().st_size > 5_000
    refused = stored("disclosure", "export", "--output", "e.zip", "--to", "2020-01-01", code=1)
    assert "no record" in refused.stderr


def test_what_cannot_be_is_refused_in_one_line(stored: Run) -> None:
    assert "No time-stamping authority is set" in stored("disclosure", "stamp", code=1).stderr
    assert "There is no article nobody" in stored("disclosure", "recheck", "--article", "nobody", code=1).stderr
    assert "nothing to stamp" in stored("disclosure", "stamp", "--authority", "https://tsa.example", code=1).stderr
