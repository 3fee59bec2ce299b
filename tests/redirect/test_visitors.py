from datetime import UTC, date, datetime
from multiprocessing import get_context
from multiprocessing.queues import Queue
from pathlib import Path

from affiliate.redirect.visitors import KeyFiles, Visitors

DAY = date(2026, 11, 20)
DAY_MS = int(datetime(2026, 11, 20, 23, 59, tzinfo=UTC).timestamp() * 1000)


def _key(folder: Path, queue: "Queue[bytes]") -> None:
    queue.put(KeyFiles(folder)(DAY))


def test_all_processes_of_a_node_have_one_key_a_day(tmp_path: Path) -> None:
    context = get_context("fork")
    queue = context.Queue()
    processes = [context.Process(target=_key, args=(tmp_path / "keys", queue)) for _ in range(8)]
    for process in processes:
        process.start()
    keys = {queue.get() for _ in processes}
    for process in processes:
        process.join()
    assert len(keys) == 1
    (path,) = (tmp_path / "keys").iterdir()
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_day_s_key_is_deleted_three_hours_past_midnight_and_never_the_same_again(tmp_path: Path) -> None:
    keys = KeyFiles(tmp_path)
    key = keys(DAY)
    hashed = Visitors(keys).hash(DAY_MS, "m.example", "203.0.113.9", "x")
    assert keys.forget(now=datetime(2026, 11, 21, 2, 59, tzinfo=UTC)) == 0
    assert keys(DAY) == key
    assert keys.forget(now=datetime(2026, 11, 21, 3, 0, tzinfo=UTC)) == 1
    assert list(tmp_path.iterdir()) == []
    assert Visitors(keys).hash(DAY_MS, "m.example", "203.0.113.9", "x") != hashed


def test_a_new_day_has_a_new_key(tmp_path: Path) -> None:
    visitors = Visitors(KeyFiles(tmp_path))
    asked = ("m.example", "203.0.113.9", "x")
    assert visitors.hash(DAY_MS, *asked) == visitors.hash(DAY_MS + 1000, *asked)
    assert visitors.hash(DAY_MS, *asked) != visitors.hash(DAY_MS + 60_000, *asked)
