"""The register: what an article shows, and since when."""

from datetime import timedelta

from sqlalchemy import select

from affiliate.disclosure.block import Notice
from affiliate.disclosure.state import MISSING, NOT_NEEDED, PRESENT, Shown, record, shown
from affiliate.disclosure.texts import disclosure_text
from affiliate.links.sites import add_entity, add_site
from affiliate.store import Store
from affiliate.store.tables import Article, ArticleDisclosure
from tests.conftest import NOW

UK = Notice(disclosure_text("uk", "en"), product_led=True)


def test_no_paid_link_needs_none_and_a_paid_link_without_one_misses_it() -> None:
    assert shown("uk", 0, UK) == Shown(NOT_NEEDED, "uk", 0)
    assert shown("uk", 2, None) == Shown(MISSING, "uk", 2)
    assert shown("uk", 2, UK) == Shown(PRESENT, "uk", 2, "Ad", UK.text.sentence, "uk-en-1", at_headline=True)


def test_a_row_is_opened_only_when_wording_presence_or_need_changes(store: Store) -> None:
    history = [
        (0, shown("uk", 2, UK), "<p>one"),
        (1, shown("uk", 3, UK), "<p>two"),
        (2, shown("uk", 3, None), "<p>three"),
        (3, shown("uk", 3, UK), "<p>four"),
    ]
    with store.transaction() as session:
        add_entity(session, key="books", name="Books", base_currency="GBP")
        site = add_site(session, key="mag", name="Mag", now=NOW)
        article = Article(site_id=site.id, ref="a", created_at=NOW)
        session.add(article)
        session.flush()
        for days, what, html in history:
            record(session, article_id=article.id, shown=what, html_sha256=html, now=NOW + timedelta(days=days))
    with store.reading() as session:
        rows = session.scalars(select(ArticleDisclosure).order_by(ArticleDisclosure.id)).all()
    assert [((row.shown_from - NOW).days, row.state, row.paid_links) for row in rows] == [
        (0, PRESENT, 3),
        (2, MISSING, 3),
        (3, PRESENT, 3),
    ]
    assert [row.shown_until for row in rows] == [NOW + timedelta(days=2), NOW + timedelta(days=3), None]
    assert len({row.html_sha256 for row in rows}) == 3
