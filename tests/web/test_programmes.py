import io
from collections.abc import Callable

import pytest

from affiliate.links.programmes import add_account, add_programme
from affiliate.web import Services
from affiliate.web.accounts import ADMIN
from tests.web.conftest import Published, Visitor
from tests.web.newsroom import SHOP, furnish

LIST = b"advertiser_id,name,hosts,rate\n9001,Other,other.example,5%\n"


@pytest.fixture
def admin(signed_in: Callable[[str], Visitor], services: Services) -> Visitor:
    furnish(services)
    return signed_in(ADMIN)


def test_editors_are_told_whether_addresses_earn(admin: Visitor) -> None:
    assert "Paste at least one address" in admin.post("/links/earn").text
    page = admin.post("/links/earn", urls=f"{SHOP}\nhttps://nobody.example/").text
    assert "1 of 2 would earn" in page
    assert "No programme covers nobody.example." in page
    assert "at most 50" in admin.post("/links/earn", urls="\n".join([SHOP] * 51)).text


def test_a_better_route_is_shown_and_taken(admin: Visitor, services: Services, published: Published) -> None:
    admin.post("/links/new", urls=SHOP)
    with services.store.transaction() as session:
        add_account(session, "cj", "7", now=services.clock())
        add_programme(
            session,
            network="cj",
            advertiser_ref="1",
            name="Shop at CJ",
            hosts=["shop.example"],
            rate="0.2",
            now=services.clock(),
        )
    assert "A better route exists" in admin.get("/links/1").text
    assert admin.post("/links/1/route").status_code == 303
    assert published.links[-1] == 1
    page = admin.get("/links/1").text
    assert "A better route exists" not in page
    assert "CJ" in page


def test_a_list_is_looked_at_stored_and_closed_again(admin: Visitor) -> None:
    def send(step: str, content: bytes = LIST) -> str:
        return admin.post("/settings/programmes/file", account="1", step=step, file=(io.BytesIO(content), "l.csv")).text

    assert "What the file would do" in send("preview")
    assert "other.example" not in admin.get("/settings/programmes").text
    assert "Done" in send("store")
    assert "other.example" in admin.get("/settings/programmes?network=awin&standing=joined&q=other").text
    assert "there is no column advertiser_id" in send("store", b"a,b\n1,2\n")
    assert "No programme fits" in admin.get("/settings/programmes?standing=closed").text


def test_the_links_of_a_closed_programme_are_listed(admin: Visitor) -> None:
    admin.post("/links/new", urls=SHOP)
    admin.post("/settings/programmes/1", name="Shop", hosts="shop.example", mode="redirect", rate="8")
    assert "which is closed" in admin.get("/links?programme=1").text
    assert "earns nothing" in admin.get("/links/1").text
    assert "earn nothing" in admin.get("/settings/programmes/1").text
