"""What networks say they paid or will pay, and the transactions that each payout covers."""

from affiliate.reports.payouts.listing import (
    PayoutDetail,
    PayoutPage,
    PayoutRow,
    PayoutSum,
    find_payout,
    list_payouts,
    payout_detail,
)

__all__ = ["PayoutDetail", "PayoutPage", "PayoutRow", "PayoutSum", "find_payout", "list_payouts", "payout_detail"]
