"""Readers' clicks look like readers' clicks."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from random import Random

import pytest

from affiliate.demo.readers import OFFICE, Spot, Visit, visits
from affiliate.demo.world import WARES

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
PUBLISHED = NOW - timedelta(days=40)
_DOCUMENTATION = [ip_network(text) for text in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")]


def spot(position: int) -> Spot:
    return Spot(
        host="www.magazine.example",
        path=f"/go/{position}",
        token=str(position),
        ware=WARES[0],
        position=position,
        article_url="https://www.magazine.example/story",
        published_at=PUBLISHED,
        readers=100,
        time_zone="Europe/London",
    )


@pytest.fixture(scope="module")
def made() -> list[Visit]:
    return visits([spot(position) for position in range(1, 9)], now=NOW, dice=Random(1))


def test_the_same_dice_make_the_same_visits(made: list[Visit]) -> None:
    assert visits([spot(position) for position in range(1, 9)], now=NOW, dice=Random(1)) == made


def test_nobody_clicks_before_publication_or_after_now(made: list[Visit]) -> None:
    assert min(visit.at for visit in made) >= PUBLISHED
    assert max(visit.at for visit in made) < NOW
    assert made == sorted(made, key=lambda visit: visit.at)


def test_every_address_is_one_for_documentation(made: list[Visit]) -> None:
    assert all(any(ip_address(visit.address) in network for network in _DOCUMENTATION) for visit in made)


def test_the_first_week_brings_more_than_the_third(made: list[Visit]) -> None:
    weeks = Counter((visit.at - PUBLISHED).days // 7 for visit in made)
    assert weeks[0] > 3 * weeks[2] > 0


def test_upper_links_are_clicked_more(made: list[Visit]) -> None:
    clicks = Counter(visit.spot.position for visit in made)
    assert sum(clicks[position] for position in (1, 2, 3, 4)) > 1.3 * sum(clicks[position] for position in (5, 6, 7, 8))


def test_most_visits_are_people_and_some_are_not(made: list[Visit]) -> None:
    people = sum(visit.by_person for visit in made) / len(made)
    assert 0.7 < people < 0.9
    assert any("bot" in visit.headers["user-agent"].lower() for visit in made)
    assert any(visit.headers.get("sec-purpose") == "prefetch" for visit in made)
    assert any(visit.headers.get("sec-gpc") == "1" for visit in made)
    assert any(ip_address(visit.address) in ip_network(OFFICE) for visit in made)
