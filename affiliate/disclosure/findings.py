"""What a check says: findings, and one verdict for each profile."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

PASS, WARN, FAIL = "PASS", "WARN", "FAIL"

BLOCK, ERROR, WARNING, INFO = "BLOCK", "ERROR", "WARN", "INFO"
SEVERITIES = (INFO, WARNING, ERROR, BLOCK)  # from the mildest on
_VERDICTS = {BLOCK: FAIL, ERROR: FAIL, WARNING: WARN, INFO: PASS}


@dataclass(frozen=True, slots=True)
class Finding:
    """One breach of one rule at one place, or a note (INFO). `rule` is the id of a rule of the profile's pack. `measured` is
    what was found there, with its unit ("9 px, 0.5 of the text around it"), "" where nothing was measured; `mend` says what
    to do, `source` where the rule stands. `screen` is the window in which it was seen ("360x740"), "" for markup."""

    profile: str
    rule: str
    severity: str
    message: str
    where: str
    measured: str = ""
    mend: str = ""
    source: str = ""
    screen: str = ""

    def as_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Checked:
    """The verdict of every profile that was asked for, and what was found."""

    verdicts: dict[str, str]
    findings: tuple[Finding, ...]

    def as_json(self) -> dict[str, Any]:
        return {"verdicts": self.verdicts, "findings": [finding.as_json() for finding in self.findings]}


def verdict(findings: Sequence[Finding]) -> str:
    """FAIL with a BLOCK or an ERROR among them, else WARN with a WARN, else PASS."""
    given = {_VERDICTS[finding.severity] for finding in findings}
    return next((one for one in (FAIL, WARN) if one in given), PASS)


def mildest(*severities: str) -> str:
    return min(severities, key=SEVERITIES.index)
