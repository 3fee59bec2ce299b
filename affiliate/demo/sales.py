"""What some clicks led to: sales with their later fate. Pure; the dice are given."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random

from affiliate.demo.readers import Visit
from affiliate.demo.world import Shop, Ware, shop_of

_CONVERSION = 0.031  # sales per click of a person
_SUB_ID_LOST = 0.05  # the network hands nothing back: a voucher site came last, or a second device
_SUB_ID_FOREIGN = 0.03  # somebody copied our link and put a mark of their own
_FOREIGN = ("weekend-newsletter-17", "partner-feed", "ios-share")
_APPROVED, _DECLINED = 0.78, 0.14  # the rest is lowered: one of several things came back
_REASONS = ("Goods returned", "Order cancelled", "Duplicate order")


@dataclass(frozen=True, slots=True)
class Sale:
    """A sale as the advertiser knows it. `kept` is what is left of `amount` once the advertiser has decided: all of it,
    a part, or nothing. Both are in the shop's currency. `sub_id` is what the network handed back of ours, or not ours."""

    number: int
    shop: Shop
    ware: Ware
    sub_id: str
    clicked_at: datetime
    sold_at: datetime
    amount: Decimal
    kept: Decimal
    reason: str
    decided_at: datetime
    paid_at: datetime

    @property
    def declined(self) -> bool:
        return self.kept == 0

    @property
    def lowered(self) -> bool:
        return 0 < self.kept < self.amount

    def commission(self, amount: Decimal) -> Decimal:
        return cents(amount * self.shop.rate)


def sales(visits: Sequence[Visit], dice: Random) -> list[Sale]:
    """The sales that these visits led to, in the order of the clicks. Some lie in the future: nobody knows them yet."""
    buying = [visit for visit in visits if visit.by_person and dice.random() < _CONVERSION]
    return [_sale(number, visit, dice) for number, visit in enumerate(buying, start=1)]


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


def _sale(number: int, visit: Visit, dice: Random) -> Sale:
    ware = visit.spot.ware
    clicked_at = visit.at.replace(microsecond=0)
    sold_at = clicked_at + _hesitation(dice)
    decided_at = sold_at + timedelta(days=dice.randint(13, 32), hours=dice.randint(0, 23))
    amount = ware.price * dice.choices((1, 2, 3), (75, 20, 5))[0]
    if dice.random() < 0.3:  # something small went into the basket too
        amount += Decimal(dice.randint(6, 40))
    kept = _kept(amount, dice)
    return Sale(
        number=number,
        shop=shop_of(ware),
        ware=ware,
        sub_id=_sub_id(visit.spot.token, dice),
        clicked_at=clicked_at,
        sold_at=sold_at,
        amount=amount,
        kept=kept,
        reason="" if kept == amount else dice.choice(_REASONS) if kept == 0 else _REASONS[0],
        decided_at=decided_at,
        paid_at=decided_at + timedelta(days=dice.randint(5, 14)),
    )


def _hesitation(dice: Random) -> timedelta:
    """Most people buy at once or not at all; some sleep on it, within the usual thirty days."""
    if dice.random() < 0.8:
        return timedelta(seconds=90 + round(dice.expovariate(1 / 1500)))
    return timedelta(seconds=round(min(dice.expovariate(1 / 4), 29) * 86_400))


def _kept(amount: Decimal, dice: Random) -> Decimal:
    fate = dice.random()
    if fate < _APPROVED:
        return amount
    if fate < _APPROVED + _DECLINED:
        return Decimal(0)
    return cents(amount * dice.choice((Decimal("0.5"), Decimal("0.6"), Decimal("0.75"))))


def _sub_id(token: str, dice: Random) -> str:
    luck = dice.random()
    if luck < _SUB_ID_LOST:
        return ""
    return dice.choice(_FOREIGN) if luck < _SUB_ID_LOST + _SUB_ID_FOREIGN else token
