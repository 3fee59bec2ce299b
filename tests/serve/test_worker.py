import threading
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from affiliate.app import Application
from affiliate.clicks.count import count
from affiliate.disclosure.occasions import CHECK_LIVE
from affiliate.errors import NotFound
from affiliate.links.library import READ_FACTS
from affiliate.redirect.records import ClickRecord
from affiliate.settings import Database, Settings
from affiliate.store import jobs
from affiliate.store.tables import Job, Link, Placement
from affiliate.worker import TASKS, run_forever, run_task
from tests.clicks.conftest import furnish
from tests.conftest import NOW, HandClock
from tests.waiting import PATIENCE, wait_until


@pytest.fixture
def app(tmp_path: Path, clock: HandClock) -> Application:
    opened = Application(Settings(data_dir=tmp_path), clock=clock)
    opened.prepare()
    furnish(opened.store)
    return opened


def click_once(app: Application) -> None:
    with app.store.reading() as session:
        placement = session.scalars(select(Placement).where(Placement.is_default)).first()
        assert placement is not None
    hop = app.hop()
    record = ClickRecord(int(NOW.timestamp() * 1000), 0, placement.link_id, 0, placement.token, "", "x", "", "", "", "")
    assert hop._journal.append(record)
    hop._journal.close()


def test_every_task_runs_by_name_and_says_what_it_did(app: Application) -> None:
    click_once(app)
    assert run_task(app, "clicks.load") == "loaded 1 clicks, set aside 0 records, emptied 1 segments"
    assert run_task(app, "links.rebuild").startswith("built the link table")
    for task in TASKS:
        assert run_task(app, task.name)


def test_an_unknown_task_is_refused_with_the_names_of_all(app: Application) -> None:
    with pytest.raises(NotFound, match=r"clicks\.load, links\.publish"):
        run_task(app, "nothing")


def test_old_visitor_keys_and_visits_are_forgotten(app: Application, clock: HandClock) -> None:
    keys = app.settings.visitor_keys_dir
    keys.mkdir()
    (keys / "2026-11-19.key").write_bytes(b"x" * 32)
    assert run_task(app, "visitors.forget") == "deleted 1 visitor keys and 0 visits"
    assert list(keys.iterdir()) == []


def test_a_key_dies_in_time_although_the_database_was_never_there(tmp_path: Path, clock: HandClock) -> None:
    away = Settings(
        data_dir=tmp_path, database=Database(url=SecretStr("postgresql+psycopg://nobody@127.0.0.1:1/nothing"))
    )
    key = away.visitor_keys_dir / "2026-11-19.key"
    key.parent.mkdir()
    key.write_bytes(b"x" * 32)
    stop = threading.Event()
    thread = threading.Thread(target=run_forever, args=(Application(away, clock=clock), stop))
    thread.start()
    gone = wait_until(lambda: not key.exists())
    stop.set()
    thread.join(PATIENCE)
    assert gone


def test_a_page_that_cannot_be_read_leaves_a_note_and_ends_the_job(app: Application) -> None:
    with app.store.transaction() as session:
        link = session.scalars(select(Link)).first()
        assert link is not None
        link.target_url = "http://127.0.0.1/private"
        jobs.enqueue(session, READ_FACTS, {"link_id": link.id}, now=NOW)
    assert run_task(app, "jobs.run") == "ran 1 jobs"
    with app.store.reading() as session:
        job = session.scalars(select(Job)).one()
        link = session.scalars(select(Link)).first()
        assert link is not None
        assert (job.done_at, job.error) == (NOW, None)
        assert "public address" in (link.product.facts_note or "")


def test_pages_that_are_to_be_checked_keep_no_other_job_waiting(app: Application) -> None:
    with app.store.transaction() as session:
        jobs.enqueue(session, CHECK_LIVE, {"article_id": 1, "occasion": "nightly"}, now=NOW - timedelta(hours=1))
        jobs.enqueue(session, READ_FACTS, {"link_id": 0}, now=NOW)
    assert run_task(app, "jobs.run") == "ran 1 jobs"
    with app.store.reading() as session:
        assert [job.name for job in session.scalars(select(Job).where(Job.done_at.is_(None)))] == [CHECK_LIVE]
    assert run_task(app, "disclosure.check") == "checked 1 pages"


def test_a_job_of_a_newer_version_waits_for_a_node_that_knows_it(app: Application) -> None:
    with app.store.transaction() as session:
        jobs.enqueue(session, "no.such-job", {}, now=NOW)
    assert run_task(app, "jobs.run") == "There was nothing to do."
    with app.store.reading() as session:
        assert session.scalars(select(Job)).one().attempts == 0


def test_a_job_that_cannot_be_done_is_put_off_with_its_error(app: Application, clock: HandClock) -> None:
    with app.store.transaction() as session:
        jobs.enqueue(session, READ_FACTS, {}, now=NOW)
    assert run_task(app, "jobs.run") == "ran 1 jobs"
    assert run_task(app, "jobs.run") == "There was nothing to do."
    with app.store.reading() as session:
        job = session.scalars(select(Job)).one()
        assert (job.done_at, job.attempts, job.not_before > NOW) == (None, 1, True)
        assert "link_id" in (job.error or "")


def test_the_background_loads_and_publishes_until_it_is_told_to_stop(app: Application) -> None:
    stop = threading.Event()
    thread = threading.Thread(target=run_forever, args=(app, stop))
    thread.start()
    click_once(app)

    def loaded() -> int:
        with app.store.reading() as session:
            return count(session).raw

    assert wait_until(lambda: loaded() == 1)
    click_once(app)
    stop.set()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert loaded() == 2  # the last pass
    assert app.table.checkpoint() is not None
