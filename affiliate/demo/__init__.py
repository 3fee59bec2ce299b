"""The demo newsroom: two invented magazines with two months of readers, clicks and commissions."""

from affiliate.demo.filling import fill
from affiliate.demo.logins import login_text

__all__ = ["fill", "login_text"]
