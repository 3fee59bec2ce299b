"""A walk in a process of its own that is killed, again and again, and started anew: nothing is read twice but what was in flight."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from affiliate.store import Store, migrations
from tests.disclosure.crawl.magazine import Magazine, Sent, rss

COMMAND = [sys.executable, "-m", "affiliate", "crawl"]
PAGES = 26


@pytest.fixture
def slow(empty: Magazine) -> Magazine:
    """Twenty-six pages, each a moment late, so that there is time to kill in."""

    def page(path: str) -> Sent:
        time.sleep(0.02)
        return Sent(body=f"<h1>{path}</h1><a href='/feed'>f</a>".encode())

    names = [f"/page-{chr(97 + n)}" for n in range(PAGES)]
    empty.html("/", "".join(f"<a href='{name}'>x</a>" for name in names))
    empty.raw("/feed", rss((f"{empty.home}/page-a", "x")), "application/rss+xml")
    empty.pages["/page-*"] = page
    return empty


def environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "AFFILIATE_DATA_DIR": str(folder / "data"), "AFFILIATE_DISCLOSURE__CRAWL_PAUSE_SECONDS": "0"}


def test_a_walk_that_is_killed_goes_on_where_it_was(slow: Magazine, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    store = Store(f"sqlite:///{tmp_path / 'data' / 'affiliate.db'}")
    migrations.upgrade(store)
    store.close()
    kills, arguments = 0, ["start", f"{slow.home}/"]
    while True:
        before = len(slow.asked)
        child = subprocess.Popen(
            [*COMMAND, *arguments], env=environment(tmp_path), cwd=tmp_path, stdout=subprocess.DEVNULL
        )
        while child.poll() is None:
            if kills < 2 and len(slow.asked) >= before + 10:
                child.send_signal(signal.SIGKILL)
                child.wait()
                kills += 1
                break
            time.sleep(0.005)
        if child.returncode != -signal.SIGKILL:
            break
        arguments = ["resume", "1"]
    assert (kills, child.returncode) == (2, 0)
    counted = Counter(slow.asked)
    assert set(counted) == {
        "/robots.txt",
        "/sitemap.xml",
        "/",
        "/feed",
        *(path for path in counted if "/page-" in path),
    }
    assert len(counted) == PAGES + 4
    assert sum(counted.values()) - len(counted) <= kills  # each kill may lose the page that was in flight
