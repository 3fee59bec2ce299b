"""Building and taking apart are inverse, for every network that builds, whatever account, programme, sub-id and target."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from affiliate.networks.amazon.links import without_own_parameters
from affiliate.networks.base import DeepLink, Layer, Terms
from affiliate.networks.carried import behind_host, in_ascii
from affiliate.networks.inspect import inspect
from affiliate.networks.registry import deep_link, networks
from affiliate.urls import encode

_SHOP = "www.shop.example"


def _verbatim(target: str) -> str | None:
    return target


@dataclass(frozen=True)
class Form:
    """How a network's built links are read back: what its ids look like around a number, what the programme must tell, what is
    read as publisher and advertiser where it is not just the account's and the programme's id, how the target comes back."""

    publishers: str = "{0}"
    advertisers: str = "{0}"
    parameters: Mapping[str, str] = field(default_factory=dict)
    publisher: str | None = "{publisher}"
    advertiser: str | None = "{advertiser}"
    target: Callable[[str], str | None] = _verbatim
    host: str = _SHOP


FORMS = {
    "awin": Form(),
    "amazon": Form(
        "title{0}-21",
        "amazon.co.uk",
        advertiser=None,
        target=lambda url: in_ascii(without_own_parameters(url)),
        host="www.amazon.co.uk",
    ),
    "cj": Form(advertiser=None, target=in_ascii),
    "rakuten": Form("w9s/{0}*M"),
    "impact": Form(parameters={"host": "shop.pxf.io", "ad_id": "1450865"}),
    "partnerize": Form(parameters={"camref": "1101ljvYv"}, publisher="camref:1101ljvYv", advertiser=None),
    "skimlinks": Form("114047X{0}", advertiser=None),
    "ebay": Form(
        "53{0:08}",
        "711-{0}-19255-0",
        target=in_ascii,
        host="www.ebay.co.uk",
    ),
    "sovrn": Form("{0:032x}", advertiser=None),
    "tradedoubler": Form(),
    "webgains": Form(),
    "tradetracker": Form(parameters={"target_host": _SHOP}, target=behind_host),
    "admitad": Form(parameters={"gotolink": "05dgete24s54"}, publisher="gotolink:05dgete24s54", advertiser=None),
    "flexoffers": Form(parameters={"foid": "1.42748"}),
    "pepperjam": Form(parameters={"code": "1-1539-47154-1539"}, publisher="t/1-1539-47154-1539", advertiser=None),
    "avantlink": Form(),
    "adtraction": Form(),
    "daisycon": Form(
        parameters={"link": "84664", "target_host": _SHOP},
        target=lambda url: behind_host(url).removeprefix("/") or None,
    ),
    "commission-factory": Form(),
    "belboon": Form(parameters={"code": "0395c2"}, publisher="0395c2", advertiser=None, target=in_ascii),
    "kwanko": Form(parameters={"mclic": "P5120A956B28D21"}, publisher="mclic:P5120A956B28D21", advertiser=None),
    "targetcircle": Form("x{0}", parameters={"a": "yqzct5"}, advertiser=None),
    "digidip": Form(advertiser=None),
    "howl": Form("x{0}", advertiser=None),
    "effiliation": Form(parameters={"id_compteur": "232472"}, publisher="compteur:232472", advertiser=None),
    "affiliate-future": Form(parameters={"programme_id": "6574"}),
    "optimise": Form(),
    "affilae": Form(advertisers="{0:024x}"),
    "timeone": Form(),
    "adcell": Form(parameters={"promo_id": "163097", "slot_id": "43024"}, publisher=None, advertiser=None),
    "adrecord": Form(),
    "affiliategateway": Form(parameters={"programme_id": "731", "site_id": "2774", "creative_id": "2040"}),
}
RAW_TAILS = ("cj", "belboon")  # the target stands in clear at the end: what followed it would go to the advertiser
EMPTY_SUB_ID_SEEN = ("awin", "impact", "ebay", "tradetracker")  # real links have the parameter with no value

# What breaks links: escapes of any depth, characters with a meaning for some network, other networks' links, macros.
_PIECES = (
    *"abz09-._~;,:@!$'()*+{}[]|^=/&",
    *("%5B", "%2520", "%zz", "%", "+", "{macro}", "é", "日本", "%E9", "[[x]]", "/ref=sr_1", "&tag=x-21", "a=b", "&c=d"),
    "&u=http%3A%2F%2Fx.example%2F%3Fa%3D1&b=2",
    "&url=https://www.awin1.com/cread.php?awinmid=1&awinaffid=2&ued=https%3A%2F%2Fx.example%2F",
    "/destination:https://y.example/",
    "/c/1/2/3?u=https%3A%2F%2Fz.example",
)
_TEXTS = st.lists(st.sampled_from(_PIECES), max_size=6).map("".join)
_BEHIND_HOST = st.builds(
    lambda path, query, fragment: f"/{path.replace('?', '')}" + (f"?{query}" if query else "") + fragment,
    _TEXTS,
    _TEXTS,
    st.sampled_from(["", "#top", "#a=b&c", "#/x?y=z"]),
)
_IDS = st.integers(100, 99_999_999)
_TOKENS = st.integers(0, 10**29 - 1).map(lambda number: f"a{number:029d}"[:30])
_SUB_IDS = st.one_of(_TOKENS, st.sampled_from(["x" * 30, "a/b&u=x ü", "#", "50%", "%41", "a+b", "a|b:c=d", "-", "?"]))


def _built(key: str, publisher: str, advertiser: str, target: str) -> DeepLink:
    return deep_link(Terms(key, publisher, advertiser, parameters=FORMS[key].parameters), target)


def _read(link: str) -> Layer:
    layers = inspect(link).layers
    assert layers, f"nobody knows {link}"
    return layers[0]


def test_the_forms_are_those_of_all_networks_that_build() -> None:
    building = {known.key for known in networks() if known.coverage.build and known.key != "template"}
    assert set(FORMS) == building


@pytest.mark.parametrize("key", FORMS)
@settings(max_examples=50)
@given(ids=st.tuples(_IDS, _IDS), behind=_BEHIND_HOST, sub_id=_SUB_IDS)
def test_what_was_built_is_taken_apart_into_the_same_parts(
    key: str, ids: tuple[int, int], behind: str, sub_id: str
) -> None:
    form = FORMS[key]
    publisher, advertiser = form.publishers.format(ids[0]), form.advertisers.format(ids[1])
    target = f"https://{form.host}{behind}"
    built = _built(key, publisher, advertiser, target)
    link = built.with_sub_id(sub_id)
    layer = _read(link)
    told = {"publisher": publisher, "advertiser": advertiser}
    assert link.isascii()
    assert layer.network == key
    assert layer.publisher_id == (form.publisher and form.publisher.format(**told))
    assert layer.advertiser_id == (form.advertiser and form.advertiser.format(**told))
    assert list(layer.sub_ids.values()) == ([sub_id] if built.has_slot else [])
    assert layer.target == form.target(target)
    if key in RAW_TAILS:
        assert link.endswith(in_ascii(target))
    if built.refusal:
        refused = _read(f"{built.before}{encode(sub_id)}{built.refusal}{built.after}")
        assert refused.target == layer.target


@pytest.mark.parametrize("key", FORMS)
@settings(max_examples=15)
@given(behind=_BEHIND_HOST)
@example(behind="/p?redirect=https%3A%2F%2Fother.example%2F%3Fq%3D%255B&x=a+b;c#top")
def test_a_link_without_a_sub_id_is_still_a_link(key: str, behind: str) -> None:
    form = FORMS[key]
    target = f"https://{form.host}{behind}"
    link = _built(key, "123", form.advertisers.format(456), target).with_sub_id("")
    layer = _read(link)
    assert (layer.network, layer.sub_ids, layer.target) == (key, {}, form.target(target))


@pytest.mark.parametrize("key", FORMS)
def test_no_sub_id_leaves_no_empty_parameter_where_none_was_seen(key: str) -> None:
    built = _built(key, "123", FORMS[key].advertisers.format(456), f"https://{FORMS[key].host}/p")
    keeps_the_parameter = built.has_slot and built.with_sub_id("").startswith(built.before)
    assert keeps_the_parameter == (key in EMPTY_SUB_ID_SEEN)


@pytest.mark.parametrize("key", FORMS)
def test_thirty_characters_fit_every_documented_limit(key: str) -> None:
    built = _built(key, "123", FORMS[key].advertisers.format(456), f"https://{FORMS[key].host}/p")
    assert built.longest is None or built.longest >= 30


_WRAPPING = [key for key, form in FORMS.items() if form.host == _SHOP]


@settings(max_examples=100)
@given(outer=st.sampled_from(_WRAPPING), inner=st.sampled_from(_WRAPPING), sub_id=_TOKENS)
def test_a_link_within_a_link_keeps_its_layers_in_order(outer: str, inner: str, sub_id: str) -> None:
    assume("target_host" not in FORMS[outer].parameters)  # these lead to one shop alone
    within = _built(inner, "123", "456", f"https://{_SHOP}/p?a=b").with_sub_id("theirs")
    told = inspect(_built(outer, "789", "1011", within).with_sub_id(sub_id))
    assert [layer.network for layer in told.layers] == [outer, inner]
    assert told.layers[0].target == within
    assert told.target_url == FORMS[inner].target(f"https://{_SHOP}/p?a=b")
