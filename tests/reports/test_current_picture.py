"""Reports of today read what transactions repeat of their current version, or its roll-up by hour; both are what the ledger's
versions say."""

import random
from datetime import date, timedelta
from itertools import product
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from affiliate.commissions import picture
from affiliate.networks.words import PAYMENTS, STATUSES, UNPAID
from affiliate.reports.commissions import DATE_BASES, DIMENSIONS, commissions_report
from affiliate.reports.transactions import list_transactions
from affiliate.store import Store
from affiliate.store.tables import Site
from tests.commissions.sheets import placed
from tests.commissions.test_order import FIRST, LAST, Imports, downloads, in_disorder, sale, thrown_away

ASKED: dict[str, Any] = {"first": date(2026, 8, 1), "until": date(2026, 12, 1)}
LATER = LAST + timedelta(days=400)


def told(session: Session, **asked: Any) -> tuple[object, ...]:
    report = commissions_report(session, **{**ASKED, **asked}, now=LATER)
    basis = report.basis
    return report.rows, report.totals, report.by_disclosure, basis.coverage, basis.undated, basis.sales_elsewhere


def assert_same(session: Session) -> int:
    """Every cut by every date, and every filter, from the current picture and from the versions as known later."""
    compared = 0
    others = product(
        ("transaction", "click"), ("America/New_York", "Asia/Kathmandu")
    )  # the hours of one are not those of UTC
    for by, (basis, zone) in product(DIMENSIONS, (*product(DATE_BASES, ("Europe/London",)), *others)):
        asked: dict[str, Any] = {"by": by, "date_basis": basis, "time_zone": zone}
        now = told(session, **asked)
        assert now == told(session, **asked, as_of=LATER), asked
        compared += bool(now[0])
    for filters in ({"payment": payment} for payment in PAYMENTS):
        asked = {"by": "article", "time_zone": "UTC", **filters}
        assert told(session, **asked) == told(session, **asked, as_of=LATER), asked
    for by, site in product(DIMENSIONS, session.scalars(select(Site))):
        asked = {"by": by, "time_zone": "Europe/Berlin", "payment": UNPAID, "site": site}
        assert told(session, **asked) == told(session, **asked, as_of=LATER), asked
    for status in (*STATUSES, "earned"):
        asked = {**ASKED, "time_zone": "UTC", "status": status, "per_page": 1000}
        assert list_transactions(session, **asked) == list_transactions(session, **asked, as_of=LATER), status
    return compared


@pytest.mark.parametrize("seeds", [range(1), pytest.param(range(1, 9), marks=pytest.mark.slow)], ids=["one", "eight"])
def test_after_imports_amendments_and_undoing_in_any_order_reports_are_those_of_the_versions(
    store: Store, seeds: range
) -> None:
    for seed in seeds:
        dice = random.Random(f"picture {seed}")
        with thrown_away(store) as session:
            refs = [
                placed(session, slug=slug, article=article, now=FIRST).token
                for slug, article in (("a", "one"), ("b", "two"), ("a", None))
            ]
            sales = [sale(dice, number, [*refs, "", "theirs"]) for number in range(14)]
            imports = Imports(session)
            in_disorder(dice, downloads(dice, sales, 6))(session, imports)
            assert picture.check(session) == (0, 0)
            assert assert_same(session) > 40
            imports.undo(imports.add(downloads(dice, sales, 1)[0]))
            assert picture.check(session) == (0, 0)
            assert assert_same(session) > 40


def test_a_picture_that_went_wrong_is_found_and_made_anew(store: Store) -> None:
    dice = random.Random("wrong")
    with thrown_away(store) as session:
        sales = [sale(dice, number, [""]) for number in range(6)]
        in_disorder(dice, downloads(dice, sales, 3))(session, Imports(session))
        session.execute(text("UPDATE transactions SET commission = commission + 1 WHERE id % 2 = 0"))
        session.execute(text("UPDATE transactions SET payment = 'lost' WHERE id = 3"))
        live = text("SELECT count(*) FROM transactions WHERE current_version_id IS NOT NULL AND (id % 2 = 0 OR id = 3)")
        session.execute(
            text("UPDATE commission_hours SET transactions = transactions + 1, status = 'lost' WHERE hour % 5 = 0")
        )
        wrong = picture.check(session)
        assert wrong.transactions == session.execute(live).scalar_one() > 1
        assert wrong.hours > 1
        assert picture.rebuild(session) == wrong
        assert picture.check(session) == (0, 0)
        assert_same(session)
