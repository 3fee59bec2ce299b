"""The chain of records: numbers without a gap, hashes that anybody can compute, verdicts kept up with it."""

import json
import threading
from datetime import datetime, timedelta
from hashlib import sha256

import pytest
from sqlalchemy import select

from affiliate.disclosure.evidence.chain import BEFORE_THE_FIRST, canonical
from affiliate.disclosure.evidence.files import unpacked
from affiliate.disclosure.evidence.recording import record_check
from affiliate.disclosure.evidence.records import LIVE, RENDERED, Screenshot
from affiliate.disclosure.findings import Checked, Finding
from affiliate.store import Store
from affiliate.store.tables import ArticleVerdict, EvidenceFile, PageCheck, Site
from tests.conftest import NOW
from tests.disclosure.evidence.made_up import MISSING, PIXEL, URL, check_in, filled, found_site, page, seen
from tests.waiting import PATIENCE


def test_a_hash_covers_the_one_before_it_and_the_digest_of_the_record(sqlite_store: Store) -> None:
    filled(sqlite_store, 3)
    with sqlite_store.reading() as session:
        checks = session.scalars(select(PageCheck).order_by(PageCheck.number)).all()
    assert [check.number for check in checks] == [1, 2, 3]
    assert [check.previous_hash for check in checks] == [BEFORE_THE_FIRST, checks[0].hash, checks[1].hash]
    for check in checks:
        digest = sha256(check.record.encode()).hexdigest()
        assert check.hash == sha256(f"{check.previous_hash}\n{digest}".encode()).hexdigest()


def test_a_record_says_all_that_a_check_saw(sqlite_store: Store) -> None:
    found_site(sqlite_store)
    with sqlite_store.transaction() as session:
        check_in(session, 1, {"uk": "FAIL"}, origin=LIVE, status=200, screenshots=[Screenshot("360x740", PIXEL)])
    with sqlite_store.reading() as session:
        check = session.scalars(select(PageCheck)).one()
        kept = {file.media_type: unpacked(file) for file in session.scalars(select(EvidenceFile))}
    said = json.loads(check.record)
    assert check.record == canonical(said)
    assert said["article"] == {"id": 1, "ref": URL, "title": "Article 1", "url": URL}
    assert (said["origin"], said["status"], said["kind"], said["occasion"]) == ("live", 200, "product-led", "publish")
    assert said["text"]["version"] == "uk-en-1"
    assert said["packs"] == {"uk": "2026-11-23"}
    assert said["findings"] == [MISSING.as_json()]
    assert said["links"][0]["placement"] == "a123"
    assert said["checked_at"] == "2026-11-20T12:00:00.000000Z"
    assert said["html_sha256"] == sha256(page(1).encode()).hexdigest()
    assert said["screenshots"] == {"360x740": sha256(PIXEL).hexdigest()}
    assert kept == {"text/html": page(1).encode(), "image/jpeg": PIXEL}


def test_a_page_that_did_not_change_is_kept_once(sqlite_store: Store) -> None:
    found_site(sqlite_store)
    for _ in range(3):
        with sqlite_store.transaction() as session:
            check_in(session)
    with sqlite_store.reading() as session:
        assert len(session.scalars(select(EvidenceFile)).all()) == 1


def test_credentials_in_an_address_are_not_written_down(sqlite_store: Store) -> None:
    found_site(sqlite_store)
    with sqlite_store.transaction() as session:
        check_in(session, url="https://editor:hunter2@preview.mag.example/a?b=c")
    with sqlite_store.reading() as session:
        check = session.scalars(select(PageCheck)).one()
    assert check.url == "https://preview.mag.example/a?b=c"
    assert "hunter2" not in check.record


def test_a_float_is_refused_because_its_text_is_not_the_same_everywhere() -> None:
    with pytest.raises(TypeError):
        canonical({"findings": [{"measured": 0.1}]})


def test_hostile_text_of_a_page_can_be_recorded(store: Store) -> None:
    found_site(store)
    strange = "\x00 half \ud800 pair \u2028 <script>\r\n"
    finding = Finding("uk", "UK-02", "BLOCK", strange, strange)
    with store.transaction() as session:
        recorded = check_in(session, html=strange, checked=Checked({"uk": "FAIL"}, (finding,)))
    with store.reading() as session:
        check = session.scalars(select(PageCheck)).one()
    assert recorded.hash == check.hash
    assert "\n" not in check.record
    assert json.loads(check.record)["findings"][0]["message"].startswith("\x00 half ? pair \u2028")


def test_numbers_have_no_gap_under_concurrent_writers(store: Store) -> None:
    found_site(store, articles=4)
    problems: list[Exception] = []

    def write(article_id: int) -> None:
        try:
            for _ in range(6):
                with store.transaction() as session:
                    check_in(session, article_id)
        except Exception as problem:  # noqa: BLE001 - told to the test, not to the thread
            problems.append(problem)

    def fail() -> None:
        for _ in range(6):
            with pytest.raises(ZeroDivisionError), store.transaction() as session:
                check_in(session, 1)
                raise ZeroDivisionError

    threads = [threading.Thread(target=write, args=(each,)) for each in (1, 2, 3, 4)] + [threading.Thread(target=fail)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=PATIENCE)
    assert not problems
    with store.reading() as session:
        checks = session.scalars(select(PageCheck).order_by(PageCheck.number)).all()
    assert [check.number for check in checks] == list(range(1, 25))
    previous = BEFORE_THE_FIRST
    for check in checks:
        assert check.previous_hash == previous
        previous = check.hash


# ---- verdicts -------------------------------------------------------------------------------------------------------


def held(store: Store) -> list[tuple[str, str, int, int | None]]:
    """(profile, verdict, from, until) in hours after the first check."""
    with store.reading() as session:
        rows = session.scalars(select(ArticleVerdict).order_by(ArticleVerdict.id)).all()

    def hours(moment: datetime) -> int:
        return (moment - NOW) // timedelta(hours=1)

    return [
        (row.profile, row.verdict, hours(row.held_from), None if row.held_until is None else hours(row.held_until))
        for row in rows
    ]


def check_at(store: Store, hour: int, verdicts: dict[str, str], **facts: object) -> tuple[str, ...]:
    with store.transaction() as session:
        return check_in(session, 1, verdicts, now=NOW + timedelta(hours=hour), **facts).newly_failing


def test_a_verdict_holds_until_another_check_says_otherwise(sqlite_store: Store) -> None:
    found_site(sqlite_store)
    said = [
        check_at(sqlite_store, hour, {"uk": verdict, "us": "PASS"})
        for hour, verdict in enumerate(("PASS", "PASS", "FAIL", "FAIL", "WARN"))
    ]
    assert held(sqlite_store) == [
        ("uk", "PASS", 0, 2),
        ("us", "PASS", 0, None),
        ("uk", "FAIL", 2, 4),
        ("uk", "WARN", 4, None),
    ]
    assert said == [(), (), ("uk",), (), ()]  # a failure is told once


def test_a_profile_that_is_not_asked_for_any_more_holds_no_verdict(sqlite_store: Store) -> None:
    found_site(sqlite_store)
    check_at(sqlite_store, 0, {"uk": "PASS", "ebay": "FAIL"})
    check_at(sqlite_store, 1, {"uk": "PASS"})
    assert held(sqlite_store) == [("uk", "PASS", 0, None), ("ebay", "FAIL", 0, 1)]


def test_what_a_browser_saw_is_not_made_milder_by_a_check_of_the_markup(sqlite_store: Store) -> None:
    found_site(sqlite_store)
    check_at(sqlite_store, 0, {"uk": "FAIL"}, origin=LIVE, mode=RENDERED)
    check_at(sqlite_store, 1, {"uk": "PASS"}, origin=LIVE)
    check_at(sqlite_store, 2, {"uk": "PASS"})
    assert held(sqlite_store) == [("uk", "FAIL", 0, None)]
    check_at(sqlite_store, 3, {"uk": "PASS"}, origin=LIVE, mode=RENDERED)
    assert held(sqlite_store) == [("uk", "FAIL", 0, 3), ("uk", "PASS", 3, None)]


def test_a_check_that_saw_less_may_find_worse(sqlite_store: Store) -> None:
    found_site(sqlite_store)
    check_at(sqlite_store, 0, {"uk": "WARN"}, origin=LIVE)
    assert check_at(sqlite_store, 1, {"uk": "FAIL"}) == ("uk",)


def test_a_page_that_is_no_article_is_recorded_and_holds_no_verdict(sqlite_store: Store) -> None:
    found_site(sqlite_store)
    with sqlite_store.transaction() as session:
        record_check(session, seen(), site=session.scalars(select(Site)).one(), article=None, now=NOW)
    with sqlite_store.reading() as session:
        assert json.loads(session.scalars(select(PageCheck.record)).one())["article"] is None
    assert held(sqlite_store) == []
