"""What works with which network, and how sure that is: the same table for the command, the page and the documents."""

from dataclasses import asdict
from typing import Any

from affiliate.networks.base import Network
from affiliate.networks.registry import networks

PARTS = {
    "recognise": "Recognise",
    "build": "Build",
    "sub_ids": "Sub-ids",
    "api": "API",
    "file": "File",
    "payments": "Payments",
}
NONE = "–"


def covered() -> list[Network]:
    """All networks by name; what stands for any other comes last."""
    return sorted(networks(), key=lambda known: (known.key == "template", known.name.casefold()))


def coverage_of(known: Network) -> dict[str, Any]:
    """A network's parts: `proven`, `unverified` or None each. `closed` is the sentence on what became of a dead network."""
    return {"key": known.key, "name": known.name, "closed": known.closed or None} | asdict(known.coverage)


def cells(known: Network) -> list[str]:
    """The parts in the table's order, as people read them."""
    told = asdict(known.coverage)
    return [told[part] or NONE for part in PARTS]
