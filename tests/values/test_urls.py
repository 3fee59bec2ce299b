import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affiliate import urls
from affiliate.errors import InvalidUrl


@pytest.mark.parametrize(
    "text",
    [
        "https://Shop.Example/a?b=%5B1%5D&c=|&d=@;{macro}+x#frag",
        "http://shop.example:8080/",
        "https://münchen.example/ü?ä=ö",
        "https://[2001:db8::1]/x",
    ],
)
def test_a_web_address_is_kept_byte_for_byte(text: str) -> None:
    assert urls.parse_web_url(f"  {text}\n").text == text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("dress", "no web address"),
        ("javascript:alert(1)", "javascript: addresses"),
        ("data:text/html,x", "data: addresses"),
        ("ftp://shop.example/", "ftp: addresses"),
        ("//shop.example/x", "no web address"),
        ("https:/shop.example/x", "begin with https://"),
        ("https://localhost/x", "no public host"),
        ("https://me:pw@shop.example/", "user name or password"),
        ("https://shop.example/a b", "percent-encoded"),
        ("https://shop.example/a\nb", "percent-encoded"),
        ("https://shop.example/\x00", "percent-encoded"),
        ("https://shop.example/" + "a" * 8000, "longer than 8000"),
        ("https://", "no web address"),
    ],
)
def test_what_is_no_web_address_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(InvalidUrl, match=re.escape(reason)):
        urls.parse_web_url(text)


@given(st.text(max_size=60))
def test_any_text_is_judged_without_a_crash(text: str) -> None:
    try:
        parsed = urls.parse_web_url(text)
    except InvalidUrl:
        return
    assert parsed.text == text.strip()


def test_only_tracking_is_dropped() -> None:
    url = "https://shop.example/p?variant=3&utm_source=a&UTM_Medium=b&gclid=c&size=M&awc=1_2&q=utm_source#utm_x=1"
    assert urls.without_tracking(url) == "https://shop.example/p?variant=3&size=M&q=utm_source#utm_x=1"
    assert urls.without_tracking("https://shop.example/p?utm_source=a") == "https://shop.example/p"
    assert urls.without_tracking("https://shop.example/p?") == "https://shop.example/p"


def test_hosts_are_looked_up_from_the_most_specific_one() -> None:
    assert urls.host_and_parents("www.shop.brand.co.uk") == ["shop.brand.co.uk", "brand.co.uk"]
    assert urls.host_and_parents("brand.co.uk") == ["brand.co.uk"]


def test_what_browsers_make_of_an_address_is_its_identity_and_https_goes_for_http() -> None:
    same = (
        "https://shop.example/p/1?c=2",
        "http://shop.example/p/1?c=2",
        "HTTPS://SHOP.example:443/p/1?c=2",
        "http://shop.example:80/p/./x/../1?c=2",
    )
    assert {urls.identity(url) for url in same} == {"//shop.example/p/1?c=2"}
    assert urls.identity("https://shop.example") == urls.identity("http://shop.example/")
    assert urls.identity("https://münchen.example/ü") == urls.identity("https://xn--mnchen-3ya.example/%C3%BC")


PAGES = (
    "https://shop.example/p",
    "https://shop.example/p/",
    "https://www.shop.example/p",
    "https://shop.example/P",
    "https://shop.example/p?",
    "https://shop.example/p?a=1",
    "https://shop.example/p?a=1&b=2",
    "https://shop.example/p?b=2&a=1",
    "https://shop.example/p#reviews",
    "https://shop.example/p#",
    "https://shop.example/p#/product/1",
    "https://shop.example/p#/product/2",
    "https://shop.example/p#!/product/1",
    "https://shop.example/p?q=%c3%bc",
    "https://shop.example/p?q=%C3%BC",
    "https://shop.example:8443/p",
    "http://shop.example:8443/p",  # a port speaks one of both
    "https://shop.example./p",
)


def test_whatever_may_be_another_page_has_another_identity() -> None:
    assert len({urls.identity(url) for url in PAGES}) == len(PAGES)


@pytest.mark.parametrize(
    ("url", "alike"),
    [
        ("https://www.shop.example/p/1/?c=2&utm_source=x#reviews", True),
        ("http://shop.example/p/1?c=2", True),
        ("https://shop.example/p/1?c=3", False),
        ("https://shop.example/p/1?c=2#/product/2", False),
        ("https://shop.example:8443/p/1?c=2", False),
        ("https://m.shop.example/p/1?c=2", False),
    ],
)
def test_addresses_that_usually_lead_to_one_page_are_alike(url: str, alike: bool) -> None:
    assert (urls.likeness(url) == urls.likeness("https://shop.example/p/1?c=2")) is alike


def test_parameters_in_another_order_and_percent_encodings_in_another_case_are_alike() -> None:
    assert urls.likeness("https://shop.example/%c3?a=1&b=2") == urls.likeness("https://shop.example/%C3?b=2&a=1")


@given(st.text(max_size=60))
def test_any_text_has_an_identity_and_a_likeness(text: str) -> None:
    for url in (text, f"https://shop.example/{text}"):
        assert urls.identity(url) is not None
        assert urls.likeness(url) is not None


@pytest.mark.parametrize("text", ["Shop.Example", "https://www.shop.example/path", " shop.example "])
def test_a_host_may_be_typed_in_any_way(text: str) -> None:
    assert urls.normalise_host(text) == "shop.example"
