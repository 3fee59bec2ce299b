"""Which network's own report a table is: told by columns that together stand in that report alone.

Sources: the readers in the networks' folders, each of which names its own.
"""

from collections.abc import Iterable

from affiliate.networks.reading.headers import plain
from affiliate.networks.reading.table import CSV, JSON, XLSX, XML, Shape

_SHEETS = (CSV, XLSX)
_ANY = (CSV, XLSX, JSON, XML)
_SIGNS: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("awin", (JSON,), ("commissionStatus", "commissionAmount.amount", "advertiserId", "transactionDate")),
    ("cj", (JSON,), ("commissionId", "pubCommissionAmountUsd")),
    ("cj", (JSON,), ("commissionId", "pubCommissionAmountPubCurrency")),
    ("impact", (JSON,), ("ActionTrackerId", "CampaignId", "State", "Payout", "EventDate")),
    ("partnerize", (JSON,), ("conversion_data.conversion_id", "conversion_data.conversion_items")),
    ("partnerize", _SHEETS, ("conversion_id", "conversion_item_id", "item_publisher_commission")),
    ("rakuten", (JSON,), ("etransaction_id", "advertiser_id")),
    ("skimlinks", (JSON,), ("commission_id", "transaction_details.status", "merchant_details.merchant_id")),
    ("ebay", _ANY, ("EpnTransactionId", "EventDate", "Earnings")),
    ("amazon", _SHEETS, ("Tracking ID", "ASIN", "Date Shipped", "Ad Fees")),
    ("amazon", _SHEETS, ("ID de seguimiento", "ASIN", "Fecha de envío", "Comisiones")),
    ("shareasale", _SHEETS, ("Trans_ID", "Merchant_ID", "Trans_Date", "Commission", "Voided")),
    ("avantlink", _ANY, ("AvantLink_Transaction_Id", "Total_Commission")),
    ("belboon", _ANY, ("conversion_uniqid", "conversion_commission_total", "conversion_tracking_time")),
    ("daisycon", _ANY, ("affiliatemarketing_id", "part_id", "publisher_commission")),
    ("kwanko", _ANY, ("idprogramme", "etat", "gains", "monnaie")),
    ("tradetracker", _ANY, ("campaign.ID", "transactionStatus", "registrationDate", "commission")),
    ("pepperjam", _ANY, ("transaction_id", "program_id", "commission", "new_to_file")),
    ("sovrn", _ANY, ("commissionId", "merchantGroupId", "publisherRevenue")),
    ("flexoffers", _ANY, ("legacyId", "orderStatus", "subTracking")),
    ("digidip", _ANY, ("merchant.id", "date.iso8601", "commission.amount")),
)


def own_format(shape: Shape, columns: Iterable[str]) -> str | None:
    """The key of the network whose own report this is, None where it is none that is known."""
    there = {plain(column) for column in columns}
    for network, formats, signs in _SIGNS:
        if shape.format in formats and all(plain(sign) in there for sign in signs):
            return network
    return None
