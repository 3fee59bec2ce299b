from collections.abc import Iterator
from decimal import Decimal

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from affiliate.errors import InvalidInput
from affiliate.links.earning import MOST_URLS, Verdict, will_earn
from affiliate.links.library import add_link
from affiliate.links.programmes import add_account, add_programme
from affiliate.links.sites import find_site
from affiliate.store import Store
from affiliate.store.tables import Programme, TrackRecord
from tests.conftest import NOW

DRESS = "https://www.halden.example/dress?colour=red"
WRAPPED = "https://www.awin1.com/cread.php?awinmid=88001&awinaffid={}&ued=https%3A%2F%2Fwww.halden.example%2Fdress"


@pytest.fixture
def session(newsroom: Store) -> Iterator[Session]:
    with newsroom.transaction() as opened:
        yield opened


def ask(session: Session, url: str, **options: str) -> Verdict:
    (verdict,) = will_earn(session, site=find_site(session), urls=[url], **options)
    return verdict


def halden(session: Session) -> Programme:
    return session.query(Programme).filter_by(advertiser_ref="88001").one()


def test_a_page_of_a_joined_programme_earns_and_is_cleaned(session: Session) -> None:
    verdict = ask(session, DRESS + "&utm_source=mail&awc=1_2_3")
    assert verdict.earns
    assert verdict.target_url == DRESS
    assert verdict.reason == (
        "It earns 8% with Halden & Vale at Awin. How many of its sales are approved is not known."
        " How long the money takes is not known."
    )
    assert add_link(session, site=find_site(session), url=verdict.target_url, now=NOW).link.network == "awin"


def test_the_reason_says_what_its_numbers_rest_on(session: Session) -> None:
    programme = halden(session)
    programme.approval_rate, programme.payment_days = Decimal("0.9"), 60
    assert "90% of its sales are approved (as somebody typed)." in ask(session, DRESS).reason
    session.add(
        TrackRecord(
            programme_id=programme.id,
            transactions=1300,
            approved=1150,
            declined=90,
            paid=700,
            payment_days=74,
            counted_at=NOW,
        )
    )
    session.flush()
    assert ask(session, DRESS).reason == (
        "It earns 8% with Halden & Vale at Awin. 92.7% of its sales are approved (1,240 of ours decided)."
        " The money comes after about 74 days (700 of ours paid)."
    )


def test_every_route_is_listed_in_order(session: Session) -> None:
    add_account(session, "cj", "7", now=NOW)
    for ref, rate in (("1", "0.2"), ("2", "0.01")):
        add_programme(
            session, network="cj", advertiser_ref=ref, name=f"H{ref}", hosts=["halden.example"], rate=rate, now=NOW
        )
    verdict = ask(session, DRESS)
    assert verdict.route is not None
    assert [route.programme.name for route in (verdict.route, *verdict.others)] == ["H1", "Halden & Vale", "H2"]
    shown = verdict.as_json()
    assert shown["route"]["network"] == "cj"
    assert (shown["route"]["rate"], shown["route"]["approval_basis"]) == ("0.2", "unknown")
    assert [other["net"] for other in shown["alternatives"]] == ["0.06246", "0.007807"]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://nobody.example/a", "No programme covers nobody.example."),
        ("https://mag.example/style", "one of our own sites"),
        ("https://www.amazon.fr/dp/B000TEST01", "we have none for amazon.fr"),
        ("https://tidd.ly/abc", "does not show where it leads"),
        ("a dress", "cannot be used as a link"),
        ("", "cannot be used as a link"),
        (WRAPPED.format("1").replace("halden", "mag"), "one of our own sites"),
    ],
    ids=["no-programme", "own", "marketplace", "short", "nonsense", "empty", "own-wrapped"],
)
def test_what_does_not_earn_says_why(session: Session, url: str, words: str) -> None:
    verdict = ask(session, url)
    assert not verdict.earns
    assert words in verdict.reason
    assert verdict.route is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"joined": False, "raw_status": "not listed"}, "we are not in that programme (the network says: not listed)"),
        ({"permissions": {"content": "no"}}, "forbids links in articles"),
        ({"mode": "untouched"}, "wants its addresses untouched"),
        ({"template": "https://t.example/"}, "no deep link can be built"),
    ],
    ids=["left", "forbidden", "untouched", "broken"],
)
def test_a_programme_in_whose_way_something_stands_is_named(
    session: Session, change: dict[str, object], words: str
) -> None:
    for name, value in change.items():
        setattr(halden(session), name, value)
    session.flush()
    verdict = ask(session, DRESS)
    assert not verdict.earns
    assert words in verdict.reason
    assert verdict.route is not None


def test_a_link_that_pays_somebody_else_earns_for_us_once_it_is_ours(session: Session) -> None:
    foreign = ask(session, WRAPPED.format("4711"))
    assert (foreign.earns, foreign.pasted) == (True, "other")
    assert foreign.reason.endswith("As pasted, it is a link of Awin that pays somebody else (4711).")
    own = ask(session, WRAPPED.format("99000001"))
    assert (own.pasted, "As pasted" in own.reason) == ("ours", False)


def test_where_nothing_may_earn_nothing_does(session: Session) -> None:
    verdict = ask(session, DRESS, off="An editor switched this article off.")
    assert (verdict.earns, verdict.reason) == (False, "An editor switched this article off.")
    assert verdict.route is not None


def test_fifty_are_asked_for_with_a_handful_of_questions_to_the_store(session: Session) -> None:
    asked: list[str] = []
    event.listen(session.get_bind(), "before_cursor_execute", lambda *context: asked.append(context[2]))
    urls = [f"https://shop{number}.example/a" for number in range(MOST_URLS - 1)] + [DRESS]
    site = find_site(session)
    asked.clear()
    assert [verdict.earns for verdict in will_earn(session, site=site, urls=urls)] == [False] * 49 + [True]
    assert len(asked) <= 5
    with pytest.raises(InvalidInput, match="at most 50"):
        will_earn(session, site=site, urls=[DRESS] * 51)
