"""A static check of a page's disclosure: live text, in the right words, before the first paid link.

It reads markup only. Whether style sheets or scripts hide the text is not verified here, and a finding says so. What a
finding rests on is named by its rule: US-… and UK-… after FTC and CAP/ASA guidance, DE-… after §5a UWG and its cases.
"""

import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bs4 import BeautifulSoup
from bs4.element import NavigableString, PageElement, PreformattedString, Tag

from affiliate.errors import InvalidDocument, InvalidInput, InvalidUrl
from affiliate.ids import is_placement_token
from affiliate.networks.inspect import inspect

PASS, WARN, FAIL = "PASS", "WARN", "FAIL"
BLOCK, ERROR, WARNING, INFO = "BLOCK", "ERROR", "WARN", "INFO"

_UNSEEN = frozenset({"script", "style", "template", "noscript", "head", "title", "textarea", "select", "svg"})
_BLOCKS = frozenset(
    {"p", "div", "li", "td", "th", "h1", "h2", "h3", "h4", "h5", "h6", "section", "article", "main", "aside", "header"}
    | {"footer", "figure", "figcaption", "blockquote", "dd", "dt", "body", "summary", "nav", "form", "center"}
)
_FEED = re.compile(r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:rss|feed|rdf:RDF)\b", re.DOTALL)
_HIDING = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|opacity\s*:\s*0(?:\.0*)?\s*(?:;|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Finding:
    """One breach of one rule at one place. Severity is BLOCK, ERROR, WARN or INFO."""

    rule: str
    severity: str
    message: str
    where: str

    def as_json(self) -> dict[str, str]:
        return {"rule": self.rule, "severity": self.severity, "message": self.message, "where": self.where}


@dataclass(frozen=True, slots=True)
class Checked:
    """The verdict of every profile that was asked for, and what was found."""

    verdicts: dict[str, str]
    findings: tuple[Finding, ...]

    def as_json(self) -> dict[str, Any]:
        return {"verdicts": self.verdicts, "findings": [finding.as_json() for finding in self.findings]}


@dataclass(frozen=True, slots=True)
class _Profile:
    """A jurisdiction as far as markup shows it. `labels` are the accepted words, none where no label is asked for.
    `sentence` must match one block of text: who is paid, and for what."""

    key: str
    sentence: re.Pattern[str]
    labels: re.Pattern[str] | None
    missing_sentence: tuple[str, str]
    headline_rule: str = ""
    link_rule: str = ""


_ENGLISH = re.compile(
    r"(?=.*\b(?:(?:earn|get|receive|make|collect)s?\b.*\b(?:commissions?|money|percentage|cut|fees?|share)"
    r"|(?:are|is|be|get|gets) paid)\b)"
    r"(?=.*\b(?:buy|bought|purchas\w*|shop|links?)\b)",
    re.IGNORECASE | re.DOTALL,
)
_GERMAN = re.compile(r"(?=.*\bProvision\w*)(?=.*(?:kauf\w*|bestell\w*|link\w*))", re.IGNORECASE | re.DOTALL)
_PROFILES = {
    "us": _Profile("us", _ENGLISH, None, ("US-02", BLOCK)),
    "uk": _Profile(
        "uk",
        _ENGLISH,
        re.compile(r"[#(\[]*(?:ad|advert|advertising|advertisement(?: feature)?)[)\]]*", re.IGNORECASE),
        ("UK-01", WARNING),
        "UK-02",
        "UK-04",
    ),
    "de": _Profile(
        "de", _GERMAN, re.compile(r"[(\[]*(?:werbung|anzeige)[)\]]*", re.IGNORECASE), ("DE-05", ERROR), "DE-02", "DE-02"
    ),
}


def check(html: str, profiles: Sequence[str], *, kind: str | None = None) -> Checked:
    """Checks a page or fragment against profiles (uk, us, de; any case).

    `kind` is product-led, mixed or editorial; else the page's own `x-content-kind` counts, else mixed. InvalidInput for
    an unknown profile, InvalidDocument for a feed.
    """
    wanted = [_profile(name) for name in profiles]
    if _FEED.match(html):
        raise InvalidDocument("This is a feed or another XML document; only HTML pages and fragments are checked.")
    page = _Page(BeautifulSoup(html, "html.parser"), kind)
    verdicts: dict[str, str] = {}
    findings: list[Finding] = []
    for profile in wanted:
        found = list(_findings(page, profile))
        findings += found
        severities = {finding.severity for finding in found}
        verdicts[profile.key] = FAIL if severities & {BLOCK, ERROR} else WARN if WARNING in severities else PASS
    return Checked(verdicts, tuple(findings))


def _profile(name: str) -> _Profile:
    profile = _PROFILES.get(name.strip().lower())
    if profile is None:
        raise InvalidInput(f"There is no profile {name!r}; there are {', '.join(sorted(_PROFILES))}.")
    return profile


class _Page:
    """A page as this check sees it: its paid links, and its live text in blocks before each."""

    def __init__(self, soup: BeautifulSoup, kind: str | None) -> None:
        declared = soup.find("meta", attrs={"name": "x-content-kind"})
        self.kind = kind or (str(declared.get("content", "")) if isinstance(declared, Tag) else "") or "mixed"
        self.order: dict[int, int] = {}
        self.texts: list[tuple[int, NavigableString]] = []
        for place, node in enumerate(soup.descendants):
            self.order[id(node)] = place
            if isinstance(node, NavigableString) and _is_live(node):
                self.texts.append((place, node))
        self.links = [tag for tag in soup.find_all(["a", "area"], href=True) if _is_paid(tag)]
        headline = soup.find("h1")
        self.headline = headline if isinstance(headline, Tag) else None

    def place(self, node: PageElement) -> int:
        """Where a node stands in the document; the document itself stands before all."""
        return self.order.get(id(node), -1)

    def blocks_before(self, place: int) -> Iterator[str]:
        """The text of each block, as far as it stands before a place."""
        parts: dict[int, list[str]] = {}
        for at, node in self.texts:
            if at < place:
                parts.setdefault(id(_block(node)), []).append(str(node))
        for pieces in parts.values():
            yield _plain("".join(pieces))

    def labelled(self, labels: re.Pattern[str], until: int) -> bool:
        """Whether a live text before this place is a label."""
        return any(_is_label(labels, node) for at, node in self.texts if at < until)

    def labelled_in_block(self, labels: re.Pattern[str], link: Tag) -> bool:
        """Whether a label stands before a link in its own block; what hides both hides no label from the link."""
        around = {id(parent) for parent in link.parents}
        for node in _block(link).descendants:
            if node is link:
                return False
            if isinstance(node, NavigableString) and _is_live(node, around) and _is_label(labels, node):
                return True
        return False


def _findings(page: _Page, profile: _Profile) -> Iterator[Finding]:
    if not page.links:
        yield from _findings_without_links(page, profile)
        return
    first = page.place(page.links[0])
    where = _where(page.links[0], 1)
    if not any(profile.sentence.search(block) for block in page.blocks_before(first)):
        rule, severity = profile.missing_sentence
        yield Finding(rule, severity, "No sentence before the first paid link says that you are paid for it.", where)
    if profile.labels is not None:
        yield from _label_findings(page, profile, profile.labels)
    yield Finding(
        f"{profile.key.upper()}-01",
        INFO,
        "Whether style sheets or scripts hide the disclosure is not verified.",
        "page",
    )


def _findings_without_links(page: _Page, profile: _Profile) -> Iterator[Finding]:
    if any(profile.sentence.search(block) for block in page.blocks_before(len(page.order))):
        yield Finding("K2", WARNING, "The page says that it earns commission but has no paid link.", "page")


def _label_findings(page: _Page, profile: _Profile, labels: re.Pattern[str]) -> Iterator[Finding]:
    if page.kind == "product-led":
        first = page.place(page.links[0])
        until = first
        if page.headline is not None:
            until = min(first, page.place(page.headline) + 1 + sum(1 for _ in page.headline.descendants))
        if not page.labelled(labels, until):
            message = "A product-led article needs the advertising label in or before its headline."
            yield Finding(profile.headline_rule, BLOCK, message, "headline")
        return
    for number, link in enumerate(page.links, start=1):
        if not page.labelled_in_block(labels, link):
            message = "No advertising label stands before this paid link in its own block."
            yield Finding(profile.link_rule, ERROR, message, _where(link, number))


def _is_label(labels: re.Pattern[str], node: NavigableString) -> bool:
    """Whether a text says nothing but a label, or begins with one and a divider."""
    text = _plain(str(node))
    return bool(labels.fullmatch(text) or labels.fullmatch(re.split(r"\s*[|:–—]\s*", text)[0]))


def _is_live(node: NavigableString, around: Collection[int] = ()) -> bool:
    """Text that markup does not hide; comments and declarations are none. Elements with the ids `around` do not count,
    nor what is around them."""
    if isinstance(node, PreformattedString) or not node.strip():
        return False
    for parent in node.parents:
        if id(parent) in around:
            return True
        if parent.name in _UNSEEN or parent.has_attr("hidden") or _HIDING.search(str(parent.get("style", ""))):
            return False
        if parent.name == "details" and not parent.has_attr("open") and not _in_summary(node, parent):
            return False
    return True


def _in_summary(node: NavigableString, details: Tag) -> bool:
    return any(parent.name == "summary" and parent.parent is details for parent in node.parents)


def _is_paid(link: Tag) -> bool:
    """One of our links, a network's link, or one whose author says `rel=sponsored`."""
    if link.find_parent(["template", "noscript"]) is not None:
        return False
    href = str(link["href"]).strip()
    if (
        link.has_attr("data-affiliate-placement")
        or href.startswith("/go/")
        or is_placement_token(href.rpartition("/-")[2])
    ):
        return True
    if "sponsored" in str(link.get("rel")).lower():
        return True
    try:
        return bool(inspect(href).layers)
    except InvalidUrl:
        return False


def _block(node: PageElement) -> Tag:
    parents = list(node.parents)
    return next((parent for parent in parents if parent.name in _BLOCKS), parents[-1])


def _where(link: Tag, number: int) -> str:
    return f"paid link {number}: {str(link['href'])[:120]}"


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text)
    return " ".join("".join(c for c in folded if unicodedata.category(c) != "Cf").split())
