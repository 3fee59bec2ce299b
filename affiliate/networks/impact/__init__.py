"""impact.com. Sources: its partner API v16 (api-evangelist/impact, impact-partner-actions-v16.yaml),
https://help.impact.com (articles 48001235417 and 155000000123), links found in public code."""

from affiliate.networks.base import Network
from affiliate.networks.impact.links import KEY, deep_link, take_apart
from affiliate.networks.impact.transactions import read_transactions
from affiliate.networks.words import REDIRECT

NETWORK = Network(KEY, "impact.com", REDIRECT, take_apart, deep_link, read_transactions)
