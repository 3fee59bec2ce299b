"""Partnerize's self-bills: invoices that it writes in our name, with VAT and withheld tax.

`net_value`, `vat_value` and `total_value` are read in the self-bill's own currency; what was tracked may be in another one
(`tracked_currency`). A self-bill is paid once it has a `payment_date`.
"""

from collections.abc import Iterator

from affiliate.money import Money
from affiliate.networks.asking.paging import json_page
from affiliate.networks.base import BadRow, Reading, ReportedPayout
from affiliate.networks.reading.rows import BadValue, Row, read_each
from affiliate.networks.words import INVOICED, PAID

SELF_BILLS = "Partnerize's list of self-bills"
_STATUSES = {"created": INVOICED}  # the only word that is documented
_BILL = "selfbill"


def read_payouts(content: bytes, reading: Reading) -> Iterator[ReportedPayout | BadRow]:
    _, records = json_page(content, SELF_BILLS, "selfbills")
    return read_each(enumerate(records, start=1), lambda line, row: _payout(line, row, reading))


def _payout(line: int, row: Row, reading: Reading) -> ReportedPayout:
    status = row.word(_STATUSES, _BILL, "status")
    paid_at = row.moment(reading.time_zone, _BILL, "payment_date")
    commission = _amount(row, "net_value")
    vat, withheld = _amount(row, "vat_value"), _amount(row, "withheld_tax")
    return ReportedPayout(
        line=line,
        external_id=row.need(_BILL, "publisher_self_bill_id"),
        publisher_ref=row.text(_BILL, "publisher_id") or reading.publisher_ref,
        payment=PAID if paid_at else status,
        raw_status=row.need(_BILL, "status"),
        commission=commission,
        issued_at=row.need_moment(reading.time_zone, _BILL, "creation_date"),
        payload=row.payload,
        number=row.text(_BILL, "self_bill_reference"),
        net=_arriving(commission, vat, withheld, _amount(row, "total_value")),
        vat=vat,
        withheld=withheld,
        paid_at=paid_at,
    )


def _amount(row: Row, name: str) -> Money:
    return row.need_money(row.text(_BILL, "selfbill_currency"), _BILL, name)


def _arriving(commission: Money, vat: Money, withheld: Money, total: Money) -> Money:
    """What arrives; BadValue where the parts and the total, with or without the tax withheld, do not add up."""
    before = commission.amount + vat.amount
    arriving = before - withheld.amount
    if total.amount not in (before, arriving):
        raise BadValue(
            f"total_value is {total.amount}, but net_value and vat_value make {before}, {arriving} after withheld tax."
        )
    return Money(arriving, commission.currency)
