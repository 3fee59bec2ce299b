"""Files of overlapping windows make the same ledger in any order, imported twice, undone and imported again."""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from sqlalchemy.orm import Session

from affiliate.commissions.undo import undo_import
from affiliate.store import Store
from tests.commissions.histories import History, canonical
from tests.commissions.sheets import book, newsroom, placed

FIRST = datetime(2026, 9, 1, tzinfo=UTC)
LAST = datetime(2026, 11, 1, tzinfo=UTC)
DAY = timedelta(days=1)

Row = Mapping[str, str]


@dataclass(frozen=True)
class File:
    """One download: what its rows said when it was made."""

    as_of: datetime
    rows: tuple[Row, ...]

    def __hash__(self) -> int:
        return hash(self.as_of)


class _EnoughError(Exception):
    pass


@contextmanager
def thrown_away(store: Store) -> Iterator[Session]:
    """A ledger of its own, in a transaction that is rolled back."""
    try:
        with store.transaction() as session:
            newsroom(session, FIRST)
            yield session
            raise _EnoughError
    except _EnoughError:
        pass


def sale(dice: random.Random, number: int, refs: Sequence[str]) -> list[tuple[datetime, Row]]:
    """One sale's life: when each state began, and the row that a report shows then."""
    at = FIRST + dice.randrange(20 * 24) * timedelta(hours=1)
    amount = dice.choice([5, 12, 40, -8])
    row = {
        "id": f"t{number:02}",
        "shop": str(77 + number % 3),
        "sold": at.isoformat(),
        "clicked": (at - timedelta(hours=1)).isoformat(),
        "order": f"o{number}",
        "ref": dice.choice(refs),
        "commission": f"{amount}.00",
    }
    states: list[tuple[datetime, Row]] = [(at, row)]
    for change in (
        {"commission": f"{amount - 1}.50"},
        {"status": "approved", "validated": (at + 9 * DAY).isoformat()},
        {"status": "declined", "reason": "returned"},
        {"status": "approved", "reason": "", "commission": f"{amount}.00"},
        {"payment": "paid"},
    ):
        if dice.random() < 0.6:
            at += dice.randrange(1, 10) * DAY
            row = {**row, **change}
            states.append((at, row))
    return states


def downloads(dice: random.Random, sales: Sequence[list[tuple[datetime, Row]]], count: int) -> list[File]:
    """Files of windows of sales, true at different moments; some leave out what others tell."""
    files = []
    for as_of in sorted(dice.sample([FIRST + hours * timedelta(hours=1) for hours in range(24, 50 * 24)], count)):
        first = FIRST + dice.randrange(15) * DAY
        until = first + dice.randrange(5, 30) * DAY
        left_out = dice.choice([{}, {}, {"clicked": ""}, {"ref": "", "order": ""}, {"clicked": "", "ref": ""}])
        rows = [
            {**[row for since, row in states if since <= as_of][-1], **left_out}
            for states in sales
            if first <= states[0][0] < until and states[0][0] <= as_of
        ]
        dice.shuffle(rows)
        files.append(File(as_of, tuple(rows)))
    return files


def ledger_of(store: Store, work: Callable[[Session, "Imports"], None]) -> dict[str, History]:
    with thrown_away(store) as session:
        work(session, Imports(session))
        return canonical(session)
    raise AssertionError


class Imports:
    """Imports and undoes at moments that go on."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.now = LAST

    def add(self, file: File) -> int:
        self.now += timedelta(minutes=1)
        result = book(self.session, *file.rows, as_of=file.as_of, now=self.now)
        assert (result.quarantined, result.rows) == ((), len(file.rows))
        assert result.rows == result.new + result.amended + result.unchanged
        assert result.run_id is not None
        return result.run_id

    def undo(self, run_id: int) -> None:
        self.now += timedelta(minutes=1)
        undo_import(self.session, run_id, now=self.now)


def in_order(files: Sequence[File]) -> Callable[[Session, Imports], None]:
    def work(_session: Session, imports: Imports) -> None:
        for file in files:
            imports.add(file)

    return work


def in_disorder(dice: random.Random, files: Sequence[File]) -> Callable[[Session, Imports], None]:
    """All files in any order: some twice, some undone and imported again, one of another world in between and undone."""

    def work(_session: Session, imports: Imports) -> None:
        strange = File(
            dice.choice(files).as_of - timedelta(minutes=30),
            tuple({**row, "status": "declined", "commission": "1.23"} for row in dice.choice(files).rows),
        )
        coming = [*files, *dice.sample(files, len(files) // 3)]
        dice.shuffle(coming)
        coming.insert(dice.randrange(len(coming)), strange)
        wrong: list[int] = []
        for file in coming:
            run = imports.add(file)
            if file is strange:
                wrong.append(run)
            elif dice.random() < 0.3:
                imports.undo(run)
                imports.add(file)
            if wrong and dice.random() < 0.3:
                imports.undo(wrong.pop())
        for run in wrong:
            imports.undo(run)

    return work


def check(store: Store, seed: int, *, sales: int, files: int, tries: int) -> None:
    dice = random.Random(seed)
    with store.transaction() as session:
        newsroom(session, FIRST)
        tokens = [placed(session, slug=f"dress-{n}", article=f"/story-{n}", now=FIRST).token for n in range(2)]
    lives = [sale(dice, number, [*tokens, "", "somebody-elses"]) for number in range(sales)]
    loads = downloads(dice, lives, files)
    expected = ledger_of(store, in_order(loads))
    assert sum(len(history) for history in expected.values()) > sales
    for _ in range(tries):
        assert ledger_of(store, in_disorder(dice, loads)) == expected


def sayings(dice: random.Random, refs: Sequence[str], count: int) -> list[File]:
    """Files that contradict each other about two transactions, and leave out what others know."""
    return [
        File(
            FIRST + day * DAY,
            tuple(
                {
                    "id": name,
                    "status": dice.choice(["pending", "approved"]),
                    "clicked": dice.choice(["", "2026-09-01T09:00:00+00:00", "2026-09-01T08:00:00+00:00"]),
                    "order": dice.choice(["", "o1", "o2"]),
                    "ref": dice.choice(refs),
                }
                for name in dice.choice([("t1",), ("t1", "t2")])
            ),
        )
        for day in range(count)
    ]


def contradict(store: Store, seeds: range) -> None:
    with store.transaction() as session:
        newsroom(session, FIRST)
        tokens = [placed(session, slug=f"dress-{n}", article=f"/story-{n}", now=FIRST).token for n in range(2)]
    for seed in seeds:
        files = sayings(random.Random(seed), [*tokens, "", "somebody-elses"], 4)
        expected = ledger_of(store, in_order(files))
        for order in permutations(files):
            assert ledger_of(store, in_order(order)) == expected, seed


def take_back(store: Store, seeds: range) -> None:
    with store.transaction() as session:
        newsroom(session, FIRST)
        tokens = [placed(session, slug=f"dress-{n}", article=f"/story-{n}", now=FIRST).token for n in range(2)]
    for seed in seeds:
        dice = random.Random(seed)
        files = sayings(dice, [*tokens, ""], 5)
        gone = set(dice.sample(files, 2))

        def work(_session: Session, imports: Imports) -> None:
            coming = dice.sample(files, len(files))  # noqa: B023 - called in this round
            runs = [(imports.add(file), file) for file in coming]
            for run, file in dice.sample(runs, len(runs)):  # noqa: B023
                if file in gone:  # noqa: B023
                    imports.undo(run)

        left = [file for file in files if file not in gone]
        assert ledger_of(store, work) == ledger_of(store, in_order(left)), seed


def test_files_that_contradict_each_other_make_the_same_ledger_in_any_order(sqlite_store: Store) -> None:
    contradict(sqlite_store, range(2))


def test_undoing_files_leaves_what_the_others_make(sqlite_store: Store) -> None:
    take_back(sqlite_store, range(12))


@pytest.mark.slow
def test_many_files_that_contradict_each_other(sqlite_store: Store) -> None:
    contradict(sqlite_store, range(100, 160))
    take_back(sqlite_store, range(100, 400))


@pytest.mark.parametrize("seed", range(3))
def test_files_make_the_same_ledger_in_any_order(sqlite_store: Store, seed: int) -> None:
    check(sqlite_store, seed, sales=12, files=8, tries=3)


def test_files_make_the_same_ledger_in_any_order_in_both_databases(store: Store) -> None:
    check(store, 100, sales=6, files=5, tries=1)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(200, 260))
def test_many_files_make_the_same_ledger_in_any_order(sqlite_store: Store, seed: int) -> None:
    check(sqlite_store, seed, sales=20, files=14, tries=4)
