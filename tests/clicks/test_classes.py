"""What user-agent strings are taken for."""

import pytest

from affiliate.clicks.classes import BOT, FIRST, PREVIEW, REPEATED, client_of, is_comparable, judge, kind_of
from affiliate.redirect.records import IMPLAUSIBLE, INTERNAL, PREFETCH

_CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
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
        (BOT, "curl/8.5.0"),
        (BOT, "Java/17.0.2"),
        (BOT, ""),
        (BOT, "   "),
    ],
)
def test_machines_are_told_by_the_names_they_give_themselves(kind: str, user_agent: str) -> None:
    assert kind_of(user_agent) == kind


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
