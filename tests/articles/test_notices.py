"""Where label and sentence stand: always live, always before the first paid link, never where there is none."""

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from affiliate.articles.document import Document
from affiliate.articles.edits import restore
from affiliate.articles.rewrite import Result, rewrite
from affiliate.disclosure.check import check
from tests.articles.oracle import tree
from tests.articles.shop import decide, notice
from tests.articles.test_rewrite import soup

LINK = '<a href="https://shop.example/x">kettle</a>'
BLOCK = '<p data-affiliate-disclosure="uk-en-1">'
LABEL = '<span data-affiliate-label="uk-en-1">Ad&#160;</span>'


def shape(html: str, *, product_led: bool = False, jurisdiction: str = "uk", language: str = "en") -> str:
    """The rewritten HTML with anchors written [x], labels !, headline labels {Ad}, sentences {…}, both {Ad …}."""
    result = rewrite(html, decide, notice=notice(jurisdiction, language, product_led=product_led)).html
    result = re.sub(r"<span data-affiliate-label[^>]*>[^<]*</span>", "!", result)
    result = re.sub(r"<a href=./go/.*?</a>", "[x]", result)
    result = re.sub(r"<p data-affiliate-disclosure[^>]*><strong>\w+</strong></p>", "{Ad}", result)
    result = re.sub(r"<p data-affiliate-disclosure[^>]*><strong>\w+</strong> .*?</p>", "{Ad …}", result)
    return re.sub(r"<p data-affiliate-disclosure[^>]*>.*?</p>", "{…}", result)


MIXED = [
    (f"<p>One.</p><p>Our {LINK}.</p><p>{LINK}</p>", "<p>One.</p>{Ad …}<p>Our ![x].</p><p>![x]</p>"),
    (f"<p>One.</p>Our <b>best</b> {LINK}.", "<p>One.</p>{Ad …}Our <b>best</b> ![x]."),
    (f"Our {LINK}.", "{Ad …}Our ![x]."),
    (f"<div>One<br><br>Our {LINK}</div>", "<div>{Ad …}One<br><br>Our ![x]</div>"),
    (f"<div><ul><li>One<li><p>{LINK}</ul></div>", "<div>{Ad …}<ul><li>One<li><p>![x]</ul></div>"),
    (f"<table><tr><td>{LINK}</table>", "{Ad …}<table><tr><td>![x]</table>"),
    (
        f"<details><summary>More</summary><p>{LINK}</p></details>",
        "{Ad …}<details><summary>More</summary><p>![x]</p></details>",
    ),
    (f"<div hidden><p>{LINK}</p></div>", "{Ad …}<div hidden><p>![x]</p></div>"),
    (f"<div style='display: none'><p>{LINK}</p></div>", "{Ad …}<div style='display: none'><p>![x]</p></div>"),
    (f"<figure><img src=x>{LINK}</figure>", "{Ad …}<figure><img src=x>![x]</figure>"),
    (f"<!doctype html><html><body>\r\n{LINK}", "<!doctype html><html><body>{Ad …}\r\n![x]"),
    (f"<!doctype html><title>t</title><p>{LINK}", "<!doctype html><title>t</title>{Ad …}<p>![x]"),
    (f"</p><!-- c -->{LINK}", "</p><!-- c -->{Ad …}![x]"),
    (f"\ufeff<!doctype html><html><body>\r\n{LINK}", "\ufeff<!doctype html><html><body>{Ad …}\r\n![x]"),
    (f"\ufeff<p>{LINK}", "\ufeff{Ad …}<p>![x]"),
]


@pytest.mark.parametrize(("before", "after"), MIXED)
def test_a_mixed_article_is_labelled_at_the_block_of_its_first_paid_link(before: str, after: str) -> None:
    assert shape(before) == after


PRODUCT_LED = [
    (f"<h1>Kettles</h1><p>One.</p><p>{LINK}</p>", "{Ad}<h1>Kettles</h1>{…}<p>One.</p><p>![x]</p>"),
    (
        f"<header><a href=/>Mag</a></header><article><header><h1>K</h1><p>By Jo</p></header><p>{LINK}</p></article>",
        "<header><a href=/>Mag</a></header><article><header>{Ad}<h1>K</h1>{…}<p>By Jo</p></header><p>![x]</p></article>",
    ),
    (f"<h1>Mag</h1><article><h1>K</h1><p>{LINK}</article>", "<h1>Mag</h1><article>{Ad}<h1>K</h1>{…}<p>![x]</article>"),
    (f"<hgroup><h1>K</h1><p>Sub</p></hgroup><p>{LINK}", "{Ad}<hgroup><h1>K</h1><p>Sub</p></hgroup>{…}<p>![x]"),
    # a body without its headline is labelled at its top; the label for the headline is in the answer
    (f"<p>One.</p><p>{LINK}</p>", "{Ad …}<p>One.</p><p>![x]</p>"),
    (f"<main><p>One.</p><p>{LINK}</p></main>", "<main>{Ad …}<p>One.</p><p>![x]</p></main>"),
    # a paid link above the headline
    (f"<p>{LINK}</p><h1>K</h1><p>{LINK}</p>", "{Ad …}<p>![x]</p>{Ad}<h1>K</h1><p>![x]</p>"),
    (f"<h1>{LINK}</h1>", "{Ad …}<h1>![x]</h1>"),
    (f"<h1>Never closed <p>{LINK}</p>", "{Ad …}<h1>Never closed <p>![x]</p>"),
    (f"<h1 hidden>K</h1><p>{LINK}</p>", "{Ad …}<h1 hidden>K</h1><p>![x]</p>"),
]


@pytest.mark.parametrize(("before", "after"), PRODUCT_LED)
def test_a_product_led_article_is_labelled_at_its_headline(before: str, after: str) -> None:
    assert shape(before, product_led=True) == after


def test_a_us_article_has_no_headline_label() -> None:
    html = f"<h1>Kettles</h1><p>{LINK}</p>"
    assert shape(html, product_led=True, jurisdiction="us") == "<h1>Kettles</h1>{…}<p>![x]</p>"


def test_the_areas_of_one_picture_share_a_label() -> None:
    area = '<area href="https://shop.example/x">'
    html = rewrite(f"<map>{area}{area}</map><p>{LINK}", decide, notice=notice()).html
    assert html.count(LABEL) == 2


def test_the_language_is_said_where_the_page_declares_another() -> None:
    html = f'<html lang="de"><p>{LINK}</p>'
    german = rewrite(html, decide, notice=notice("de", "de")).html
    assert "lang=" not in german.removeprefix('<html lang="de">')
    english = rewrite(html, decide, notice=notice()).html
    assert '<p data-affiliate-disclosure="uk-en-1" lang="en">' in english


def test_white_space_that_a_cms_puts_around_our_pieces_does_not_move_them() -> None:
    once = rewrite(f"<h1>K</h1><p>{LINK}</p>", decide, notice=notice(product_led=True)).html
    spaced = once.replace("</p>", "</p>\n\n").replace("</span>", "</span>\n")
    assert rewrite(spaced, decide, notice=notice(product_led=True)).changes == ()


def test_a_piece_that_an_author_filled_with_more_than_words_is_the_authors() -> None:
    theirs = f'{BLOCK}See <img src="x"> and <a href="/why">why</a>.</p>'
    assert rewrite(theirs, decide).html == theirs


def test_taking_the_notice_out_leaves_the_links() -> None:
    html = f"<h1>K</h1>\r\n<p>{LINK}</p>"
    with_notice = rewrite(html, decide, notice=notice(product_led=True)).html
    assert rewrite(with_notice, decide).html == rewrite(html, decide).html


# ---- laws over generated articles ----------------------------------------------------------------------------------

_words = st.sampled_from(
    ["One.", "Our pick", "é &amp; ü", "😀", "two words", "<b>bold</b>", "<br>", "<!-- note -->", "\r\n"]
)
_inline = st.lists(
    st.one_of(
        _words,
        st.just(LINK),
        st.sampled_from(
            [
                '<a href="/in">in</a>',
                "<a href='https://shop.example/y'><img src=y alt=''></a>",
                f"<b>{LINK}</b>",
                f"<span>{LINK} and</span>",
                '<a href="https://elsewhere.example/">else</a>',
                f"<script>'{LINK}'</script>",
            ]
        ),
    ),
    max_size=4,
).map(" ".join)
_block = st.recursive(
    st.one_of(
        _inline,
        _inline.map(lambda text: f"<p>{text}</p>"),
        _inline.map(lambda text: f"<p>{text}"),
        _inline.map(lambda text: f"<h2>{text}</h2>"),
        st.just("<hr>"),
    ),
    lambda inner: st.one_of(
        st.tuples(
            st.sampled_from(
                ["div", "section", "aside", "blockquote", "figure", "details", "header", "center", "form", "x-y"]
            ),
            st.lists(inner, max_size=3).map("".join),
        ).map(lambda pair: f"<{pair[0]}>{pair[1]}</{pair[0]}>"),
        st.lists(inner, max_size=3).map(lambda items: "<ul>" + "".join(f"<li>{item}</li>" for item in items) + "</ul>"),
        st.lists(inner, max_size=3).map(lambda items: "<table>" + "".join(f"<tr><td>{i}" for i in items) + "</table>"),
    ),
    max_leaves=6,
)
_headline = st.sampled_from(
    ["", "<h1>Kettles</h1>", "<header><h1>Kettles</h1></header>", "<div><h1>Ke<b>tt</b>les</h1></div>\r\n"]
)
_frame = st.sampled_from(
    [
        "{}",
        "<article>{}</article>",
        "<!doctype html><html lang=en-GB><head><title>t</title></head><body>\r\n{}</body></html>",
        "<!doctype html><title>t</title><main>{}</main>",
        "\ufeff<!-- wp:paragraph -->{}",
    ]
)


@st.composite
def articles(draw: st.DrawFn) -> str:
    blocks = draw(st.lists(_block, max_size=4))
    at = draw(st.integers(0, len(blocks)))
    return draw(_frame).replace("{}", "".join((*blocks[:at], draw(_headline), *blocks[at:])))


@settings(max_examples=400, deadline=None)
@given(articles(), st.booleans(), st.sampled_from([("uk", "en"), ("us", "en"), ("de", "de")]))
def test_every_rewritten_article_passes_the_profile_it_was_written_for(
    html: str, product_led: bool, text: tuple[str, str]
) -> None:
    jurisdiction, language = text
    html = html.replace("lang=en-GB", f"lang={language}")
    shown = notice(jurisdiction, language, product_led=product_led)
    result = rewrite(html, decide, notice=shown)
    assert restore(result.html, result.changes) == html
    assert tree(result.html) == tree(html)
    assert rewrite(result.html, decide, notice=shown) == Result(result.html, ())
    assert rewrite(result.html, decide).html == rewrite(html, decide).html
    profiles = ["uk", "us"] if jurisdiction == "uk" else [jurisdiction]
    verdicts = check(result.html, profiles, kind="product-led" if product_led else "mixed").verdicts
    assert set(verdicts.values()) == {"PASS"}
    paid = "/go/" in result.html
    assert ("data-affiliate-disclosure" in result.html) == paid


@settings(max_examples=700, deadline=None)
@given(soup, st.booleans())
@example("<a href=https://shop.example/x>" * 3 + "<h1><a href=https://shop.example/x>", True)
@example("<nobr><area href=https://shop.example/x><nobr><a href=https://shop.example/x>", False)
@example("<h1>Kettles</h1></p>Ad<a href=https://shop.example/x>", False)
@example("<svg><article><a href=https://shop.example/x><p><a href=https://shop.example/x>", True)
def test_a_notice_in_a_broken_document_is_reversible_and_stays_where_it_is(html: str, product_led: bool) -> None:
    shown = notice(product_led=product_led)
    result = rewrite(html, decide, notice=shown)
    assert restore(result.html, result.changes) == html
    assert rewrite(result.html, decide, notice=shown) == Result(result.html, ())


@pytest.mark.parametrize(
    "headline", [f"<h1>Kettles | {LINK}</h1>", f"<h1>{LINK.replace('kettle', '<img src=x>')}</h1>"]
)
def test_our_label_in_a_headline_is_not_taken_for_an_authors(headline: str) -> None:
    once = rewrite(f"{headline}<p>One.</p>", decide, notice=notice(product_led=True)).html
    assert rewrite(once, decide, notice=notice(product_led=True)) == Result(once, ())
    written = Document(once).headline
    assert written is not None
    assert LABEL in once
    assert "Ad" not in written.text.split()


def test_a_label_behind_an_unclosed_link_stands_in_its_own_link() -> None:
    html = f"<p><a name=top>One<p>Our {LINK}</p>"
    result = rewrite(html, decide, notice=notice())
    assert f">{LABEL}kettle</a>" in result.html
    assert tree(result.html) == tree(html)
    assert rewrite(result.html, decide, notice=notice()) == Result(result.html, ())
    assert check(result.html, ["uk"], kind="mixed").verdicts == {"uk": "PASS"}
