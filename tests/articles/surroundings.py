"""What stands around articles on real pages and is not theirs: advert slots, consent dialogs, comments, labels that nobody sees.

Each is HTML to put before, into the head of, or behind an article; {ad} is a label of its market, {said} a sentence that explains.
"""

# Names of slots in real ad tech: Google's tags and their ids, networks of recommendations, publishers' own layouts.
SLOT_NAMES = (
    "leaderboard", "skyscraper", "mpu", "billboard", "dfp", "dfp-ad", "gpt", "gpt-slot", "div-gpt-ad-1", "google_ads_iframe", "adsbygoogle",
    "taboola", "outbrain", "teads", "revcontent", "htlad-top", "amp-ad", "ad", "ads", "advert", "advertisement", "ad-slot", "adslot", "ad-unit",
    "ad-container", "banner-ad",
)  # fmt: skip
SLOT_THINGS = (
    '<iframe src="https://ads.example/1" width="728" height="90"></iframe>',
    '<ins class="adsbygoogle" data-ad-slot="1"></ins>',
    '<div id="div-gpt-ad-2"></div>',
    "<script>googletag.display('x')</script>",
    '<a href="https://click.ads.example/1" rel="sponsored"><img src="https://ads.example/1.gif" alt=""></a>',
    "",
)
SLOTS = tuple(
    f'<{("div", "aside", "section")[number % 3]} class="{name}" id="x-{number}"><span>{{ad}}</span>{SLOT_THINGS[number % len(SLOT_THINGS)]}'
    f"</{('div', 'aside', 'section')[number % 3]}>"
    for number, name in enumerate(SLOT_NAMES)
) + tuple(
    f'<div class="{name}"><span>{{ad}}</span></div>'
    for name in ("leaderboard", "ad", "ads", "advert", "mpu", "taboola")
)
CONSENT = (
    '<div id="cookie-notice" class="cookie-bar"><p>We use cookies. {said}</p><button>Accept</button><button>Reject</button></div>',
    '<div class="cmp" style="position:fixed;bottom:0"><p>{ad}</p><p>{said}</p><a href="#">OK</a></div>',
    '<div id="onetrust-consent-sdk" role="dialog" aria-modal="true"><h2>Privacy</h2><p>{said}</p><button>Accept all</button></div>',
    "<dialog open><p>{ad}</p><p>{said}</p><button>OK</button></dialog>",
)
COMMENTS = (
    '<section id="comments"><h2>2 comments</h2><ol><li class="comment">{said}</li><li class="comment">{ad}</li></ol></section>',
    '<div class="comments-area"><p>{ad}</p><p>{said}</p><form><textarea></textarea></form></div>',
)
# An author's label or sentence ({it}) that readers do not see, or that is not about this article.
HIDDEN = (
    '<p style="opacity:0">{it}</p>', '<p style="opacity: 0.0">{it}</p>', '<p style="font-size:0">{it}</p>', '<p style="font-size:0px;color:red">{it}</p>',
    '<p style="visibility:collapse">{it}</p>', '<p style="visibility:hidden">{it}</p>', '<p style="display:none">{it}</p>', "<p hidden>{it}</p>",
    '<div style="opacity:0"><div><p>{it}</p></div></div>', '<p style="content-visibility:hidden"><span>{it}</span></p>',
    '<p style="position:absolute;left:-9999px">{it}</p>', '<p style="font-size:4px">{it}</p>', '<p style="color:#fff">{it}</p>',
    '<p class="sr-only">{it}</p>', '<div role="dialog"><p>{it}</p></div>', '<div role="alertdialog">{it}</div>', '<div role="navigation"><p>{it}</p></div>',
    "<nav><p>{it}</p></nav>", "<menu><li>{it}</li></menu>", '<div role="tooltip">{it}</div>', "<div popover>{it}</div>", "<object><p>{it}</p></object>",
    "<datalist><option>{it}</option></datalist>", "<select><option>{it}</option></select>", "<template><p>{it}</p></template>",
    "<noscript><p>{it}</p></noscript>", "<svg><text>{it}</text></svg>", "<canvas>{it}</canvas>", "<video>{it}</video>", "<audio>{it}</audio>",
    "<iframe>{it}</iframe>", "<textarea>{it}</textarea>", "<dialog><p>{it}</p></dialog>", "<details><summary>More</summary><p>{it}</p></details>",
    '<img alt="{it}" src="x.png">', "<!-- {it} -->", '<p title="{it}"></p>',
)  # fmt: skip
# What may hide the article itself, with all that is put into it.
AROUND = (
    '<div style="opacity:0">{}</div>', '<div style="font-size:0">{}</div>', '<div role="dialog">{}</div>', '<div class="cookies-not-set leaderboard">{}</div>',
    "<nav>{}</nav>", "<details>{}</details>", "<div hidden>{}</div>", '<div style="visibility:collapse">{}</div>', "<object>{}</object>", "<dialog>{}</dialog>",
    '<body class="cookies-not-set category-ads"><main class="x-Skyscraper">{}</main></body>', '<div role="tooltip">{}</div>', "<aside>{}</aside>",
)  # fmt: skip
