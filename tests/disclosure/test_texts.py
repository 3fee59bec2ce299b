"""The words, by jurisdiction and language."""

import pytest

from affiliate.disclosure.block import Notice
from affiliate.disclosure.check import check
from affiliate.disclosure.texts import TEXTS, DisclosureText, checked_jurisdiction, disclosure_text
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
    ("jurisdiction", "language"), [("mars", "en"), ("uk", "es"), ("es", "es-ES"), ("uk", ""), ("", "en")]
)
def test_words_that_are_not_there_are_refused_naming_those_that_are(jurisdiction: str, language: str) -> None:
    with pytest.raises(InvalidInput, match="Available: uk in en, us in en, de in de"):
        disclosure_text(jurisdiction, language)


def test_a_jurisdiction_is_checked_by_itself() -> None:
    assert checked_jurisdiction(" UK ") == "uk"
    with pytest.raises(InvalidInput, match="there are de, uk, us"):
        checked_jurisdiction("fr")


def test_no_two_texts_share_a_version() -> None:
    assert len({text.version for text in TEXTS}) == len(TEXTS)


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.version)
def test_our_own_words_pass_our_own_check(text: DisclosureText) -> None:
    notice = Notice(text, product_led=False)
    html = (
        f"{notice.label_and_sentence('')}<p>{notice.link_label('')}"
        '<a href="https://www.awin1.com/cread.php?awinmid=1&amp;awinaffid=2&amp;ued=https%3A%2F%2Fshop.example%2F">x</a></p>'
    )
    assert check(html, [text.jurisdiction]).verdicts == {text.jurisdiction: "PASS"}


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
