"""Pages of every kind that we could think of, each with the verdicts that it must get: pages/expected.json says which, and why."""

import json
from pathlib import Path
from typing import Any

import pytest

from affiliate.disclosure.check import check
from affiliate.disclosure.checks import CHECKS
from affiliate.disclosure.findings import FAIL, PASS, WARN
from affiliate.disclosure.pages.page import Page
from affiliate.disclosure.rules import CHECKS as NAMED
from affiliate.disclosure.rules import IN_BROWSER

PAGES = Path(__file__).parent / "pages"
EXPECTED: list[dict[str, Any]] = json.loads((PAGES / "expected.json").read_text(encoding="utf-8"))
ASKED = ("us", "uk", "de", "amazon", "google")
_ORDER = (PASS, WARN, FAIL)


def read(name: str) -> str:
    return (PAGES / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("expected", EXPECTED, ids=lambda each: str(each["file"]))
def test_a_page_gets_its_verdicts(expected: dict[str, Any]) -> None:
    checked = check(read(expected["file"]), list(expected["verdicts"]))
    told = [(finding.profile, finding.rule, finding.severity, finding.where) for finding in checked.findings]
    assert checked.verdicts == expected["verdicts"], (expected["why"], told)


def test_every_page_is_expected_and_every_profile_passes_and_fails_some() -> None:
    on_disk = {path.name for path in PAGES.iterdir() if path.name != "expected.json"}
    assert on_disk == {each["file"] for each in EXPECTED}
    for profile in ("us", "uk", "de", "es", "fr", "jp", "amazon", "ebay", "rakuten", "google", "skimlinks"):
        verdicts = {each["verdicts"].get(profile) for each in EXPECTED}
        assert {PASS, FAIL} <= verdicts, profile


def test_every_check_that_packs_may_name_is_there() -> None:
    # the doubt about a page's own styles is a comparison of two checks of it
    assert set(CHECKS) | IN_BROWSER | {"styles"} >= set(NAMED)


@pytest.mark.parametrize("expected", EXPECTED, ids=lambda each: str(each["file"]))
def test_every_finding_says_where_it_stands_how_to_mend_it_and_who_asks(expected: dict[str, Any]) -> None:
    for finding in check(read(expected["file"]), ASKED).findings:
        assert finding.where
        assert finding.mend
        assert finding.message.endswith((".", ")")), finding.message
        assert len(finding.where) < 300
        assert len(finding.measured) < 300


@pytest.mark.parametrize("expected", EXPECTED, ids=lambda each: str(each["file"]))
def test_what_has_nothing_to_do_with_it_changes_no_verdict(expected: dict[str, Any]) -> None:
    html = read(expected["file"])
    if not expected["file"].endswith(".html"):
        return
    noise = (
        '<div class="share"><a href="https://www.facebook.com/sharer">Share</a></div><script>window.d=1;</script>'
        '<p>The weather was fine, and the lamps were off.</p><svg><path d="M0 0"/></svg>'
    )
    checked = check(html.replace("</body>", f"{noise}</body>"), list(expected["verdicts"]))
    assert checked.verdicts == expected["verdicts"]


@pytest.mark.parametrize("expected", EXPECTED, ids=lambda each: str(each["file"]))
def test_a_page_without_its_disclosure_is_never_judged_better(expected: dict[str, Any]) -> None:
    html = read(expected["file"])
    if not expected["file"].endswith(".html") or not Page(html).earning:
        return
    page = Page(html)
    languages = page.languages or ("en",)
    for said in page.sentences(languages):
        html = html.replace(said.words, "The weather was fine.")
    before, after = check(read(expected["file"]), ASKED), check(html, ASKED)
    for profile, verdict in after.verdicts.items():
        assert _ORDER.index(verdict) >= _ORDER.index(before.verdicts[profile]), profile
