"""The register's lists on both databases: which pages stand there, in which order, and how they are counted."""

from datetime import timedelta
from typing import Any

import pytest

from affiliate.disclosure.state import MISSING, NOT_NEEDED, Shown, record
from affiliate.reports.register import (
    SORTS,
    Counts,
    RegisterFilter,
    count_register,
    list_register,
    newest_checks,
    profiles_in_register,
    show_history,
)
from affiliate.store import Store
from affiliate.store.tables import Article
from tests.conftest import NOW
from tests.disclosure.evidence.made_up import check_in, found_site


@pytest.fixture
def filled(store: Store) -> Store:
    """1 passes, 2 fails for ebay, 3 warns, 4 misses its disclosure and was not checked, 5 needs none."""
    found_site(store, articles=5)
    with store.transaction() as session:
        record(session, article_id=4, shown=Shown(MISSING, "uk", 3), html_sha256="", now=NOW + timedelta(hours=1))
        record(session, article_id=5, shown=Shown(NOT_NEEDED, "uk", 0), html_sha256="", now=NOW)
        check_in(session, 1, {"uk": "PASS"}, now=NOW)
        check_in(session, 2, {"uk": "WARN", "ebay": "FAIL"}, now=NOW + timedelta(hours=1))
        check_in(session, 3, {"uk": "FAIL"}, now=NOW + timedelta(hours=2))
        check_in(session, 3, {"uk": "WARN"}, now=NOW + timedelta(hours=3))
        check_in(session, 5, {"uk": "PASS"}, now=NOW)
        session.get_one(Article, 1).title = "50% off_everything"
    return store


def ids(store: Store, **asked: Any) -> list[int]:
    with store.reading() as session:
        rows, total = list_register(session, RegisterFilter(**asked), now=NOW)
    assert total >= len(rows)
    return [row.article_id for row in rows]


def test_the_worst_comes_first_and_what_needs_none_is_not_there(filled: Store) -> None:
    assert ids(filled) == [2, 3, 4, 1]
    with filled.reading() as session:
        assert count_register(session) == Counts(pages=4, failing=1, warning=1, passing=1, unchecked=1)
        assert count_register(session, site_id=99) == Counts(0, 0, 0, 0, 0)
        assert profiles_in_register(session) == ["ebay", "uk"]
        assert [check.number for check in newest_checks(session, most=2)] == [5, 4]


def test_every_filter_and_sort_answers(filled: Store) -> None:
    assert ids(filled, verdict="FAIL") == [2]
    assert ids(filled, verdict="WARN", profile="uk") == [2, 3]
    assert ids(filled, verdict="UNCHECKED") == [4]
    assert ids(filled, profile="ebay") == [2]
    assert ids(filled, text="50%") == [1]
    assert ids(filled, text="off_every") == [1]
    assert ids(filled, text="article STYLE 3") == [3]
    assert ids(filled, site_id=1, page=2, per_page=3) == [1]
    assert ids(filled, sort="title")[0] == 1
    assert ids(filled, sort="checked") == [4, 1, 2, 3]
    assert ids(filled, sort="shown")[0] == 4
    assert all(len(ids(filled, sort=sort)) == 4 for sort in SORTS)


def test_a_row_says_what_is_shown_since_when_and_what_the_last_check_was(filled: Store) -> None:
    with filled.reading() as session:
        rows, _ = list_register(session, RegisterFilter(text="Article 3"), now=NOW)
        history = show_history(session, 3, now=NOW)
    (row,) = rows
    assert (row.state, row.label, row.text_version, row.shown_from) == ("present", "Ad", "uk-en-1", NOW)
    assert (row.verdicts, row.worst, row.check) == ({"uk": "WARN"}, "WARN", 4)
    assert row.checked_at == NOW + timedelta(hours=3)
    assert [(held.verdict, held.held_until) for held in history.verdicts] == [
        ("WARN", None),
        ("FAIL", NOW + timedelta(hours=3)),
    ]
    assert [check.number for check in history.checks] == [4, 3]
