"""Whole pages in both windows: what readers cannot read fails, what ordinary magazines do does not."""

from collections.abc import Iterator
from concurrent.futures import Future

import pytest

from affiliate.disclosure.browser.windows import WINDOWS, Chromium
from affiliate.disclosure.check import check
from affiliate.disclosure.findings import FAIL, PASS, WARN, Checked
from tests.disclosure.rendered.conftest import begun
from tests.disclosure.rendered.ways import FILLER, SENTENCE

HREF = "https://www.awin1.com/cread.php?awinmid=1&awinaffid=2&ued=https%3A%2F%2Fshop.example%2Fp"
LINK = f'<p>Our pick is the <a href="{HREF}" rel="sponsored nofollow">Acme kettle at Shop</a>.</p>'
TOLD = f"<p>{SENTENCE}</p>"
TEXT = f"<p>{FILLER}</p>"
LONG = TEXT * 12
PICTURE = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAAAAAAALAAAAAABAAEAAAICRAEAOw=="


def page(
    body: str,
    *,
    css: str = "",
    head: str = "",
    lang: str = "en-US",
    kind: str = "mixed",
    before: str = "",
    after: str = "",
) -> str:
    return (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f'<meta name="x-content-kind" content="{kind}"><title>Page</title>{head}<style>body{{font:18px/1.5 serif;color:#111;'
        f"background:#fff;margin:16px;max-width:680px}}{css}</style></head><body>{before}<article><h1>The best kettles, tested</h1>"
        f"{body}</article>{after}</body></html>"
    )


# What differs between windows is looked at in both, all else on the phone alone: a window takes a third of a second.
IN_BOTH = {
    "plain",
    "a magazine",
    "hidden from phones",
    "a copy for phones and one for desks",
    "far above the first link",
}


@pytest.fixture(scope="module")
def checked(chromium: Chromium) -> Iterator[dict[str, Future[Checked]]]:
    def look(name: str) -> Checked:
        profile, html, _ = CASES[name]
        with chromium.text(html, WINDOWS if name in IN_BOTH else WINDOWS[:1]) as opened:
            return check(opened.html, [profile], screens=opened.screens)

    yield from begun(look, CASES)


COPIES = "<style>@media (max-width:600px){.desk{display:none}}@media (min-width:601px){.phone{display:none}}</style>"
REVEAL = (
    "<script>new IntersectionObserver(seen => seen.forEach(one => one.isIntersecting && one.target.classList.add('in')))"
    ".observe(document.querySelector('.reveal'))</script>"
)
MAGAZINE_CSS = (
    "@font-face{font-family:Display;src:url(https://fonts.example/d.woff2)}h1{font:700 44px/1.1 Display,serif}"
    ".top{position:sticky;top:0;background:#fff;height:64px;z-index:9}.bar{position:fixed;bottom:0;left:0;right:0;height:180px;"
    "background:#222;color:#fff;z-index:99}.ad{height:250px;background:#f2f2f2}.told{font-size:17.9px;font-style:italic;color:#555}"
    "a{color:#b00;text-decoration:none;background:linear-gradient(#b00,#b00) 0 100%/100% 1px no-repeat}"
)
MAGAZINE = page(
    f'<p class="told">{SENTENCE} <a href="/how-we-earn">Find out more<span style="position:absolute;width:1px;height:1px;'
    f'overflow:hidden;clip:rect(0,0,0,0)"> (opens in a new tab)</span></a></p><img src="https://cdn.example/hero.jpg" '
    f'loading="lazy" width="640" height="200" alt="">{LINK}{TEXT}<iframe src="https://ads.example/1" width="300" '
    f'height="250"></iframe>',
    css=MAGAZINE_CSS,
    head='<link rel="stylesheet" href="https://cdn.example/site.css"><script src="https://cdn.example/site.js"></script>',
    before='<header class="top"><nav><a href="/">Kettle Weekly</a></nav></header><div class="ad">Advertisement</div>',
    after='<div class="bar" id="cookie-bar">We use cookies. <button>Accept</button></div>',
)

PAGES = {
    "plain": (page(TOLD + LINK + TEXT), PASS),
    "a magazine": (MAGAZINE, PASS),
    "hidden from phones": (page(f'<p class="t">{SENTENCE}</p>{LINK}{TEXT}', css="@media (max-width:600px){.t{display:none}}"), FAIL),
    "a copy for phones and one for desks": (
        page(f'{COPIES}<p class="phone">{SENTENCE}</p><p class="desk">{SENTENCE}</p>{LINK}{TEXT}'),
        PASS,
    ),
    "below an overlay": (page(TOLD + LINK + LONG, after='<div style="position:fixed;inset:0;background:#fff">Welcome</div>'), FAIL),
    "overlay dismissed": (
        page(TOLD + LINK + LONG, after='<div style="position:fixed;inset:0;background:#fff;display:none">Welcome</div>'),
        PASS,
    ),
    "below a fixed header": (
        page(
            f"<p>{SENTENCE}</p>{LINK}{LONG}",
            css="h1{font-size:14px;margin:0}header{position:fixed;top:0;left:0;right:0;height:130px;background:#fff}p{margin:0}",
            before="<header>Kettle Weekly</header>",
        ),
        FAIL,
    ),
    "right below a fixed header": (
        page(
            TOLD + LINK + LONG,
            css="header{position:fixed;top:0;left:0;right:0;height:90px;background:#fff}article{padding-top:90px}",
            before="<header>Kettle Weekly</header>",
        ),
        PASS,
    ),
    "pale by alpha": (page(f'<p style="color:rgba(0,0,0,.35)">{SENTENCE}</p>{LINK}{TEXT}'), FAIL),
    "dark enough by alpha": (page(f'<p style="color:rgba(0,0,0,.75)">{SENTENCE}</p>{LINK}{TEXT}'), PASS),
    "pale by opacity of a box": (page(f'<div style="opacity:.4">{TOLD}</div>{LINK}{TEXT}'), FAIL),
    "white on black": (page(f'<div style="background:#000;color:#fff">{TOLD}</div>{LINK}{TEXT}'), PASS),
    "white on a dark picture": (
        page(f'<div style="background:#000 url({PICTURE});color:#fff">{TOLD}</div>{LINK}{TEXT}'),
        WARN,
    ),
    "large and less pale": (page(f'<p style="font-size:26px;color:#888">{SENTENCE}</p>{LINK}{TEXT}'), PASS),
    "half the size": (page(f'<p style="font-size:9px">{SENTENCE}</p>{LINK}{TEXT}'), FAIL),
    "half the size by a transform": (page(f'<p style="transform:scale(.5)">{SENTENCE}</p>{LINK}{TEXT}'), FAIL),
    "a little smaller": (page(f'<p style="font-size:15px">{SENTENCE}</p>{LINK}{TEXT}'), WARN),
    "the word that matters is tiny": (
        page(f'<p>We <span style="font-size:5px">earn a commission</span> when you buy through links here.</p>{LINK}{TEXT}'),
        FAIL,
    ),
    "the word that matters is hidden": (
        page(f'<p>We <span style="display:none">earn a commission</span> when you buy through links here.</p>{LINK}{TEXT}'),
        FAIL,
    ),
    "in capitals with wide letters": (
        page(f'<p style="text-transform:uppercase;letter-spacing:.1em">{SENTENCE}</p>{LINK}{TEXT}'),
        PASS,
    ),
    "far above the first link": (page(TOLD + LONG + LINK), WARN),
    "said again at the link": (page(TOLD + LONG + TOLD + LINK), PASS),
    "far above the link, which is labelled": (page(TOLD + LONG + LINK.replace("<p>", "<p>(paid link) ")), PASS),
    "neither at the top nor near": (page(LONG + TOLD + LONG + LINK), FAIL),
    "moved below the link": (
        page(f'<div style="display:flex;flex-direction:column"><p style="order:2">{SENTENCE}</p><div style="order:1">{LINK}</div></div>{TEXT}'),
        FAIL,
    ),
    "in its place by order": (
        page(f'<div style="display:flex;flex-direction:column"><p style="order:1">{SENTENCE}</p><div style="order:2">{LINK}</div></div>{TEXT}'),
        PASS,
    ),
    "a later link moved above": (
        page(
            f'{TOLD}{TEXT}{LINK}<p style="position:absolute;top:0;left:16px"><a href="{HREF}" rel="sponsored">Buy it</a></p>',
            css="article{padding-top:60px}",
        ),
        FAIL,
    ),
    "below a bar with a link that stays in the window": (
        page(TOLD + LINK + LONG, css="article{padding-top:60px}", after=f'<aside style="position:fixed;top:0"><a href="{HREF}" rel="sponsored">(Ad) Buy</a></aside>'),
        PASS,
    ),
    "put there by a script": (
        page(
            f'<p id="told"></p>{LINK}{TEXT}',
            after=f"<script>setTimeout(() => document.getElementById('told').textContent = '{SENTENCE}', 50)</script>",
        ),
        WARN,
    ),
    "links put there by a script": (
        page(f'<p id="link"></p>{TEXT}', after=f"<script>document.getElementById('link').innerHTML = '{LINK}'</script>"),
        FAIL,
    ),
    "taken away by a script": (
        page(f'<p id="told">{SENTENCE}</p>{LINK}{TEXT}', after="<script>document.getElementById('told').remove()</script>"),
        FAIL,
    ),
    "fades in when readers come": (
        page(f'<p class="reveal">{SENTENCE}</p>{LINK}{TEXT}', css=".reveal{opacity:0;transition:opacity .1s}.in{opacity:1}", after=REVEAL),
        PASS,
    ),
    "in a style's content": (page(f'<p class="t"></p>{LINK}{TEXT}', css=f".t::before{{content:'{SENTENCE}'}}"), FAIL),
    "in an open component": (
        page(
            f'<x-told><template shadowrootmode="open"><p>{SENTENCE}</p></template></x-told>{LINK}{TEXT}',
        ),
        WARN,  # not in the page that scripts are off for: our reading of markup knows no shadow roots
    ),
    "as a tooltip": (page(f'<p title="{SENTENCE}">About our links</p>{LINK}{TEXT}'), FAIL),
}  # fmt: skip


KETTLES = "<h1>The best kettles, tested</h1>"
GERMAN = "<p>Dieser Artikel enthält Werbelinks. Wenn Sie darüber kaufen, erhalten wir eine Provision.</p>"
JAPANESE = "<p>{}当サイトでは、リンクから購入されると当社に報酬が支払われます。</p>"
JAPANESE_TEXT = "<p>" + "これは記事の本文です。長く読めるように書かれています。" * 20 + "</p>"


def labelled(label: str, body: str = TOLD + LINK + TEXT, lang: str = "en-GB", css: str = "") -> str:
    return page(body, lang=lang, kind="product-led", css=css).replace(KETTLES, label + KETTLES)


BADGE = '<p><span style="background:{};color:{};padding:2px 8px;text-transform:uppercase;letter-spacing:.08em">Ad</span></p>'
LABELLED = {
    "a label beside a big headline": ("uk", labelled("<p>Ad</p>", css="h1{font-size:48px}"), PASS),
    "a label hidden from phones": ("uk", labelled('<p class="l">Ad</p>', css="@media (max-width:600px){.l{display:none}}"), FAIL),
    "a tiny label": ("uk", labelled('<p style="font-size:8px">Ad</p>'), FAIL),
    "a dark badge": ("uk", labelled(BADGE.format("#111", "#fff")), PASS),
    "a pale badge": ("uk", labelled(BADGE.format("#eee", "#bbb")), FAIL),
    "a label in a style's content": ("uk", labelled('<p class="l"></p>', css=".l::before{content:'Ad'}"), FAIL),
    "a German label": ("de", labelled("<p><strong>Werbung</strong></p>", GERMAN + LINK + TEXT, "de"), PASS),
    "a German label behind the headline's background": (
        "de",
        labelled(
            '<p style="position:relative;z-index:-1">Werbung</p>',
            GERMAN + LINK + TEXT,
            "de",
            css="h1{background:#fff;margin-top:-60px;padding-top:60px}",
        ),
        FAIL,
    ),
    "Japanese in the size of the text": ("jp", page(JAPANESE.format("広告　") + LINK + JAPANESE_TEXT, lang="ja"), PASS),
    "Japanese a little smaller": (
        "jp",
        page(f'<div style="font-size:16px">{JAPANESE.format("広告　")}</div>{LINK}{JAPANESE_TEXT}', lang="ja"),
        FAIL,
    ),
    "a little smaller for Rakuten": ("rakuten", page(f'<p style="font-size:16px">{SENTENCE}</p>{LINK}{TEXT}'), FAIL),
}  # fmt: skip
CASES = {name: ("us", html, verdict) for name, (html, verdict) in PAGES.items()} | LABELLED


@pytest.mark.parametrize("name", CASES)
def test_a_page_gets_its_verdict(checked: dict[str, Future[Checked]], name: str) -> None:
    profile, _, verdict = CASES[name]
    result = checked[name].result()
    assert result.verdicts[profile] == verdict, [finding.as_json() for finding in result.findings]
