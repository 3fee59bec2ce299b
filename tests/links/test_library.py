import pytest
from sqlalchemy import func, select

from affiliate.errors import InvalidUrl, NotFound, OwnHost, SlugTaken, UnknownAdvertiser
from affiliate.ids import is_placement_token
from affiliate.links import library
from affiliate.links.queries import LinkFilter
from affiliate.links.sites import find_site
from affiliate.store import Store
from affiliate.store.tables import Job, Link, LinkPath
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


def test_the_same_target_again_gives_the_same_link(newsroom: Store) -> None:
    first = add(newsroom)
    again = add(newsroom, "https://halden.example/dresses/marble-midi/?colour=grey&gclid=1")
    assert (first.created, again.created) == (True, False)
    assert again.link.id == first.link.id
    assert count_links(newsroom) == 1


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
