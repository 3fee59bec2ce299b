"""What the static check lets pass and what not, for pages like those that regulators ruled on."""

from collections.abc import Callable, Iterator
from html import escape

import pytest

from affiliate.disclosure.check import UNCHECKED, Change, check
from affiliate.disclosure.checks import CHECKS
from affiliate.disclosure.findings import Checked, Finding
from affiliate.disclosure.rules import pack, profile_names
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
        (f"<h1>The best kettles | Ad</h1>{EARN}<p>{PAID}</p>", "PASS", "PASS", "FAIL"),
        (f"<h1>The best of the Sunday ad</h1>{EARN}<p>{PAID}</p>", "PASS", "FAIL", "FAIL"),
        (f"<p>Werbung</p><h1>Wasserkocher</h1>{WERBUNG}<p>{PAID}</p>", "FAIL", "FAIL", "PASS"),
        (f"{H1}<p>{PAID}</p>{AD}{EARN}", "FAIL", "FAIL", "FAIL"),
        (f"{H1}<p><a href='/about'>x</a> {PAID}</p>{EARN}", "FAIL", "FAIL", "FAIL"),
        (f"{H1}<p><a href='/d'>Affiliate disclosure</a></p><p>{PAID}</p>", "FAIL", "FAIL", "FAIL"),
        (f"{H1}<p>Contains affiliate links.</p><p>{PAID}</p>", "FAIL", "FAIL", "FAIL"),
        (f"{AD}{H1}<p hidden>We earn a commission if you buy through links.</p>{PAID}", "WARN", "PASS", "FAIL"),
        (f"<!--{AD}-->{H1}<!-- {EARN} --><p>{PAID}</p>", "FAIL", "FAIL", "FAIL"),
        (f"<div style='display:none'>{AD}{EARN}</div>{H1}{PAID}", "FAIL", "FAIL", "FAIL"),
        (f"{H1}<details><summary>Note</summary>{EARN}</details>{PAID}", "FAIL", "FAIL", "FAIL"),
        (f"{H1}<details open><summary>Note</summary>{EARN}</details>{PAID}", "PASS", "FAIL", "FAIL"),
        (f"{H1}<img alt='We earn a commission if you buy through links'>{PAID}", "FAIL", "FAIL", "FAIL"),
        (f"{H1}<template>{AD}{EARN}</template><noscript>{AD}{EARN}</noscript>{PAID}", "FAIL", "FAIL", "FAIL"),
        (f"<h1>Illness</h1>{EARN}<p>No link.</p>", "WARN", "WARN", "WARN"),
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
        '<a href="\n https://www.awin1.com/cread.php?awinmid=1\n&awinaffid=2">x</a>',
        '<a href="//www.awin1.com/cread.php?awinmid=1&awinaffid=2">x</a>',
        '<a href="\\\\www.awin1.com\\cread.php?awinmid=1&awinaffid=2">x</a>',
        '<!-- browsers end this one here --!><a href="/go/x"></a><!-- x -->',
        '<a href="https://prf.hn/click/camref:1101lpefz/destination:https%3A%2F%2Fshop.example">x</a>',
        '<a href="//go.skimresources.com/?id=1X2&url=https%3A%2F%2Fshop.example">x</a>',
        '<a href="https://www.ebay.co.uk/p/56245813?mkevt=1&campid=5336817478&toolid=10001">x</a>',
    ],
)
def test_every_kind_of_paid_link_counts(link: str) -> None:
    assert verdicts(f"<p>{link}</p>", "us") == "FAIL"


@pytest.mark.parametrize(
    "href", ["https://www.ebay.co.uk/p/1", "https://ebay.example/?campid=1", "mailto:x@prf.hn", "/in"]
)
def test_a_link_that_only_looks_like_a_paid_one_is_none(href: str) -> None:
    assert check(f'<p><a href="{href}">x</a></p>', ["us", "uk"]) == Checked({"us": "PASS", "uk": "PASS"}, ())


def test_the_label_stands_at_the_articles_own_headline() -> None:
    own = f"<header><h1>The Magazine</h1></header><article>{{}}{H1}{EARN}<p>{PAID}</p></article>"
    assert verdicts(own.format(AD), "uk") == "PASS"
    assert verdicts(own.format(""), "uk") == "FAIL"
    assert verdicts(f"<h1 hidden>x</h1>{AD}{H1}{EARN}<p>{PAID}</p>", "uk") == "PASS"


def test_a_label_may_be_the_first_that_a_link_says() -> None:
    assert verdicts(f"{EARN}<p><a href='/go/x'><b>Ad</b> kettle</a></p>", "uk", kind="mixed") == "PASS"
    assert verdicts(f"{EARN}<p><a href='/go/x'>kettle <b>Ad</b></a></p>", "uk", kind="mixed") == "FAIL"


def test_the_page_says_its_kind_itself() -> None:
    page = f'<meta name="x-content-kind" content="product-led">{EARN}<h1>K</h1><p><b>Ad</b> {PAID}</p>'
    assert check(page, ["uk"]).verdicts == {"uk": "FAIL"}
    assert check(page, ["uk"], kind="mixed").verdicts == {"uk": "PASS"}


def test_a_finding_names_rule_severity_message_and_place() -> None:
    answer = check(f"<p>{PAID}</p>", ["US"]).as_json()
    assert answer["verdicts"] == {"us": "FAIL"}
    found = next(finding for finding in answer["findings"] if finding["rule"] == "US-02")
    assert (found["profile"], found["severity"]) == ("us", "BLOCK")
    assert found["message"] == "No sentence before the first paid link says that you are paid for it."
    assert found["where"] == (
        "paid link 1: https://www.awin1.com/cread.php?awinmid=1&awinaffid=2&ued=https%3A%2F%2Fshop.example%2Fp"
    )
    assert found["source"].startswith("https://www.law.cornell.edu/")
    assert found["mend"]


def test_visibility_is_never_claimed() -> None:
    findings = check(f"{EARN}<p>{PAID}</p>", ["us"]).findings
    assert [(finding.severity, "not verified" in finding.message) for finding in findings] == [("INFO", True)]


def test_an_unknown_profile_is_refused_naming_the_known_ones() -> None:
    with pytest.raises(InvalidInput, match=r"no profile 'mars' to check against; there are amazon, .*, uk, us"):
        check("<p>x", ["uk", "mars"])


@pytest.mark.parametrize("name", ["ours", "", "uk,us", "../packs/uk"])
def test_what_is_no_profile_is_never_passed(name: str) -> None:
    with pytest.raises(InvalidInput, match=r"Nothing was checked"):
        check("", [name])


TEASER = "<main>{}<h2>Keep your coffee hotter! Now £11.30</h2></a></main>"
UNKNOWN_TARGET = TEASER.format('<a class="card teaser" href="/kettles">')


def teaser(inside: str = "", *, before: str = "", to: str = "product-led") -> str:
    return TEASER.format(f'{before}<a data-target-kind="{to}" href="/kettles">{inside}')


@pytest.mark.parametrize(
    ("html", "us", "uk", "de"),
    [
        (teaser(), "WARN", "FAIL", "FAIL"),
        (teaser("<b>Ad</b>"), "PASS", "PASS", "FAIL"),
        (teaser("<b>Anzeige</b>"), "WARN", "FAIL", "PASS"),
        (teaser(before="<span>Ad</span>"), "PASS", "PASS", "FAIL"),
        (teaser("<b hidden>Ad</b>"), "WARN", "FAIL", "FAIL"),
        (teaser("<!-- Ad -->"), "WARN", "FAIL", "FAIL"),
        (teaser("<b>Ad</b>") + teaser(), "WARN", "FAIL", "FAIL"),
        (f"<main>{teaser('<b>Ad</b>')}{teaser()}</main>", "WARN", "FAIL", "FAIL"),
        (teaser(to="mixed"), "PASS", "PASS", "PASS"),
        (UNKNOWN_TARGET, "WARN", "WARN", "WARN"),
    ],
)
def test_what_leads_to_a_product_led_article_needs_the_label(html: str, us: str, uk: str, de: str) -> None:
    page = f'<meta name="x-content-kind" content="teaser">{html}'
    assert " ".join(check(page, ["us", "uk", "de"]).verdicts.values()) == f"{us} {uk} {de}"


def test_a_page_of_teasers_in_which_none_is_recognised_is_not_passed() -> None:
    page = '<meta name="x-content-kind" content="teaser"><div><a href="/kettles">Kettles</a></div>'
    assert set(check(page, ["us", "uk", "de"]).verdicts.values()) == {"WARN"}


def rss(content: str, title: str = "The best kettles") -> str:
    return (
        '\ufeff<?xml version="1.0" encoding="UTF-8"?>\n<!-- made by a CMS -->\n'
        '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>Ad</title>'
        f"<item><title>{title}</title><link>https://pub.example/k</link>"
        f"<description>Kettles.</description><content:encoded><![CDATA[{content}]]></content:encoded></item></channel></rss>"
    )


def atom(content: str) -> str:
    return (
        '<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>Kettles</title><link href="https://pub.example/k"/>'
        f'<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">{content}</div></content></entry></feed>'
    )


LABELLED = f"<p>We earn a commission if you buy through links marked Ad.</p><p><b>Ad</b> {PAID}</p>"


@pytest.mark.parametrize("feed", [rss, atom])
def test_an_item_of_a_feed_needs_a_disclosure_of_its_own(feed: Callable[[str], str]) -> None:
    assert check(feed(f"<p>{PAID}</p>"), ["us", "uk", "de"]).verdicts == {"us": "FAIL", "uk": "FAIL", "de": "FAIL"}
    assert check(feed(LABELLED), ["us", "uk", "de"]).verdicts == {"us": "PASS", "uk": "PASS", "de": "FAIL"}
    assert check(feed(LABELLED), ["uk"], kind="product-led").verdicts == {"uk": "FAIL"}


def test_the_title_of_a_product_led_item_carries_the_label() -> None:
    assert check(rss("", "Ad | Kettles"), ["uk"], kind="product-led").verdicts == {"uk": "PASS"}
    assert check(rss("", "Kettles"), ["uk"], kind="product-led").verdicts == {"uk": "FAIL"}
    assert check(rss("", "Kettles"), ["uk", "us"]).verdicts == {"uk": "WARN", "us": "PASS"}
    assert check(rss("", "Kettles"), ["uk"], kind="editorial").verdicts == {"uk": "PASS"}


def test_a_finding_in_a_feed_names_the_item() -> None:
    two = rss(LABELLED).replace("</channel>", f"<item><description>{escape(PAID)}</description></item></channel>")
    assert {finding.where[:20] for finding in check(two, ["us"]).findings if finding.severity == "BLOCK"} == {
        "item 2, paid link 1:"
    }


@pytest.mark.parametrize(
    "feed",
    [
        "<rss><channel>",
        '<!DOCTYPE rss [<!ENTITY a "Ad">]><rss/>',
        '<?xml version="1.0"?>\n<?xml-stylesheet href="x.xsl"?><!-- c --><rss><a b=c/></rss>',
        '<?xml version="1.0"?><urlset><url/></urlset>',
    ],
)
def test_a_feed_that_cannot_be_read_is_refused(feed: str) -> None:
    with pytest.raises(InvalidDocument, match="feed"):
        check(feed, ["us"])


@pytest.mark.parametrize("filling", ["x", "y ", "earn get ", "commission ", "Provision "])
def test_a_block_of_a_million_characters_is_checked_in_seconds(filling: str) -> None:
    block = filling * (1_000_000 // len(filling))
    assert verdicts(f"<p>{block} {PAID}</p>", "us", "de") == "FAIL FAIL"


def test_a_page_that_begins_with_many_comments_is_checked_at_once() -> None:
    assert check("<!-- c -->\n" * 5000 + "text", ["us"]).verdicts == {"us": "PASS"}
    assert check('<?xml version="1.0"?><!DOCTYPE html><html>' + PAID, ["us"]).verdicts == {"us": "FAIL"}


SEEN = "We earn a commission if you buy through links on this page."


@pytest.mark.parametrize(
    "disclosure",
    [
        f'<p style="font-size:9px">{SEEN}</p>',
        f'<p style="margin:0;color:#bbb">{SEEN}</p>',
        f'<p><span style="font: 9px serif">{SEEN}</span></p>',
        f'<p style="position:absolute;left:-9999px">{SEEN}</p>',
        f'<style>/* .x */ .sr , b {{ width:1px;clip:rect(0,0,0,0) }}</style><p class="a sr">{SEEN}</p>',
        f"<style>#d {{opacity:0}}</style><div id=d><div><p>{SEEN}</p></div></div>",
        f"<style>@media print {{ .d {{ color:#fff }} }}</style><p class=d>{SEEN}</p>",
    ],
)
def test_a_disclosure_that_the_page_styles_away_is_never_passed(disclosure: str) -> None:
    assert verdicts(f"{H1}{disclosure}<p>{PAID}</p>", "us") == "WARN"


@pytest.mark.parametrize(
    "disclosure",
    [
        f'<p style="margin:1em;text-align:left">{SEEN}</p>',
        f'<style>.a {{ color:#fff }} body {{ font:18px serif }}</style><p class="b">{SEEN}</p>',
        f'<div style="font-size:16px"><p>{SEEN}</p></div>',
    ],
)
def test_styles_that_leave_the_disclosure_as_it_is_raise_no_doubt(disclosure: str) -> None:
    assert verdicts(f"{H1}{disclosure}<p>{PAID}</p>", "us") == "PASS"


@pytest.mark.parametrize(
    "script",
    [
        "<script src='https://s.skimresources.com/js/1X2.skimlinks.js'></script>",
        "<amp-skimlinks></amp-skimlinks>",
        "<script>var vglnk = {key: '1'}</script>",
    ],
)
def test_a_page_whose_links_a_script_makes_paid_tells_its_readers(script: str) -> None:
    shop = "<p><a href='https://shop.example/'>A kettle</a></p>"
    assert verdicts(f"{H1}{shop}{script}", "us", "uk", "de") == "FAIL FAIL FAIL"
    assert verdicts(f"{H1}{shop}{EARN}{script}", "us", "uk") == "FAIL FAIL"
    assert verdicts(f"{AD}{H1}{EARN}{shop}{script}", "us", "uk") == "PASS PASS"
    assert (
        verdicts(f"{H1}<p>No <a href='/about'>link</a> leads away.</p>{script}", "us", "uk", "de") == "PASS PASS PASS"
    )


def test_a_kind_that_nobody_said_is_named() -> None:
    said = [finding.message for finding in check(LABELLED, ["uk"]).findings]
    assert any("checked as mixed" in message for message in said)
    assert not any("mixed" in finding.message for finding in check(LABELLED, ["uk"], kind="mixed").findings)


def test_an_empty_page_passes() -> None:
    assert check("", ["uk"]) == Checked({"uk": "PASS"}, ())


def broken(_page: object, _rule: object, _pack: object) -> Iterator[Finding]:
    yield from [Finding("us", "US-01", "INFO", str(max([])), "page")]


@pytest.mark.parametrize("name", sorted(CHECKS))
def test_a_rule_that_cannot_be_checked_is_no_pass_and_takes_no_other_along(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = f"{AD}{H1}{EARN}<p>{PAID}</p>"
    asking = {key: [rule.id for rule in pack(key).rules if name in rule.checks] for key in profile_names()}
    monkeypatch.setitem(CHECKS, name, broken)
    for profile, rules in asking.items():
        loosened = [Change(rule, "WARN", "known") for rule in rules]
        checked = check(told, [profile, "google"], kind="product-led", changes=loosened)
        failed = [finding for finding in checked.findings if finding.message == UNCHECKED]
        assert {finding.rule for finding in failed if finding.profile == profile} == set(rules)
        assert {finding.severity for finding in failed} <= {"ERROR"}
        assert all("max()" in finding.measured for finding in failed)
        assert checked.verdicts[profile] == "FAIL" or not rules
        assert checked.verdicts["google"] == ("FAIL" if asking["google"] else "PASS")


def test_a_page_that_cannot_be_read_at_all_fails_every_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("affiliate.disclosure.check.Page", broken)
    checked = check(f"{H1}{EARN}<p>{PAID}</p>", ["us", "UK"])
    assert checked.verdicts == {"us": "FAIL", "uk": "FAIL"}
    assert [finding.message for finding in checked.findings] == [UNCHECKED, UNCHECKED]
