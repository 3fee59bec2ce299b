"""The lines of the documentation with which an auditor verifies an export: they are run, and they find what was changed."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from affiliate.reports.evidence import Scope, export_evidence
from affiliate.store import Store
from tests.conftest import NOW
from tests.disclosure.evidence.made_up import filled
from tests.docs.test_reference import TOP


def run_lines(folder: Path) -> subprocess.CompletedProcess[str]:
    docs = (TOP / "docs" / "disclosure.md").read_text(encoding="utf-8")
    code = re.search(r"```python\n(import hashlib.*?)```", docs, re.DOTALL)
    assert code
    assert len([line for line in code[1].splitlines() if line]) <= 11
    return subprocess.run(
        [sys.executable, "-I", "-c", code[1]], cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("scope", [Scope(), Scope(article_id=1)])
def test_the_lines_verify_a_whole_chain_and_a_part_of_one(sqlite_store: Store, tmp_path: Path, scope: Scope) -> None:
    filled(sqlite_store)
    with sqlite_store.reading() as session:
        export_evidence(session, tmp_path / "evidence.zip", scope, now=NOW)
    with zipfile.ZipFile(tmp_path / "evidence.zip") as archive:
        archive.extract("records.ndjson", tmp_path)
    assert "Whole, up to the hash" in run_lines(tmp_path).stdout
    records = tmp_path / "records.ndjson"
    records.write_text(records.read_text(encoding="utf-8").replace("FAIL", "PASS", 1), encoding="utf-8")
    answer = run_lines(tmp_path)
    assert answer.returncode == 1
    assert "Record 4 is not as it was written." in answer.stderr
