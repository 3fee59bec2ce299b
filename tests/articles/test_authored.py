"""What an author wrote is not said twice where it does, and never stands in for ours where it does not."""

import pytest

from affiliate.articles.authored import remarks
from affiliate.articles.document import Document
from affiliate.articles.edits import restore
from affiliate.articles.rewrite import Result, rewrite
from affiliate.disclosure.block import Notice
from affiliate.disclosure.check import check
from affiliate.disclosure.texts import disclosure_text
from tests.articles.shop import decide, notice

LINK = '<a href="https://shop.example/x">kettle</a>'
TOLD = "<p>We earn a commission if you buy through our links.</p>"
LONG = "<p>" + "The kettle boils in two minutes. " * 40 + "</p>"


def done(html: str, *, product_led: bool = False, jurisdiction: str = "uk", language: str = "en") -> Result:
    shown = notice(jurisdiction, language, product_led=product_led)
    result = rewrite(html, decide, notice=shown)
    assert restore(result.html, result.changes) == html
    assert rewrite(result.html, decide, notice=shown) == Result(result.html, ())
    kind = "product-led" if product_led else "mixed"
    assert check(result.html, [jurisdiction], kind=kind).verdicts == {jurisdiction: "PASS"}
    return result


def said(html: str, notice: Notice) -> list[str]:
    document = Document(html)
    plan = rewrite(document, decide, notice=notice).plan
    assert plan.first is not None
    return list(remarks(document, plan.first, notice, plan.there))


SUFFICIENT = [
    (f"{TOLD}<p>{LINK}</p>", "uk", "en"),
    (f"<h1>K</h1>{LONG}{TOLD}<p>{LINK}</p>", "uk", "en"),
    (f"<h1>K</h1>{TOLD}{LONG}{LONG}<p>{LINK}</p>", "uk", "en"),
    (f"<p>When you buy through links on our site, we may earn an affiliate commission.</p><p>{LINK}</p>", "us", "en"),
    (f"<div>Wenn Sie über diese Links kaufen, erhalten wir eine Provision.</div><p>{LINK}</p>", "de", "de"),
    (f"<details open><summary>Ad</summary>{TOLD}</details><p>{LINK}</p>", "uk", "en"),
]


@pytest.mark.parametrize(("html", "jurisdiction", "language"), SUFFICIENT)
def test_an_authors_sentence_that_does_is_not_said_again(html: str, jurisdiction: str, language: str) -> None:
    result = done(html, jurisdiction=jurisdiction, language=language)
    assert "data-affiliate-disclosure" not in result.html
    assert "data-affiliate-label" in result.html
    assert result.plan.there.sentence is not None


INSUFFICIENT = [
    # too little, too late, too far, elsewhere, hidden, taken back, in another language
    f"<p>This post may contain affiliate links.</p><p>{LINK}</p>",
    f"<p>Affiliate links</p><p>{LINK}</p>",
    f"<p>{LINK}</p>{TOLD}",
    f"{LONG}{TOLD}{LONG}<p>{LINK}</p>",
    f"<nav>{TOLD}</nav><p>{LINK}</p>",
    f"<aside>{TOLD}</aside><p>{LINK}</p>",
    f'<div class="ad-slot">{TOLD}</div><p>{LINK}</p>',
    f"<div hidden>{TOLD}</div><p>{LINK}</p>",
    f'<div style="display:none">{TOLD}</div><p>{LINK}</p>',
    f"<details>{TOLD}</details><p>{LINK}</p>",
    f"<!--{TOLD}--><template>{TOLD}</template><p>{LINK}</p>",
    f"<p>Acme earns money when people buy its kettles.</p><p>{LINK}</p>",
    f'<p lang="de">Wenn Sie über diese Links kaufen, erhalten wir eine Provision.</p><p>{LINK}</p>',
]


@pytest.mark.parametrize("html", INSUFFICIENT)
def test_an_authors_sentence_that_does_not_stays_and_ours_is_added(html: str) -> None:
    result = rewrite(html, decide, notice=notice())
    assert result.plan.there.sentence is None
    assert "We earn a commission if you buy through links marked Ad." in result.html
    assert restore(result.html, result.changes) == html


@pytest.mark.parametrize(
    ("html", "why"),
    [
        (INSUFFICIENT[0], "does not say that you are paid"),
        (f"<p>Sponsored</p><p>{LINK}</p>", "alone tells readers nothing"),
        (INSUFFICIENT[2], "does not stand in the article before the first paid link"),
        (INSUFFICIENT[3], "stands far from the first paid link"),
        (INSUFFICIENT[4], "does not stand in the article"),
        (f"{TOLD}<p>{LINK}</p><p>This is not an advertisement.</p>", "takes the disclosure back"),
    ],
)
def test_the_editor_is_told_what_does_not_do(html: str, why: str) -> None:
    (remark,) = said(html, notice())
    assert why in remark


def test_an_article_without_such_words_has_no_remarks() -> None:
    assert said(f"{LONG}<p>{LINK}</p><p>A partner of mine bought it.</p>", notice()) == []


LABELLED = [
    "<p>Ad: {}</p>",
    "<p>(Ad) {}</p>",
    "<p>Our pick (Advert) {}</p>",
    "<p><b>Advertisement</b> | {}</p>",
    "<p>#ad {}</p>",
]
UNLABELLED = [
    "<p>We saw the ad for {}</p>",
    "<p>Affiliate: {}</p>",
    "<p>{} (Ad)</p>",
    "<p>Anzeige: {}</p>",
    "<p>Ad</p><p>{}</p>",
]


@pytest.mark.parametrize("html", LABELLED)
def test_a_link_that_its_author_labelled_gets_no_label(html: str) -> None:
    assert "data-affiliate-label" not in done(TOLD + html.format(LINK)).html


@pytest.mark.parametrize("html", UNLABELLED)
def test_other_words_before_a_link_are_no_label(html: str) -> None:
    assert "data-affiliate-label" in done(TOLD + html.format(LINK)).html


def test_each_link_of_a_block_needs_a_label_of_its_own() -> None:
    assert done(f"{TOLD}<p>Ad: {LINK} and {LINK}</p>").html.count("data-affiliate-label") == 1


def test_a_label_in_the_link_is_its_label() -> None:
    assert "data-affiliate-label" not in done(f'{TOLD}<p><a href="https://shop.example/x">Ad: kettle</a></p>').html


@pytest.mark.parametrize(
    ("top", "labelled"),
    [
        ("<h1>Ad | Kettles</h1>", True),
        ("<h1>Kettles (Ad)</h1>", True),
        ("<p>Ad</p><h1>Kettles</h1>", True),
        ("<header><span>Advertisement</span><p>Kitchen</p><h1>Kettles</h1></header>", True),
        ("<p>Affiliate</p><h1>Kettles</h1>", False),
        ("<h1>Kettles</h1><p>Ad</p>", False),
        ('<div class="banner">Advertisement</div><h1>Kettles</h1>', False),
        (f"<p>Ad</p>{LONG}<h1>Kettles</h1>", False),
    ],
)
def test_a_headline_that_its_author_labelled_gets_no_label(top: str, labelled: bool) -> None:
    result = rewrite(f"<article>{top}{TOLD}<p>{LINK}</p></article>", decide, notice=notice(product_led=True))
    assert ("<strong>Ad</strong>" not in result.html) == labelled
    if labelled:
        done(f"<article>{top}{TOLD}<p>{LINK}</p></article>", product_led=True)


def test_a_networks_own_sentence_is_added_beside_the_authors() -> None:
    amazon = Notice(disclosure_text("uk", "en"), product_led=False, networks=frozenset({"amazon"}))
    html = f"{TOLD}<p>{LINK}</p>"
    result = rewrite(html, decide, notice=amazon)
    assert "</strong> As an Amazon Associate I earn from qualifying purchases.</p><p>" in result.html
    assert "links marked Ad" not in result.html
    own = html.replace("links.</p>", "links. As an Amazon Associate I earn from qualifying purchases.</p>")
    assert "data-affiliate-disclosure" not in rewrite(own, decide, notice=amazon).html
    alone = f"<p>As an Amazon Associate I earn from qualifying purchases.</p><p>{LINK}</p>"
    told = rewrite(alone, decide, notice=amazon).html
    assert "links marked Ad.</p>" in told
    assert told.count("Amazon Associate") == 1


def test_paid_links_of_a_menu_do_not_move_the_disclosure_out_of_the_article() -> None:
    html = f"<body><nav>{LINK}</nav><main><h1>K</h1><p>One.</p><p>{LINK}</p></main></body>"
    result = rewrite(html, decide, notice=notice())
    assert "<p>One.</p><p data-affiliate-disclosure" in result.html
    assert result.html.count("data-affiliate-label") == 2


def test_a_link_far_down_a_list_is_told_in_its_item() -> None:
    items = "".join(f"<li>{'word ' * 100}</li>" for _ in range(10))
    result = done(f"<h1>K</h1><ul>{items}<li>{LINK}</li></ul>")
    assert "<li><p data-affiliate-disclosure" in result.html
