from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from affiliate.nodes.queries import forget_node
from affiliate.nodes.report import NodeView, Overview, in_words, overview, problems, report
from affiliate.nodes.standing import Standing
from affiliate.store import Store
from affiliate.store.tables import LinkChange
from tests.conftest import NOW, HandClock
from tests.nodes.conftest import Machine, machine_of


def tell(machine: Machine, name: str = "web-1") -> None:
    standing = machine.standing()
    with machine.store.transaction() as session:
        report(session, standing, name=name, version="1.0")


def look(machine: Machine) -> Overview:
    with machine.store.reading() as session:
        return overview(session, now=machine.clock())


def only_node(machine: Machine) -> NodeView:
    (node,) = look(machine).nodes
    return node


def test_a_node_tells_how_it_stands_and_tells_it_again(store: Store, tmp_path: Path, clock: HandClock) -> None:
    machine = machine_of(store, tmp_path, clock)
    machine.click(-20, many=2)
    machine.counters.add_journal_failure()
    tell(machine)
    node = only_node(machine)
    assert (node.name, node.version, node.seen_at, node.loaded_at) == ("web-1", "1.0", NOW, None)
    assert (node.lag, node.keeps_up, node.journal_failures) == ("20 seconds", True, 1)
    assert node.waiting_bytes > 0
    machine.load()
    clock.forward(seconds=15)
    tell(machine)
    node = only_node(machine)
    assert (node.lag, node.waiting_bytes, node.loaded_at) == ("", 0, NOW)
    tell(machine, "web-2")
    assert [each.name for each in look(machine).nodes] == ["web-1", "web-2"]


def test_a_loader_that_is_a_minute_behind_is_a_problem(machine: Machine) -> None:
    machine.click(-60)
    tell(machine)
    assert look(machine).is_well
    machine.clock.forward(seconds=180)
    tell(machine)
    node = only_node(machine)
    assert (node.lag, node.keeps_up) == ("4 minutes", False)
    assert node.problem == "Clicks have been waiting for 4 minutes to be loaded; its log says why."
    assert not look(machine).is_well


def test_a_node_that_was_not_heard_of_for_a_minute_is_silent(machine: Machine) -> None:
    tell(machine)
    machine.clock.forward(seconds=60)
    assert only_node(machine).silent_for == ""
    machine.clock.forward(seconds=61)
    assert only_node(machine).silent_for == "2 minutes"
    assert not look(machine).is_well
    tell(machine)
    assert look(machine).is_well


def test_a_clock_that_is_ahead_is_seen(machine: Machine) -> None:
    machine.clock.forward(seconds=30)
    tell(machine)
    machine.clock.forward(seconds=-30)
    assert only_node(machine).ahead == "30 seconds"


def test_a_node_that_is_gone_can_be_forgotten(machine: Machine) -> None:
    tell(machine)
    with machine.store.transaction() as session:
        assert forget_node(session, "web-1")
        assert not forget_node(session, "web-1")
    assert look(machine).nodes == ()


def test_what_was_loaded_last_and_set_aside_is_listed(machine: Machine) -> None:
    assert (look(machine).loads, look(machine).set_aside) == ((), 0)
    machine.click(-5, many=3)
    assert machine.writer.append(machine.journal.click()._replace(link_id=999_999))
    machine.load()
    found = look(machine)
    assert [(load.at, load.clicks, load.set_aside) for load in found.loads] == [(NOW, 3, 1)]
    assert found.set_aside == 1


def test_changes_of_links_that_do_not_arrive_are_a_problem(machine: Machine) -> None:
    with machine.store.transaction() as session:
        session.add(LinkChange(link_id=machine.room.links[0], changed_at=NOW))
    assert problems(machine.standing()) == []
    machine.clock.forward(seconds=300)
    assert problems(machine.standing()) == ["Links were changed 5 minutes ago and do not answer there yet; 1 in all."]


@pytest.fixture
def well(machine: Machine) -> Standing:
    return machine.standing()


def test_a_disk_that_is_nearly_full_is_a_problem(well: Standing) -> None:
    (said,) = problems(replace(well, waiting=replace(well.waiting, free_bytes=300 << 20)))
    assert said.startswith("Only 300 MB are free")


def test_a_table_that_cannot_be_read_is_a_problem(well: Standing) -> None:
    (said,) = problems(replace(well, table=None))
    assert said.startswith("Its link table is damaged")


@pytest.mark.parametrize(("ahead", "said"), [(7.0, "7 seconds ahead of"), (-7.0, "7 seconds behind")])
def test_a_clock_that_differs_from_the_database_s_is_a_problem(ahead: float, said: str, well: Standing) -> None:
    assert well.asked is not None
    (problem,) = problems(replace(well, asked=replace(well.asked, ahead_seconds=ahead)))
    assert said in problem


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 seconds"), (90, "90 seconds"), (150, "2 minutes"), (7300, "2 hours"), (4 * 86_400, "4 days")],
)
def test_a_time_is_said_in_words(seconds: float, said: str) -> None:
    assert in_words(timedelta(seconds=seconds).total_seconds()) == said
