"""How long "will it earn?" takes for 50 addresses with 5,000 programmes, on SQLite and PostgreSQL.

Run it: `python bench/earn.py`, or with a PostgreSQL URL of an empty database as its argument.
"""

import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime

from affiliate.links.earning import MOST_URLS, will_earn
from affiliate.links.programmes import add_account
from affiliate.links.sites import ensure_default_site, find_site
from affiliate.links.told import store_programmes
from affiliate.networks.base import ReportedProgramme
from affiliate.store import Store, migrations
from affiliate.store.tables import Programme, TrackRecord

PROGRAMMES = 5_000
ROUNDS = 40
TARGET_MS = 150
NOW = datetime(2026, 11, 22, tzinfo=UTC)


def fill(store: Store) -> None:
    """Half of the programmes at each of two networks, every host covered by both; each has a record."""
    migrations.upgrade(store)
    with store.transaction() as session:
        ensure_default_site(
            session,
            name="Mag",
            language="en-GB",
            jurisdiction="uk",
            time_zone="Europe/London",
            currency="GBP",
            now=NOW,
        )
        for key in ("awin", "cj"):
            account = add_account(session, key, "1", now=NOW)
            numbers = range(PROGRAMMES // 2)
            rows = (
                ReportedProgramme(n, str(n), f"{key} {n}", joined=True, raw_status="", hosts=(f"shop{n}.example",))
                for n in numbers
            )
            store_programmes(session, account, rows, now=NOW)
        session.flush()
        for (programme_id,) in session.query(Programme.id):
            session.add(
                TrackRecord(
                    programme_id=programme_id,
                    transactions=20,
                    approved=15,
                    declined=5,
                    paid=10,
                    payment_days=70,
                    counted_at=NOW,
                )
            )


def measure(store: Store) -> None:
    urls = [
        "https://www.awin1.com/cread.php?awinmid=1&awinaffid=9&ued="
        f"https%3A%2F%2Fwww.shop{n * 37}.example%2Fdress%3Fcolour%3Dred%26utm_source%3Dx"
        for n in range(MOST_URLS)
    ]
    taken = []
    for _ in range(ROUNDS):
        with store.reading() as session:
            began = time.perf_counter()
            verdicts = will_earn(session, site=find_site(session), urls=urls)
            taken.append((time.perf_counter() - began) * 1000)
        assert all(verdict.earns for verdict in verdicts)
    print(
        f"{store.engine.dialect.name}: {MOST_URLS} addresses, {PROGRAMMES} programmes:"
        f" median {statistics.median(taken):.1f} ms, worst {max(taken):.1f} ms (target under {TARGET_MS} ms)"
    )


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = Store(sys.argv[1] if len(sys.argv) > 1 else f"sqlite:///{folder}/bench.db")
        fill(store)
        measure(store)
        store.close()


if __name__ == "__main__":
    main()
