"""A small newsroom's links and placements, and a journal to write clicks into."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from affiliate.clicks.load import Loaded, Loader
from affiliate.ids import new_placement_token
from affiliate.redirect.counters import Counters
from affiliate.redirect.journal import JournalWriter
from affiliate.redirect.records import ClickRecord
from affiliate.store import Store
from affiliate.store.tables import (
    Advertiser,
    Article,
    Click,
    Entity,
    Link,
    Placement,
    Product,
    Programme,
    PublisherAccount,
    Site,
)
from tests.conftest import NOW

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
NOW_MS = int(NOW.timestamp() * 1000)


@dataclass
class Newsroom:
    """Ids of what `furnish` made: two links of one advertiser and one of another; one article holds the first link."""

    links: list[int] = field(default_factory=list)
    defaults: list[str] = field(default_factory=list)
    in_article: str = ""
    article: int = 0


def furnish(store: Store) -> Newsroom:
    room = Newsroom()
    with store.transaction() as session:
        entity = Entity(key="main", name="Main Ltd", base_currency="GBP")
        session.add(entity)
        session.flush()
        site = Site(entity_id=entity.id, key="mag", name="Mag", created_at=NOW)
        account = PublisherAccount(entity_id=entity.id, network="awin", publisher_ref="1", created_at=NOW)
        session.add_all([site, account])
        session.flush()
        for number, count in ((1, 2), (2, 1)):
            advertiser = Advertiser(name=f"Shop {number}", created_at=NOW)
            session.add(advertiser)
            session.flush()
            programme = Programme(
                account_id=account.id,
                advertiser_id=advertiser.id,
                network="awin",
                advertiser_ref=str(number),
                name=advertiser.name,
                created_at=NOW,
            )
            product = Product(advertiser_id=advertiser.id, target_url="https://s.example/", created_at=NOW)
            session.add_all([programme, product])
            session.flush()
            for number_of_link in range(count):
                link = Link(
                    site_id=site.id,
                    product_id=product.id,
                    programme_id=programme.id,
                    name="A link",
                    target_url="https://s.example/",
                    target_key=f"s.example/{number}/{number_of_link}",
                    created_at=NOW,
                    updated_at=NOW,
                )
                session.add(link)
                session.flush()
                token = new_placement_token()
                session.add(Placement(token=token, link_id=link.id, is_default=True, created_at=NOW))
                room.links.append(link.id)
                room.defaults.append(token)
        article = Article(site_id=site.id, ref="story", created_at=NOW)
        session.add(article)
        session.flush()
        room.article, room.in_article = article.id, new_placement_token()
        placed = Placement(
            token=room.in_article, link_id=room.links[0], article_id=article.id, position=1, created_at=NOW
        )
        session.add(placed)
    return room


@dataclass
class Journal:
    """Writes clicks and loads them."""

    folder: Path
    store: Store
    room: Newsroom

    def writer(self, segment_bytes: int = 65_536) -> JournalWriter:
        return JournalWriter(self.folder, Counters(self.folder / "counters"), segment_bytes=segment_bytes)

    def click(
        self,
        *,
        seconds: float = 0,
        link: int = 0,
        token: str = "",
        flags: int = 0,
        visitor: int = 1,
        user_agent: str = FIREFOX,
        referrer: tuple[str, str] = ("", ""),
        reason: str = "",
    ) -> ClickRecord:
        return ClickRecord(
            time_ms=NOW_MS + int(seconds * 1000),
            link_id=self.room.links[link],
            flags=flags,
            visitor=visitor,
            token=token or self.room.defaults[link],
            country="",
            user_agent=user_agent,
            referrer_host=referrer[0],
            referrer_path=referrer[1],
            host="mag.example",
            reason=reason,
        )

    def write(self, clicks: Sequence[ClickRecord]) -> None:
        writer = self.writer()
        for click in clicks:
            assert writer.append(click)
        writer.close()

    def load(self, batch: int = 1000) -> Loaded:
        return Loader(self.store, self.folder, batch=batch).load()

    def stored(self) -> list[Click]:
        with self.store.reading() as session:
            wanted = select(Click).options(joinedload(Click.context), joinedload(Click.origin))
            return list(session.scalars(wanted.order_by(Click.at, Click.id)))

    def count_stored(self) -> int:
        with self.store.reading() as session:
            return session.scalar(select(func.count(Click.id))) or 0


@pytest.fixture
def journal(store: Store, tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal", store, furnish(store))


@pytest.fixture
def sqlite_journal(sqlite_store: Store, tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal", sqlite_store, furnish(sqlite_store))
