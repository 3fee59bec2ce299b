"""What is taken for a menu, a dialog, an advert slot or comments: what an element holds decides, never its name alone."""

from pathlib import Path

import pytest

from affiliate.disclosure.check import check
from affiliate.disclosure.pages.page import Page
from tests.disclosure.test_check import AD, EARN, H1, PAID

HERE = Path(__file__).parent
PROSE = "<p>" + "We boiled a litre of water in each of them, nine times, and wrote down how long it took. " * 4 + "</p>"
AMAZON = '<a href="https://www.amazon.co.uk/dp/B0EXAMPLE1?tag=mag-21" rel="sponsored">the kettle at Amazon</a>'

# Every word that a name of a region is known by, as it stands alone and in names of layouts, plugins and themes.
WORDS = [
    "ad",
    "ads",
    "advert",
    "advertisement",
    "banner",
    "werbung",
    "anzeige",
    "ad-slot",
    "adslot",
    "ad-unit",
    "ad-banner",
    "ad-placeholder",
    "ad-space",
    "ad-zone",
    "dfp",
    "dfp-ad",
    "gpt",
    "google_ads_1",
    "adsbygoogle",
    "leaderboard",
    "mpu",
    "billboard",
    "skyscraper",
    "banner-ad",
    "taboola",
    "outbrain",
    "teads",
    "revcontent",
    "htlad",
    "amp-ad",
    "cookie",
    "cookies",
    "cookie-notice",
    "cookies-not-set",
    "cookies-accepted",
    "cookie-dismissed",
    "consent",
    "consent-management",
    "onetrust",
    "didomi",
    "usercentrics",
    "qc-cmp2",
    "sp_message",
    "cmp",
    "gdpr",
    "comment",
    "comments",
    "comment-list",
    "disqus",
    "disqus_thread",
    "user-comments",
    "hidden",
    "is-hidden",
    "collapse",
    "collapsed",
    "modal",
    "popover",
    "tooltip",
    "hide",
    "invisible",
    "sr-only",
    "tab-pane",
    "nav",
    "navigation",
    "menu",
    "navbar",
    "dialog",
    "sidebar",
    "footer",
]
FORMS = (
    "{}",
    "category-{}",
    "tag-{}",
    "{}-not-set",
    "has-{}",
    "layout-with-{}-on",
    "x {}-accepted y",
    "mm-use-{}-enabled",
    "x_{}_y",
    "Main-{}",
)
# Elements that hold a page: {n} is where the name stands, {b} the rest of the article.
OUTER = {
    "html": '<html class="{n}"><body><article>{h}{b}</article></body></html>',
    "body": '<html><body class="{n}"><article>{h}{b}</article></body></html>',
    "body's id": '<html><body id="{n}"><main>{h}{b}</main></body></html>',
    "main": '<html><body><main class="{n}">{h}{b}</main></body></html>',
    "article": '<html><body><article class="{n}">{h}{b}</article></body></html>',
    "a wrapper of all": '<html><body><div class="{n}"><div class="{n}"><article>{h}{b}</article></div></div></body></html>',
    "a wrapper with the headline": '<html><body><div class="{n}">{h}{b}</div></body></html>',
    "a wrapper with most of the text": '<html><body><div>{h}</div><div class="{n}" id="{n}">{b}</div></body></html>',
    "a wrapper with most of the article": '<html><body><article>{h}<section class="{n}">{b}</section></article></body></html>',
}  # fmt: skip
UNTOLD = f"{PROSE}<p>Our pick is {AMAZON}, and then {PAID}.</p>{PROSE}{PROSE}"
TOLD = f"{EARN}{PROSE}<p>Our pick is <b>Ad</b> {AMAZON}, and then <b>Ad</b> {PAID}.</p>{PROSE}{PROSE}"
PROFILES = ("us", "uk")


def real_names() -> list[str]:
    lines = (HERE / "class_names.tsv").read_text(encoding="utf-8").splitlines()
    return [line.split("\t")[0] for line in lines if not line.startswith("#")][1:]


def page(outer: str, name: str, body: str) -> str:
    return outer.replace("{n}", name).replace("{h}", H1).replace("{b}", body)


def verdicts(html: str, kind: str = "mixed") -> dict[str, str]:
    return check(html, PROFILES, kind=kind).verdicts


@pytest.mark.parametrize("outer", OUTER.values(), ids=OUTER)
def test_no_name_on_what_holds_a_page_hides_its_paid_links(outer: str) -> None:
    names = [form.format(word) for word in WORDS for form in FORMS]
    groups = [*([name] for name in WORDS), names, real_names()]
    for group in groups:
        name = " ".join(group)
        assert [link.how for link in Page(page(outer, name, UNTOLD)).links] == ["a network's link"] * 2, name
        assert not Page(page(outer, name, UNTOLD)).beside
    for group in groups[-2:]:
        assert verdicts(page(outer, " ".join(group), UNTOLD)) == {"us": "FAIL", "uk": "FAIL"}


@pytest.mark.parametrize("outer", OUTER.values(), ids=OUTER)
def test_no_name_on_what_holds_a_page_hides_its_disclosure(outer: str) -> None:
    for name in (*WORDS, " ".join(form.format(word) for word in WORDS for form in FORMS), " ".join(real_names())):
        assert verdicts(page(outer, name, TOLD)) == {"us": "PASS", "uk": "PASS"}, name[:80]


@pytest.mark.parametrize("word", [word for word in WORDS if word not in ("nav", "footer", "sidebar")])
def test_a_box_is_no_region_by_its_name_alone(word: str) -> None:
    for tag in ("div", "section", "p"):
        text = f"Of the nine that we tried for a month in our kitchen, our pick is {AMAZON}, and then {PAID}."
        box = f'<{tag} class="{word}-x {word}" id="{word}">{text}</{tag}>'
        for body in (f"<article>{H1}{PROSE}{box}{PROSE}</article>", f"{H1}{PROSE}{box}", f"{box}{H1}{PROSE}"):
            assert verdicts(body) == {"us": "FAIL", "uk": "FAIL"}, body


DIALOGS = {
    "a banner": '<div class="cookie-banner" id="cookie-bar"><p>We use cookies to make this site work. {}</p><button>Accept all</button></div>',
    "buttons alone": '<div class="cmp"><p>Welcome. {}</p><button>Alle akzeptieren</button> <button>Ablehnen</button></div>',
    "fixed": '<div class="consent-layer" style="position:fixed;bottom:0">Hello. {}</div>',
    "a heading": '<div id="onetrust-banner-sdk"><h2>Your privacy</h2><p>We and our partners store data. {}</p><a href="#">I agree</a></div>',
    "an h1": '<div class="gdpr-modal"><h1>We value your privacy</h1><p>Your consent. {}</p><input type=submit value="Accept"></div>',
    "modal": '<div class="didomi-popup" role="dialog" aria-modal="true"><span>Bienvenue</span> {}<span role=button>Tout accepter</span></div>',
}  # fmt: skip
SLOTS = {
    "a frame": '<div class="leaderboard"><span>Advertisement</span> {}<iframe src="https://ads.example/1"></iframe></div>',
    "empty": '<div class="ad-slot mpu" id="div-gpt-ad-1">{}</div>',
    "a script": '<div class="dfp-ad"><small>{}</small><script>googletag.display("x")</script></div>',
    "ins": '<div class="adsbygoogle-box"><small>{}</small><ins class="adsbygoogle"></ins></div>',
    "a bare name": '<div class="ad"><span>{}</span></div>',
    "a bare name with a frame": '<div class="advert"><span>{}</span><iframe></iframe></div>',
}
COMMENTS = {
    "a field": '<section id="comments"><h2>3 comments</h2><p>{}</p><form><textarea></textarea></form></section>',
    "entries": '<div class="comments-area"><ol class="comment-list"><li class="comment">{}</li><li class="comment">Nice.</li></ol></div>',
    "replies": '<div class="comments"><p>Jo: {}</p><a href="#r">Reply</a></div>',
    "after the article": '<div class="post-comments"><p>{}</p></div>',
}


@pytest.mark.parametrize("dialog", DIALOGS.values(), ids=DIALOGS)
def test_what_a_consent_dialog_says_tells_nothing_about_the_article(dialog: str) -> None:
    said = "We earn a commission if you buy through links on this page."
    article = f"<article>{H1}{UNTOLD}</article>"
    for html in (dialog.format(said) + article, article.replace(H1, H1 + dialog.format(said))):
        assert verdicts(html)["us"] == "FAIL"
    told = f"<article>{AD}{H1}{TOLD}</article>"
    assert verdicts(dialog.format("") + told, "product-led") == {"us": "PASS", "uk": "PASS"}
    assert verdicts(told + dialog.format(""), "product-led") == {"us": "PASS", "uk": "PASS"}


@pytest.mark.parametrize("slot", SLOTS.values(), ids=SLOTS)
def test_a_slot_s_label_is_not_the_article_s(slot: str) -> None:
    for html in (f"{slot.format('Ad')}<article>{H1}{TOLD}</article>", f"{slot.format('Ad')}{H1}{TOLD}"):
        assert verdicts(html, "product-led")["uk"] == "FAIL", html
    told = f"{slot.format('Ad')}<article>{AD}{H1}{TOLD}</article>"
    assert verdicts(told, "product-led") == {"us": "PASS", "uk": "PASS"}


def test_an_author_s_label_may_be_called_an_advert() -> None:
    for label in ('<p class="ad">Ad</p>', '<span class="advert">Ad</span>', '<div class="ad advert-label">Ad</div>'):
        assert verdicts(f"<article>{label}{H1}{TOLD}</article>", "product-led")["uk"] == "PASS", label


@pytest.mark.parametrize("comments", COMMENTS.values(), ids=COMMENTS)
def test_what_readers_write_is_their_own_affair(comments: str) -> None:
    theirs = comments.format(
        'We earn a commission if you buy it <a href="https://www.amazon.co.uk/dp/B1?tag=r-21" rel="ugc">here</a>.'
    )
    assert verdicts(f"<article>{H1}{PROSE}{PROSE}</article>{theirs}") == {"us": "PASS", "uk": "PASS"}
    assert verdicts(f"<article>{H1}</article>{theirs}<main>{UNTOLD}</main>")["us"] == "FAIL"
    assert verdicts(f"<main><article>{H1}{TOLD}</article>{theirs}</main>") == {"us": "PASS", "uk": "PASS"}
