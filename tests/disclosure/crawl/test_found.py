"""What a walk finds wrong, in which words, and what it lets pass."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from affiliate.app import Application
from affiliate.disclosure.check import UNCHECKED
from affiliate.disclosure.checks import CHECKS
from affiliate.disclosure.crawl import KINDS
from affiliate.disclosure.findings import Finding
from affiliate.disclosure.pages.page import Page
from affiliate.disclosure.profiles import choose_profile
from affiliate.links.sites import find_site
from affiliate.settings import Settings
from affiliate.store import Store
from affiliate.store.tables import PageCheck
from tests.conftest import NOW
from tests.disclosure.crawl.conftest import Desk, furnished
from tests.disclosure.crawl.magazine import AMAZON, BARE, FOREIGN, NOTE, PAID, Magazine, Sent, rss

LABELLED = f"{NOTE}<p><b>Ad</b> {PAID}</p>"
SKIMLINKS = '<script src="https://s.skimresources.com/js/1234X567.skimlinks.js"></script>'


def test_a_sound_site_has_no_findings(desk: Desk, empty: Magazine) -> None:
    desk.promise(desk.register("/coats", kind="product-led"))
    desk.promise(desk.register("/mixed"))
    empty.html(
        "/",
        "<main><ul><li>Ad <a href='/coats'>The best coats</a></li><li><a href='/mixed'>A story</a></li></ul></main>",
    )
    empty.article("/coats", "The best coats", f"{NOTE}<p>{PAID}</p>", label="Ad")
    empty.article("/mixed", "A story", LABELLED)
    assert desk.crawl().findings == []


def test_paid_links_of_any_network_and_account_are_found_where_nobody_registered_them(
    desk: Desk, empty: Magazine
) -> None:
    empty.html("/", "<a href='/old'>old</a><a href='/shop'>x</a>")
    empty.article("/old", "Old", f"{NOTE}<p><b>Ad</b> {FOREIGN}, <b>Ad</b> {PAID} and <b>Ad</b> {AMAZON}</p>")
    empty.article("/shop", "Shops", "<p><a href='https://shop.example/'>no paid link</a></p>")
    crawled = desk.crawl()
    assert crawled.of("unregistered") == {
        "/old": "3 paid links (Awin 2, Amazon Associates 1), 1 of them for accounts that are not ours (Awin 66666666), on a"
        " page that is not in the register."
    }
    [found] = [each for each in crawled.findings if each.kind == "unregistered"]
    assert found.mend.endswith(f"affiliate rewrite FILE --article-url {empty.home}/old")


def test_a_page_that_only_a_script_makes_earn_is_found_too(desk: Desk, empty: Magazine) -> None:
    empty.html("/", f"{SKIMLINKS}<a href='/tips'>tips</a><a href='/about'>about</a>")
    empty.article("/tips", "Tips", "<p>Buy it at <a href='https://shop.example/p/1'>Shop</a>.</p>", head=SKIMLINKS)
    empty.article("/about", "About", "<p>About us.</p>", head=SKIMLINKS)
    crawled = desk.crawl()
    assert list(crawled.of("unregistered")) == ["/tips"]
    assert "A script of Skimlinks makes links of this page paid" in crawled.of("unregistered")["/tips"]
    assert crawled.of("script") == {
        "/": "A script of Skimlinks turns links of this page into paid ones where readers are (here and on 2 other pages)."
    }
    assert "/tips" in crawled.of("failing")


def test_an_article_is_known_by_its_canonical_address_and_its_other_spellings(desk: Desk, empty: Magazine) -> None:
    desk.register("/story/")
    empty.html("/", "<a href='/story?utm_source=x'>x</a><a href='/amp/story'>amp</a>")
    canonical = f"<link rel='canonical' href='{empty.home}/story'>"
    empty.article("/story", "Story", LABELLED)
    empty.article("/story/", "Story", LABELLED)
    empty.article("/amp/story", "Story", LABELLED, head=canonical)
    assert desk.crawl().of("unregistered") == {}


def test_articles_whose_paths_differ_in_a_slash_are_never_taken_for_one(desk: Desk, empty: Magazine) -> None:
    plain, slash = (desk.register(path, title=path) for path in ("/story", "/story/"))
    for article_id, sentence in ((plain, "We earn when you buy."), (slash, "Something else.")):
        desk.promise(article_id, sentence=sentence)
    empty.html("/", "<a href='/story'>x</a><a href='/story/'>y</a>")
    for path in ("/story", "/story/"):
        empty.article(path, path, f"<p>We earn when you buy.</p><p>{PAID}</p>", label="Ad")
    crawled = desk.crawl()
    assert {"/story", "/story/"} <= set(empty.asked)
    assert set(crawled.of("lost")) == {"/story/"}


def test_unlabelled_teasers_are_found_by_the_kind_that_the_register_or_the_page_says(
    desk: Desk, empty: Magazine
) -> None:
    desk.register("/kettles", kind="product-led", title="The best kettles")
    desk.register("/story", kind="mixed", title="A story")
    cards = "".join(
        f"<article><span>{label}</span><h2><a href='{path}'>{path}</a></h2></article>"
        for path, label in (("/kettles", "Shopping"), ("/coats", "Home"), ("/labelled", "Ad"), ("/story", "News"))
    )
    empty.html("/", f"<main>{cards}</main>")
    empty.article("/kettles", "Kettles", f"{NOTE}<p>{PAID}</p>", label="Ad")
    empty.article("/coats", "The best coats", f"{NOTE}<p>{PAID}</p>", kind="product-led", label="Ad")
    empty.article("/labelled", "Labelled", f"{NOTE}<p>{PAID}</p>", kind="product-led", label="Ad")
    empty.article("/story", "A story", LABELLED + "<p>As we said of <a href='/kettles'>kettles</a> last week.</p>")
    crawled = desk.crawl()
    found = [each for each in crawled.findings if each.kind == "teaser"]
    assert {(each.place.removeprefix(empty.home), each.rule, each.severity) for each in found} == {
        ("/kettles", "UK-03", "BLOCK"),
        ("/coats", "UK-03", "BLOCK"),
    }
    assert found[0].message.startswith(
        "The teaser of “The best kettles”, which is product-led, has no advertising label (uk)."
    )


def test_a_teaser_on_many_pages_is_one_finding(desk: Desk, empty: Magazine) -> None:
    desk.register("/kettles", kind="product-led", title="Kettles")
    empty.html("/", "<main><h2><a href='/kettles'>Kettles</a></h2><a href='/a'>a</a><a href='/b'>b</a></main>")
    for path in ("/a", "/b"):
        empty.html(path, "<main><h2><a href='/kettles'>Kettles</a></h2></main>")
    empty.article("/kettles", "Kettles", f"{NOTE}<p>{PAID}</p>", label="Ad")
    [message] = desk.crawl().of("teaser").values()
    assert message.endswith("(here and on 2 other pages).")


def test_a_label_elsewhere_on_the_listing_labels_no_teaser(desk: Desk, empty: Magazine) -> None:
    desk.register("/kettles", kind="product-led")
    empty.html(
        "/",
        "<main><p>Ad</p><div class='banner'>x</div><section><h2><a href='/kettles'>Kettles</a></h2></section></main>",
    )
    empty.article("/kettles", "Kettles", f"{NOTE}<p>{PAID}</p>", label="Ad")
    assert list(desk.crawl().of("teaser")) == ["/"]


def test_the_label_of_one_card_is_not_its_neighbours(desk: Desk, empty: Magazine) -> None:
    for path in ("/kettles", "/coats"):
        desk.register(path, kind="product-led", title=path[1:])
        empty.article(path, path[1:], f"{NOTE}<p>{PAID}</p>", label="Ad")
    cards = "<div><h2><a href='/kettles'>K</a></h2></div><div><p>Ad</p><h2><a href='/coats'>C</a></h2></div>"
    empty.html("/", f"<main><div>{cards}</div></main>")
    [message] = desk.crawl().of("teaser").values()
    assert "“kettles”" in message


def test_titles_in_feeds_are_teasers(desk: Desk, empty: Magazine) -> None:
    for path in ("/kettles", "/coats"):
        desk.register(path, kind="product-led", title=path[1:])
        empty.article(path, path[1:], f"{NOTE}<p>{PAID}</p>", label="Ad")
    empty.html("/", "x", head="<link rel=alternate type=application/rss+xml href=/feed>")
    feed = rss((f"{empty.home}/kettles", "The best kettles"), (f"{empty.home}/coats", "Ad | The best coats"))
    empty.raw("/feed", feed, "application/rss+xml")
    [message] = desk.crawl().of("teaser").values()
    assert "“kettles”" in message


def test_the_united_states_ask_no_block_for_teasers(desk: Desk, empty: Magazine) -> None:
    with desk.store.transaction() as session:
        find_site(session).jurisdiction = "us"
    desk.register("/kettles", kind="product-led", jurisdiction="us")
    empty.html("/", "<main><h2><a href='/kettles'>Kettles</a></h2></main>")
    empty.article(
        "/kettles", "Kettles", f"<p>We get a commission if you buy through links in this article.</p><p>{PAID}</p>"
    )
    crawled = desk.crawl()
    assert crawled.of("failing") == {}
    assert {each.severity for each in crawled.findings} <= {"WARN", "INFO"}


def test_links_without_rel_are_counted_once_a_page(desk: Desk, empty: Magazine) -> None:
    desk.register("/story")
    empty.html("/", "<a href='/story'>x</a>")
    empty.article("/story", "Story", f"{NOTE}<p><b>Ad</b> {BARE}</p><p><b>Ad</b> {BARE}</p><p><b>Ad</b> {PAID}</p>")
    assert desk.crawl().of("rel") == {"/story": "2 paid links without rel=sponsored or nofollow."}


def test_links_that_pay_somebody_else_are_found_on_registered_pages(desk: Desk, empty: Magazine) -> None:
    desk.register("/story")
    empty.html("/", "<a href='/story'>x</a>")
    empty.article("/story", "Story", f"{NOTE}<p><b>Ad</b> {FOREIGN}</p><p><b>Ad</b> {PAID}</p>")
    assert desk.crawl().of("stranger") == {"/story": "1 paid link of Awin for the account 66666666, which is not ours."}


def test_a_page_that_fails_names_rule_place_and_way_out(desk: Desk, empty: Magazine) -> None:
    desk.register("/story")
    empty.html("/", "<a href='/story'>x</a>")
    empty.article("/story", "Story", f"{NOTE}<p>{PAID}</p>")
    [found] = [each for each in desk.crawl().findings if each.kind == "failing"]
    assert (found.rule, found.severity) == ("UK-04", "ERROR")
    assert "paid link 1" in found.place
    assert "Ad" in found.mend


def test_profiles_that_the_site_chose_count_too(desk: Desk, empty: Magazine) -> None:
    with desk.store.transaction() as session:
        choose_profile(session, find_site(session), "de", by="test", now=NOW)
    desk.register("/story")
    empty.html("/", "<a href='/story'>x</a>")
    empty.article("/story", "Story", LABELLED)
    assert desk.crawl().of("failing")["/story"].startswith("de: ")


def test_a_disclosure_that_the_template_dropped_is_found(desk: Desk, empty: Magazine) -> None:
    for path in ("/dropped", "/kept", "/no-links"):
        desk.promise(desk.register(path))
    empty.html("/", "<a href='/dropped'>x</a><a href='/kept'>y</a><a href='/no-links'>z</a>")
    empty.article("/dropped", "Dropped", f"<p>{PAID}</p>")
    empty.article("/kept", "Kept", LABELLED.replace("commission if", "commission&nbsp;<i>if</i>"))
    empty.article("/no-links", "Cleaned", "<p>No links any more.</p>")
    assert desk.crawl().of("lost") == {
        "/dropped": "The register says that this page shows the sentence “We earn a commission if you buy through links marked"
        " Ad.” since 2026-11-20; the page as it is served does not."
    }


def test_registered_pages_that_are_gone_or_moved_are_found(desk: Desk, empty: Magazine) -> None:
    for path in ("/gone", "/moved", "/broken"):
        desk.register(path, title=path[1:])
    empty.html("/", "x")
    empty.redirect("/moved", "/new")
    empty.html("/new", "x")
    empty.pages["/broken"] = Sent(503, b"")
    assert desk.crawl().of("gone") == {
        "/gone": "“gone” is in the register, and its address answers 404.",
        "/moved": "“moved” is in the register, and its address leads to another one.",
    }


def test_registered_pages_that_nothing_leads_to_are_told_after_a_whole_walk_only(desk: Desk, empty: Magazine) -> None:
    desk.register("/hidden", title="Hidden")
    desk.register("/linked")
    empty.html("/", "<a href='/linked'>x</a><a href='/more'>y</a>")
    for path in ("/hidden", "/linked", "/deep"):
        empty.article(path, path, "<p>x</p>")
    empty.html("/more", "<a href='/deep'>z</a>")
    crawled = desk.crawl(pages=4)
    assert "/hidden" in empty.asked
    assert "/deep" not in empty.asked
    assert crawled.of("unshown") == {}
    assert list(desk.crawl().of("unshown")) == ["/hidden"]


def test_what_was_read_of_an_article_is_written_down_as_evidence(desk: Desk, empty: Magazine) -> None:
    article_id = desk.register("/story")
    empty.html("/", "<a href='/story'>x</a><a href='/other'>y</a>")
    empty.article("/story", "Story", f"{NOTE}<p>{PAID}</p>")
    empty.article("/other", "Other", f"{NOTE}<p>{PAID}</p>")
    app = Application(Settings(), clock=lambda: NOW)
    app.__dict__["store"] = desk.store
    crawl_id = desk.begin()
    desk.walk(crawl_id, written=app.rechecker().served)
    with desk.store.reading() as session:
        [check] = session.scalars(select(PageCheck)).all()
    assert (check.article_id, check.occasion, check.origin, check.worst) == (article_id, "crawl", "live", "FAIL")
    assert "UK-04" in {each.rule for each in desk.look(crawl_id).findings if each.kind == "failing"}


def test_hostile_markup_ends_no_walk_on_either_database(store: Store, empty: Magazine) -> None:
    desk = furnished(store, empty)
    empty.html("/", "<a href='/deep'>x</a><a href='/nul'>y</a><a href='/names'>z</a><a href='/after'>w</a>")
    empty.html("/deep", "<div>" * 20_000 + PAID)
    empty.html(
        "/nul", f"<h1>\x00\ud7ff</h1><p>{PAID}\x00</p><a href='/x\x00y'>n</a><a href='http://[::1]:99999/'>p</a>"
    )
    empty.html(
        "/names",
        "<a href='=cmd|calc'>x</a>" + PAID.replace("Halden coat", "=SUM(A1)"),
        title="<script>alert(1)</script>",
    )
    empty.html("/after", "x")
    crawled = desk.crawl()
    assert crawled.detail.row.state == "done"
    assert "/after" in empty.asked
    assert {"/deep", "/nul", "/names"} <= set(crawled.of("unregistered"))


def test_a_page_that_cannot_be_checked_is_told_and_ends_no_walk(
    desk: Desk, empty: Magazine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def odd(page: Page, _rule: object, _pack: object) -> Iterator[Finding]:
        if any("odd" in block.words for block in page.tree.blocks):
            raise ValueError("nobody thought of this page")
        yield from ()

    monkeypatch.setitem(CHECKS, "wording", odd)
    empty.html("/", "<p>x</p><a href='/odd'>o</a>")
    empty.html("/odd", "<p>odd</p><a href='/after'>a</a>")
    empty.html("/after", "<p>y</p>")
    crawled = desk.crawl()
    assert crawled.detail.row.state == "done"
    assert crawled.of("failing") == {"/odd": f"uk: {UNCHECKED}"}
    assert "/after" in empty.asked


def test_an_article_whose_address_is_none_stops_no_walk(desk: Desk, empty: Magazine) -> None:
    desk.register("` x")
    empty.html("/", "x")
    assert desk.crawl().detail.row.state == "done"


def test_every_kind_is_told_in_words() -> None:
    assert all(kind.title and kind.means.endswith(".") for kind in KINDS.values())
