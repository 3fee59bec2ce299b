"""What `affiliate serve` does with very many links: start, a constant rate of redirects, edits, memory. SQLite, one worker.

    python bench/service.py [--quick] [--links 1000000] [--seconds 20] [--edits 50]

Everything is the real thing: the process tree, the loader, the publisher, a database with that many links. The latencies
are those of 2,000 redirects a second begun at their time whether answers come or not (open loop, so waiting counts),
paths at random; beside nginx; once with the background stopped, once while it loads the clicks and 1,000 edits a minute are stored
and published as the pages do it. An edit is live when the worker answers with the new address, asked without a pause.
"""

import argparse
import json
import multiprocessing
import os
import random
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from _servers import HOST, Server, find_tool, free_port, paced, percentile, resident_mb, running
from redirect import nginx
from sqlalchemy import insert

from affiliate.ids import new_placement_token
from affiliate.links import library
from affiliate.links.programmes import add_account, add_programme
from affiliate.links.publish import publish_now
from affiliate.links.sites import add_entity, add_site
from affiliate.redirect.table import LinkTable
from affiliate.store import Store, migrations
from affiliate.store.tables import Link, LinkChange, LinkPath, Placement, Product

NOW = datetime(2026, 11, 20, tzinfo=UTC)
PER_SECOND, EDITS_A_MINUTE, PROGRAMMES, AT_ONCE = 2_000, 1_000, 50, 20_000


def database(data: Path) -> Store:
    return Store(f"sqlite:///{data / 'affiliate.db'}")


def fill(store: Store, links: int) -> float:
    """As an import does it, set by set. Links a second, each with its product, path, placement and change."""
    migrations.upgrade(store)
    with store.transaction() as session:
        add_entity(session, key="main", name="Main", base_currency="GBP")
        site = add_site(session, key="mag", name="Mag", hosts=["mag.example", HOST], now=NOW).id
        add_account(session, "awin", "99000001", now=NOW)
        programmes = [_programme(session, number) for number in range(PROGRAMMES)]
    began = time.perf_counter()
    for first in range(1, links + 1, AT_ONCE):
        rows: dict[type, list[dict[str, Any]]] = {Product: [], Link: [], LinkPath: [], Placement: [], LinkChange: []}
        for number in range(first, min(first + AT_ONCE, links + 1)):
            for table, row in _rows(number, site, *programmes[number % PROGRAMMES]):
                rows[table].append(row)
        with store.transaction() as session:
            for table, many in rows.items():
                session.execute(insert(table), many)
    return links / (time.perf_counter() - began)


def _programme(session: Any, number: int) -> tuple[int, int]:
    made = add_programme(
        session,
        network="awin",
        advertiser_ref=str(88_000 + number),
        name=f"Shop {number}",
        hosts=[f"shop-{number}.example"],
        now=NOW,
    )
    return made.id, made.advertiser_id


def _rows(number: int, site: int, programme: int, advertiser: int) -> Iterator[tuple[type, dict[str, Any]]]:
    url, slug = f"https://shop-{number % PROGRAMMES}.example/partywear/{number}", f"slug-{number}"
    yield Product, {"id": number, "advertiser_id": advertiser, "target_url": url, "created_at": NOW}
    yield (
        Link,
        {
            "id": number,
            "site_id": site,
            "product_id": number,
            "programme_id": programme,
            "name": slug,
            "target_url": url,
            "target_key": url[8:],
            "created_at": NOW,
            "updated_at": NOW,
        },
    )
    yield (
        LinkPath,
        {"site_id": site, "link_id": number, "path": f"/go/{slug}", "slug": slug, "created_at": NOW},
    )
    yield (
        Placement,
        {"token": new_placement_token(), "link_id": number, "kind": "bare", "is_default": True, "created_at": NOW},
    )
    yield LinkChange, {"link_id": number, "changed_at": NOW}


@contextmanager
def serving(data: Path) -> Iterator[tuple[Server, float]]:
    """The service, and the seconds until /healthz answered 200."""
    port, began = free_port(), time.perf_counter()
    command = [sys.executable, "-m", "affiliate", "serve", "--host", HOST, "--port", str(port), "--workers", "1"]
    with running(command, port, AFFILIATE_DATA_DIR=str(data)) as server:
        while server.ask("/healthz")[0] != 200:
            time.sleep(0.02)
        yield server, time.perf_counter() - began


def parts(server: Server) -> tuple[int, int]:
    """The web worker and the background process."""
    below = {pid: [child for child in Server(0, pid).tree() if child != pid] for pid in server.tree()[1:]}
    worker = next(children[-1] for children in below.values() if children)
    background = next(pid for pid, children in below.items() if not children and pid != worker)
    return worker, background


def edit(store: Store, table: LinkTable | None, number: int, version: str) -> None:
    """Stores a new address of a link, as a page does; published on this node where a table is given."""
    url = f"https://shop-{number % PROGRAMMES}.example/partywear/{number}/{version}"
    with store.transaction() as session:
        library.edit_link(session, link_id=number, url=url, now=datetime.now(UTC))
    if table:
        publish_now(store, table, [number])


def edit_for_ever(data: Path, links: int) -> None:
    store, table = database(data), LinkTable(data / "links")
    began = time.perf_counter()
    for count in range(1 << 60):
        edit(store, table, random.randrange(1, links + 1), f"v{count}")
        time.sleep(max(began + (count + 1) * 60 / EDITS_A_MINUTE - time.perf_counter(), 0))


@contextmanager
def editors(data: Path, links: int) -> Iterator[None]:
    process = multiprocessing.get_context("spawn").Process(target=edit_for_ever, args=(data, links), daemon=True)
    process.start()
    try:
        yield
    finally:
        process.kill()
        process.join()


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def latencies(server: Server, links: int, seconds: float) -> dict[str, float]:
    paths = [f"/go/slug-{random.randrange(1, links + 1)}" for _ in range(200_000)]
    paced(server.port, paths, per_second=PER_SECOND, seconds=2)  # warm
    ordered = paced(server.port, paths, per_second=PER_SECOND, seconds=seconds)
    return {f"p{share}_ms": round(percentile(ordered, share / 100), 2) for share in (50, 99, 99.9, 100)}


def edits_to_live(server: Server, data: Path, links: int, edits: int, *, here: bool) -> list[float]:
    """Milliseconds from the beginning of the edit's transaction to the first answer that is new."""
    store, table = database(data), LinkTable(data / "links") if here else None
    found = []
    for count in range(edits):
        number, version = random.randrange(1, links + 1), f"live-{here}-{count}"
        began = time.perf_counter()
        edit(store, table, number, version)
        while version not in server.ask(f"/go/slug-{number}")[1]:
            if time.perf_counter() - began > 60:
                sys.exit("an edit was not live after a minute")
        found.append((time.perf_counter() - began) * 1000)
    store.close()
    return found


def said(what: str, figures: dict[str, float]) -> dict[str, float]:
    print(f"{what:<58}" + "   ".join(f"{name} {figure:,}" for name, figure in figures.items()), flush=True)
    return figures


def spread(milliseconds: Sequence[float]) -> dict[str, float]:
    return {"median_ms": round(statistics.median(milliseconds)), "max_ms": round(max(milliseconds))}


def measure(data: Path, links: int, seconds: float, edits: int) -> Iterator[tuple[str, dict[str, float]]]:
    store = database(data)
    rate = fill(store, links)
    store.close()
    megabytes = (data / "affiliate.db").stat().st_size / 1e6
    yield "fill", said(f"{links:,} links stored", {"links_per_second": round(rate), "database_mb": round(megabytes)})
    with serving(data) as (server, took):
        _, background = parts(server)
        table = (data / "links" / "links.mdb").stat().st_size / 1e6
        figures = {
            "seconds": round(took, 2),
            "table_mb": round(table),
            "background_mb": round(resident_mb(background)[0]),
        }
        yield "first_start", said("first start, the table has to be built", figures)
    if find_tool("nginx"):
        port = free_port()
        with running(nginx(data, port), port) as anchor:
            yield "nginx", said(f"{PER_SECOND:,}/s, nginx, for comparison", latencies(anchor, links, seconds))
    with serving(data) as (server, took):
        yield "start", said("start with a table", {"seconds": round(took, 2)})
        worker, background = parts(server)
        with stopped(background):
            yield "quiet", said(f"{PER_SECOND:,}/s, background stopped", latencies(server, links, seconds))
        with editors(data, links):
            what = f"{PER_SECOND:,}/s, loader and {EDITS_A_MINUTE:,} edits a minute running"
            yield "busy", said(what, latencies(server, links, seconds))
        beyond, shared = resident_mb(worker)
        yield (
            "memory",
            said("resident memory of the worker", {"beyond_table_mb": round(beyond), "table_mb": round(shared)}),
        )
        live = edits_to_live(server, data, links, edits, here=True)
        yield "live_here", said("edit to live, stored and published on this node", spread(live))
        live = edits_to_live(server, data, links, edits, here=False)
        yield "live_there", said("edit to live, stored by another node", spread(live))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="in half a minute: 20,000 links, five seconds, ten edits")
    parser.add_argument("--links", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--edits", type=int, default=50)
    wanted = parser.parse_args()
    if wanted.quick:
        wanted.links, wanted.seconds, wanted.edits = 20_000, 5, 10
    with tempfile.TemporaryDirectory(prefix="affiliate-bench-") as folder:
        rows = dict(measure(Path(folder), wanted.links, wanted.seconds, wanted.edits))
    print(json.dumps({"bench": "service", "links": wanted.links, **rows}))


if __name__ == "__main__":
    main()
