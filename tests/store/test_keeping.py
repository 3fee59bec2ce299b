"""Rows that have had their time are deleted, in small transactions; all others stay. See docs/explanation/keeping.md."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from affiliate.app import Application
from affiliate.commissions import ending as requests
from affiliate.disclosure.crawl import ending as crawls
from affiliate.links.sites import add_entity, add_site
from affiliate.settings import Settings
from affiliate.store import Store, jobs
from affiliate.store.tables import (
    Crawl,
    CrawledPage,
    CrawlFinding,
    ImportRun,
    Job,
    Postback,
    PublisherAccount,
    Pull,
    Site,
)
from affiliate.worker import run_task
from tests.conftest import NOW, HandClock

DAY = timedelta(days=1)


def kept(store: Store, column: Any) -> list[Any]:
    with store.reading() as session:
        return sorted(session.scalars(select(column)), key=str)


def delete_all(store: Store, some: Any, *, limit: int = 2) -> list[int]:
    """How many each transaction deleted, until none did."""
    counts: list[int] = []
    while not counts or counts[-1]:
        with store.transaction() as session:
            counts.append(some(session, now=NOW, limit=limit))
    return counts


def account(session: Session) -> PublisherAccount:
    made = PublisherAccount(
        entity_id=add_entity(session, key="books", name="Books", base_currency="GBP").id,
        network="awin",
        publisher_ref="1",
        name="",
        created_at=NOW,
    )
    session.add(made)
    session.flush()
    return made


def run(session: Session) -> int:
    made = ImportRun(
        kind="transactions",
        network="awin",
        file_name="x",
        file_sha256="0" * 64,
        as_of=NOW,
        recorded_at=NOW,
        **dict.fromkeys(("rows", "new", "amended", "unchanged", "quarantined"), 0),
    )
    session.add(made)
    session.flush()
    return made.id


def test_finished_jobs_end_after_a_week_failed_ones_after_a_season_and_open_ones_never(store: Store) -> None:
    def job(name: str, done: datetime | None, error: str | None = None) -> Job:
        return Job(name=name, arguments={}, not_before=NOW - 900 * DAY, done_at=done, error=error, attempts=1)

    with store.transaction() as session:
        session.add_all(job(f"done {number}", NOW - 8 * DAY) for number in range(5))
        session.add(job("failed long ago", NOW - 91 * DAY, "error"))
        session.add(job("kept: done lately", NOW - 7 * DAY))
        session.add(job("kept: failed", NOW - 90 * DAY, "error"))
        session.add(job("kept: open", None))
        session.add(job("kept: open, tried", None, "error"))
    assert delete_all(store, jobs.delete_old) == [2, 2, 2, 0]
    assert kept(store, Job.name) == ["kept: done lately", "kept: failed", "kept: open", "kept: open, tried"]


def test_a_crawl_ends_whole_after_a_year_but_for_the_newest_of_its_site(store: Store) -> None:
    def crawl(session: Session, site: Site, name: str, days: int, state: str = "done") -> None:
        then = NOW - days * DAY
        made = Crawl(
            site_id=site.id,
            start_url=name,
            state=state,
            most_pages=9,
            in_background=False,
            started_by="",
            started_at=then,
            finished_at=None if state == "running" else then,
        )
        session.add(made)
        session.flush()
        for number in range(3):
            page = CrawledPage(
                crawl_id=made.id,
                url=name,
                url_sha256=str(number),
                what="page",
                found_in="start",
                depth=0,
                state="done",
            )
            session.add(page)
            session.flush()
            session.add(CrawlFinding(crawl_id=made.id, page_id=page.id, kind="x", severity="error", message=name))

    with store.transaction() as session:
        company = add_entity(session, key="books", name="Books", base_currency="GBP")
        named: dict[str, Any] = {"language": "en-GB", "jurisdiction": "uk", "time_zone": "UTC", "now": NOW}
        daily, weekly = (add_site(session, key=key, name=key, **named) for key in ("daily", "weekly"))
        assert company.id
        crawl(session, daily, "old", 400)
        crawl(session, daily, "old, running", 400, "running")
        crawl(session, daily, "a year old", 365)
        crawl(session, daily, "new", 1)
        crawl(session, weekly, "old, but the newest", 900)
    assert delete_all(store, crawls.delete_old) == [2, 1, 2, 1, 1, 0]
    left = ["a year old", "new", "old, but the newest", "old, running"]
    assert kept(store, Crawl.start_url) == left
    assert sorted(set(kept(store, CrawledPage.url))) == sorted(set(kept(store, CrawlFinding.message))) == left


def test_requests_that_brought_nothing_end_and_those_that_money_came_by_stay(store: Store) -> None:
    with store.transaction() as session:
        own = account(session)

        def pull(days: int, note: str, state: str = "done", run_id: int | None = None) -> Pull:
            then = NOW - days * DAY
            window = {"first": then, "until": then, "requested_at": then, "finished_at": then}
            return Pull(account_id=own.id, basis="change", state=state, problem=note, run_id=run_id, **window)

        session.add_all(pull(800, "brought nothing", state) for state in ("done", "failed", "done", "failed"))
        session.add(pull(800, "kept: led to a run", run_id=run(session)))
        session.flush()
        session.add(pull(800, "kept: the last that failed", "failed"))
        session.add(pull(729, "kept: two years"))

        def message(digest: str, days: int, hint: bool, run_id: int | None = None, booked: bool = True) -> Postback:
            then = NOW - days * DAY
            return Postback(
                account_id=own.id,
                network="awin",
                digest=digest,
                received_at=then,
                said_at=then,
                hint_at=then if hint else None,
                payload="{}",
                booked_at=then if booked else None,
                run_id=run_id,
            )

        session.add(message("followed", 91, hint=True))
        session.add(message("kept: lately", 90, hint=True))
        session.add(message("kept: waits", 91, hint=True, booked=False))
        session.add(message("kept: booked", 900, hint=False, run_id=run(session)))
        session.add(message("kept: nothing to book", 900, hint=False))
    assert delete_all(store, requests.delete_old) == [3, 2, 0]
    assert kept(store, Pull.problem) == ["kept: led to a run", "kept: the last that failed", "kept: two years"]
    assert [digest for digest in kept(store, Postback.digest) if not digest.startswith("kept")] == []
    assert len(kept(store, Postback.digest)) == 4


def test_the_tasks_delete_all_that_has_had_its_time(tmp_path: Path, clock: HandClock) -> None:
    app = Application(Settings(data_dir=tmp_path), clock=clock)
    app.prepare()
    with app.store.transaction() as session:
        session.add_all(
            Job(name="x", arguments={}, not_before=NOW, done_at=NOW - 8 * DAY, attempts=1) for _ in range(1_200)
        )
    assert run_task(app, "jobs.tidy") == "deleted 1200 finished jobs"
    for task in ("jobs.tidy", "crawls.tidy", "networks.tidy"):
        assert run_task(app, task) == "There was nothing to do."
