"""Readers' clicks: who clicks what and when, as requests that a hop can answer. Pure; the dice are given."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from ipaddress import IPv4Network, IPv6Address
from random import Random

from affiliate.clock import zone
from affiliate.demo.world import Ware

# Addresses and networks for documentation: RFC 5737 and RFC 3849. The first sixteen are the office's.
OFFICE = "192.0.2.0/28"
_CITY = (IPv4Network("192.0.2.0/24"), IPv4Network("198.51.100.0/24"), IPv4Network("203.0.113.0/24"))
_DOCUMENTATION_V6 = int(IPv6Address("2001:db8::"))

# Those addresses are nobody's, so their countries are invented too, with how often each is met.
_COUNTRIES = {"GB": 46, "US": 34, "IE": 5, "CA": 4, "AU": 4, "DE": 3, "FR": 2, "": 2}

_PHONES = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.7 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36",
)
_OTHER_SCREENS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:143.0) Gecko/20100101 Firefox/143.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15",
    "Mozilla/5.0 (iPad; CPU OS 17_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.7 Mobile/15E148 Safari/604.1",
)
_BOTS = (
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)",
    "python-requests/2.32.3",
)
_PREVIEWERS = (
    "WhatsApp/2.24.20.89 A",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
)

_WEEK = (0.95, 0.9, 0.95, 1.05, 1.15, 0.85, 1.2)  # Monday first: Friday and Sunday are for shopping
# By the title's own clock: the way to work, lunch, and the sofa after nine.
_HOURS = (2, 1, 1, 1, 1, 3, 6, 9, 10, 8, 7, 8, 11, 10, 8, 7, 8, 9, 10, 12, 15, 17, 14, 7)
_LASTING = 0.05  # of the first day's readers still come after weeks, from search
_HALF_GONE_AFTER = 4.5  # days
_MACHINES = 0.12  # the share of bots and link previewers


@dataclass(frozen=True, slots=True)
class Spot:
    """One link in a published article: where a reader can click. `readers` click in the article on its first day."""

    host: str
    path: str
    token: str
    ware: Ware
    position: int
    article_url: str
    published_at: datetime
    readers: int
    time_zone: str


@dataclass(frozen=True, slots=True)
class Visit:
    """One request. `spot` is what was clicked; `by_person` says whether it can lead to a sale."""

    at: datetime
    spot: Spot
    headers: dict[str, str]
    address: str
    by_person: bool


def visits(spots: Sequence[Spot], *, now: datetime, dice: Random) -> list[Visit]:
    """Every request of the time from the first publication until now, in the order of time."""
    made: list[Visit] = []
    for article in dict.fromkeys(spot.article_url for spot in spots):
        made.extend(_of_article([spot for spot in spots if spot.article_url == article], now, dice))
    return sorted((visit for visit in made if visit.at < now), key=lambda visit: visit.at)


def _of_article(spots: Sequence[Spot], now: datetime, dice: Random) -> Iterator[Visit]:
    first = spots[0]
    weights = [dice.uniform(0.7, 1.3) / (1 + 0.16 * (spot.position - 1)) for spot in spots]
    today = now.astimezone(zone(first.time_zone)).date()
    day = first.published_at.astimezone(zone(first.time_zone)).date()
    age = 0
    while day <= today:
        for _ in range(_readers_of(first, day, age, dice)):
            at = _moment(day, first.time_zone, dice)
            if at < first.published_at:  # the first day starts with the article
                at = first.published_at + timedelta(seconds=dice.uniform(60, 40_000))
            clicked = dice.choices(spots, weights)[0]
            if dice.random() < _MACHINES:
                yield _of_machine(clicked, at, dice)
            else:
                yield from _of_person(clicked, spots, at, dice)
        day += timedelta(days=1)
        age += 1


def _readers_of(spot: Spot, day: date, age: int, dice: Random) -> int:
    """A peak on the first day that fades, and a trickle that stays."""
    expected = spot.readers * (_LASTING + 0.5 ** (age / _HALF_GONE_AFTER)) * _WEEK[day.weekday()]
    return max(0, round(dice.gauss(expected, math.sqrt(expected))))


def _moment(day: date, time_zone: str, dice: Random) -> datetime:
    hour = dice.choices(range(24), _HOURS)[0]
    return datetime.combine(day, time(hour), tzinfo=zone(time_zone)) + timedelta(seconds=dice.uniform(0, 3600))


def _of_machine(spot: Spot, at: datetime, dice: Random) -> Visit:
    agent = dice.choice(_BOTS if dice.random() < 0.75 else _PREVIEWERS)
    return Visit(at, spot, {"user-agent": agent}, _address(dice), by_person=False)


def _of_person(spot: Spot, others: Sequence[Spot], at: datetime, dice: Random) -> Iterator[Visit]:
    agent = dice.choice(_PHONES if dice.random() < 0.68 else _OTHER_SCREENS)
    headers = {"user-agent": agent} | _referrer(spot, dice)
    if dice.random() < 0.04:
        headers["sec-gpc"] = "1"
    address = _office(dice) if dice.random() < 0.01 else _address(dice)
    if dice.random() < 0.03:  # the browser was quicker than the finger
        yield Visit(at - timedelta(seconds=2), spot, headers | {"sec-purpose": "prefetch"}, address, by_person=False)
    yield Visit(at, spot, headers, address, by_person=True)
    if dice.random() < 0.05:  # tapped twice
        yield Visit(at + timedelta(seconds=dice.uniform(0.4, 4)), spot, headers, address, by_person=False)
    if dice.random() < 0.2:  # came back to the article for another look
        again = at + timedelta(seconds=dice.uniform(25, 400))
        yield Visit(again, dice.choice(others), headers, address, by_person=True)


def _referrer(spot: Spot, dice: Random) -> dict[str, str]:
    came = dice.random()
    if came < 0.84:
        return {"referer": spot.article_url}
    return {"referer": "https://mail.example/inbox?message=1"} if came < 0.9 else {}


def _address(dice: Random) -> str:
    if dice.random() < 0.4:
        return str(IPv6Address(_DOCUMENTATION_V6 + (dice.getrandbits(32) << 64) + dice.getrandbits(64)))
    network = dice.choice(_CITY)
    return str(network[dice.randrange(16, 255)])


def _office(dice: Random) -> str:
    return str(IPv4Network(OFFICE)[dice.randrange(1, 15)])


def country_of(address: str) -> str:
    """The invented country of an address: the same for the same one."""
    return Random(address).choices(tuple(_COUNTRIES), tuple(_COUNTRIES.values()))[0]  # noqa: S311 - no secret
