"""Which class a click belongs to, and what it was made with. Nothing is ever dropped: a class is a label.

Rules are applied in order and the first that fits wins: prefetch, preview, bot, internal, duplicate, human. Change
RULES_VERSION with them; every click keeps the version it was judged by.
"""

import re
from functools import lru_cache
from typing import NamedTuple

import crawleruseragents
from ua_parser import parse

from affiliate.redirect import records
from affiliate.redirect.records import ClickRecord

RULES_VERSION = 1

PREFETCH = "prefetch"
PREVIEW = "preview"
BOT = "bot"
INTERNAL = "internal"
DUPLICATE = "duplicate"
HUMAN = "human"

# Fetchers that draw a preview of a link somebody shared or got: messengers, social networks, mail and office suites.
# The names are those the vendors document for their own fetchers; they are bots too, so this list is asked first.
_PREVIEWERS = re.compile(
    r"facebookexternalhit|facebookcatalog|twitterbot|slackbot|slack-imgproxy|whatsapp|telegrambot|discordbot|linkedinbot"
    r"|skypeuripreview|pinterestbot|redditbot|mastodon|bluesky|cardyb|viber|microsoftpreview|teamsbot|iframely|embedly"
    r"|snapchat.*link|vkshare|line-poker|kakaotalk-scrap|applebot.*preview|google-pagerenderer|googleimageproxy",
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


def judge(click: ClickRecord, client: Client, *, seen_before: bool) -> str:
    """The class of a click; `seen_before` says that its visitor clicked the same link less than ten seconds apart."""
    if click.flags & records.PREFETCH:
        return PREFETCH
    if client.kind:
        return client.kind
    if click.flags & records.INTERNAL:
        return INTERNAL
    return DUPLICATE if seen_before else HUMAN


@lru_cache(20_000)
def client_of(user_agent: str) -> Client:
    """Reads a user-agent string. An empty one is a bot: every browser sends one. 100 µs the first time."""
    family, device = _family_and_device(user_agent)
    return Client(device, family, _kind(user_agent))


def _kind(user_agent: str) -> str:
    if not user_agent.strip():
        return BOT
    if _PREVIEWERS.search(user_agent):
        return PREVIEW
    return BOT if crawleruseragents.is_crawler(user_agent) else ""


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
