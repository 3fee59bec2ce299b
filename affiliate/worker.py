"""The work that goes on in the background of a node, as one table of tasks: each is run every so often, in a thread of
its own so that a long one keeps none waiting, and can be run by name."""

import logging
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from importlib.metadata import version
from typing import Any, Protocol

from sqlalchemy.orm import Session

from affiliate.app import Application
from affiliate.clicks import rejudge, retention
from affiliate.commissions import postbacks, track_records
from affiliate.commissions.asked import asked
from affiliate.commissions.ending import delete_old as delete_old_requests
from affiliate.commissions.health import NOTE, URGENT, look
from affiliate.disclosure import occasions
from affiliate.disclosure.crawl import background_crawls
from affiliate.disclosure.crawl.ending import delete_old as delete_old_crawls
from affiliate.disclosure.evidence.records import NIGHTLY
from affiliate.errors import (
    AffiliateError,
    BlockedAddress,
    Conflict,
    InvalidUrl,
    NotFound,
    StoreUnavailable,
    Unreachable,
)
from affiliate.links import facts
from affiliate.links.library import READ_FACTS
from affiliate.links.publish import NEVER_BUILT, Publisher, prune_outbox
from affiliate.nodes.report import LATE_SECONDS, in_words, report
from affiliate.redirect.orphans import OrphanLog
from affiliate.redirect.unknown_hosts import UnknownHosts
from affiliate.redirect.visitors import KeyFiles
from affiliate.store import jobs
from affiliate.store.tables import Link

_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_BETWEEN_ASKED = timedelta(minutes=1)
_TURN_SECONDS = 60.0  # of one crawl, before the next one has its turn
_DELETED_AT_ONCE = 500  # rows: 20 ms, where a page of a crawl has 10 kB of facts
_TROUBLE_SECONDS = 1.0  # between tries while the database is away
_LONGEST_PAUSE = 15.0  # between tries to open it at the start, which begin with that and double

log = logging.getLogger(__name__)


class _DeleteSome(Protocol):
    def __call__(self, session: Session, *, now: datetime, limit: int) -> int: ...


class Node:
    """What the tasks work with, kept for as long as the process runs."""

    def __init__(self, app: Application) -> None:
        self.app = app
        self.is_late = False
        self.alarms: dict[tuple[str, str, str], str] = {}
        self.asked_at: dict[int, datetime] = {}

    @cached_property
    def publisher(self) -> Publisher:
        return Publisher(self.app.store, self.app.table)


@dataclass(frozen=True, slots=True)
class Task:
    """`run` returns what it did in words, or "" if there was nothing to do. One that `may_be_cut` is not waited for when the
    process ends: it leaves nothing half done, however it is ended."""

    name: str
    seconds: float
    does: str
    run: Callable[[Node], str]
    may_be_cut: bool = False


def load_clicks(node: Node) -> str:
    loaded = node.app.load_clicks()
    if not any((loaded.clicks, loaded.set_aside, loaded.segments)):
        return ""
    return f"loaded {loaded.clicks} clicks, set aside {loaded.set_aside} records, emptied {loaded.segments} segments"


def publish_links(node: Node) -> str:
    published = node.publisher.publish_pending()
    return f"published {published} changes" if published else ""


def rebuild_links(node: Node) -> str:
    """Builds the link table anew where it cannot be brought up to date; changes are published meanwhile."""
    reason = node.publisher.needs_rebuild()
    if not reason:
        return ""
    log.log(logging.INFO if reason == NEVER_BUILT else logging.ERROR, "the link table is being built: %s", reason)
    node.publisher.rebuild()
    return f"built the link table: {node.app.table.count()} paths"


def tidy_links(node: Node) -> str:
    """Deletes what nobody will read again: old changes, and files of a rebuild that was killed."""
    node.app.table.tidy()
    pruned = prune_outbox(node.app.store, now=node.app.clock())
    return f"deleted {pruned} old changes of links" if pruned else ""


def report_node(node: Node) -> str:
    """Warns once when the loader falls behind, and says once when it has caught up."""
    app = node.app
    standing = app.watch.standing()
    is_late = standing.lag_seconds > LATE_SECONDS
    if is_late != node.is_late:
        said = f"is {in_words(standing.lag_seconds)} behind" if is_late else "has caught up"
        log.warning("the loader of clicks %s", said)
    node.is_late = is_late
    with app.store.transaction() as session:
        report(session, standing, name=socket.gethostname(), version=version("affiliate"))
    return "told the status page how this node stands"


def run_jobs(node: Node) -> str:
    done = _run_all(node.app, _HANDLERS)
    return f"ran {done} jobs" if done else ""


def check_pages(node: Node) -> str:
    """Apart from the other jobs: a night's sample of slow pages must not keep an editor's link waiting."""
    done = _run_all(node.app, _PAGE_CHECKS)
    return f"checked {done} pages" if done else ""


def book_postbacks(node: Node) -> str:
    booked = postbacks.book(node.app.store, now=node.app.clock())
    if not booked.messages:
        return ""
    return f"booked {booked.messages} messages of networks in {len(booked.runs)} runs, and asked for {booked.days} days"


def forget_visitors(node: Node) -> str:
    """Deletes visitor keys, and what is remembered of visitors, once their three hours are over."""
    keys = _forget_keys(node.app)
    visits = retention.forget_visitors(node.app.store, now=node.app.clock())
    return f"deleted {keys} visitor keys and {visits} visits" if keys or visits else ""


def purge_clicks(node: Node) -> str:
    purged = node.app.purge_clicks()
    if purged.left:
        log.error("%d clicks or sums are left that should have been deleted", purged.left)
    if not any((purged.clicks, purged.hours, purged.set_aside)):
        return ""
    return (
        f"deleted {purged.clicks} clicks, {purged.hours} hourly sums and {purged.set_aside} files of records set aside"
    )


def rejudge_clicks(node: Node) -> str:
    """Judges the known history anew, once for each version of the rules and of the list of bots."""
    with node.app.store.reading() as session:
        if not rejudge.is_due(session):
            return ""
    report = rejudge.rejudge(node.app.store, now=node.app.clock())
    return f"judged the history by the rules {report.rules}: {sum(report.clicks.values())} clicks changed class"


def count_track_records(node: Node) -> str:
    """Counts anew how programmes did, where something was imported since or a day has passed."""
    store, now = node.app.store, node.app.clock()
    with store.reading() as session:
        if not track_records.are_stale(session, now=now):
            return ""
        records = track_records.count(session, now=now)
    with store.transaction() as session:
        track_records.keep(session, records)
    return f"counted how {len(records)} programmes did"


def _forget_keys(app: Application) -> int:
    return KeyFiles(app.settings.visitor_keys_dir).forget(now=app.clock())


def forget_orphans(node: Node) -> str:
    folder, now = node.app.settings.journal_dir, node.app.clock()
    deleted = OrphanLog(folder).forget(now=now) + UnknownHosts(folder).forget(now=now)
    return "deleted the older half of the logs of orphans and unknown hosts" if deleted else ""


def tidy_jobs(node: Node) -> str:
    return _said(_delete_all(node, jobs.delete_old), "finished jobs")


def tidy_crawls(node: Node) -> str:
    return _said(_delete_all(node, delete_old_crawls), "rows of old crawls")


def tidy_networks(node: Node) -> str:
    return _said(_delete_all(node, delete_old_requests), "old requests to networks and hints of theirs")


def _delete_all(node: Node, some: _DeleteSome) -> int:
    """Deletes until nothing is left, in transactions so short that no other writer waits for long."""
    deleted = 0
    while True:
        with node.app.store.transaction() as session:
            done = some(session, now=node.app.clock(), limit=_DELETED_AT_ONCE)
        deleted += done
        if not done:
            return deleted


def _said(deleted: int, what: str) -> str:
    return f"deleted {deleted} {what}" if deleted else ""


def pull_networks(node: Node) -> str:
    """Asks networks whose credentials lie ready for what is due. What fails is noted and tried again by itself."""
    pulled = node.app.puller().pull_due()
    for window in pulled:
        if window.problem:
            log.error("%s", window)
    rows, changed = sum(each.rows for each in pulled), sum(each.new + each.amended for each in pulled)
    return f"pulled {len(pulled)} windows: {rows} rows, {changed} of them new or amended" if pulled else ""


def pull_asked(node: Node) -> str:
    """Pulls at once what a person or a network's hint asked for, an account at most once a minute."""
    now, pulled = node.app.clock(), 0
    with node.app.store.reading() as session:
        accounts = asked(session, now=now)
    for account in accounts:
        rested = now - node.asked_at.get(account.id, _LONG_AGO) >= _BETWEEN_ASKED
        if rested and node.app.has_credentials(account.network, account.publisher_ref):
            node.asked_at[account.id] = now
            with suppress(Conflict):  # it is being pulled already
                pulled += len(node.app.puller().pull_due(account.network, account=account.publisher_ref))
    return f"pulled {pulled} windows that were asked for" if pulled else ""


def watch_connectors(node: Node) -> str:
    """Warns once when something is wrong with a connector, and once more when that becomes urgent; says when it is over."""
    app = node.app
    with app.store.reading() as session:
        found = look(session, now=app.clock(), has_credentials=app.has_credentials)
    alarms = {
        (each.network, each.publisher_ref, alarm.kind): alarm
        for each in found.connectors
        for alarm in each.alarms
        if alarm.severity != NOTE
    }
    for (network, ref, kind), alarm in alarms.items():
        if node.alarms.get((network, ref, kind)) not in (alarm.severity, URGENT):
            log.warning("connector %s %s (%s): %s %s", network, ref, alarm.severity, alarm.says, alarm.way_out)
    for network, ref, kind in node.alarms.keys() - alarms.keys():
        log.warning("connector %s %s: “%s” is over", network, ref, kind)
    node.alarms = {key: alarm.severity for key, alarm in alarms.items()}
    return f"looked at {len(found.connectors)} connectors"


def walk_crawls(node: Node) -> str:
    """Goes on with the crawls that were started on their page, each for a while in turn. What a crash left is gone on with."""
    walked = 0
    with node.app.store.reading() as session:
        waiting = background_crawls(session)
    for crawl_id in waiting:
        with suppress(Conflict):  # another node walks it
            node.app.crawler().walk(crawl_id, seconds=_TURN_SECONDS)
            walked += 1
    return f"walked for {walked} crawls" if walked else ""


def check_nightly(node: Node) -> str:
    """Has the night's sample of pages checked."""
    if not node.app.settings.disclosure.nightly_pages:
        return ""
    now = node.app.clock()
    with node.app.store.transaction() as session:
        return "queued the night's sample of pages" if occasions.queue_nightly(session, now=now) else ""


def tidy_accounts(node: Node) -> str:
    """Deletes sessions that ended a week ago, and counts of tries to log in that say nothing any more."""
    from affiliate.web.brake import (
        purge_brakes,  # with them comes all of the web, which this process needs for nothing else
    )
    from affiliate.web.signed_in import purge_sessions

    app, now = node.app, node.app.clock()
    with app.store.transaction() as session:
        sessions = purge_sessions(session, life=app.session_life(), now=now)
        purge_brakes(session, now=now)
    return f"deleted {sessions} sessions that had ended" if sessions else ""


TASKS = (
    Task("clicks.load", 0.5, "loads the click journal into the database", load_clicks),
    Task("links.publish", 0.3, "brings changed links into the link table", publish_links),
    Task("links.rebuild", 0.3, "builds the link table where it is missing, damaged or too old", rebuild_links),
    Task("links.tidy", 60.0, "deletes old changes of links, and what a killed rebuild left", tidy_links),
    Task("jobs.run", 1.0, "runs the jobs that are due", run_jobs),
    Task("postbacks.book", 10.0, "books the messages that networks sent", book_postbacks),
    Task("visitors.forget", 300.0, "deletes visitor keys and visits that have had their time", forget_visitors),
    Task("clicks.purge", 3600.0, "deletes clicks and sums that have had their time", purge_clicks),
    Task("clicks.rejudge", 3600.0, "judges clicks anew when the list of bots has grown", rejudge_clicks),
    Task("programmes.count", 900.0, "counts how programmes did, for choosing between them", count_track_records),
    Task("jobs.tidy", 3600.0, "deletes jobs done a week ago, and those given up 90 days ago", tidy_jobs),
    Task("crawls.tidy", 3600.0, "deletes crawls of a year ago, but the newest of a site", tidy_crawls),
    Task("networks.tidy", 3600.0, "deletes requests that brought nothing two years ago, and old hints", tidy_networks),
    Task("orphans.forget", 3600.0, "deletes unknown paths that were asked for 30 days ago", forget_orphans),
    Task("networks.pull", 600.0, "asks networks' APIs for what is due", pull_networks, may_be_cut=True),
    Task("networks.asked", 5.0, "asks networks' APIs for what somebody asked for", pull_asked, may_be_cut=True),
    Task("crawls.walk", 2.0, "walks over sites for the crawls that somebody started", walk_crawls, may_be_cut=True),
    Task("connectors.watch", 3600.0, "warns in the log of connectors that need somebody", watch_connectors),
    Task("disclosure.check", 1.0, "checks the pages that are due, as readers get them", check_pages, may_be_cut=True),
    Task("disclosure.nightly", 600.0, "has a sample of pages checked each night", check_nightly),
    Task("accounts.tidy", 3600.0, "deletes ended sessions, and counts of tries to log in", tidy_accounts),
    Task("node.report", 15.0, "tells the status page how this node stands", report_node),
)


def run_task(app: Application, name: str) -> str:
    """Runs one task now; what it did, in words."""
    for task in TASKS:
        if task.name == name:
            return task.run(Node(app)) or "There was nothing to do."
    raise NotFound("task", name, "There are: " + ", ".join(task.name for task in TASKS))


def run_forever(app: Application, stop: threading.Event | None = None) -> None:
    """Runs every task until `stop` is set (or the process is interrupted), and the loader once more at the end.

    The database may be away when this begins: it is created or migrated as soon as it answers.
    """
    stop = stop or threading.Event()
    node = Node(app)
    pause, quiet = _TROUBLE_SECONDS, False
    while not _tried("database", app.prepare, quiet=quiet) and not stop.wait(pause):
        _tried(
            "visitors.forget", lambda: _forget_keys(app), quiet=quiet
        )  # keys die in time, whatever the database does
        pause, quiet = min(2 * pause, _LONGEST_PAUSE), True
    threads = [
        threading.Thread(target=_repeat, args=(task, node, stop), name=task.name, daemon=task.may_be_cut)
        for task in TASKS
    ]
    for thread in threads:
        thread.start()
    try:
        stop.wait()
    finally:
        stop.set()
        for thread in threads:
            if not thread.daemon:
                thread.join()
    _tried("clicks.load", lambda: load_clicks(node))


def _repeat(task: Task, node: Node, stop: threading.Event) -> None:
    working = True
    while True:
        worked = _tried(task.name, lambda: task.run(node), quiet=not working)
        if worked and not working:
            log.warning("%s: works again", task.name)
        working = worked
        if stop.wait(task.seconds if working else max(task.seconds, _TROUBLE_SECONDS)):
            return


def _tried(name: str, work: Callable[[], object], *, quiet: bool = False) -> bool:
    """Whether the work went well. A burst of failures is logged once."""
    try:
        did = work()
    except StoreUnavailable as problem:
        if not quiet:
            log.error("%s: %s", name, problem)
        return False
    except Exception:  # one bad task must not end the others; it is logged whole and tried again
        if not quiet:
            log.exception("%s failed", name)
        return False
    if did:
        log.debug("%s: %s", name, did)
    return True


_Handlers = Mapping[str, Callable[..., Any]]


def _run_all(app: Application, handlers: _Handlers) -> int:
    done = 0
    while _run_next_job(app, handlers):
        done += 1
    return done


def _run_next_job(app: Application, handlers: _Handlers) -> bool:
    now = app.clock()
    with app.store.transaction() as session:
        job = jobs.lease_next(session, handlers, now=now)
    if job is None:
        return False
    try:
        handlers[job.name](app, **job.arguments)
    except Exception as problem:  # a job that cannot be done is put off, and kept with its error
        log.exception("job %s %s failed", job.name, job.arguments)
        with app.store.transaction() as session:
            jobs.fail(session, job, repr(problem), now=app.clock())
    else:
        with app.store.transaction() as session:
            jobs.finish(session, job, now=app.clock())
    return True


def _read_facts(app: Application, *, link_id: int) -> None:
    """Reads a product's page; one that cannot be read leaves a note for the editor, and nothing waits for it."""
    if not app.settings.requests.read_product_pages:
        return
    with app.store.reading() as session:
        link = session.get(Link, link_id)
        url = link.target_url if link else ""
    if not url:
        return
    try:
        page = app.pages.get(url)
        found = facts.facts_of(page.text, page.url)
    except AffiliateError as problem:
        with app.store.transaction() as session:
            facts.note_failure(session, link_id, problem, now=app.clock())
        return
    with app.store.transaction() as session:
        facts.store_facts(session, link_id, found, now=app.clock())


def _check_stored(app: Application, *, article_id: int, occasion: str) -> None:
    app.rechecker().stored(article_id, occasion)


def _check_live(app: Application, *, article_id: int, occasion: str) -> None:
    """A page that cannot be read is not asked for again and again: the next night has it first."""
    try:
        app.rechecker().live(article_id, occasion)
    except (Unreachable, BlockedAddress, InvalidUrl) as problem:
        log.info("the page of article %d was not checked: %s", article_id, problem)


def _check_nightly(app: Application) -> None:
    """Queues the sample, and has the chain of evidence stamped as it is now, where somebody stamps it."""
    settings = app.settings.disclosure
    with app.store.transaction() as session:
        occasions.queue_live(session, NIGHTLY, site_id=None, most=settings.nightly_pages, now=app.clock())
    if settings.time_stamp_authority:
        from affiliate.disclosure.evidence.stamps import stamp_head

        try:
            stamp_head(app.store, settings.time_stamp_authority)
        except AffiliateError as problem:
            log.warning("the chain of evidence was not stamped: %s", problem)


_HANDLERS: _Handlers = {
    READ_FACTS: _read_facts,
    occasions.CHECK_STORED: _check_stored,
    occasions.CHECK_NIGHTLY: _check_nightly,
}
_PAGE_CHECKS: _Handlers = {occasions.CHECK_LIVE: _check_live}
