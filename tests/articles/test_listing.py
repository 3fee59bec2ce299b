"""Teasers of product-led articles carry the label, once in each card, and nothing else is touched."""

import pytest

from affiliate.articles.article import ArticleFacts
from affiliate.articles.desk import Desk
from affiliate.articles.edits import restore
from affiliate.articles.listing import Listing, label_teasers
from affiliate.articles.policy import Policy
from affiliate.articles.publish import rewrite_article
from affiliate.store import Store
from tests.articles.newsroom import PARTYWEAR, found_title, the_site
from tests.conftest import NOW

URL = "https://magazine.example/partywear/marble"
MARK = '<span data-affiliate-label="uk-en-1">Ad&#160;</span>'


@pytest.fixture
def title(store: Store) -> Store:
    with store.transaction() as session:
        found_title(session, now=NOW)
        for url, kind in ((URL, "product-led"), ("https://magazine.example/mixed", "mixed")):
            facts = ArticleFacts(url=url, kind=kind)
            rewrite_article(session, site=the_site(session), html=PARTYWEAR, article=facts, now=NOW)
    return store


def labelled(store: Store, html: str) -> Listing:
    with store.reading() as session:
        return label_teasers(session, site=the_site(session), html=html)


TEASERS = [
    (f'<li><a href="{URL}">Marble</a>', f'<li><a href="{URL}">{MARK}Marble</a>'),
    ('<a href="/partywear/marble/?ref=home#top">Marble</a>', f'<a href="/partywear/marble/?ref=home#top">{MARK}Marble</a>'),
    (
        f'<div class=card><a href="{URL}"><img src=x alt=""></a><p>Shopping</p><h3><a href="{URL}"><b>Mar</b>ble</a></h3>',
        f'<div class=card><a href="{URL}"><img src=x alt=""></a><p>Shopping</p><h3><a href="{URL}"><b>{MARK}Mar</b>ble</a></h3>',
    ),
    (
        f'<a href="{URL}"><div><i>Shopping</i><h2>\nMarble</h2></div></a>',
        f'<a href="{URL}"><div><i>Shopping</i><h2>{MARK}\nMarble</h2></div></a>',
    ),
    (f'<a href="{URL}"><img src=x></a>', f'{MARK}<a href="{URL}"><img src=x></a>'),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after"), TEASERS)
def test_a_teaser_of_a_product_led_article_is_labelled_once(title: Store, before: str, after: str) -> None:
    once = labelled(title, before)
    assert once.html == after
    assert restore(once.html, once.changes) == before
    assert labelled(title, once.html).changes == ()
    assert [teaser.url for teaser in once.teasers] == [URL]


@pytest.mark.parametrize(
    "html",
    [
        '<a href="https://magazine.example/mixed">Mixed</a>',
        '<a href="/unknown">x</a> <a href="#top">x</a> <a href="mailto:a@b.example">x</a>',
        f'<h3>Ad | <a href="{URL}">Marble</a></h3>',
        f'<a href="{URL}">Advertisement: Marble</a>',
        f'<a data-affiliate="off" href="{URL}">Marble</a>',
        f'<a href="{URL.replace("magazine", "other")}">Marble</a>',
    ],
)
def test_other_links_and_labelled_teasers_are_left_alone(title: Store, html: str) -> None:
    assert labelled(title, html).html == html


def test_a_teaser_takes_the_article_at_its_very_address_before_nearly_the_same(title: Store) -> None:
    twins = (f"{URL}/", "https://www.magazine.example/partywear/marble", f"{URL}?p=2")
    with title.transaction() as session:
        for url in twins:
            facts = ArticleFacts(url=url, kind="mixed")
            rewrite_article(session, site=the_site(session), html=PARTYWEAR, article=facts, now=NOW)
    for url in twins:
        page = f'<a href="{url}">Marble</a>'
        assert labelled(title, page).html == page
    assert MARK in labelled(title, f'<a href="{URL}">Marble</a>').html


def test_the_label_goes_when_the_article_holds_no_paid_link_any_more(title: Store) -> None:
    page = f'<a href="{URL}">Marble</a>'
    once = labelled(title, page)
    Desk(title, the_site, Policy()).switch(1, False, now=NOW)
    assert labelled(title, once.html).html == page


def test_a_listing_in_a_language_without_a_label_is_left_with_a_warning(title: Store) -> None:
    html = f'<html lang="fi"><a href="{URL}">Marble</a>'
    once = labelled(title, html)
    assert once.html == html
    assert f"{URL} is not labelled" in once.warnings[0]
