from pathlib import Path

import pytest

import affiliate.networks
from affiliate.errors import NotFound
from affiliate.networks import plain
from affiliate.networks.registry import network, networks


def test_every_folder_is_a_network_and_known_by_its_key() -> None:
    folders = {file.parent.name for file in Path(affiliate.networks.__path__[0]).glob("*/__init__.py")}
    in_folders = set(networks()) - set(plain.NETWORKS)
    assert {known.key.replace("-", "_") for known in in_folders} == folders


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
