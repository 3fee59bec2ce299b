"""Will it earn? For many pasted addresses at once, from local tables and without any request, with the reason in words."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from affiliate.errors import InvalidInput, InvalidUrl, OwnHost
from affiliate.links.cleaning import cleaned
from affiliate.links.programmes import account_test
from affiliate.links.routes import LEDGER, NETWORK, TYPED, Figure, Route, Routes
from affiliate.links.sites import is_within, own_hosts
from affiliate.networks.amazon.links import marketplace
from affiliate.networks.inspect import NO, OTHER, UNKNOWN, Inspected, inspect
from affiliate.networks.registry import network_name
from affiliate.store.tables import Site
from affiliate.urls import WebUrl, parse_web_url, without_www

MOST_URLS = 50


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a link of ours to the page behind `url` would earn, and why. `route` is the programme that a link would be
    made on, or the first that covers the page and cannot be used; `others` the rest, in order. `pasted` says for whom the
    address earns as it stands: ours, other, unknown or no."""

    url: str
    earns: bool
    reason: str
    target_url: str | None
    pasted: str
    route: Route | None = None
    others: tuple[Route, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {
            "url": self.url,
            "earns": self.earns,
            "reason": self.reason,
            "target_url": self.target_url,
            "pasted": self.pasted,
            "route": self.route.as_json() if self.route else None,
            "alternatives": [route.as_json() for route in self.others],
        }


def will_earn(session: Session, *, site: Site, urls: Sequence[str], off: str = "") -> list[Verdict]:
    """One verdict for each address, in order. `off` says why nothing may earn where it would stand, "" where it may.
    InvalidInput for more than 50."""
    if len(urls) > MOST_URLS:
        raise InvalidInput(f"These are {len(urls)} addresses; ask for at most {MOST_URLS} at once.")
    is_ours, own = account_test(session), own_hosts(session)
    pages = [_page(url, is_ours, own) for url in urls]
    routes = Routes(session, site.entity_id).to({page.target.host for page in pages if page.target})
    return [_verdict(page, routes[page.target.host] if page.target else [], off) for page in pages]


@dataclass(frozen=True, slots=True)
class _Page:
    """An address taken apart: the page behind it, or the problem with it."""

    url: str
    target: WebUrl | None = None
    problem: str = ""
    inspected: Inspected | None = None


def _page(url: str, is_ours: Callable[[str, str | None], bool | None], own: Collection[str]) -> _Page:
    inspected = None
    try:
        pasted = parse_web_url(url)
        if is_within(pasted.host, own):
            raise OwnHost(pasted.text, pasted.host)
        inspected = inspect(pasted.text, is_ours=is_ours)
        target = cleaned(inspected).url
        if is_within(target.host, own):
            raise OwnHost(target.text, target.host)
    except InvalidUrl as problem:
        return _Page(url, problem=str(problem), inspected=inspected)
    return _Page(url, target, inspected=inspected)


def _verdict(page: _Page, routes: list[Route], off: str) -> Verdict:
    pasted = page.inspected.monetised if page.inspected else NO
    first = next((route for route in routes if route.usable), routes[0] if routes else None)
    reason = page.problem or off or _why(page.target, first)
    return Verdict(
        url=page.url,
        earns=bool(first and not first.barrier and not off),
        reason=" ".join(filter(None, (reason, _of_the_pasted(page.inspected)))),
        target_url=page.target.text if page.target else None,
        pasted=pasted,
        route=first,
        others=tuple(route for route in routes if route is not first),
    )


def _why(target: WebUrl | None, route: Route | None) -> str:
    if route:
        return route.barrier or in_words(route)
    host = without_www(target.host) if target else ""
    shop = marketplace(target.text) if target else None
    if shop:
        return f"Amazon pays by a tag for each of its shops, and we have none for {shop}."
    return f"No programme covers {host}."


def _of_the_pasted(inspected: Inspected | None) -> str:
    if inspected is None or inspected.monetised not in (OTHER, UNKNOWN):
        return ""
    called = network_name(inspected.network or "")
    publisher = inspected.layers[0].publisher_id
    if inspected.monetised == OTHER:
        return f"As pasted, it is a link of {called} that pays somebody else ({publisher})."
    return f"As pasted, it is a link of {called} that none of our accounts is known to earn on."


def in_words(route: Route) -> str:
    """What a route brings, with what each number rests on."""
    rate = f"{percentage(route.programme.rate)} " if route.programme.rate is not None else ""
    rate_unknown = "" if rate else "; its rate is not known"
    network = network_name(route.programme.network)
    return (
        f"It earns {rate}with {route.programme.name} at {network}{rate_unknown}. {_approval(route)} {_payment(route)}"
    )


def _approval(route: Route) -> str:
    if said := _basis(route.approval, route, "decided"):
        return f"{percentage(route.approval.value)} of its sales are approved ({said})."
    return "How many of its sales are approved is not known."


def _payment(route: Route) -> str:
    if said := _basis(route.days, route, "paid"):
        return f"The money comes after about {route.days.value} days ({said})."
    return "How long the money takes is not known."


def _basis(figure: Figure, route: Route, what: str) -> str:
    """What a number rests on; empty where it is not known."""
    there = network_name(route.programme.network)
    return {
        LEDGER: f"{figure.count:,} of ours {what}",
        TYPED: "as somebody typed",
        NETWORK: f"{figure.count:,} of ours {what} at {there} on the whole",
    }.get(figure.basis, "")


def percentage(fraction: Decimal) -> str:
    """0.083 as 8.3%."""
    return f"{round(fraction * 100, 1).normalize():f}%"
