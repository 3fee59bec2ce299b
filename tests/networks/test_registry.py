from pathlib import Path

import pytest

import affiliate.networks
from affiliate.errors import CannotBuild, NotFound
from affiliate.networks import plain
from affiliate.networks.base import Terms
from affiliate.networks.registry import deep_link, network, networks


def test_every_folder_is_a_network_and_known_by_its_key() -> None:
    folders = {file.parent.name for file in Path(affiliate.networks.__path__[0]).glob("*/__init__.py")}
    folders -= {"reading", "asking"}
    in_folders = {known.key for known in networks()} - {known.key for known in plain.NETWORKS}
    assert {key.replace("-", "_") for key in in_folders} == folders


def test_no_two_networks_share_a_key_or_a_host() -> None:
    keys = [known.key for known in networks()]
    hosts = [host for known in networks() for host in known.hosts]
    assert len(set(keys)) == len(keys)
    assert len(set(hosts)) == len(hosts)


def test_generic_is_the_template_networks_other_name() -> None:
    assert network("generic") is network("template")


def test_an_unknown_network_is_told_with_the_known_ones() -> None:
    with pytest.raises(
        NotFound, match=r"no network nowhere\. Known are awin, amazon, cj, .*template, .*levanta; any other"
    ):
        network("nowhere")


@pytest.mark.parametrize("key", [known.key for known in networks()])
def test_a_programmes_own_template_builds_whatever_its_network(key: str) -> None:
    terms = Terms(
        key, "12", "34", "https://click.example/t?p={publisher_id}&a={advertiser_id}&s={sub_id}&u={encoded_url}"
    )
    built = deep_link(terms, "https://shop.example/?a=b")
    assert built.with_sub_id("tok") == (
        "https://click.example/t?p=12&a=34&s=tok&u=https%3A%2F%2Fshop.example%2F%3Fa%3Db"
    )


@pytest.mark.parametrize("key", [known.key for known in networks() if known.coverage.build is None])
def test_a_network_whose_links_are_not_built_names_the_way_out_in_words(key: str) -> None:
    with pytest.raises(CannotBuild, match=r"give the programme a template|the network it went to"):
        deep_link(Terms(key, "12", "34"), "https://shop.example/")


def test_a_wrong_template_names_the_programmes_network() -> None:
    with pytest.raises(
        CannotBuild, match="No deep link can be built for levanta: the template must have the target once"
    ):
        deep_link(Terms("levanta", "1", "2", "https://click.example/"), "https://shop.example/")
