"""Which class a click belongs to, and what it was made with. Nothing is ever dropped: a class is a label.

Rules are applied in order and the first that fits wins: prefetch, preview, bot, internal, duplicate, human. Change
RULES with them; every click keeps the version it was judged by, and what is known of earlier ones is judged anew.
"""

import re
from functools import lru_cache
from importlib.metadata import version
from typing import NamedTuple

import crawleruseragents
from ua_parser import parse

from affiliate.redirect.records import IMPLAUSIBLE, INTERNAL, PREFETCH

RULES = 2

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
# Scanners of mail and of company networks that name themselves, and everything that calls itself "compatible" in the
# place where browsers name their system: only Internet Explorer and Konqueror ever did that with a person behind.
_SCANNERS = re.compile(
    r"barracuda|proofpoint|mimecast|messagelabs|symantec|cloudmark|trend ?micro|ironport|fortiguard|forcepoint"
    r"|^java/|^mozilla/\d\.\d \(compatible;(?! ?(msie|konqueror))",
    re.IGNORECASE,
)
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
    if _PREVIEWERS.search(user_agent):
        return PREVIEW
    return BOT if _SCANNERS.search(user_agent) or crawleruseragents.is_crawler(user_agent) else ""


def _family_and_device(user_agent: str) -> tuple[str, str]:
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
