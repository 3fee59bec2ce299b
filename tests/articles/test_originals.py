"""What authors wrote comes back when an article may no longer earn: each its own address, byte for byte."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from affiliate.articles.article import ArticleFacts
from affiliate.articles.desk import Desk
from affiliate.articles.feeds import rewrite_feed
from affiliate.articles.policy import Policy
from affiliate.articles.publish import Rewritten, rewrite_article
from affiliate.articles.variants import VARIANTS
from affiliate.disclosure.check import check
from affiliate.links.library import add_link, edit_link, rename_link, retire_link
from affiliate.store import Store, migrations
from affiliate.store.tables import Article, Link, Placement, Programme
from affiliate.urls import identity, without_tracking
from tests.articles.newsroom import found_title, the_site
from tests.conftest import NOW

FACTS = ArticleFacts(url="https://magazine.example/partywear/marble")
OFF = Policy(enabled=False)

# As authors and their editors write it: several spellings, with and without quotes, escaped and not.
WRITTEN = """<p>Best: <a href="https://harbourvine.example/shop#/product/1">one</a>,
<a href='https://harbourvine.example/shop#/product/2?a=1&b=2' rel=noopener>two</a>,
<a HREF = https://pebblerow.example/p/hat?utm_source=letter rel="">three</a>,
<a title="x" href=" https://pebblerow.example/p/hat/ " REL='NoFollow'>four</a>,
<a href=http://pebblerow.example/p/hat>five</a>, <a href="https://www.pebblerow.example/p/hat#size">six</a>,
<a href="//pebblerow.example/p/hat?x=1&amp;y=%C3%BC" rel="sponsored nofollow">seven</a>, <a href="https://pebblerow.example/p/hat">eight</a>,
<a href="https://pebblerow.example/p/hat">nine</a>,
<a href=https://www.amazon.co.uk/dp/B000000001?th=1&linkCode=ll1>ten at Amazon</a>,
<a href="https://www.amazon.co.uk/dp/B000000001?th=1#customerReviews">eleven at Amazon</a>
and <area href="https://pebblerow.example/p/map"><a href="https://museum.example/">none</a>.</p>
"""


@pytest.fixture
def title(store: Store) -> Store:
    with store.transaction() as session:
        found_title(session, now=NOW, link_base="")
    return store


def publish(
    store: Store,
    html: str,
    facts: ArticleFacts = FACTS,
    *,
    policy: Policy | None = None,
    variant: str = "web",
) -> Rewritten:
    with store.transaction() as session:
        return rewrite_article(
            session,
            site=the_site(session),
            html=html,
            article=facts,
            now=NOW,
            policy=policy,
            variant=variant,
        )


def taken_out(store: Store, html: str, facts: ArticleFacts = FACTS, **options: str) -> str:
    return publish(store, html, facts, policy=OFF, **options).html


def all_links(store: Store) -> list[Link]:
    with store.reading() as session:
        return list(session.scalars(select(Link).order_by(Link.id)))


def test_taking_out_restores_what_authors_wrote_in_every_form_of_an_article(title: Store) -> None:
    for variant in VARIANTS:
        once = publish(title, WRITTEN, variant=variant)
        assert len(once.placements) == 12
        again = publish(title, once.html, variant=variant)
        assert again.changes == ()
        assert taken_out(title, again.html, variant=variant) == WRITTEN
        assert publish(title, WRITTEN, variant=variant).html == once.html


def test_two_products_of_a_single_page_shop_are_two_links_and_come_back_as_two(title: Store) -> None:
    html = '<p><a href="https://pebblerow.example/shop#/product/1">1</a> <a href="https://pebblerow.example/shop#!/2">2</a></p>'
    once = publish(title, html)
    first, second = once.placements
    assert first.link.id != second.link.id
    assert (first.link.target_url[-11:], second.link.target_url[-4:]) == ("#/product/1", "#!/2")
    assert "%23%2Fproduct%2F1" in (first.link.deep_link or "")
    assert taken_out(title, once.html) == html


def test_a_fragment_of_another_link_never_reaches_a_plain_address(title: Store) -> None:
    page = "https://www.amazon.co.uk/dp/B000000001"
    html = f'<p><a href="{page}#customerReviews">reviews at Amazon</a> <a href="{page}">kettle at Amazon</a></p>'
    reviews, plain = publish(title, html).placements
    assert reviews.href.endswith("#customerReviews")
    assert "#" not in plain.href


def test_the_switch_of_an_article_brings_its_authors_addresses_back(title: Store) -> None:
    once = publish(title, WRITTEN)
    desk = Desk(title, the_site, Policy())
    off = desk.switch(once.article_id or 0, False, now=NOW)
    assert off is not None
    assert off.html == WRITTEN
    on = desk.switch(once.article_id or 0, True, now=NOW)
    assert on is not None
    assert on.html == once.html


def test_a_tag_that_never_earns_brings_them_back_too(title: Store) -> None:
    once = publish(title, WRITTEN)
    assert publish(title, once.html, replace(FACTS, tags=("court",), monetise=True)).html == WRITTEN


def test_feeds_bring_them_back_item_by_item(title: Store) -> None:
    items = "".join(
        f"<item><link>https://magazine.example/{number}</link><description>{text}</description></item>"
        for number, text in enumerate(
            (f"<![CDATA[{WRITTEN}]]>", WRITTEN.replace("&", "&amp;").replace("<", "&lt;"), "plain"), start=1
        )
    )
    xml = f'<rss version="2.0"><channel><title>x</title>{items}</channel></rss>'

    def written(feed: str, policy: Policy | None = None) -> str:
        return rewrite_feed(Desk(title, the_site, policy or Policy()), xml=feed, article=ArticleFacts(), now=NOW).xml

    assert written(written(xml)).count("/go/") >= 20
    assert written(written(xml), OFF) == xml


CHANGES: dict[str, Callable[[Session, int], object]] = {
    "edited": lambda session, link: edit_link(session, link_id=link, url=f"https://pebblerow.example/{link}", now=NOW),
    "renamed": lambda session, link: rename_link(session, link_id=link, slug=f"renamed-{link}", now=NOW),
    "retired": lambda session, link: retire_link(session, link_id=link, now=NOW),
    "direct": lambda session, link: edit_link(session, link_id=link, mode="direct", now=NOW),
    "untouched": lambda session, link: edit_link(session, link_id=link, mode="untouched", now=NOW),
    "left": lambda session, _: session.execute(update(Programme).values(joined=False)),
}


def test_whatever_becomes_of_a_link_the_authors_address_comes_back(title: Store) -> None:
    for name, change in CHANGES.items():
        html = f'<p><a href="https://pebblerow.example/p/{name}?utm_source=x" rel=author>hat</a></p>'
        once = publish(title, html)
        with title.transaction() as session:
            change(session, once.placements[0].link.id)
        assert taken_out(title, once.html) == html, name
        assert taken_out(title, publish(title, once.html).html) == html, name


def test_a_direct_link_whose_marks_a_cms_took_off_is_taken_out_by_its_sub_id(title: Store) -> None:
    html = '<p><a href="https://www.amazon.co.uk/dp/B000000001?th=1#x">kettle at Amazon</a></p>'
    once = publish(title, html)
    stripped = re.sub(r' (data-affiliate-placement|ping)="[^"]*"', "", once.html)
    assert taken_out(title, stripped) == html
    assert publish(title, stripped).placements[0].token == once.placements[0].token
    assert taken_out(title, stripped) == html


def test_an_address_that_somebody_changed_by_hand_since_is_not_undone(title: Store) -> None:
    once = publish(title, '<p><a href="https://www.amazon.co.uk/dp/B000000001">kettle at Amazon</a></p>')
    other = once.html.replace("B000000001", "B000000002")
    assert 'href="https://www.amazon.co.uk/dp/B000000002"' in taken_out(title, other)


def test_words_that_somebody_added_to_rel_since_stay(title: Store) -> None:
    once = publish(title, '<p><a href="https://pebblerow.example/p/hat">hat</a></p>')
    more = once.html.replace('rel="sponsored nofollow"', 'rel="sponsored nofollow ugc"')
    assert (
        taken_out(title, more)
        == '<p><a href="https://pebblerow.example/p/hat" rel="sponsored nofollow ugc">hat</a></p>'
    )


def test_what_was_copied_into_another_article_brings_its_authors_address_along(title: Store) -> None:
    once = publish(title, WRITTEN)
    other = ArticleFacts(url="https://magazine.example/other")
    copied = publish(title, once.html, other)
    assert not {each.token for each in once.placements} & {each.token for each in copied.placements}
    assert taken_out(title, copied.html, other) == WRITTEN
    assert taken_out(title, once.html) == WRITTEN


def test_where_nothing_may_earn_no_address_that_pays_comes_back(title: Store) -> None:
    ours = "https://www.awin1.com/cread.php?awinmid=70002&awinaffid=900001&ued=https%3A%2F%2Fpebblerow.example%2Fp%23a"
    with title.transaction() as session:
        add_link(session, site=the_site(session), url="https://pebblerow.example/p/hat", slug="hat", now=NOW)
    html = (
        f'<p><a href="{ours}">a</a> <a href="/go/hat">hat</a>'
        ' <a href="https://www.amazon.co.uk/dp/B000000001?tag=magazine0a-21&amp;th=1">kettle at Amazon</a></p>'
    )
    once = publish(title, html)
    assert len(once.placements) == 3
    off = publish(title, publish(title, once.html).html, policy=OFF)
    assert re.findall(r'href="([^"]*)"', off.html) == [
        "https://pebblerow.example/p#a",
        "https://pebblerow.example/p/hat",
        "https://www.amazon.co.uk/dp/B000000001?th=1",
    ]
    assert off.disclosure.paid_links == 0


@pytest.mark.parametrize("rel", ["", ' rel="nofollow"', " rel=noopener"])
def test_an_authors_use_of_our_path_gets_its_rel_back_and_its_page_passes(title: Store, rel: str) -> None:
    with title.transaction() as session:
        add_link(session, site=the_site(session), url="https://pebblerow.example/p/hat", slug="hat", now=NOW)
    once = publish(
        title, f'<h1>Hats</h1><p><a href="/go/hat"{rel}>hat</a> and <a href="https://pebblerow.example/p/b">b</a>.</p>'
    )
    assert once.html.count("sponsored") == 2
    off = publish(title, publish(title, once.html).html, policy=OFF)
    assert f'<a href="https://pebblerow.example/p/hat"{rel}>hat</a>' in off.html
    assert "sponsored" not in off.html
    assert check(off.html, ["uk"]).verdicts == {"uk": "PASS"}


def test_an_attribute_without_quotes_never_swallows_what_stands_behind_it(title: Store) -> None:
    once = publish(title, "<p><a href=https://pebblerow.example/p/hat rel=author>hat</a></p>")
    tight = re.sub(r"<a .*?>", f'<a href="{once.placements[0].href}"/>', once.html)
    assert taken_out(title, tight) == '<p><a href="https://pebblerow.example/p/hat"/>hat</a></p>'


def test_an_article_of_before_gets_its_links_target_back(title: Store) -> None:
    html = '<p><a href="https://pebblerow.example/p/hat?utm_source=x">hat</a></p>'
    once = publish(title, html)
    with title.transaction() as session:
        session.execute(update(Placement).values(authored_url=None, authored_href=None, authored_rel=None))
    assert 'href="https://pebblerow.example/p/hat"' in taken_out(title, once.html)
    publish(title, html)
    assert taken_out(title, once.html) == html


def test_an_article_that_two_addresses_were_folded_in_gets_two_links_from_its_source(title: Store) -> None:
    html = '<p><a href="https://pebblerow.example/s#/1">1</a> <a href="https://pebblerow.example/s#/2">2</a></p>'
    once = publish(title, html)
    first, second = (placement.link.id for placement in once.placements)
    with title.transaction() as session:  # as it was: both stood on the first one's link
        uses = update(Placement).where(Placement.link_id == second, Placement.article_id.is_not(None))
        session.execute(uses.values(link_id=first, authored_url=None))
    again = publish(title, html)
    assert [placement.link.target_url[-4:] for placement in again.placements] == ["s#/1", "s#/2"]
    assert taken_out(title, again.html) == html


def test_one_of_two_spellings_that_goes_leaves_the_other_its_token(title: Store) -> None:
    one, two = (f'<a href="https://pebblerow.example/p/hat?utm_source={word}">hat</a>' for word in ("a", "b"))
    once = publish(title, f"<p>{one} {two}</p>")
    assert once.placements[0].link.id == once.placements[1].link.id
    assert publish(title, f"<p>{two}</p>").placements[0].token == once.placements[1].token


def test_a_link_that_is_nearly_another_is_made_and_the_editor_told_once(title: Store) -> None:
    html = '<p><a href="https://pebblerow.example/p/hat">a</a> <a href="https://www.pebblerow.example/p/hat/">b</a></p>'
    once = publish(title, html)
    (warning,) = once.warnings
    assert "https://www.pebblerow.example/p/hat/ got a link of its own, /go/hat-2." in warning
    assert "You have nearly the same link: /go/hat (https://pebblerow.example/p/hat)." in warning
    assert publish(title, html).warnings == ()


def test_http_and_https_share_a_link_and_each_author_keeps_his(title: Store) -> None:
    html = '<p><a href="http://pebblerow.example/p/hat">a</a> <a href="https://pebblerow.example/p/hat">b</a></p>'
    once = publish(title, html)
    assert [link.target_url for link in all_links(title)] == ["https://pebblerow.example/p/hat"]
    assert taken_out(title, once.html) == html


# Parts of addresses in which shops differ, spelled as browsers accept them.
_PARTS = st.tuples(
    st.sampled_from(["https://", "http://", "HTTPS://"]),
    st.sampled_from(["pebblerow.example", "www.pebblerow.example", "PebbleRow.example", "pebblerow.example:443"]),
    st.sampled_from(["", "/", "/p", "/p/", "/P", "/p/../p", "/%c3%bc", "/%C3%BC", "/ü"]),
    st.sampled_from(["", "?", "?a=1", "?a=1&b=2", "?b=2&amp;a=1", "?a=1&utm_source=x", "?fbclid=1"]),
    st.sampled_from(["", "#", "#reviews", "#/product/1", "#/product/2", "#!/product/1"]),
)
_TAGS = st.sampled_from(
    ['<a href="{}">x</a>', "<a href='{}' rel=noopener>x</a>", "<a class=a href={} >x</a>", '<a rel href="{} ">x</a>']
)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """One store for all examples: links of earlier ones are there, as in a real library."""
    store = Store(f"sqlite:///{tmp_path_factory.mktemp('originals') / 'affiliate.db'}")
    migrations.upgrade(store)
    with store.transaction() as session:
        found_title(session, now=NOW)
    yield store
    store.close()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pieces=st.lists(st.tuples(_TAGS, _PARTS.map("".join)), min_size=1, max_size=4))
def test_links_are_shared_by_what_browsers_take_for_one_and_the_input_comes_back(
    desk: Store, pieces: list[tuple[str, str]]
) -> None:
    html = "<p>" + " ".join(tag.format(url) for tag, url in pieces) + "</p>"
    once = publish(desk, html)
    assert len(once.placements) == len(pieces)
    forms = [identity(without_tracking(url.replace("&amp;", "&"))) for _, url in pieces]
    links = [placement.link.id for placement in once.placements]
    for one, form in zip(links, forms, strict=True):
        for other, other_form in zip(links, forms, strict=True):
            assert (one == other) is (form == other_form)
    assert taken_out(desk, publish(desk, once.html).html) == html
    with desk.reading() as session:
        assert session.scalars(select(Article)).one().html == html
