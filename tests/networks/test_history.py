"""The histories that the tests' networks tell are consistent: what they say day by day adds up."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tests.networks.servers.history import DECLINED, PAID, PENDING, History, history

FIRST, LAST = datetime(2025, 11, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)
LATER = LAST + timedelta(days=200)


@pytest.fixture(scope="module")
def told() -> History:
    return history(7, FIRST, LAST)


def test_the_same_seed_tells_the_same_story(told: History) -> None:
    assert history(7, FIRST, LAST) == told
    assert history(8, FIRST, LAST) != told


def test_every_kind_of_life_is_lived(told: History) -> None:
    lives = Counter(tuple(step.word for step in sale.steps) for sale in told.made)
    assert lives[("amended", "approved", "reversed", "invoiced", "paid")] > 3
    assert lives[("approved", "reversed")] > 3
    assert lives[("declined",)] > 30
    assert any(sale.bonus for sale in told.made)
    assert len({sale.id for sale in told.made}) == len(told.made) == 1095


def test_steps_come_in_the_order_of_time(told: History) -> None:
    for sale in told.made:
        moments = [sale.sold_at, *(step.at for step in sale.steps)]
        assert moments == sorted(moments)


def test_movements_add_up_to_what_a_row_that_changes_says(told: History) -> None:
    for now in (FIRST + timedelta(days=100), LAST, LATER):
        for state in told.states(now):
            left = sum((movement.commission for movement in state.sale.movements(now)), Decimal(0))
            assert left == (0 if state.status == DECLINED else state.commission)


def test_a_payout_is_the_sum_of_what_it_pays(told: History) -> None:
    payouts = told.payouts(FIRST, LATER, LATER)
    assert len(payouts) > 20
    assert sum(payout.commission for payout in payouts) == sum(
        state.commission for state in told.states(LATER) if state.payment == PAID
    )
    for payout in payouts:
        assert all(
            line.status != DECLINED and line.sale.advertiser.currency == payout.currency for line in payout.lines
        )


def test_nothing_is_known_before_it_happens(told: History) -> None:
    now = FIRST + timedelta(days=60)
    states = list(told.states(now))
    assert states
    assert all(state.changed_at <= now for state in states)
    assert any(state.status == PENDING for state in states)
    assert told.sold(now, LAST, now) == []
