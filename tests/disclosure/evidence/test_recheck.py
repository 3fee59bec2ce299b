"""Occasions to check a page: what is stored, what readers get, each night, and what is told of it."""

import logging
from datetime import timedelta
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from sqlalchemy import select

from affiliate.articles.article import ArticleFacts
from affiliate.articles.publish import rewrite_article
from affiliate.disclosure.evidence.records import ARCHIVE, LIVE, NIGHTLY
from affiliate.disclosure.occasions import CHECK_LIVE, CHECK_NIGHTLY, CHECK_STORED, queue_live, queue_nightly
from affiliate.disclosure.recheck import Rechecker
from affiliate.errors import BlockedAddress, Unreachable
from affiliate.links.programmes import add_account, add_programme
from affiliate.links.sites import add_entity, add_site, find_site
from affiliate.networks.http import PoliteClient
from affiliate.store import Store
from affiliate.store.tables import Article, ArticleVerdict, Job, PageCheck, SiteProfile
from tests.conftest import NOW, HandClock
from tests.disclosure.evidence.made_up import check_in, found_site

SHOP = "https://www.shop.example/dresses/marble-midi"
STORY = f'<article><h1>Partywear</h1><p>We like <a href="{SHOP}">this dress</a>.</p></article>'


def furnished(store: Store) -> None:
    with store.transaction() as session:
        add_entity(session, key="books", name="Books", base_currency="GBP")
        add_site(session, key="mag", name="Mag", hosts=["mag.example"], now=NOW)
        add_account(session, "awin", "45628", now=NOW)
        add_programme(session, network="awin", advertiser_ref="7011", name="Shop", hosts=["shop.example"], now=NOW)


def publish(store: Store, html: str = STORY, url: str = "https://www.mag.example/partywear", **facts: Any) -> int:
    with store.transaction() as session:
        article = ArticleFacts(url=url, kind="product-led", **facts)
        rewritten = rewrite_article(session, site=find_site(session), html=html, article=article, now=NOW)
    assert rewritten.article_id is not None
    return rewritten.article_id


def queued(store: Store, name: str) -> list[dict[str, Any]]:
    with store.reading() as session:
        return [job.arguments for job in session.scalars(select(Job).where(Job.name == name).order_by(Job.id))]


def checks(store: Store) -> list[PageCheck]:
    with store.reading() as session:
        return list(session.scalars(select(PageCheck).order_by(PageCheck.number)))


def nobody(_url: str) -> Any:
    raise AssertionError("no page is asked for here")


@pytest.fixture
def rechecker(sqlite_store: Store, clock: HandClock) -> Rechecker:
    return Rechecker(sqlite_store, clock, nobody)


def test_publishing_and_editing_have_the_stored_page_checked(sqlite_store: Store) -> None:
    furnished(sqlite_store)
    article_id = publish(sqlite_store)
    publish(sqlite_store)  # the same again
    publish(sqlite_store, STORY.replace("We like", "We love"))
    assert queued(sqlite_store, CHECK_STORED) == [
        {"article_id": article_id, "occasion": "publish"},
        {"article_id": article_id, "occasion": "edit"},
    ]


def test_the_rewriters_own_output_passes_and_is_recorded_with_its_links(
    sqlite_store: Store, rechecker: Rechecker
) -> None:
    furnished(sqlite_store)
    recorded = rechecker.stored(publish(sqlite_store), "publish")
    assert recorded is not None
    (check,) = checks(sqlite_store)
    assert (check.verdicts, check.origin, check.mode) == ({"uk": "PASS"}, "stored", "static")
    assert '"programme":"Shop (7011)"' in check.record
    assert '"network":"awin"' in check.record
    assert '"version":"uk-en-1"' in check.record


def test_a_job_that_runs_twice_records_once(sqlite_store: Store, rechecker: Rechecker) -> None:
    furnished(sqlite_store)
    article_id = publish(sqlite_store)
    rechecker.stored(article_id, "publish")
    assert rechecker.stored(article_id, "publish") is None
    assert rechecker.stored(article_id, "asked") is not None
    assert len(checks(sqlite_store)) == 2


def test_an_article_is_checked_against_what_its_site_chose_and_what_its_links_need(
    sqlite_store: Store, rechecker: Rechecker
) -> None:
    furnished(sqlite_store)
    with sqlite_store.transaction() as session:
        session.add(SiteProfile(site_id=find_site(session).id, profile="google", chosen_by="a", chosen_at=NOW))
    story = STORY.replace("</p>", ' <a href="https://www.ebay.co.uk/itm/1?campid=5338&mkevt=1">eBay</a></p>')
    rechecker.stored(publish(sqlite_store, story), "publish")
    assert set(checks(sqlite_store)[0].verdicts) == {"uk", "google", "ebay"}


def live_article(store: Store, server: HTTPServer, html: str) -> int:
    furnished(store)
    article_id = publish(store, url=server.url_for("/partywear").replace("localhost", "127.0.0.1"))
    server.expect_request("/partywear").respond_with_data(html, content_type="text/html; charset=utf-8")
    return article_id


def reaching(store: Store, clock: HandClock) -> Rechecker:
    return Rechecker(store, clock, PoliteClient(may_connect=lambda _address, _port: True).get)


def test_a_page_as_readers_get_it_may_fail_where_the_stored_one_passed_and_the_log_says_so_once(
    sqlite_store: Store, clock: HandClock, httpserver: HTTPServer, caplog: pytest.LogCaptureFixture
) -> None:
    article_id = live_article(sqlite_store, httpserver, STORY.replace("<a ", '<a rel="sponsored" '))
    rechecker = reaching(sqlite_store, clock)
    with caplog.at_level(logging.WARNING):
        rechecker.stored(article_id, "publish")
        assert not caplog.messages
        rechecker.live(article_id, NIGHTLY)
        rechecker.live(article_id, NIGHTLY)
    assert len(caplog.messages) == 1
    assert "fails for uk, see record 2" in caplog.messages[0]
    assert [(check.origin, check.worst) for check in checks(sqlite_store)] == [
        ("stored", "PASS"),
        ("live", "FAIL"),
        ("live", "FAIL"),
    ]
    assert '"status":200' in checks(sqlite_store)[1].record
    with sqlite_store.reading() as session:
        held = session.scalars(select(ArticleVerdict).where(ArticleVerdict.held_until.is_(None))).one()
    assert held.verdict == "FAIL"


def test_a_page_that_does_not_answer_is_not_recorded(
    sqlite_store: Store, clock: HandClock, httpserver: HTTPServer
) -> None:
    article_id = live_article(sqlite_store, httpserver, "")
    httpserver.clear()
    with pytest.raises(Unreachable):
        reaching(sqlite_store, clock).live(article_id, NIGHTLY)
    assert checks(sqlite_store) == []


def test_the_server_reaches_no_private_address(sqlite_store: Store, clock: HandClock, httpserver: HTTPServer) -> None:
    article_id = live_article(sqlite_store, httpserver, STORY)
    with pytest.raises(BlockedAddress):
        Rechecker(sqlite_store, clock, PoliteClient().get).live(article_id, NIGHTLY)


def test_pages_that_fail_are_asked_for_first_and_a_second_lies_between_two(store: Store) -> None:
    found_site(store, articles=4)
    with store.transaction() as session:
        check_in(session, 1, origin=LIVE)
        check_in(session, 3, {"uk": "FAIL"}, origin=LIVE)
        check_in(session, 2, origin=LIVE)
        session.get_one(Article, 4).url = None
    with store.transaction() as session:
        assert queue_live(session, NIGHTLY, site_id=None, most=50, now=NOW) == 3
    with store.reading() as session:
        jobs = session.scalars(select(Job).where(Job.name == CHECK_LIVE).order_by(Job.not_before)).all()
    assert [job.arguments["article_id"] for job in jobs] == [3, 1, 2]
    assert [job.not_before - NOW for job in jobs] == [timedelta(seconds=number) for number in range(3)]


def test_a_nights_sample_is_queued_once_however_many_nodes_ask(store: Store) -> None:
    said = []
    for hours in (0, 1, 13, 15, 39):  # NOW is noon: 02:00 comes after 14 hours
        with store.transaction() as session:
            said.append(queue_nightly(session, now=NOW + timedelta(hours=hours)))
    assert said == [True, False, False, True, True]
    assert len(queued(store, CHECK_NIGHTLY)) == 3


def test_every_occasion_can_be_recorded(sqlite_store: Store, rechecker: Rechecker) -> None:
    furnished(sqlite_store)
    article_id = publish(sqlite_store)
    for occasion in ("template", ARCHIVE, "asked"):
        assert rechecker.stored(article_id, occasion)
    assert [check.occasion for check in checks(sqlite_store)] == ["template", "archive", "asked"]
