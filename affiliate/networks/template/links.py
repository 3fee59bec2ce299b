"""Deep links from a template such as
`https://click.example/t?site={publisher_id}&shop={advertiser_id}&ref={sub_id}&to={encoded_url}`."""

import re

from affiliate.errors import CannotBuild, InvalidUrl
from affiliate.networks.base import DeepLink, Terms
from affiliate.networks.carried import in_ascii
from affiliate.urls import encode, parse_web_url

KEY = "template"
PLACEHOLDERS = ("{publisher_id}", "{advertiser_id}", "{url}", "{encoded_url}", "{sub_id}")

_PLACEHOLDER = re.compile(r"\{[^{}]*\}")


def check_template(template: str, network: str = KEY) -> None:
    """CannotBuild says what is wrong with a template, before the first link is built from it.

    `{url}` puts the target in as it stands, with its own `?` and `&`; so it must be the end, or what follows would go
    to the advertiser. `{sub_id}` may be left out, then transactions cannot be matched to placements.
    """
    used = _PLACEHOLDER.findall(template)
    if unknown := [name for name in used if name not in PLACEHOLDERS]:
        raise CannotBuild(network, f"the template has {unknown[0]}; known are {' '.join(PLACEHOLDERS)}.")
    if used.count("{url}") + used.count("{encoded_url}") != 1:
        raise CannotBuild(network, "the template must have the target once, as {encoded_url} or as {url}.")
    if "{url}" in used and not template.endswith("{url}"):
        raise CannotBuild(
            network,
            "in the template {url} must be the end, because what follows it would go to the advertiser; use {encoded_url}.",
        )
    if used.count("{sub_id}") > 1:
        raise CannotBuild(network, "the template has {sub_id} more than once.")
    try:
        parse_web_url(_PLACEHOLDER.sub("x", template))
    except InvalidUrl as problem:
        raise CannotBuild(network, f"the template is no web address: {problem.reason}") from problem


def take_apart(url: str) -> None:
    """Always None: without a host or a shape of its own, such a network's links are not recognised."""


def deep_link(terms: Terms, target_url: str) -> DeepLink:
    if not terms.template:
        raise CannotBuild(KEY, "the programme has no template; give it one with {encoded_url} in it.")
    check_template(terms.template, terms.network)
    values = {
        "{publisher_id}": encode(terms.publisher_ref),
        "{advertiser_id}": encode(terms.advertiser_ref),
        "{encoded_url}": encode(target_url),
        "{url}": in_ascii(target_url),
    }
    before, slot, after = (
        _PLACEHOLDER.sub(lambda found: values.get(found.group(), found.group()), part)
        for part in terms.template.partition("{sub_id}")
    )
    return DeepLink(before, after, has_slot=bool(slot))
