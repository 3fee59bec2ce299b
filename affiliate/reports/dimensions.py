"""What a report can be cut by, and how a value of it is called."""

from collections.abc import Callable, Collection, Mapping

from babel import Locale
from sqlalchemy.orm import Session

from affiliate.errors import InvalidInput
from affiliate.networks.registry import compared_count, network_name
from affiliate.reports import queries
from affiliate.reports.queries import DIMENSIONS, Labels

__all__ = ["DIMENSIONS", "Labels", "called", "checked_dimension", "names_of", "unnamed"]

_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "article": ("article", "title", "author", "site"),
    "author": ("author",),
    "link": ("link", "name", "site"),
    "placement": ("placement", "link", "article"),
    "site": ("site", "name"),
    "advertiser": ("advertiser",),
    "programme": ("programme", "advertiser_ref", "network"),
    "network": ("network", "name", "compare_with"),
    "payment": ("payment",),
    "position": ("position",),
    "country": ("country",),
    "device": ("device",),
    "class": ("class",),
    "referrer": ("referrer",),
    "day": ("day",),
    "hour": ("hour",),
}
_NONE_OF: Mapping[str, str] = {
    "article": "not in an article",
    "author": "no author",
    "placement": "no placement",
    "position": "no position",
}
_EMPTY: Mapping[str, str] = {"country": "unknown", "referrer": "none given"}
_TERRITORIES: Mapping[str, str] = Locale("en", "GB").territories


def checked_dimension(by: str) -> str:
    if by not in DIMENSIONS:
        raise InvalidInput(f"{by!r} is no dimension of this report; there are {', '.join(DIMENSIONS)}.")
    return by


def unnamed(by: str) -> Labels:
    """The labels of what belongs to no value of the dimension: all empty, and the columns in their fixed order."""
    return dict.fromkeys(_COLUMNS[by])


def names_of(session: Session, by: str, keys: Collection[str]) -> dict[str, Labels]:
    """Key → labels in the order of the dimension's columns. The first column is the dimension itself."""
    found = _FINDERS[by](session, keys)
    return {key: {name: labels.get(name) for name in _COLUMNS[by]} for key, labels in found.items()}


def called(by: str, key: str | None, labels: Labels) -> str:
    """What people call a value of the dimension, or what has none."""
    if key is None:
        return _NONE_OF.get(by, "none")
    if by == "country" and key:
        return _TERRITORIES.get(key, key)
    return labels.get("title") or labels.get("name") or labels[by] or _EMPTY.get(by, "")


def _network_names(_session: Session, keys: Collection[str]) -> dict[str, Labels]:
    """`compare_with` is the one of our three counts that the network's own number of clicks comes closest to."""
    return {key: {"network": key, "name": network_name(key), "compare_with": compared_count(key)} for key in keys}


def _itself(name: str) -> Callable[[Session, Collection[str]], dict[str, Labels]]:
    return lambda _session, keys: {key: {name: key} for key in keys}


_FINDERS: Mapping[str, Callable[[Session, Collection[str]], dict[str, Labels]]] = {
    "article": queries.article_names,
    "author": _itself("author"),
    "link": queries.link_names,
    "placement": queries.placement_names,
    "site": queries.site_names,
    "advertiser": queries.advertiser_names,
    "programme": queries.programme_names,
    "network": _network_names,
    **{
        name: _itself(name) for name in ("payment", "position", "country", "device", "class", "referrer", "day", "hour")
    },
}
