"""What is called proven is backed by a test; the rest is called unverified, or nothing."""

from pathlib import Path

import pytest

from affiliate.networks.base import PROVEN, UNVERIFIED, Network
from affiliate.networks.coverage import PARTS, cells, coverage_of, covered
from affiliate.networks.registry import networks
from tests.networks.facts import misread, real_links
from tests.networks.test_round_trip import FORMS

_TESTS = Path(__file__).parent
_PAGE = (_TESTS.parents[1] / "docs" / "networks.md").read_text(encoding="utf-8")
_LINKS = real_links()


def _proven(part: str) -> list[Network]:
    return [known for known in networks() if getattr(known.coverage, part) == PROVEN]


def _of(known: Network) -> list[dict[str, str]]:
    return [fact for fact in _LINKS if fact["network"] == known.key]


@pytest.mark.parametrize("known", _proven("recognise"), ids=lambda known: known.key)
def test_links_proven_to_be_recognised_are_real_ones_read_exactly(known: Network) -> None:
    assert _of(known)
    assert [misread(fact) for fact in _of(known) if misread(fact)] == []


@pytest.mark.parametrize("known", _proven("sub_ids"), ids=lambda known: known.key)
def test_sub_ids_proven_to_work_stand_in_a_real_link(known: Network) -> None:
    assert known.key == "template" or any(fact["subid"] for fact in _of(known))


@pytest.mark.parametrize("known", _proven("build"), ids=lambda known: known.key)
def test_links_proven_to_be_built_are_taken_apart_again(known: Network) -> None:
    assert known.key == "template" or known.key in FORMS


@pytest.mark.parametrize("known", _proven("file"), ids=lambda known: known.key)
def test_files_proven_to_be_read_have_a_sample(known: Network) -> None:
    assert known.key == "template" or list((_TESTS / "samples").glob(f"{known.key}_*"))


def test_what_is_not_built_in_is_not_claimed() -> None:
    without_reader = [known.key for known in networks() if known.coverage.file and known.reader is None]
    without_api = [
        known.key for known in networks() if (known.coverage.api or known.coverage.payments) and not known.api
    ]
    assert (without_reader, without_api) == ([], [])


def test_what_is_built_in_is_said() -> None:
    readers = [known.key for known in networks() if known.reader and not known.coverage.file]
    apis = [known.key for known in networks() if known.api and not known.coverage.api]
    hosts = [known.key for known in networks() if known.hosts and not known.coverage.recognise]
    assert (readers, apis, hosts) == ([], [], [])


def test_nothing_of_an_api_is_proven_because_nobody_tried_a_live_account() -> None:
    assert {known.coverage.api for known in networks()} <= {UNVERIFIED, None}


def test_all_networks_of_the_table_are_in_the_documents_with_their_parts() -> None:
    head = f"| Network | {' | '.join(PARTS.values())} |"
    rows = [
        f"| {known.name} (`{known.key}`){', closed' if known.closed else ''} | {' | '.join(cells(known))} |"
        for known in covered()
    ]
    table = _PAGE.partition(head)[2].partition("\n\n")[0].splitlines()[2:]
    assert table == rows, "docs/networks.md should have:\n" + "\n".join(rows)


def test_coverage_is_told_part_by_part() -> None:
    told = {each["key"]: each for each in map(coverage_of, covered())}
    assert told["levanta"] == {"key": "levanta", "name": "Levanta", "closed": None} | dict.fromkeys(PARTS)
    assert told["zanox"]["closed"] == "zanox was merged into Awin; its links no longer earn."
    assert (told["awin"]["recognise"], told["affilae"]["sub_ids"]) == (PROVEN, UNVERIFIED)
    assert list(told)[-1] == "template"
