"""An article on its way to the site: links, placements, disclosure and the record of them, on both databases."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from affiliate.articles.article import ArticleFacts
from affiliate.articles.desk import Desk
from affiliate.articles.edits import restore
from affiliate.articles.policy import Policy
from affiliate.articles.publish import Rewritten, rewrite_article
from affiliate.disclosure.check import check
from affiliate.disclosure.state import MISSING, NOT_NEEDED, PRESENT
from affiliate.errors import InvalidDocument, InvalidInput, InvalidUrl
from affiliate.ids import is_placement_token
from affiliate.links import proposed
from affiliate.links.library import add_link, edit_link, rename_link, retire_link
from affiliate.links.publish import Publisher
from affiliate.links.sites import add_site
from affiliate.redirect.table import AGREED, OVERRULED, Found, LinkTable
from affiliate.store import Store
from affiliate.store.tables import Article, ArticleDisclosure, Job, Link, LinkChange, Placement
from tests.articles.newsroom import PARTYWEAR, found_title, the_site
from tests.articles.oracle import tree
from tests.conftest import NOW

FACTS = ArticleFacts(url="https://magazine.example/partywear/marble", kind="product-led", author="Jo")


@pytest.fixture
def title(store: Store) -> Store:
    with store.transaction() as session:
        found_title(session, now=NOW)
    return store


def publish(
    store: Store, html: str, facts: ArticleFacts = FACTS, *, days: int = 0, policy: Policy | None = None
) -> Rewritten:
    with store.transaction() as session:
        return rewrite_article(
            session,
            site=the_site(session),
            html=html,
            article=facts,
            now=NOW + timedelta(days=days),
            policy=policy,
        )


def hrefs(html: str) -> list[str]:
    return re.findall(r"<a [^>]*href=[\"']([^\"']*)", html)


def tokens(rewritten: Rewritten) -> list[str]:
    return [placement.token for placement in rewritten.placements]


def rows(store: Store, table: type) -> int:
    with store.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_links_to_known_advertisers_become_ours_and_nothing_else_changes(title: Store) -> None:
    rewritten = publish(title, PARTYWEAR)
    first, second, third = tokens(rewritten)
    assert hrefs(rewritten.html) == [
        "/partywear",
        f"/go/marble-midi-dress/-{first}",
        f"/go/clutch-bag/-{second}",
        f"/go/marble-midi-dress/-{third}",
        "https://museum.example/marble",
    ]
    assert all(map(is_placement_token, (first, second, third)))
    assert tree(rewritten.html) == tree(PARTYWEAR)
    assert restore(rewritten.html, rewritten.changes) == PARTYWEAR
    assert [skipped.url for skipped in rewritten.skipped] == ["https://museum.example/marble"]
    assert "No programme covers museum.example" in rewritten.skipped[0].reason
    assert rows(title, Link) == 2


def test_a_second_run_changes_nothing(title: Store) -> None:
    once = publish(title, PARTYWEAR)
    twice = publish(title, once.html, days=1)
    assert (twice.html, twice.changes) == (once.html, ())
    assert tokens(twice) == tokens(once)
    assert rows(title, Placement) == 2 + 3  # a default one for each link
    assert rows(title, ArticleDisclosure) == rows(title, Article) == 1


def test_the_same_input_gives_the_same_output_for_ever(title: Store) -> None:
    once = publish(title, PARTYWEAR)
    assert publish(title, PARTYWEAR, days=30).html == once.html


def test_a_product_led_article_is_labelled_at_its_headline_and_at_each_link(title: Store) -> None:
    html = publish(title, PARTYWEAR).html
    mark = 'data-affiliate-disclosure="uk-en-1"'
    assert f"<p {mark}><strong>Ad</strong></p><h1>Marble print on the high street</h1><p {mark}>We earn" in html
    assert html.count('<span data-affiliate-label="uk-en-1">Ad&#160;</span><a ') == 3
    verdicts = check(html, ["uk", "us"], kind="product-led").verdicts
    assert verdicts == {"uk": "PASS", "us": "PASS"}


def test_a_mixed_article_is_labelled_where_its_first_paid_link_stands(title: Store) -> None:
    html = publish(title, PARTYWEAR, replace(FACTS, kind="mixed")).html
    assert '</p>\n<p data-affiliate-disclosure="uk-en-1"><strong>Ad</strong> We earn a commission if you buy' in html
    assert html.index("We earn") < html.index("Start with")
    assert check(html, ["uk", "us"], kind="mixed").verdicts == {"uk": "PASS", "us": "PASS"}


def test_the_us_text_stands_in_a_us_article(title: Store) -> None:
    rewritten = publish(title, PARTYWEAR, replace(FACTS, jurisdiction="US"))
    assert '<p data-affiliate-disclosure="us-en-1">We get a commission if you buy through' in rewritten.html
    assert rewritten.html.count(">(paid link)&#160;</span><a ") == 3
    assert check(rewritten.html, ["us"], kind="product-led").verdicts == {"us": "PASS"}
    assert rewritten.disclosure.label == "(paid link)"


def test_an_article_without_a_paid_link_gets_nothing(title: Store) -> None:
    html = '<h1>Marble</h1><p>See <a href="https://museum.example/">the museum</a>, our <a href="/x">x</a>.</p>'
    rewritten = publish(title, html)
    assert (rewritten.html, rewritten.changes, rewritten.placements) == (html, (), ())
    assert rewritten.disclosure.state == NOT_NEEDED


def test_the_disclosure_goes_when_the_last_paid_link_goes(title: Store) -> None:
    once = publish(title, PARTYWEAR)
    without = re.sub(r"<span data-affiliate-label[^>]*>Ad&#160;</span><a [^>]*/go/[^>]*>(.*?)</a>", r"\1", once.html)
    gone = publish(title, without, days=2)
    assert "affiliate" not in gone.html
    with title.reading() as session:
        states = session.execute(
            select(ArticleDisclosure.state, ArticleDisclosure.shown_from, ArticleDisclosure.shown_until).order_by(
                ArticleDisclosure.id
            )
        ).all()
    later = NOW + timedelta(days=2)
    assert [tuple(row) for row in states] == [(PRESENT, NOW, later), (NOT_NEEDED, later, None)]


def test_new_wording_replaces_the_old_in_place_and_opens_a_row(title: Store) -> None:
    once = publish(title, PARTYWEAR)
    american = publish(title, once.html, replace(FACTS, jurisdiction="us"), days=1)
    assert american.html == publish(title, PARTYWEAR, replace(FACTS, jurisdiction="us"), days=1).html
    assert "uk-en-1" not in american.html
    assert rows(title, ArticleDisclosure) == 2


def test_a_placement_that_leaves_is_kept_and_comes_back(title: Store) -> None:
    once = publish(title, PARTYWEAR)
    shorter = PARTYWEAR.replace("<ul><li><a", "<ul><li><i").replace("again</a>", "again</i>")
    publish(title, shorter, days=1)
    with title.reading() as session:
        removed = session.scalars(select(Placement).where(Placement.removed_at.is_not(None))).all()
    assert [(row.token, row.removed_at) for row in removed] == [(tokens(once)[2], NOW + timedelta(days=1))]
    assert tokens(publish(title, PARTYWEAR, days=2)) == tokens(once)
    with title.reading() as session:
        assert session.scalar(select(func.count()).where(Placement.removed_at.is_not(None))) == 0


def test_a_link_that_moves_within_the_article_keeps_its_token(title: Store) -> None:
    once = publish(title, PARTYWEAR)
    anchors = re.findall(r"<a [^>]*marble-midi-dress.*?</a>", once.html)
    swapped = once.html.replace(anchors[0], "@").replace(anchors[1], anchors[0]).replace("@", anchors[1])
    first, second, third = tokens(once)
    assert tokens(publish(title, swapped)) == [third, second, first]


def test_what_is_copied_into_another_article_gets_placements_of_its_own(title: Store) -> None:
    once = publish(title, PARTYWEAR)
    other = publish(title, once.html, ArticleFacts(url="https://magazine.example/other"))
    assert not set(tokens(once)) & set(tokens(other))
    assert not any(token in other.html for token in tokens(once))
    assert publish(title, once.html).html == once.html


def test_a_renamed_slug_is_left_as_it_is_written(title: Store) -> None:
    once = publish(title, PARTYWEAR)
    with title.transaction() as session:
        rename_link(session, link_id=once.placements[0].link.id, slug="the-dress", now=NOW)
    assert publish(title, once.html).html == once.html
    assert "/go/the-dress/-" in publish(title, PARTYWEAR).html


def test_a_link_that_became_direct_is_written_anew_with_its_token(title: Store) -> None:
    once = publish(title, '<p><a href="https://pebblerow.example/p/hat">hat</a></p>')
    with title.transaction() as session:
        edit_link(session, link_id=once.placements[0].link.id, mode="direct", now=NOW)
    direct = publish(title, once.html)
    assert tokens(direct) == tokens(once)
    assert hrefs(direct.html)[0].startswith("https://www.awin1.com/cread.php?")
    assert tokens(once)[0] in hrefs(direct.html)[0]
    assert publish(title, direct.html).changes == ()


def test_an_amazon_link_stays_direct_with_the_placement_as_its_sub_id(title: Store) -> None:
    html = (
        '<p>The <a href="https://www.amazon.co.uk/dp/B000000001?tag=magazine0a-21&amp;th=1">kettle at Amazon</a>.</p>'
    )
    once = publish(title, html)
    (href,) = hrefs(once.html)
    assert href.startswith("https://www.amazon.co.uk/dp/B000000001?")
    assert "tag=magazine0a-21" in href
    assert tokens(once)[0] in href
    assert "As an Amazon Associate I earn from qualifying purchases." in once.html
    assert once.disclosure.version == "uk-en-1+amazon"
    twice = publish(title, once.html)
    assert (twice.html, twice.changes) == (once.html, ())


def test_a_direct_link_tells_of_its_use_and_no_other_does(title: Store) -> None:
    html = '<p><a href="https://www.amazon.co.uk/dp/B000000001">kettle</a> <a href="https://pebblerow.example/p/hat">hat</a>'
    once = publish(title, html)
    amazon, other = once.placements
    assert re.findall(r'ping="([^"]*)"', once.html) == [f"/go/-{amazon.link.path}/-{amazon.token}"]
    with title.transaction() as session:
        edit_link(session, link_id=other.link.id, mode="direct", now=NOW)
    both = publish(title, once.html)
    assert len(re.findall(r" ping=", both.html)) == 2
    assert publish(title, both.html).changes == ()
    with title.transaction() as session:
        edit_link(session, link_id=other.link.id, mode="redirect", now=NOW)
    again = publish(title, both.html)
    assert again.html == once.html
    assert restore(again.html, again.changes) == both.html


@pytest.mark.parametrize(("words", "named"), [("kettle at Amazon", True), ("kettle", False)])
def test_the_editor_is_told_where_a_link_to_amazon_does_not_name_it(title: Store, words: str, named: bool) -> None:
    once = publish(title, f'<p>Our <a href="https://www.amazon.co.uk/dp/B000000001">{words}</a></p>')
    assert ["leads to Amazon" in warning for warning in once.warnings] == ([] if named else [True])


def test_a_site_with_a_link_base_is_told_there(title: Store) -> None:
    html = '<p><a href="https://www.amazon.co.uk/dp/B000000001" ping="/theirs">kettle</a>'
    relative = publish(title, html)
    with title.transaction() as session:
        the_site(session).link_base = "https://go.magazine.example"
    once = publish(title, relative.html)
    (kettle,) = once.placements
    assert f'ping="/theirs https://go.magazine.example/go/-{kettle.link.path}/-{kettle.token}"' in once.html
    assert publish(title, once.html).changes == ()
    off = publish(title, once.html, replace(FACTS, monetise=False))
    assert 'ping="/theirs">' in off.html


def test_our_own_network_link_is_normalised_and_somebody_elses_is_left_alone_with_a_warning(title: Store) -> None:
    wrapped = "https://www.awin1.com/cread.php?awinmid=70002&awinaffid={}&ued=https%3A%2F%2Fpebblerow.example%2Fp%2Fhat"
    ours, other = wrapped.format("900001"), wrapped.format("123456")
    rewritten = publish(title, f'<p><a href="{ours}">hat</a></p><p><a href="{other}">hat</a></p>')
    assert hrefs(rewritten.html) == [f"/go/hat/-{tokens(rewritten)[0]}", other]
    assert f'<p><a href="{other}">hat</a></p>' in rewritten.html
    (warning,) = rewritten.warnings
    assert other in warning
    assert "pays somebody else (123456)" in warning


def test_a_network_link_of_an_unknown_account_is_labelled_but_not_taken_over(title: Store) -> None:
    address = "https://click.linksynergy.com/deeplink?id=AbCdEfGhIjK&mid=1&murl=https%3A%2F%2Felsewhere.example%2F"
    rewritten = publish(title, f'<p><a href="{address}">x</a></p>')
    assert hrefs(rewritten.html) == [address]
    assert rewritten.html.index(">Ad") < rewritten.html.index(address)
    assert rewritten.disclosure.state == PRESENT
    assert "none of our accounts" in rewritten.warnings[0]


def test_an_advertiser_that_wants_no_tracking_is_left_untouched(title: Store) -> None:
    html = '<p><a href="https://silent.example/x">x</a></p>'
    rewritten = publish(title, html)
    assert rewritten.html == html
    assert "untouched" in rewritten.skipped[0].reason


def test_a_bereavement_story_is_never_monetised_whatever_its_editor_set(title: Store) -> None:
    facts = replace(FACTS, tags=("Bereavement",), monetise=True)
    rewritten = publish(title, PARTYWEAR, facts)
    assert (rewritten.html, rewritten.changes, rewritten.placements) == (PARTYWEAR, (), ())
    assert rewritten.disclosure.state == NOT_NEEDED
    assert rewritten.ruling.spoke == "always-off tag"
    assert rewritten.warnings == ("Nothing was made to earn. The tag “Bereavement” never carries paid links.",)
    assert rows(title, Link) == 0


def test_an_article_that_may_no_longer_earn_loses_links_labels_and_placements(title: Store) -> None:
    once = publish(title, PARTYWEAR)
    off = publish(title, once.html, days=1, policy=Policy(enabled=False))
    assert off.html == PARTYWEAR
    assert off.ruling.spoke == "global switch"
    assert restore(off.html, off.changes) == once.html
    with title.reading() as session:
        assert session.scalar(select(func.count()).where(Placement.removed_at.is_not(None))) == 3
    assert tokens(publish(title, PARTYWEAR, days=2)) == tokens(once)


def test_a_direct_link_that_may_no_longer_earn_loses_tag_and_token(title: Store) -> None:
    once = publish(title, '<p><a href="https://www.amazon.co.uk/dp/B000000001?th=1">kettle at Amazon</a></p>')
    off = publish(title, once.html, replace(FACTS, monetise=False))
    assert hrefs(off.html) == ["https://www.amazon.co.uk/dp/B000000001?th=1"]
    assert off.disclosure.state == NOT_NEEDED
    assert off.warnings == ("Nothing was made to earn. An editor switched this article off.",)


def test_tags_that_were_said_once_are_remembered(title: Store) -> None:
    publish(title, PARTYWEAR, replace(FACTS, tags=("court",)))
    assert publish(title, PARTYWEAR, FACTS).html == PARTYWEAR


def test_a_preview_answers_the_same_and_stores_nothing(title: Store) -> None:
    with title.transaction():  # SQLite's write lock is held, and a preview does not ask for it
        seen = Desk(title, the_site, Policy()).preview(PARTYWEAR, FACTS, now=NOW)
    assert seen.html.count("/go/") == 3
    assert seen.article_id is None
    for table in (Article, Link, Placement, ArticleDisclosure, LinkChange, Job):
        assert rows(title, table) == 0
    stored = publish(title, PARTYWEAR)
    assert len(stored.changes) == len(seen.changes)


def test_a_draft_is_recognised_by_the_placements_it_carries(title: Store) -> None:
    once = publish(title, PARTYWEAR, ArticleFacts())
    twice = publish(title, once.html, ArticleFacts())
    assert twice.article_id == once.article_id
    assert twice.changes == ()


def test_an_article_is_found_by_its_address_when_the_cms_begins_to_send_ids(title: Store) -> None:
    once = publish(title, PARTYWEAR)
    assert publish(title, PARTYWEAR, replace(FACTS, id="4711")).article_id == once.article_id


def test_an_articles_address_counts_whole_but_for_its_http(title: Store) -> None:
    http = replace(FACTS, url="http://magazine.example/partywear/marble")
    once = publish(title, PARTYWEAR, http)
    assert publish(title, PARTYWEAR, FACTS).article_id == once.article_id
    assert publish(title, PARTYWEAR, http).article_id == once.article_id
    for url in (f"{FACTS.url}/", f"{FACTS.url}?p=2", "https://www.magazine.example/partywear/marble"):
        assert publish(title, PARTYWEAR, replace(FACTS, url=url)).article_id != once.article_id


def test_a_link_base_makes_links_absolute(store: Store) -> None:
    with store.transaction() as session:
        found_title(session, now=NOW, link_base="https://go.magazine.example")
    once = publish(store, PARTYWEAR)
    assert once.placements[0].href == f"https://go.magazine.example/go/marble-midi-dress/-{tokens(once)[0]}"
    assert publish(store, once.html).changes == ()


def test_a_bare_link_of_ours_in_an_article_gets_a_placement(title: Store) -> None:
    with title.transaction() as session:
        add_link(session, site=the_site(session), url="https://pebblerow.example/p/hat", slug="hat", now=NOW)
    rewritten = publish(title, '<p><a href="/go/hat">hat</a> <a href="/go/unknown">x</a></p>')
    assert hrefs(rewritten.html) == [f"/go/hat/-{tokens(rewritten)[0]}", "/go/unknown"]


def test_a_retired_link_is_left_alone_with_a_warning(title: Store) -> None:
    once = publish(title, '<p><a href="https://pebblerow.example/p/hat">hat</a></p>')
    with title.transaction() as session:
        retire_link(session, link_id=once.placements[0].link.id, now=NOW)
    again = publish(title, once.html)
    assert hrefs(again.html) == hrefs(once.html)
    assert "is retired" in again.warnings[0]


def test_a_paid_link_that_policy_forbids_but_an_author_wrote_counts_as_undisclosed(title: Store) -> None:
    ours = "https://www.awin1.com/cread.php?awinmid=70002&awinaffid=900001&ued=https%3A%2F%2Fpebblerow.example%2Fp"
    html = f'<p><a href="{ours}">hat</a></p>'
    rewritten = publish(title, html, replace(FACTS, kind="editorial"))
    assert rewritten.html == html
    assert rewritten.disclosure.state == MISSING
    assert any("our own link of awin" in warning for warning in rewritten.warnings)


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        (
            replace(FACTS, kind="advertorial"),
            "'advertorial' is no kind of article; there are product-led, mixed, editorial",
        ),
        (replace(FACTS, jurisdiction="mars"), "jurisdiction 'mars'; there are au, ca, de"),
        (replace(FACTS, id="x" * 1001), "longer than 1000 characters"),
    ],
)
def test_facts_that_cannot_be_are_refused_and_nothing_is_stored(
    title: Store, facts: ArticleFacts, message: str
) -> None:
    with pytest.raises(InvalidInput, match=re.escape(message)):
        publish(title, PARTYWEAR, facts)
    assert rows(title, Article) == rows(title, Link) == rows(title, Placement) == 0


def test_an_article_that_no_words_are_known_for_keeps_plain_links_and_says_why(title: Store) -> None:
    spanish = publish(title, PARTYWEAR, replace(FACTS, language="es-ES"))
    assert (spanish.html, spanish.placements) == (PARTYWEAR, ())
    assert spanish.disclosure.state == NOT_NEEDED
    assert "no words for uk in the language 'es-ES'" in str(spanish.disclosure.reason)
    assert spanish.warnings == (f"Nothing was made to earn. {spanish.disclosure.reason}",)
    assert rows(title, Link) == rows(title, Placement) == 0
    with title.reading() as session:
        assert session.scalars(select(ArticleDisclosure.reason)).all() == [spanish.disclosure.reason]
    english = publish(title, PARTYWEAR, replace(FACTS, language="en"), days=1)
    assert (english.disclosure.state, english.disclosure.reason) == (PRESENT, None)
    lost = publish(title, english.html, replace(FACTS, language="es-ES"), days=2)
    assert "/go/" not in lost.html
    assert "data-affiliate" not in lost.html


def test_an_article_whose_disclosure_readers_would_not_see_keeps_plain_links(title: Store) -> None:
    html = f"<!doctype html><html><body hidden>{PARTYWEAR}</body></html>"
    hidden = publish(title, html)
    assert hidden.html == html
    assert "where readers do not see it" in str(hidden.disclosure.reason)
    assert publish(title, PARTYWEAR).disclosure.state == PRESENT


def test_an_authors_own_sentence_is_left_and_ours_is_not_added(title: Store) -> None:
    theirs = "<p>We earn a commission if you buy through our links.</p>"
    html = PARTYWEAR.replace("<p>By Jo.", f"{theirs}<p>By Jo.")
    once = publish(title, html, replace(FACTS, kind="mixed"))
    assert "data-affiliate-disclosure" not in once.html
    assert once.html.count("data-affiliate-label") == 3
    assert once.disclosure.sentence == "We earn a commission if you buy through our links."
    assert once.disclosure.version == "uk-en-1+author"
    assert once.warnings == ()
    assert publish(title, once.html, replace(FACTS, kind="mixed")).changes == ()
    assert check(once.html, ["uk", "us"], kind="mixed").verdicts == {"uk": "PASS", "us": "PASS"}


def test_an_authors_insufficient_sentence_stays_and_the_editor_is_told(title: Store) -> None:
    html = PARTYWEAR.replace("<p>By Jo.", "<p>This post may contain affiliate links.</p><p>By Jo.")
    once = publish(title, html)
    assert "<p>This post may contain affiliate links.</p>" in once.html
    assert "We earn a commission" in once.html
    (warning,) = once.warnings
    assert "“This post may contain affiliate links.” stays where it is and ours was added" in warning


def test_each_variant_of_an_article_has_placements_of_its_own(title: Store) -> None:
    web = publish(title, PARTYWEAR)
    answers = {}
    for variant in ("amp", "feed", "newsletter", "app"):
        with title.transaction() as session:
            answers[variant] = rewrite_article(
                session, site=the_site(session), html=web.html, article=FACTS, now=NOW, variant=variant
            )
    found = [set(tokens(answer)) for answer in (web, *answers.values())]
    assert len(set[str]().union(*found)) == 15
    for variant, answer in answers.items():
        assert answer.disclosure.state == PRESENT
        assert answer.as_json()["disclosure"]["variant"] == variant
        assert ("https://magazine.example/go/" in answer.html) == (variant != "amp")
    assert publish(title, web.html).changes == ()
    assert rows(title, ArticleDisclosure) == 1


def test_an_amp_page_gets_no_ping(title: Store) -> None:
    html = '<html amp><body><p><a href="https://www.amazon.co.uk/dp/B000000001">kettle at Amazon</a></p></body></html>'
    once = publish(title, html)
    assert once.variant == "amp"
    assert "ping=" not in once.html
    assert "data-affiliate-disclosure" in once.html


def test_a_newsletter_is_told_in_its_cell(title: Store) -> None:
    html = (
        '<body><div style="display:none">Preheader</div><table><tr><td><p>Hello</p></td></tr></table><table><tr><td>'
        '<table><tr><td>Our <a href="https://pebblerow.example/p/hat">hat</a></td></tr></table></td></tr></table></body>'
    )
    with title.transaction() as session:
        site = the_site(session)
        once = rewrite_article(session, site=site, html=html, article=FACTS, now=NOW, variant="newsletter")
        twice = rewrite_article(session, site=site, html=once.html, article=FACTS, now=NOW, variant="newsletter")
    assert twice.changes == ()
    assert "<table><tr><td><p data-affiliate-disclosure" in once.html
    assert check(once.html, ["uk", "us"], kind="product-led").verdicts == {"uk": "PASS", "us": "PASS"}


def test_an_address_that_is_none_is_refused(title: Store) -> None:
    with pytest.raises(InvalidUrl):
        publish(title, PARTYWEAR, ArticleFacts(url="javascript:alert(1)"))


def test_the_answer_has_exactly_the_contracts_keys(title: Store) -> None:
    answer = publish(title, PARTYWEAR).as_json()
    assert set(answer) == {"html", "changes", "placements", "disclosure", "warnings"}
    assert answer["disclosure"] == {
        "state": "present",
        "jurisdiction": "uk",
        "label": "Ad",
        "sentence": "We earn a commission if you buy through links marked Ad.",
        "text_version": "uk-en-1",
        "paid_links": 3,
        "label_at_headline": True,
        "reason": None,
        "variant": "web",
        "teaser_label": "Ad",
        "feed_title": "Ad: Marble print on the high street",
        "newsletter_subject": "Ad: Marble print on the high street",
        "push_title": "Ad: Marble print on the high street",
    }
    assert answer["placements"][0]["slug"] == "marble-midi-dress"


@pytest.mark.parametrize(
    "href",
    [
        "\n  https://www.harbourvine.example/p/a\r\n?b=1\n",
        "https://www.harbourvine.example/p/a dress",
        "\\\\harbourvine.example\\p\\a",
        "https:\\\\harbourvine.example\\p\\a",
        "https:harbourvine.example/p/a",
        "///harbourvine.example/p/a",
        "HTTPS://WWW.HARBOURVINE.EXAMPLE:443/p/a",
        "https&colon;//harbourvine.example/p/a?x=1&#38;y=2&lt=3",
    ],
)
def test_an_address_is_read_as_a_browser_reads_it(title: Store, href: str) -> None:
    rewritten = publish(title, f'<p><a href="{href}">x</a></p>')
    assert len(rewritten.placements) == 1
    assert rewritten.disclosure.state == PRESENT
    assert publish(title, rewritten.html).changes == ()


def test_a_link_of_a_network_where_we_have_no_account_is_labelled_and_named(title: Store) -> None:
    html = '<p>Our <a href="https://www.shareasale.com/r.cfm?u=123456&amp;b=654321&amp;m=12345">kettle</a></p>'
    rewritten = publish(title, html, replace(FACTS, kind="mixed"))
    assert rewritten.placements == ()
    assert rewritten.disclosure.state == PRESENT
    assert "a link of shareasale that none of our accounts is known to earn on" in rewritten.warnings[0]
    assert 'm=12345" rel="sponsored nofollow">kettle' in rewritten.html
    assert check(rewritten.html, ["uk"], kind="mixed").verdicts == {"uk": "PASS"}


def test_what_stands_in_the_way_of_links_is_said(title: Store) -> None:
    link = '<a href="https://harbourvine.example/p/x">x</a>'
    assert "set the site's link base" in publish(title, f'<base href="https://cdn.example/"><p>{link}').warnings[0]
    assert "CDATA" in publish(title, f"<rss><item><![CDATA[<p>{link}</p>]]></item></rss>").warnings[0]
    unusable = publish(title, '<p><a href="https://me:secret@harbourvine.example/p">x</a></p>')
    assert "carries a user name or password" in unusable.warnings[0]


CMS = {
    "Gutenberg": '<!-- wp:paragraph -->\n<p>Wear <a href="{}" target="_blank" rel="noreferrer noopener">it</a>.</p>\n'
    '<!-- /wp:paragraph -->\n<!-- wp:list --><ul class="wp-block-list"><li>One<ul><li>{a}</li></ul></li></ul><!-- /wp:list -->',
    "Drupal": '<article data-history-node-id="5"><h1 class="page-title"><span>Best</span></h1><div class="field">'
    '<p>See&nbsp;<a href="{}?x=1&amp;y=2" data-entity-type="node">it</a></p><drupal-media></drupal-media></div></article>',
    "Ghost": '<p>Hi</p><!--kg-card-begin: html--><div class="kg-card"><h4>Dress</h4><a href="{}"><span>Buy</span></a></div>',
    "AMP": "<!doctype html><html ⚡><head><style amp-boilerplate>a>b{{}}</style></head><body><h1>T</h1><amp-img src=x>"
    "<noscript>{a}</noscript></amp-img><p>{a}</body></html>",
    "newsletter": "<!DOCTYPE html><html><body><!--[if mso]><table><tr><td><![endif]--><table><tr><td style='font-size:14px;"
    "color:#333'><h1>Sale</h1><p style='font-size:14px'>{a}</p></td></tr><tr><td><!--[if !mso]><!-->{a}<!--<![endif]--></table>",
    "Word": '<p class=MsoNormal><span lang=EN-GB style=\'mso-x:"T"\'>Wear <a href="{}">this</a><o:p></o:p></span></p><![if !x]>',
    "Markdown": "# Title\n\nSome *text* with {a}.\n\n> quote\n",
    "picture": '<figure><a href="{}"><picture><source srcset="a 1x, b 2x"><img src=a alt="D > d"></picture></a></figure>',
    "card": '<h1>T</h1><a href="{}" onclick="go(\'a>b\',&quot;c&quot;)"><div><h2>Dress</h2><ul><li>x</ul></div></a>',
    "foster parent": "<h1>T</h1><table>{a}<tr><td><table><tr><td>{a}</table></table>",
    "upper case": "<HTML><BODY BGCOLOR=#FFF><CENTER><H1>T</H1></CENTER><P>Hi <A HREF={} TARGET=_blank><FONT>x</FONT></A><P>y",
    "carriage returns": "<h1>T</h1>\r<p>One\r{a}\r</p>\r\n<p>\r\r\n{a}\n\r",
    "odd comments": "<!--><p>{a}</p><!---><p>{a}</p><!-- a --!><p>{a}</p><!- x -><?php echo 1 ?><p>{a}</p><!-- {a}",
    "two headlines": "<header><h1>Magazine</h1></header><article><h1>T</h1><p>{a}</p></article>",
    "link first": "<p>{a}</p><h1>T</h1><p>{a}</p>",
}


@pytest.mark.parametrize("jurisdiction", ["uk", "us"])
@pytest.mark.parametrize("kind", ["product-led", "mixed"])
@pytest.mark.parametrize("cms", CMS)
def test_what_any_cms_writes_is_rewritten_and_passes_the_check(
    title: Store, cms: str, kind: str, jurisdiction: str
) -> None:
    address = "https://www.harbourvine.example/p/marble-midi-dress"
    html = CMS[cms].format(address, a=f'<a href="{address}">dress</a>')
    facts = replace(FACTS, kind=kind, jurisdiction=jurisdiction)
    rewritten = publish(title, html, facts)
    assert rewritten.placements
    assert restore(rewritten.html, rewritten.changes) == html
    assert tree(rewritten.html) == tree(html)
    assert publish(title, rewritten.html, facts).changes == ()
    assert check(rewritten.html, [jurisdiction], kind=kind).verdicts == {jurisdiction: "PASS"}
    ours = r"<p data-affiliate-disclosure.*?</p>|<span data-affiliate-label.*?</span>"
    for hidden in ("", r"<!--\g<0>-->", r"<template>\g<0></template>"):
        without = re.sub(ours, hidden, rewritten.html)
        assert check(without, [jurisdiction], kind=kind).verdicts == {jurisdiction: "FAIL"}
        behind = without + "".join(re.findall(ours, rewritten.html))
        assert check(behind, [jurisdiction], kind=kind).verdicts == {jurisdiction: "FAIL"}


def test_a_new_placement_names_its_link_on_every_host_with_the_next_look(title: Store, tmp_path: Path) -> None:
    with title.transaction() as session:
        other = add_site(session, key="other", name="Other", hosts=["other.example"], now=NOW)
        url = "https://www.harbourvine.example/p/marble-midi-dress"
        theirs = add_link(session, site=other, url=url, slug="marble-midi-dress", now=NOW).link.id
    table = LinkTable(tmp_path / "links")
    publisher = Publisher(title, table)
    publisher.rebuild()
    once = publish(title, PARTYWEAR)
    token, *_ = tokens(once)
    path = f"/go/marble-midi-dress/-{token}"

    def answered(host: str) -> tuple[bool, str, int]:
        found = table.find(host, path)
        assert isinstance(found, Found)
        return found.entry.link_id == theirs, found.token, found.decided

    assert answered("other.example") == (True, token, AGREED)  # the node has not heard of it yet
    assert publisher.publish_pending() > 0
    assert answered("other.example") == (False, token, OVERRULED)
    before = rows(title, LinkChange)
    publish(title, once.html, days=1)
    assert rows(title, LinkChange) == before  # a run without a new placement publishes nothing


def test_however_often_an_article_leads_to_one_address_its_own_output_is_taken_again(
    title: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proposed, "MOST_NEW", 40)
    once = publish(title, PARTYWEAR + '<a href="https://www.harbourvine.example/p/marble-midi-dress">x</a>' * 41)
    assert len(once.placements) > 40
    assert publish(title, once.html, days=1).html == once.html


def test_an_article_that_makes_more_links_than_any_has_is_refused_and_one_of_footnotes_is_not(
    title: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proposed, "MOST_NEW", 40)
    page = "https://www.harbourvine.example/p/"
    html = "".join(f'<a href="{page}{number}">x</a>' for number in range(41))
    before = rows(title, Link)
    with pytest.raises(InvalidDocument, match="more than 40 new links at once"):
        publish(title, html)
    assert (rows(title, Article), rows(title, Link)) == (0, before)
    notes = "".join(
        f'<a href="#note{number}">x</a><a href="https://news.example/{number}">x</a>' for number in range(41)
    )
    assert len(publish(title, PARTYWEAR + notes).placements) == len(publish(title, PARTYWEAR).placements)
