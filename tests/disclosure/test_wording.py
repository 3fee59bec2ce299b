"""What a text tells its readers, by the vocabulary of its language; scored on sentences of real pages."""

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest

from affiliate.disclosure.wording import (
    NO_PAY,
    NOT_AN_AD,
    NOT_SPONSORED,
    UNBIASED,
    ends_with_label,
    explains_in_any,
    is_label,
    judge,
    languages,
    plain,
    same_label,
)

_CORPUS = Path(__file__).parent / "wording"
_UK = ("Ad", "Advert", "Advertisement feature")
SENTENCE = "We earn a commission if you buy through our links."


@dataclass(frozen=True)
class Seen:
    """A sentence. Half of them were used to find the patterns; those held out were first scored with these (precision 0.96,
    recall 0.99), then looked at. What is in unseen.tsv was gathered after the tuning, in two rounds, and scored before it was
    looked at: 0.98 and 0.96, then 1.00 and 0.95."""

    text: str
    language: str
    explains: bool
    source: str

    @property
    def is_held_out(self) -> bool:
        return "tuning" not in self.source and bool(sha256(self.text.encode()).digest()[0] & 1)


def _corpus() -> Iterator[Seen]:
    for path in sorted(_CORPUS.glob("*.tsv")):
        with path.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
                assert row["source"], row
                yield Seen(row["text"], row["language"], row["expected"] == "explains", row["source"])


CORPUS = tuple(_corpus())


def _score(seen: Iterator[Seen]) -> tuple[float, float]:
    """Precision and recall."""
    counts = Counter((each.explains, judge(each.text, each.language).explains) for each in seen)
    right = counts[True, True]
    return right / max(1, right + counts[False, True]), right / max(1, right + counts[True, False])


def test_the_corpus_is_large_enough_to_say_something() -> None:
    counts = Counter(each.explains for each in CORPUS)
    assert counts[True] >= 250
    assert counts[False] >= 250
    assert {each.language for each in CORPUS} == set(languages())


def test_sentences_that_were_never_used_for_tuning_are_told_apart() -> None:
    precision, recall = _score(each for each in CORPUS if each.is_held_out)
    assert precision >= 0.95
    assert recall >= 0.97


@pytest.mark.parametrize("language", languages())
def test_no_language_is_much_worse_than_the_others(language: str) -> None:
    precision, recall = _score(each for each in CORPUS if each.language == language)
    assert precision >= 0.9
    assert recall >= 0.9


@pytest.mark.parametrize(
    "text", ["Ad", "AD", "ad", "#ad", "(Ad)", "[Ad]", "– Ad –", "*Ad*", "Ad:", "Ad | Kettles", "Ad: Kettles"]
)
def test_a_label_is_known_in_any_case_with_marks_around_and_before_a_divider(text: str) -> None:
    assert is_label(text, _UK)


@pytest.mark.parametrize(
    "text",
    ["Ad\u200b", "\u00adAd", "Ａｄ", "A\u2060d", "\u00a0Ad\u00a0", "Ad\ufe0f", "Ad – Kettles", "(Ad) Kettles"],
)
def test_invisible_characters_and_other_forms_of_letters_do_not_hide_a_label(text: str) -> None:
    assert is_label(text, _UK)


@pytest.mark.parametrize(
    "text",
    [
        "Аd",
        "Αd",
        "Add",
        "Ad hoc",
        "Ad-free",
        "Best Ad",
        "",
        "|",
        "Advertorial",
        "\u202edA",
        "Ad\u202e",
        "A d",
        "Kettles | Ad",
        "NAD: a review",
    ],
)
def test_what_only_resembles_a_label_is_none(text: str) -> None:
    assert not is_label(text, _UK)


def test_labels_of_other_scripts_stand_in_their_own_brackets() -> None:
    assert is_label("【PR】", ["PR", "広告"])
    assert is_label("※広告", ["PR", "広告"])
    assert is_label("「広告」ケトル", ["PR", "広告"])
    assert is_label("– Anzeige –", ["Anzeige"])
    assert not is_label("広告費", ["PR", "広告"])


def test_a_label_may_end_a_text_if_it_is_set_off() -> None:
    assert ends_with_label("Acme Wasserkocher (Anzeige)", ["Anzeige"])
    assert ends_with_label("Acme kettle | Ad", _UK)
    assert not ends_with_label("Acme kettle Ad", _UK)
    assert not ends_with_label("(Ad)", _UK)


def test_a_label_is_the_same_whatever_its_marks() -> None:
    assert same_label("#Ad", "Ad")
    assert not same_label("Ad | Kettles", "Ad")


@pytest.mark.parametrize(
    ("text", "language", "term"),
    [
        ("#affiliate", "en", "affiliate"),
        ("Aff", "en", "aff"),
        ("(affiliate link)", "en", "affiliate link"),
        ("Commissionable link:", "en", "commissionable link"),
        ("Spon", "en-GB", "spon"),
        ("#sp", "en", "sp"),
        ("Collab", "en", "collab"),
        ("Gifted", "en", "gifted"),
        ("Thanks to", "en", "thanks to"),
        ("In association with", "en", "in association with"),
        ("Supported by", "en", "supported by"),
        ("Sponsored", "en", "sponsored"),
        ("Affiliate | The best kettles", "en", "affiliate"),
        ("Affiliate-Links", "de", "affiliate-links"),
        ("Sponso", "es", "sponso"),
        ("Gracias a", "es", "gracias a"),
        ("Ad", "es", "ad"),
        ("Sponsorisé", "fr", "sponsorisé"),
        ("Affiliate-Links sind dabei", "de", ""),
        (SENTENCE, "en", ""),
        ("The affiliate links in this article earn us a commission.", "en", ""),
    ],
)
def test_a_term_that_says_nothing_is_denied_where_it_stands_alone(text: str, language: str, term: str) -> None:
    assert judge(text, language).denied == term


@pytest.mark.parametrize(
    "text",
    [
        "This article contains affiliate links.",
        "This post may contain affiliate links.",
        "We use affiliate links.",
        "Affiliate links may be used in this post.",
    ],
)
def test_that_there_are_affiliate_links_is_a_hedge_and_no_explanation(text: str) -> None:
    said = judge(text, "en")
    assert said.hedge_only
    assert not said.explains


def test_an_explanation_beside_the_hedge_is_one() -> None:
    said = judge("This post may contain affiliate links. If you buy, we earn a commission.", "en")
    assert said.explains
    assert not said.hedge_only


@pytest.mark.parametrize(
    ("text", "language", "kind"),
    [
        ("This is not an ad.", "en", NOT_AN_AD),
        ("This article is not an advertisement.", "en", NOT_AN_AD),
        ("We do not use affiliate links.", "en", NOT_AN_AD),
        ("We receive no compensation for this.", "en", NO_PAY),
        ("We don't earn anything if you buy.", "en", NO_PAY),
        ("We are not paid by the brands we write about.", "en", NO_PAY),
        ("This post is not sponsored.", "en", NOT_SPONSORED),
        ("Our rankings are 100% independent.", "en", UNBIASED),
        ("Unbiased reviews since 1999, with an advertising budget.", "en", UNBIASED),
        ("Das ist keine Werbung.", "de", NOT_AN_AD),
        ("Wir erhalten dafür keine Provision.", "de", NO_PAY),
        ("Esto no es publicidad.", "es", NOT_AN_AD),
        ("Nous ne percevons aucune commission.", "fr", NO_PAY),
        ("Non riceviamo alcuna commissione.", "it", NO_PAY),
        ("Wij krijgen geen commissie.", "nl", NO_PAY),
        ("Vi får ingen provision.", "sv", NO_PAY),
        ("この記事は広告ではありません。", "ja", NOT_AN_AD),
    ],
)
def test_words_that_take_a_disclosure_back_are_found(text: str, language: str, kind: str) -> None:
    assert [each.kind for each in judge(text, language).contradicts] == [kind]


@pytest.mark.parametrize(
    "text",
    [
        "We independently review everything we recommend. When you buy through our links, we may earn a commission.",
        "We earn a commission. This does not influence our recommendations.",
        "We never accept money for a place in our rankings.",
        "Subscribe for an ad-free experience.",
        "The kettle is not an advertisement for minimalism.",
        "Its fully independent rear suspension shows on bad roads.",
        "We don't get paid for overtime.",
        "We may earn a commission at no extra cost to you.",
    ],
)
def test_what_honest_publishers_say_takes_nothing_back(text: str) -> None:
    assert judge(text, "en").contradicts == ()


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Support our journalism by buying through these links; we earn a commission.", "en"),
        ("If you buy through our links, you support us: we earn a commission.", "en"),
        ("Wenn du über den Link kaufst, unterstützt du uns, denn wir erhalten eine Provision.", "de"),
    ],
)
def test_asking_to_buy_in_order_to_support_us_is_noted(text: str, language: str) -> None:
    said = judge(text, language)
    assert said.support_us
    assert said.explains


def test_amazons_own_sentence_is_known_word_for_word_and_what_is_like_it() -> None:
    exact = judge("As an Amazon Associate I earn from qualifying purchases.", "en")
    assert (exact.network, exact.exact, exact.explains) == ("amazon", True, False)
    ours = judge("As an Amazon Associate, we earn from qualifying purchases.", "en")
    assert (ours.network, ours.exact) == ("amazon", False)
    older = judge(
        "North Ltd is a participant in the Amazon Services LLC Associates Program, an affiliate advertising program.",
        "en",
    )
    assert (older.network, older.exact) == ("amazon", False)
    assert judge("Amazon Associate programme members earn points on purchases.", "en").network == ""


def test_our_sentence_beside_amazons_explains() -> None:
    said = judge(f"{SENTENCE} As an Amazon Associate I earn from qualifying purchases.", "en")
    assert (said.explains, said.network, said.exact) == (True, "amazon", True)


def test_a_sentence_of_another_language_is_known_as_one() -> None:
    assert not judge("Wenn Sie über Links kaufen, erhalten wir eine Provision.", "en").explains
    assert explains_in_any("Wenn Sie über Links kaufen, erhalten wir eine Provision.") == "de"
    assert explains_in_any("Vi får provision om du handlar via länkarna.") == "sv"
    assert explains_in_any("A kettle boils water.") is None


def test_a_language_without_a_vocabulary_says_nothing() -> None:
    assert judge(SENTENCE, "tlh") == judge("", "en")
    assert judge(SENTENCE, "") == judge("", "en")


@pytest.mark.parametrize("tag", ["en", "en-GB", "EN_us", " en "])
def test_any_form_of_a_language_tag_will_do(tag: str) -> None:
    assert judge(SENTENCE, tag).explains


def test_letters_of_another_alphabet_do_not_explain() -> None:
    assert not judge("We earn a соmmission if you buy through our links.", "en").explains


def test_hidden_characters_within_words_do_not_hide_a_sentence() -> None:
    assert judge("We e\u00adarn a com\u200bmission if you\u00a0buy through our links.", "en").explains


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("We may earn your trust if you buy through our links.", "en"),
        ("We earn nothing if you buy through these links.", "en"),
        ("We earn a living by writing about kettles you can buy.", "en"),
        ("We get paid to test kettles. Links to shops are below.", "en"),
        ("We take a share of the blame if you buy the wrong kettle.", "en"),
        ("We make cuts to the price if you buy two.", "en"),
        ("We receive payment details when you order from our shop.", "en"),
        ("We make money-saving easy when you shop.", "en"),
        ("I get a percentage back when I buy with this card.", "en"),
        ("We get money back every time we shop there.", "en"),
        ("I receive a bonus every year, so I buy a new coat.", "en"),
        ("I made money when I sold the house that I had bought in 1999.", "en"),
        ("We will never earn a commission when you buy.", "en"),
        ("We no longer earn a commission when you buy through links.", "en"),
        ("We used to earn a commission if you clicked on our links.", "en"),
        ("Shops pay commission to publishers if readers buy.", "en"),
        ("Some sites earn a commission when you click; we do not.", "en"),
        ("The bank pays you a fee when you buy.", "en"),
        ("If you want to earn a commission, share the link.", "en"),
        ("You get a share of the sale if someone buys through your link.", "en"),
        ("Das Gerät haben wir selbst gekauft und bezahlt.", "de"),
        ("Ich bekomme mein Geld zurück, wenn ich den Kauf widerrufe.", "de"),
        ("Wir haben den Kauf selbst bezahlt.", "de"),
        ("Wir bekommen 20 Prozent Rabatt, wenn wir zwei kaufen.", "de"),
        ("Wir erhalten kein Geld für Links.", "de"),
        ("Beim Kauf bekommen wir eine Rechnung und unser Geld zurück.", "de"),
        ("Kauft man im Abo, erhält man eine Vergütung.", "de"),
        ("Shops zahlen Verlagen eine Provision, wenn Leser kaufen.", "de"),
        ("On gagne de l'argent en achetant groupé.", "fr"),
        ("Nous gagnons du temps à l'achat, d'une part.", "fr"),
        ("Nous avons payé la bouilloire que nous avons achetée.", "fr"),
        ("On tire bénéfice de cet achat.", "fr"),
        ("Obtenemos beneficios para la salud si compramos fruta.", "es"),
        ("Conseguimos el dinero de vuelta si compramos con tarjeta.", "es"),
        ("Hemos pagado el hervidor que compramos.", "es"),
        ("Abbiamo pagato il bollitore che abbiamo acquistato.", "it"),
        ("Riceviamo una percentuale indietro quando acquistiamo con la carta.", "it"),
        ("We hebben de waterkoker zelf gekocht en betaald.", "nl"),
        ("Ik krijg mijn geld terug als ik iets koop.", "nl"),
        ("Jag fick ersättning för biljetten jag köpte.", "sv"),
        ("Vi får pengar tillbaka om vi köper två.", "sv"),
        ("購入すると会員に手数料が支払われます。", "ja"),
        ("当サイトは購入しても報酬を受け取りません。", "ja"),
    ],
)
def test_money_that_is_not_ours_for_what_readers_buy_explains_nothing(text: str, language: str) -> None:
    assert not judge(text, language).explains


def test_a_doubtful_payee_is_for_a_person_to_look_at() -> None:
    said = judge("Acme earns a commission when you order.", "en")
    assert (said.explains, said.doubtful) == (False, True)


@pytest.mark.parametrize(
    ("text", "language"),
    [("本ページにはプロモーションが含まれています", "ja"), ("Dieser Beitrag enthält Werbung.", "de")],
)
def test_words_for_advertising_in_a_sentence_announce(text: str, language: str) -> None:
    said = judge(text, language)
    assert said.announces
    assert not said.explains


def test_a_sentence_is_found_in_a_long_block() -> None:
    assert judge(f"{'A kettle boils water. ' * 5000}{SENTENCE}", "en").explains


@pytest.mark.parametrize(
    "text",
    [
        "we earn " * 100_000,
        "commission " * 40_000,
        "We may, " * 100_000 + "commission",
        "We earn a, " * 100_000,
        "A" * 1_000_000 + " commission",
        "“we earn a commission " * 40_000,
        "support us " * 80_000,
        "not an ad " * 80_000,
        "(" * 1_000_000 + "commission" + ")" * 1_000_000,
        "Acme and " * 80_000 + "may earn a commission",
        "we and may earn " * 100_000,
        "報酬当社" * 150_000,
        "\u200b" * 600_000 + SENTENCE,
    ],
    ids=range(13),
)
def test_no_text_of_megabytes_takes_forever(text: str) -> None:
    for language in languages():
        judge(text, language)
    is_label(text, _UK)
    ends_with_label(text, _UK)


def test_plain_text_folds_what_readers_do_not_see() -> None:
    assert plain(" Ｗe\u00a0\u200bearn\n\tmore ") == "We earn more"
    assert plain("\u202eearn") == ""
