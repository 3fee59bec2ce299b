import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affiliate.errors import InvalidUrl
from affiliate.networks.carried import decode_once
from affiliate.networks.inspect import inspect
from affiliate.urls import encode

SHOP = "https://shop.example/a?b=%5B1%5D"


def test_a_merchant_url_is_its_own_target_and_pays_nobody() -> None:
    assert inspect(SHOP).as_json() == {
        "url": SHOP,
        "network": None,
        "publisher_id": None,
        "advertiser_id": None,
        "sub_ids": {},
        "target_url": SHOP,
        "wrapped": False,
        "monetised": "no",
        "layers": [],
    }


def test_the_outermost_network_earns_and_the_innermost_names_the_target() -> None:
    cj = f"https://www.anrdoezrs.net/links/77/type/dlg/sid/theirs/{SHOP}"
    url = f"https://www.awin1.com/cread.php?awinmid=1&awinaffid=2&clickref=ours&ued={encode(cj)}"
    told = inspect(url, is_ours=lambda network, publisher: (network, publisher) == ("awin", "2")).as_json()
    assert (told["network"], told["publisher_id"], told["sub_ids"]) == ("awin", "2", {"clickref": "ours"})
    assert told["target_url"] == SHOP
    assert told["monetised"] == "ours"
    assert [layer["network"] for layer in told["layers"]] == ["awin", "cj"]
    assert told["layers"][0]["target_url"] == cj


@pytest.mark.parametrize(("answer", "told"), [(True, "ours"), (False, "other"), (None, "unknown")])
def test_the_owner_of_the_publisher_id_decides_for_whom_a_link_earns(answer: bool | None, told: str) -> None:
    url = "https://www.awin1.com/cread.php?awinmid=1&awinaffid=2"
    assert inspect(url, is_ours=lambda *_: answer).monetised == told


def test_a_tag_on_the_shops_own_page_is_not_wrapped() -> None:
    told = inspect("https://www.amazon.com/dp/B0?tag=us-20&linkCode=ogi&th=1&psc=1&ascsubtag=a1").as_json()
    assert told["wrapped"] is False
    assert told["target_url"] == "https://www.amazon.com/dp/B0?th=1&psc=1"
    assert told["advertiser_id"] is None


def test_a_link_inside_itself_comes_to_an_end() -> None:
    url = SHOP
    for _ in range(6):
        url = f"https://www.ojrq.net/p/?return={encode(url)}"
    assert len(inspect(url).layers) == 6
    assert inspect(url).target_url == SHOP


def _note(url: str) -> str:
    return inspect(url).layers[0].note or ""


@pytest.mark.parametrize(
    ("sub_id", "macro"),
    [
        ("[tracking_ref]", "[tracking_ref]"),
        ("[artid", "[artid"),
        ("{click_id}", "{click_id}"),
        ("${SUBID}", "${SUBID}"),
        ("%25%25CLICK%25%25", "%%CLICK%%"),
        ("zd-__COM_CLICK_ID__-dtp", "__COM_CLICK_ID__"),
        ("ADD_CLICKREF_HERE", "ADD_CLICKREF_HERE"),
        ("%23SUB_ID%23", "#SUB_ID#"),
        ("YOURUSERID", "YOURUSERID"),
    ],
)
def test_a_macro_that_nobody_filled_in_is_named_and_stays(sub_id: str, macro: str) -> None:
    told = inspect(f"https://www.awin1.com/cread.php?awinmid=1&awinaffid=2&clickref={sub_id}")
    assert _note(told.url) == f"left in unfilled: {macro}"
    assert list(told.layers[0].sub_ids.values()) == [decode_once(sub_id)]


def test_a_macro_where_an_id_should_be_is_told_as_it_stands() -> None:
    told = inspect("https://track.adtraction.com/t/t?a=1&as={channel}&t=2&tk=1").as_json()
    assert (told["network"], told["publisher_id"], told["advertiser_id"]) == ("adtraction", "{channel}", "1")
    assert _note(told["url"]) == "left in unfilled: {channel}"


@pytest.mark.parametrize("sub_id", ["a_b__c", "us|1|x", "a0000000001y", "2024-01-01 10:00", "LCID_a1__LCID_b2"])
def test_an_ordinary_sub_id_is_no_macro(sub_id: str) -> None:
    assert _note(f"https://www.awin1.com/cread.php?awinmid=1&awinaffid=2&clickref={encode(sub_id)}") == ""


def test_a_macro_in_a_target_that_is_an_address_is_left_to_the_shop() -> None:
    assert _note("https://clk.tradedoubler.com/click?p(1)a(2)url(https://shop.example/?x=[td_guid])") == ""
    assert _note("https://www.awin1.com/cread.php?awinmid=1&awinaffid=2&ued={URL}") == "left in unfilled: {URL}"


def test_a_closed_network_is_named_and_its_target_saved() -> None:
    told = inspect("https://shareasale.com/r.cfm?b=1&u=2&m=3&urllink=https%3A%2F%2Fshop.example%2F&afftrack=[x]")
    assert told.target_url == "https://shop.example/"
    assert _note(told.url) == (
        "ShareASale is closed; its programmes moved to Awin under new advertiser ids; left in unfilled: [x]"
    )


@pytest.mark.parametrize(
    ("tag", "whose"), [("georiot-us-20", "Geniuslink"), ("amz-mkt-chr-us-20", "extension"), ("mozilla-20", "Mozilla")]
)
def test_a_foreign_tag_is_told_by_its_owner(tag: str, whose: str) -> None:
    assert whose in _note(f"https://www.amazon.com/dp/B0?tag={tag}")
    assert _note("https://www.amazon.com/dp/B0?tag=ours-20") == ""


def test_an_ebay_link_that_does_not_count_or_is_somebody_elses_is_told() -> None:
    page = "https://www.ebay.co.uk/itm/1?campid=5338999485&customid="
    assert _note(f"{page}a") == "without mkevt=1 eBay counts no click"
    assert _note(f"{page}129857X1500501X&mkevt=1") == "the sub-id looks like one of Skimlinks'"
    assert _note(f"{page}a&mkevt=1") == ""


@pytest.mark.parametrize("ampersand", ["&amp;", "&#038;", "&#38;", "&#x26;", "&amp;amp;"])
def test_an_address_as_html_writes_it_is_read_as_it_was_meant(ampersand: str) -> None:
    url = f"https://www.awin1.com/cread.php?awinmid=1{ampersand}awinaffid=2{ampersand}p=https://s.example/?a=1{ampersand}b=2"
    told = inspect(url).as_json()
    assert (told["url"], told["publisher_id"], told["target_url"]) == (url, "2", "https://s.example/?a=1&b=2")
    assert told["layers"][0]["note"] == "it stands here as HTML writes it, with &amp; for &"
    page = inspect(f"https://www.amazon.com/dp/B0?tag=x-20{ampersand}th=1").as_json()
    assert page["target_url"] == "https://www.amazon.com/dp/B0?th=1"


@pytest.mark.parametrize(
    "url",
    [
        "https://www.shareasale.com/",
        "https://www.shareasale.com/info/",
        "https://www.tradedoubler.com/en/publishers/",
        "https://www.avantlink.com/affiliates/",
        "https://prf.hn/",
        "https://www.awin1.com",
        "https://www.linksynergy.com/help",
        "https://shop.example/?id=12X34",
        "https://shop.example/products?id=12X34&url=https%3A%2F%2Fshop.example",
        "https://shop.example/t/t?a=1",
        "https://shop.example/c/?si=1&wi=2",
        "https://shop.example/g/abc/?ulp=https%3A%2F%2Fshop.example",
        "https://shop.example/link?id=1&mid=2",
        "https://shop.example/click-1-2",
        "https://shop.example/click/me",
        "https://shop.example/?tt=sale_2_3",
        "https://shop.example/AbCdEf?u=https%3A%2F%2Fshop.example",
        "https://amazon.example/dp/B0?tag=x-20",
        "https://www.amazon.com/dp/B0/ref=nosim",
        "https://ebay.example/itm/1?campid=1&mkevt=1",
        "https://www.ebay.com/itm/1?mkcid=16&mkevt=1&ssspo=x",
    ],
)
def test_a_page_that_only_looks_like_a_link_of_a_network_is_none(url: str) -> None:
    assert inspect(url).as_json() | {"layers": []} == inspect("https://shop.example/").as_json() | {
        "url": url,
        "target_url": url,
    }


@pytest.mark.parametrize(
    ("url", "network", "publisher", "advertiser", "target"),
    [
        (
            "https://go.brand.example/click/camref:1101l/pubref:x/destination:https://s.example/",
            "partnerize",
            "camref:1101l",
            None,
            "https://s.example/",
        ),
        (
            "http://affiliate.shop.example/deeplink?id=JVFxdTr9V80&mid=39197&murl=https%3A%2F%2Fs.example%2F",
            "rakuten",
            "JVFxdTr9V80",
            "39197",
            "https://s.example/",
        ),
        (
            "https://www.unlisted.example/click-8270047-13427942?url=https%3A%2F%2Fs.example%2F",
            "cj",
            "8270047",
            "aid:13427942",
            "https://s.example/",
        ),
        (
            "https://unlisted.example/AbCdEf?subId1=x&u=https%3A%2F%2Fs.example%2F",
            "impact",
            None,
            None,
            "https://s.example/",
        ),
        (
            "https://track.shop.example/goto/05dgete24s54a912f9f1b3e3b7aadc/?ulp=https%3A%2F%2Fs.example%2F",
            "admitad",
            "gotolink:05dgete24s54a912f9f1b3e3b7aadc",
            None,
            "https://s.example/",
        ),
        (
            "https://www.anrdoezrs.net/gh122ax0pvtIMNJRQKPIKJLQPQNO?url=https%3A%2F%2Fs.example%2F",
            "cj",
            None,
            None,
            "https://s.example/",
        ),
        (
            "https://clk.tradedoubler.com/click?p(1)a(2)g(0)&epi=x&url=https%3A%2F%2Fs.example%2F",
            "tradedoubler",
            "2",
            "1",
            "https://s.example/",
        ),
        (
            "http://clk.tradedoubler.com/click?p(1)a(2)url(https://s.example/a_(b)?c=d)epi(x)",
            "tradedoubler",
            "2",
            "1",
            "https://s.example/a_(b)?c=d",
        ),
        (
            "https://www.amazon.com/exec/obidos/ASIN/0596006624/javaranch-20",
            "amazon",
            "javaranch-20",
            None,
            "https://www.amazon.com/exec/obidos/ASIN/0596006624",
        ),
        (
            "https://www.awin1.com:443//CREAD.PHP/?AWINMID=1&%61winaffid=2&UED=https%253A%252F%252Fs.example%252F",
            "awin",
            "2",
            "1",
            "https://s.example/",
        ),
    ],
)
def test_links_in_odd_dress_are_read_all_the_same(
    url: str, network: str, publisher: str | None, advertiser: str | None, target: str
) -> None:
    told = inspect(url).as_json()
    assert (told["network"], told["publisher_id"], told["advertiser_id"]) == (network, publisher, advertiser)
    assert told["target_url"] == target


def test_a_second_reference_is_told_beside_the_sub_id() -> None:
    partnerize = inspect("https://prf.hn/click/camref:1/pubref:a/adref:b/destination:https://s.example/").layers[0]
    assert (partnerize.sub_ids, partnerize.note) == ({"pubref": "a"}, "with a further reference, adref: b")
    flexoffers = inspect("https://track.flexlinkspro.com/g.ashx?foid=1.2&trid=3.4&fobs=a&fobs2=b").layers[0]
    assert (flexoffers.sub_ids, flexoffers.note) == ({"fobs": "a"}, "with a further sub-id, fobs2: b")


def test_several_sub_ids_keep_their_names() -> None:
    told = inspect("http://goto.target.com/c/415484/81938/2092?sharedid=c&subId2=b&subid1=a&u=https%3A%2F%2Fs.example")
    assert told.layers[0].sub_ids == {"subid1": "a", "subId2": "b", "sharedid": "c"}


@pytest.mark.parametrize("url", ["javascript:alert(1)", "no address", "", "https://", "mailto:a@b.example"])
def test_what_is_no_web_address_is_refused(url: str) -> None:
    with pytest.raises(InvalidUrl):
        inspect(url)


@given(
    st.text(max_size=80), st.sampled_from(["", "https://", "https://www.amazon.com/", "//", "%68ttps://", "http://["])
)
def test_nothing_that_a_link_carries_breaks_the_taking_apart(inside: str, scheme: str) -> None:
    carried = encode((scheme + inside).encode("utf-8", "replace").decode())
    for url in (
        f"https://www.awin1.com/cread.php?awinmid=1&awinaffid=2&ued={carried}",
        f"https://www.ojrq.net/p/?return={carried}",
        f"https://www.anrdoezrs.net/links/1/type/dlg/{carried}",
        f"https://click.linksynergy.com/fs-bin/click?id={carried}&offerid={carried}&RD_PARM1={carried}",
        f"https://www.amazon.com/dp/B0?tag={carried}&ascsubtag={carried}",
    ):
        json.dumps(inspect(url).as_json()).encode()
