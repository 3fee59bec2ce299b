"""A link is built of what links found in the wild have: no parameter of ours that no real link of that network shows."""

import pytest

from affiliate.networks.base import PROVEN, Network, Terms
from affiliate.networks.registry import deep_link, networks
from affiliate.urls import split_query
from tests.networks.facts import real_links
from tests.networks.test_round_trip import FORMS

_BUILT = [known for known in networks() if known.coverage.build == PROVEN and known.key in FORMS]


def _names(url: str) -> set[str]:
    query = split_query(url)[1] or ""
    return {pair.partition("=")[0].lower() for pair in query.split("&") if pair}


@pytest.mark.parametrize("known", _BUILT, ids=lambda known: known.key)
def test_every_parameter_of_a_built_link_stands_in_a_real_one(known: Network) -> None:
    form = FORMS[known.key]
    terms = Terms(known.key, form.publishers.format(7), form.advertisers.format(8), parameters=form.parameters)
    built = deep_link(terms, f"https://{form.host}/")
    ours = _names(built.with_sub_id("x" if known.coverage.sub_ids == PROVEN else ""))
    seen = set().union(
        *(_names(fact["url"].replace("&amp;", "&")) for fact in real_links() if fact["network"] == known.key)
    )
    assert ours - seen == set()
