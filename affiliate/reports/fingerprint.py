"""The fingerprint of a report: equal fingerprints, equal figures."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any


def fingerprint(rows: Sequence[Any], totals: Sequence[Any]) -> str:
    """SHA-256 over rows and totals as they stand in the report's JSON."""
    content = {"rows": rows, "totals": totals}
    return hashlib.sha256(json.dumps(content, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
