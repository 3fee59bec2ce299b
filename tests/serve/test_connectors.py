"""What the background does for connectors: it pulls what was asked for, books messages, and warns once."""

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from affiliate.app import Application
from affiliate.commissions.asked import ask_now
from affiliate.commissions.postbacks import Proof, receive
from affiliate.links.programmes import add_account
from affiliate.networks.asking.api import TRANSACTION
from affiliate.networks.registry import network
from affiliate.settings import Networks, Settings
from affiliate.store import Store
from affiliate.store.tables import Pull
from affiliate.worker import Node, pull_asked, run_task, watch_connectors
from tests.conftest import HandClock
from tests.networks.servers.account import PulledAccount, picture
from tests.networks.servers.awin import PUBLISHER, AwinServer
from tests.networks.servers.base import TOKEN
from tests.networks.servers.history import history


@pytest.fixture
def node(tmp_path: Path, clock: HandClock) -> Node:
    app = Application(Settings(data_dir=tmp_path), clock=clock)
    app.prepare()
    with app.store.transaction() as session:
        add_account(session, "awin", "45628", now=clock())
    return Node(app)


def pulled(node: Node) -> None:
    now = node.app.clock()
    with node.app.store.transaction() as session:
        session.add(
            Pull(
                account_id=1,
                basis=TRANSACTION,
                first=now - timedelta(days=30),
                until=now,
                state="done",
                requested_at=now,
                finished_at=now,
            )
        )


def test_a_connector_that_is_late_is_warned_of_once_again_when_urgent_and_its_end_is_said(
    node: Node, clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "affiliate.worker")
    watch_connectors(node)  # nothing has come yet: good to know, and no warning
    pulled(node)
    for hours in (20, 10, 10, 40, 1):
        clock.forward(hours=hours)
        watch_connectors(node)
    pulled(node)
    watch_connectors(node)
    watch_connectors(node)
    said = [record.getMessage().partition(".")[0] for record in caplog.records]
    assert said == [
        "connector awin 45628 (soon): Nothing was pulled for 30 hours",
        "connector awin 45628 (urgent): Nothing was pulled for 3 days",
        "connector awin 45628: “late” is over",
    ]


def test_what_was_asked_for_waits_where_there_are_no_credentials(node: Node) -> None:
    with node.app.store.transaction() as session:
        ask_now(session, 1, now=node.app.clock())
    assert pull_asked(node) == ""
    assert node.asked_at == {}
    with node.app.store.reading() as session:
        assert session.scalars(select(Pull.state)).all() == ["waiting"]


def test_a_hint_of_awins_brings_its_day_by_a_pull_at_once(tmp_path: Path) -> None:
    midnight = datetime(2026, 4, 1, tzinfo=UTC)
    clock = HandClock(midnight)
    app = Application(
        Settings(data_dir=tmp_path, networks=Networks(credentials_dir=tmp_path / "credentials")), clock=clock
    )
    app.prepare()
    told = history(11, clock() - timedelta(days=20), clock() + timedelta(days=2), a_day=40)
    with AwinServer(told, clock()) as server:
        account = PulledAccount(
            app.store,
            tmp_path / "credentials",
            clock,
            server,
            network="awin",
            ref=PUBLISHER,
            credentials={"token": TOKEN},
        )
        account.puller.pull_due("awin")
        before = len(picture(app.store))
        account.at(clock() + timedelta(minutes=100))
        notification = {"transactionId": "1", "transactionDate": "2026-04-01 01:30:00"}
        with app.store.transaction() as session:
            receive(session, network("awin"), PUBLISHER, notification, Proof(clock(), "d"), now=clock())
        node = Node(app)
        assert pull_asked(node) == ""
        assert run_task(app, "postbacks.book") == "booked 1 messages of networks in 0 runs, and asked for 1 days"
        assert pull_asked(node) == "pulled 1 windows that were asked for"
        assert pull_asked(node) == ""
        (window,) = [each for each in pulls(app.store) if (each.basis, each.first) == (TRANSACTION, midnight)]
    assert (window.state, window.until) == ("done", midnight + timedelta(days=1))
    assert len(picture(app.store)) > before


def pulls(store: Store) -> list[Pull]:
    with store.reading() as session:
        return list(session.scalars(select(Pull)))


def test_the_tasks_of_connectors_can_be_run_by_name(node: Node) -> None:
    assert run_task(node.app, "postbacks.book") == "There was nothing to do."
    assert run_task(node.app, "networks.asked") == "There was nothing to do."
    assert run_task(node.app, "connectors.watch") == "looked at 1 connectors"
