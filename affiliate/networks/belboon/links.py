"""Belboon's links. Of old `/adtracking/CODE.html/&deeplink=https://…`, without a question mark; today `/ts/CAMPAIGN/tsc?amc=…&trg=…`
on hosts of the advertisers' own. `amc` is opaque: neither publisher nor advertiser can be read off."""

import re

from affiliate.errors import CannotBuild
from affiliate.networks.base import DeepLink, Layer, Terms
from affiliate.networks.carried import Query, behind_host, carried_url, in_ascii, is_on, path_of
from affiliate.urls import encode

KEY = "belboon"
HOSTS = ("belboon.de",)
_OLD = re.compile(r"/adtracking/([^/.?#]+)\.html(?:/&?deeplink=(.*)|[/?#].*)?", re.DOTALL)
_CLICK = re.compile(r"/ts/i?\d+/tsc")


def take_apart(url: str) -> Layer | None:
    if is_on(url, *HOSTS):
        found = _OLD.fullmatch(behind_host(url))
        return Layer(KEY, url, found.group(1), target=carried_url(found.group(2) or "")) if found else None
    if not _CLICK.fullmatch(path_of(url)):
        return None
    query = Query.of(url, "trg")
    return Layer(KEY, url, sub_ids=query.named("smc3", "scm1"), target=query.target) if query.first("amc") else None


def deep_link(terms: Terms, target_url: str) -> DeepLink:
    """The old form, whose tail is the target as it stands: it has no place for a sub-id. Today's form differs in host and
    code from programme to programme: that is what a programme's template is for."""
    code = str(terms.parameters.get("code", "")).strip()
    if not code:
        raise CannotBuild(
            KEY,
            "the programme has neither a template, such as https://HOST/ts/CAMPAIGN/tsc?amc=CODE&rmd=3&smc3={sub_id}&trg={encoded_url}, "
            "nor the parameter code, for links on www1.belboon.de.",
        )
    return DeepLink(
        f"https://www1.belboon.de/adtracking/{encode(code)}.html/&deeplink={in_ascii(target_url)}", has_slot=False
    )
