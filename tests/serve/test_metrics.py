"""The figures of a node whose workers are killed, and of one whose database hangs."""

import os
import random
import signal
import time
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from tests.nodes.test_metrics import figures
from tests.serve.conftest import Readers, Server
from tests.serve.test_failures import freeze, on_postgres, own_postgres
from tests.waiting import PATIENCE, wait_until

__all__ = ["on_postgres", "own_postgres"]  # fixtures


def read(server: Server) -> dict[str, float]:
    with urlopen(f"http://127.0.0.1:{server.port}/metrics", timeout=PATIENCE) as answer:
        return figures(answer.read())


@pytest.mark.parametrize("durability", ["interval", "click"])
def test_killed_workers_lose_no_click_and_their_counts_stay(durability: str, tmp_path: Path) -> None:
    settings = {
        "AFFILIATE_JOURNAL__DURABILITY": durability,
        "AFFILIATE_JOURNAL__SYNC_MILLISECONDS": "20",
        "AFFILIATE_JOURNAL__SEGMENT_SECONDS": "2",
    }
    server = Server(tmp_path, settings=settings)
    readers = Readers(server, threads=4)
    try:
        server.start()
        with readers.clicking():
            for _ in range(3):
                assert readers.go_on(100)
                os.kill(random.choice(server.web_workers), signal.SIGKILL)
        assert wait_until(lambda: server.accounted() >= readers.redirected)
        assert wait_until(lambda: read(server)["affiliate_click_lag_seconds"] == 0)
        found = read(server)
        assert found["affiliate_redirect_seconds_count{code=302}"] >= readers.redirected
        assert found["affiliate_clicks_journalled_total"] >= readers.redirected
        assert wait_until(lambda: read(server)["affiliate_clicks_loaded_total"] == server.stored())  # told after a pass
        assert found["affiliate_journal_syncs_total"] > 0
        assert found["affiliate_journal_failures_total"] == 0
        assert len(list(server.journal.glob("counters-*"))) <= 4  # two workers, the background, and one at a change
    finally:
        server.stop()


def test_the_figures_come_while_the_database_hangs(on_postgres: Server, own_postgres: Any) -> None:
    server = on_postgres
    server.start()
    assert read(server)["affiliate_store_up"] == 1
    freeze(own_postgres.get_pid(), signal.SIGSTOP)
    try:
        assert server.ask(server.paths[0])[0] == 302
        time.sleep(1.1)
        found = read(server)
    finally:
        freeze(own_postgres.get_pid(), signal.SIGCONT)
    assert found["affiliate_store_up"] == 0
    assert found["affiliate_click_lag_seconds"] > 1
    assert "affiliate_unpublished_changes" not in found
    assert wait_until(lambda: server.stored() == 1)
    assert wait_until(lambda: read(server)["affiliate_store_up"] == 1)
