import pytest
from sqlalchemy import select

from affiliate.errors import InvalidInput, NotFound
from affiliate.links.aliases import AliasView, add_alias, list_aliases, remove_alias
from affiliate.links.library import add_link
from affiliate.links.programmes import add_account, add_programme
from affiliate.links.sites import find_site
from affiliate.store import Store
from affiliate.store.tables import Advertiser, Product, Programme
from tests.conftest import NOW

MOVED = {"network": "cj", "advertiser_ref": "555", "to_network": "awin", "to_advertiser_ref": "88001"}


@pytest.fixture
def moved(newsroom: Store) -> Store:
    """A programme at another network, with a link, whose advertiser has gone on at Awin as 88001."""
    with newsroom.transaction() as session:
        add_account(session, "cj", "1", now=NOW)
        add_programme(session, network="cj", advertiser_ref="555", name="cj 555", hosts=["old.example"], now=NOW)
        add_link(session, site=find_site(session), url="https://old.example/a", now=NOW)
    return newsroom


def advertisers(store: Store) -> list[str]:
    """Whom the programmes of number 555, and the products of their links, belong to."""
    with store.reading() as session:
        programmes = select(Advertiser.name).join(Programme).where(Programme.advertiser_ref == "555")
        products = select(Advertiser.name).join(Product).where(Product.target_url == "https://old.example/a")
        return [*session.scalars(programmes), *session.scalars(products)]


def test_an_alias_joins_what_was_known_before_and_taking_it_back_parts_it_again(moved: Store) -> None:
    assert advertisers(moved) == ["cj 555", "cj 555"]
    with moved.transaction() as session:
        added = add_alias(session, **MOVED, now=NOW)
        assert added == AliasView("cj", "555", "Halden & Vale", 1)
        assert add_alias(session, **MOVED, now=NOW) == added
        assert list_aliases(session) == [added]
    assert advertisers(moved) == ["Halden & Vale", "Halden & Vale"]
    with moved.transaction() as session:
        remove_alias(session, network="cj", advertiser_ref="555", now=NOW)
        assert list_aliases(session) == []
    assert advertisers(moved) == ["cj 555", "cj 555"]


def test_an_alias_can_be_turned_to_another_advertiser(moved: Store) -> None:
    with moved.transaction() as session:
        add_alias(session, **MOVED, now=NOW)
        turned = add_alias(session, **{**MOVED, "to_network": "amazon", "to_advertiser_ref": "co.uk"}, now=NOW)
    assert turned.advertiser == "Amazon UK"
    assert advertisers(moved) == ["Amazon UK", "Amazon UK"]


def test_a_programme_of_an_aliased_number_that_is_added_later_is_that_advertisers(newsroom: Store) -> None:
    with newsroom.transaction() as session:
        add_alias(session, **MOVED, now=NOW)
        add_account(session, "cj", "1", now=NOW)
        made = add_programme(session, network="cj", advertiser_ref="555", name="Old", hosts=["old.example"], now=NOW)
        assert made.advertiser.name == "Halden & Vale"


@pytest.mark.parametrize(
    ("changed", "error", "words"),
    [
        ({"network": "nobody"}, NotFound, "no network nobody"),
        ({"advertiser_ref": " "}, InvalidInput, "is empty"),
        ({"to_advertiser_ref": "1"}, NotFound, "programme 1 at awin"),
        ({"network": "awin", "advertiser_ref": "88001"}, InvalidInput, "already"),
    ],
    ids=["network", "empty", "target", "itself"],
)
def test_a_refused_alias_says_why(newsroom: Store, changed: dict[str, str], error: type[Exception], words: str) -> None:
    with newsroom.transaction() as session, pytest.raises(error, match=words):
        add_alias(session, **{**MOVED, **changed}, now=NOW)


def test_an_alias_that_is_not_there_is_not_removed(newsroom: Store) -> None:
    with newsroom.transaction() as session, pytest.raises(NotFound, match="no alias of 5 at awin"):
        remove_alias(session, network="awin", advertiser_ref="5", now=NOW)
