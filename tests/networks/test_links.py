"""Links found in the wild come apart exactly, as they were taken apart by hand."""

import pytest

from affiliate.networks.inspect import inspect
from tests.networks.facts import misread, real_links


@pytest.mark.parametrize("fact", real_links(), ids=lambda fact: f"{fact['network']}-{fact['url'][8:70]}")
def test_a_link_found_in_the_wild_is_taken_apart_exactly(fact: dict[str, str]) -> None:
    assert misread(fact) == {}


@pytest.mark.parametrize(
    ("url", "network"),
    [
        ("https://tidd.ly/3xYzAbC", "awin"),
        ("https://amzn.to/3AbCdEf", "amazon"),
        ("https://meetava.sjv.io/mOWbJZ", "impact"),
    ],
)
def test_a_short_link_is_recognised_with_nothing_inside(url: str, network: str) -> None:
    told = inspect(url).as_json()
    assert (told["network"], told["publisher_id"], told["target_url"], told["wrapped"]) == (network, None, None, True)
    assert told["monetised"] == "unknown"


def test_awclick_has_its_publisher_in_id_and_pclick_keeps_p_as_a_product() -> None:
    # https://success.awin.com/articles/en_US/Knowledge/What-does-an-affiliate-link-look-like
    text_link = inspect("http://www.awin1.com/awclick.php?gid=1&mid=22&awinaffid=33&linkid=44").as_json()
    assert (text_link["publisher_id"], text_link["advertiser_id"], text_link["target_url"]) == ("33", "22", None)
    banner = inspect("http://www.awin1.com/cread.php?s=5&v=22&q=6&r=33").as_json()
    assert (banner["publisher_id"], banner["advertiser_id"], banner["target_url"]) == ("33", "22", None)
    product = inspect("http://www.awin1.com/pclick.php?p=https%3A%2F%2Fx.example&a=33&m=22").as_json()
    assert product["target_url"] is None


def test_a_target_in_clear_with_its_own_question_mark_reaches_to_the_end() -> None:
    told = inspect("https://shop.pxf.io/c/1/2/3?subId1=a&u=https://shop.example/p?x=1&subId2=b#part").as_json()
    assert told["target_url"] == "https://shop.example/p?x=1&subId2=b#part"
    assert told["sub_ids"] == {"subId1": "a"}


def test_a_target_in_clear_without_a_question_mark_ends_at_the_next_parameter() -> None:
    told = inspect("https://click.linksynergy.com/deeplink?id=i&mid=1&murl=https://shop.example/p&u1=z").as_json()
    assert (told["target_url"], told["sub_ids"]) == ("https://shop.example/p", {"u1": "z"})


def test_impact_is_known_by_its_path_on_any_host() -> None:
    told = inspect("https://go.shop.example/c/10/20/30?URL=https%3A%2F%2Fshop.example%2F").as_json()
    assert (told["network"], told["publisher_id"], told["advertiser_id"]) == ("impact", "10", "30")
    assert told["target_url"] == "https://shop.example/"
    assert inspect("https://shop.example/c/10/20/30/shoes").network is None
    assert inspect("https://paper.example/c/2024/11/22").network is None  # an archive's day
    assert inspect("https://shop.example/c/10/20").network is None


def test_a_host_that_only_ends_like_a_networks_host_is_none() -> None:
    assert inspect("https://notawin1.com/cread.php?awinmid=1&awinaffid=2").network is None
    assert inspect("https://awin1.com.shop.example/cread.php?awinmid=1&awinaffid=2").network is None


def test_an_amazon_page_without_a_tag_pays_nobody() -> None:
    told = inspect("https://www.amazon.co.uk/dp/0201633612?ref=x").as_json()
    assert (told["network"], told["monetised"]) == (None, "no")
    assert told["target_url"] == "https://www.amazon.co.uk/dp/0201633612?ref=x"


def test_a_cj_hop_on_dotomi_is_read_like_the_links_form() -> None:
    told = inspect("https://cj.dotomi.com/links-t/7/type/dlg/sid/s%2F1/https://shop.example/a?b=c&d=e").as_json()
    assert (told["publisher_id"], told["sub_ids"], told["target_url"]) == (
        "7",
        {"sid": "s/1"},
        "https://shop.example/a?b=c&d=e",
    )
