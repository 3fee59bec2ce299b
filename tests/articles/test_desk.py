"""Two at one article, one link or one slug: decided apart, stored one after the other, and nothing lost or doubled."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from affiliate.articles.article import ArticleFacts
from affiliate.articles.desk import Desk
from affiliate.articles.policy import Policy
from affiliate.articles.publish import Plan, parsed
from affiliate.errors import ChangedMeanwhile
from affiliate.links.library import add_link
from affiliate.store import Store
from affiliate.store.tables import Article, ArticleDisclosure, Link, LinkPath, Placement
from tests.articles.newsroom import PARTYWEAR, found_title, the_site
from tests.conftest import NOW

FACTS = ArticleFacts(url="https://magazine.example/partywear/marble", kind="product-led", author="Jo")
TARGET = "https://www.harbourvine.example/p/marble-midi-dress"


@pytest.fixture
def desk(store: Store) -> Desk:
    with store.transaction() as session:
        found_title(session, now=NOW)
    return Desk(store, the_site, Policy())


def rows(desk: Desk, table: type) -> int:
    with desk.store.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def plan(desk: Desk) -> Plan:
    return desk.plan(parsed(PARTYWEAR), FACTS, now=NOW)


def keep(desk: Desk, decided: Plan) -> None:
    with desk.store.transaction() as session:
        decided.store(session)


def rename(desk: Desk) -> None:
    with desk.store.transaction() as session:
        session.scalars(select(Article)).one().title = "Another"


def take_slug(desk: Desk) -> None:
    with desk.store.transaction() as session:
        url = "https://pebblerow.example/p/other"
        add_link(session, site=the_site(session), url=url, slug="marble-midi-dress", now=NOW)


def link_to_target(desk: Desk) -> None:
    with desk.store.transaction() as session:
        add_link(session, site=the_site(session), url=TARGET, slug="mine", now=NOW)


@pytest.mark.parametrize("meanwhile", [lambda desk: keep(desk, plan(desk)), take_slug, link_to_target])
def test_a_plan_is_not_stored_over_what_happened_meanwhile(desk: Desk, meanwhile: Callable[[Desk], None]) -> None:
    decided = plan(desk)
    meanwhile(desk)
    before = [rows(desk, table) for table in (Article, Link, LinkPath, Placement, ArticleDisclosure)]
    with pytest.raises(ChangedMeanwhile):
        keep(desk, decided)
    assert [rows(desk, table) for table in (Article, Link, LinkPath, Placement, ArticleDisclosure)] == before


def test_an_article_that_was_changed_meanwhile_keeps_the_change(desk: Desk) -> None:
    desk.publish(PARTYWEAR, FACTS, now=NOW)
    decided = plan(desk)
    rename(desk)
    with pytest.raises(ChangedMeanwhile):
        keep(desk, decided)
    again = desk.publish(PARTYWEAR, FACTS, now=NOW + timedelta(days=1))
    with desk.store.reading() as session:
        assert session.get_one(Article, again.article_id).title == "Another"


def test_it_is_decided_anew_until_nobody_interferes(desk: Desk) -> None:
    interfering: list[Callable[[Desk], None]] = [take_slug, link_to_target, lambda desk: keep(desk, plan(desk))]

    def decide() -> Plan:
        decided = plan(desk)
        if interfering:
            interfering.pop(0)(desk)
        return decided

    rewritten = desk.settled(decide)
    assert not interfering
    assert (rows(desk, Article), rows(desk, Link)) == (1, 3)
    assert f"/go/mine/-{rewritten.placements[0].token}" in rewritten.html
    again = desk.publish(rewritten.html, FACTS, now=NOW)
    assert (again.html, again.changes) == (rewritten.html, ())


def test_where_others_never_stop_it_is_refused_and_nothing_is_stored(desk: Desk) -> None:
    desk.publish(PARTYWEAR, FACTS, now=NOW)
    turns = iter(range(100))

    def decide() -> Plan:
        decided = plan(desk)
        with desk.store.transaction() as session:
            session.scalars(select(Article)).one().title = str(next(turns))
        return decided

    with pytest.raises(ChangedMeanwhile, match="send it again"):
        desk.settled(decide)
    assert next(turns) == 5


def test_what_a_preview_shows_is_what_is_stored_but_for_passing_tokens(desk: Desk) -> None:
    seen, stored = desk.preview(PARTYWEAR, FACTS, now=NOW), desk.publish(PARTYWEAR, FACTS, now=NOW)

    def without_tokens(html: str, tokens: list[str]) -> str:
        for number, token in enumerate(tokens):
            html = html.replace(token, f"token-{number}")
        return html

    assert without_tokens(seen.html, [one.token for one in seen.placements]) == without_tokens(
        stored.html, [one.token for one in stored.placements]
    )
    assert [one.link.path for one in seen.placements] == [one.link.path for one in stored.placements]
    assert (seen.disclosure, seen.warnings, seen.skipped) == (stored.disclosure, stored.warnings, stored.skipped)
    assert seen.article_id is None


def test_new_links_of_one_article_have_slugs_of_their_own(desk: Desk) -> None:
    html = "".join(f'<p><a href="https://www.harbourvine.example/{part}/midi">x</a></p>' for part in ("a", "b", "c"))
    paths = [one.link.path for one in desk.preview(html, FACTS, now=NOW).placements]
    assert len(set(paths)) == 3
    assert [one.link.path for one in desk.publish(html, FACTS, now=NOW).placements] == paths
