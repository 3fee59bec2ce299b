from datetime import UTC, date, datetime
from multiprocessing import get_context
from multiprocessing.queues import Queue
from pathlib import Path

import pytest

from affiliate.redirect.visitors import KEY_BYTES, KeyFiles, Visitors

DAY = date(2026, 11, 20)
DAY_MS = int(datetime(2026, 11, 20, 23, 59, tzinfo=UTC).timestamp() * 1000)


def _key(folder: Path, queue: "Queue[bytes]") -> None:
    queue.put(bytes(KeyFiles(folder)(DAY)))


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
    (path,) = (tmp_path / "keys").glob("*.key")
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_day_s_key_is_deleted_three_hours_past_midnight_and_never_the_same_again(tmp_path: Path) -> None:
    keys = KeyFiles(tmp_path)
    key = keys(DAY)
    hashed = Visitors(keys).hash(DAY_MS, "m.example", "203.0.113.9", "x")
    assert keys.forget(now=datetime(2026, 11, 21, 2, 59, tzinfo=UTC)) == 0
    assert keys(DAY) == key
    assert keys.forget(now=datetime(2026, 11, 21, 3, 0, tzinfo=UTC)) == 1
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]
    assert Visitors(keys).hash(DAY_MS, "m.example", "203.0.113.9", "x") != hashed


def test_a_new_day_has_a_new_key(tmp_path: Path) -> None:
    visitors = Visitors(KeyFiles(tmp_path))
    asked = ("m.example", "203.0.113.9", "x")
    assert visitors.hash(DAY_MS, *asked) == visitors.hash(DAY_MS + 1000, *asked)
    assert visitors.hash(DAY_MS, *asked) != visitors.hash(DAY_MS + 60_000, *asked)


def test_a_key_is_overwritten_before_it_is_deleted(tmp_path: Path) -> None:
    keys = KeyFiles(tmp_path)
    keys(DAY)
    second_name = tmp_path / "kept"  # as a backup by hard links has it
    second_name.hardlink_to(tmp_path / "2026-11-20.key")
    keys.forget(now=datetime(2026, 11, 22, tzinfo=UTC))
    assert second_name.read_bytes() == bytes(KEY_BYTES)


def test_what_a_killed_process_left_of_a_key_is_destroyed(tmp_path: Path) -> None:
    keys = KeyFiles(tmp_path)
    (tmp_path / ".draft").write_bytes(b"never finished")
    (tmp_path / "2026-11-18.gone").write_bytes(b"x" * KEY_BYTES)
    assert len(keys(DAY)) == KEY_BYTES
    assert keys.forget(now=datetime(2026, 11, 20, 12, tzinfo=UTC)) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == [".lock", "2026-11-20.key"]


def test_a_clock_that_was_ahead_leaves_no_key_for_the_day_it_meant(tmp_path: Path) -> None:
    keys = KeyFiles(tmp_path)
    early, wrong = keys(date(2026, 11, 21)), keys(date(2030, 1, 1))
    assert keys.forget(now=datetime(2026, 11, 20, 23, 30, tzinfo=UTC)) == 1
    assert keys(date(2026, 11, 21)) == early  # a worker may be over midnight a moment before the one that forgets
    assert keys(date(2030, 1, 1)) != wrong
    assert keys.forget(now=datetime(2026, 11, 20, 12, tzinfo=UTC)) == 2


def test_a_clock_set_back_by_a_day_makes_another_key_and_joins_nobody(tmp_path: Path) -> None:
    keys = KeyFiles(tmp_path)
    visitors = Visitors(keys)
    asked = ("m.example", "203.0.113.9", "x")
    first = visitors.hash(DAY_MS, *asked)
    keys.forget(now=datetime(2026, 11, 21, 4, tzinfo=UTC))
    next_day = visitors.hash(DAY_MS + 86_400_000, *asked)
    assert len({first, next_day, visitors.hash(DAY_MS, *asked)}) == 3


def test_a_disk_that_gives_no_key_is_said_once_and_asked_once_a_second(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "keys"
    folder.write_text("a file where the folder should be")
    asked: list[date] = []

    def key_of(day: date) -> bytearray:
        asked.append(day)
        return KeyFiles(folder)(day)

    visitors = Visitors(key_of)
    for seconds in (1, 2):
        visitors._retry_at = 0.0
        assert {visitors.hash(DAY_MS, "m.example", "203.0.113.9", "x") for _ in range(1000)} == {0}
        assert (len(asked), len(caplog.records)) == (seconds, 1)
    folder.unlink()
    visitors._retry_at = 0.0
    assert visitors.hash(DAY_MS, "m.example", "203.0.113.9", "x")


@pytest.mark.parametrize("content", [b"", b"short", bytes(KEY_BYTES)])
def test_a_key_that_everybody_could_guess_is_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "2026-11-20.key").write_bytes(content)
    with pytest.raises(OSError, match="holds no key"):
        KeyFiles(tmp_path)(DAY)
    assert Visitors(KeyFiles(tmp_path)).hash(DAY_MS, "m.example", "203.0.113.9", "x") == 0
