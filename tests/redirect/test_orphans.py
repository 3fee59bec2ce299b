import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from affiliate.redirect.orphans import OrphanLog
from tests.conftest import NOW


def kept(folder: Path) -> list[datetime]:
    lines = [line for path in sorted(folder.glob("orphans*")) for line in path.read_text().splitlines()]
    return sorted(datetime.fromisoformat(json.loads(line)["at"]) for line in lines)


@pytest.mark.parametrize("every_hours", [1, 24, 24 * 9])
def test_no_unknown_path_is_kept_for_longer_than_30_days(tmp_path: Path, every_hours: int) -> None:
    orphans = OrphanLog(tmp_path)
    lives = []
    for hours in range(0, 24 * 100, every_hours):
        now = NOW + timedelta(hours=hours)
        orphans.add("mag.example", "/go/jane.doe@mail.example", "", now=now)
        orphans.forget(now=now)
        lives.append(now - kept(tmp_path)[0])
    assert timedelta(days=15) < max(lives) <= timedelta(days=30)
    orphans.forget(now=NOW + timedelta(days=200))
    assert list(tmp_path.iterdir()) == []


def test_what_came_since_the_older_half_was_put_by_stays(tmp_path: Path) -> None:
    orphans = OrphanLog(tmp_path)
    for days in (0, 16, 20):
        orphans.add("mag.example", "/go/lost", "", now=NOW + timedelta(days=days))
        orphans.forget(now=NOW + timedelta(days=days))
    assert orphans.forget(now=NOW + timedelta(days=31)) == 1
    assert kept(tmp_path) == [NOW + timedelta(days=20)]


@pytest.mark.parametrize("line", ["rubbish", "[]", '{"at": "yesterday"}', '{"at": "2199-01-01T00:00:00+00:00"}', ""])
def test_a_log_whose_age_nobody_knows_is_deleted(tmp_path: Path, line: str) -> None:
    (tmp_path / "orphans.jsonl").write_text(line + "\n")
    assert OrphanLog(tmp_path).forget(now=NOW) == 1
    assert list(tmp_path.iterdir()) == []


def test_an_empty_folder_has_nothing_to_forget(tmp_path: Path) -> None:
    assert OrphanLog(tmp_path / "missing").forget(now=NOW) == 0
