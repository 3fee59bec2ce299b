"""What impact pays of the demo's sales, as its list of invoices tells it: an invoice for each account, month and currency."""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from affiliate.demo.sales import Sale
from affiliate.demo.world import Account, account_of

NETWORK = "impact"


@dataclass(frozen=True, slots=True)
class InvoiceFile:
    """All invoices of an account, as its API answers."""

    account: Account
    name: str
    content: bytes


def invoice_files(sales: Sequence[Sale], *, as_of: datetime) -> Iterator[InvoiceFile]:
    """Invoices of what was cleared by then; those of that month are not paid yet."""
    cleared: dict[Account, dict[tuple[str, str], list[Sale]]] = defaultdict(lambda: defaultdict(list))
    for sale in sales:
        if sale.shop.network == NETWORK and not sale.declined and sale.paid_at <= as_of:
            cleared[account_of(sale.shop)][f"{sale.paid_at:%Y-%m}", sale.shop.currency].append(sale)
    for account, months in cleared.items():
        invoices = [_invoice(account, *key, some, as_of) for key, some in sorted(months.items())]
        content = json.dumps({"Invoices": invoices}).encode()
        yield InvoiceFile(account, f"impact-invoices-{account.ref}.json", content)


def _invoice(account: Account, month: str, currency: str, sales: Sequence[Sale], as_of: datetime) -> dict[str, object]:
    created = max(sale.paid_at for sale in sales).astimezone(UTC)
    paid = month != f"{as_of:%Y-%m}"
    amounts: dict[str, Decimal] = defaultdict(Decimal)
    for sale in sales:
        amounts[sale.shop.ref] += sale.commission(sale.kept)
    return {
        "Id": f"{account.ref}-{month}-{currency}",
        "CreatedDate": created.isoformat(),
        "Currency": currency,
        "TotalAmount": str(sum(amounts.values())),
        "TotalVatAmount": "0.00",
        "LineItems": [
            {
                "CampaignId": ref,
                "Description": "MEDIA_PAYOUT",
                "NetItemAmount": str(amount),
                "TotalItemAmount": str(amount),
                "Status": "PAID" if paid else "PENDING",
                "PaidDate": created.isoformat() if paid else "",
            }
            for ref, amount in sorted(amounts.items())
        ],
    }
