"""A title with two advertisers in redirect mode, one on Amazon's terms and one that wants its addresses untouched."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from affiliate.links.programmes import add_account, add_programme
from affiliate.links.sites import add_entity, add_site
from affiliate.store.tables import Site


def found_title(session: Session, *, now: datetime, jurisdiction: str = "uk", link_base: str = "") -> Site:
    add_entity(session, key="books", name="Books Ltd", base_currency="GBP")
    site = add_site(
        session,
        key="mag",
        name="Magazine",
        hosts=["magazine.example"],
        jurisdiction=jurisdiction,
        link_base=link_base,
        now=now,
    )
    add_account(session, "awin", "900001", now=now)
    add_account(session, "amazon", "magazine0a-21", now=now)
    for ref, name, host, mode in (
        ("70001", "Harbour & Vine", "harbourvine.example", None),
        ("70002", "Pebble Row", "pebblerow.example", None),
        ("70003", "Silent Shop", "silent.example", "untouched"),
    ):
        add_programme(session, network="awin", advertiser_ref=ref, name=name, hosts=[host], mode=mode, now=now)
    add_programme(session, network="amazon", advertiser_ref="uk", name="Amazon UK", hosts=["amazon.co.uk"], now=now)
    return site


def the_site(session: Session) -> Site:
    """The first one, where a test makes others."""
    return session.scalars(select(Site).order_by(Site.id).limit(1)).one()


PARTYWEAR = """<article>
<h1>Marble print on the high street</h1>
<p>By Jo. Marble print is back &ndash; see <a href="/partywear">our partywear pages</a>.</p>
<p>Start with <a href="https://www.harbourvine.example/p/marble-midi-dress?utm_source=x" rel="noopener">this dress</a>
or <a href='https://pebblerow.example/p/clutch-bag'>the clutch</a>.</p>
<ul><li><a href="https://www.harbourvine.example/p/marble-midi-dress">The dress again</a></li></ul>
<p>The museum has <a href="https://museum.example/marble">real marble</a>.</p>
</article>
"""
