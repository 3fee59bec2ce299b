from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.orm import Session

from affiliate.links.library import resolve_target
from affiliate.links.programmes import add_account, add_programme, find_account
from affiliate.links.routes import ENOUGH, Route, Routes, better, covering
from affiliate.links.sites import add_entity, find_site
from affiliate.store import Store
from affiliate.store.tables import Programme, TrackRecord
from tests.conftest import NOW


@pytest.fixture
def session(newsroom: Store) -> Iterator[Session]:
    """Halden pays 8 % at Awin; an account at CJ is there too."""
    with newsroom.transaction() as opened:
        add_account(opened, "cj", "700", now=NOW)
        yield opened


def rival(session: Session, ref: str = "5", *, host: str = "halden.example", **changes: Any) -> Programme:
    made = add_programme(
        session,
        network="cj",
        advertiser_ref=ref,
        name="Halden",
        hosts=[host],
        rate=changes.pop("rate", "0.05"),
        now=NOW,
    )
    for name, value in changes.items():
        setattr(made, name, value)
    session.flush()
    return made


def halden(session: Session) -> Programme:
    found = covering(session, "halden.example")
    assert found is not None
    return found


def has_done(
    session: Session,
    programme: Programme,
    *,
    approved: int = 0,
    declined: int = 0,
    paid: int = 0,
    days: int | None = None,
) -> None:
    session.add(
        TrackRecord(
            programme_id=programme.id,
            transactions=approved + declined,
            approved=approved,
            declined=declined,
            paid=paid,
            payment_days=days,
            counted_at=NOW,
        )
    )
    session.flush()


def routes(session: Session, host: str = "halden.example") -> list[Route]:
    return Routes(session).to([host])[host]


def taken(session: Session, host: str = "halden.example") -> str:
    """The network of the route that a new link takes; the list of routes must agree."""
    chosen = covering(session, host)
    assert chosen is not None
    assert next(route for route in routes(session, host) if route.usable).programme is chosen
    return chosen.network


def test_the_better_rate_wins_where_nothing_else_is_known(session: Session) -> None:
    assert taken(session) == "awin"
    rival(session, rate="0.05")
    assert taken(session) == "awin"
    rival(session, "6", rate="0.09")
    assert taken(session) == "cj"
    assert [str(route.approval.basis) for route in routes(session)] == ["unknown"] * 3


def test_an_approval_rate_outweighs_a_better_rate(session: Session) -> None:
    first = halden(session)
    rival(session, rate="0.07", approval_rate=Decimal("0.95"))
    assert taken(session) == "cj"  # 8 % of an unknown approval, counted as 80 %, is 6.4 %: less than 6.65 %
    first.approval_rate = Decimal("0.9")
    assert taken(session) == "awin"


def test_money_that_comes_later_is_worth_less(session: Session) -> None:
    first = halden(session)
    rival(session, rate="0.079", payment_days=30)
    first.payment_days = 120
    assert taken(session) == "cj"
    first.payment_days = 40
    assert taken(session) == "awin"


def test_our_own_ledger_decides_once_it_has_enough(session: Session) -> None:
    first = halden(session)
    first.approval_rate = Decimal("0.99")
    rival(session, rate="0.06", approval_rate=Decimal("0.9"))
    has_done(session, first, approved=0, declined=ENOUGH - 1)
    assert taken(session) == "awin"
    record = session.get_one(TrackRecord, first.id)
    record.approved, record.declined = 15, 15
    session.flush()
    assert taken(session) == "cj"
    mine = next(route for route in routes(session) if route.programme is first)
    assert (mine.approval.value, mine.approval.basis, mine.approval.count) == (Decimal("0.5"), "ledger", 30)


def test_what_is_not_known_of_a_programme_is_taken_from_its_network(session: Session) -> None:
    other = add_programme(
        session, network="awin", advertiser_ref="2", name="Other", hosts=["other.example"], rate="0.05", now=NOW
    )
    has_done(session, other, approved=30, declined=70, paid=40, days=60)
    (route,) = routes(session)
    assert (route.approval.value, route.approval.basis, route.approval.count) == (Decimal("0.3"), "network", 100)
    assert (route.days.value, route.days.basis, route.days.count) == (Decimal(60), "network", 40)
    rival(session, rate="0.05")
    assert taken(session) == "cj"  # 5 % of 80 % against 8 % of 30 %


def test_the_most_specific_host_goes_before_the_better_paid_one(session: Session) -> None:
    rival(session, rate="0.01", host="outlet.halden.example")
    assert taken(session, "outlet.halden.example") == "cj"
    assert taken(session, "www.halden.example") == "awin"


def test_a_pin_goes_before_the_better_paid_one(session: Session) -> None:
    rival(session, rate="0.01", pinned=True)
    assert taken(session) == "cj"


def test_an_unknown_rate_comes_after_known_ones(session: Session) -> None:
    rival(session, rate=None)
    assert taken(session) == "awin"
    assert routes(session)[1].net is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"joined": False, "raw_status": "Suspended"}, "we are not in that programme (the network says: Suspended)"),
        ({"permissions": {"content": "no"}}, "forbids links in articles"),
        ({"permissions": {"deep_links": "No"}}, "forbids links to single pages"),
    ],
    ids=["left", "content", "deep-links"],
)
def test_a_programme_that_may_not_be_used_is_no_route(session: Session, change: dict[str, Any], words: str) -> None:
    rival(session, rate="0.5", pinned=True, **change)
    assert taken(session) == "awin"
    assert [words in route.barrier for route in routes(session)] == [False, True]


@pytest.mark.parametrize(
    "change", [{"mode": "untouched"}, {"template": "https://t.example/{nonsense}"}], ids=["untouched", "broken"]
)
def test_a_programme_that_earns_nothing_comes_after_one_that_does(session: Session, change: dict[str, Any]) -> None:
    rival(session, rate="0.5", **change)
    assert taken(session) == "awin"
    halden(session).joined = False
    assert taken(session) == "cj"


def test_an_account_of_another_company_is_no_route_for_this_site(session: Session) -> None:
    add_entity(session, key="south", name="South Ltd", base_currency="GBP")
    other = find_account(session, "cj")
    other.entity_id = 2
    session.flush()
    rival(session, rate="0.5")
    assert resolve_target(session, find_site(session), "https://halden.example/a").programme.network == "awin"
    found = Routes(session, find_site(session).entity_id).to(["halden.example"])["halden.example"]
    session.refresh(other)
    assert "pays South Ltd" in found[1].barrier


def test_a_host_that_nobody_covers_has_no_route(session: Session) -> None:
    assert covering(session, "nobody.example") is None
    assert routes(session, "nobody.example") == []


def test_a_link_on_a_worse_route_is_told_of_the_better_one(session: Session) -> None:
    first = halden(session)
    assert better(routes(session), first.id) is None
    made = rival(session, rate="0.2")
    found = better(routes(session), first.id)
    assert found is not None
    assert found.programme is made
