"""Tracking links whose parts are parameters of a query: what most networks have, told as data.

A network with such links needs no code of its own: which parameter holds our id, which the advertiser's, which the target,
which the sub-ids, and what a built link looks like. Names compare without case.
"""

import re
from dataclasses import dataclass, field

from affiliate.errors import CannotBuild
from affiliate.networks.base import DeepLink, Layer, Terms
from affiliate.networks.carried import Query, behind_host, is_on, path_of
from affiliate.urls import encode, host_of

SHORT_LINK = "a short link: only a request would tell what is behind it"


@dataclass(frozen=True, slots=True)
class QueryLinks:
    """`publisher`, `advertiser` and `target` name parameters, the first that has a value counts; `sub_ids` are in the
    network's order. `kind` stands before a publisher's id that is not its own number (`mclic:`). `path` matches the path
    of a click in full, in lower case, where the hosts have other pages too. `short_hosts` carry nothing.

    `base` is the address that built links begin with, with the parameters that never change; empty where links cannot be
    built from a template. `built` are the names under which publisher, advertiser, sub-id and target are written into one,
    in this order, "" for what a link does not name; the target comes last. `needs` names parameters of the programme that
    must be in a link, under their names there."""

    key: str
    publisher: tuple[str, ...] = ()
    advertiser: tuple[str, ...] = ()
    target: tuple[str, ...] = ()
    sub_ids: tuple[str, ...] = ()
    kind: str = ""
    path: str = ""
    short_hosts: tuple[str, ...] = ()
    base: str = ""
    built: tuple[str, str, str, str] = ("", "", "", "")
    needs: dict[str, str] = field(default_factory=dict, hash=False)
    longest_sub_id: int | None = None
    refusal: str = ""

    def take_apart(self, url: str) -> Layer | None:
        """The link of this network, whose host is known already; None for a page of the host that is no click."""
        if self.short_hosts and is_on(url, *self.short_hosts):
            return Layer(self.key, url, note=SHORT_LINK)
        if self.path and not re.fullmatch(self.path, path_of(url).lower()):
            return None
        query = Query.of(url, *self.target)
        publisher = query.first(*self.publisher)
        return Layer(
            self.key,
            url,
            self.kind + publisher if publisher else None,
            query.first(*self.advertiser),
            query.named(*self.sub_ids),
            query.target if self.target else None,
        )

    def deep_link(self, terms: Terms, target_url: str) -> DeepLink:
        """CannotBuild where the network's links are not built from a template, or the programme lacks a parameter."""
        if not self.base:
            raise CannotBuild(
                self.key,
                f"how its links to {host_of(target_url)} are made is not known; give the programme a template with "
                "{encoded_url} in it, taken from a link that the network made.",
            )
        publisher, advertiser, sub_id, target = self.built
        parts = [(publisher, terms.publisher_ref), (advertiser, terms.advertiser_ref)]
        parts += [(name, needed(self.key, terms, wanted)) for wanted, name in self.needs.items()]
        ids = "&".join(f"{name}={encode(value)}" for name, value in parts if name)
        before = f"{self.base}{'&' if '?' in self.base else '?'}{ids}"
        after = f"&{target}={encode(target_url)}"
        if not sub_id:
            return DeepLink(before + after, has_slot=False)
        return DeepLink(
            f"{before}&{sub_id}=", after, longest=self.longest_sub_id, bare=before + after, refusal=self.refusal
        )


def needed(key: str, terms: Terms, name: str) -> str:
    """A parameter of the programme; CannotBuild where it is missing."""
    if value := str(terms.parameters.get(name, "")).strip():
        return value
    raise CannotBuild(key, f"the programme's parameter {name} is missing; take it from a link that the network made.")


def path_on(shop: str, key: str, target_url: str) -> str:
    """What follows the host in a target, from its slash on, for networks that add it to the shop's host themselves.

    CannotBuild for a page of another host, where such a link would lead astray; `www.` is no difference.
    """
    there = host_of(target_url) or ""
    if there.removeprefix("www.") != shop.strip().lower().removeprefix("www."):
        raise CannotBuild(key, f"its links lead to {shop} alone, and the page is on {there}.")
    rest = behind_host(target_url)
    return rest if rest.startswith("/") else f"/{rest}"
