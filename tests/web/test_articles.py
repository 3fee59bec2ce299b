"""The article pages: before and after, publishing, the switch, and who sees the money."""

import html
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affiliate.articles.edits import Edit
from affiliate.store.tables import Article, ArticleDisclosure, Link, Placement
from affiliate.web import Services
from affiliate.web.diff import KEPT, REMOVED, hunks
from tests.web.conftest import Published, Visitor
from tests.web.newsroom import ARTICLE, ARTICLE_URL, SHOP, furnish

FACTS = {
    "html": ARTICLE,
    "title": "Partywear",
    "url": ARTICLE_URL,
    "kind": "mixed",
    "tags": "party, marble",
    "author": "Imogen",
}


@pytest.fixture
def editor(services: Services, signed_in: Callable[[str], Visitor]) -> Visitor:
    furnish(services)
    return signed_in("editor")


def test_the_empty_list_says_what_to_do_first(signed_in: Callable[[str], Visitor]) -> None:
    page = signed_in("editor").get("/articles").text
    assert "No articles yet" in page
    assert 'href="/articles/new"' in page


def test_a_paste_shows_the_changes_and_stores_nothing(
    editor: Visitor, services: Services, published: Published
) -> None:
    page = editor.post("/articles/new", **FACTS)
    assert page.status_code == 200
    text = html.unescape(page.text)
    assert f"<del>{SHOP}</del><ins>/go/marble-midi/-a" in text
    assert "1 paid link, disclosure" in text
    assert "We earn a commission" in text
    assert "No programme covers other.example" in text
    assert '<iframe class="preview" title="The rewritten article" sandbox srcdoc="' in page.text
    with services.store.reading() as session:
        assert session.query(Article).count() == session.query(Link).count() == 0
    assert published.links == []


def test_publishing_stores_what_was_shown_and_gives_the_html_to_copy(
    editor: Visitor, services: Services, published: Published
) -> None:
    answer = editor.post("/articles/publish", **FACTS)
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/articles/1#html"
    page = html.unescape(editor.get("/articles/1").text)
    with services.store.reading() as session:
        article = session.query(Article).one()
        token = session.query(Placement).filter_by(article_id=1).one().token
    assert (article.title, article.tags, article.author) == ("Partywear", ["party", "marble"], "Imogen")
    assert article.html is not None
    assert f"/go/marble-midi/-{token}" in article.html
    assert article.html in page
    assert "Shown since 20 Nov 2026, 12:00" in page
    assert published.links == [1]
    listed = editor.get("/articles?q=partywear&disclosure=present").text
    assert 'href="/articles/1"' in listed
    assert "No article fits" in editor.get("/articles?disclosure=missing").text


def test_line_ends_of_a_form_do_not_change_the_article(editor: Visitor, services: Services) -> None:
    editor.post("/articles/publish", **{**FACTS, "html": "<p>one\r\ntwo</p>\r\n"})
    with services.store.reading() as session:
        assert session.query(Article).one().html == "<p>one\ntwo</p>\n"


def test_publishing_the_stored_html_again_changes_nothing(editor: Visitor, services: Services) -> None:
    editor.post("/articles/publish", **FACTS)
    with services.store.reading() as session:
        stored = session.query(Article).one().html or ""
    page = editor.post("/articles/new", **{**FACTS, "html": stored}).text
    assert "Nothing would change" in page


def test_the_switch_takes_paid_links_away_and_brings_them_back(editor: Visitor, services: Services) -> None:
    editor.post("/articles/publish", **FACTS)
    editor.post("/articles/1/switch", monetise="off")
    with services.store.reading() as session:
        article = session.query(Article).one()
        assert article.monetise is False
        assert f'<a href="{SHOP}"' in (article.html or "")
        assert "commission" not in (article.html or "")
        assert session.query(Placement).filter_by(article_id=1).one().removed_at is not None
    page = editor.get("/articles/1").text
    assert "An editor switched this article off." in page
    assert "The article itself decides." in page
    assert "It holds no paid link" in page
    editor.post("/articles/1/switch", monetise="")
    with services.store.reading() as session:
        article = session.query(Article).one()
        assert article.monetise is None
        assert "/go/marble-midi/-" in (article.html or "")
        states = [row.state for row in session.query(ArticleDisclosure).order_by(ArticleDisclosure.id)]
    assert states == ["present", "not-needed", "present"]
    assert "Before that" in editor.get("/articles/1").text
    assert editor.post("/articles/1/switch", monetise="maybe").status_code == 422
    assert editor.post("/articles/99/switch", monetise="on").status_code == 404


@pytest.mark.parametrize(
    ("facts", "reason", "decides", "switchable"),
    [
        ({"tags": "bereavement"}, "The tag “bereavement” never carries paid links.", "tags decide; no switch", False),
        ({"tags": "bereavement", "monetise": "on"}, "The tag “bereavement” never", "tags decide; no switch", False),
        ({"kind": "editorial"}, "The article is editorial", "The article itself decides", True),
        ({}, "The site carries paid links.", "The site decides", True),
    ],
)
def test_the_page_names_the_ruling_that_applies_and_what_decides_it(
    editor: Visitor, facts: dict[str, str], reason: str, decides: str, switchable: bool
) -> None:
    editor.post("/articles/publish", **{**FACTS, **facts})
    page = html.unescape(editor.get("/articles/1").text)
    assert reason in page
    assert decides in page
    assert ("Switch o" in page) is switchable
    assert ("As the site’s rules say" in page) is ("monetise" in facts)


def test_the_page_says_how_a_product_led_article_is_announced(editor: Visitor) -> None:
    editor.post("/articles/publish", **{**FACTS, "kind": "product-led"})
    page = editor.get("/articles/1").text
    assert 'data-copy="Ad: Partywear"' in page
    editor.post("/articles/publish", **FACTS)
    page = editor.get("/articles/1").text
    assert "need no label" in page
    assert "Ad: Partywear" not in page


def test_the_page_says_why_an_article_does_not_earn(editor: Visitor) -> None:
    editor.post("/articles/publish", **{**FACTS, "language": "fi"})
    page = html.unescape(editor.get("/articles/1").text)
    assert "The disclosure cannot be placed: there are no words for uk in the language 'fi'" in page


def test_clicks_of_all_time_are_called_so(editor: Visitor) -> None:
    editor.post("/articles/publish", **FACTS)
    for path in ("/articles", "/articles/1"):
        assert "Clicks, all time</th>" in editor.get(path).text
    assert "0 by people, 0 raw, 0 network-comparable, all time" in editor.get("/articles/1").text


def test_the_pieces_of_a_disclosure_have_names_of_their_own(editor: Visitor) -> None:
    page = editor.post("/articles/new", **{**FACTS, "kind": "product-led"}).text
    assert ": label before the headline</p>" in page
    assert ": disclosure sentence</p>" in page


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"html": ""}, "There is no HTML"),
        ({"html": "x" * 2_000_001}, "2,000,000"),
        ({"html": "a\x00b"}, "is no text"),
        ({"url": "javascript:alert(1)"}, "cannot be used"),
        ({"kind": "advert"}, "no kind of article"),
        ({"author": "x" * 256}, "longer than 255"),
        ({"title": "a\x00b"}, "NUL"),
        ({"jurisdiction": "mars"}, "mars"),
        ({"site": "nobody"}, "There is no site nobody"),
    ],
)
def test_what_cannot_be_used_is_said_beside_the_form_and_kept(
    editor: Visitor, services: Services, sent: dict[str, str], said: str
) -> None:
    for path in ("/articles/new", "/articles/publish"):
        page = editor.post(path, **{**FACTS, **sent})
        assert page.status_code in (404, 422)
        assert said in html.unescape(page.text)
        assert ('id="html-wrong"' in page.text) is ("html" in sent)
        if "title" not in sent:
            assert 'value="Partywear"' in page.text
    with services.store.reading() as session:
        assert session.query(Article).count() == 0


def test_html_of_an_article_cannot_break_out_of_the_page(editor: Visitor) -> None:
    page = editor.post("/articles/new", **{**FACTS, "html": ARTICLE + "</textarea><script>alert(1)</script>'\""}).text
    assert "<script>alert(1)" not in page


def test_finance_reads_articles_with_their_money_and_editors_see_none(
    editor: Visitor, services: Services, signed_in: Callable[[str], Visitor]
) -> None:
    editor.post("/articles/publish", **FACTS)
    assert "What it earned" not in editor.get("/articles/1").text
    finance = signed_in("finance")
    page = finance.get("/articles/1").text
    assert "What it earned" in page
    assert "HTML for your CMS" not in page
    assert "Switch off" not in page
    assert finance.get("/articles/new").status_code == 403
    assert finance.post("/articles/publish", **FACTS).status_code == 403
    assert finance.post("/articles/1/switch", monetise="off").status_code == 403


@pytest.mark.parametrize("path", ["/articles/99", "/articles/99999999999999999999", "/articles/x"])
def test_an_unknown_article_is_404(editor: Visitor, path: str) -> None:
    assert editor.get(path).status_code == 404


@pytest.mark.parametrize("query", ["page=0", "page=x", "page=99999999", "disclosure=x", "site=x", "q=%25%5C_"])
def test_a_strange_question_to_the_list_is_answered(editor: Visitor, query: str) -> None:
    assert editor.get("/articles?" + query).status_code == 200


@given(st.text("ab<> \n", max_size=60), st.lists(st.tuples(st.integers(0, 60), st.integers(0, 5)), max_size=5))
def test_hunks_show_every_change_and_only_text_that_is_there(text: str, places: list[tuple[int, int]]) -> None:
    changes, done = [], 0
    for start, length in sorted(places):
        if start >= done and start + length <= len(text):
            changes.append(Edit(start, text[start : start + length], "NEW", "href"))
            done = start + length
    shown = hunks(text, changes)
    added = sum(segment.text == "NEW" for hunk in shown for segment in hunk.segments)
    assert added == len(changes)
    for hunk in shown:
        before = "".join(segment.text for segment in hunk.segments if segment.kind in (KEPT, REMOVED))
        assert before in text
