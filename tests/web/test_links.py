import re
from collections.abc import Callable

import pytest
from sqlalchemy import select

from affiliate.links.library import add_link, list_links, show_by_id
from affiliate.links.programmes import add_account, add_programme
from affiliate.links.queries import LinkFilter
from affiliate.links.sites import add_site, find_site
from affiliate.store.tables import Placement
from affiliate.web import Services
from affiliate.web.accounts import ADMIN, EDITOR
from tests.rolled_up import roll_up
from tests.web.conftest import Published, Visitor

SignIn = Callable[[str], Visitor]

DRESS = "https://shop.example/women/marble-dress?colour=grey&utm_source=mail"


def join(services: Services, host: str = "shop.example") -> None:
    """An account at Awin and a programme that pays for this host."""
    with services.store.transaction() as session:
        add_account(session, "awin", "123456", now=services.clock())
        add_programme(
            session, network="awin", advertiser_ref="9001", name="The Shop", hosts=[host], now=services.clock()
        )


def make_link(services: Services, url: str = DRESS) -> int:
    with services.store.transaction() as session:
        return add_link(session, site=find_site(session, "default"), url=url, now=services.clock()).link.id


@pytest.fixture
def editor(signed_in: SignIn) -> Visitor:
    return signed_in(EDITOR)


def test_an_empty_library_says_what_to_do_first(editor: Visitor, services: Services) -> None:
    page = editor.get("/links").text
    assert "First things first" in page
    assert "/settings" not in page
    join(services)
    assert "Paste the address of a product" in editor.get("/links").text


def test_an_admin_is_led_to_the_accounts(signed_in: SignIn) -> None:
    assert 'href="/settings/accounts"' in signed_in(ADMIN).get("/links").text


def test_many_addresses_are_pasted_at_once_and_nothing_is_lost(
    editor: Visitor, services: Services, published: Published
) -> None:
    join(services)
    known = make_link(services)
    lines = [
        "https://shop.example/women/satin-skirt",
        f"  {DRESS}  ",
        "",
        "https://unknown.example/hat",
        "javascript:alert(1)",
        "not an address",
        "https://shop.example/women/satin-skirt",
    ]
    answer = editor.post("/links/new", urls="\r\n".join(lines))
    assert answer.status_code == 200
    assert "1 added, 1 already there, 3 not added" in " ".join(answer.text.split())
    assert "/go/satin-skirt" in answer.text
    assert "/go/marble-dress" in answer.text
    assert "No programme covers unknown.example yet." in answer.text
    assert "Ask an admin" in answer.text
    assert "Copy a path into your article" in answer.text
    kept = re.search(r"<textarea.*?>(.*?)</textarea>", answer.text, re.DOTALL)
    assert kept is not None
    assert kept.group(1).split("\n") == ["https://unknown.example/hat", "javascript:alert(1)", "not an address"]
    with services.store.reading() as session:
        links, total = list_links(session, LinkFilter())
    assert total == 2
    assert set(published.links) == {known, next(link.id for link in links if link.id != known)}


def test_an_editor_sees_what_was_taken_off_besides_click_ids(editor: Visitor, services: Services) -> None:
    join(services)
    wrapped = "https://go.skimresources.com/?id=1X2&url=https%3A%2F%2Fshop.example%2Fwomen%2Fsatin-skirt%3Fcolour%3Dred"
    answer = editor.post("/links/new", urls=f"{wrapped}\n{DRESS}&gclid=x")
    assert answer.text.count("Taken out of") == 1
    assert "Taken out of a link of Skimlinks (1X2)." in answer.text


def test_an_editor_may_choose_the_link_that_is_nearly_the_same(
    editor: Visitor, services: Services, published: Published
) -> None:
    join(services)
    known = make_link(services)
    answer = editor.post("/links/new", urls=f"{DRESS}#reviews")
    assert "You have nearly the same link." in answer.text
    assert f'href="/links/{known}"' in answer.text
    retire = re.search(r'action="(/links/\d+/status)".*?name="status" value="(retired)"', answer.text, re.DOTALL)
    assert retire is not None
    assert editor.post(retire.group(1), status=retire.group(2)).status_code == 303
    with services.store.reading() as session:
        assert [link.status for link in list_links(session, LinkFilter())[0]] == ["retired", "live"]
    assert "nearly" not in editor.post("/links/new", urls=DRESS).text


def test_a_pasted_https_address_is_published_where_http_stood(
    editor: Visitor, services: Services, published: Published
) -> None:
    join(services)
    known = make_link(services, "http://shop.example/hat")
    assert "1 already there" in " ".join(editor.post("/links/new", urls="https://shop.example/hat").text.split())
    assert published.links == [known]
    with services.store.reading() as session:
        assert show_by_id(session, known).target_url == "https://shop.example/hat"


def test_an_admin_gets_the_way_out_of_an_unknown_advertiser(signed_in: SignIn, services: Services) -> None:
    join(services)
    answer = signed_in(ADMIN).post("/links/new", urls="https://unknown.example/hat")
    assert 'href="/settings/programmes/new?host=unknown.example"' in answer.text


def test_a_single_address_may_have_a_name_and_a_slug(editor: Visitor, services: Services) -> None:
    join(services)
    answer = editor.post("/links/new", urls=DRESS, name="Marble dress", slug="partywear/marble")
    assert "/go/partywear/marble" in answer.text
    again = editor.post("/links/new", urls="https://shop.example/other", slug="partywear/marble")
    assert "already belongs to the link “Marble dress”" in again.text
    assert "/go/partywear/marble-2 is free" in again.text
    assert 'value="partywear/marble"' in again.text
    assert "https://shop.example/other" in again.text


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"urls": " \n "}, "Paste at least one address"),
        ({"urls": "https://shop.example/a\nhttps://shop.example/b", "slug": "x"}, "only be given to a single address"),
        ({"urls": "\n".join(f"https://shop.example/{n}" for n in range(201))}, "at most 200"),
    ],
)
def test_a_paste_that_cannot_be_meant_is_refused_whole(
    editor: Visitor, services: Services, values: dict[str, str], words: str
) -> None:
    join(services)
    answer = editor.post("/links/new", **values)
    assert answer.status_code == 422
    assert words in answer.text
    with services.store.reading() as session:
        assert list_links(session, LinkFilter())[1] == 0


def test_with_several_sites_the_site_is_asked_for_and_filtered_by(editor: Visitor, services: Services) -> None:
    join(services)
    with services.store.transaction() as session:
        add_site(session, key="west", name="West Coast", hosts=["west.example"], now=services.clock())
    assert "Choose the site" in editor.post("/links/new", urls=DRESS).text
    assert "1 added" in editor.post("/links/new", urls=DRESS, site="west").text
    assert "1 link" in " ".join(editor.get("/links?site=west").text.split())
    assert "No link fits" in editor.get("/links?site=default").text
    assert editor.post("/site", site="default", next="/links?q=marble").location == "/links?q=marble"
    assert "No link fits" in editor.get("/links?q=marble").text
    assert "Marble dress" in editor.get("/links?q=marble&site=").text


def test_the_site_of_the_address_and_the_one_in_the_header_are_one(editor: Visitor, services: Services) -> None:
    join(services)
    make_link(services)
    assert "<small>My site</small>" not in editor.get("/links").text
    with services.store.transaction() as session:
        add_site(session, key="west", name="West Coast", hosts=["west.example"], now=services.clock())
    everything = editor.get("/links").text
    assert "<small>My site</small>" in everything
    assert " selected>" not in everything
    one = re.sub(r"\s+", " ", editor.get("/links?q=marble&site=default").text)
    assert '<option value="default" selected>My site</option>' in one
    assert '<input type="hidden" name="site" value="default">' in one
    assert "<small>My site</small>" not in one
    moved = editor.post("/site", site="west", next="/links?q=marble&site=default&page=2")
    assert moved.location == "/links?q=marble"
    assert "No link fits" in editor.get(moved.location).text


def test_the_library_is_searched_filtered_and_paged(editor: Visitor, services: Services) -> None:
    join(services)
    for number in range(55):
        make_link(services, f"https://shop.example/women/shoe-{number}")
    first, second = editor.get("/links?q=shoe"), editor.get("/links?q=shoe&page=2")
    assert "55 links" in " ".join(first.text.split())
    assert "Page 1 of 2" in first.text
    assert "/links?q=shoe&amp;page=2" in first.text
    assert second.text.count('data-label="Path"') == 5
    assert "No link fits" in editor.get("/links?q=boot").text
    assert "No link fits" in editor.get("/links?status=retired").text
    for odd in ("/links?page=0", "/links?page=-1", "/links?page=x", "/links?page=99999999999", "/links?status=odd"):
        assert editor.get(odd).status_code == 200


def test_an_edit_changes_the_link_everywhere_at_once(editor: Visitor, services: Services, published: Published) -> None:
    join(services)
    number = make_link(services)
    page = editor.get(f"/links/{number}").text
    assert "/go/marble-dress" in page
    assert "Bare use, outside articles" in page
    answer = editor.post(
        f"/links/{number}",
        name="Grey marble dress",
        url="https://shop.example/women/grey-marble-dress",
        price="59.90",
        currency="gbp",
        image_url="https://shop.example/grey.jpg",
        mode="direct",
        note="for the party story",
    )
    assert answer.status_code == 303
    assert published.links == [number]
    with services.store.reading() as session:
        link = show_by_id(session, number)
    assert (link.name, link.target_url) == ("Grey marble dress", "https://shop.example/women/grey-marble-dress")
    assert (link.price, link.mode, link.note) == ("£59.90", "direct", "for the party story")
    after = editor.get(f"/links/{number}").text
    assert "Saved." in after
    assert 'value="59.90"' in after
    assert '<a href="https://shop.example/grey.jpg"' in after


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (("url", "javascript:alert(1)"), "javascript"),
        (("url", "https://unknown.example/"), "No programme covers unknown.example"),
        (("name", "  "), "The name is empty"),
        (("price", "much"), "is no amount"),
        (("currency", "XXY"), "no ISO 4217 currency"),
        (("mode", "sideways"), "is no mode"),
        (("image_url", "nowhere"), "cannot be used"),
    ],
)
def test_a_refused_edit_keeps_what_was_typed_and_changes_nothing(
    editor: Visitor, services: Services, published: Published, changed: tuple[str, str], words: str
) -> None:
    join(services)
    number = make_link(services)
    with services.store.reading() as session:
        before = show_by_id(session, number)
    values = {
        "name": before.name,
        "url": before.target_url,
        "mode": "",
        "note": "typed with care",
        "price": "10",
        "currency": "GBP",
        "image_url": "",
    }
    answer = editor.post(f"/links/{number}", **{**values, **dict([changed])})
    assert answer.status_code == 422
    assert words in answer.text
    assert "typed with care" in answer.text
    assert published.links == []
    with services.store.reading() as session:
        assert show_by_id(session, number) == before


def test_a_renamed_link_keeps_its_old_path(editor: Visitor, services: Services, published: Published) -> None:
    join(services)
    number = make_link(services)
    assert editor.post(f"/links/{number}/slug", slug="Not A Slug").status_code == 422
    assert editor.post(f"/links/{number}/slug", slug="party-dress").status_code == 303
    with services.store.reading() as session:
        link = show_by_id(session, number)
    assert (link.path, link.aliases) == ("/go/party-dress", ("/go/marble-dress",))
    assert published.links == [number]
    assert "Also answers at" in editor.get(f"/links/{number}").text


def test_a_link_is_retired_and_made_live_again(editor: Visitor, services: Services, published: Published) -> None:
    join(services)
    number = make_link(services)
    assert editor.post(f"/links/{number}/status", status="retired").status_code == 303
    assert "Make live again" in editor.get(f"/links/{number}").text
    assert editor.post(f"/links/{number}/status", status="live").status_code == 303
    assert editor.post(f"/links/{number}/status", status="gone").status_code == 422
    assert published.links == [number, number]


def test_a_link_that_is_not_there_is_not_found(editor: Visitor) -> None:
    assert editor.get("/links/77").status_code == 404
    assert editor.post("/links/77", name="x", url="https://shop.example/").status_code == 404
    assert editor.get("/links/99999999999999999999").status_code == 404


def test_clicks_of_people_stand_out_and_bars_are_of_them(editor: Visitor, services: Services) -> None:
    join(services)
    number = make_link(services)
    hour = services.clock().replace(minute=0, second=0, microsecond=0)
    with services.store.transaction() as session:
        placement = session.scalars(select(Placement).filter_by(link_id=number, is_default=True)).one()
        for kind, count in (("human", 12), ("bot", 500)):
            roll_up(session, placement, hour, count, kind)
    page = editor.get(f"/links/{number}").text
    assert "<strong>12</strong>" in page
    assert "20 Nov 2026: 12" in page
    assert "20 Nov 2026: 512" not in page
    library = " ".join(editor.get("/links").text.split())
    assert (
        '<td data-label="Clicks, 30 days" class="number"> <span>12<small>512 <span class="unit">raw</span>' in library
    )


def test_what_people_typed_is_never_markup(editor: Visitor, services: Services) -> None:
    join(services)
    editor.post("/links/new", urls=DRESS, name="<script>alert(1)</script>")
    for path in ("/links", "/links/1", "/links?q=<script>alert(1)</script>"):
        page = editor.get(path).text
        assert "<script>alert" not in page
        assert "&lt;script&gt;" in page
