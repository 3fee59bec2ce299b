"""Rakuten Advertising (LinkShare). Sources: its "Affiliate APIs" OpenAPI (kept in MeltanoLabs/tap-rakutenadvertising),
https://pubhelp.rakutenadvertising.com (Signature Implementation Guidelines), https://docs.fmtc.co/kb/rakuten."""

from affiliate.networks.base import Network
from affiliate.networks.rakuten.links import KEY, deep_link, take_apart
from affiliate.networks.rakuten.transactions import read_transactions
from affiliate.networks.words import REDIRECT

NETWORK = Network(KEY, "Rakuten Advertising", REDIRECT, take_apart, deep_link, read_transactions)
