import fcntl
import os
import random
import shutil
import signal
import threading
import time
from collections.abc import Sequence
from multiprocessing import get_context
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest
from sqlalchemy import delete, func, select, text
from sqlalchemy.exc import DataError
from sqlalchemy.orm import Session

from affiliate.clicks import queries
from affiliate.clicks.classes import is_comparable
from affiliate.clicks.count import Counts, count
from affiliate.clicks.load import Loaded, Loader
from affiliate.clicks.retention import forget_visitors
from affiliate.clicks.rollup import check, rebuild
from affiliate.errors import StoreUnavailable
from affiliate.redirect import records as format_of
from affiliate.redirect.segments import read_segment, segments
from affiliate.store import Store
from affiliate.store.tables import ClickHour, JournalSegment, RecentVisit
from tests.clicks.conftest import NOW_MS, Journal
from tests.conftest import NOW
from tests.waiting import PATIENCE, wait_until


def hours(store: Store) -> list[tuple[object, ...]]:
    with store.reading() as session:
        return sorted(tuple(row) for row in session.execute(select(ClickHour.__table__)))


def counts(store: Store) -> Counts:
    with store.reading() as session:
        return count(session)


def test_a_click_is_booked_on_its_placement_article_and_programme(journal: Journal) -> None:
    room = journal.room
    journal.write([journal.click(token=room.in_article, referrer=("mag.example", "/story"), flags=format_of.GPC)])
    assert journal.load() == Loaded(clicks=1, set_aside=0, segments=1)
    (click,) = journal.stored()
    assert (click.at, click.context.link_id, click.context.article_id) == (NOW, room.links[0], room.article)
    assert (click.click_class, click.context.device, click.origin.user_agent_family) == ("human", "desktop", "Firefox")
    assert (
        click.context.referrer_host,
        click.origin.referrer_path,
        click.flags & format_of.GPC,
        click.origin.fallback_reason,
    ) == (
        "mag.example",
        "/story",
        format_of.GPC,
        "",
    )
    assert click.context.placement_id is not None
    assert click.context.programme_id is not None


def test_a_token_of_another_link_or_of_nobody_counts_for_the_default_placement(journal: Journal) -> None:
    journal.write(
        [
            journal.click(link=2, token=journal.room.in_article, visitor=1),
            journal.click(link=2, token="a0000000001y", visitor=2, seconds=1),
            journal.click(link=2, token="a0000000001y", visitor=3, seconds=2, reason="retired"),
        ]
    )
    journal.load()
    clicks = journal.stored()
    assert [click.origin.fallback_reason for click in clicks] == ["token-of-another-link", "unknown-token", "retired"]
    assert {click.context.article_id for click in clicks} == {None}
    assert len({click.context.placement_id for click in clicks}) == 1


@pytest.mark.parametrize(
    ("click_class", "flags", "user_agent"),
    [
        ("prefetch", format_of.PREFETCH, "Googlebot/2.1"),
        ("preview", format_of.INTERNAL, "facebookexternalhit/1.1"),
        ("preview", 0, "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"),
        ("bot", format_of.INTERNAL, "Googlebot/2.1"),
        ("bot", 0, ""),
        ("bot", 0, "python-requests/2.32"),
        ("internal", format_of.INTERNAL, "Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/140.0"),
    ],
)
def test_the_first_class_that_fits_is_kept_and_is_no_reader(
    sqlite_journal: Journal, click_class: str, flags: int, user_agent: str
) -> None:
    sqlite_journal.write([sqlite_journal.click(flags=flags, user_agent=user_agent)])
    sqlite_journal.load()
    (click,) = sqlite_journal.stored()
    assert (click.click_class, is_comparable(click.click_class, click.flags)) == (click_class, False)
    assert counts(sqlite_journal.store) == Counts(raw=1, human=0, network_comparable=0)


@pytest.mark.parametrize("batch", [1, 1000])
def test_a_second_click_within_ten_seconds_is_a_duplicate(journal: Journal, batch: int) -> None:
    journal.write(
        [
            journal.click(),
            journal.click(seconds=9.9),
            journal.click(seconds=10, visitor=2),
            journal.click(seconds=11, link=1),
            journal.click(seconds=20),
        ]
    )
    journal.load(batch)
    classes = [click.click_class for click in journal.stored()]
    assert classes == ["human", "duplicate", "human", "human", "human"]


def test_the_order_in_which_segments_are_loaded_does_not_hide_a_duplicate(journal: Journal) -> None:
    journal.write([journal.click(seconds=5)])
    journal.write([journal.click(seconds=0)])
    journal.load()
    assert sorted(click.click_class for click in journal.stored()) == ["duplicate", "human"]


@pytest.mark.parametrize("batch", [1, 1000])
def test_a_network_counts_a_visitor_once_per_advertiser_in_three_hours(journal: Journal, batch: int) -> None:
    journal.write(
        [
            journal.click(),
            journal.click(seconds=60, link=1),  # the same advertiser's other link
            journal.click(seconds=61, link=2),  # another advertiser
            journal.click(seconds=62, visitor=2),
            journal.click(seconds=3 * 3600 - 1),
            journal.click(seconds=3 * 3600, link=1),
        ]
    )
    journal.load(batch)
    assert [is_comparable(click.click_class, click.flags) for click in journal.stored()] == [
        True,
        False,
        True,
        True,
        False,
        True,
    ]
    assert counts(journal.store) == Counts(raw=6, human=6, network_comparable=4)


def test_a_network_counts_no_click_that_was_sent_past_it(journal: Journal) -> None:
    journal.write(
        [
            journal.click(reason="retired"),
            journal.click(seconds=60),
            journal.click(seconds=120, reason="direct"),
            journal.click(seconds=180),
            journal.click(seconds=240, visitor=0, reason="retired"),
        ]
    )
    journal.load()
    comparable = [is_comparable(click.click_class, click.flags) for click in journal.stored()]
    assert comparable == [False, True, False, False, False]
    assert counts(journal.store) == Counts(raw=5, human=5, network_comparable=1)


def test_a_prefetch_does_not_make_the_real_click_a_duplicate(sqlite_journal: Journal) -> None:
    prefetch = sqlite_journal.click(flags=format_of.PREFETCH)
    sqlite_journal.write([prefetch, sqlite_journal.click(seconds=1)])
    sqlite_journal.load()
    assert [click.click_class for click in sqlite_journal.stored()] == ["prefetch", "human"]


def test_clicks_without_a_visitor_each_count(sqlite_journal: Journal) -> None:
    sqlite_journal.write([sqlite_journal.click(visitor=0), sqlite_journal.click(visitor=0)])
    sqlite_journal.load()
    assert counts(sqlite_journal.store) == Counts(raw=2, human=2, network_comparable=2)


def test_what_is_remembered_of_visitors_is_forgotten_after_three_hours(journal: Journal) -> None:
    journal.write([journal.click(seconds=-3 * 3600 - 1), journal.click(seconds=-60, link=2, visitor=2)])
    journal.load()
    assert forget_visitors(journal.store, now=NOW) == 1
    with journal.store.reading() as session:
        assert session.scalar(select(func.count()).select_from(RecentVisit)) == 1


def test_loading_again_changes_nothing(journal: Journal) -> None:
    writer = journal.writer()
    writer.append(journal.click())
    assert journal.load() == Loaded(1, 0, 0)
    assert journal.load() == Loaded(0, 0, 0)
    writer.append(journal.click(seconds=60))
    assert journal.load() == Loaded(1, 0, 0)
    writer.close()
    assert journal.load() == Loaded(0, 0, 1)
    assert segments(journal.folder) == []
    assert journal.count_stored() == 2


def test_a_copied_segment_is_the_same_segment(journal: Journal) -> None:
    journal.write([journal.click()])
    (path,) = segments(journal.folder)
    copy = path.with_name("9999999999999-copy.clicks")
    shutil.copy(path, copy)
    kept = journal.folder.parent / "kept"
    shutil.copy(path, kept)
    assert journal.load().clicks == 1
    shutil.copy(kept, path)  # a restored backup
    assert journal.load().clicks == 0
    assert (journal.count_stored(), segments(journal.folder)) == (1, [])


def test_the_roll_up_equals_the_raw_clicks_and_can_be_made_anew(journal: Journal) -> None:
    dice = random.Random(7)
    agents = ["", "Googlebot/2.1", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Mobile/15E148 Safari/604.1"]
    clicks = [
        journal.click(
            link=dice.randrange(3),
            token=dice.choice(["", journal.room.in_article]),
            seconds=dice.randrange(50_000),
            visitor=dice.randrange(20),
            user_agent=dice.choice(agents),
        )
        for _ in range(2_000)
    ]
    for start in range(0, 2_000, 500):
        journal.write(clicks[start : start + 500])
        journal.load(batch=137)
    loaded, counted = hours(journal.store), counts(journal.store)
    assert (counted.raw, sum(row[3] for row in loaded)) == (2_000, 2_000)  # type: ignore[misc]  # rows are untyped
    with journal.store.transaction() as session:
        session.execute(text("UPDATE click_hours SET clicks = clicks + 5"))
        assert rebuild(session) == len(loaded)
    assert hours(journal.store) == loaded
    assert counts(journal.store) == counted


def test_a_damaged_record_is_set_aside_whole_and_the_others_are_loaded(journal: Journal) -> None:
    journal.write([journal.click(seconds=number * 60) for number in range(10)])
    (path,) = segments(journal.folder)
    start, end = read_segment(path, limit=4).offset, read_segment(path, limit=5).offset
    content = bytearray(path.read_bytes())
    content[start + 30] ^= 255
    path.write_bytes(content)
    assert journal.load() == Loaded(clicks=9, set_aside=1, segments=1)
    (aside,) = (journal.folder / "set-aside").iterdir()
    assert aside.read_bytes() == bytes(content[start:end])
    with journal.store.reading() as session:
        assert session.execute(select(JournalSegment.loaded, JournalSegment.set_aside)).one() == (9, 1)


def test_a_torn_tail_waits_for_its_writer_and_is_set_aside_without_one(journal: Journal) -> None:
    writer = journal.writer()
    for number in range(3):
        writer.append(journal.click(seconds=number * 60))
    (path,) = segments(journal.folder)
    last = read_segment(path, limit=2).offset
    content = path.read_bytes()
    with path.open("r+b") as file:
        file.seek(last + 20)
        file.write(bytes(1000))
    assert journal.load() == Loaded(2, 0, 0)
    with path.open("r+b") as file:  # the writer gets on with it
        file.write(content)
    assert journal.load() == Loaded(1, 0, 0)
    with path.open("r+b") as file:
        file.seek(read_segment(path).offset)
        file.write(content[last : last + 20])
    assert journal.load() == Loaded(0, 0, 0)
    writer.close()
    assert journal.load() == Loaded(clicks=0, set_aside=1, segments=1)
    assert journal.count_stored() == 3


def test_a_page_that_was_read_before_its_writer_reached_it_loses_no_click(journal: Journal) -> None:
    writer = journal.writer()
    for number in range(200):
        writer.append(journal.click(seconds=number * 60))
    (path,) = segments(journal.folder)
    content = path.read_bytes()
    with path.open("r+b") as file:  # what a reader sees that read this page early and the next one late
        file.seek(4096)
        file.write(bytes(4096))
    before = journal.load()
    assert (0 < before.clicks < 200, before.set_aside) == (True, 0)
    with path.open("r+b") as file:
        file.write(content)
    assert journal.load() == Loaded(200 - before.clicks, 0, 0)
    writer.close()
    assert journal.load() == Loaded(0, 0, 1)
    assert (journal.count_stored(), (journal.folder / "set-aside").exists()) == (200, False)


def test_a_file_that_is_no_segment_is_moved_out_of_the_way(sqlite_journal: Journal) -> None:
    sqlite_journal.write([sqlite_journal.click()])
    (sqlite_journal.folder / "0-rubbish.clicks").write_bytes(b"rubbish" * 100)
    assert sqlite_journal.load() == Loaded(clicks=1, set_aside=1, segments=1)
    assert (sqlite_journal.folder / "set-aside" / "0-rubbish.clicks").is_file()


def test_a_segment_that_is_being_made_is_left_alone_and_an_abandoned_one_is_not(sqlite_journal: Journal) -> None:
    folder = sqlite_journal.folder
    folder.mkdir()
    made, abandoned = folder / ".made.new", folder / ".abandoned.new"
    for path in (made, abandoned):
        path.touch()
        os.utime(path, (0, 0))  # as if the clock had leapt ahead
    with made.open("rb") as writer:
        fcntl.flock(writer, fcntl.LOCK_EX)
        sqlite_journal.load()
        assert [path.name for path in folder.glob(".*.new")] == [made.name]


def test_a_segment_cut_by_hand_gives_what_is_left(sqlite_journal: Journal) -> None:
    sqlite_journal.write([sqlite_journal.click(seconds=number * 60) for number in range(10)])
    (path,) = segments(sqlite_journal.folder)
    os.truncate(path, read_segment(path, limit=6).offset + 7)
    assert sqlite_journal.load() == Loaded(clicks=6, set_aside=1, segments=1)


def test_a_click_of_a_link_that_nobody_knows_is_set_aside(journal: Journal) -> None:
    journal.write(
        [journal.click()._replace(link_id=424_242), journal.click(), journal.click()._replace(time_ms=1 << 62)]
    )
    assert journal.load() == Loaded(clicks=1, set_aside=2, segments=1)
    (aside,) = (journal.folder / "set-aside").iterdir()
    assert aside.name.endswith(".unknown-link")


def test_a_record_that_the_database_refuses_takes_no_other_with_it(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    insert = queries.insert_clicks

    def refuse_two_minutes(session: Session, rows: Sequence[queries.ClickRow]) -> None:
        """As a check of the database would: nothing that a sound writer makes is refused otherwise."""
        if any(row[0] in (NOW_MS + 3 * 60_000, NOW_MS + 7 * 60_000) for row in rows):
            session.execute(text("INSERT INTO journal_segments (uuid) VALUES (NULL)"))
        insert(session, rows)

    monkeypatch.setattr(queries, "insert_clicks", refuse_two_minutes)
    journal.write([journal.click(seconds=number * 60) for number in range(10)])
    assert journal.load() == Loaded(clicks=8, set_aside=2, segments=1)
    assert (journal.count_stored(), counts(journal.store).raw) == (8, 8)
    (aside,) = (journal.folder / "set-aside").iterdir()
    assert aside.read_bytes().count(b"\xffck\xfe") == 2
    with journal.store.reading() as session:
        assert check(session) == 0


@pytest.mark.parametrize("store", ["postgres"], indirect=True)  # SQLite takes every width
def test_a_click_too_wide_for_its_column_is_refused_like_any_other(journal: Journal) -> None:
    with journal.store.transaction() as session, pytest.raises(DataError):
        queries.insert_clicks(session, [(NOW_MS, 1, 1, None, "a class of its own", 0, 1)])


def test_a_loader_that_was_overtaken_stores_nothing(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    journal.write([journal.click()])
    with monkeypatch.context() as patched:
        patched.setattr(queries, "move_checkpoint", lambda *_, **__: False)
        assert journal.load() == Loaded(0, 0, 0)
    assert (journal.count_stored(), hours(journal.store), len(segments(journal.folder))) == (0, [], 1)
    assert journal.load().clicks == 1


def test_a_database_that_is_away_leaves_the_journal_as_it_is(tmp_path: Path, sqlite_journal: Journal) -> None:
    sqlite_journal.write([sqlite_journal.click()])
    with pytest.raises(StoreUnavailable):
        Loader(Store("postgresql+psycopg://nobody@127.0.0.1:1/nothing"), sqlite_journal.folder).load()
    assert sqlite_journal.load().clicks == 1


def test_two_loaders_at_once_load_each_click_once(journal: Journal) -> None:
    writer = journal.writer(segment_bytes=16_384)
    stop = threading.Event()

    def keep_loading(folder: Path) -> None:
        while not stop.is_set():
            Loader(journal.store, folder, batch=50).load()

    # The second loader sees the same segments through another folder, as if the lock did not hold: only the
    # checkpoint keeps them apart.
    other = journal.folder.parent / "other"
    other.mkdir()
    loaders = [threading.Thread(target=keep_loading, args=(folder,)) for folder in (journal.folder, other)]
    for loader in loaders:
        loader.start()
    for number in range(1_500):
        writer.append(journal.click(seconds=number, visitor=number))
        if number % 100 == 0:
            for path in segments(journal.folder):
                if not (other / path.name).exists():
                    (other / path.name).hardlink_to(path)
    writer.close()
    assert wait_until(lambda: not segments(journal.folder))
    stop.set()
    for loader in loaders:
        loader.join()
    journal.load()
    assert (journal.count_stored(), counts(journal.store).raw) == (1_500, 1_500)


def _load_for_ever(url: str, folder: Path, begun: Event) -> None:
    store = Store(url)
    while True:
        if Loader(store, folder, batch=25).load().clicks:
            begun.set()


@pytest.mark.parametrize(
    "kills", [pytest.param(4, id="short"), pytest.param(100, marks=pytest.mark.slow, id="hundred")]
)
def test_a_loader_killed_at_random_points_loads_each_click_exactly_once(journal: Journal, kills: int) -> None:
    url = journal.store.url.render_as_string(hide_password=False)
    journal.store.close()
    writer = journal.writer(segment_bytes=32_768)
    written = written_before = 0
    context = get_context("spawn")
    for _ in range(kills):
        begun = context.Event()
        loader = context.Process(target=_load_for_ever, args=(url, journal.folder, begun))
        loader.start()
        until = time.monotonic() + random.uniform(0.2, 1.5)  # it needs about 0.7 s to begin
        while time.monotonic() < until:
            for _ in range(20):
                assert writer.append(journal.click(seconds=written, visitor=written))
                written += 1
            time.sleep(0.005)
        if not written_before:
            assert begun.wait(PATIENCE)
        written_before = written
        assert loader.pid is not None
        os.kill(loader.pid, signal.SIGKILL)
        loader.join()
    assert 0 < journal.count_stored() < written + 1
    writer.close()
    journal.load()
    assert (journal.count_stored(), counts(journal.store).raw, segments(journal.folder)) == (written, written, [])


def test_the_default_placement_of_a_link_may_be_missing(sqlite_journal: Journal) -> None:
    with sqlite_journal.store.transaction() as session:
        session.execute(text("DELETE FROM placements WHERE article_id IS NULL"))
        session.execute(delete(RecentVisit))
    sqlite_journal.write([sqlite_journal.click()])
    sqlite_journal.load()
    assert [click.context.placement_id for click in sqlite_journal.stored()] == [None]
    assert sqlite_journal.stored()[0].at.timestamp() * 1000 == NOW_MS
