"""What becomes of clicks after they are loaded: the dictionary of user agents, judging anew, forgetting."""

import os
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from affiliate.clicks import agents, classes, rejudge
from affiliate.clicks.count import Counts, count
from affiliate.clicks.load import Loader
from affiliate.clicks.retention import Purged, forget_visitors, purge
from affiliate.clicks.rollup import check, rebuild
from affiliate.redirect.records import INTERNAL, PREFETCH
from affiliate.store import Store
from affiliate.store.tables import (
    ClickContext,
    ClickHour,
    ClickOrigin,
    ClickPurge,
    ClickRules,
    JournalSegment,
    UserAgent,
    UserAgentSighting,
)
from tests.clicks.conftest import FIREFOX, Journal
from tests.conftest import NOW

NEW_CRAWLER = "Mozilla/5.0 (X11; Linux x86_64) NosyReader/1.0"


def counts(store: Store) -> Counts:
    with store.reading() as session:
        return count(session)


def rows(store: Store, table: type) -> int:
    with store.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def differing(store: Store) -> int:
    with store.reading() as session:
        return check(session)


def dictionary(store: Store) -> dict[str, str]:
    with store.reading() as session:
        return {row.text: row.kind for row in session.scalars(select(UserAgent))}


def showing(journal: Journal, user_agent: str, visitors: range) -> None:
    journal.write([journal.click(user_agent=user_agent, visitor=visitor, seconds=visitor * 60) for visitor in visitors])


# ---- the dictionary -------------------------------------------------------------------------------------------------


def test_a_user_agent_is_written_down_once_twenty_visitors_shared_it(journal: Journal) -> None:
    loader = Loader(journal.store, journal.folder)
    showing(journal, FIREFOX, range(1, 20))
    loader.load()
    assert dictionary(journal.store) == {}
    assert {click.user_agent_id for click in journal.stored()} == {None}
    showing(journal, FIREFOX, range(1, 3))  # the same people again
    loader.load()
    assert dictionary(journal.store) == {}
    showing(journal, FIREFOX, range(20, 22))
    loader.load()
    assert dictionary(journal.store) == {FIREFOX: ""}
    assert rows(journal.store, UserAgentSighting) == 0
    showing(journal, FIREFOX, range(50, 51))
    loader.load()
    assert [click.user_agent_id is not None for click in journal.stored()][-1]


def test_who_may_not_be_told_apart_shares_nothing(sqlite_journal: Journal) -> None:
    sqlite_journal.write([sqlite_journal.click(visitor=0, seconds=number) for number in range(40)])
    sqlite_journal.load()
    assert (dictionary(sqlite_journal.store), rows(sqlite_journal.store, UserAgentSighting)) == ({}, 0)


def test_sightings_are_forgotten_with_the_key_of_their_day(journal: Journal) -> None:
    showing(journal, FIREFOX, range(1, 3))
    journal.load()
    midnight = datetime(2026, 11, 21, tzinfo=UTC)
    forget_visitors(journal.store, now=midnight + timedelta(hours=2, minutes=59))
    assert rows(journal.store, UserAgentSighting) == 2
    forget_visitors(journal.store, now=midnight + timedelta(hours=3))
    assert rows(journal.store, UserAgentSighting) == 0


# ---- judging anew ---------------------------------------------------------------------------------------------------


def is_due(store: Store) -> bool:
    with store.reading() as session:
        return rejudge.is_due(session)


def the_list_learns_of(monkeypatch: pytest.MonkeyPatch, crawler: str) -> None:
    known = classes.kind_of

    def kind_of(user_agent: str) -> str:
        return classes.BOT if crawler in user_agent else known(user_agent)

    monkeypatch.setattr(rejudge, "kind_of", kind_of)
    monkeypatch.setattr(agents, "kind_of", kind_of)
    monkeypatch.setattr(rejudge, "rules_version", lambda: "a newer list")


def test_clicks_of_a_crawler_that_the_list_learns_of_become_bots(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    showing(journal, NEW_CRAWLER, range(1, 31))
    showing(journal, FIREFOX, range(31, 61))
    journal.write([journal.click(user_agent=NEW_CRAWLER, flags=PREFETCH, visitor=70)])
    journal.load()
    assert is_due(journal.store)
    rejudge.rejudge(journal.store, now=NOW)
    assert not is_due(journal.store)
    before = counts(journal.store)
    the_list_learns_of(monkeypatch, "NosyReader")
    assert is_due(journal.store)
    report = rejudge.rejudge(journal.store, now=NOW)
    assert (before, counts(journal.store)) == (Counts(61, 60, 60), Counts(61, 30, 30))
    assert report.as_json() == {
        "rules": "a newer list",
        "user_agents": {"person → bot": 1},
        "clicks": {"human → bot": 30},
    }
    assert differing(journal.store) == 0
    assert dictionary(journal.store) == {NEW_CRAWLER: "bot", FIREFOX: ""}
    assert not is_due(journal.store)
    assert rejudge.rejudge(journal.store, now=NOW).clicks == {}
    with journal.store.reading() as session:
        newest = session.scalars(select(ClickRules).order_by(ClickRules.id.desc())).first()
        assert newest is not None
        assert newest.version == "a newer list"


def test_judging_anew_that_was_broken_off_is_taken_up_and_counts_nothing_twice(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    showing(journal, NEW_CRAWLER, range(1, 31))
    journal.load()
    the_list_learns_of(monkeypatch, "NosyReader")
    monkeypatch.setattr(rejudge, "_AT_ONCE", 7)
    move, moves = rejudge._move, iter(range(3))

    def move_three_times(*of: object) -> object:
        next(moves)
        return move(*of)  # type: ignore[arg-type] # handed through

    with monkeypatch.context() as patched:
        patched.setattr(rejudge, "_move", move_three_times)
        with pytest.raises(StopIteration):
            rejudge.rejudge(journal.store, now=NOW)
    assert is_due(journal.store)
    assert differing(journal.store) == 0
    assert 0 < counts(journal.store).human < 30
    rejudge.rejudge(journal.store, now=NOW)
    assert (counts(journal.store), differing(journal.store)) == (Counts(30, 0, 0), 0)


def test_a_bot_that_turns_out_to_be_a_browser_gets_the_class_that_its_facts_give(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    showing(journal, NEW_CRAWLER, range(1, 21))
    journal.write(
        [
            journal.click(user_agent=NEW_CRAWLER, visitor=1, seconds=61),  # a second after the first one
            journal.click(user_agent=NEW_CRAWLER, visitor=99, flags=INTERNAL),
        ]
    )
    with monkeypatch.context() as patched:
        patched.setattr(classes, "kind_of", lambda _: classes.BOT)
        patched.setattr(agents, "kind_of", lambda _: classes.BOT)
        classes.client_of.cache_clear()
        journal.load()
    classes.client_of.cache_clear()
    assert counts(journal.store) == Counts(22, 0, 0)
    report = rejudge.rejudge(journal.store, now=NOW)
    assert report.clicks == {("bot", "human"): 20, ("bot", "duplicate"): 1, ("bot", "internal"): 1}
    assert counts(journal.store) == Counts(22, 20, 20)
    assert differing(journal.store) == 0


# ---- forgetting -----------------------------------------------------------------------------------------------------


def days_of_clicks(journal: Journal, days: int) -> None:
    """One click a day, the newest at NOW, each from a page of its own."""
    for day in range(days):
        at = -86_400 * day
        journal.write([journal.click(seconds=at, visitor=day + 1, referrer=("mag.example", f"/story-{day}"))])
    journal.load()


def test_clicks_are_deleted_after_their_days_and_their_sums_stay(journal: Journal) -> None:
    days_of_clicks(journal, 6)
    purged = purge(journal.store, journal.folder, keep_raw_days=3, keep_hours_months=25, now=NOW)
    assert purged == Purged(clicks=2, hours=0, left=0)
    assert [click.at for click in journal.stored()] == [NOW - timedelta(days=day) for day in (3, 2, 1, 0)]
    assert counts(journal.store) == Counts(6, 6, 6)
    assert (rows(journal.store, ClickOrigin), rows(journal.store, ClickContext)) == (4, 1)
    with journal.store.reading() as session:
        (noted,) = session.scalars(select(ClickPurge))
        assert (noted.what, noted.deleted, noted.left) == ("clicks", 2, 0)
        assert noted.before == datetime(2026, 11, 17, tzinfo=UTC)
    assert purge(journal.store, journal.folder, keep_raw_days=3, keep_hours_months=25, now=NOW) == Purged(0, 0, 0)


def test_sums_are_deleted_after_their_months(journal: Journal) -> None:
    days_of_clicks(journal, 30)
    purged = purge(journal.store, journal.folder, keep_raw_days=1, keep_hours_months=1, now=NOW + timedelta(days=31))
    assert purged == Purged(clicks=30, hours=10, left=0)  # 22 to 31 October
    assert counts(journal.store).raw == 20
    assert (rows(journal.store, ClickOrigin), rows(journal.store, ClickContext)) == (0, 1)


def test_nothing_is_deleted_where_everything_is_kept(sqlite_journal: Journal) -> None:
    days_of_clicks(sqlite_journal, 3)
    late = NOW + timedelta(days=10_000)
    assert purge(sqlite_journal.store, sqlite_journal.folder, keep_raw_days=0, keep_hours_months=0, now=late) == Purged(
        0, 0, 0
    )
    assert sqlite_journal.count_stored() == 3


def test_making_the_sums_anew_leaves_those_whose_clicks_are_gone(journal: Journal) -> None:
    days_of_clicks(journal, 6)
    purge(journal.store, journal.folder, keep_raw_days=3, keep_hours_months=25, now=NOW)
    assert differing(journal.store) == 0
    with journal.store.transaction() as session:
        session.query(ClickHour).filter(ClickHour.hour > NOW - timedelta(days=2)).delete()
    assert differing(journal.store) == 2
    with journal.store.transaction() as session:
        rebuild(session)
    assert (differing(journal.store), counts(journal.store).raw) == (0, 6)


def test_what_was_purged_cannot_be_read_from_the_database_s_files(sqlite_journal: Journal) -> None:
    days_of_clicks(sqlite_journal, 6)
    database = sqlite_journal.folder.parent

    def in_files(text: str) -> bool:
        return any(text.encode() in path.read_bytes() for path in database.glob("affiliate.db*"))

    assert in_files("/story-5")
    assert in_files("/story-1")
    purge(sqlite_journal.store, sqlite_journal.folder, keep_raw_days=3, keep_hours_months=25, now=NOW)
    assert not in_files("/story-5")
    assert in_files("/story-1")


def test_a_loader_goes_on_after_a_purge_took_what_it_had_looked_up(journal: Journal) -> None:
    loader = Loader(journal.store, journal.folder)
    journal.write([journal.click(seconds=-86_400 * 5, referrer=("mag.example", "/old"))])
    loader.load()
    purge(journal.store, journal.folder, keep_raw_days=1, keep_hours_months=25, now=NOW)
    assert rows(journal.store, ClickOrigin) == 0
    journal.write([journal.click(referrer=("mag.example", "/old"))])
    loader.load()
    (click,) = journal.stored()
    assert click.origin.referrer_path == "/old"


def test_records_set_aside_are_deleted_as_clicks_are(sqlite_journal: Journal) -> None:
    folder = sqlite_journal.folder / "set-aside"
    folder.mkdir(parents=True)
    for name, days in (("old.damaged", 4), ("new.damaged", 1)):
        (folder / name).write_bytes(b"what was damaged")
        moment = (NOW - timedelta(days=days)).timestamp()
        os.utime(folder / name, (moment, moment))
    purged = purge(sqlite_journal.store, sqlite_journal.folder, keep_raw_days=3, keep_hours_months=25, now=NOW)
    assert (purged.set_aside, [path.name for path in folder.iterdir()]) == (1, ["new.damaged"])


def test_checkpoints_of_segments_are_kept_as_long_as_their_clicks(journal: Journal) -> None:
    days_of_clicks(journal, 2)
    purge(journal.store, journal.folder, keep_raw_days=1, keep_hours_months=25, now=NOW + timedelta(days=10_000))
    assert rows(journal.store, JournalSegment) == 0
