"""Whatever stands around an article, what the rewriter makes of it passes its profile, or earns nothing and says why."""

from collections.abc import Iterator

import pytest

from affiliate.articles.article import ArticleFacts
from affiliate.articles.publish import Rewritten, rewrite_article
from affiliate.disclosure.check import check
from affiliate.disclosure.findings import FAIL, INFO, PASS
from affiliate.disclosure.own_links import OwnLinks
from affiliate.disclosure.state import PRESENT
from affiliate.store import Store, migrations
from tests.articles.newsroom import found_title, the_site
from tests.articles.surroundings import AROUND, COMMENTS, CONSENT, HIDDEN, SLOTS
from tests.conftest import NOW

SHOP = '<a href="https://www.harbourvine.example/p/kettle">the kettle</a>'
PROSE = "<p>" + "We boiled a litre of water in each of the nine, and wrote down how long it took. " * 3 + "</p>"
SAID = "We earn a commission if you buy through links on this page."
ARTICLE = f"<article><h1>The best kettles</h1>{PROSE}<p>Our pick is {SHOP}.</p>{PROSE}</article>"
PAGE = '<!doctype html><html lang="en-GB"><head><title>K</title></head><body>{}</body></html>'
KINDS = ("product-led", "mixed")


@pytest.fixture(scope="module")
def title(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    opened = Store(f"sqlite:///{tmp_path_factory.mktemp('around') / 'affiliate.db'}")
    migrations.upgrade(opened)
    with opened.transaction() as session:
        found_title(session, now=NOW)
    yield opened
    opened.close()


def lawful(title: Store, html: str, kind: str) -> Rewritten:
    """The article rewritten: it passes, or no link of it earns and the reason is told. Rewritten again it stays as it is."""
    facts = ArticleFacts(url="https://magazine.example/kettles", kind=kind, language="en", jurisdiction="uk")
    with title.transaction() as session:
        kept, site = session.begin_nested(), the_site(session)
        once = rewrite_article(session, site=site, html=html, article=facts, now=NOW)
        twice = rewrite_article(session, site=site, html=once.html, article=facts, now=NOW)
        checked = check(once.html, ["uk"], kind=kind, leads_to=OwnLinks(session, site).leads_to)
        kept.rollback()
    assert twice.html == once.html
    found = [finding for finding in checked.findings if finding.severity != INFO]
    if once.placements:
        assert once.disclosure.state == PRESENT
        assert checked.verdicts == {"uk": PASS}, (found, once.html)
    else:
        assert "disclosure cannot be placed" in str(once.disclosure.reason), once.warnings
        assert "/go/" not in once.html
    return once


def pages(around: str) -> Iterator[str]:
    """A page and a fragment with something before the article, and with the same in its head."""
    yield PAGE.format(around + ARTICLE)
    yield around + ARTICLE
    yield ARTICLE.replace("<h1>", around + "<h1>")
    yield around + ARTICLE.removeprefix("<article>").removesuffix("</article>")


@pytest.mark.parametrize("part", range(4))
def test_the_label_of_an_advert_slot_is_not_taken_for_the_article_s(title: Store, part: int) -> None:
    for number, slot in enumerate(SLOTS[part::4]):
        for turn, html in enumerate(pages(slot.replace("{ad}", "Ad"))):
            once = lawful(title, html, KINDS[(number + turn // 2) % 2])
            assert once.placements, html


@pytest.mark.parametrize("around", CONSENT)
def test_what_a_consent_dialog_says_is_not_taken_for_the_article_s(title: Store, around: str) -> None:
    said = around.replace("{ad}", "Ad").replace("{said}", SAID)
    for kind in KINDS:
        for html in (*pages(said), ARTICLE + said):
            once = lawful(title, html, kind)
            assert once.placements
            assert SAID not in str(once.disclosure.sentence)


@pytest.mark.parametrize("around", COMMENTS)
def test_what_readers_write_is_not_taken_for_the_article_s(title: Store, around: str) -> None:
    said = around.replace("{ad}", "Ad").replace("{said}", SAID)
    for kind in KINDS:
        for html in (PAGE.format(ARTICLE + said), ARTICLE.replace(PROSE, said, 1)):
            assert lawful(title, html, kind).placements


@pytest.mark.parametrize("part", range(4))
def test_an_author_s_words_that_nobody_sees_are_not_taken_for_a_disclosure(title: Store, part: int) -> None:
    for hidden in HIDDEN[part::4]:
        label, sentence = hidden.replace("{it}", "Ad"), hidden.replace("{it}", SAID)
        inline = hidden.replace("{it}", "Ad ").replace("<p", "<span").replace("</p>", "</span>").replace("div", "span")
        for kind, html in (
            ("product-led", ARTICLE.replace("<h1>", f"{label}<h1>")),
            ("product-led", ARTICLE.replace("<h1>The", f"<h1>{inline}The")),
            ("mixed", ARTICLE.replace("</h1>", f"</h1>{sentence}")),
            ("mixed", ARTICLE.replace(SHOP, inline + SHOP)),
        ):
            once = lawful(title, html, kind)
            assert once.placements, html
            assert SAID not in str(once.disclosure.sentence), html


@pytest.mark.parametrize("around", AROUND)
def test_an_article_that_something_hides_passes_or_earns_nothing(title: Store, around: str) -> None:
    for kind in KINDS:
        for html in (
            around.replace("{}", ARTICLE),
            ARTICLE.replace(f"<p>Our pick is {SHOP}.</p>", around.replace("{}", f"<p>{SHOP}</p>")),
        ):
            lawful(title, html, kind)


def test_an_author_s_label_that_readers_see_is_left_alone(title: Store) -> None:
    for label in (
        "<p>Ad</p>",
        '<p class="ad advert-label">Ad</p>',
        "<p><strong>Advertisement</strong></p>",
        '<p style="margin:0">Ad</p>',
    ):
        told = ARTICLE.replace("<h1>", f"{label}<h1>").replace("</h1>", f"</h1><p>{SAID}</p>")
        once = lawful(title, told, "product-led")
        assert "<strong>Ad</strong>" not in once.html, label
        assert SAID in str(once.disclosure.sentence)


def test_the_rewriter_s_answer_is_the_check_s(title: Store) -> None:
    """An article of which the check misses nothing gets nothing from the rewriter but what marks its links."""
    told = (
        ARTICLE.replace("<h1>", "<p>Ad</p><h1>").replace("</h1>", f"</h1><p>{SAID}</p>").replace("Our pick is ", "Ad: ")
    )
    once = lawful(title, told, "product-led")
    assert "data-affiliate-disclosure" not in once.html
    assert "data-affiliate-label" not in once.html
    assert FAIL not in check(once.html, ["uk"], kind="product-led").verdicts.values()
