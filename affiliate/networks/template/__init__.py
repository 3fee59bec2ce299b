"""Any other network: its deep link from a template of the programme, its transactions from a CSV with a column map."""

from affiliate.networks.base import PROVEN, Coverage, Network
from affiliate.networks.reading.mapped import READER
from affiliate.networks.template.links import KEY, check_template, deep_link, take_apart
from affiliate.networks.words import REDIRECT

__all__ = ["NETWORK", "check_template"]

NETWORK = Network(
    KEY,
    "Another network",
    REDIRECT,
    take_apart,
    deep_link,
    READER,
    coverage=Coverage(build=PROVEN, sub_ids=PROVEN, file=PROVEN),
)
