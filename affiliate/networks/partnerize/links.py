"""Partnerize's links: `/click/camref:…/pubref:…/destination:…`, pairs that are segments of the path.

The camref names publisher and campaign in one code. The target comes last, encoded or raw with its own `?` and `&`:
whatever is appended to such a link goes to the advertiser, so the sub-id is a segment before it.
"""

import re

from affiliate.errors import CannotBuild
from affiliate.networks.base import DeepLink, Layer, Terms
from affiliate.networks.carried import behind_host, carried_at_end, decode_once, is_on
from affiliate.networks.shapes import SHORT_LINK
from affiliate.urls import encode

KEY = "partnerize"
HOSTS = ("prf.hn",)
_CLICK = re.compile(r"/click(?:/(.*))?", re.IGNORECASE | re.DOTALL)
_TARGET = re.compile(r"(?:^|/)destination(?::|%3a)(.*)", re.IGNORECASE | re.DOTALL)
_UNFINISHED = re.compile(r"[?#].*", re.DOTALL)


def take_apart(url: str) -> Layer | None:
    """Also on a brand's own host, where the path has a camref."""
    ours = is_on(url, *HOSTS)
    if not (ours or "camref:" in url.lower()):
        return None
    found = _CLICK.fullmatch(behind_host(url))
    if found is None:
        return Layer(KEY, url, note=SHORT_LINK) if ours else None
    settings, tail = _split(found.group(1) or "")
    named = dict(_pair(segment) for segment in settings.split("/"))
    camref, pubref, adref = (named.get(name) for name in ("camref", "pubref", "adref"))
    return Layer(
        KEY,
        url,
        f"camref:{camref}" if camref else None,
        sub_ids={"pubref": pubref} if pubref else {},
        target=carried_at_end(tail),
        note=f"with a further reference, adref: {adref}" if adref else None,
    )


def _split(path: str) -> tuple[str, str]:
    """The settings, and the target as it stands."""
    found = _TARGET.search(path)
    return (path[: found.start()], found.group(1)) if found else (_UNFINISHED.sub("", path), "")


def _pair(segment: str) -> tuple[str, str]:
    name, _, value = decode_once(segment).partition(":")
    return name.lower(), value


def deep_link(terms: Terms, target_url: str) -> DeepLink:
    """Needs the programme's camref, which Partnerize shows for every campaign and its API lists. No limit for a sub-id is
    documented."""
    camref = str(terms.parameters.get("camref", "")).strip().removeprefix("camref:")
    if not camref:
        raise CannotBuild(KEY, "the programme's parameter camref is missing; take it from a link of Partnerize's own.")
    click, tail = f"https://prf.hn/click/camref:{encode(camref)}", f"/destination:{encode(target_url)}"
    return DeepLink(f"{click}/pubref:", tail, bare=f"{click}{tail}")
