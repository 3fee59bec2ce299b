"""Networks' APIs into the ledger: which windows are asked for, what came of them, and the payouts they tell."""

from affiliate.commissions.pulling.account import Progress, PulledWindow
from affiliate.commissions.pulling.engine import BASES, Puller

__all__ = ["BASES", "Progress", "PulledWindow", "Puller"]
