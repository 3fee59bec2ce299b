"""Messages that networks send us of single transactions: proven, kept once, booked soon after."""

from affiliate.commissions.postbacks.booking import Booked, book, waiting
from affiliate.commissions.postbacks.proof import NO_SECRETS, Proof, Secrets, prove
from affiliate.commissions.postbacks.receiving import LARGEST, read_message, receive

__all__ = [
    "LARGEST",
    "NO_SECRETS",
    "Booked",
    "Proof",
    "Secrets",
    "book",
    "prove",
    "read_message",
    "receive",
    "waiting",
]
