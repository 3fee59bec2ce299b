"""Which class a click belongs to, and what it was made with. Nothing is ever dropped: a class is a label.

Rules are applied in order and the first that fits wins: prefetch, preview, bot, internal, duplicate, human. Change
RULES with them; every click keeps the version it was judged by, and what is known of earlier ones is judged anew.
"""

import re
from functools import cache, lru_cache
from importlib.metadata import version
from typing import NamedTuple

from affiliate.redirect.records import IMPLAUSIBLE, INTERNAL, PREFETCH

RULES = 3

PREFETCHED = "prefetch"
PREVIEW = "preview"
BOT = "bot"
INTERNALLY = "internal"
DUPLICATE = "duplicate"
HUMAN = "human"

CLASSES = (PREFETCHED, PREVIEW, BOT, INTERNALLY, DUPLICATE, HUMAN)

# Facts that are decided when a click is loaded and stay with it, above the sixteen bits of the journal.
REPEATED = 1 << 16  # the same visitor clicked the same link less than ten seconds apart
FIRST = 1 << 17  # the visitor's first click in three hours that the network sent to this advertiser

# Fetchers that draw a preview of a link somebody shared or got: messengers, social networks, mail and office suites.
# The names are those the vendors document for their own fetchers; they are bots too, so this list is asked first.
_PREVIEWERS = re.compile(
    r"facebookexternalhit|facebookcatalog|twitterbot|slackbot|slack-imgproxy|whatsapp|telegrambot|discordbot|linkedinbot"
    r"|skypeuripreview|pinterestbot|redditbot|mastodon|bluesky|cardyb|^viber|microsoftpreview|teamsbot|iframely|embedly"
    r"|snap url preview|vkshare|line-poker|kakaotalk-scrap|applebot.*preview|google-pagerenderer|googleimageproxy"
    r"|yahoomailproxy|ms-office|^microsoft office",  # office suites ask before they open the browser, which asks again
    re.IGNORECASE,
)
# Every browser begins like one of these two, for the sake of servers of the 1990s (RFC 9110 §10.1.5 asks for the product's own
# name, and programs that are no browser follow it): Dalvik, CFNetwork, okhttp, Go-http-client, undici and all like them.
_BROWSERS = ("Mozilla/", "Opera/")
# Scanners of mail and of company networks that name themselves, and everything that calls itself "compatible" in the
# place where browsers name their system: few browsers ever did that with a person behind.
_SCANNERS = re.compile(
    r"barracuda|proofpoint|mimecast|messagelabs|symantec|cloudmark|trend ?micro|ironport|fortiguard|forcepoint"
    r"|^mozilla/\d\.\d \(compatible;(?! ?(msie|konqueror|icab|avantgo|[^()]{0,40}\) ?netfront))",
    re.IGNORECASE,
)
# What machines call themselves, and the runtimes that some hide behind "Mozilla/5.0".
_MACHINES = re.compile(
    r"bot(?![a-z])|crawl|spider|fetch|scrap(?:er|ing|y)|headless|phantomjs"
    r"|\b(?:node(?:\.js)?|undici|deno|bun|axios|okhttp|python(?:-\w+)?|aiohttp|httpx|libwww(?:-perl)?|go-http-client|java"
    r"|curl|wget|php|ruby|windowspowershell)/v?\d",
    re.IGNORECASE,
)
# The name of a phone or tablet is no word about who holds it: CUBOT makes phones. Only what is followed by a version is.
_DEVICE = re.compile(r"^Mozilla/5\.0 \((?:Linux|Android)[^()]*?Android(?P<name>(?:[^()]|\([^()]*\))*)\)")
_VERSIONED = re.compile(r"(?<!cu)bot/\d|spider/\d|crawler/\d", re.IGNORECASE)
# Apps that are browsers too, by the names that their fetchers of previews have as well: Slack_SSB is Slack on a desk.
_IN_APPS = re.compile(r"AppleWebKit/.*(?:Electron/|Mobile/|; wv\)|Slack_SSB/)")
_APPS = re.compile(r"\b(?:Slack(?:_SSB)?|WhatsApp|Viber)/[\d.]+|\bSonic(?= Slack)")
_TABLET = re.compile(r"ipad|tablet|kindle|silk/|playbook", re.IGNORECASE)
_TELEVISION = re.compile(r"smart-?tv|\btv\b|appletv|bravia|web0s|crkey|roku|aft[a-z]+\b", re.IGNORECASE)
_MOBILE_SYSTEMS = frozenset({"iOS", "Android", "Windows Phone", "BlackBerry OS", "KaiOS", "HarmonyOS"})
_DESKTOP_SYSTEMS = frozenset(
    {"Windows", "Mac OS X", "Linux", "Ubuntu", "Fedora", "Debian", "Chrome OS", "FreeBSD", "OpenBSD"}
)


class Client(NamedTuple):
    """What a user-agent string says: `device` is desktop, mobile, tablet, tv or other."""

    device: str
    family: str
    kind: str  # preview, bot, or "" for what may be a person


def rules_version() -> str:
    """Names the rules and the list of bots in force."""
    return f"{RULES}, crawler-user-agents {version('crawler-user-agents')}"


def judge(flags: int, kind: str) -> str:
    """The class of a click from its flags and from the kind of its user agent."""
    if flags & PREFETCH:
        return PREFETCHED
    if kind or flags & IMPLAUSIBLE:
        return kind or BOT
    if flags & INTERNAL:
        return INTERNALLY
    return DUPLICATE if flags & REPEATED else HUMAN


def is_comparable(click_class: str, flags: int) -> bool:
    """Whether a network would count the click that takes one per visitor and advertiser in three hours (Awin)."""
    return click_class == HUMAN and bool(flags & FIRST)


@lru_cache(20_000)
def client_of(user_agent: str) -> Client:
    """Reads a user-agent string. 100 µs the first time."""
    family, device = _family_and_device(user_agent)
    return Client(device, family, kind_of(user_agent))


def kind_of(user_agent: str) -> str:
    """preview, bot, or "" for what may be a person. An empty string is a bot: every browser sends one."""
    if not user_agent.strip():
        return BOT
    named = _APPS.sub("", user_agent) if _IN_APPS.search(user_agent) else user_agent
    if _PREVIEWERS.search(named):
        return PREVIEW
    if not named.startswith(_BROWSERS) or _SCANNERS.search(named):
        return BOT
    return BOT if _MACHINES.search(_without_device(named)) or _listed().search(named) else ""


def _without_device(user_agent: str) -> str:
    found = _DEVICE.match(user_agent)
    if found is None or _VERSIONED.search(found["name"]):
        return user_agent
    return user_agent[: found.start("name")] + user_agent[found.end("name") :]


@cache
def _listed() -> re.Pattern[str]:
    """The patterns of the list of bots, each at the beginning of a word: `008/` and `RED/` are bots, `39008/37` and `WIRED/3`
    are none."""
    from crawleruseragents import CRAWLER_USER_AGENTS_DATA  # a file of 1,500 patterns, which the loader alone needs

    patterns = [one["pattern"] for one in CRAWLER_USER_AGENTS_DATA]
    words = "|".join(pattern for pattern in patterns if pattern[0].isalnum() or pattern[0] == "[")
    others = "|".join(pattern for pattern in patterns if not (pattern[0].isalnum() or pattern[0] == "["))
    return re.compile(f"(?<![A-Za-z0-9])(?:{words})|{others}")


def _family_and_device(user_agent: str) -> tuple[str, str]:
    from ua_parser import parse

    read = parse(user_agent)
    family = read.user_agent.family[:60] if read.user_agent else ""
    system = read.os.family if read.os else ""
    if _TELEVISION.search(user_agent):
        return family, "tv"
    if _TABLET.search(user_agent) or (system == "Android" and "Mobile" not in user_agent):
        return family, "tablet"
    if system in _MOBILE_SYSTEMS:
        return family, "mobile"
    return family, "desktop" if system in _DESKTOP_SYSTEMS else "other"
