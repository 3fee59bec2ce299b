"""A small newsroom: one site, accounts at Awin and Amazon, programmes of invented advertisers."""

import pytest

from affiliate.links.programmes import add_account, add_programme
from affiliate.links.sites import add_entity, add_site
from affiliate.store import Store
from tests.conftest import NOW


@pytest.fixture
def newsroom(store: Store) -> Store:
    """A store with the site `mag` (mag.example) and programmes for halden.example (Awin) and amazon.co.uk."""
    with store.transaction() as session:
        add_entity(session, key="north", name="North Ltd", base_currency="GBP")
        add_site(session, key="mag", name="The Mag", hosts=["mag.example"], now=NOW)
        add_account(session, "awin", "99000001", now=NOW)
        add_account(session, "amazon", "themag-21", now=NOW)
        add_programme(
            session,
            network="awin",
            advertiser_ref="88001",
            name="Halden & Vale",
            hosts=["www.halden.example"],
            rate="0.08",
            now=NOW,
        )
        add_programme(
            session, network="amazon", advertiser_ref="co.uk", name="Amazon UK", hosts=["amazon.co.uk"], now=NOW
        )
    return store
