from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from affiliate.links import catalogue
from affiliate.links.library import add_link
from affiliate.links.programmes import add_programme, find_account
from affiliate.links.sites import find_site
from affiliate.links.told import ToldProgrammes, store_programmes
from affiliate.networks.base import BadRow, ReportedProgramme
from affiliate.store import Store
from affiliate.store.tables import LinkChange, Programme
from tests.conftest import NOW

HALDEN = ReportedProgramme(
    2,
    "88001",
    "Halden and Vale Ltd",
    joined=True,
    raw_status="Joined",
    hosts=("www.halden.example",),
    rate=Decimal("0.07"),
    terms="7 % of the sale",
    cookie_days=30,
    markets=("GB",),
    permissions={"email": "no"},
)
SHOP = ReportedProgramme(
    3, "9001", "The Shop", joined=True, raw_status="Joined", hosts=("https://shop.example/uk",), rate=Decimal("0.05")
)


@pytest.fixture
def session(newsroom: Store) -> Iterator[Session]:
    with newsroom.transaction() as opened:
        yield opened


def tell(session: Session, *rows: ReportedProgramme | BadRow, whole: bool = True) -> ToldProgrammes:
    return store_programmes(session, find_account(session, "awin"), rows, whole=whole, now=NOW)


def with_changes(row: ReportedProgramme, **changes: Any) -> ReportedProgramme:
    return replace(row, **changes)


def programme(session: Session, ref: str) -> Programme:
    session.expire_all()
    return session.scalars(select(Programme).where(Programme.advertiser_ref == ref)).one()


def hosts(session: Session, ref: str) -> list[str]:
    return sorted(host.host for host in programme(session, ref).hosts)


def test_a_new_programme_is_joined_with_all_its_terms(session: Session) -> None:
    result = tell(session, with_changes(SHOP, cookie_days=14, markets=("gb", "IE"), permissions={"email": "no"}))
    assert (result.new, result.changed, result.left, result.link_ids) == (1, 0, (), ())
    made = programme(session, "9001")
    assert (made.name, made.rate, made.cookie_days, made.markets) == ("The Shop", Decimal("0.05"), 14, ["GB", "IE"])
    assert (made.joined, made.raw_status, made.permissions) == (True, "Joined", {"email": "no"})
    assert (made.mode, made.told_at, made.to_be_completed) == ("redirect", NOW, False)
    assert hosts(session, "9001") == ["shop.example"]
    added = add_link(session, site=find_site(session), url="https://www.shop.example/dress", now=NOW)
    assert added.link.network == "awin"


def test_the_same_list_again_changes_nothing(session: Session) -> None:
    tell(session, HALDEN, SHOP)
    again = tell(session, HALDEN, SHOP)
    assert (again.new, again.changed, again.unchanged, again.link_ids) == (0, 0, 2, ())


def test_what_a_person_typed_stays_and_what_was_empty_is_filled(session: Session) -> None:
    tell(session, HALDEN)
    kept = programme(session, "88001")
    assert (kept.name, kept.rate) == ("Halden & Vale", Decimal("0.08"))  # typed before the network told
    assert (kept.cookie_days, kept.terms, kept.markets) == (30, "7 % of the sale", ["GB"])


def test_what_nobody_changed_follows_the_network(session: Session) -> None:
    tell(session, SHOP)
    tell(session, with_changes(SHOP, name="Shop & Co", rate=Decimal("0.06"), terms="6 %"))
    now = programme(session, "9001")
    assert (now.name, now.rate, now.terms) == ("Shop & Co", Decimal("0.06"), "6 %")
    tell(session, with_changes(SHOP, name="Shop & Co", rate=None, terms="4 to 6 %"))
    assert programme(session, "9001").rate is None


def test_what_a_person_changed_since_stays(session: Session) -> None:
    tell(session, SHOP)
    edited = programme(session, "9001")
    edited.name, edited.rate, edited.mode, edited.pinned = "Our Shop", Decimal("0.1"), "direct", True
    edited.approval_rate = Decimal("0.9")
    tell(session, with_changes(SHOP, name="Shop & Co", rate=Decimal("0.06")))
    kept = programme(session, "9001")
    assert (kept.name, kept.rate, kept.mode, kept.pinned) == ("Our Shop", Decimal("0.1"), "direct", True)
    assert kept.approval_rate == Decimal("0.9")


def test_hosts_that_a_person_added_or_took_away_are_left_so(session: Session) -> None:
    tell(session, with_changes(SHOP, hosts=("shop.example", "old.example", "wrong.example")))
    known = catalogue.find_programme(session, network="awin", advertiser_ref="9001")
    typed = replace(known.terms, hosts=["shop.example", "old.example", "outlet.example"])
    catalogue.edit_programme(session, programme_id=known.id, terms=typed, now=NOW)
    tell(session, with_changes(SHOP, hosts=("shop.example", "new.example", "wrong.example")))
    assert hosts(session, "9001") == ["new.example", "outlet.example", "shop.example"]
    tell(session, with_changes(SHOP, hosts=()))
    assert hosts(session, "9001") == ["new.example", "outlet.example", "shop.example"]


def test_a_parameter_of_ones_own_stays_and_the_networks_follow(session: Session) -> None:
    tell(session, with_changes(SHOP, parameters={"camref": "one", "host": "a.example"}))
    programme(session, "9001").parameters = {"camref": "mine", "host": "a.example", "note": "x"}
    tell(session, with_changes(SHOP, parameters={"camref": "two", "host": "b.example"}))
    assert programme(session, "9001").parameters == {"camref": "mine", "host": "b.example", "note": "x"}
    tell(session, SHOP)
    assert programme(session, "9001").parameters == {"camref": "mine", "host": "b.example", "note": "x"}


def test_a_programme_that_closes_is_named_with_its_links_and_they_are_published(session: Session) -> None:
    link = add_link(session, site=find_site(session), url="https://halden.example/a", now=NOW).link
    tell(session, HALDEN)
    before = session.scalars(select(LinkChange.id)).all()
    result = tell(session, with_changes(HALDEN, joined=False, raw_status="Suspended"))
    (left,) = result.left
    assert (left.links, left.articles, left.raw_status) == (1, 0, "Suspended")
    assert str(left) == "Halden & Vale at Awin is closed (Suspended): 1 links in 0 articles earn nothing"
    assert result.link_ids == (link.id,)
    assert len(session.scalars(select(LinkChange.id)).all()) == len(before) + 1
    assert not programme(session, "88001").joined
    assert tell(session, with_changes(HALDEN, joined=False, raw_status="Suspended")).left == ()


def test_a_programme_that_the_whole_list_no_longer_has_is_left_and_comes_back_with_it(session: Session) -> None:
    tell(session, HALDEN, SHOP)
    result = tell(session, SHOP)
    assert [each.advertiser_ref for each in result.left] == ["88001"]
    assert programme(session, "88001").raw_status == "not listed"
    tell(session, HALDEN, SHOP)
    assert programme(session, "88001").joined


@pytest.mark.parametrize(
    ("rows", "words"),
    [((), "The list is empty"), ((SHOP, BadRow(9, "cut off", "{}")), "Rows could not be read")],
    ids=["empty", "damaged"],
)
def test_a_list_that_may_not_be_whole_closes_nothing(
    session: Session, rows: tuple[ReportedProgramme | BadRow, ...], words: str
) -> None:
    tell(session, HALDEN)
    result = tell(session, *rows)
    assert result.left == ()
    assert words in result.notes[0]
    assert programme(session, "88001").joined


def test_a_part_of_the_list_closes_nothing(session: Session) -> None:
    tell(session, HALDEN, SHOP)
    assert tell(session, SHOP, whole=False).left == ()


def test_a_programme_that_only_a_person_typed_is_named_where_the_list_does_not_have_it(session: Session) -> None:
    result = tell(session, SHOP)
    assert result.unlisted == ("Halden & Vale (88001)",)
    assert programme(session, "88001").joined


def test_a_programme_that_a_person_left_stays_left(session: Session) -> None:
    tell(session, SHOP)
    programme(session, "9001").joined = False
    tell(session, SHOP)
    assert not programme(session, "9001").joined


def test_what_an_import_found_is_completed_by_the_network(session: Session) -> None:
    made = add_programme(session, network="awin", advertiser_ref="77", name="awin 77", hosts=["x.example"], now=NOW)
    made.hosts, made.to_be_completed = [], True
    session.flush()
    tell(session, with_changes(SHOP, advertiser_ref="77"))
    completed = programme(session, "77")
    assert (completed.name, completed.to_be_completed) == ("The Shop", False)


def test_a_row_that_cannot_be_used_is_set_aside_and_a_bad_host_is_noted(session: Session) -> None:
    result = tell(
        session,
        with_changes(SHOP, rate=Decimal(5)),
        with_changes(SHOP, advertiser_ref=" "),
        with_changes(SHOP, advertiser_ref="9002", hosts=("shop.example", "not a host")),
    )
    assert [row.line for row in result.bad] == [3, 3]
    assert "no fraction" in result.bad[0].reason
    assert result.new == 1
    assert "not a host" in result.notes[0]


def test_a_list_that_lacks_most_of_what_was_told_closes_nothing(session: Session) -> None:
    told = [with_changes(SHOP, advertiser_ref=str(number), name=f"Shop {number}") for number in range(11)]
    tell(session, *told)
    cut = tell(session, *told[:5])
    assert (cut.left, cut.notes) == (
        (),
        ("The list lacks 6 programmes of before, more than it has; nothing was closed.",),
    )
    assert programme(session, "10").joined
    assert len(tell(session, *told[:6]).left) == 5
