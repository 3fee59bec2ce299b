"""`affiliate check --rendered`, as a publisher's own CI calls it."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from affiliate.cli.root import main
from tests.disclosure.rendered.test_pages import LINK, TEXT, TOLD, page

HIDDEN = page(f'<p class="t">{TOLD[3:]}{LINK}{TEXT}', css="@media (max-width:600px){.t{display:none}}")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AFFILIATE_DATA_DIR", str(tmp_path / "data"))
    return CliRunner()


def test_a_page_that_hides_it_from_phones_fails_for_that_window_alone(run: CliRunner) -> None:
    Path("article.html").write_text(HIDDEN, encoding="utf-8")
    done = run.invoke(main, ["check", "article.html", "--profile", "us", "--rendered", "--json"])
    assert done.exit_code == 1
    answer = json.loads(done.stdout)
    assert answer["verdicts"] == {"us": "FAIL"}
    assert {finding["screen"] for finding in answer["findings"]} == {"360x740"}
    assert "display: none" in {finding["measured"] for finding in answer["findings"]}
    assert not Path("data").exists()


def test_markup_alone_only_doubts_it(run: CliRunner) -> None:
    Path("article.html").write_text(HIDDEN, encoding="utf-8")
    done = run.invoke(main, ["check", "article.html", "--profile", "us", "--json"])
    assert done.exit_code == 0
    assert json.loads(done.stdout)["verdicts"] == {"us": "WARN"}


def test_pictures_of_both_windows_and_of_a_far_link_are_written(run: CliRunner) -> None:
    html = page(TOLD + TEXT * 12 + LINK)
    done = run.invoke(main, ["check", "-", "--profile", "us", "--screenshots", "shots"], input=html)
    assert done.exit_code == 0, done.output
    names = {path.name for path in Path("shots").iterdir()}
    assert names == {f"page-{window}{what}.jpg" for window in ("360x740", "1280x800") for what in ("", "-link")}


def test_without_a_browser_nothing_is_checked(run: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AFFILIATE_CHROMIUM", "/nowhere/chrome")
    done = run.invoke(main, ["check", "-", "--profile", "us", "--rendered"], input=page(TOLD + LINK))
    assert done.exit_code == 1
    assert "Nothing was checked" in done.output
    assert "PASS" not in done.output
