"""Filling an empty database with the demo newsroom, through the same doors as real use.

Articles go through the rewriter, clicks through the hop and the journal, transactions as networks' files through the
importers. Days count back from the clock's today; a fixed seed makes everything but tokens and passwords reproducible.
"""

import tempfile
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random

from rich.console import Console
from rich.progress import Progress
from sqlalchemy import select
from sqlalchemy.orm import Session

from affiliate.app import Application
from affiliate.articles.article import ArticleFacts
from affiliate.articles.policy import Policy
from affiliate.articles.publish import rewrite_article
from affiliate.commissions.importing import import_transactions, reading_of
from affiliate.commissions.maps import find_map, save_map
from affiliate.commissions.payouts import import_payouts
from affiliate.demo import checks, crawl, logins, world
from affiliate.demo.network_files import THREADMILL, THREADMILL_COLUMNS, TIME_ZONE, NetworkFile, network_files
from affiliate.demo.newsdesk import STORIES, Story
from affiliate.demo.payouts import NETWORK, invoice_files
from affiliate.demo.readers import OFFICE, Spot, Visit, country_of, visits
from affiliate.demo.sales import Sale, sales
from affiliate.demo.world import TEMPLATE, TITLES, UK, Title
from affiliate.errors import Conflict
from affiliate.links.publish import Publisher
from affiliate.links.sites import find_site, site_keys
from affiliate.redirect.counters import Counters
from affiliate.redirect.hop import Hop
from affiliate.redirect.journal import JournalWriter
from affiliate.redirect.orphans import OrphanLog
from affiliate.redirect.unknown_hosts import UnknownHosts
from affiliate.redirect.visitors import KEY_BYTES, Visitors
from affiliate.store.tables import Article, Link, PublisherAccount

_SEED = 1789
_FOUNDED_DAYS_AGO = 61
_STEP = 500  # clicks between two moves of the progress bar
_READ_AFTER = timedelta(minutes=10)  # a report is imported soon after it was true


def fill(app: Application) -> None:
    """Fills an empty database; when this returns, the clicks are loaded and the log-ins printed and kept.

    A database with links, articles or accounts is left as it is. Conflict if an earlier filling was cut short.
    """
    console = Console()
    with app.store.reading() as session:
        keys, occupied = site_keys(session), _is_occupied(session)
    known = logins.login_text(app.settings.data_dir)
    if UK in keys and known is None:
        raise Conflict(
            f"The demo newsroom in {app.settings.data_dir} was not filled to the end, or its log-ins are gone."
            " Delete what is in that folder and run: affiliate demo"
        )
    if occupied:
        console.print("There are links or articles already: nothing was added.")
    else:
        with tempfile.TemporaryDirectory() as folder:
            known = fill_newsroom(app, Path(folder), console)
    if known:
        console.print(known, end="", markup=False, highlight=False)


def fill_newsroom(app: Application, folder: Path, console: Console) -> str:
    """Fills the empty database and leaves the networks' files in `folder`; the text with the log-ins."""
    now, dice = app.clock(), Random(_SEED)  # noqa: S311 - the dice of a demo keep no secret
    founded = now - timedelta(days=_FOUNDED_DAYS_AGO)
    with app.store.transaction() as session:
        world.found(session, now=founded)
        links = world.stock(session, now=founded)
        spots = _publish(session, app.policy, now=now)
    Publisher(app.store, app.table).rebuild()
    console.print(f"{len(TITLES)} sites, {len(links)} links, {len(STORIES)} articles")
    requests = visits(spots, now=now, dice=dice)
    _click(app, requests, console)
    console.print(f"{app.load_clicks().clicks:,} clicks of {len(requests):,} requests")
    sold = sales(requests, dice)
    files = network_files(sold, now=now)
    _import(app, files, folder, founded)
    _pay(app, sold, as_of=files[-1].as_of)
    console.print(f"{len(files)} reports of {len({file.account.network for file in files})} networks")
    checked = checks.check(app)
    crawl.walk(app)
    checks.break_one(app)
    console.print(f"{checked} articles checked, of which one fails since its template changed")
    text = logins.add_people(app.store, now=now)
    logins.keep_login_text(app.settings.data_dir, text)
    return text


def _is_occupied(session: Session) -> bool:
    tables = (Link, Article, PublisherAccount)
    return any(session.scalars(select(table.id).limit(1)).first() for table in tables)


def _publish(session: Session, policy: Policy, *, now: datetime) -> list[Spot]:
    """Publishes every article at its time; the places where readers can click."""
    spots: list[Spot] = []
    for title in TITLES:
        for story in STORIES:
            if story.title_key == title.key:
                spots += _publish_one(session, title, story, policy, today=now.date())
    return spots


def _publish_one(session: Session, title: Title, story: Story, policy: Policy, *, today: date) -> list[Spot]:
    published_at = story.published_at(today, title.time_zone)
    url = f"https://www.{title.host}{story.path}"
    rewritten = rewrite_article(
        session,
        site=find_site(session, title.key),
        html=story.html,
        article=ArticleFacts(
            url=url,
            title=story.headline,
            kind=story.kind,
            section=story.section,
            tags=story.tags,
            author=story.author,
            published_at=published_at,
        ),
        policy=policy,
        now=published_at,
    )
    wares = {ware.url: ware for ware in world.WARES if ware.title == title.key}
    return [
        Spot(
            host=f"www.{title.host}",
            path=placed.href,
            token=placed.token,
            ware=wares[placed.link.target_url],
            position=placed.position,
            article_url=url,
            published_at=published_at,
            readers=story.readers,
            time_zone=title.time_zone,
        )
        for placed in rewritten.placements
    ]


def _click(app: Application, requests: Sequence[Visit], console: Console) -> None:
    """Sends every request through a hop whose clock stands at the request's time, with a key of its own for each day."""
    folder = app.settings.journal_dir
    counters = Counters(folder)
    journal = JournalWriter(folder, counters, segment_bytes=app.settings.journal.segment_bytes)
    hop = Hop(
        app.table,
        journal,
        Visitors(_key_of),
        OrphanLog(folder),
        unknown_hosts=UnknownHosts(folder),
        counters=counters,
        internal=[OFFICE],
        country_of=country_of,
    )
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("Readers click", total=len(requests))
        for number, visit in enumerate(requests, start=1):
            hop.answer("GET", visit.spot.host, visit.spot.path, visit.headers, visit.address, visit.at)
            if number % _STEP == 0:
                progress.advance(task, _STEP)
    journal.close()


def _key_of(day: date) -> bytearray:
    return bytearray(Random(f"{_SEED} {day}").randbytes(KEY_BYTES))  # noqa: S311 - invented readers need no secret


def _pay(app: Application, sold: Sequence[Sale], *, as_of: datetime) -> None:
    with app.store.transaction() as session:
        for file in invoice_files(sold, as_of=as_of):
            import_payouts(
                session,
                network=NETWORK,
                file_name=file.name,
                content=file.content,
                account_ref=file.account.ref,
                as_of=as_of,
                now=as_of + _READ_AFTER,
            )


def _import(app: Application, files: Sequence[NetworkFile], folder: Path, founded: datetime) -> None:
    """Imports each report as of its own time, so that what was known at any moment since can be asked."""
    for file in files:
        (folder / file.name).write_bytes(file.content)
    with app.store.transaction() as session:
        save_map(session, THREADMILL, THREADMILL_COLUMNS, now=founded)
        threadmill = find_map(session, THREADMILL)
        for file in files:
            network = file.account.network
            import_transactions(
                session,
                network=network,
                file_name=file.name,
                content=(folder / file.name).read_bytes(),
                as_of=file.as_of,
                reading=reading_of(
                    session,
                    network,
                    publisher_ref=file.account.ref,
                    time_zone=TIME_ZONE,
                    columns=threadmill if network == TEMPLATE else None,
                ),
                now=file.as_of + _READ_AFTER,
            )
