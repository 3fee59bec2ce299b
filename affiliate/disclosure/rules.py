"""Rule packs: what a jurisdiction or a network asks of a page, as data in packs/*.toml, each rule with its source.

Nothing here is legal advice. A rule whose only evidence is a summary, memory or ourselves warns and never fails a page, and
says so. A check belongs to one rule of a profile: where a pack and one that it extends ask for the same check, the pack's own
rule has it, unless that would turn a FAIL into a WARN.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cache
from pathlib import Path
from typing import Any

from affiliate.disclosure.findings import BLOCK, ERROR, SEVERITIES, WARNING, mildest
from affiliate.errors import InvalidInput

_FOLDER = Path(__file__).parent / "packs"

# How well a source is known: its own text was read; its words were read in another's page; a summary; memory; our own
# measure, which no authority states.
PRIMARY, QUOTED, SUMMARY, MEMORY, OURS = GRADES = ("P", "Q", "S", "M", "O")
_THIN = frozenset({SUMMARY, MEMORY, OURS})
GRADE_WORDS = {
    PRIMARY: "The source itself was read.",
    QUOTED: "The authority’s words were read in somebody else’s page.",
    SUMMARY: "A summary by others; the words themselves were not read.",
    MEMORY: "From memory; no page was read.",
    OURS: "Our own measure; no authority that we read states it.",
}

JURISDICTION, NETWORK, SEARCH, BASE = KINDS = ("jurisdiction", "network", "search", "base")

# The checks that a rule may name, and what each looks at. "Told" is a sentence that says who is paid and for what, or a
# label in the words of the profile.
CHECKS = {
    "told-before-link": "a sentence, or a label, stands before the first paid link",
    "told-at-links": "a sentence stands before the first paid link, or a label at every paid link",
    "sentence-before-link": "a sentence stands before the first paid link, whatever labels there are",
    "label-before-link": "a label stands before the first paid link",
    "label-at-headline": "a product-led article has a label in or right before its headline",
    "label-at-link": "each paid link of a mixed article has a label before it, in its own block",
    "label-at-teaser": "a teaser of a product-led article, and its title in a feed, has a label",
    "language": "sentence and label are in the language of the article",
    "wording": "no word that readers do not understand stands where the sentence or the label should",
    "footnote": "the explanation is not left to an asterisk and a note",
    "not-elsewhere": "the only sentence is not on another page, in the footer or at the end",
    "contradiction": "nothing on the page takes the disclosure back",
    "no-need": "a page without paid links does not say that it has some",
    "scripts": "a page whose links a script turns into paid ones tells its readers too",
    "parity": "feed, AMP and newsletter each carry their own disclosure",
    "rel": "every paid link has rel=sponsored or nofollow",
    "statement": "the network’s own sentence stands on the page",
    "direct-link": "links to the shop are direct and let it see where they come from",
    "names-store": "the link, or the text next to it, names the shop",
    "price-stamp": "a price says as of when it is",
    "own-image": "the shop’s pictures are not copies of ours",
    "support-us": "nothing asks readers to buy in order to support us",
    "styles": "the page’s own styles do not hide or shrink the disclosure (a doubt, as markup alone shows it)",
    "seen": "the disclosure is seen after the page has loaded",
    "no-action": "nothing has to be opened, hovered or swiped to see it",
    "size": "it is about as large as the text around it",
    "contrast": "it stands out from its background",
    "distance": "it is in the first window, and near the paid links",
    "without-scripts": "it is there when scripts are off",
}
# What the first finds the second finds too: a rule that fails a page on the first leaves nothing to say for the second.
_STRICTER = (("sentence-before-link", "told-before-link"), ("told-at-links", "told-before-link"))
IN_BROWSER = frozenset({"seen", "no-action", "size", "contrast", "distance", "without-scripts"})

_SHORT = {"amz": "amazon", "rak": "rakuten", "goog": "google", "skim": "skimlinks"}
_DAY = re.compile(r"(?:19|20)\d\d(?:-[01]\d(?:-[0-3]\d)?)?")
_ADDRESS = re.compile(r"https?://[^\s/]+\.[^\s]+")


@dataclass(frozen=True, slots=True)
class Source:
    """Where a rule stands: address ("" for memory and for what is our own) and grade (P, Q, S, M or O)."""

    address: str
    grade: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that a profile asks. `title` and `asks` are plain words for editors, `mend` says what to do about a breach,
    `person` what somebody has to look at because no check can, `quote` is what the source says, in its language. `severity`
    is BLOCK, ERROR, WARN or INFO as the source deserves it; `checks` name the functions that look (none: only a person can).
    `since` is when it came into force or was decided (YYYY, YYYY-MM or YYYY-MM-DD). `agreed` says why summaries alone are
    enough here ("" if they are not)."""

    id: str
    title: str
    asks: str
    mend: str
    severity: str
    sources: tuple[Source, ...]
    since: str
    checks: tuple[str, ...] = ()
    person: str = ""
    quote: str = ""
    agreed: str = ""

    @property
    def grade(self) -> str:
        """The best evidence there is for it."""
        return min((source.grade for source in self.sources), key=GRADES.index)

    @property
    def is_doubtful(self) -> bool:
        return self.grade in _THIN and not self.agreed

    @property
    def effective(self) -> str:
        """Its severity, at most WARN where the evidence is thin."""
        return mildest(self.severity, WARNING) if self.is_doubtful else self.severity

    @property
    def fails(self) -> bool:
        """Whether a breach makes the verdict FAIL."""
        return self.effective in (BLOCK, ERROR)

    @property
    def source(self) -> str:
        """The address of the best evidence."""
        return min(self.sources, key=lambda source: GRADES.index(source.grade)).address


@dataclass(frozen=True, slots=True)
class Pack:
    """The rules of a profile, those of the packs that it extends first. `kind` is jurisdiction, network, search or base (only
    for others to extend, no profile). `labels` are the words that count as an advertising label there, by the language of the
    article (a primary subtag): the pack's own, or else those of what it extends. `version` is the day of the last change, its
    own or of what it extends."""

    key: str
    name: str
    kind: str
    version: str
    extends: tuple[str, ...]
    labels: Mapping[str, tuple[str, ...]]
    rules: tuple[Rule, ...]

    def rule(self, id_: str) -> Rule:
        """KeyError if it has none of this id."""
        found = next((rule for rule in self.rules if rule.id == id_), None)
        if found is None:
            raise KeyError(id_)
        return found


def profile_names() -> tuple[str, ...]:
    """The keys of all packs that pages can be checked against, in alphabetical order."""
    return tuple(key for key in pack_names() if pack(key).kind != BASE)


def pack_names() -> tuple[str, ...]:
    """The keys of all packs, in alphabetical order."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))


def checked_profile(name: str) -> str:
    """The key of a profile (any case, also AMZ, RAK, GOOG, SKIM); InvalidInput names those that there are."""
    key = name.strip().lower()
    key = _SHORT.get(key, key)
    if key not in profile_names():
        raise InvalidInput(
            f"There is no profile {name!r} to check against; there are {', '.join(profile_names())}. Nothing was checked."
        )
    return key


@cache
def pack(key: str) -> Pack:
    """A profile's pack by its key."""
    return read_pack(_FOLDER / f"{key}.toml")


def read_pack(file: Path) -> Pack:
    """A pack from a file; those that it extends are looked for beside it. InvalidInput names file, rule and field."""
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise InvalidInput(f"The pack {file.name} cannot be read: {problem}") from problem
    try:
        if unknown := sorted(set(data) - _PACK_FIELDS):
            raise _Crooked(f"{unknown[0]!r} is no field of a pack.")
        bases = [_base(file, key) for key in data.get("extends", ())]
        own = tuple(_rule(each, number) for number, each in enumerate(data.get("rule", ()), start=1))
        made = Pack(
            key=file.stem,
            name=_text(data, "name"),
            kind=_text(data, "kind"),
            version=max(_version(data), *(base.version for base in bases), ""),
            extends=tuple(data.get("extends", ())),
            labels=_labels(bases, data.get("labels", {})),
            rules=_settled(_once([rule for base in bases for rule in base.rules] + list(own))),
        )
        _refuse_crooked(made)
    except _Crooked as problem:
        raise InvalidInput(f"The pack {file.name} cannot be used: {problem}") from problem
    return made


class _Crooked(Exception):
    """What is wrong with a pack."""


def _base(file: Path, key: str) -> Pack:
    other = file.parent / f"{key}.toml"
    if key == file.stem or not other.is_file():
        raise _Crooked(f"it extends {key!r}, which is no other pack.")
    return read_pack(other)


def _labels(bases: Sequence[Pack], own: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    labels: dict[str, tuple[str, ...]] = {}
    for base in bases:
        labels.update(base.labels)
    return labels | {language: tuple(words) for language, words in own.items()}


def _text(data: Mapping[str, Any], field: str) -> str:
    value = data.get(field, "")
    if not isinstance(value, str) or not value.strip():
        raise _Crooked(f"{field!r} is missing.")
    return value


def _version(data: Mapping[str, Any]) -> str:
    version = _text(data, "version")
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", version):
        raise _Crooked(f"the version {version!r} is no day.")
    return version


_PACK_FIELDS = frozenset({"name", "kind", "version", "extends", "labels", "rule"})
_FIELDS = frozenset(field.name for field in fields(Rule))
_REQUIRED = ("id", "title", "asks", "mend", "severity", "since")


def _rule(data: Mapping[str, Any], number: int) -> Rule:
    id_ = str(data.get("id") or f"number {number}")
    if unknown := sorted(set(data) - _FIELDS):
        raise _Crooked(f"rule {id_}: {unknown[0]!r} is no field of a rule.")
    try:
        for field in _REQUIRED:
            _text(data, field)
        sources = tuple(Source(each.get("address", ""), each.get("grade", "")) for each in data.get("sources", ()))
        made = Rule(**{**data, "checks": tuple(data.get("checks", ())), "sources": sources})
        _refuse_crooked_rule(made)
    except _Crooked as problem:
        raise _Crooked(f"rule {id_}: {problem}") from problem
    return made


def _refuse_crooked_rule(rule: Rule) -> None:
    if rule.severity not in SEVERITIES:
        raise _Crooked(f"{rule.severity!r} is no severity; there are {', '.join(SEVERITIES)}.")
    for check in rule.checks:
        if check not in CHECKS:
            raise _Crooked(f"{check!r} is no check; there are {', '.join(CHECKS)}.")
    if not _DAY.fullmatch(rule.since):
        raise _Crooked(f"since is {rule.since!r}; write YYYY, YYYY-MM or YYYY-MM-DD.")
    if not rule.sources:
        raise _Crooked("it names no source.")
    for source in rule.sources:
        if source.grade not in GRADES:
            raise _Crooked(f"{source.grade!r} is no grade of evidence; there are {', '.join(GRADES)}.")
        if source.grade not in (MEMORY, OURS) and not _ADDRESS.fullmatch(source.address):
            raise _Crooked(f"{source.address!r} is no address of a source.")
    if not rule.checks and not rule.person:
        raise _Crooked("it has no check, and does not say what a person has to look at.")


def _refuse_crooked(made: Pack) -> None:
    if made.kind not in KINDS:
        raise _Crooked(f"{made.kind!r} is no kind; there are {', '.join(KINDS)}.")
    if not made.rules:
        raise _Crooked("it has no rule.")


def _once(rules: Sequence[Rule]) -> Sequence[Rule]:
    """Two packs may extend the same one; its rules count once."""
    known: dict[str, Rule] = {}
    for rule in rules:
        if known.setdefault(rule.id, rule) != rule:
            raise _Crooked(f"there are two rules {rule.id}.")
    return tuple(known.values())


def _settled(rules: Sequence[Rule]) -> tuple[Rule, ...]:
    """The rules with each check at one of them: the last that fails a page, else the last."""
    owners: dict[str, Rule] = {}
    for rule in rules:
        for check in rule.checks:
            if check not in owners or rule.fails or not owners[check].fails:
                owners[check] = rule
    for strict, lax in _STRICTER:
        if strict in owners and owners[strict].fails:
            owners.pop(lax, None)
    return tuple(_left(rules, owners))


def _left(rules: Sequence[Rule], owners: Mapping[str, Rule]) -> Iterator[Rule]:
    """A rule that lost all its checks says no more than those that have them, and is left out."""
    for rule in rules:
        checks = tuple(check for check in rule.checks if owners.get(check) is rule)
        if checks or not rule.checks:
            yield replace(rule, checks=checks)
