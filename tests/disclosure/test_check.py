"""What the static check lets pass and what not, for pages like those that regulators ruled on."""

import pytest

from affiliate.disclosure.check import Checked, check
from affiliate.errors import InvalidDocument, InvalidInput

PAID = (
    '<a href="https://www.awin1.com/cread.php?awinmid=1&amp;awinaffid=2&amp;ued=https%3A%2F%2Fshop.example%2Fp"'
    ' rel="sponsored nofollow">Acme kettle</a>'
)
GET = "<p>We get commissions for purchases made through links in this post.</p>"
MAY = "<p>We may earn a commission for products purchased through some links in this article.</p>"
EARN = "<p>We earn a commission if you buy through links on this page.</p>"
WERBUNG = "<p>Dieser Artikel enthält Werbelinks. Wenn Sie darüber kaufen, erhalten wir eine Provision.</p>"
H1 = "<h1>The best kettles</h1>"
AD = "<p><strong>Ad</strong></p>"


def verdicts(html: str, *profiles: str, kind: str = "product-led") -> str:
    return " ".join(check(html, profiles, kind=kind).verdicts.values())


@pytest.mark.parametrize(
    ("html", "us", "uk", "de"),
    [
        (f"{H1}{GET}<p>{PAID}</p>", "PASS", "FAIL", "FAIL"),
        (f"{H1}{MAY}<p>{PAID}</p>", "PASS", "FAIL", "FAIL"),
        (f"{AD}{H1}{EARN}<p>{PAID} (Ad)</p>", "PASS", "PASS", "FAIL"),
        (f"<h1>Ad | The best kettles</h1>{EARN}<p>{PAID}</p>", "PASS", "PASS", "FAIL"),
        (f"<h1>Added value</h1>{EARN}<p>{PAID}</p>", "PASS", "FAIL", "FAIL"),
        (f"<p>Werbung</p><h1>Wasserkocher</h1>{WERBUNG}<p>{PAID}</p>", "FAIL", "FAIL", "PASS"),
        (f"{H1}<p>{PAID}</p>{AD}{EARN}", "FAIL", "FAIL", "FAIL"),
        (f"{H1}<p><a href='/about'>x</a> {PAID}</p>{EARN}", "FAIL", "FAIL", "FAIL"),
        (f"{H1}<p><a href='/d'>Affiliate disclosure</a></p><p>{PAID}</p>", "FAIL", "FAIL", "FAIL"),
        (f"{H1}<p>Contains affiliate links.</p><p>{PAID}</p>", "FAIL", "FAIL", "FAIL"),
        (f"{AD}{H1}<p hidden>We earn a commission if you buy through links.</p>{PAID}", "FAIL", "WARN", "FAIL"),
        (f"<!--{AD}-->{H1}<!-- {EARN} --><p>{PAID}</p>", "FAIL", "FAIL", "FAIL"),
        (f"<div style='display:none'>{AD}{EARN}</div>{H1}{PAID}", "FAIL", "FAIL", "FAIL"),
        (f"{H1}<details><summary>Note</summary>{EARN}</details>{PAID}", "FAIL", "FAIL", "FAIL"),
        (f"{H1}<details open><summary>Note</summary>{EARN}</details>{PAID}", "PASS", "FAIL", "FAIL"),
        (f"{H1}<img alt='We earn a commission if you buy through links'>{PAID}", "FAIL", "FAIL", "FAIL"),
        (f"{H1}<template>{AD}{EARN}</template><noscript>{AD}{EARN}</noscript>{PAID}", "FAIL", "FAIL", "FAIL"),
        (f"<h1>Illness</h1>{EARN}<p>No link.</p>", "WARN", "WARN", "PASS"),
        (f"{H1}<p>I was paid and got a shop link.</p><p>{PAID}</p>", "FAIL", "FAIL", "FAIL"),
        (f"{H1}<p>No <a href='https://shop.example/'>paid</a> link.</p>", "PASS", "PASS", "PASS"),
    ],
)
def test_a_product_led_page_gets_its_verdicts(html: str, us: str, uk: str, de: str) -> None:
    assert verdicts(html, "us", "uk", "de") == f"{us} {uk} {de}"


@pytest.mark.parametrize(
    ("html", "uk"),
    [
        (f"{EARN}<p>Our pick: Ad {PAID}</p>", "FAIL"),  # a word within a sentence is no label
        (f"{EARN}<p>Our pick: <b>Ad</b> {PAID}</p>", "PASS"),
        (f"{EARN}<p>{PAID} <b>Ad</b></p>", "FAIL"),
        (f"{EARN}<p><b>Ad</b></p><p>{PAID}</p>", "FAIL"),
        (f"{EARN}<p><b>Ad</b> {PAID}</p><p>{PAID}</p>", "FAIL"),
        (f"{EARN}<details><p><b>Ad</b> {PAID}</p></details>", "PASS"),
        (f"{EARN}<ul><li><details><b>Ad</b> {PAID}</details></ul>", "PASS"),
        (f"{EARN}<p><b hidden>Ad</b> {PAID}</p>", "FAIL"),
        (f"{EARN}<p><b>Affiliate</b> {PAID}</p>", "FAIL"),
    ],
)
def test_every_paid_link_of_a_mixed_page_needs_its_label(html: str, uk: str) -> None:
    assert verdicts(html, "uk", kind="mixed") == uk


@pytest.mark.parametrize(
    "link",
    [
        '<a href="/go/kettle/-akettle00019">x</a>',
        '<a href="https://shop.example/" rel="Sponsored">x</a>',
        '<a href="https://shop.example/" data-affiliate-placement="a00000000003">x</a>',
        '<a href="https://www.amazon.co.uk/dp/B000000001?tag=magazine0a-21">x</a>',
    ],
)
def test_every_kind_of_paid_link_counts(link: str) -> None:
    assert verdicts(f"<p>{link}</p>", "us") == "FAIL"


def test_the_page_says_its_kind_itself() -> None:
    page = f'<meta name="x-content-kind" content="product-led">{EARN}<h1>K</h1><p><b>Ad</b> {PAID}</p>'
    assert check(page, ["uk"]).verdicts == {"uk": "FAIL"}
    assert check(page, ["uk"], kind="mixed").verdicts == {"uk": "PASS"}


def test_a_finding_names_rule_severity_message_and_place() -> None:
    answer = check(f"<p>{PAID}</p>", ["US"]).as_json()
    assert answer["verdicts"] == {"us": "FAIL"}
    assert answer["findings"][0] == {
        "rule": "US-02",
        "severity": "BLOCK",
        "message": "No sentence before the first paid link says that you are paid for it.",
        "where": "paid link 1: https://www.awin1.com/cread.php?awinmid=1&awinaffid=2&ued=https%3A%2F%2Fshop.example%2Fp",
    }


def test_visibility_is_never_claimed() -> None:
    findings = check(f"{EARN}<p>{PAID}</p>", ["us"]).findings
    assert [(finding.severity, "not verified" in finding.message) for finding in findings] == [("INFO", True)]


def test_an_unknown_profile_is_refused_naming_the_known_ones() -> None:
    with pytest.raises(InvalidInput, match="no profile 'mars'; there are de, uk, us"):
        check("<p>x", ["uk", "mars"])


def test_a_feed_is_refused_rather_than_passed() -> None:
    with pytest.raises(InvalidDocument, match="feed"):
        check('<?xml version="1.0"?><rss><channel></channel></rss>', ["us"])


def test_an_empty_page_passes() -> None:
    assert check("", ["uk"]) == Checked({"uk": "PASS"}, ())
