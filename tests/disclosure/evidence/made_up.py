"""A site with articles, and checks of them that nobody made: verdicts are invented, everything else is real."""

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy.orm import Session

from affiliate.disclosure.evidence.recording import Recorded, record_check
from affiliate.disclosure.evidence.records import PaidLink, Screenshot, Seen
from affiliate.disclosure.findings import BLOCK, FAIL, Checked, Finding
from affiliate.disclosure.state import PRESENT, Shown, record
from affiliate.links.sites import add_entity, add_site
from affiliate.store import Store
from affiliate.store.tables import Article, Site
from tests.conftest import NOW

URL = "https://www.mag.example/style/partywear"
PIXEL = b"\xff\xd8\xff\xe0 made up"

MISSING = Finding(
    profile="uk",
    rule="UK-02",
    severity=BLOCK,
    message="The headline of a product-led article has no advertising label.",
    where="headline",
    mend="Put “Ad” right before the headline.",
    source="https://www.asa.example/guidance",
)


def found_site(store: Store, *, articles: int = 1) -> None:
    """A site whose articles have the ids 1, 2 …"""
    with store.transaction() as session:
        add_entity(session, key="books", name="Books", base_currency="GBP")
        site = add_site(session, key="mag", name="Mag", now=NOW)
        for number in range(1, articles + 1):
            url = URL if number == 1 else f"{URL}-{number}"
            article = Article(site_id=site.id, ref=url, url=url, title=f"Article {number}", created_at=NOW)
            session.add(article)
            session.flush()
            shown = Shown(PRESENT, "uk", 2, "Ad", "We earn a commission if you buy.", "uk-en-1")
            record(
                session,
                article_id=article.id,
                shown=shown,
                html_sha256=sha256(page(number).encode()).hexdigest(),
                now=NOW,
            )


def page(number: int, more: str = "") -> str:
    return f"<h1>Article {number}</h1><p>Ad · We earn. Größe{more}</p>"


def seen(number: int = 1, verdicts: dict[str, str] | None = None, **facts: Any) -> Seen:
    verdicts = verdicts or {"uk": "PASS"}
    given: dict[str, Any] = {
        "url": URL,
        "html": page(number),
        "checked": Checked(verdicts, (MISSING,) if FAIL in verdicts.values() else ()),
        "packs": dict.fromkeys(verdicts, "2026-11-23"),
        "kind": "product-led",
        "kind_by": "the article's record",
        "occasion": "publish",
        "fetched_at": NOW,
        "links": [PaidLink("/go/dress/-a123", "awin", "Shop (7011)", "a123", "sponsored")],
    }
    return Seen(**{**given, **facts})


def check_in(
    session: Session, article_id: int = 1, verdicts: dict[str, str] | None = None, *, now: datetime = NOW, **facts: Any
) -> Recorded:
    article = session.get_one(Article, article_id)
    site = session.get_one(Site, article.site_id)
    return record_check(session, seen(article_id, verdicts, **facts), site=site, article=article, now=now)


def filled(store: Store, records: int = 8) -> None:
    """Records of two articles, one second apart, some with a picture."""
    found_site(store, articles=2)
    for number in range(1, records + 1):
        with store.transaction() as session:
            verdict = "FAIL" if number % 4 == 0 else "PASS"
            shots = [Screenshot("360x740", PIXEL + b"%d" % number)] if number % 2 else []
            check_in(
                session,
                1 + number % 2,
                {"uk": verdict},
                html=page(number),
                screenshots=shots,
                now=NOW + timedelta(seconds=number),
            )
