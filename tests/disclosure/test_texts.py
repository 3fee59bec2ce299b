"""The words, by jurisdiction and language."""

from dataclasses import replace
from hashlib import sha256

import pytest

from affiliate.disclosure.block import Notice
from affiliate.disclosure.check import check
from affiliate.disclosure.rules import pack, profile_names
from affiliate.disclosure.texts import (
    PROVENANCES,
    STATEMENTS,
    TEXTS,
    DisclosureText,
    Statement,
    checked_jurisdiction,
    disclosure_text,
    statements,
)
from affiliate.disclosure.wording import is_label, judge
from affiliate.errors import InvalidInput


@pytest.mark.parametrize(
    ("jurisdiction", "language", "label", "sentence"),
    [
        ("uk", "en-GB", "Ad", "We earn a commission if you buy through links marked Ad."),
        ("UK", "en", "Ad", "We earn a commission if you buy through links marked Ad."),
        ("us", "en-US", "(paid link)", "We get a commission if you buy through links in this article."),
        (
            "de",
            "de_AT",
            "Werbung",
            "Dieser Artikel enthält Werbelinks. Wenn Sie darüber kaufen, erhalten wir eine Provision.",
        ),
    ],
)
def test_a_jurisdiction_has_its_label_and_its_sentence(
    jurisdiction: str, language: str, label: str, sentence: str
) -> None:
    text = disclosure_text(jurisdiction, language)
    assert (text.label, text.sentence) == (label, sentence)


@pytest.mark.parametrize(
    ("jurisdiction", "language"), [("mars", "en"), ("uk", "es"), ("es", "en-GB"), ("uk", ""), ("", "en")]
)
def test_words_that_are_not_there_are_refused_naming_those_that_are(jurisdiction: str, language: str) -> None:
    with pytest.raises(InvalidInput, match="Available: de in de, uk in en, us in en, au in en"):
        disclosure_text(jurisdiction, language)


def test_a_jurisdiction_is_checked_by_itself() -> None:
    assert checked_jurisdiction(" UK ") == "uk"
    with pytest.raises(InvalidInput, match="there are au, ca, de, es, "):
        checked_jurisdiction("mars")


def test_no_two_texts_share_a_version() -> None:
    assert len({text.version for text in TEXTS}) == len(TEXTS)


# Each text that was ever published, by what its readers see. Words that stand here never change: a new wording is a new
# version, with a line of its own.
PUBLISHED = {
    "de-de-1": "0b5c63aece77d30b",
    "uk-en-1": "222718639a78530a",
    "us-en-1": "c4966f1c157a510c",
    "au-en-1": "98e6a4b4d71bdf67",
    "ca-en-1": "6c8c4473d655fedf",
    "ca-fr-1": "084ec3880294db75",
    "es-es-1": "820ee7ca18b8c582",
    "fi-sv-1": "d9d1bb1553896f2a",
    "fr-fr-1": "da540c990c0d837e",
    "ie-en-1": "6b92a6be9bea164c",
    "in-en-1": "5aba6bfb0e702b9e",
    "it-it-1": "9fbaa37a097ed7ce",
    "jp-ja-1": "1dc87a9c8e4b6233",
    "nl-nl-1": "a6b4e4eff6d05482",
    "se-sv-1": "d9d1bb1553896f2a",
    "amazon-en-1": "05ed9b36b2d3086d",
    "amazon-de-1": "9227ff6886d6ea8a",
    "amazon-fr-1": "378be242a8ec0148",
    "amazon-es-1": "56b31a6add1b2e69",
    "amazon-it-1": "61a2b83e6a220867",
    "amazon-nl-1": "aeafa00a690cfc90",
    "amazon-ja-1": "7edb4fede8d50914",
}


@pytest.mark.parametrize("text", [*TEXTS, *STATEMENTS], ids=lambda text: text.version)
def test_a_published_text_is_never_edited(text: DisclosureText | Statement) -> None:
    assert PUBLISHED.get(text.version) == _seen(text)


def test_a_published_text_is_never_taken_away() -> None:
    assert set(PUBLISHED) == {text.version for text in TEXTS} | {each.version for each in STATEMENTS}


def _seen(text: DisclosureText | Statement) -> str:
    seen = f"{text.label}|{text.labels_headline}|{text.sentence}" if isinstance(text, DisclosureText) else text.sentence
    return sha256(seen.encode()).hexdigest()[:16]


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.version)
def test_our_own_sentences_explain_and_take_nothing_back(text: DisclosureText) -> None:
    said = judge(text.sentence, text.language)
    assert said.explains
    assert (said.contradicts, said.support_us, said.denied) == ((), "", "")


def test_every_jurisdiction_with_words_has_rules_to_check_them_by() -> None:
    assert {text.jurisdiction for text in TEXTS} <= set(profile_names())


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.version)
def test_our_own_labels_are_words_that_the_pack_accepts(text: DisclosureText) -> None:
    assert is_label(text.label, pack(text.jurisdiction).labels[text.language])


@pytest.mark.parametrize("each", STATEMENTS, ids=lambda each: each.version)
def test_a_networks_statement_is_known_as_its_own_word_for_word(each: Statement) -> None:
    said = judge(each.said_by("North Magazine"), each.language)
    assert (said.network, said.exact, said.explains) == (each.network, True, False)


def test_every_text_says_whose_words_it_is() -> None:
    graded = {grade for text in TEXTS for grade in (text.label_provenance, text.sentence_provenance)}
    assert graded | {each.provenance for each in STATEMENTS} <= set(PROVENANCES)
    assert all(text.source for text in TEXTS)
    assert all(each.source for each in STATEMENTS)


@pytest.mark.parametrize(
    "text", [text for text in TEXTS if text.jurisdiction in ("uk", "us", "de")], ids=lambda text: text.version
)
def test_our_own_words_pass_our_own_check(text: DisclosureText) -> None:
    notice = Notice(text, product_led=False)
    html = (
        f"{notice.label_and_sentence('')}<p>{notice.link_label('')}"
        '<a href="https://www.awin1.com/cread.php?awinmid=1&amp;awinaffid=2&amp;ued=https%3A%2F%2Fshop.example%2F">x</a></p>'
    )
    assert check(html, [text.jurisdiction]).verdicts == {text.jurisdiction: "PASS"}


def test_amazons_statement_stands_in_the_language_of_the_article_with_our_name_where_it_wants_one() -> None:
    german = statements(disclosure_text("de", "de"), frozenset({"amazon"}))
    assert german == ("Als Amazon-Partner verdiene ich an qualifizierten Verkäufen.",)
    japanese = replace(disclosure_text("jp", "ja"), publisher="北マガジン")
    assert "、北マガジンは適格販売により" in statements(japanese, frozenset({"amazon"}))[0]


def test_where_amazons_words_in_a_language_are_not_known_its_english_ones_stand() -> None:
    assert "Amazon Associate" in statements(disclosure_text("se", "sv"), frozenset({"amazon"}))[0]


def test_amazons_statement_is_added_only_where_its_links_stand() -> None:
    text = disclosure_text("uk", "en")
    assert Notice(text, False, frozenset({"amazon", "awin"})).words.endswith(
        " As an Amazon Associate I earn from qualifying purchases."
    )
    assert "Amazon" not in Notice(text, False, frozenset({"awin"})).words


def test_the_pieces_are_live_text_that_names_its_version() -> None:
    notice = Notice(disclosure_text("uk", "en"), product_led=True)
    assert notice.headline_label("en-GB") == '<p data-affiliate-disclosure="uk-en-1"><strong>Ad</strong></p>'
    assert notice.link_label("de") == '<span data-affiliate-label="uk-en-1" lang="en">Ad&#160;</span>'
