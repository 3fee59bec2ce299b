"""The pages of payouts, before there is one and with some, on a phone and on a desk."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import delete, select

from affiliate.clock import utc_now
from affiliate.commissions.payouts import store_payouts
from affiliate.money import Money
from affiliate.networks.base import ReportedPayout
from affiliate.store import Store
from affiliate.store.tables import ImportRun, Payout, PublisherAccount, Transaction, TransactionVersion
from tests.browser.checks import assert_sound, shoot
from tests.browser.newsroom import Newsroom


@pytest.fixture
def paying(demo: Newsroom) -> Iterator[Newsroom]:
    """The demo with 60 payouts of its account at Awin; one of its transactions names the newest."""
    now = utc_now()
    store = Store(f"sqlite:///{demo.data / 'affiliate.db'}")
    with store.transaction() as session:
        account = session.scalars(select(PublisherAccount).where(PublisherAccount.network == "awin").limit(1)).one()
        reported = [
            ReportedPayout(
                line=number, external_id=f"payout-{number}", publisher_ref=None, payment="paid" if number % 2 else "invoiced",
                raw_status="PAYMENT_SENT", commission=Money(Decimal("1234567.89"), "GBP"), vat=Money(Decimal(20), "GBP"),
                net=Money(Decimal("1234587.89"), "GBP"), issued_at=now - timedelta(days=60 - number),
                payload={"id": number, "reference": "a-reference-of-the-network-that-is-rather-long-" * 3},
                number=f"SELF-BILL-2026-{number:08}",
            )
            for number in range(60)
        ]  # fmt: skip
        run_id = store_payouts(session, account, reported, name="f", sha256="0" * 64, as_of=now, now=now).run_id
        of_account = select(Transaction.current_version_id).where(Transaction.account_id == account.id).limit(1)
        version = session.scalars(select(TransactionVersion).where(TransactionVersion.id.in_(of_account))).one()
        version_id, before = version.id, version.payout_ref
        version.payout_ref = "payout-59"
    yield demo
    with store.transaction() as session:
        session.get_one(TransactionVersion, version_id).payout_ref = before
        session.execute(delete(Payout).where(Payout.import_run_id == run_id))
        session.execute(delete(ImportRun).where(ImportRun.id == run_id))
    store.close()


def test_payouts_are_found_from_the_navigation_and_lead_to_the_networks_own_row(paying: Newsroom, page: Page) -> None:
    paying.log_in(page, "finance")
    page.goto(f"{paying.address}/reports/commissions")
    page.get_by_role("navigation").first.locator("a[href='/payouts']").evaluate("link => link.click()")
    expect(page.get_by_role("heading", level=1)).to_have_text("Payouts")
    page.get_by_label("Network").select_option("awin")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.get_by_role("main")).to_contain_text("60 payouts")
    assert_sound(page)
    shoot(page, "payouts")
    page.get_by_role("link", name="SELF-BILL-2026-00000059").click()
    expect(page.get_by_role("main")).to_contain_text("1 transaction names it")
    for details in page.locator("details").all():
        details.locator("summary").click()
    assert_sound(page)
    shoot(page, "payout")
    page.get_by_role("table").get_by_role("link").first.click()
    expect(page.get_by_role("main")).to_contain_text("The row as it came")
    page.get_by_role("link", name="payout-59").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("SELF-BILL-2026-00000059")
