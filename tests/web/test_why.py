"""The page that tells readers why a link stands where it stands."""

import html
import re
from collections.abc import Callable
from dataclasses import fields
from datetime import timedelta
from typing import Any

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import event, update
from sqlalchemy.exc import OperationalError

from affiliate.articles.article import ArticleFacts
from affiliate.articles.publish import rewrite_article
from affiliate.links.library import add_link, edit_link, set_status
from affiliate.links.programmes import add_account, add_programme
from affiliate.links.sites import add_site, find_site, set_hosts
from affiliate.reports.why import address_of
from affiliate.store import Store
from affiliate.store.tables import Article, Link, LinkPath, Placement, Product, Programme, Site
from affiliate.web import Services
from affiliate.web.why_words import ENGLISH, GERMAN, words_for
from tests.conftest import HandClock
from tests.web.conftest import Visitor
from tests.web.newsroom import ARTICLE, ARTICLE_URL, SHOP, furnish

READER = {"Host": "www.magazine.example"}


@pytest.fixture
def shelf(services: Services) -> Services:
    """A live link at /go/marble-midi to a dress that cost £85 yesterday."""
    furnish(services)
    with services.store.transaction() as session:
        link = add_link(
            session,
            site=find_site(session),
            url=SHOP,
            slug="marble-midi",
            name="Marble midi dress",
            now=services.clock(),
        ).link
        edit_link(session, link_id=link.id, price="85", currency="GBP", now=services.clock() - timedelta(days=1))
        edit_link(session, link_id=link.id, note="12 % only until May, Karen says", now=services.clock())
    return services


@pytest.fixture
def token(shelf: Services) -> str:
    """The placement in a published article by Imogen."""
    with shelf.store.transaction() as session:
        facts = ArticleFacts(url=ARTICLE_URL, title="Partywear & more", author="Imogen Farrowdale")
        rewrite_article(session, site=find_site(session), html=ARTICLE, article=facts, now=shelf.clock())
        return session.query(Placement).filter(Placement.article_id.is_not(None)).one().token


def ask(reader: FlaskClient, path: str, **headers: str) -> Any:
    answer = reader.get(path, headers={**READER, **headers})
    return answer, " ".join(html.unescape(answer.text).split())


def test_a_reader_learns_who_chose_a_link_who_pays_and_where_else(shelf: Services, stranger: FlaskClient) -> None:
    answer, page = ask(stranger, "/why/marble-midi")
    assert answer.status_code == 200
    assert '<html lang="en">' in page
    assert "Marble midi dress, at Shop" in page
    assert "The editors of My site chose this link." in page
    assert "We earn a commission if you buy after following this link. Shop pays it to us, through Awin." in page
    assert "£85.00 when it was last looked at, on 19 November 2026." in page
    assert f'<a href="{SHOP}" rel="nofollow noopener noreferrer">shop.example</a>' in page
    assert "We link to it at no other shop." in page
    assert "<strong>Ad</strong>" in page
    assert "We earn a commission if you buy through links marked Ad." in page
    assert 'href="https://www.magazine.example/"' in page


def test_with_a_placement_it_names_the_articles_author(shelf: Services, token: str, stranger: FlaskClient) -> None:
    _, page = ask(stranger, f"/why/marble-midi/-{token}")
    assert "Imogen Farrowdale chose this link, for an article of My site:" in page
    assert f'<a href="{ARTICLE_URL}">Partywear & more</a>' in page


def test_the_page_may_be_cached_and_asks_nobody_who_they_are(
    shelf: Services, stranger: FlaskClient, signed_in: Callable[[str], Visitor]
) -> None:
    answer, _ = ask(stranger, "/why/marble-midi")
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert '<meta name="robots" content="noindex, nofollow">' in answer.text
    assert "Set-Cookie" not in answer.headers
    assert "Cookie" not in answer.headers.get("Vary", "")
    assert "<script" not in answer.text
    assert signed_in("admin").get("/why/marble-midi", headers=READER).text == answer.text
    assert stranger.head("/why/marble-midi", headers=READER).status_code == 200
    assert stranger.post("/why/marble-midi", headers=READER).status_code in (400, 405)


def test_it_tells_nothing_that_is_nobodys_business(shelf: Services, token: str, stranger: FlaskClient) -> None:
    """Neither account nor advertiser's number, rate, note, token, deep link nor any link that would earn."""
    for path in ("/why/marble-midi", f"/why/marble-midi/-{token}"):
        answer, page = ask(stranger, path)
        for secret in ("45628", "7011", "0.08", "8%", "Karen", "12 %", token, "awin1.com", "/go/", "clickref"):
            assert secret not in page, secret
        assert not re.search(r'href="/(?!static)', answer.text)


@pytest.mark.parametrize("change", [{"url": None}, {"published_at": "tomorrow"}])
def test_an_article_that_is_not_published_is_not_named(
    shelf: Services, token: str, stranger: FlaskClient, change: dict[str, Any]
) -> None:
    values = {name: shelf.clock() + timedelta(days=1) if value else None for name, value in change.items()}
    with shelf.store.transaction() as session:
        session.execute(update(Article).values(**values))
    _, page = ask(stranger, f"/why/marble-midi/-{token}")
    assert "The editors of My site chose this link." in page
    assert "Imogen" not in page
    assert "Partywear" not in page


def test_a_token_behind_the_slug_of_another_link_tells_of_its_own_link(
    shelf: Services, token: str, stranger: FlaskClient
) -> None:
    with shelf.store.transaction() as session:
        other = add_site(session, key="other", name="Other title", hosts=["other.example"], now=shelf.clock())
        add_link(session, site=other, url=SHOP, slug="marble-midi", name="Their dress", now=shelf.clock())
    page = stranger.get(f"/why/marble-midi/-{token}", headers={"Host": "www.other.example"}).text
    assert ("Imogen" in page, "Their dress" in page, "My site" in page) == (True, False, True)


def test_a_token_of_a_former_use_names_no_article(shelf: Services, token: str, stranger: FlaskClient) -> None:
    with shelf.store.transaction() as session:
        session.execute(update(Placement).values(removed_at=shelf.clock()))
    assert "Imogen" not in ask(stranger, f"/why/marble-midi/-{token}")[1]


@pytest.mark.parametrize("status", ["retired", "expired"])
def test_a_link_out_of_use_is_said_to_earn_nothing(shelf: Services, stranger: FlaskClient, status: str) -> None:
    with shelf.store.transaction() as session:
        set_status(session, link_id=1, status=status, now=shelf.clock())
    answer, page = ask(stranger, "/why/marble-midi")
    assert answer.status_code == 200
    assert "We earn nothing through this link any more." in page
    assert "may set cookies" not in page


def test_a_programme_that_we_left_earns_nothing(shelf: Services, stranger: FlaskClient) -> None:
    with shelf.store.transaction() as session:
        session.execute(update(Programme).values(joined=False))
    assert "We earn nothing through this link any more." in ask(stranger, "/why/marble-midi")[1]


@pytest.mark.parametrize("path", ["/why/nothing", "/why/", "/why/marble-midi/more", "/why/scheduled"])
def test_what_is_not_there_gets_a_friendly_page(shelf: Services, stranger: FlaskClient, path: str) -> None:
    with shelf.store.transaction() as session:
        link = add_link(
            session, site=find_site(session), url=SHOP + "-s", slug="scheduled", name="Secret", now=shelf.clock()
        )
        set_status(session, link_id=link.link.id, status="scheduled", now=shelf.clock())
    answer, page = ask(stranger, path)
    assert answer.status_code == 404
    assert "We do not know this link" in page
    assert "On to My site" in page
    assert "Secret" not in page


HOSTILE = [
    "/why/%00", "/why/a%00b", "/why/%ff%fe", "/why/%2e%2e/%2e%2e/etc/passwd", "/why/" + "a" * 5000, "/why/%0d%0aSet-Cookie:x=1",
    "/why/<script>alert(1)</script>", "/why/';drop table links;--", "/why/%F0%9F%91%97", "/why/{{7*7}}", "/why/{name}",
    "/why/-a0123456789x", "/why//////", "/why/a/-", "/why/%5C%5Cevil.example", "/why/\u202e", "/why/" + "a/" * 400, "/why/%",
]  # fmt: skip


@pytest.mark.parametrize("path", HOSTILE)
def test_a_hostile_slug_is_no_failure(shelf: Services, stranger: FlaskClient, path: str) -> None:
    answer = stranger.get(path, headers=READER, follow_redirects=True)
    assert answer.status_code == 404
    assert "<script>alert" not in answer.text
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("host", ["", "x" * 300, "[::1]", "a\x00b", "MAGAZINE.example:8080", "<b>"])
def test_a_hostile_host_is_no_failure(shelf: Services, stranger: FlaskClient, host: str) -> None:
    answer = stranger.get("/why/marble-midi", environ_overrides={"HTTP_HOST": host})
    assert answer.status_code in (200, 400, 404)
    assert "<b>" not in answer.text


def test_names_of_others_are_text_not_markup(shelf: Services, token: str, stranger: FlaskClient) -> None:
    with shelf.store.transaction() as session:
        session.execute(update(Product).values(title='<img src=x onerror="x()">{advertiser}'))
        session.execute(update(Article).values(author="<b>Ann</b>", title="<i>x</i>", url="javascript:alert(1)"))
    answer, page = ask(stranger, f"/why/marble-midi/-{token}")
    assert answer.status_code == 200
    assert "<img" not in answer.text
    assert "<b>" not in answer.text
    assert "javascript:" not in answer.text
    assert "{advertiser}, at Shop" in page


def test_old_slugs_and_imported_paths_are_known(shelf: Services, stranger: FlaskClient) -> None:
    with shelf.store.transaction() as session:
        for path in ("/recommends/Oak/a-b", "/why/we-test"):
            session.add(
                LinkPath(site_id=1, link_id=1, path=path, slug=path.strip("/"), is_alias=True, created_at=shelf.clock())
            )
    for path in ("/recommends/Oak/a-b", "/why/we-test", "/go/marble-midi"):
        assert address_of(path).startswith("/why/")
        assert ask(stranger, address_of(path))[0].status_code == 200, path
    assert ask(stranger, "/why/recommends/Oak/a-b/")[0].status_code == 200
    assert ask(stranger, "/why/Marble-Midi")[0].status_code == 200
    assert ask(stranger, "/why/go/marble-midi")[0].status_code == 200


def another_shop(services: Services, network: str, host: str, name: str, **product: Any) -> None:
    """The same dress at another shop."""
    with services.store.transaction() as session:
        now = services.clock()
        if network != "awin":
            add_account(session, network, "magazine-21", now=now)
        add_programme(session, network=network, advertiser_ref=f"ref-{name}", name=name, hosts=[host], now=now)
        link = add_link(session, site=find_site(session), url=f"https://{host}/dress", now=now).link
        edit_link(session, link_id=link.id, name="Marble midi dress", price="79.50", currency="GBP", now=now)
        session.execute(update(Product).where(Product.id == link.product_id).values(**product))


def test_the_same_product_at_other_shops_is_named_without_our_links(shelf: Services, stranger: FlaskClient) -> None:
    with shelf.store.transaction() as session:
        session.execute(update(Product).values(brand="Minty"))
    another_shop(shelf, "awin", "second.example", "Second", brand="Minty")
    another_shop(shelf, "awin", "unlike.example", "Unlike", brand="Somebody else")
    _, page = ask(stranger, "/why/marble-midi")
    assert "at other shops that we link to" in page
    assert (
        '<a href="https://second.example/dress" rel="nofollow noopener noreferrer">second.example</a>, £79.50' in page
    )
    assert "unlike.example" not in page


def test_no_price_of_amazon_is_shown(shelf: Services, stranger: FlaskClient) -> None:
    """Program Policies of 14 April 2026: only fresh from Amazon's own interface."""
    with shelf.store.transaction() as session:
        session.execute(update(Product).values(brand="Minty"))
    another_shop(shelf, "amazon", "www.amazon.co.uk", "Amazon", brand="Minty")
    _, page = ask(stranger, "/why/marble-midi")
    assert "Amazon:" in page
    assert "79.50" not in page
    _, own = ask(stranger, "/why/dress")
    assert "amazon.co.uk" in own
    assert "79.50" not in own
    assert "As an Amazon Associate" in own


def test_a_price_that_nobody_dated_is_not_shown(shelf: Services, stranger: FlaskClient) -> None:
    with shelf.store.transaction() as session:
        session.execute(update(Product).values(price_as_of=None))
    assert "85" not in ask(stranger, "/why/marble-midi")[1]


def test_the_page_speaks_the_sites_language(shelf: Services, stranger: FlaskClient) -> None:
    with shelf.store.transaction() as session:
        session.execute(update(Site).values(language="de-DE", jurisdiction="de", time_zone="Europe/Berlin"))
    _, page = ask(stranger, "/why/marble-midi")
    assert '<html lang="de">' in page
    assert "Shop zahlt sie uns, über Awin." in page
    assert "85,00\xa0£ beim letzten Nachsehen am 19. November 2026." in html.unescape(page) or "85,00 £ beim" in page
    assert "Werbung" in page
    assert "Diesen Link kennen wir nicht" in ask(stranger, "/why/nichts")[1]


def test_a_language_without_our_words_gets_english(shelf: Services, stranger: FlaskClient) -> None:
    with shelf.store.transaction() as session:
        session.execute(update(Site).values(language="xx", jurisdiction="uk"))
    answer, page = ask(stranger, "/why/marble-midi")
    assert answer.status_code == 200
    assert '<html lang="en">' in page
    assert "How we mark such links" not in page
    assert [words_for(tag) for tag in ("de-AT", "DE", "fr", "", "en_US")] == [GERMAN, GERMAN, ENGLISH, ENGLISH, ENGLISH]


def test_both_languages_fill_in_the_same_names() -> None:
    for field in fields(ENGLISH):
        names = [set(re.findall(r"\{(\w+)\}", getattr(words, field.name))) for words in (ENGLISH, GERMAN)]
        assert names[0] == names[1], field.name


def test_of_two_sites_the_one_that_was_asked_answers(shelf: Services, stranger: FlaskClient) -> None:
    with shelf.store.transaction() as session:
        other = add_site(session, key="other", name="Other title", hosts=["other.example"], now=shelf.clock())
        add_link(session, site=other, url=SHOP, slug="marble-midi", name="Their dress", now=shelf.clock())
        set_hosts(session, find_site(session, "default"), ["mine.example"])
    for host, editors in (
        ("mine.example", "My site"),
        ("other.example", "Other title"),
        ("WWW.Other.example.", "Other title"),
    ):
        answer = stranger.get("/why/marble-midi", headers={"Host": host})
        assert f"The editors of {editors}" in answer.text
    assert "Their dress" in answer.text


def test_on_a_host_of_no_site_only_a_link_that_one_site_has_is_told_of(shelf: Services, stranger: FlaskClient) -> None:
    def elsewhere() -> str:
        return stranger.get("/why/marble-midi", headers={"Host": "app.example"}).text

    assert "The editors of My site" in elsewhere()
    assert "app.example" not in elsewhere()
    with shelf.store.transaction() as session:
        other = add_site(session, key="other", name="Other title", hosts=["other.example"], now=shelf.clock())
        add_link(session, site=other, url=SHOP, slug="marble-midi", name="Their dress", now=shelf.clock())
    assert "The editors of" not in elsewhere()


def test_without_the_database_a_reader_is_told_to_come_back(
    shelf: Services, stranger: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_parts: object) -> None:
        raise OperationalError("SELECT", {}, Exception("gone"))

    event.listen(shelf.store.engine, "before_cursor_execute", broken)
    answer, page = ask(stranger, "/why/marble-midi")
    event.remove(shelf.store.engine, "before_cursor_execute", broken)
    assert answer.status_code == 503
    assert answer.headers["Cache-Control"] == "no-store"
    assert "One moment, please" in page


def test_a_few_look_ups_by_index_are_enough(
    sqlite_store: Store, shelf: Services, stranger: FlaskClient, token: str
) -> None:
    heard: list[tuple[str, Any]] = []

    def hear(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if statement.startswith("SELECT"):
            heard.append((statement, parameters))

    with shelf.store.transaction() as session:
        session.execute(update(Product).values(brand="Minty"))
    event.listen(sqlite_store.engine, "before_cursor_execute", hear)
    ask(stranger, f"/why/marble-midi/-{token}")
    event.remove(sqlite_store.engine, "before_cursor_execute", hear)
    assert 4 <= len(heard) <= 12
    with sqlite_store.engine.connect() as connection:
        steps = [
            str(step[3])
            for statement, parameters in heard
            for step in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        ]
    assert [step for step in steps if step.startswith("SCAN") and "sites" not in step and "own_texts" not in step] == []


def test_editors_find_the_address_on_the_links_own_page(
    shelf: Services, signed_in: Callable[[str], Visitor], clock: HandClock
) -> None:
    editor = signed_in("editor")
    assert 'data-copy="/why/marble-midi"' in editor.get("/links/1").text
    with shelf.store.transaction() as session:
        session.execute(update(Site).values(link_base="https://www.magazine.example"))
    assert 'data-copy="https://www.magazine.example/why/marble-midi"' in editor.get("/links/1").text


def test_the_page_is_open_to_all_and_to_reading_alone(app: APIFlask) -> None:
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/why")]
    assert {method for rule in rules for method in rule.methods or ()} == {"GET", "HEAD", "OPTIONS"}


def test_a_link_without_a_name_is_called_by_its_shop(shelf: Services, stranger: FlaskClient) -> None:
    with shelf.store.transaction() as session:
        session.execute(update(Product).values(title=""))
        session.execute(update(Link).values(name="internal: do not use"))
    _, page = ask(stranger, "/why/marble-midi")
    assert '<p class="lead">Shop</p>' in page
    assert "internal" not in page
