"""What a record says: one check of one page, with all that is needed to judge it again without us."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from affiliate.disclosure.findings import FAIL, PASS, WARN, Checked

FORMAT = 1  # of records; raised when a field changes its meaning

WEB = "web"
LIVE, STORED = "live", "stored"
STATIC, RENDERED = "static", "rendered"
PUBLISH, EDIT, TEMPLATE, NIGHTLY, ARCHIVE = "publish", "edit", "template", "nightly", "archive"
CRAWL, ASKED = "crawl", "asked"
OCCASIONS = (PUBLISH, EDIT, TEMPLATE, NIGHTLY, ARCHIVE, CRAWL, ASKED)

_FROM_WORST = (FAIL, WARN, PASS)


@dataclass(frozen=True, slots=True)
class PaidLink:
    """A paid link of the page. `placement` is our token, "" for a link that is not ours; `programme` is its advertiser and
    number there; `rel` as it stands in the markup."""

    href: str
    network: str
    programme: str
    placement: str
    rel: str

    def as_json(self) -> dict[str, str]:
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class RuleException:
    """A rule that was taken more or less seriously than its pack says."""

    rule: str
    severity: str
    reason: str
    made_by: str
    made_at: datetime
    ends_at: datetime | None

    def as_json(self) -> dict[str, str]:
        moments = {"made_at": moment(self.made_at), "ends_at": moment(self.ends_at) if self.ends_at else ""}
        return {"rule": self.rule, "severity": self.severity, "reason": self.reason, "made_by": self.made_by, **moments}


@dataclass(frozen=True, slots=True)
class Screenshot:
    """A picture of the page in one window (JPEG); `screen` is its name, such as 360x740."""

    screen: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Seen:
    """A page as it was checked. `html` is what was fetched or stored, `status` its HTTP status (None: not asked for by HTTP).
    `packs` are the versions of the rule packs by profile; `kind_by` says who set the kind (the article's record, the page,
    nobody); `scripts` are services whose scripts make more links paid; `browser` is the browser's name and version, "" where none was used."""

    url: str
    html: str = field(repr=False)
    checked: Checked
    packs: Mapping[str, str]
    kind: str
    kind_by: str
    occasion: str
    fetched_at: datetime
    origin: str = STORED
    mode: str = STATIC
    variant: str = WEB
    status: int | None = None
    links: Sequence[PaidLink] = ()
    scripts: Sequence[str] = ()
    exceptions: Sequence[RuleException] = ()
    screenshots: Sequence[Screenshot] = ()
    browser: str = ""


def record_of(
    seen: Seen,
    *,
    number: int,
    site: Mapping[str, Any],
    article: Mapping[str, Any] | None,
    shown: Mapping[str, str] | None,
    html_sha256: str,
    screenshots: Mapping[str, str],
    checked_at: datetime,
) -> dict[str, Any]:
    """The record as it is hashed. `shown` are version and words of the text that the article shows by its register,
    `screenshots` the hashes of the pictures by window."""
    return {
        "format": FORMAT,
        "number": number,
        "site": site,
        "article": article,
        "url": without_credentials(seen.url),
        "variant": seen.variant,
        "origin": seen.origin,
        "mode": seen.mode,
        "occasion": seen.occasion,
        "fetched_at": moment(seen.fetched_at),
        "checked_at": moment(checked_at),
        "status": seen.status,
        "html_sha256": html_sha256,
        "kind": seen.kind,
        "kind_by": seen.kind_by,
        "packs": dict(seen.packs),
        "text": shown,
        "links": [link.as_json() for link in seen.links],
        "scripts": list(seen.scripts),
        "verdicts": dict(seen.checked.verdicts),
        "findings": [finding.as_json() for finding in seen.checked.findings],
        "exceptions": [each.as_json() for each in seen.exceptions],
        "screenshots": dict(screenshots),
        "engine": {"affiliate": version("affiliate"), "browser": seen.browser},
    }


def worst(verdicts: Mapping[str, str]) -> str:
    """FAIL if a profile fails, else WARN if one warns, else PASS."""
    return next((one for one in _FROM_WORST if one in verdicts.values()), PASS)


def moment(value: datetime) -> str:
    """UTC with microseconds, always written alike: 2026-11-23T01:02:03.000000Z."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def without_credentials(url: str) -> str:
    """An address without the name and password that may stand before its host."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
