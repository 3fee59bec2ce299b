"""How fast are the reports of money? Beside the same reports from the ledger's versions, in one run.

    python bench/reporting.py [--rows 1000000] [--database sqlite]

A made-up year as in bench/importing.py, imported once. Each report is asked for a month and for the whole year, by network,
advertiser and article: from what transactions repeat of their current version, and, as known at a moment that nothing came
after, from the versions; the same figures both times.
"""

import argparse
import tempfile
import time
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path

from importing import NOW, alone, databases, furnish, import_file, sales, write_awin
from sqlalchemy import insert, select, update

from affiliate.commissions import picture
from affiliate.reports.commissions import CommissionsReport, commissions_report
from affiliate.store import Store
from affiliate.store.tables import Article, Placement, Site

ARTICLES = 2_000
RANGES = {"month": (date(2026, 6, 1), date(2026, 7, 1)), "year": (date(2026, 1, 1), date(2027, 1, 1))}
CUTS = ("network", "advertiser", "article", "day")


def place(store: Store) -> None:
    """Puts every placement into one of the articles."""
    with store.transaction() as session:
        site_id = session.scalars(select(Site.id)).one()
        pages = [
            {
                "site_id": site_id,
                "ref": f"{number}",
                "url": f"https://m.example/{number}",
                "title": "T",
                "tags": [],
                "created_at": NOW,
            }
            for number in range(ARTICLES)
        ]
        session.execute(insert(Article), pages)
        first = session.scalars(select(Article.id).order_by(Article.id).limit(1)).one()
        session.execute(update(Placement).values(article_id=first + Placement.id % ARTICLES))


def report(store: Store, name: str, by: str, *, then: bool, groups: bool) -> tuple[float, CommissionsReport]:
    """Seconds and report: of this process's own work on SQLite, so that a busy machine does not count."""
    clock = time.process_time if store.engine.dialect.name == "sqlite" else time.perf_counter
    first, until = RANGES[name]
    as_of = NOW + timedelta(days=400) if then else None
    best, made = float("inf"), None
    for _ in range(1 if then else 3):
        began = clock()
        with store.reading() as session:
            made = commissions_report(
                session, first=first, until=until, by=by, as_of=as_of, time_zone="Europe/London", groups=groups, now=NOW
            )
        best = min(best, clock() - began)
    assert made is not None
    return best, made


def one_database(name: str, url: str, folder: Path, count: int) -> None:
    store = Store(url)
    tokens = furnish(store)
    place(store)
    path = folder / f"{name}.json"
    write_awin(path, sales(tokens, count, amended=False))
    booked = alone(import_file, url, "awin", path, 1, (count, 0, 0))
    print(f"{name}: {count:,} rows booked in {booked.seconds:.1f} s")
    for span in RANGES:
        for by in CUTS:
            before, from_versions = report(store, span, by, then=True, groups=True)
            after, from_picture = report(store, span, by, then=False, groups=True)
            alone_, _ = report(store, span, by, then=False, groups=False)
            assert from_versions.totals == from_picture.totals
            assert from_versions.rows == from_picture.rows
            print(
                f"  {span:5} by {by:10}: {before:7.2f} s from versions, {after:6.2f} s from the picture"
                f" ({before / after:5.1f} times as fast), {alone_:6.2f} s without the groups of disclosures"
            )
    began = time.perf_counter()
    with store.reading() as session:
        assert not any(picture.check(session))
    print(f"  the picture held against the ledger in {time.perf_counter() - began:.1f} s")
    store.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--database", choices=["sqlite", "postgres"], action="append")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        for database, empty in databases(folder, wanted.database or ["sqlite"], stack):
            one_database(database, empty("reports"), folder, wanted.rows)


if __name__ == "__main__":
    main()
