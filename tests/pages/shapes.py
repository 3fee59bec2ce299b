"""HTML and text of shapes that make a careless reader slow, each as long as is asked for: what the work on a page may
cost is measured on them (tests/pages/test_growth.py, bench/shapes.py).

Every page has paid links, so that each part of the reading has something to do.
"""

import json
from collections.abc import Callable

Shape = Callable[[int], str]

SHOP = "https://www.amazon.co.uk/dp/B0{:08d}?tag=marble-21"
_LINK = f'<a href="{SHOP.format(0)}">Marble dress</a>'
_START = f"<h1>Marble print</h1><p>We earn commission when you buy through links. Ad: {_LINK}</p>"


def _links(n: int) -> str:
    return "".join(f'<p>Ad <a href="{SHOP.format(number)}">dress {number}</a></p>' for number in range(n))


def _links_in_one_block(n: int) -> str:
    return "<p>" + "".join(f'text <a href="{SHOP.format(number)}">dress</a> ' for number in range(n)) + "</p>"


def _links_in_deep(n: int) -> str:
    return "<div>" * 500 + _links_in_one_block(n)


def _selectors(n: int) -> str:
    rules = "".join(f".c{number} .d{number}, p.e {{ font-size: 2px }}\n" for number in range(n))
    return f"<style>{rules}</style>" + "".join(f'<p class="c{number} d">It is marble.</p>' for number in range(n))


def _same_selectors(n: int) -> str:
    return f"<style>{'.c .d p.e { opacity: 0 }' * n}</style>" + '<p class="e">It is marble. We earn commission.</p>' * n


def _json_ld(n: int) -> str:
    return f'<script type="application/ld+json">{"[" * n}{"]" * n}</script>'


def _json_ld_products(n: int) -> str:
    product = {"@type": "Product", "name": "dress", "offers": {"price": "9.00", "priceCurrency": "GBP"}}
    return f'<script type="application/ld+json">{json.dumps([product] * n)}</script>'


def _repeated(piece: str) -> Shape:
    return lambda n: piece * n


def _numbered(piece: str) -> Shape:
    return lambda n: "".join(piece.replace("{}", str(number)) for number in range(n))


_MIDDLES: dict[str, Shape] = {
    "unclosed emphasis": _repeated("<b>"),
    "unclosed emphasis with words": _repeated("<b>x "),
    "unclosed boxes": _repeated("<div>"),
    "unclosed boxes with words": _repeated("<div>x"),
    "unclosed paragraphs": _repeated("<p>We earn a commission. "),
    "lists in lists": _repeated("<ul><li>x"),
    "tables in tables": _repeated("<table><tr><td>x"),
    "text fostered out of tables": _repeated("<table>x<tr>y"),
    "links fostered out of tables": _numbered('<table><a href="https://www.amazon.co.uk/dp/B0{}?tag=m-21">x'),
    "links in links": _numbered('<a href="https://www.amazon.co.uk/dp/B0{}?tag=m-21">x'),
    "links that are opened again": _repeated('<a href="/go/x"><div>x'),
    "adoption": _repeated("<b><p>x</b>"),
    "fonts": _repeated('<font color="red"><p>x'),
    "templates": _repeated("<template><p>x"),
    "drawings": _repeated("<svg><g>x"),
    "drawings with HTML": _repeated("<svg><foreignObject><p>x"),
    "formulas": _repeated("<math><mi>x"),
    "open comments": _repeated("<!--"),
    "comments": _repeated("<!-- x -->"),
    "comments before text": _repeated("<!--x-->a"),
    "conditional comments": _repeated("<!--[if mso]><table><![endif]-->"),
    "character data": _repeated("<![CDATA[x]]>"),
    "links in character data": _repeated('<![CDATA[<a href="/go/x">]]>'),
    "character data around links": _repeated('<![CDATA[x]]><a href="/go/x">y</a>'),
    "open character data": _repeated("<![CDATA["),
    "entities": _repeated("&amp;&#x41;&asymp;"),
    "broken entities": _repeated("&#x&a;&"),
    "one long word": _repeated("marble"),
    "one long line": _repeated("marble print "),
    "sentences": _repeated("We earn a commission when you buy. "),
    "labels": _repeated("Ad | "),
    "labels in paragraphs": _repeated("<p>Ad</p>"),
    "labels in one paragraph": _repeated("<span>Ad</span> "),
    "labels in brackets": _repeated("(Ad) "),
    "text in pieces": _repeated("<i>a</i>"),
    "text in pieces of sentences": _repeated("<i>We earn commission. </i>"),
    "breaks": _repeated("a<br>"),
    "blanks": _repeated(" "),
    "line breaks": _repeated("\r\n"),
    "dots": _repeated("."),
    "apostrophes": _repeated("!'"),
    "brackets": _repeated("( "),
    "quotation marks": _repeated("“"),
    "letters of others": _repeated("\u2460\ufb03 "),
    "prices": _repeated("£9 "),
    "asterisks": _repeated("* "),
    "headlines": _repeated("<h1>Ad</h1>"),
    "empty headlines": _repeated("<h1></h1>"),
    "hidden headlines": _repeated("<div hidden><h1>Marble</h1>"),
    "articles in articles": _repeated("<article><h1>Marble</h1>"),
    "details": _repeated("<details>x"),
    "hidden boxes": _repeated('<i style="display:none">'),
    "roles": _repeated('<div role="navigation">x'),
    "labels of other runs": _repeated('<span data-affiliate-label="x">Ad&#160;</span>'),
    "disclosures of other runs": _repeated('<p data-affiliate-disclosure="x">We earn commission.</p>'),
    "disclosures in disclosures": _repeated('<p data-affiliate-disclosure="x"><span data-affiliate-label="x">'),
    "teasers": _repeated('<article data-target-kind="product-led"><a class="teaser" href="/a"><h2>Ad</h2></a>'),
    "scripts": _repeated("<script>vglnk</script>"),
    "open scripts": _repeated("<script>"),
    "style sheets": _repeated("<style>.a .b{opacity:0}</style>"),
    "open style sheets": _repeated("<style>/*{"),
    "selectors": _selectors,
    "the same selectors": _same_selectors,
    "pictures": _repeated('<img src="/a.jpg">'),
    "slots": _repeated('<div class="ad-slot">Ad</div>'),
    "metadata": _numbered('<meta name="a{}" content="x">'),
    "addresses of the page": _repeated('<link rel="canonical" href="/a"><base href="/a">'),
    "structured data, deep": _json_ld,
    "structured data, long": _json_ld_products,
    "attributes": lambda n: "<p " + " ".join(f"a{number}=1" for number in range(n)) + ">",
    "attributes of a link": lambda n: (
        f'<a href="{SHOP.format(1)}" ' + " ".join(f"a{number}=1" for number in range(n)) + ">x</a>"
    ),
    "classes": lambda n: '<p class="' + " ".join(f"c{number}" for number in range(n)) + '">x',
    "a long class": lambda n: f'<p class="{"ad-" * n}">x',
    "a long number in a style": lambda n: f'<p style="font-size:{"1" * n}">x',
    "moved in a style": lambda n: f'<p style="{"transform: " * n}">x',
    "moved in style sheets": _repeated("<style>p{transform: transform: transform: transform:}</style>"),
    "selectors that nothing meets": lambda n: (
        "<style>" + "".join(f".a{k} .e{{opacity:0}}" for k in range(n)) + "</style>" + '<p class="e">Ad</p>' * n
    ),
    "scripts of a service": lambda n: f"<script>{'genius.com/' * n}</script>",
    "sentences, then labels": lambda n: (
        "<p>We earn commission when you buy.</p>" * n + f"<p>{'x ' * 40}</p>" + f"<p>Ad</p><p>{'x ' * 40}</p>" * n
    ),
    "letters that unfold": _repeated("\ufdfa"),
    "document types": lambda n: f"<!DOCTYPE{'[]' * n}",
    "roots": _numbered("<html a{}=1><body b{}=1>"),
    "emphasis that is opened again": _numbered("<p><b id={}>x</p>"),
    "a long style": lambda n: f'<p style="{"color:red;" * n}">x',
    "a long rel": lambda n: f'<a href="{SHOP.format(1)}" rel="{"a " * n}">x</a>',
    "a long ping": lambda n: f'<a href="{SHOP.format(1)}" ping="{" https://a.example" * n}">x</a>',
    "a long address": lambda n: f'<a href="{SHOP.format(1)}&amp;u={"a" * n}">x</a>',
    "a long address of capitals": lambda n: f'<a href="{SHOP.format(1)}&amp;u={"A_" * n}">x</a>',
    "a long address in an address": lambda n: f'<a href="{SHOP.format(1)}&amp;u={"https%3A%2F%2F" * n}">x</a>',
    "open tags": _repeated("<a "),
    "open quotes": _repeated('<a href="'),
    "end tags": _repeated("</p>"),
    "end tags of nothing": _repeated("</div></x>"),
    "angle brackets": _repeated("<"),
    "links": _links,
    "links in one block": _links_in_one_block,
    "links, deep": _links_in_deep,
    "links with blanks around": lambda n: "".join(f'{" " * 40}<a href="/go/{k}">x</a>' for k in range(n)),
    "areas": _numbered('<area href="https://www.amazon.co.uk/dp/B0{}?tag=m-21">'),
    "forms": _repeated('<form action="/go/x"><button formaction="/go/x">'),
    "links by script": _repeated("<i onclick=\"open('https://www.amazon.co.uk/dp/B0?tag=m-21')\">x</i>"),
}


def _page(shape: Shape) -> Shape:
    """With a headline, a disclosure and paid links before it and behind it: what looks back from there sees all of it."""
    return lambda n: _START + shape(n) + _LINK


SHAPES: dict[str, Shape] = {name: _page(shape) for name, shape in _MIDDLES.items()}


def sized(shape: Shape, characters: int) -> str:
    """A page of this shape with about so many characters."""
    few = len(shape(100)) - len(shape(50))
    return shape(max(1, 50 * characters // max(few, 1)))
