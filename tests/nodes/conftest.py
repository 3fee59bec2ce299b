"""A node with a journal, a link table and a store."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from affiliate.clicks.load import Loader
from affiliate.links.publish import Publisher
from affiliate.nodes.standing import Standing, Watch
from affiliate.redirect.counters import Counters
from affiliate.redirect.journal import JournalWriter
from affiliate.redirect.table import LinkTable
from affiliate.store import Store
from tests.clicks.conftest import Journal, Newsroom, furnish
from tests.conftest import HandClock


@dataclass
class Machine:
    """One node; its parts are the real ones."""

    store: Store
    folder: Path
    clock: HandClock
    room: Newsroom
    table: LinkTable

    def __post_init__(self) -> None:
        self.counters = Counters(self.folder)
        self.writer = JournalWriter(self.folder, self.counters, segment_bytes=65_536, segment_seconds=3600)
        self.journal = Journal(self.folder, self.store, self.room)

    def click(self, seconds: float = 0, *, many: int = 1) -> None:
        for _ in range(many):
            assert self.writer.append(self.journal.click(seconds=seconds))

    def load(self) -> None:
        began_at = self.clock()
        done = Loader(self.store, self.folder, clock=self.clock).load()
        self.counters.add_pass(began_at, loaded=done.clicks, set_aside=done.set_aside)

    def watch(self, store: Store | None = None) -> Watch:
        return Watch(store or self.store, self.folder, self.table, clock=self.clock, patience_seconds=20)

    def standing(self, store: Store | None = None) -> Standing:
        return self.watch(store).standing()


def machine_of(store: Store, folder: Path, clock: HandClock) -> Machine:
    room = furnish(store)
    table = LinkTable(folder / "links")
    Publisher(store, table).rebuild()
    return Machine(store, folder / "journal", clock, room, table)


@pytest.fixture
def machine(sqlite_store: Store, tmp_path: Path, clock: HandClock) -> Machine:
    return machine_of(sqlite_store, tmp_path, clock)


@pytest.fixture
def away(tmp_path: Path) -> Store:
    """A store that does not answer."""
    (tmp_path / "no-database").mkdir()
    return Store(f"sqlite:///{tmp_path / 'no-database'}")
