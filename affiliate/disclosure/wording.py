"""Judges what a text tells its readers about paid links, by the vocabulary of its language (languages/*.toml).

A text explains if one of its sentences says who is paid (the publisher) and for what (a purchase, a click, a link). A term
such as "affiliate" that stands alone says nothing to readers (FTC, ASA, eBay and Rakuten agree; Mathur et al. 2018,
arXiv 1809.00620), nor does "may contain affiliate links". Time is linear in the length of the text: sentences are cut at a
fixed length, and patterns have no unbounded gaps.
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent / "languages"

# The longest real disclosure sentence in tests/disclosure/wording has 420 characters.
_LONGEST_SENTENCE = 700
# Sentences of one text that are looked at closely: a page that is one block with hundreds of them is no disclosure.
_MOST_SENTENCES = 60
_REMEMBERED = 2000  # characters of a text whose judgement is remembered from page to page
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202c\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0"
    "\U000e0000-\U000e0fff]"
)
# Text behind one of these is shown in another order than it is written.
_OVERRIDES = ("\u202d", "\u202e")
_APOSTROPHES = str.maketrans({"\u2019": "'", "\u2018": "'", "\u02bc": "'"})
_SENTENCE_END = re.compile(r"(?<=[.!?…])['\")\]”»]*\s+(?=[^a-zß-ÿ\s])|(?<=[。！？])")
_QUOTATION = re.compile(
    r"“[^“”]{1,600}”|\"[^\"]{1,600}\"|„[^„“”]{1,600}[“”]|”[^”]{1,600}”|«[^«»]{1,600}»|「[^「」]{1,600}」"
)
_MARKS = " \t#*†‡|/·•:.,!…。！-–—−~>»«<→▸▶■□◆◇●○※★☆=_[](){}【】［］「」『』〈〉《》〔〕＜＞≪≫\"'“”„"
# What may stand between a label and what it labels ("Ad | …", "Anzeige: …", "Werbung – …").
_DIVIDER = re.compile(r"\s*[|:｜：·•»›]\s*|\s+[-–—−/~]\s+|\s*[)\]】］〉》〕＞」』]+\s*")

# How words take a disclosure back: "this is not an advertisement", "we receive no compensation", "not sponsored" (true of
# many pages that earn, and misunderstood), "100 % independent".
NOT_AN_AD, NO_PAY, NOT_SPONSORED, UNBIASED = KINDS = ("not-an-ad", "no-pay", "not-sponsored", "unbiased")


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Words that take a disclosure back. `kind` is one of KINDS."""

    kind: str
    words: str


@dataclass(frozen=True, slots=True)
class Judged:
    """What a text says, read in one language.

    `explains`: we are paid when readers buy or click. `doubtful`: somebody who may or may not be the publisher is ("Acme
    earns a commission when you buy"): a person looks. `announces`: the page contains advertising, in words for advertising
    ("Dieser Beitrag enthält Werbung"). `hedge_only`: nothing but that there are or may be affiliate links. `denied`: the
    term that stands alone and says nothing ("" if none); a pack's own labels go before it. `support_us`: the words that ask
    to buy in order to support us. `network`: whose own statement it holds ("amazon"), "" if none; where `explains` is False
    beside it, it speaks of that network's links alone. `exact`: that statement stands word for word as the network
    publishes it.
    """

    explains: bool = False
    doubtful: bool = False
    announces: bool = False
    hedge_only: bool = False
    denied: str = ""
    contradicts: tuple[Contradiction, ...] = ()
    support_us: str = ""
    network: str = ""
    exact: bool = False


def languages() -> tuple[str, ...]:
    """The primary subtags that there is a vocabulary for."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))


def judge(text: str, language: str) -> Judged:
    """What a text says, read in the language of a BCP 47 tag; nothing at all where there is no vocabulary for it."""
    key = language.strip().lower().replace("_", "-").partition("-")[0]
    return _judgement(plain(text), key) if key in languages_known() else Judged()


def explains_in_any(text: str) -> str | None:
    """The language in which a text explains, None for none."""
    said = plain(text)
    return next((key for key in languages() if _judgement(said, key).explains), None)


def plain(text: str) -> str:
    """A text as readers see its letters: compatibility forms folded (NFKC), invisible characters taken out, white space
    folded. Letters of other alphabets stay what they are: a Cyrillic А is no A. Empty if its order is overridden."""
    if not text.isascii():
        if any(mark in text for mark in _OVERRIDES):
            return ""
        text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text).translate(_APOSTROPHES))
    return " ".join(text.split())


def is_label(text: str, labels: Iterable[str]) -> bool:
    """Whether a text says nothing but a label, in any case and with marks and brackets around ("#ad", "– Anzeige –",
    "【PR】"), or begins with one and a divider ("Ad | The best kettles")."""
    return _is_label(text[:_LONGEST_SENTENCE], frozenset(labels))


@lru_cache(maxsize=4096)
def _is_label(text: str, labels: frozenset[str]) -> bool:
    said, words = plain(text), _bare_words(labels)
    return _bare(said) in words or _begins(said, words)


def same_label(text: str, label: str) -> bool:
    """Whether a text is this label and nothing else, in any case and with any marks around."""
    return _bare(text) == _bare(label)


def ends_with_label(text: str, labels: Iterable[str]) -> bool:
    """Whether a text ends with a label that is set off from it ("Acme kettle (Ad)", "Acme kettle | Anzeige")."""
    before, mark, last = _last_part(plain(text[-_LONGEST_SENTENCE:]))
    return bool(mark and before.strip(_MARKS)) and _bare(last) in _bare_words(frozenset(labels))


@lru_cache(maxsize=256)
def _bare_words(labels: frozenset[str]) -> frozenset[str]:
    return frozenset(_bare(label) for label in labels)


def _begins(said: str, words: frozenset[str]) -> bool:
    divider = _DIVIDER.search(said.lstrip(_MARKS))
    return divider is not None and _bare(said.lstrip(_MARKS)[: divider.start()]) in words


def _last_part(said: str) -> tuple[str, str, str]:
    parts = list(re.finditer(r"[(\[{【［〔|｜·•]|\s[-–—]\s", said))
    if not parts:
        return said, "", ""
    return said[: parts[-1].start()], parts[-1].group(), said[parts[-1].end() :]


def _bare(label: str) -> str:
    return plain(label).strip(_MARKS).casefold()


@cache
def languages_known() -> frozenset[str]:
    return frozenset(languages())


def _judgement(said: str, language: str) -> Judged:
    return _judged(said, language) if len(said) <= _REMEMBERED else _wording(language).judge(said)


@lru_cache(maxsize=4096)
def _judged(said: str, language: str) -> Judged:
    return _wording(language).judge(said)


@dataclass(frozen=True, slots=True)
class Wording:
    """The vocabulary of a language, ready to be matched. `hints` are lower-case pieces of words without one of which a
    sentence is not looked at. `paid` are the ways of saying that we are, `named` that somebody is, but for sentences about
    `others` ("your link"), and none where we are the `buyers` ourselves ("when we shop"); `harmless` is taken out before
    `negations` are looked for ("at no extra cost"). `pay_context` makes "we are not paid" a word about links, not about
    wages."""

    language: str
    hints: tuple[str, ...]
    abbreviations: re.Pattern[str] | None
    paid: re.Pattern[str]
    named: re.Pattern[str] | None
    buyers: re.Pattern[str] | None
    others: re.Pattern[str] | None
    negations: re.Pattern[str] | None
    harmless: re.Pattern[str] | None
    trigger: re.Pattern[str]
    strong: re.Pattern[str]
    pay_context: re.Pattern[str]
    announces: re.Pattern[str] | None
    hedges: re.Pattern[str] | None
    denied: frozenset[str]
    contradictions: tuple[tuple[str, re.Pattern[str]], ...]
    support: re.Pattern[str] | None
    networks: tuple[tuple[str, tuple[str, ...], re.Pattern[str] | None], ...]

    def judge(self, said: str) -> Judged:
        """`said` is plain text."""
        bare = said[:80].strip(_MARKS).casefold() if len(said) < 80 else ""
        denied = bare if bare in self.denied else self._denied_before_divider(said)
        low = said.casefold()
        if not any(hint in low for hint in self.hints):
            return Judged(denied=denied)
        sentences = self._sentences(said)
        network, exact = self._network(sentences)
        explains, doubtful = self._explained(sentences)
        return Judged(
            explains=explains,
            doubtful=doubtful,
            announces=_any(self.announces, sentences),
            hedge_only=not explains and _any(self.hedges, sentences),
            denied=denied,
            contradicts=tuple(self._contradictions(sentences)),
            support_us=_first(self.support, sentences),
            network=network,
            exact=exact,
        )

    def _denied_before_divider(self, said: str) -> str:
        part = said[:80].lstrip(_MARKS)
        divider = re.search(r"\s*[|｜]\s*|\s+[–—]\s+", part)
        bare = part[: divider.start()].strip(_MARKS).casefold() if divider else ""
        return bare if bare in self.denied else ""

    def _sentences(self, said: str) -> tuple[str, ...]:
        """Those that a disclosure may be in, and their neighbours."""
        if self.abbreviations:
            said = self.abbreviations.sub(lambda found: found.group()[:-1], said)
        pieces = [
            piece[at : at + _LONGEST_SENTENCE]
            for piece in _SENTENCE_END.split(said)
            if piece
            for at in range(0, len(piece), _LONGEST_SENTENCE)
        ]
        hinted = [number for number, piece in enumerate(pieces) if self._is_hinted(piece)][:_MOST_SENTENCES]
        near = sorted({at for number in hinted for at in (number - 1, number, number + 1) if 0 <= at < len(pieces)})
        return tuple(_unquoted(pieces[at]) for at in near)

    def _is_hinted(self, piece: str) -> bool:
        low = piece.casefold()
        return any(hint in low for hint in self.hints)

    def _explained(self, sentences: tuple[str, ...]) -> tuple[bool, bool]:
        """Whether they explain, and whether they would if the one whom they name is the publisher."""
        doubtful = False
        for at, sentence in enumerate(sentences):
            if sentence.rstrip("\"'”»)").endswith(("?", "？")):
                continue
            said = self._beside_statements(sentence)
            near = any(self.strong.search(each) for each in sentences[max(0, at - 1) : at + 2])
            if not (near or self.trigger.search(said)) or (self.buyers and self.buyers.search(said)):
                continue
            named = self._says(self.named, said) and not (self.others and self.others.search(said))
            if self._says(self.paid, said) or (near and named):
                return True, False
            doubtful = doubtful or named
        return False, doubtful

    def _says(self, pattern: re.Pattern[str] | None, sentence: str) -> bool:
        """Whether a pattern stands in a sentence without a negation in it."""
        if pattern is None:
            return False
        kept = " ".join(self.harmless.sub(" ", sentence).split()) if self.harmless else sentence
        return any(not self._denies(kept, found) for found in pattern.finditer(kept))

    def _denies(self, sentence: str, found: re.Match[str]) -> bool:
        """Whether a negation is in what was found, or the word before it."""
        word_before = sentence[: found.start()].rstrip().rpartition(" ")[2]
        return bool(self.negations and self.negations.search(f"{word_before} {found.group()}"))

    def _beside_statements(self, sentence: str) -> str:
        """A sentence without what networks want said."""
        for _, _, pattern in self.networks:
            sentence = pattern.sub(" ", sentence) if pattern else sentence
        return sentence

    def _network(self, sentences: tuple[str, ...]) -> tuple[str, bool]:
        for network, statements, similar in self.networks:
            whole = " ".join(sentences).casefold()
            if any(statement.casefold().rstrip(".。") in whole for statement in statements):
                return network, True
            if _any(similar, sentences):
                return network, False
        return "", False

    def _contradictions(self, sentences: tuple[str, ...]) -> Iterator[Contradiction]:
        for sentence in sentences:
            for kind, pattern in self.contradictions:
                found = pattern.search(sentence)
                if found and (kind != NO_PAY or self.pay_context.search(sentence)):
                    yield Contradiction(kind, found.group().strip())


def _any(pattern: re.Pattern[str] | None, sentences: Iterable[str]) -> bool:
    return bool(_first(pattern, sentences))


def _first(pattern: re.Pattern[str] | None, sentences: Iterable[str]) -> str:
    found = (pattern.search(sentence) for sentence in sentences) if pattern else ()
    return next((each.group().strip() for each in found if each), "")


def _unquoted(sentence: str) -> str:
    """A sentence without what others say in it; one that is a quotation as a whole stays."""
    rest = _QUOTATION.sub(" ", sentence)
    return rest if len(rest.split()) > 2 else sentence


@cache
def _wording(language: str) -> Wording:
    data = tomllib.loads((_FOLDER / f"{language}.toml").read_text(encoding="utf-8"))
    words = _expanded(data.get("words", {}))
    return Wording(
        language=language,
        hints=tuple(hint.casefold() for hint in data["hints"]),
        abbreviations=re.compile(rf"\b(?:{'|'.join(data['abbreviations'])})\.") if data.get("abbreviations") else None,
        paid=_pattern(data["paid"], words),
        named=_pattern(data.get("named"), words),
        buyers=_pattern(data.get("buyers"), words),
        others=_pattern(data.get("others"), words),
        negations=_pattern(data.get("negations"), words),
        harmless=_pattern(data.get("harmless"), words),
        trigger=_pattern(data["trigger"], words),
        strong=_pattern(data["strong"], words),
        pay_context=_pattern(
            data.get("pay_context") or [*data["trigger"], "commission|kommission|comisi|provision|commissie|報酬"],
            words,
        ),
        announces=_pattern(data.get("announces"), words),
        hedges=_pattern(data.get("hedges"), words),
        denied=frozenset(term.casefold() for term in data["denied"]),
        contradictions=tuple((kind, _pattern(each, words)) for kind, each in data.get("contradicts", {}).items()),
        support=_pattern(data.get("support"), words),
        networks=tuple(
            (network, tuple(each.get("statements", ())), _pattern(each.get("similar"), words))
            for network, each in data.get("networks", {}).items()
        ),
    )


def _expanded(words: Mapping[str, list[str]]) -> dict[str, str]:
    """The named lists of alternatives as patterns; one may use those above it."""
    expanded: dict[str, str] = {}
    for name, alternatives in words.items():
        expanded[name] = "(?:" + "|".join(_filled(each, expanded) for each in alternatives) + ")"
    return expanded


def _filled(template: str, words: Mapping[str, str]) -> str:
    return re.sub(r"\{([a-z]\w*)\}", lambda found: words[found[1]], template)


def _pattern(templates: Any, words: Mapping[str, str]) -> Any:
    if not templates:
        return None
    return re.compile("|".join(f"(?:{_filled(each, words)})" for each in templates), re.IGNORECASE)
