"""A closed network's history is booked under the advertiser who went on elsewhere under another number."""

from sqlalchemy import select

from affiliate.links.aliases import add_alias
from affiliate.links.programmes import add_account, add_programme
from affiliate.store import Store
from affiliate.store.tables import Advertiser, Programme, PublisherAccount
from tests.commissions import sheets
from tests.conftest import NOW


def names(store: Store) -> dict[str, str]:
    """Advertiser by the closed network's number."""
    with store.reading() as session:
        rows = session.execute(
            select(Programme.advertiser_ref, Advertiser.name)
            .join(Programme.advertiser)
            .where(Programme.network == "template")
        )
        return {row.advertiser_ref: row.name for row in rows}


def test_rows_of_an_aliased_number_are_booked_under_the_advertiser_it_means(store: Store) -> None:
    with store.transaction() as session:
        sheets.newsroom(session, NOW)
        add_account(session, "awin", "1", now=NOW)
        add_programme(session, network="awin", advertiser_ref="9001", name="Shop", hosts=["shop.example"], now=NOW)
        sheets.book(session, {"id": "t1", "shop": "77"}, now=NOW)
    assert names(store) == {"77": "template 77"}
    with store.transaction() as session:
        for ref in ("77", "78"):
            add_alias(
                session, network="template", advertiser_ref=ref, to_network="awin", to_advertiser_ref="9001", now=NOW
            )
        result = sheets.book(session, {"id": "t2", "shop": "78"}, {"id": "t3", "shop": "79"}, now=NOW)
    assert names(store) == {"77": "Shop", "78": "Shop", "79": "template 79"}
    assert [str(made) for made in result.to_be_completed if made.kind == "advertiser"] == [
        "advertiser 79 (template 79) at template"
    ]
    with store.reading() as session:
        assert session.scalars(select(PublisherAccount.network)).all() == ["awin", "template"]
