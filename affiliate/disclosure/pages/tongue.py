"""Which language a text is in, by its commonest words or its letters: for pages that do not say it, or say it wrongly."""

import re

# The commonest words of each that are rare in the others.
_COMMON = {
    "en": "the and of to is that it for with this you from are was have not our we your when best",
    "de": "der die das und ist nicht mit ein eine auf für von dem den wir sie auch sich wenn bei oder zum zur im",
    "fr": "le les des est une dans pour qui sur pas vous nous avec au cette ce sont du et ou aux",
    "es": "el los las que una por con para del es su como más pero este si al lo se y",
    "it": "il che di una per con non sono della del gli è anche nel alla questo più se dei le",
    "nl": "het een van en dat niet zijn voor met op te wij je ook door bij naar deze als wordt",
    "sv": "och att det som en på är av för med till den inte har om vi ett kan du från",
    "fi": "ja on että ei se kun oli mutta niin myös tai jos hän ovat sekä kuin tämä joka voit me",
    "da": "og det at en den til er som på de med han af for ikke der var mig har vi",
    "pt": "que não uma os com para por mais dos como mas ao das seu à sua ou quando nos já",
    "pl": "i w nie na się że jest do z to jak po co ale od przez dla za tak czy",
}
_WORDS = {language: frozenset(words.split()) for language, words in _COMMON.items()}
_KANA = re.compile(r"[\u3040-\u30ff]")
_WORD = re.compile(r"[^\W\d_]+")
_SENTENCE = re.compile(r"(?<![.!?。])[.!?。]+\s+|\n")
_FEWEST = 12  # common words: below that a text tells nothing
_LEAD = 1.5  # times as many as the next language's


def language_of(text: str) -> str:
    """The primary subtag, "" where the text is too short or not plainly in one of the languages known here. What is said many
    times (fillers, menus) counts once."""
    said = " ".join(dict.fromkeys(_SENTENCE.split(text[:20_000])))
    if len(_KANA.findall(said)) > max(5, len(said) // 50):
        return "ja"
    words = _WORD.findall(said.casefold())
    counts = sorted(
        ((sum(word in common for word in words), language) for language, common in _WORDS.items()), reverse=True
    )
    (most, language), (next_most, _) = counts[0], counts[1]
    return language if most >= _FEWEST and most >= _LEAD * next_most else ""
