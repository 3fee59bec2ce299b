"""Made-up articles in many shapes, and a title that has a programme on every network, to rewrite them for.

An article is decided by its parameters alone: the same ones give the same HTML, so that a failing one can be named.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from affiliate.disclosure.texts import TEXTS
from affiliate.links.programmes import add_account, add_programme
from affiliate.links.sites import add_entity, add_site
from affiliate.networks.registry import networks
from affiliate.store.tables import Site
from tests.conftest import NOW

NETWORKS = tuple(sorted(known.key for known in networks() if not known.closed and known.key != "template"))
MARKETS = tuple(sorted({(text.jurisdiction, text.language) for text in TEXTS}))

_TEMPLATE = "https://click.{key}.example/t?p={{publisher_id}}&a={{advertiser_id}}&s={{sub_id}}&u={{encoded_url}}"
# Those whose links are built as they are: terms as tests/networks has them.
_TERMS: dict[str, tuple[str, str, dict[str, str]]] = {
    "awin": ("2757918", "14797", {}),
    "cj": ("6415797", "5555", {}),
    "impact": ("10451", "17220", {"host": "shop.pxf.io", "ad_id": "1450865"}),
    "rakuten": ("w9s/SuZO5*M", "42893", {}),
}
_AMAZON = {
    "uk": "amazon.co.uk", "us": "amazon.com", "de": "amazon.de", "fr": "amazon.fr", "es": "amazon.es", "it": "amazon.it",
    "nl": "amazon.nl", "se": "amazon.se", "ca": "amazon.ca", "au": "amazon.com.au", "in": "amazon.in", "jp": "amazon.co.jp",
}  # fmt: skip
_PROSE = {
    "en": ("The kettle boils in two minutes.", "We tried nine of them for a month.", "Its lid is loose.", "Our pick is", "the kettle", "at"),
    "de": ("Der Kocher braucht zwei Minuten.", "Wir haben neun davon einen Monat lang benutzt.", "Der Deckel sitzt locker.", "Unsere Wahl ist", "der Kocher", "bei"),
    "fr": ("La bouilloire chauffe en deux minutes.", "Nous en avons essayé neuf pendant un mois.", "Le couvercle bouge.", "Notre choix est", "la bouilloire", "chez"),
    "es": ("El hervidor tarda dos minutos.", "Probamos nueve durante un mes.", "La tapa queda suelta.", "Nuestra elección es", "el hervidor", "en"),
    "it": ("Il bollitore scalda in due minuti.", "Ne abbiamo usati nove per un mese.", "Il coperchio balla.", "La nostra scelta è", "il bollitore", "su"),
    "nl": ("De waterkoker kookt in twee minuten.", "We gebruikten er negen een maand lang.", "Het deksel zit los.", "Onze keuze is", "de waterkoker", "bij"),
    "sv": ("Vattenkokaren kokar på två minuter.", "Vi använde nio av dem i en månad.", "Locket sitter löst.", "Vårt val är", "vattenkokaren", "hos"),
    "ja": ("このケトルは二分で沸きます。", "九つを一か月使いました。", "ふたは少しゆるいです。", "おすすめは", "ケトル", "－"),
}  # fmt: skip
# {h} headline, {0} {1} … paragraphs of text, {a} {b} {c} links, {L} a list of many links.
LAYOUTS = {
    "fragment": "<h1>{h}</h1><p>{0}</p><p>{a}.</p><p>{1}</p><p>{b}, {c}.</p>",
    "article": "<article>\n<header><p>Kitchen</p><h1>{h}</h1><p>By Jo</p></header>\n<p>{0}</p>\n<p>{a}</p>\n<p>{b}</p></article>",
    "page": (
        '<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>{h}</title></head><body><header><a href="/">Mag</a>'
        '<nav><a href="/shop">Shop</a></nav></header><main><article><h1>{h}</h1><p>{0}</p><p>{1}</p><p>{a}</p><h2>{h}</h2><p>{b}</p>'
        "</article></main><aside><p>{1}</p></aside><footer><p>{0}</p></footer></body></html>"
    ),
    "no headline": "<p>{0}</p><p>{1}</p><p>{a}</p>",
    "link first": "<p>{a}</p><h1>{h}</h1><p>{0}</p><p>{b}</p>",
    "link in headline": "<article><h1>{a}</h1><p>{0}</p></article>",
    "two headlines": "<h1>Mag</h1><article><h1>{h}</h1><p>{0} {a}</p><h1>{1}</h1><p>{b}</p></article>",
    "list": "<article><h1>{h}</h1><p>{0}</p><ul><li>{0}</li><li>{a}</li><li><p>{b}</p></li></ul></article>",
    "long list": "<article><h1>{h}</h1><p>{0}</p><ol>{L}</ol></article>",
    "table": "<article><h1>{h}</h1><table><thead><tr><th>{1}<th>{0}<tbody><tr><td>{a}<td>{0}<tr><td>{b}<td>{c}</table></article>",
    "figure": "<article><h1>{h}</h1><figure><img src=k.jpg alt=''><figcaption>{a}</figcaption></figure><p>{0}</p></article>",
    "picture": "<article><h1>{h}</h1><p>{0}</p><figure>{i}</figure><p>{b}</p></article>",
    "cards": (
        "<h1>{h}</h1><p>{0}</p><div class=card><h3>{0}</h3><p>{1}</p>{a}</div><div class=card><h3>{1}</h3>{i}<p>{b}</p></div>"
    ),
    "headings": "<h1>{h}</h1><p>{0}</p><h2>{a}</h2><p>{1}</p><h2>{b}</h2><p>{0}</p>",
    "blockquote": "<article><h1>{h}</h1><blockquote><p>{0} {a}</p></blockquote><p>{b}</p></article>",
    "details": "<article><h1>{h}</h1><p>{0}</p><details><summary>{1}</summary><p>{a}</p></details></article>",
    "summary": "<article><h1>{h}</h1><details><summary>{a}</summary>{0}</details><p>{b}</p></article>",
    "breaks": "<div><h1>{h}</h1>{0}<br><br>{a}<br><br>{1}<br>{b}</div>",
    "text alone": "{0} {a} {1} {b}",
    "definitions": "<h1>{h}</h1><dl><dt>{0}<dd>{a}<dt>{1}<dd>{b}</dl>",
    "unclosed": "<h1>{h}</h1><p>{0}<p>{a}<ul><li>{1}<li>{b}</ul>",
    "upper case": "<ARTICLE><H1>{h}</H1>\r\n<P>{0}\r\n<P>{a}\r\n<CENTER>{b}</CENTER></ARTICLE>",
    "box": "<article><h1>{h}</h1><aside class=product><h3>{0}</h3>{a}</aside><p>{1}</p><p>{b}</p></article>",
    "hgroup": "<article><hgroup><h1>{h}</h1><p>{1}</p></hgroup><p>{0}</p><p>{a}</p></article>",
    "emphasis": "<h1>{h}</h1><p>{0}</p><p><b><i>{a}</i></b> <span>{b}</span></p>",
    "form": "<h1>{h}</h1><form><fieldset><legend>{0}</legend>{a}</fieldset></form><p>{b}</p>",
    "custom": "<h1>{h}</h1><x-grid><x-card>{a}</x-card><x-card>{b}</x-card></x-grid>",
    "amp": (
        '<!doctype html><html amp lang="{lang}"><head><meta charset="utf-8"><title>{h}</title></head><body><article><h1>{h}</h1>'
        "<p>{0}</p><amp-img src=k.jpg></amp-img><p>{a}</p><amp-carousel><div>{b}</div></amp-carousel></article></body></html>"
    ),
    "foster parent": "<h1>{h}</h1><table>{a}<tr><td>{0}</table><p>{b}</p>",
    "nested links": "<h1>{h}</h1><p>{0}</p><p>{a1} {b}</p>",
    "gutenberg": "<!-- wp:heading --><h1>{h}</h1><!-- /wp:heading -->\n\n<!-- wp:paragraph -->\n<p>{0}</p>\n<p>{a}</p>\n",
    "entities": "\ufeff<h1>{h} &amp; co</h1>\r\n<p>&ldquo;{0}&rdquo; &nbsp;{a}&hellip;</p>",
    "centred": "<h1>{h}</h1><p>{0}</p><p align=center>{i}<br><strong>{a}</strong></p>",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Made:
    """What decides an article. `networks` give its links in turn; `paragraphs` is its length, `around` what stands before it."""

    kind: str
    jurisdiction: str
    language: str
    networks: tuple[str, ...]
    direct: bool
    layout: str
    paragraphs: int
    around: str = ""

    @property
    def html(self) -> str:
        """With what stands around it before it, in the market's own words."""
        text = next(each for each in TEXTS if (each.jurisdiction, each.language) == (self.jurisdiction, self.language))
        before = self.around.replace("{ad}", text.label).replace("{said}", text.sentence)
        article = self._article
        if "<body>" in article:
            return article.replace("<body>", "<body>" + before, 1)
        return "\ufeff" + before + article[1:] if article.startswith("\ufeff") else before + article

    @property
    def _article(self) -> str:
        prose = _PROSE[self.language]
        dice = random.Random(repr(replace(self, around="")))

        def text() -> str:
            return " ".join(dice.choice(prose[:3]) for _ in range(self.paragraphs))

        def paragraphs() -> str:
            return "</p><p>".join(text() for _ in range(self.paragraphs))

        links = [self.link(number, f"{prose[4]} {number}") for number in range(30)]
        return _filled(
            LAYOUTS[self.layout],
            {
                "h": prose[1].rstrip(".。"),
                "lang": self.language,
                "0": paragraphs() if self.layout not in ("breaks", "text alone", "form", "entities") else text(),
                "1": text(),
                "a": f"{prose[3]} {links[0]}",
                "a1": links[0].removesuffix("</a>"),
                "b": f"{links[1]} {prose[0]}",
                "c": links[2],
                "i": self.link(3, '<img src="k.jpg" alt="">'),
                "L": "".join(f"<li><p>{text()}</p><p>{link}</p></li>" for link in links),
            },
        )

    def link(self, number: int, words: str) -> str:
        key = self.networks[number % len(self.networks)]
        named = f"{words} {_PROSE[self.language][5]} Amazon" if key == "amazon" else words
        return f'<a href="{self.address(key, number)}">{named}</a>'

    def address(self, key: str, number: int) -> str:
        if key == "amazon":
            return f"https://www.{_AMAZON.get(self.jurisdiction, 'amazon.de')}/dp/B00000000{number % 10}"
        # a template's address tells nobody where it leads, which Amazon's rules want to be known
        direct = self.direct and (key in _TERMS or "amazon" not in self.networks)
        host = f"{'direct' if direct else 'shop'}.{_host(key)}.example"
        return f"https://{host}/p/{number}?a=1&amp;b=2"

    @property
    def profiles(self) -> list[str]:
        """Whose rules it must keep: its jurisdiction's, Google's, and those of its networks."""
        named = [key for key in ("amazon", "ebay", "rakuten", "skimlinks") if key in self.networks]
        jurisdiction = "de" if self.jurisdiction == "at" else self.jurisdiction
        return [jurisdiction, "google", *named]


def press(session: Session) -> Site:
    """The title, with two programmes on each network: one through our redirect, one that keeps its address in the page."""
    add_entity(session, key="books", name="Books Ltd", base_currency="GBP")
    site = add_site(
        session, key="mag", name="Magazine", hosts=["magazine.example"], jurisdiction="uk", link_base="", now=NOW
    )
    for key in NETWORKS:
        account, advertiser, parameters = _TERMS.get(key, ("123", "456", {}))
        if key == "amazon":
            for market, host in _AMAZON.items():
                add_account(session, key, f"magazine{market}-21", now=NOW)
                add_programme(
                    session, network=key, advertiser_ref=market, name=f"Amazon {market}", hosts=[host],
                    account_ref=f"magazine{market}-21", now=NOW,
                )  # fmt: skip
            continue
        add_account(session, key, account, now=NOW)
        template = None if key in _TERMS else _TEMPLATE.format(key=_host(key))
        for mode, name in (("redirect", "shop"), ("direct", "direct")):
            add_programme(
                session, network=key, advertiser_ref=advertiser if mode == "redirect" else advertiser + "1",
                name=f"{_host(key)} {name}", hosts=[f"{name}.{_host(key)}.example"], mode=mode, template=template, parameters=parameters or None, now=NOW,
            )  # fmt: skip
    return site


def sweep() -> Sequence[Made]:
    """Every layout, kind, market and network at least once, and each of them beside many others."""
    made = []
    for number, layout in enumerate(LAYOUTS):
        for turn, (jurisdiction, language) in enumerate(MARKETS):
            at = number * len(MARKETS) + turn
            first, second = NETWORKS[at % len(NETWORKS)], NETWORKS[(at * 7 + 3) % len(NETWORKS)]
            made.append(
                Made(
                    kind=("product-led", "mixed")[(number + turn) % 2],
                    jurisdiction=jurisdiction,
                    language=language,
                    networks=("amazon",) if at % 5 == 0 else (first,) if at % 5 == 1 else (first, second),
                    direct=at % 3 == 0,
                    layout=layout,
                    paragraphs=(1, 3, 8)[at % 3],
                )
            )
    return made


def _host(key: str) -> str:
    return key.replace("_", "-")


def _filled(layout: str, parts: dict[str, str]) -> str:
    for name, part in parts.items():
        layout = layout.replace("{" + name + "}", part)
    return layout
