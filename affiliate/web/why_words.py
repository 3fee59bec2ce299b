"""What the page about a link tells its readers, in their language. Where we have no words of a language, in English.

Nothing is promised that we do not know: not that a price is the same elsewhere, nor what a shop does with a visit.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """Every sentence of the page; names in braces are filled in by `said`. `language` is what the page is marked as."""

    language: str
    title: str
    at: str
    chosen: str
    by_editors: str
    by_author: str
    for_article: str
    paid: str
    earns: str
    earns_nothing: str
    for_you: str
    adds_nothing: str
    price_heading: str
    price: str
    tracking_heading: str
    tracking: str
    no_tracking: str
    elsewhere: str
    shop: str
    others: str
    no_others: str
    marked: str
    label: str
    front: str
    unknown: str
    unknown_text: str
    trouble: str
    trouble_text: str


ENGLISH = Words(
    language="en",
    title="About this link",
    at="{name}, at {advertiser}",
    chosen="Who chose it",
    by_editors="The editors of {site} chose this link.",
    by_author="{author} chose this link, for an article of {site}:",
    for_article="The editors of {site} chose this link, for this article:",
    paid="Who pays",
    earns="We earn a commission if you buy after following this link. {advertiser} pays it to us, through {network}.",
    earns_nothing="We earn nothing through this link any more. It still leads to {advertiser}, by the shop’s own address.",
    for_you="What that means for you",
    adds_nothing="The commission comes from the shop. We add nothing to the price: what you pay is what the shop asks.",
    price_heading="Price",
    price="{price} when it was last looked at, on {day}. The shop may ask something else by now.",
    tracking_heading="What is counted",
    tracking="Following the link tells {network} and the shop that you come from {site}; they may set cookies of their own. We set none, and keep nothing that says who you are.",
    no_tracking="We set no cookies, and keep nothing that says who you are.",
    elsewhere="Where else",
    shop="The shop’s own page, without our link:",
    others="The same product at other shops that we link to, also without our links:",
    no_others="We link to it at no other shop. Others may sell it too.",
    marked="How we mark such links",
    label="The label:",
    front="On to {site}",
    unknown="We do not know this link",
    unknown_text="There is no link of ours at this address. Perhaps a letter got lost on the way, or the link was never there.",
    trouble="One moment, please",
    trouble_text="This page cannot be shown just now. The links themselves go on working. Please try again in a minute.",
)

GERMAN = Words(
    language="de",
    title="Über diesen Link",
    at="{name}, bei {advertiser}",
    chosen="Wer ihn ausgewählt hat",
    by_editors="Die Redaktion von {site} hat diesen Link ausgewählt.",
    by_author="{author} hat diesen Link ausgewählt, für einen Artikel von {site}:",
    for_article="Die Redaktion von {site} hat diesen Link ausgewählt, für diesen Artikel:",
    paid="Wer bezahlt",
    earns="Wir erhalten eine Provision, wenn Sie über diesen Link etwas kaufen. {advertiser} zahlt sie uns, über {network}.",
    earns_nothing="Über diesen Link verdienen wir nichts mehr. Er führt weiterhin zu {advertiser}, über die eigene Adresse des Shops.",
    for_you="Was das für Sie bedeutet",
    adds_nothing="Die Provision kommt vom Shop. Wir schlagen nichts auf den Preis auf: Sie zahlen, was der Shop verlangt.",
    price_heading="Preis",
    price="{price} beim letzten Nachsehen am {day}. Der Shop kann inzwischen etwas anderes verlangen.",
    tracking_heading="Was gezählt wird",
    tracking="Wenn Sie dem Link folgen, erfahren {network} und der Shop, dass Sie von {site} kommen; sie können eigene Cookies setzen. Wir setzen keine und speichern nichts, was verrät, wer Sie sind.",
    no_tracking="Wir setzen keine Cookies und speichern nichts, was verrät, wer Sie sind.",
    elsewhere="Wo es das noch gibt",
    shop="Die eigene Seite des Shops, ohne unseren Link:",
    others="Dasselbe Produkt bei anderen Shops, zu denen wir verlinken, ebenfalls ohne unsere Links:",
    no_others="Wir verlinken zu keinem anderen Shop, der es hat. Andere können es trotzdem haben.",
    marked="Wie wir solche Links kennzeichnen",
    label="Die Kennzeichnung:",
    front="Weiter zu {site}",
    unknown="Diesen Link kennen wir nicht",
    unknown_text="Unter dieser Adresse gibt es keinen Link von uns. Vielleicht ist unterwegs ein Buchstabe verloren gegangen, oder es hat ihn nie gegeben.",
    trouble="Einen Moment, bitte",
    trouble_text="Diese Seite lässt sich gerade nicht zeigen. Die Links selbst funktionieren weiter. Bitte versuchen Sie es in einer Minute noch einmal.",
)

_BY_LANGUAGE = {words.language: words for words in (ENGLISH, GERMAN)}


def words_for(language: str) -> Words:
    """The words for a BCP 47 tag; only its primary language counts."""
    return _BY_LANGUAGE.get(language.strip().lower().replace("_", "-").partition("-")[0], ENGLISH)
