"""Reports as the tests write them: a small CSV with a column map, and rows of Awin's own JSON."""

import hashlib
import io
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from affiliate.commissions.importing import ImportResult, import_rows, import_transactions
from affiliate.ids import new_placement_token
from affiliate.links.sites import ensure_default_site, find_site
from affiliate.networks.base import Reading
from affiliate.networks.reading.columns import ColumnMap
from affiliate.networks.reading.mapped import READER as MAPPED
from affiliate.networks.registry import network
from affiliate.store.tables import (
    Advertiser,
    Article,
    Link,
    LinkPath,
    Placement,
    Product,
    Programme,
    PublisherAccount,
)
from tests.networks.reports import read_report

MAP: dict[str, object] = {
    "external_id": "id",
    "advertiser": "shop",
    "publisher": "publisher",
    "status": "status",
    "payment": "payment",
    "commission": "commission",
    "sale": "sale",
    "currency": "currency",
    "transaction_at": "sold",
    "click_at": "clicked",
    "validated_at": "validated",
    "order_ref": "order",
    "sub_id": "ref",
    "reason": "reason",
}
COLUMNS = tuple(str(header) for header in MAP.values())

SALE: Mapping[str, str] = {
    "id": "t1",
    "shop": "77",
    "publisher": "555",
    "status": "pending",
    "payment": "",
    "commission": "5.00",
    "sale": "50.00",
    "currency": "GBP",
    "sold": "2026-10-05T10:00:00+00:00",
    "clicked": "2026-10-05T09:00:00+00:00",
    "validated": "",
    "order": "",
    "ref": "",
    "reason": "",
}


def sheet(*rows: Mapping[str, str]) -> bytes:
    """A CSV of these rows, each SALE with what it says differently."""
    lines = [",".join(COLUMNS)]
    lines += [",".join({**SALE, **row}[column] for column in COLUMNS) for row in rows]
    return ("\n".join(lines) + "\n").encode()


def book(
    session: Session, *rows: Mapping[str, str], now: datetime, as_of: datetime | None = None, dry_run: bool = False
) -> ImportResult:
    return import_transactions(
        session,
        network="generic",
        file_name="sales.csv",
        content=sheet(*rows),
        as_of=as_of,
        reading=Reading(columns=ColumnMap.parse(MAP)),
        dry_run=dry_run,
        now=now,
    )


def of_period(
    session: Session,
    *rows: Mapping[str, str],
    period: str = "October",
    account: str | None = None,
    now: datetime,
    as_of: datetime | None = None,
) -> ImportResult:
    """The same, of a network whose rows have no ids and whose files cover a period as a whole."""
    reading = Reading(columns=ColumnMap.parse(MAP), publisher_ref=account)
    content = sheet(*rows)
    return import_rows(
        session,
        network=network("generic"),
        name="sales.csv",
        sha256=hashlib.sha256(content).hexdigest(),
        rows=read_report(MAPPED, io.BytesIO(content), reading),
        reading=reading,
        period=period,
        as_of=as_of,
        now=now,
    )


def newsroom(session: Session, now: datetime) -> None:
    ensure_default_site(
        session,
        name="The Marble",
        language="en-GB",
        jurisdiction="uk",
        time_zone="Europe/London",
        currency="GBP",
        now=now,
    )


def placed(session: Session, *, slug: str, article: str | None, author: str = "", now: datetime) -> Placement:
    """A link of the only site, standing in an article (made if need be), or its default placement without one."""
    site = find_site(session)
    account = session.query(PublisherAccount).filter_by(network="awin").first()
    if account is None:
        account = PublisherAccount(entity_id=site.entity_id, network="awin", publisher_ref="9", created_at=now)
        advertiser = Advertiser(name="Minty", created_at=now)
        session.add_all([account, advertiser])
        session.flush()
        programme = Programme(
            account_id=account.id,
            advertiser_id=advertiser.id,
            network="awin",
            advertiser_ref="31",
            name="Minty",
            parameters={},
            created_at=now,
        )
        session.add(programme)
        session.flush()
    programme = session.query(Programme).filter_by(account_id=account.id).one()
    known = session.query(LinkPath).filter_by(slug=slug).first()
    if known is None:
        target = f"https://minty.example/{slug}"
        product = Product(advertiser_id=programme.advertiser_id, title=slug, target_url=target, created_at=now)
        session.add(product)
        session.flush()
        link = Link(
            site_id=site.id,
            product_id=product.id,
            programme_id=programme.id,
            name=slug.title(),
            target_url=target,
            target_key=target,
            created_at=now,
            updated_at=now,
        )
        session.add(link)
        session.flush()
        known = LinkPath(site_id=site.id, link_id=link.id, path=f"/go/{slug}", slug=slug, created_at=now)
        session.add(known)
    page = None
    if article:
        page = session.query(Article).filter_by(ref=article).first()
        if page is None:
            page = Article(
                site_id=site.id, ref=article, url=article, title=article, author=author, tags=[], created_at=now
            )
            session.add(page)
            session.flush()
    placement = Placement(
        token=new_placement_token(),
        link_id=known.link_id,
        article_id=page.id if page else None,
        kind="article" if page else "default",
        is_default=page is None,
        created_at=now,
    )
    session.add(placement)
    session.flush()
    return placement


def awin_row(number: int, **parts: Any) -> dict[str, Any]:
    """A row of Awin's own report, shaped as its documentation shows (help.awin.com, list of transactions)."""
    row: dict[str, Any] = {
        "id": number,
        "advertiserId": 17874,
        "publisherId": 426667,
        "siteName": "magazine.example",
        "commissionStatus": "pending",
        "commissionAmount": {"amount": 4.26, "currency": "EUR"},
        "saleAmount": {"amount": 42.56, "currency": "EUR"},
        "clickRefs": {"clickRef": "9184c7g4-9gbb-48g7-9e43-44717t5bed70"},
        "clickDate": "2026-10-04T20:54:00",
        "transactionDate": "2026-10-14T20:59:00",
        "validationDate": None,
        "type": "Commission group transaction",
        "declineReason": None,
        "amended": False,
        "orderRef": None,
        "paidToPublisher": False,
        "paymentId": 0,
    }
    return {**row, **parts}


def awin_file(*rows: dict[str, Any]) -> bytes:
    return json.dumps(list(rows)).encode()
