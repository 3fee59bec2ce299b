"""Our words for a transaction and a programme; every network's own words are mapped to these."""

REDIRECT, DIRECT, UNTOUCHED = "redirect", "direct", "untouched"
MODES = (REDIRECT, DIRECT, UNTOUCHED)

PENDING, APPROVED, DECLINED = "pending", "approved", "declined"
STATUSES = (PENDING, APPROVED, DECLINED)

UNPAID, INVOICED, PAID = "unpaid", "invoiced", "paid"
PAYMENTS = (UNPAID, INVOICED, PAID)

SALE, LEAD, BONUS, CPC = "sale", "lead", "bonus", "cpc"
KINDS = (SALE, LEAD, BONUS, CPC)
