"""The register of articles, on both databases, against figures counted by hand."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from affiliate.articles.article import ArticleFacts
from affiliate.articles.desk import Desk
from affiliate.articles.policy import Policy
from affiliate.articles.publish import rewrite_article
from affiliate.clicks.count import Counts
from affiliate.errors import NotFound
from affiliate.links.programmes import add_account, add_programme
from affiliate.links.sites import ensure_default_site, find_site
from affiliate.reports.articles import ArticleFilter, list_articles, show_article
from affiliate.store import Store
from affiliate.store.tables import Placement
from tests.conftest import NOW
from tests.rolled_up import roll_up

PAID = '<p><a href="https://shop.example/one">One</a> and <a href="https://shop.example/two">two</a></p>'


def _publish(session: Session, name: str, html: str, now: datetime) -> int:
    facts = ArticleFacts(id=name, title=name.title(), author="Imogen")
    made = rewrite_article(session, site=find_site(session), html=html, article=facts, now=now).article_id
    assert made is not None
    return made


@pytest.fixture
def filled(store: Store) -> Store:
    """Two articles, one with two paid links and three human clicks on the second of them, beside 40 of bots."""
    with store.transaction() as session:
        ensure_default_site(
            session, name="S", language="en-GB", jurisdiction="uk", time_zone="Europe/London", currency="GBP", now=NOW
        )
        add_account(session, "awin", "45628", now=NOW)
        add_programme(session, network="awin", advertiser_ref="7", name="Shop", hosts=["shop.example"], now=NOW)
        paid = _publish(session, "paid", PAID, NOW)
        _publish(session, "plain_100%", "<p>Nothing</p>", NOW + timedelta(hours=1))
        second = session.query(Placement).filter_by(article_id=paid, position=2).one()
        roll_up(session, second, NOW, 3, comparable=2)
        roll_up(session, second, NOW, 40, "bot")
    return store


def test_the_list_tells_what_each_discloses_and_its_clicks(filled: Store) -> None:
    with filled.reading() as session:
        rows, total = list_articles(session, ArticleFilter())
    assert total == 2
    assert [(row.ref, row.disclosure, row.paid_links, row.counts) for row in rows] == [
        ("plain_100%", "not-needed", 0, Counts()),
        ("paid", "present", 2, Counts(raw=43, human=3, network_comparable=2)),
    ]
    assert rows[1].shown_from == NOW


@pytest.mark.parametrize(
    ("wanted", "refs"),
    [
        (ArticleFilter(text="imogen PAID"), ["paid"]),
        (ArticleFilter(text="100%"), ["plain_100%"]),
        (ArticleFilter(text="pa_d"), []),
        (ArticleFilter(disclosure="present"), ["paid"]),
        (ArticleFilter(disclosure="missing"), []),
        (ArticleFilter(site_id=99), []),
        (ArticleFilter(page=2, per_page=1), ["paid"]),
        (ArticleFilter(page=9), []),
    ],
)
def test_filters_and_pages_narrow_the_list(filled: Store, wanted: ArticleFilter, refs: list[str]) -> None:
    with filled.reading() as session:
        rows, _total = list_articles(session, wanted)
    assert [row.ref for row in rows] == refs


def test_an_article_shows_its_placements_in_order_with_their_clicks(filled: Store) -> None:
    with filled.reading() as session:
        page = show_article(session, 1)
    assert [(one.position, one.anchor_text, one.counts, one.removed_at) for one in page.placements] == [
        (1, "One", Counts(), None),
        (2, "two", Counts(raw=43, human=3, network_comparable=2), None),
    ]
    assert [one.state for one in page.disclosures] == ["present"]


def test_the_switch_is_written_into_the_register(filled: Store) -> None:
    later = NOW + timedelta(days=1)
    rewritten = Desk(filled, find_site, Policy()).switch(1, False, now=later)
    assert rewritten is not None
    assert not rewritten.ruling.monetise
    with filled.reading() as session:
        page = show_article(session, 1)
    assert page.row.monetise is False
    assert [(one.state, one.shown_until) for one in page.disclosures] == [("not-needed", None), ("present", later)]
    assert {one.removed_at for one in page.placements} == {later}
    assert page.row.counts.human == 3


def test_an_unknown_article_is_named(filled: Store) -> None:
    with filled.reading() as session, pytest.raises(NotFound, match="article 99"):
        show_article(session, 99)
    with pytest.raises(NotFound, match="article 99"):
        Desk(filled, find_site, Policy()).switch(99, True, now=NOW)
