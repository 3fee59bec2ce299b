"""What readers are told, in the words of each jurisdiction and language: a label and a sentence are two things.

A label says that something is advertising, a sentence says why. In the UK and in Germany the sentence alone does not
do (ASA on Associated Newspapers, G22-1153503, December 2022; LG Berlin, 52 O 194/18). The words are data in texts/*.toml. A
text that was published is never changed: new wording is a new version. None of this is legal advice.
"""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from affiliate.errors import InvalidInput

_FOLDER = Path(__file__).parent / "texts"
_STATEMENTS = "statements.toml"

# Whose words they are.
PROVENANCES = {
    "A": "an authority’s own words",
    "N": "words that the network wants",
    "N*": "words that the network wants, as many publishers show them; its own page could not be read",
    "C": "ours or common practice: have them read by a lawyer who speaks the language",
    "O": "your own words",
}


@dataclass(frozen=True, slots=True)
class DisclosureText:
    """One version of the words. `language` is a primary subtag (en, de). `label` stands at each paid link and, where
    `labels_headline`, before the headline of product-led articles and in their teasers. `source` says whose words,
    `label_provenance` and `sentence_provenance` are keys of PROVENANCES. `publisher` is our name as readers know it, for
    statements that hold it."""

    version: str
    jurisdiction: str
    language: str
    label: str
    sentence: str
    labels_headline: bool
    source: str
    label_provenance: str = "C"
    sentence_provenance: str = "C"
    publisher: str = ""

    @property
    def teaser_label(self) -> str:
        """What stands in teasers, feed titles and newsletters of product-led articles; "" where nothing has to."""
        return self.label if self.labels_headline else ""


@dataclass(frozen=True, slots=True)
class Statement:
    """What a network wants said beside its links, for its `marketplaces`. `{publisher}` in it stands for our name."""

    version: str
    network: str
    language: str
    sentence: str
    marketplaces: tuple[str, ...]
    provenance: str
    source: str

    def said_by(self, publisher: str) -> str:
        # 当サイト, this site: the one language whose statement holds a name
        return self.sentence.replace("{publisher}", publisher or "当サイト")


def _read(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _texts() -> Iterator[DisclosureText]:
    for path in sorted(_FOLDER.glob("*.toml"), key=lambda path: (path.stem not in ("uk", "us", "de"), path.stem)):
        for each in () if path.name == _STATEMENTS else _read(path)["text"]:
            label_source, sentence_source = each.pop("label_source"), each.pop("sentence_source")
            source = f"label: {label_source}; sentence: {sentence_source}"
            yield DisclosureText(**each, jurisdiction=path.stem, source=source)


def _statements() -> Iterator[Statement]:
    for each in _read(_FOLDER / _STATEMENTS)["statement"]:
        yield Statement(**{**each, "marketplaces": tuple(each["marketplaces"])})


# The newest of a jurisdiction and language first.
TEXTS = tuple(_texts())
STATEMENTS = tuple(_statements())


def disclosure_text(jurisdiction: str, language: str) -> DisclosureText:
    """Our words for a jurisdiction (uk, us …) in the language of the article (any BCP 47 tag; only the primary
    language counts). InvalidInput where there are none, naming those that there are: a label in another language than
    the article's does not count as one."""
    primary = primary_language(language)
    for text in TEXTS:
        if text.jurisdiction == jurisdiction.strip().lower() and text.language == primary:
            return text
    raise no_text(jurisdiction, language)


def no_text(jurisdiction: str, language: str) -> InvalidInput:
    available = ", ".join(f"{text.jurisdiction} in {text.language}" for text in TEXTS)
    return InvalidInput(
        f"There is no disclosure text for the jurisdiction {jurisdiction!r} in the language {language!r}."
        f" Available: {available}."
    )


def checked_jurisdiction(name: str) -> str:
    """The key of a jurisdiction that has a text (any case); InvalidInput names them."""
    key = name.strip().lower()
    known = sorted({text.jurisdiction for text in TEXTS})
    if key not in known:
        raise InvalidInput(f"There is no disclosure text for the jurisdiction {name!r}; there are {', '.join(known)}.")
    return key


def statement(network: str, language: str) -> Statement | None:
    """What a network wants said in a language, in English where its words in that language are not known; None for a
    network that wants nothing said."""
    wanted = {each.language: each for each in STATEMENTS if each.network == network}
    return wanted.get(primary_language(language), wanted.get("en"))


def statements(text: DisclosureText, networks: frozenset[str]) -> tuple[str, ...]:
    """The sentences that networks want beside ours, for the networks whose links stand in the article."""
    wanted = (statement(network, text.language) for network in sorted(networks))
    return tuple(each.said_by(text.publisher) for each in wanted if each)


def primary_language(tag: str) -> str:
    """en-GB → en; an empty tag gives an empty text."""
    return tag.strip().lower().replace("_", "-").partition("-")[0]
