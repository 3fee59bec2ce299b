"""A static check of a page's or a feed's disclosure: live text, in the right words, before the first paid link.

It reads markup only. Where the page's own styles change what the verdict rests on, or a script makes paid links, it warns;
whether other style sheets or scripts hide the text is not verified, and a finding says so. What a finding rests on is
named by its rule: US-… and UK-… after FTC and CAP/ASA guidance, DE-… after §5a UWG and its cases, K… our own.
"""

import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import turbohtml
from bs4 import BeautifulSoup
from bs4.element import NavigableString, PageElement, PreformattedString, Tag

from affiliate.disclosure.feed import items
from affiliate.disclosure.styles import Styles
from affiliate.errors import InvalidDocument, InvalidInput, InvalidUrl
from affiliate.ids import is_placement_token
from affiliate.networks.inspect import inspect
from affiliate.urls import as_browsers_read

PASS, WARN, FAIL = "PASS", "WARN", "FAIL"
BLOCK, ERROR, WARNING, INFO = "BLOCK", "ERROR", "WARN", "INFO"

_UNSEEN = frozenset(
    {"script", "style", "template", "noscript", "head", "title", "textarea", "select", "svg"}
    | {"iframe", "noembed", "noframes"}
)
_BLOCKS = frozenset(
    {"p", "div", "li", "td", "th", "h1", "h2", "h3", "h4", "h5", "h6", "section", "article", "main", "aside", "header"}
    | {"footer", "figure", "figcaption", "blockquote", "dd", "dt", "body", "summary", "nav", "form", "center"}
)
# What a document begins with, up to the name of its first element. Atomic: a page of forty comments takes no forever.
_ROOT = re.compile(
    r"\ufeff?\s*+(?P<xml>(?=<\?xml\b))?(?:(?:(?><\?.*?>)|(?><!--.*?-->)|(?><!DOCTYPE(?:[^>\[]|\[.*?\])*>))\s*+)*+<(?P<name>[\w:-]+)",
    re.DOTALL | re.IGNORECASE,
)
_FEEDS = frozenset({"rss", "feed", "rdf:rdf"})
# Scripts that turn a page's links into paid ones where readers are: the markup does not show which.
_REWRITING_SCRIPT = re.compile(r"skimresources\.com|\bamp-skimlinks\b|vglnk|viglink\.com/api|dwin2\.com", re.IGNORECASE)
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
    """A jurisdiction as far as markup shows it. `labels` are the accepted words; they must stand at the headline of
    product-led articles and before every paid link where there is a rule for it. `sentence` must match one block of
    text: who is paid, and for what. `teaser` is the rule for what leads to a product-led article."""

    key: str
    sentence: re.Pattern[str]
    labels: re.Pattern[str]
    missing_sentence: tuple[str, str]
    teaser: tuple[str, str]
    headline_rule: str = ""
    link_rule: str = ""


# Matched at a block's beginning, and bounded: a block may have a million characters.
_ENGLISH = re.compile(
    r"(?=.*\b(?:(?:earn|get|receive|make|collect)s?\b.{0,100}\b(?:commissions?|money|percentage|cut|fees?|share)"
    r"|(?:are|is|be|get|gets) paid)\b)"
    r"(?=.*\b(?:buy|bought|purchas\w*|shop|links?)\b)",
    re.IGNORECASE | re.DOTALL,
)
_GERMAN = re.compile(r"(?=.*\bProvision\w*)(?=.*(?:kauf\w*|bestell\w*|link\w*))", re.IGNORECASE | re.DOTALL)
_ENGLISH_LABELS = re.compile(r"[#(\[]*(?:ad|advert|advertising|advertisement(?: feature)?)[)\]]*", re.IGNORECASE)
_PROFILES = {
    "us": _Profile("us", _ENGLISH, _ENGLISH_LABELS, ("US-02", BLOCK), ("US-08", WARNING)),
    "uk": _Profile("uk", _ENGLISH, _ENGLISH_LABELS, ("UK-01", WARNING), ("UK-03", BLOCK), "UK-02", "UK-04"),
    "de": _Profile(
        "de",
        _GERMAN,
        re.compile(r"[(\[]*(?:werbung|anzeige)[)\]]*", re.IGNORECASE),
        ("DE-05", ERROR),
        ("DE-04", ERROR),
        "DE-02",
        "DE-02",
    ),
}


def check(html: str, profiles: Sequence[str], *, kind: str | None = None) -> Checked:
    """Checks a page, a fragment or an RSS or Atom feed against profiles (uk, us, de; any case).

    `kind` is product-led, mixed or editorial; else the page's own `x-content-kind` counts, else mixed. InvalidInput for
    an unknown profile, InvalidDocument for a feed that cannot be read and for other XML.
    """
    wanted = [_profile(name) for name in profiles]
    if _is_feed(html):
        parts = [(f"item {number}, ", item) for number, item in enumerate(items(html), start=1)]
    else:
        parts = [("", html)]
    found: dict[str, list[Finding]] = {profile.key: [] for profile in wanted}
    for where, part in parts:
        soup = BeautifulSoup(_as_browsers_build(part), "html.parser")
        page, plain = (_Page(soup, kind, is_item=bool(where), styled=styled) for styled in (True, False))
        for profile in wanted:
            for finding in _judged(page, plain, profile):
                found[profile.key].append(replace(finding, where=where + finding.where))
    verdicts = {key: _verdict(findings) for key, findings in found.items()}
    return Checked(verdicts, tuple(finding for findings in found.values() for finding in findings))


def _is_feed(text: str) -> bool:
    """InvalidDocument for XML that is neither a feed nor a page."""
    root = _ROOT.match(text)
    if root is None:
        return False
    if root["name"].lower() in _FEEDS:
        return True
    if root["xml"] is not None and root["name"].lower() != "html":
        raise InvalidDocument(
            f"This is XML of another kind (<{root['name']}>); pages, fragments and feeds are checked."
        )
    return False


def _as_browsers_build(html: str) -> str:
    """The page with its markup mended as browsers do it, which html.parser alone does not: `--!>` ends a comment."""
    parsed = turbohtml.parse(html.removeprefix("\ufeff"), scripting=True, allow_declarative_shadow_roots=False)
    return parsed.serialize()


def _judged(page: "_Page", plain: "_Page", profile: _Profile) -> list[Finding]:
    """The findings of a page, with a doubt where they would be worse without the text that its own styles change."""
    findings = list(_findings(page, profile))
    if any(finding not in findings for finding in _findings(plain, profile)):
        message = "The page's own styles change how the disclosure looks, or hide it: look at it in a browser."
        findings.append(Finding("K4", WARNING, message, "page"))
    return findings


def _verdict(findings: Sequence[Finding]) -> str:
    severities = {finding.severity for finding in findings}
    return FAIL if severities & {BLOCK, ERROR} else WARN if WARNING in severities else PASS


def _profile(name: str) -> _Profile:
    profile = _PROFILES.get(name.strip().lower())
    if profile is None:
        built = ", ".join(sorted(_PROFILES))
        raise InvalidInput(f"There is no profile {name!r} to check against; there are {built}. Nothing was checked.")
    return profile


class _Page:
    """A page as this check sees it: its paid links, and its live text in blocks before each. Without `styled`, text that
    the page's own styles may hide or change is none."""

    def __init__(self, soup: BeautifulSoup, kind: str | None, *, is_item: bool, styled: bool) -> None:
        declared = soup.find("meta", attrs={"name": "x-content-kind"})
        self.declared_kind = kind or (str(declared.get("content", "")) if isinstance(declared, Tag) else "")
        self.kind = self.declared_kind.strip().lower() or "mixed"
        self.is_item = is_item
        self._styles = None if styled else Styles(soup)
        self.order: dict[int, int] = {}
        self.texts: list[tuple[int, NavigableString]] = []
        for place, node in enumerate(soup.descendants):
            self.order[id(node)] = place
            if isinstance(node, NavigableString) and self._is_live(node):
                self.texts.append((place, node))
        self.links = [tag for tag in soup.find_all(["a", "area"], href=True) if _is_paid(tag)]
        self.teasers = [
            tag
            for tag in soup.find_all("a", href=True)
            if tag.has_attr("data-target-kind") or "teaser" in tag.get_attribute_list("class")
        ]
        self.rewritten_by_script = any(
            _REWRITING_SCRIPT.search(f"{tag.name} {tag.get('src', '')} {tag.get_text()}")
            for tag in soup.find_all(["script", "amp-skimlinks"])
        )
        # the article's own, as the rewriter has it: a magazine's name in the page's header is none
        headlines = [*soup.select("article h1, main h1"), *soup.find_all("h1")]
        live = {id(parent) for _, text in self.texts for parent in text.parents}
        self.headline = next((headline for headline in headlines if id(headline) in live), None)

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
        """Whether a label stands before a link in its own block, or is the first that the link says; what hides both
        hides no label from the link."""
        around = {id(parent) for parent in link.parents}
        block = _block(link)
        for node in block.descendants:
            if node is link:
                said = (text for text in link.descendants if isinstance(text, NavigableString))
                first = next((text for text in said if self._is_live(text, around)), None)
                return first is not None and _is_label(labels, first)
            if (
                isinstance(node, NavigableString)
                and _is_label(labels, node)
                and _block(node) is block
                and self._is_live(node, around)
            ):
                return True
        return False

    def labelled_teaser(self, labels: re.Pattern[str], teaser: Tag) -> bool:
        """Whether a label stands in a teaser, or before it in its own block and in no other teaser."""
        for node in _block(teaser).descendants:
            if isinstance(node, NavigableString) and _is_label(labels, node) and self._is_live(node):
                anchor = node.find_parent("a")
                if anchor is teaser or (anchor is None and self.place(node) < self.place(teaser)):
                    return True
        return False

    def _is_live(self, node: NavigableString, around: Collection[int] = ()) -> bool:
        return _is_live(node, around) and not (self._styles and self._styles.touch(node, _block(node), around))


def _findings(page: _Page, profile: _Profile) -> Iterator[Finding]:
    yield from _teaser_findings(page, profile)
    if page.rewritten_by_script:
        message = "A script turns links of this page into paid ones; which of them, its markup does not show."
        yield Finding("K1", WARNING, message, "page")
    if not page.links:
        yield from _findings_without_links(page, profile)
        return
    first = page.place(page.links[0])
    where = _where(page.links[0], 1)
    if not any(profile.sentence.match(block) for block in page.blocks_before(first)):
        rule, severity = profile.missing_sentence
        yield Finding(rule, severity, "No sentence before the first paid link says that you are paid for it.", where)
    yield from _label_findings(page, profile)
    yield Finding(
        f"{profile.key.upper()}-01",
        INFO,
        "Whether style sheets or scripts hide the disclosure is not verified.",
        "page",
    )


def _teaser_findings(page: _Page, profile: _Profile) -> Iterator[Finding]:
    """What leads to a product-led article needs the label before the click."""
    rule, severity = profile.teaser
    for teaser in page.teasers:
        target = str(teaser.get("data-target-kind", "")).strip().lower()
        if target in ("mixed", "editorial") or page.labelled_teaser(profile.labels, teaser):
            continue
        where = f"teaser: {str(teaser['href'])[:120]}"
        if target == "product-led":
            yield Finding(rule, severity, "This teaser of a product-led article has no advertising label.", where)
        else:
            message = "The teaser does not say the kind of its article; a product-led one needs the label here."
            yield Finding(rule, WARNING, message, where)
    if page.kind == "teaser" and not page.teasers:
        yield Finding(rule, WARNING, "No teaser was recognised on this page of teasers.", "page")


def _findings_without_links(page: _Page, profile: _Profile) -> Iterator[Finding]:
    says = any(profile.sentence.match(block) for block in page.blocks_before(len(page.order)))
    if says and not page.rewritten_by_script:
        yield Finding("K2", WARNING, "The page says that it earns commission but has no paid link.", "page")
    if not page.is_item or page.kind == "editorial" or page.labelled(profile.labels, len(page.order)):
        return
    rule, severity = profile.teaser
    if page.kind == "product-led":
        yield Finding(rule, severity, "The title of a product-led article has no advertising label.", "title")
    elif not page.declared_kind:
        message = "The feed does not say the kind of its article; the title of a product-led one needs the label."
        yield Finding(rule, WARNING if profile.headline_rule else INFO, message, "title")


def _label_findings(page: _Page, profile: _Profile) -> Iterator[Finding]:
    if profile.headline_rule and page.kind == "product-led":
        first = page.place(page.links[0])
        until = first
        if page.headline is not None:
            until = min(first, page.place(page.headline) + 1 + sum(1 for _ in page.headline.descendants))
        if not page.labelled(profile.labels, until):
            message = "A product-led article needs the advertising label in or before its headline."
            yield Finding(profile.headline_rule, BLOCK, message, "headline")
        return
    if profile.headline_rule and not page.declared_kind:
        message = "The kind of the article is not said: it was checked as mixed. A product-led one needs the label at its headline."
        yield Finding(profile.headline_rule, INFO, message, "page")
    for number, link in enumerate(page.links if profile.link_rule else (), start=1):
        if not page.labelled_in_block(profile.labels, link):
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
    href = as_browsers_read(str(link["href"]))
    if (
        link.has_attr("data-affiliate-placement")
        or href.startswith("/go/")
        or is_placement_token(href.rpartition("/-")[2])
    ):
        return True
    if "sponsored" in str(link.get("rel")).lower():
        return True
    address = "https:" + href if href.startswith("//") else href
    try:
        return bool(inspect(address).layers)
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
