from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import select

from affiliate.app import Application
from affiliate.networks.asking.api import CHANGE
from affiliate.nodes.metrics import metrics
from affiliate.settings import Metrics, Server, Settings
from affiliate.store import Store
from affiliate.store.tables import Postback, PublisherAccount, Pull
from tests.nodes.conftest import Machine
from tests.redirect.test_wsgi import ask


def figures(page: bytes) -> dict[str, float]:
    """Name, and labels if there are any, to value, as Prometheus itself would read them."""
    found = {}
    for family in text_string_to_metric_families(page.decode()):
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sample.labels.items())
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found


def read(machine: Machine, store: Store | None = None) -> dict[str, float]:
    return figures(metrics(machine.standing(store), version="1.2.3"))


def test_every_figure_is_there_in_words_that_prometheus_reads(machine: Machine) -> None:
    machine.click(-30, many=3)
    machine.load()
    machine.click(-12)
    for spent_ns in (9_000, 15_000, 2 * 10**9):
        machine.counters.add_answer("302 Found", spent_ns)
    machine.counters.add_answer("404 Not Found", 5_000)
    machine.counters.add_journal_failure()
    found = read(machine)
    assert found["affiliate_redirect_seconds_count{code=302}"] == 3
    assert found["affiliate_redirect_seconds_count{code=404}"] == 1
    assert found["affiliate_redirect_seconds_bucket{code=302,le=1e-05}"] == 1
    assert found["affiliate_redirect_seconds_bucket{code=302,le=2e-05}"] == 2
    assert found["affiliate_redirect_seconds_bucket{code=302,le=1.31072}"] == 2
    assert found["affiliate_redirect_seconds_bucket{code=302,le=+Inf}"] == 3
    assert found["affiliate_redirect_seconds_sum{code=302}"] == pytest.approx(2.000024)
    assert found["affiliate_clicks_journalled_total"] == 4
    assert found["affiliate_clicks_loaded_total"] == 3
    assert found["affiliate_journal_failures_total"] == 1
    assert found["affiliate_click_lag_seconds"] == 12
    assert found["affiliate_loader_pass_timestamp_seconds"] == machine.clock().timestamp()
    assert found["affiliate_journal_segments"] == 1
    assert found["affiliate_journal_waiting_bytes"] > 0
    assert found["affiliate_store_up"] == found["affiliate_link_table_up"] == 1
    assert found["affiliate_store_change"] == found["affiliate_link_table_change"]
    assert found["affiliate_unpublished_changes"] == 0
    assert found["affiliate_info{version=1.2.3}"] == 1


def test_when_a_network_last_answered_and_how_many_messages_wait_is_told(machine: Machine) -> None:
    now = machine.clock()
    with machine.store.transaction() as session:
        account = session.scalars(select(PublisherAccount)).first()
        assert account is not None
        for hours, state in ((5, "done"), (2, "done"), (1, "failed")):
            at = now - timedelta(hours=hours)
            session.add(
                Pull(
                    account_id=account.id,
                    basis=CHANGE,
                    first=at,
                    until=at,
                    state=state,
                    requested_at=at,
                    finished_at=at,
                )
            )
        message = {"account_id": account.id, "network": account.network, "received_at": now, "said_at": now}
        session.add(Postback(**message, digest="a", payload="{}"))
        session.add(Postback(**message, digest="b", payload="{}", booked_at=now))
        labels = f"account={account.publisher_ref},network={account.network}"
    found = read(machine)
    two_hours_ago = (now - timedelta(hours=2)).timestamp()
    assert found[f"affiliate_connector_last_success_timestamp_seconds{{{labels}}}"] == two_hours_ago
    assert found["affiliate_postbacks_waiting"] == 1


def test_without_the_store_its_figures_are_left_out_and_the_others_come(machine: Machine, away: Store) -> None:
    machine.click(-12)
    with_store, without = read(machine), read(machine, away)
    assert without["affiliate_store_up"] == 0
    assert without["affiliate_click_lag_seconds"] == 12
    assert sorted(with_store.keys() - without.keys()) == [
        "affiliate_clock_ahead_seconds",
        "affiliate_postbacks_waiting",
        "affiliate_store_change",
        "affiliate_unpublished_changes",
    ]


def test_nothing_in_it_is_of_a_link_or_a_person(machine: Machine) -> None:
    machine.click(-12)
    page = metrics(machine.standing(), version="1").decode()
    labels = {name for family in text_string_to_metric_families(page) for s in family.samples for name in s.labels}
    assert labels == {"code", "le", "version"}
    assert "mag.example" not in page


def test_metrics_are_open_to_the_networks_that_are_named(tmp_path: Path) -> None:
    proxies = Server.model_validate({"trusted_proxies": ["10.0.0.0/8"]})
    app = Application(Settings(data_dir=tmp_path, server=proxies)).wsgi()
    for peer, forwarded_for, expected in [
        ("127.0.0.1", "", 200),
        ("::1", "", 200),
        ("::ffff:127.0.0.1", "", 200),
        ("203.0.113.9", "", 403),
        ("127.0.0.1", "203.0.113.9", 403),  # through a proxy on this machine that nobody named
        ("10.0.0.1", "127.0.0.1", 200),
        ("10.0.0.1", "203.0.113.9", 403),
        ("10.0.0.1", "127.0.0.1, 203.0.113.9", 403),  # what the client itself wrote is not believed
        ("10.0.0.1", "", 403),
        ("", "", 403),
    ]:
        headers = {"HTTP_X_FORWARDED_FOR": forwarded_for} if forwarded_for else {}
        status, _, page = ask(app, "/metrics", REMOTE_ADDR=peer, **headers)
        assert (int(status[:3]), b"affiliate_info" in page) == (expected, expected == 200)


def test_metrics_can_be_closed_to_all(tmp_path: Path) -> None:
    app = Application(Settings(data_dir=tmp_path, metrics=Metrics(allowed_networks=[])))
    assert ask(app.wsgi(), "/metrics", REMOTE_ADDR="127.0.0.1")[0] == "403 Forbidden"


def test_metrics_answer_with_no_database_at_all(tmp_path: Path) -> None:
    (tmp_path / "affiliate.db").mkdir()
    status, headers, page = ask(Application(Settings(data_dir=tmp_path)).wsgi(), "/metrics", REMOTE_ADDR="127.0.0.1")
    assert status == "200 OK"
    assert headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert figures(page)["affiliate_store_up"] == 0
