import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affiliate.errors import InvalidUrl
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
