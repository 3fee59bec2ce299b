"""A feed is rewritten item by item; every byte that is not changed on purpose stays."""

import re

import pytest

from affiliate.articles.article import ArticleFacts
from affiliate.articles.desk import Desk
from affiliate.articles.edits import restore
from affiliate.articles.feed_source import is_feed
from affiliate.articles.feeds import RewrittenFeed, rewrite_feed
from affiliate.articles.policy import Policy
from affiliate.articles.publish import rewrite_article
from affiliate.disclosure.check import check
from affiliate.errors import InvalidDocument
from affiliate.store import Store
from affiliate.store.tables import Article
from tests.articles.newsroom import found_title, the_site
from tests.conftest import NOW

URL = "https://magazine.example/kettles"
LINK = '<a href="https://pebblerow.example/p/hat?a=1&amp;b=2">the hat</a>'
ESCAPED = LINK.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def rss(item: str) -> str:
    return (
        '\ufeff<?xml version="1.0" encoding="UTF-8"?>\r\n<!-- é > --><rss version="2.0"'
        ' xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:media="http://search.yahoo.com/mrss/">'
        f"<channel><title>Mag &amp; é😀</title>\r\n<item>{item}</item></channel></rss>\r\n"
    )


def atom(entry: str) -> str:
    return f'<feed xmlns="http://www.w3.org/2005/Atom"><title>Mag</title><entry a=">">{entry}<updated/></entry></feed>'


def item(title: str, body: str) -> str:
    return f"<title>{title}</title><link>{URL}</link><content:encoded>{body}</content:encoded>"


CARRIED = [
    rss(item("Kettles", f"<![CDATA[<p>Our {LINK}.</p>]]>")),
    rss(item("<![CDATA[ Kettles & pots]]>", f"\n <![CDATA[<p>é😀 {LINK}.</p>]]>\n")),
    rss(item("Kettles &amp; pots", f"&lt;p&gt;&#233;😀 {ESCAPED}&lt;/p&gt;")),
    rss(item("Kettles", f"<!-- n --><![CDATA[<p>One</p>]]>&lt;p&gt;two<![CDATA[<p>{LINK}</p>]]>")),
    rss(f"<description>{ESCAPED}</description><link>{URL}</link><title>Kettles</title>"),
    rss(item("Kettles", f"<![CDATA[<p>{LINK}</p>]]>") + f"<description>{ESCAPED}</description>"),
    atom(f'<title>Kettles</title><link href="{URL}"/><content type="html">{ESCAPED}</content>'),
    atom(f'<title type="html">Kettles</title><link rel="self" href="x"/><link href="{URL}"/><summary type="html">'
         f"<![CDATA[{LINK}]]></summary>"),
]  # fmt: skip


@pytest.fixture
def title(sqlite_store: Store) -> Store:
    with sqlite_store.transaction() as session:
        found_title(session, now=NOW)
    return sqlite_store


def published(
    store: Store, xml: str, *, kind: str | None = "product-led", policy: Policy | None = None
) -> RewrittenFeed:
    return rewrite_feed(Desk(store, the_site, policy or Policy()), xml=xml, article=ArticleFacts(kind=kind), now=NOW)


@pytest.mark.parametrize("xml", CARRIED)
def test_every_item_carries_its_own_disclosure_and_its_title_the_label(title: Store, xml: str) -> None:
    assert is_feed(xml)
    once = published(title, xml)
    assert once.warnings == ()
    assert restore(once.xml, once.changes) == xml
    assert "Ad: Kettles" in once.xml
    assert once.items[0].title.startswith("Ad: Kettles")
    again = published(title, once.xml)
    assert (again.xml, again.changes) == (once.xml, ())
    assert check(once.xml, ["uk", "us", "google"], kind="product-led").verdicts == {
        "uk": "PASS",
        "us": "PASS",
        "google": "PASS",
    }
    assert check(xml, ["uk"], kind="product-led").verdicts != {"uk": "PASS"}


def test_links_in_a_feed_are_absolute_and_have_placements_of_their_own(title: Store) -> None:
    page = f"<h1>Kettles</h1><p>{LINK}</p>"
    with title.transaction() as session:
        facts = ArticleFacts(url=URL, kind="product-led")
        web = rewrite_article(session, site=the_site(session), html=page, article=facts, now=NOW)
    fed = published(title, rss(item("Kettles", f"<![CDATA[{web.html}]]>")), kind=None)
    (placed,) = fed.items[0].texts[0].placements
    assert placed.href == f"https://magazine.example/go/hat/-{placed.token}"
    assert placed.token != web.placements[0].token
    assert fed.items[0].title == "Ad: Kettles"
    with title.transaction() as session:
        again = rewrite_article(session, site=the_site(session), html=page, article=facts, now=NOW)
        article = session.query(Article).one()
    assert again.html == web.html
    assert (article.title, article.html) == ("Kettles", web.html)


def test_a_title_that_its_author_labelled_stays(title: Store) -> None:
    xml = rss(item("Advertisement | Kettles", f"<![CDATA[<p>{LINK}</p>]]>"))
    assert "<title>Advertisement | Kettles</title>" in published(title, xml).xml


def test_a_mixed_item_has_no_label_in_its_title(title: Store) -> None:
    once = published(title, CARRIED[0], kind="mixed")
    assert "<title>Kettles</title>" in once.xml
    assert check(once.xml, ["uk"], kind="mixed").verdicts == {"uk": "PASS"}


def test_what_may_not_earn_loses_its_links_in_the_feed_too(title: Store) -> None:
    once = published(title, CARRIED[2])
    off = published(title, once.xml, policy=Policy(enabled=False))
    assert "data-affiliate" not in off.xml
    assert "/go/" not in off.xml


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("<div xmlns='http://www.w3.org/1999/xhtml'><a href='https://pebblerow.example/p/hat'>hat</a></div>", "XHTML"),
        ('<![CDATA[<a href="https://pebblerow.exam]]><![CDATA[ple/p/hat">hat</a>]]>', ""),
        ('<![CDATA[<a href="https://pebblerow.exam]]>ple/p/hat"&gt;hat&lt;/a>', "Write it as one section"),
    ],
)
def test_what_cannot_be_written_without_touching_more_is_left_and_named(title: Store, body: str, reason: str) -> None:
    xml = rss(item("Kettles", body))
    once = published(title, xml)
    assert restore(once.xml, once.changes) == xml
    if reason:
        assert once.xml == xml
        assert reason in once.warnings[0]
        with title.reading() as session:
            assert session.query(Article).count() == 0
    else:
        assert "/go/" in once.xml


@pytest.mark.parametrize(
    "xml",
    [
        "<rss><item></rss>",
        '<!DOCTYPE rss [<!ENTITY a "b">]><rss/>',
        "<rss>" + "<item/>" * 1001 + "</rss>",
        "<rss><x:item/></rss>",
    ],
)
def test_what_is_no_feed_is_refused(title: Store, xml: str) -> None:
    with pytest.raises(InvalidDocument):
        published(title, xml)


def test_an_item_without_an_address_is_a_draft_of_its_own(title: Store) -> None:
    first = f"<item><guid>1</guid><description>{ESCAPED}</description></item>"
    xml = f"<rss><channel>{first}{first.replace('>1<', '>2<')}</channel></rss>"
    once = published(title, xml)
    assert len(set(re.findall(r"-(a\w{11})&amp;quot;|/-(a\w{11})\"", once.xml))) == 2
    with title.reading() as session:
        assert session.query(Article).count() == 2


def test_many_comments_before_no_root_are_read_once() -> None:
    assert not is_feed("<!-- x -->" * 1500 + "<html>")
    assert is_feed("<!-- x -->" * 1500 + "<rss version='2.0'>")
