"""Tradedoubler's links, in two notations: `click?p=…&a=…&epi=…&url=…` and `click?p(…)a(…)epi(…)url(https://…)`.

`p` is the programme, `a` the publisher's site. In brackets the target may stand raw, with brackets of its own.
"""

import re

from affiliate.networks.base import Layer
from affiliate.networks.carried import Query, carried_at_end, decode_once
from affiliate.networks.shapes import QueryLinks
from affiliate.urls import split_query

KEY = "tradedoubler"
HOSTS = ("tradedoubler.com",)
LINKS = QueryLinks(
    KEY,
    publisher=("a",),
    advertiser=("p",),
    target=("url", "_td_deeplink"),
    sub_ids=("epi", "epi2"),
    path="/click/?|/projectr/?",
    base="https://clk.tradedoubler.com/click?g=0",  # no graphic
    built=("a", "p", "epi", "url"),
)
_BRACKETS = re.compile(r"\?&?[a-z0-9_]+\(", re.IGNORECASE)
_PAIR = re.compile(r"(?<![a-z0-9_])([a-z0-9_]+)\(([^()]*)\)", re.IGNORECASE)
_TARGET = re.compile(r"(?<![a-z0-9_])url\((.*)\)", re.IGNORECASE | re.DOTALL)


def take_apart(url: str) -> Layer | None:
    return LINKS.take_apart(url) if not _BRACKETS.search(url) else _in_brackets(url)


def _in_brackets(url: str) -> Layer:
    """What stands behind the target's bracket, as `)epi(…)`, is another pair; the target ends at the bracket that closes it."""
    _, raw, fragment = split_query(url)
    query = (raw or "") + fragment
    found = _TARGET.search(query)
    target = _balanced(found.group(1)) if found else None
    around = query[: found.start()] + query[found.start(1) + len(target or "") :] if found else query
    behind = Query.of(url, *LINKS.target)  # parameters may follow the brackets
    named = {name.lower(): (name, decode_once(value)) for name, value in _PAIR.findall(around) if value}
    publisher, advertiser = (named[name][1] if name in named else None for name in ("a", "p"))
    sub_ids = dict(named[name] for name in LINKS.sub_ids if name in named) or behind.named(*LINKS.sub_ids)
    inside = carried_at_end(target) if target else behind.target
    return Layer(KEY, url, publisher, advertiser, sub_ids, inside)


def _balanced(text: str) -> str:
    """The text up to the bracket that closes one opened before it; all of it where there is none."""
    depth = 0
    for position, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth < 0:
            return text[:position]
    return text
