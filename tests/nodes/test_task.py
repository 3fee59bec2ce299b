import logging
from pathlib import Path

import pytest

from affiliate.app import Application
from affiliate.errors import StoreUnavailable
from affiliate.nodes.report import overview
from affiliate.redirect.records import ClickRecord
from affiliate.settings import Settings
from affiliate.worker import Node, load_clicks, report_node, run_task
from tests.conftest import NOW, HandClock


def test_a_lag_of_a_minute_is_warned_of_once_and_its_end_is_said(
    tmp_path: Path, clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "affiliate.worker")
    app = Application(Settings(data_dir=tmp_path), clock=clock)
    app.prepare()
    run_task(app, "links.rebuild")
    node = Node(app)
    record = ClickRecord(int(NOW.timestamp() * 1000), 0, 1, 0, "a0000000001y", "", "x", "", "", "", "")
    assert app.hop()._journal.append(record)
    report_node(node)
    clock.forward(seconds=150)
    report_node(node)
    report_node(node)
    load_clicks(node)
    report_node(node)
    report_node(node)
    said = [each.getMessage() for each in caplog.records if each.name == "affiliate.worker"]
    assert said == ["the loader of clicks is 2 minutes behind", "the loader of clicks has caught up"]
    with app.store.reading() as session:
        (told,) = overview(session, now=clock()).nodes
    assert (told.lag, told.problem, told.loaded_at) == ("", "", clock())


def test_a_lag_is_warned_of_while_the_database_is_away(
    tmp_path: Path, clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    app = Application(Settings(data_dir=tmp_path), clock=clock)
    record = ClickRecord(int(NOW.timestamp() * 1000), 0, 1, 0, "a0000000001y", "", "x", "", "", "", "")
    assert app.hop()._journal.append(record)
    clock.forward(seconds=150)
    (tmp_path / "affiliate.db").mkdir()
    with pytest.raises(StoreUnavailable):
        report_node(Node(app))
    assert "the loader of clicks is 2 minutes behind" in caplog.text
