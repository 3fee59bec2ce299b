"""What user-agent strings are taken for."""

from pathlib import Path

import pytest
from crawleruseragents import CRAWLER_USER_AGENTS_DATA

from affiliate.clicks.classes import BOT, FIRST, PREVIEW, REPEATED, client_of, is_comparable, judge, kind_of
from affiliate.redirect.records import IMPLAUSIBLE, INTERNAL, PREFETCH

_CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
)
_MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko)"
_ANDROID = "Mozilla/5.0 (Linux; Android 14; {} Build/UP1A.231005.007; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/142.0.0.0 Mobile Safari/537.36"
# What runtimes and libraries send when nobody tells them what to say.
_RUNTIMES = (
    *("node", "undici", "Deno/2.1.4", "Bun/1.1.38", "okhttp/4.12.0", "python-requests/2.32.5", "Go-http-client/2.0"),
    *(
        "axios/1.7.9",
        "got (https://github.com/sindresorhus/got)",
        "Ruby",
        "reqwest/0.12",
        "Apache-HttpClient/5.4 (Java/21)",
    ),
    "Dalvik/2.1.0 (Linux; U; Android 14; SM-S918B Build/UP1A.231005.007)",
    "MyApp/1 CFNetwork/1568.200.51 Darwin/24.1.0",
    "Chrome/142.0.0.0",
)
_IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    "user_agent",
    [
        _CHROME,
        f"{_CHROME} Edg/142.0.0.0",
        "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15",
        f"{_IPHONE} Version/18.5 Mobile/15E148 Safari/604.1",
        f"{_IPHONE} Mobile/15E148 Instagram 385.0.0.27.77 (iPhone16,2; iOS 18_5; en_GB; en; scale=3.00)",
        f"{_IPHONE} Mobile/22F76 [FBAN/FBIOS;FBAV/515.0.0.42.90;FBDV/iPhone16,2]",
        "Mozilla/5.0 (Linux; Android 15; SM-S931B) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Mobile Safari/537.36 [Pinterest/Android]",
        "Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1; Trident/4.0)",
        "Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko",
        "Opera/9.80 (Android; Opera Mini/36.2/191.249; U; en) Presto/2.12.423 Version/12.16",
        "Opera/9.80 (MAUI Runtime; Opera Mini/4.4.39008/37.9178; U; en) Presto/2.12.423 Version/12.16",
        "Mozilla/4.5 (compatible; iCab 2.9.8; Macintosh; U; PPC; Mac OS X)",
        "Mozilla/4.0 (compatible; Linux 2.6.10) NetFront/3.3 Kindle/1.0 (screen 600x800)",
        f"{_MAC} Slack/4.35.131 Chrome/120.0.6099.56 Electron/28.0.0 Safari/537.36 Sonic Slack_SSB/4.35.131",
        f"{_CHROME.replace('Safari', 'Electron/32.1.2 Safari')} AppleSilicon Slack/4.41.98",
        f"{_MAC} WhatsApp/2.23.20 Chrome/120.0.6099.56 Electron/28.0.0 Safari/537.36",
        f"{_MAC} discord/0.0.312 Chrome/124.0.6367.243 Electron/30.2.0 Safari/537.36",
        f"{_IPHONE} Mobile/15E148 Viber/23.0.0",
        f"{_IPHONE} GSA/330.0.667067581 Mobile/15E148 Safari/604.1",
        f"{_IPHONE} Version/18.0 Mobile/15E148 DuckDuckGo/7 Safari/605.1.15",
        f"{_IPHONE} Mobile/15E148 Safari Line/15.4.0",
        f"{_IPHONE} Mobile/15E148 LinkedInApp",
        f"{_IPHONE} Mobile/15E148 Snapchat/13.0.0 (like Safari/8619.1)",
        f"{_IPHONE} Mobile/15E148",  # Mail
        f"{_IPHONE} Mobile/15E148 MicroMessenger/8.0.50(0x1800323d) NetType/WIFI Language/en",
        f"{_IPHONE} Mobile/15E148 WIRED/3.2.3.11.87970",
        f"{_ANDROID.format('SM-S918B')} Line/15.3.0/IAB",
        f"{_ANDROID.format('SM-S918B')} [FB_IAB/FB4A;FBAV/484.0.0.63.83;]",
        f"{_ANDROID.format('SM-S918B')} DuckDuckGo/5",
        f"{_ANDROID.format('SM-S918B')} Telegram-Android/11.4.2 (Samsung SM-S918B; Android 14; SDK 34; HIGH)",
        _ANDROID.format("CUBOT X30"),
        _ANDROID.format("CUBOT_NOTE_S"),
        _ANDROID.format("KINGKONG Robot 2"),
        _ANDROID.format("Spider Fetch (2) Crawl"),
    ],
)
def test_browsers_and_browsers_within_apps_may_be_people(user_agent: str) -> None:
    assert kind_of(user_agent) == ""


@pytest.mark.parametrize(
    ("kind", "user_agent"),
    [
        (PREVIEW, "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)"),
        (PREVIEW, "WhatsApp/2.23.20.0"),
        (PREVIEW, "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"),
        (PREVIEW, "Mozilla/4.0 (compatible; ms-office; MSOffice 16)"),
        (PREVIEW, "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.12026; Pro)"),
        (BOT, "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)"),
        (
            BOT,
            "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; ClaudeBot/1.0; +claudebot@anthropic.com)",
        ),
        (BOT, "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; Perplexity-User/1.0)"),
        (BOT, "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"),
        (BOT, "Mozilla/5.0 (compatible; Barracuda Sentinel (EE))"),
        (BOT, "BarracudaCentral"),
        (BOT, "Mozilla/5.0 (compatible; somebody's own checker)"),
        (BOT, _CHROME.replace("Chrome", "HeadlessChrome")),
        (BOT, f"{_ANDROID.format('CUBOT X30')} (compatible; SomeBot/1.0)"),
        (BOT, "Mozilla/5.0 (Linux; Android 14; SomeBot/1.0) AppleWebKit/537.36 Mobile Safari/537.36"),
        (BOT, f"{_CHROME} PriceFetcher"),
        (BOT, f"{_CHROME} our own crawler"),
        (BOT, "Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1.22621.2506"),
        (BOT, "Mozilla/5.0 okhttp/4.12.0"),
        (BOT, "Slack/4.35.131"),
        *((BOT, text) for text in _RUNTIMES),
        (BOT, "curl/8.5.0"),
        (BOT, "Java/17.0.2"),
        (BOT, ""),
        (BOT, "   "),
    ],
)
def test_machines_are_told_by_the_names_they_give_themselves(kind: str, user_agent: str) -> None:
    assert kind_of(user_agent) == kind


def test_of_strings_seen_in_the_wild_spiders_are_found_and_people_are_not_lost() -> None:
    seen: dict[str, list[str]] = {"spider": [], "device": [], "person": []}
    for line in (Path(__file__).parent / "samples" / "user_agents.tsv").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            sender, user_agent = line.split("\t")
            seen[sender].append(kind_of(user_agent))
    assert min(map(len, seen.values())) > 90
    assert sum(map(bool, seen["spider"])) >= 0.95 * len(seen["spider"])
    assert sum(map(bool, seen["device"])) <= 0.003 * len(seen["device"])
    assert not any(seen["person"])


def test_every_example_of_the_list_of_bots_is_taken_for_a_machine() -> None:
    examples = [text for one in CRAWLER_USER_AGENTS_DATA for text in one.get("instances", [])]
    assert len(examples) > 2_000
    assert [text for text in examples if not kind_of(text)] == []


@pytest.mark.parametrize(
    ("flags", "kind", "click_class"),
    [
        (PREFETCH | INTERNAL, BOT, "prefetch"),
        (IMPLAUSIBLE | INTERNAL, PREVIEW, "preview"),
        (INTERNAL, BOT, "bot"),
        (IMPLAUSIBLE | INTERNAL, "", "bot"),
        (INTERNAL | REPEATED, "", "internal"),
        (REPEATED, "", "duplicate"),
        (FIRST, "", "human"),
        (0, "", "human"),
    ],
)
def test_the_first_class_that_fits_wins(flags: int, kind: str, click_class: str) -> None:
    assert judge(flags, kind) == click_class


def test_a_network_counts_the_first_click_of_people_only() -> None:
    assert is_comparable("human", FIRST)
    assert not is_comparable("human", 0)
    assert not is_comparable("bot", FIRST)


@pytest.mark.parametrize(
    ("device", "user_agent"),
    [
        ("desktop", _CHROME),
        ("mobile", f"{_IPHONE} Version/18.5 Mobile/15E148 Safari/604.1"),
        ("tablet", "Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Safari/604.1"),
        ("tablet", "Mozilla/5.0 (Linux; Android 14; SM-X910) AppleWebKit/537.36 Chrome/142.0 Safari/537.36"),
        ("tv", "Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 Chrome/94.0 Safari/537.36"),
        ("other", "nobody knows"),
    ],
)
def test_the_device_is_read_from_the_user_agent(device: str, user_agent: str) -> None:
    assert client_of(user_agent).device == device
