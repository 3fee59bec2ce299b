"""What a disk, its permissions and a clock can do to the redirect. The reader is answered, and every answer is in the
journal or counted."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from multiprocessing import get_context
from multiprocessing.queues import SimpleQueue
from pathlib import Path

import pytest

from affiliate.redirect.visitors import KeyFiles, Visitors
from tests.conftest import NOW
from tests.redirect.conftest import Redirects

TOP = Path(__file__).parents[2]
NOBODY = 65534
_OWN_MOUNTS = ["unshare", "--user", "--map-root-user", "--mount"]


def can_mount() -> bool:
    """Whether this machine lets a process of ours have a file system of its own."""
    try:
        done = subprocess.run([*_OWN_MOUNTS, "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, check=False)
    except FileNotFoundError:
        return False
    return done.returncode == 0


def test_a_disk_that_is_full_costs_clicks_that_are_counted_and_no_reader_an_answer(tmp_path: Path) -> None:
    wrapper, means = (_OWN_MOUNTS, "mounted") if can_mount() else ([], "limited")
    for prefix, how in {means: (wrapper, means), "limited": ([], "limited")}.values():
        folder = tmp_path / how
        folder.mkdir()
        done = subprocess.run(
            [*prefix, sys.executable, "-m", "tests.redirect.full_disk", str(folder), how],
            cwd=TOP,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        said = json.loads(done.stdout)
        assert (said["before"], said["full"], said["after"]) == (["302 Found"],) * 3, how
        assert 0 < said["lost"] == said["failures"] < 10_000, how  # it was full, and it is over
        assert said["kept"] + said["failures"] == 10_200, how
        assert said["drafts"] == 0, how
        assert done.stderr.count("not being journalled") == 1, done.stderr


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder of somebody who is not root: permissions mean nothing to root."""
    folder = Path(tempfile.mkdtemp(prefix="affiliate-"))
    if os.geteuid() == 0:
        os.chown(folder, NOBODY, NOBODY)
    yield folder
    shutil.rmtree(folder)


def _click_without_permission(folder: Path, answers: "SimpleQueue[dict[str, object]]") -> None:
    if os.geteuid() == 0:
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    redirects = Redirects(folder)
    journal, counters = folder / "journal", folder / "counters"
    redirects.ask()
    redirects.journal.close()
    for closed in (journal, counters, folder):
        closed.chmod(0o500)
    refused = [redirects.ask(path) for path in ["/go/dress"] * 50 + ["/go/unknown"]]
    failures = redirects.failures()
    for opened in (folder, counters, journal):
        opened.chmod(0o700)
    redirects.journal._retry_at = 0.0
    redirects.ask()
    statuses = [answer.status[:3] for answer in refused if answer]
    answers.put({"statuses": statuses, "failures": failures, "kept": len(redirects.clicks())})


def test_a_journal_without_permission_costs_clicks_that_are_counted(open_folder: Path) -> None:
    context = get_context("fork")
    answers: SimpleQueue[dict[str, object]] = context.SimpleQueue()
    process = context.Process(target=_click_without_permission, args=(open_folder, answers))
    process.start()
    process.join(60)
    assert process.exitcode == 0
    assert answers.get() == {"statuses": ["302"] * 50 + ["404"], "failures": 50, "kept": 2}


def moments() -> list[datetime]:
    """A clock that is set back within the day, back over midnight, and ahead over two."""
    steps = [
        timedelta(),
        timedelta(hours=-2),
        timedelta(hours=-13),
        timedelta(days=2),
        timedelta(seconds=1),
        timedelta(),
    ]
    return [NOW + step for step in steps]


def test_a_clock_that_is_set_back_or_ahead_costs_no_click_and_joins_no_days(
    redirects: Redirects, tmp_path: Path
) -> None:
    redirects.hop._visitors = Visitors(KeyFiles(tmp_path / "keys"))
    for now in moments():
        answer = redirects.ask(now=now)
        assert answer is not None
        assert answer.status == "302 Found"
        time.sleep(0.002)
    found = redirects.clicks()
    assert sorted(click.time_ms for click in found) == sorted(int(now.timestamp() * 1000) for now in moments())
    by_day = {datetime.fromtimestamp(click.time_ms / 1000, NOW.tzinfo).date(): click.visitor for click in found}
    assert len(set(by_day.values())) == len(by_day) == 3
    assert len({click.visitor for click in found}) == 3  # and back on a day one is who one was on it
    assert redirects.failures() == 0
