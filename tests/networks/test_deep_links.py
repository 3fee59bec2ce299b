"""Building and taking apart are inverse, whatever the target looks like."""

import string
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affiliate.errors import CannotBuild
from affiliate.networks.amazon.links import without_own_parameters
from affiliate.networks.base import DIRECT, REDIRECT, Terms
from affiliate.networks.carried import in_ascii
from affiliate.networks.inspect import inspect
from affiliate.networks.registry import network, networks
from affiliate.networks.template import check_template
from affiliate.urls import encode

TARGET = "https://shop.example/a/b?c=d&e=%5Bf%5D#g"
TERMS = {
    "awin": Terms("awin", "2757918", "14797"),
    "cj": Terms("cj", "6415797", "advertiser-is-not-in-the-link"),
    "impact": Terms("impact", "10451", "17220", parameters={"host": "shop.pxf.io", "ad_id": "1450865"}),
    "rakuten": Terms("rakuten", "w9s/SuZO5*M", "42893"),
}

_PIECES = st.one_of(
    st.text(alphabet=string.ascii_letters + string.digits + "-._~;,:@!$'()*+{}[]|^=/?&", max_size=8),
    st.sampled_from(
        ["%5B", "%2520", "%zz", "%", "+", "{macro}", "é", "日本", "%E9", "?u=http%3A%2F%2Fx.example%2F%3Fa%3D1&b=2"]
    ),
)
_TARGETS = st.builds(
    lambda scheme, path, query, fragment: f"{scheme}://shop.example/{path}" + (f"?{query}" if query else "") + fragment,
    st.sampled_from(["https", "http"]),
    st.lists(_PIECES, max_size=4).map("".join).map(lambda path: path.replace("?", "")),
    st.lists(_PIECES, max_size=6).map("".join),
    st.one_of(st.just(""), st.text(alphabet=string.ascii_letters + "=/?&", max_size=6).map("#{}".format)),
)


@given(target=_TARGETS)
def test_cj_with_an_ad_id_carries_the_target_encoded(target: str) -> None:
    link = network("cj").deep_link(Terms("cj", "1", "2", parameters={"ad_id": "9"}), target).with_sub_id("a1")
    layer = network("cj").take_apart(link)
    assert layer is not None
    assert (layer.publisher_id, layer.advertiser_id, layer.sub_ids, layer.target) == (
        "1",
        "aid:9",
        {"sid": "a1"},
        target,
    )


@given(target=_TARGETS)
def test_an_amazon_page_keeps_all_but_foreign_tags(target: str) -> None:
    page = target.replace("shop.example", "www.amazon.co.uk")
    link = network("amazon").deep_link(Terms("amazon", "site-21", "amazon.co.uk"), page).with_sub_id("a1")
    layer = network("amazon").take_apart(link)
    assert layer is not None
    assert (layer.publisher_id, layer.sub_ids, layer.wrapped) == ("site-21", {"ascsubtag": "a1"}, False)
    assert layer.target == in_ascii(without_own_parameters(page))


@given(target=_TARGETS)
def test_a_template_puts_the_target_in_once_encoded(target: str) -> None:
    template = "https://click.example/t?p={publisher_id}&a={advertiser_id}&s={sub_id}&u={encoded_url}"
    built = network("template").deep_link(Terms("template", "p 1", "a/2", template), target)
    assert built.with_sub_id("tok") == f"https://click.example/t?p=p%201&a=a%2F2&s=tok&u={encode(target)}"


def test_each_network_builds_its_documented_form() -> None:
    def built(key: str, target: str, terms: Terms | None = None) -> str:
        return network(key).deep_link(terms or TERMS[key], target).with_sub_id("tok")

    # https://success.awin.com, https://docs.fmtc.co/kb/rakuten, impact's partner API v16, links in public code
    encoded = "https%3A%2F%2Fshop.example%2F"
    shop = "https://shop.example/"
    assert built("awin", shop) == (
        f"https://www.awin1.com/cread.php?awinmid=14797&awinaffid=2757918&clickref=tok&ued={encoded}"
    )
    assert built("rakuten", shop) == (
        f"https://click.linksynergy.com/deeplink?id=w9s%2FSuZO5%2AM&mid=42893&u1=tok&murl={encoded}"
    )
    assert built("impact", shop) == f"https://shop.pxf.io/c/10451/1450865/17220?subId1=tok&u={encoded}"
    assert built("cj", shop) == "https://www.anrdoezrs.net/links/6415797/type/dlg/sid/tok/https://shop.example/"
    assert (
        built("amazon", "https://www.amazon.co.uk/dp/B0?th=1#reviews", Terms("amazon", "site-21", "amazon.co.uk"))
        == "https://www.amazon.co.uk/dp/B0?th=1&tag=site-21&ascsubtag=tok#reviews"
    )


@given(target=_TARGETS)
def test_awin_is_told_of_a_refusal_once_whatever_the_target_carries(target: str) -> None:
    built = network("awin").deep_link(TERMS["awin"], target + "&cons=1&cons=0")
    link = f"{built.before}tok{built.refusal}{built.after}"
    assert parse_qs(link.partition("?")[2])["cons"] == ["0"]
    layer = network("awin").take_apart(link)
    assert layer is not None
    assert (layer.sub_ids, layer.target) == ({"clickref": "tok"}, target + "&cons=1&cons=0")
    assert "#" not in link


def test_no_other_network_is_known_to_take_a_refusal() -> None:
    refusals = {key: network(key).deep_link(terms, TARGET).refusal for key, terms in TERMS.items()}
    assert refusals == {"awin": "&cons=0", "cj": "", "impact": "", "rakuten": ""}


def test_limits_and_modes_are_the_documented_ones() -> None:
    longest = {key: network(key).deep_link(terms, TARGET).longest for key, terms in TERMS.items()}
    assert longest == {"awin": 50, "cj": None, "impact": 255, "rakuten": 72}
    modes = {known.key: known.default_mode for known in networks()}
    assert modes.pop("amazon") == DIRECT
    assert set(modes.values()) == {REDIRECT}


def test_a_foreign_amazon_tag_is_replaced() -> None:
    page = "https://www.amazon.de/dp/B0?tag=georiot-de-21&ascsubtag=theirs&linkCode=ll1&psc=1"
    built = network("amazon").deep_link(Terms("amazon", "ours-21", "amazon.de"), page)
    assert built.with_sub_id("a1") == "https://www.amazon.de/dp/B0?psc=1&tag=ours-21&ascsubtag=a1"


def test_an_amazon_tag_is_refused_on_another_marketplace_and_elsewhere() -> None:
    terms = Terms("amazon", "ours-21", "amazon.co.uk")
    with pytest.raises(CannotBuild, match=r"ours-21 is for amazon\.co\.uk, but the page is on amazon\.de"):
        network("amazon").deep_link(terms, "https://www.amazon.de/dp/B0")
    with pytest.raises(CannotBuild, match=r"shop\.example is no Amazon shop"):
        network("amazon").deep_link(terms, TARGET)


@pytest.mark.parametrize("missing", ["host", "ad_id"])
def test_impact_says_which_parameter_of_the_programme_is_missing(missing: str) -> None:
    parameters = {name: value for name, value in TERMS["impact"].parameters.items() if name != missing}
    with pytest.raises(CannotBuild, match=f"parameter {missing} is missing"):
        network("impact").deep_link(Terms("impact", "1", "2", parameters=parameters), TARGET)


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("https://click.example/?to={encodedurl}", "the template has {encodedurl}; known are"),
        ("https://click.example/?s={sub_id}", "must have the target once"),
        ("https://click.example/?a={url}&s={sub_id}", "{url} must be the end"),
        ("https://click.example/?a={sub_id}&b={sub_id}&u={encoded_url}", "{sub_id} more than once"),
        ("click.example/?u={encoded_url}", "is no web address"),
        ("javascript:x?u={encoded_url}", "is no web address"),
    ],
)
def test_a_wrong_template_is_refused_in_words(template: str, words: str) -> None:
    with pytest.raises(CannotBuild) as refusal:
        check_template(template)
    assert words in str(refusal.value)


def test_a_programme_without_a_template_is_refused() -> None:
    with pytest.raises(CannotBuild, match="has no template"):
        network("template").deep_link(Terms("template", "1", "2"), TARGET)


def test_a_template_without_a_slot_carries_no_sub_id() -> None:
    built = network("template").deep_link(Terms("template", "1", "2", "https://c.example/{url}"), TARGET)
    assert built.has_slot is False
    assert built.with_sub_id("tok") == f"https://c.example/{TARGET}"


def test_a_target_that_looks_like_a_placeholder_stays_a_target() -> None:
    template = "https://c.example/?s={sub_id}&u={url}"
    built = network("template").deep_link(Terms("template", "1", "2", template), "https://shop.example/{sub_id}{url}")
    assert built.with_sub_id("tok") == "https://c.example/?s=tok&u=https://shop.example/{sub_id}{url}"


def test_an_international_host_goes_into_a_raw_tail_in_ascii() -> None:
    link = network("cj").deep_link(TERMS["cj"], "https://müller.example/größe").with_sub_id("a1")
    assert link.endswith("/https://xn--mller-kva.example/gr%C3%B6%C3%9Fe")
    assert inspect(link).target_url == "https://xn--mller-kva.example/gr%C3%B6%C3%9Fe"


def test_a_link_without_a_sub_id_has_no_empty_place_before_a_raw_tail() -> None:
    assert network("cj").deep_link(TERMS["cj"], TARGET).with_sub_id("") == (
        f"https://www.anrdoezrs.net/links/6415797/type/dlg/{TARGET}"
    )


@pytest.mark.parametrize("key", ["tradetracker", "daisycon"])
def test_a_page_of_another_host_is_refused_where_a_link_names_no_host(key: str) -> None:
    build = network(key).deep_link
    terms = Terms(key, "1", "2", parameters={"target_host": "shop.example", "link": "3"})
    assert "a%2Fb" in build(terms, "https://www.shop.example/a/b").with_sub_id("x")
    with pytest.raises(
        CannotBuild, match=r"its links lead to shop\.example alone, and the page is on outlet\.shop\.example"
    ):
        build(terms, "https://outlet.shop.example/a/b")
    with pytest.raises(CannotBuild, match="parameter target_host is missing"):
        build(Terms(key, "1", "2", parameters={"link": "3"}), TARGET)


@pytest.mark.parametrize(
    ("key", "parameter"),
    [
        ("partnerize", "camref"),
        ("admitad", "gotolink"),
        ("flexoffers", "foid"),
        ("pepperjam", "code"),
        ("daisycon", "link"),
    ],
)
def test_a_network_with_codes_says_which_one_the_programme_lacks(key: str, parameter: str) -> None:
    with pytest.raises(CannotBuild, match=f"the programme's parameter {parameter} is missing"):
        network(key).deep_link(Terms(key, "1", "2"), TARGET)
