"""Loaders as processes of their own: several at once, several nodes, copied folders, restored databases, damaged files.

The law: every click that was journalled is stored once, or set aside; none is stored twice.
"""

import os
import random
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Self

import psycopg
import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy.exc import IntegrityError

from affiliate.clicks.count import count
from affiliate.clicks.load import Loader
from affiliate.clicks.rollup import rebuild
from affiliate.redirect.segments import read_segment, segments
from affiliate.serve import die_with_parent
from affiliate.store import Store
from affiliate.store.tables import JournalSegment
from tests.clicks.conftest import Journal, journal, sqlite_journal
from tests.waiting import PATIENCE, wait_until

__all__ = ["journal", "sqlite_journal"]  # fixtures

_processes = get_context("spawn")


def _load_for_ever(url: str, folder: Path, batch: int, parent: int, has_loaded: Event) -> None:
    die_with_parent(parent)  # a test that is killed leaves no loader behind
    loader = Loader(Store(url), folder, batch=batch)

    def tell() -> None:
        while loader.last_commit is None:
            time.sleep(0.005)
        has_loaded.set()

    threading.Thread(target=tell, daemon=True).start()
    while True:
        loader.load()


@dataclass
class Loading:
    """A loader process. `has_loaded` is set once it has stored a click."""

    process: BaseProcess
    has_loaded: Event

    @classmethod
    def start(cls, url: str, folder: Path, batch: int) -> Self:
        has_loaded = _processes.Event()
        process = _processes.Process(target=_load_for_ever, args=(url, folder, batch, os.getpid(), has_loaded))
        process.start()
        return cls(process, has_loaded)

    def kill(self) -> None:
        self.process.kill()
        self.process.join()


@contextmanager
def loading(url: str, *folders: Path, batch: int = 25) -> Iterator[list[Loading]]:
    """A loader process for each folder, killed at the end."""
    loaders = [Loading.start(url, folder, batch) for folder in folders]
    try:
        yield loaders
    finally:
        for loader in loaders:
            loader.kill()


def url_of(store: Store) -> str:
    return store.url.render_as_string(hide_password=False)


def raw(store: Store) -> int:
    with store.reading() as session:
        return count(session).raw


def set_aside(store: Store) -> int:
    with store.reading() as session:
        return int(session.scalar(select(func.sum(JournalSegment.set_aside))) or 0)


def assert_each_once(store: Store, clicks: int) -> None:
    """By the roll-ups, and again by roll-ups made anew from the clicks themselves."""
    assert raw(store) == clicks
    with store.transaction() as session:
        rebuild(session)
    assert raw(store) == clicks


def pass_again(loader: Loader) -> None:
    """As the background process does: a pass that fails is logged, and the next one is another try."""
    try:
        loader.load()
    except (IntegrityError, psycopg.IntegrityError):  # what the loader had learnt of the database is no longer true
        loader.load()


def write(journal: Journal, clicks: range) -> None:
    journal.write([journal.click(seconds=number, visitor=number + 1) for number in clicks])


@pytest.mark.parametrize(
    ("clicks", "batch"),
    [pytest.param(1_000, 25, id="short"), pytest.param(20_000, 100, id="long", marks=pytest.mark.slow)],
)
def test_two_loader_processes_at_once_load_each_click_once(journal: Journal, clicks: int, batch: int) -> None:
    writer = journal.writer(segment_bytes=16_384)
    # The second one has the same segments in a folder of its own, so that no lock of the folder keeps them apart.
    other = journal.folder.parent / "other"
    other.mkdir()
    with loading(url_of(journal.store), journal.folder, journal.folder, other, batch=batch):
        for number in range(clicks):
            assert writer.append(journal.click(seconds=number, visitor=number + 1))
            if number % 50 == 0:
                for path in segments(journal.folder):
                    if not (other / path.name).exists():
                        (other / path.name).hardlink_to(path)
        writer.close()
        assert wait_until(lambda: not segments(journal.folder))
    Loader(journal.store, other).load()
    assert_each_once(journal.store, clicks)
    assert set_aside(journal.store) == 0


@dataclass
class Node:
    """A data folder of its own, writing clicks: as fast as it can, and so few that a slow machine loads them in time."""

    journal: Journal
    clicks: int = 2_000

    def write(self) -> None:
        writer = self.journal.writer(segment_bytes=16_384)
        for number in range(self.clicks):
            assert writer.append(self.journal.click(seconds=number, visitor=number + 1))
            if number % 25 == 24:
                time.sleep(0.01)
        writer.close()


def test_two_nodes_with_one_database_store_every_click_once(journal: Journal) -> None:
    base = journal.folder.parent
    nodes = [Node(Journal(base / name, journal.store, journal.room)) for name in ("one", "two")]
    writers = [threading.Thread(target=node.write, daemon=True) for node in nodes]
    with loading(url_of(journal.store), *(node.journal.folder for node in nodes)) as loaders:
        for writer in writers:
            writer.start()
        assert all(loader.has_loaded.wait(PATIENCE) for loader in loaders)
        loaders[0].kill()  # one node's loader dies in the middle, the other's goes on
        for writer in writers:
            writer.join()
        assert wait_until(lambda: not segments(nodes[1].journal.folder))
    Loader(journal.store, nodes[0].journal.folder).load()
    assert_each_once(journal.store, sum(node.clicks for node in nodes))


def test_a_copied_data_folder_loaded_from_both_places_doubles_nothing(journal: Journal) -> None:
    writer = journal.writer(segment_bytes=16_384)
    for number in range(1_000):
        assert writer.append(journal.click(seconds=number, visitor=number + 1))
    journal.load(batch=300)
    for number in range(1_000, 1_300):  # finished, half-loaded and live segments are all in the copy
        assert writer.append(journal.click(seconds=number, visitor=number + 1))
    copy = journal.folder.parent / "copy"
    shutil.copytree(journal.folder, copy)
    for number in range(1_300, 1_500):  # and the original goes on
        assert writer.append(journal.click(seconds=number, visitor=number + 1))
    with loading(url_of(journal.store), journal.folder, copy):
        writer.close()
        assert wait_until(lambda: not segments(journal.folder) and not segments(copy))
    assert_each_once(journal.store, 1_500)
    assert set_aside(journal.store) == 0


@pytest.fixture
def backup_of(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Store], Callable[[], None]]:
    """Takes a backup of a store's database; calling what it gives puts that back in the database's place."""

    def of_sqlite(store: Store) -> Callable[[], None]:
        database = Path(store.url.database or "")
        store.backup(tmp_path / "backup.db")

        def restore() -> None:
            store.close()
            for leftover in database.parent.glob(f"{database.name}-*"):
                leftover.unlink()
            shutil.copyfile(tmp_path / "backup.db", database)

        return restore

    def of_postgres(store: Store) -> Callable[[], None]:
        admin: Engine = request.getfixturevalue("postgres")
        name = store.url.database

        def copy(source: str, target: str) -> None:
            store.close()
            with admin.connect() as connection:
                connection.execute(text(f"DROP DATABASE IF EXISTS {target}"))
                connection.execute(text(f"CREATE DATABASE {target} TEMPLATE {source}"))

        copy(f"{name}", f"{name}_backup")
        return lambda: copy(f"{name}_backup", f"{name}")

    return lambda store: of_sqlite(store) if store.is_sqlite else of_postgres(store)


def test_a_restored_older_database_neither_loses_nor_doubles_what_is_still_journalled(
    journal: Journal, backup_of: Callable[[Store], Callable[[], None]]
) -> None:
    loader = Loader(journal.store, journal.folder, batch=30)  # kept all the time, as the background process keeps one
    writer = journal.writer(segment_bytes=1 << 20)  # one segment, live until the end

    def click(numbers: range, agent: str) -> None:
        for number in numbers:
            assert writer.append(journal.click(seconds=number, visitor=number + 1, user_agent=f"{agent}/{number % 7}"))

    click(range(100), "Mozilla/5.0 One")
    loader.load()
    restore = backup_of(journal.store)
    click(range(100, 300), "Mozilla/5.0 Two")
    loader.load()
    assert raw(journal.store) == 300
    restore()
    assert raw(journal.store) == 100
    click(range(300, 350), "Mozilla/5.0 Three")
    pass_again(loader)
    assert_each_once(journal.store, 350)
    writer.close()
    loader.load()
    assert (raw(journal.store), segments(journal.folder)) == (350, [])


def test_a_segment_that_is_put_back_after_a_restore_is_loaded_from_where_the_backup_stood(
    journal: Journal, backup_of: Callable[[Store], Callable[[], None]]
) -> None:
    write(journal, range(100))
    (path,) = segments(journal.folder)
    kept = journal.folder.parent / "kept"
    shutil.copy(path, kept)
    loader = Loader(journal.store, journal.folder, batch=40)
    restore = backup_of(journal.store)
    loader.load()
    shutil.copy(kept, path)
    loader.load()
    assert raw(journal.store) == 100
    restore()
    shutil.copy(kept, path)
    pass_again(loader)
    assert_each_once(journal.store, 100)


def flip(path: Path, dice: random.Random, within: int = 1 << 62) -> None:
    with path.open("r+b") as file:
        for _ in range(5):
            file.seek(dice.randrange(min(within, path.stat().st_size)))
            byte = file.read(1)
            file.seek(-1, os.SEEK_CUR)
            file.write(bytes([byte[0] ^ (1 << dice.randrange(8))]))


def test_a_loader_that_lived_through_a_restore_books_no_click_elsewhere(
    journal: Journal, backup_of: Callable[[Store], Callable[[], None]]
) -> None:
    loader = Loader(journal.store, journal.folder)
    other = Journal(journal.folder.parent / "other", journal.store, journal.room)
    ours, theirs = ("ours.example", ""), ("theirs.example", "")
    restore = backup_of(journal.store)
    journal.write([journal.click(visitor=1, referrer=ours)])
    loader.load()  # learns the number of "ours"
    restore()
    other.write([other.click(visitor=2, referrer=theirs)])
    other.load()  # "theirs" has that number now
    journal.write([journal.click(visitor=3, referrer=ours)])
    pass_again(loader)
    assert sorted(click.context.referrer_host for click in journal.stored()) == ["ours.example", "theirs.example"]


DAMAGES: dict[str, Callable[[Path, random.Random], None]] = {
    "deleted": lambda path, _: path.unlink(),
    "cut": lambda path, dice: os.truncate(path, dice.randrange(path.stat().st_size)),
    "emptied": lambda path, _: os.truncate(path, 0),
    "flipped": flip,
    "header flipped": lambda path, dice: flip(path, dice, within=64),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_segment_damaged_while_it_is_being_loaded_costs_no_other_click(sqlite_journal: Journal, damage: str) -> None:
    journal, dice = sqlite_journal, random.Random(damage)
    loader = Loader(journal.store, journal.folder, batch=20)
    written = hit = at_most_lost = 0
    for _ in range(4):
        for _ in range(3):
            write(journal, range(written, written + 150))
            written += 150
        thread = threading.Thread(target=loader.load, daemon=True)
        thread.start()
        victim = dice.choice(segments(journal.folder))
        try:
            held = len(read_segment(victim).records)
            time.sleep(dice.uniform(0, 0.05))
            DAMAGES[damage](victim, dice)
        except (FileNotFoundError, ValueError):
            pass  # it was loaded before we came
        else:
            hit, at_most_lost = hit + 1, at_most_lost + held
        thread.join(PATIENCE)
        assert not thread.is_alive()
        loader.load()
    assert hit
    assert segments(journal.folder) == []
    assert written - at_most_lost <= raw(journal.store) <= written
    if damage == "flipped":
        assert raw(journal.store) >= written - 5 * 4  # a flipped byte costs one record
        assert raw(journal.store) + set_aside(journal.store) >= written
    assert_each_once(journal.store, raw(journal.store))
    write(journal, range(written, written + 10))  # and it goes on
    before = raw(journal.store)
    loader.load()
    assert raw(journal.store) == before + 10
