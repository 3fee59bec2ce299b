import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from affiliate.errors import InvalidUrl, NotFound, OwnHost, SlugTaken, UnknownAdvertiser
from affiliate.ids import is_placement_token
from affiliate.links import library
from affiliate.links.queries import LinkFilter
from affiliate.links.sites import find_site
from affiliate.store import Store
from affiliate.store.tables import Job, Link, LinkChange, LinkPath
from tests.conftest import NOW, HandClock

DRESS = "https://www.halden.example/dresses/marble-midi?colour=grey&utm_source=mail#size"


def add(store: Store, url: str = DRESS, slug: str | None = None, name: str | None = None) -> library.AddedLink:
    with store.transaction() as session:
        return library.add_link(session, site=find_site(session), url=url, slug=slug, name=name, now=NOW)


def count_links(store: Store) -> int:
    with store.reading() as session:
        return session.scalar(select(func.count(Link.id))) or 0


def test_a_pasted_address_becomes_a_clean_tracked_link(newsroom: Store) -> None:
    link = add(newsroom).link
    assert link.target_url == "https://www.halden.example/dresses/marble-midi?colour=grey#size"
    assert (link.slug, link.path) == ("marble-midi", "/go/marble-midi")
    assert (link.network, link.advertiser, link.mode, link.status) == ("awin", "Halden & Vale", "redirect", "live")
    assert is_placement_token(link.default_token)
    assert link.deep_link is not None
    assert link.deep_link.startswith("https://www.awin1.com/cread.php?awinmid=88001&awinaffid=99000001")
    assert link.default_token in link.deep_link


def test_an_amazon_link_is_direct(newsroom: Store) -> None:
    link = add(newsroom, "https://www.amazon.co.uk/dp/B000TEST01").link
    assert link.mode == "direct"
    assert link.deep_link is not None
    assert link.deep_link.startswith("https://www.amazon.co.uk/dp/B000TEST01?")
    assert "tag=themag-21" in link.deep_link


SPELLINGS = (
    "https://www.halden.example/dresses/marble-midi?colour=grey&gclid=1#size",
    "HTTPS://WWW.Halden.example:443/dresses/x/../marble-midi?colour=grey#size",
    "http://www.halden.example/dresses/marble-midi?colour=grey#size",
)


def test_the_same_target_again_gives_the_same_link(newsroom: Store) -> None:
    first = add(newsroom)
    for spelling in SPELLINGS:
        again = add(newsroom, spelling)
        assert (first.created, again.created) == (True, False)
        assert again.link == first.link
    assert count_links(newsroom) == 1


NEARLY = (
    "https://www.halden.example/dresses/marble-midi?colour=grey",
    "https://halden.example/dresses/marble-midi?colour=grey#size",
    "https://www.halden.example/dresses/marble-midi/?colour=grey#size",
    "https://www.halden.example/dresses/marble-midi?colour=grey#care",
)


def test_nearly_the_same_target_is_a_link_of_its_own_and_the_others_are_told(newsroom: Store) -> None:
    paths = [add(newsroom).link.path]
    for url in NEARLY:
        added = add(newsroom, url)
        assert added.created
        assert added.link.target_url == url
        assert [near.path for near in added.near] == paths
        paths.append(added.link.path)
    assert add(newsroom, "https://www.halden.example/dresses/marble-midi?colour=red#size").near == ()
    assert add(newsroom, NEARLY[0]).near == ()  # it is there already: nothing is asked


def test_products_of_a_single_page_shop_are_links_of_their_own_and_not_even_near(newsroom: Store) -> None:
    fragments = ("", "#/product/1", "#/product/2", "#!/product/1")
    added = [add(newsroom, f"https://halden.example/shop{fragment}") for fragment in fragments]
    assert len({each.link.id for each in added}) == len(fragments)
    assert [each.near for each in added] == [()] * len(fragments)
    assert "%23%2Fproduct%2F2" in (added[2].link.deep_link or "")


def changed_links(store: Store) -> int:
    with store.reading() as session:
        return session.scalar(select(func.count(LinkChange.id))) or 0


def test_https_replaces_http_wherever_the_target_stands_and_never_the_reverse(newsroom: Store) -> None:
    page = "://halden.example/p?c=1"
    one, two = (add(newsroom, f"http{page}", slug=slug).link for slug in (None, "on-purpose"))
    before = changed_links(newsroom)
    upgraded = add(newsroom, f"https{page}&utm_source=x")
    assert (upgraded.created, upgraded.link.id, upgraded.link.target_url) == (False, one.id, f"https{page}")
    assert "https%3A%2F%2Fhalden.example" in (upgraded.link.deep_link or "")
    assert [duplicate.target_url for duplicate in upgraded.duplicates] == [f"https{page}"]
    assert changed_links(newsroom) == before + 2  # both are published
    kept = add(newsroom, f"http{page}")
    assert (kept.link.id, kept.link.target_url) == (one.id, f"https{page}")
    assert "https is kept" in kept.notes[0]
    third = add(newsroom, f"http{page}", slug="third")
    assert third.link.target_url == f"https{page}"
    assert [duplicate.id for duplicate in third.duplicates] == [one.id, two.id]


def test_http_on_a_port_is_no_https(newsroom: Store) -> None:
    for url in ("http://halden.example:8080/p", "https://halden.example:8080/p"):
        assert add(newsroom, url).link.target_url == url
    assert count_links(newsroom) == 2


def test_a_link_that_is_edited_onto_anothers_target_stays_one_of_its_own(newsroom: Store, clock: HandClock) -> None:
    first, second = add(newsroom).link, add(newsroom, "https://halden.example/other").link
    with newsroom.transaction() as session:
        library.edit_link(session, link_id=second.id, url=DRESS, now=clock())
    again = add(newsroom)
    assert (again.link.id, [duplicate.id for duplicate in again.duplicates]) == (first.id, [second.id])
    assert add(newsroom, "https://halden.example/other").created


def test_a_retired_target_can_be_linked_to_anew(newsroom: Store, clock: HandClock) -> None:
    first = add(newsroom).link
    with newsroom.transaction() as session:
        library.retire_link(session, link_id=first.id, now=clock())
    second = add(newsroom)
    assert second.created
    with newsroom.transaction() as session:
        library.set_status(session, link_id=first.id, status="live", now=clock())
    assert add(newsroom).link.id == first.id


def test_editors_who_paste_the_same_address_at_once_get_one_link(newsroom: Store) -> None:
    at_once = threading.Barrier(6)

    def paste(number: int) -> library.AddedLink:
        with newsroom.transaction() as session:
            site = find_site(session)
            if not newsroom.is_sqlite:  # which lets one in at a time
                at_once.wait()
            return library.add_link(session, site=site, url=SPELLINGS[number % 2], now=NOW)

    with ThreadPoolExecutor(6) as pool:
        added = list(pool.map(paste, range(6)))
    assert sorted(each.created for each in added) == [False] * 5 + [True]
    assert {each.link.path for each in added} == {"/go/marble-midi"}
    assert count_links(newsroom) == 1


def test_an_address_longer_than_an_index_holds_is_a_link(newsroom: Store) -> None:
    url = "https://halden.example/p?" + "".join(hashlib.sha256(bytes([n])).hexdigest() for n in range(110))
    assert add(newsroom, url).created
    assert not add(newsroom, url).created


def test_a_slug_of_its_own_makes_a_second_link_and_shows_the_first(newsroom: Store) -> None:
    first = add(newsroom)
    second = add(newsroom, slug="party/marble")
    assert second.created
    assert second.link.path == "/go/party/marble"
    assert [duplicate.id for duplicate in second.duplicates] == [first.link.id]


def test_a_network_link_is_unwrapped_before_it_is_stored(newsroom: Store) -> None:
    wrapped = "https://www.awin1.com/cread.php?awinmid=1&awinaffid=2&ued=https%3A%2F%2Fwww.halden.example%2Fshoes"
    assert add(newsroom, wrapped).link.target_url == "https://www.halden.example/shoes"


def test_proposed_slugs_are_numbered_where_they_are_taken(newsroom: Store) -> None:
    add(newsroom)
    other = add(newsroom, "https://www.halden.example/sale/marble-midi")
    assert other.link.slug == "marble-midi-2"


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("marble dress", InvalidUrl),
        ("javascript:alert(1)", InvalidUrl),
        ("https://mag.example/page", OwnHost),
        ("https://www.mag.example/page", OwnHost),
        ("https://nobody.example/x", UnknownAdvertiser),
        ("https://user:secret@halden.example/x", InvalidUrl),
        ("https://tidd.ly/abc", InvalidUrl),
        ("https://halden.example/" + "x" * 9000, InvalidUrl),
    ],
)
def test_what_cannot_become_a_link_is_refused_and_stores_nothing(
    newsroom: Store, url: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        add(newsroom, url)
    assert count_links(newsroom) == 0


def test_an_unknown_advertiser_is_named_with_the_command_that_helps(newsroom: Store) -> None:
    with pytest.raises(UnknownAdvertiser, match=r"nobody\.example.*affiliate programme add .*--host nobody\.example"):
        add(newsroom, "https://www.nobody.example/x")


def test_a_renamed_link_keeps_its_old_path(newsroom: Store, clock: HandClock) -> None:
    link = add(newsroom).link
    with newsroom.transaction() as session:
        renamed = library.rename_link(session, link_id=link.id, slug="marble-dress", now=clock())
    assert (renamed.path, renamed.aliases) == ("/go/marble-dress", ("/go/marble-midi",))
    with newsroom.transaction() as session:
        back = library.rename_link(session, link_id=link.id, slug="marble-midi", now=clock())
    assert (back.path, back.aliases) == ("/go/marble-midi", ("/go/marble-dress",))
    with newsroom.reading() as session:
        assert session.scalar(select(func.count(LinkPath.id))) == 2
        assert library.show_link(session, find_site(session), "marble-dress").id == link.id


def test_an_old_path_is_never_given_to_another_link(newsroom: Store, clock: HandClock) -> None:
    link = add(newsroom).link
    with newsroom.transaction() as session:
        library.rename_link(session, link_id=link.id, slug="marble-dress", now=clock())
    with pytest.raises(SlugTaken, match="/go/marble-midi-2 is free"):
        add(newsroom, "https://halden.example/other", slug="marble-midi")


def test_editing_the_target_changes_the_deep_link_and_keeps_the_path(newsroom: Store, clock: HandClock) -> None:
    link = add(newsroom).link
    with newsroom.transaction() as session:
        edited = library.edit_link(
            session, link_id=link.id, url="https://halden.example/new?utm_medium=x", name="New dress", now=clock()
        )
    assert (edited.target_url, edited.name, edited.path) == ("https://halden.example/new", "New dress", link.path)
    assert "%2Fnew" in (edited.deep_link or "")


def test_links_are_found_by_words_of_name_path_target_and_advertiser(newsroom: Store) -> None:
    add(newsroom, name="Marble-print midi dress")
    add(newsroom, "https://www.halden.example/shoes/heel_100%25")
    with newsroom.reading() as session:

        def found(text: str) -> int:
            return library.list_links(session, LinkFilter(text=text))[1]

        assert [found(text) for text in ("MIDI", "halden vale", "heel_100%", "marble shoes", "dress marble")] == [
            1,
            2,
            1,
            0,
            1,
        ]


def test_the_product_page_is_read_later_unless_the_editor_gave_a_name(newsroom: Store) -> None:
    add(newsroom)
    add(newsroom, "https://halden.example/other", name="Other")
    with newsroom.reading() as session:
        assert session.scalars(select(Job.name)).all() == ["products.read-facts"]


def test_a_link_that_is_not_there_is_named() -> None:
    assert "link nothing" in str(NotFound("link", "nothing"))
