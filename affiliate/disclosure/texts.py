"""What readers are told, in the words of each jurisdiction and language: a label and a sentence are two things.

A label says that something is advertising, a sentence says why. In the UK and in Germany the sentence alone does not
do (ASA on Associated Newspapers, G22-1153503, December 2022; LG Berlin, 52 O 194/18). A text that was published is
never changed: new wording is a new version. None of this is legal advice.
"""

from dataclasses import dataclass

from affiliate.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class DisclosureText:
    """One version of the words. `language` is a primary subtag (en, de). `label` stands at each paid link and, where
    `labels_headline`, before the headline of product-led articles and in their teasers. `source` says whose words."""

    version: str
    jurisdiction: str
    language: str
    label: str
    sentence: str
    labels_headline: bool
    source: str


TEXTS = (
    DisclosureText(
        version="uk-en-1",
        jurisdiction="uk",
        language="en",
        label="Ad",
        sentence="We earn a commission if you buy through links marked Ad.",
        labels_headline=True,
        source="label: CAP guidance on affiliate marketing; sentence: our own words",
    ),
    DisclosureText(
        version="us-en-1",
        jurisdiction="us",
        language="en",
        label="(paid link)",
        sentence="We get a commission if you buy through links in this article.",
        labels_headline=False,
        source="label: FTC's answers on the Endorsement Guides; sentence: our own words after theirs",
    ),
    DisclosureText(
        version="de-de-1",
        jurisdiction="de",
        language="de",
        label="Werbung",
        sentence="Dieser Artikel enthält Werbelinks. Wenn Sie darüber kaufen, erhalten wir eine Provision.",
        labels_headline=True,
        source="label: LG Berlin 52 O 194/18; sentence: our own words",
    ),
)

# Amazon's Operating Agreement §5 asks for this sentence on every site with its links, word for word. The German one is
# as many publishers reproduce it; Amazon's own German page could not be read.
AMAZON_STATEMENTS = {
    "en": "As an Amazon Associate I earn from qualifying purchases.",
    "de": "Als Amazon-Partner verdiene ich an qualifizierten Verkäufen.",
}


def disclosure_text(jurisdiction: str, language: str) -> DisclosureText:
    """The words for a jurisdiction (uk, us …) in the language of the article (any BCP 47 tag; only the primary
    language counts). InvalidInput where there are none, naming those that there are: a label in another language than
    the article's does not count as one."""
    primary = primary_language(language)
    for text in TEXTS:
        if text.jurisdiction == jurisdiction.strip().lower() and text.language == primary:
            return text
    available = ", ".join(f"{text.jurisdiction} in {text.language}" for text in TEXTS)
    raise InvalidInput(
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


def statements(text: DisclosureText, networks: frozenset[str]) -> tuple[str, ...]:
    """The sentences that networks want beside ours, for the networks whose links stand in the article."""
    return (AMAZON_STATEMENTS[text.language],) if "amazon" in networks else ()


def primary_language(tag: str) -> str:
    """en-GB → en; an empty tag gives an empty text."""
    return tag.strip().lower().replace("_", "-").partition("-")[0]
