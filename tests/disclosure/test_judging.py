"""How findings come about: where our links lead, what a site takes differently, what is said once."""

import pytest

from affiliate.disclosure.check import Change, check
from affiliate.disclosure.findings import BLOCK, ERROR, INFO, WARNING
from affiliate.disclosure.pages.page import Page
from affiliate.disclosure.rules import profile_names

OURS = '<p>Our pick: <a href="/go/kettle" rel="sponsored">kettle</a></p>'
SAID = "<h1>Kettles</h1><p>We earn a commission if you buy through links on this page.</p>"
STATEMENT = "<p>As an Amazon Associate I earn from qualifying purchases.</p>"


def to_amazon(href: str) -> str | None:
    return "https://www.amazon.co.uk/dp/B000000001" if href == "/go/kettle" else None


def to_a_shop(href: str) -> str | None:
    return "https://shop.example/kettle" if href.startswith(("/go/", "/recommends/")) else None


def test_a_link_of_ours_that_leads_to_amazon_has_to_be_direct() -> None:
    found = check(f"{SAID}{STATEMENT}{OURS}", ["amazon"], leads_to=to_amazon)
    assert found.verdicts == {"amazon": "FAIL"}
    redirected = next(finding for finding in found.findings if finding.rule == "AMZ-03")
    assert (redirected.severity, redirected.measured) == (BLOCK, "https://www.amazon.co.uk/dp/B000000001")


def test_a_link_of_ours_that_leads_elsewhere_is_no_affair_of_amazons() -> None:
    assert check(f"{SAID}{OURS}", ["amazon"], leads_to=to_a_shop).verdicts == {"amazon": "PASS"}
    assert check(f"{SAID}{OURS}", ["amazon"]).verdicts == {"amazon": "WARN"}


def test_a_path_that_the_database_knows_is_a_paid_link() -> None:
    page = '<h1>Kettles</h1><p><a href="/recommends/kettle">kettle</a></p>'
    assert check(page, ["us"]).verdicts == {"us": "PASS"}
    assert check(page, ["us"], leads_to=to_a_shop).verdicts == {"us": "FAIL"}


def test_a_rule_that_is_loosened_is_told_with_the_reason() -> None:
    page = f"<h1>Kettles</h1>{OURS}"
    loosened = check(page, ["us"], changes=[Change("US-02", WARNING, "the shop was asked")])
    assert loosened.verdicts == {"us": "WARN"}
    told = next(finding for finding in loosened.findings if finding.rule == "US-02")
    assert told.message.endswith("(Taken as WARN here, not BLOCK: the shop was asked)")


def test_a_rule_that_is_tightened_fails_and_its_notes_stay_notes() -> None:
    page = "<h1>Why we boil</h1><p>We earn a commission if you buy through links on this page.</p>"
    assert check(page, ["us"], changes=[Change("K2", ERROR, "no blanket text")]).verdicts == {"us": "FAIL"}
    noted = check(f"{SAID}{OURS}", ["us"], changes=[Change("K4", BLOCK, "look at everything")])
    assert noted.verdicts == {"us": "PASS"}
    assert [finding.severity for finding in noted.findings if finding.rule == "K4"] == [INFO]


@pytest.mark.parametrize("profile", profile_names())
def test_the_same_finding_is_told_once(profile: str) -> None:
    findings = check(f"<h1>Kettles</h1>{OURS}{OURS}", [profile, profile.upper()]).findings
    assert len(findings) == len(set(findings))


def test_a_finding_names_the_line() -> None:
    findings = check(f"<h1>Kettles</h1>\n{OURS}\n<p>\nWe earn a commission if you buy here.</p>", ["us"]).findings
    behind = next(finding for finding in findings if finding.rule == "US-05")
    assert behind.where == "“We earn a commission if you buy here.”, line 3"


@pytest.mark.parametrize(
    ("declared", "words", "languages"),
    [
        (' lang="en-GB"', "", ("en",)),
        ("", "", ()),
        (
            ' lang="en"',
            "Der Kessel ist nicht laut und das Wasser ist schnell heiß, wie wir es mit der Uhr und von dem Tisch sahen.",
            ("en", "de"),
        ),
        (
            "",
            "The kettle is quick and we have seen that it is not loud, which you will like when you are in the kitchen for tea.",
            ("en",),
        ),
        (' lang="es"', "Body text of the article. " * 50, ("es",)),
    ],
)
def test_the_language_is_what_the_page_says_and_what_its_words_are_in(
    declared: str, words: str, languages: tuple[str, ...]
) -> None:
    assert Page(f"<html{declared}><body><h1>Kettles</h1><p>{words}</p></body></html>").languages == languages
