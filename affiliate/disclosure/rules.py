"""Rule packs: what a jurisdiction or a network asks of a page, as data in packs/*.toml, each rule with its source.

Nothing here is legal advice. A rule whose only evidence is a summary or memory warns and never fails a page, and says so.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from affiliate.disclosure.findings import WARNING, mildest
from affiliate.errors import InvalidInput

_FOLDER = Path(__file__).parent / "packs"

# How well a source is known: its own text was read; its words were read in another's page; a summary; memory.
PRIMARY, QUOTED, SUMMARY, MEMORY = GRADES = ("P", "Q", "S", "M")

_SHORT = {"amz": "amazon", "rak": "rakuten", "goog": "google", "skim": "skimlinks"}


@dataclass(frozen=True, slots=True)
class Source:
    """Where a rule stands: address ("" for memory) and grade (P, Q, S or M)."""

    address: str
    grade: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that a profile asks. `title` and `asks` are plain words for editors, `mend` says what to do about a breach,
    `quote` is what the source says, in its language. `severity` is BLOCK, ERROR, WARN or INFO as the source deserves it;
    `checks` name the functions that look (none: a person has to). `since` is when it came into force or was decided
    (YYYY, YYYY-MM or YYYY-MM-DD). `agreed` says why summaries alone are enough here ("" if they are not)."""

    id: str
    title: str
    asks: str
    mend: str
    severity: str
    checks: tuple[str, ...]
    sources: tuple[Source, ...]
    since: str
    quote: str = ""
    agreed: str = ""

    @property
    def grade(self) -> str:
        """The best evidence there is for it."""
        return min((source.grade for source in self.sources), key=GRADES.index)

    @property
    def is_doubtful(self) -> bool:
        return self.grade in (SUMMARY, MEMORY) and not self.agreed

    @property
    def effective(self) -> str:
        """Its severity, at most WARN where the evidence is thin."""
        return mildest(self.severity, WARNING) if self.is_doubtful else self.severity

    @property
    def source(self) -> str:
        """The address of the best evidence."""
        return min(self.sources, key=lambda source: GRADES.index(source.grade)).address


@dataclass(frozen=True, slots=True)
class Pack:
    """The rules of a profile, those of the packs that it extends first. `kind` is jurisdiction, network or search.
    `languages` are primary subtags in which its authority wants to be understood (empty: the page's). `labels` are the
    words that count as an advertising label there, by language; `version` the day of the last change."""

    key: str
    name: str
    kind: str
    version: str
    extends: tuple[str, ...]
    languages: tuple[str, ...]
    labels: Mapping[str, tuple[str, ...]]
    rules: tuple[Rule, ...]

    def rule(self, id_: str) -> Rule:
        return next(rule for rule in self.rules if rule.id == id_)


def profile_names() -> tuple[str, ...]:
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
    data = tomllib.loads((_FOLDER / f"{key}.toml").read_text(encoding="utf-8"))
    extends = tuple(data.get("extends", ()))
    own = tuple(_rule(each) for each in data["rule"])
    return Pack(
        key=key,
        name=data["name"],
        kind=data["kind"],
        version=data["version"],
        extends=extends,
        languages=tuple(data.get("languages", ())),
        labels={language: tuple(words) for language, words in data.get("labels", {}).items()},
        rules=tuple(rule for base in extends for rule in pack(base).rules) + own,
    )


def _rule(data: Mapping[str, object]) -> Rule:
    fields = dict(data)
    fields["checks"] = tuple(fields.get("checks", ()))  # type: ignore[arg-type]
    fields["sources"] = tuple(Source(**each) for each in fields["sources"])  # type: ignore[attr-defined]
    return Rule(**fields)  # type: ignore[arg-type]
