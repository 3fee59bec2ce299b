"""Daisycon's export of transactions, a row per part of an order: columns from a publisher's load script in public code, states
from padosoft/php-oara@b03fd95 (Daisycon.php:228-233); no row was found.

Unknown, so for the user to say: which column brings our sub-id back, and what the words of invoice_status mean. The
programme is known by its name alone: its number is not in the export.
"""

from affiliate.networks.reading.mapped import mapped

READER = mapped(
    {
        "external_id": "affiliatemarketing_id",
        "line_id": "part_id",
        "advertiser": "program_name",
        "commission": "publisher_commission",
        "sale": "revenue",
        "currency": "currency_code",
        "transaction_at": "date_transaction",
        "click_at": "date_click",
        "reason": "disapproved_reason",
        "status": "status",
        "status.approved": "approved",
        "status.pending": "pending",
        "status.potential": "pending",
        "status.open": "pending",
        "status.disapproved": "declined",
        "status.incasso": "declined",
    }
)
