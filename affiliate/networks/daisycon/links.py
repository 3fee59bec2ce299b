"""Daisycon's links: `/c/?si=CAMPAIGN&li=LINK&wi=MEDIA&ws=…&dl=…` on short hosts that change.

`dl` is what follows the advertiser's host, which the link does not name.
"""

import re

from affiliate.networks.base import DeepLink, Layer, Terms
from affiliate.networks.carried import Query, is_on, path_of
from affiliate.networks.shapes import needed, path_on
from affiliate.urls import encode, host_of

KEY = "daisycon"
HOSTS = ("ds1.nl", "lt45.net", "rkn3.net", "jf79.net", "glp8.net", "bdt9.net")
_HOST = re.compile(r"(?:www\.)?[a-z0-9]{3,5}\.(?:net|nl)")  # Lasso's pattern, in public code


def take_apart(url: str) -> Layer | None:
    ours = is_on(url, *HOSTS)
    if path_of(url).rstrip("/").lower() != "/c":
        return Layer(KEY, url, target=Query.of(url, "dai_url").target) if ours else None
    query = Query.of(url, "dl")
    if not ours and not (_HOST.fullmatch(host_of(url) or "") and "si" in query.values and "wi" in query.values):
        return None
    return Layer(KEY, url, query.first("wi"), query.first("si"), query.named("ws"), query.target)


def deep_link(terms: Terms, target_url: str) -> DeepLink:
    """Needs the programme's parameters `link`, the id that Daisycon shows as li, and `target_host`, the shop's host, to which
    a path is added."""
    link, path = needed(KEY, terms, "link"), path_on(needed(KEY, terms, "target_host"), KEY, target_url)
    ids = f"si={encode(terms.advertiser_ref)}&li={encode(link)}&wi={encode(terms.publisher_ref)}"
    before, after = f"https://ds1.nl/c/?{ids}", f"&dl={encode(path.removeprefix('/'))}"
    return DeepLink(f"{before}&ws=", after, bare=before + after)
