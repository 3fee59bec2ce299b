"""The checkout itself: what must be there, and what must not."""

import re
import site
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.packaging.conftest import ROOT

GENERATED = {".git", ".venv", ".uv", ".browser", "__pycache__", "data", "dist", "test-results"}
SECRETS = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_\w{36}\b|\bxox[abpr]-\d+-\w+|\bpypi-AgE\w{50}"
)


def files(folder: Path = ROOT) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.is_dir() and path.name not in GENERATED and not path.name.endswith("_cache"):
            yield from files(path)
        elif path.is_file():
            yield path


@pytest.mark.parametrize(
    "name",
    [
        *["pyproject.toml", "uv.lock", "Makefile", "README.md", "LICENSE", "CHANGELOG.md", "config.example.toml"],
        *["wsgi.py", "affiliate", "templates", "tests", "docs", "bench", ".ci/run"],
    ],
)
def test_the_top_level_is_complete(name: str) -> None:
    path = ROOT / name
    assert any(path.iterdir()) if path.is_dir() else path.stat().st_size > 0


def test_the_licence_is_the_whole_apache_licence() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Version 2.0, January 2004" in text
    assert "9. Accepting Warranty or Additional Liability" in text


def test_no_file_holds_a_secret() -> None:
    found = [path for path in files() if SECRETS.search(path.read_bytes().decode("utf-8", errors="replace"))]
    assert found == []


def test_the_search_for_secrets_finds_one() -> None:
    assert SECRETS.search("-----BEGIN " + "RSA PRIVATE KEY-----")
    assert SECRETS.search("key = AKIA" + "A" * 16)


def test_the_templates_have_no_copy_that_could_grow_stale() -> None:
    folders = [ROOT / "affiliate", *(Path(folder) / "affiliate" for folder in site.getsitepackages())]
    assert [folder for folder in folders if (folder / "templates").exists()] == []


def test_make_explains_its_targets() -> None:
    printed = subprocess.run(["make"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    explained = {line.split()[0] for line in printed.splitlines() if line.startswith("  ")}
    assert {"help", "install", "run", "test", "test-slow", "check", "bench", "screenshots", "clean"} == explained
