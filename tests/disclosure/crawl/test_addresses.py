"""Which addresses a walk takes, in which form, and where it stops."""

import pytest

from affiliate.disclosure.crawl.addresses import Traps, address, checked_start, is_ours, key, refusal
from affiliate.errors import InvalidUrl

BASE = "https://www.mag.example/news/today?x=1"


@pytest.mark.parametrize(
    ("href", "there"),
    [
        ("/a", "https://www.mag.example/a"),
        ("../b/./c", "https://www.mag.example/b/c"),
        ("#top", "https://www.mag.example/news/today?x=1"),
        ("//cdn.example/x", "https://cdn.example/x"),
        ("HTTPS://WWW.Mag.example:443/A", "https://www.mag.example/A"),
        ("/a?utm_source=home&fbclid=1", "https://www.mag.example/a"),
        ("/a?b=2&a=1", "https://www.mag.example/a?a=1&b=2"),
        ("/a?PHPSESSID=0123&id=7", "https://www.mag.example/a?id=7"),
        ("/a;jsessionid=0AF3?id=7", "https://www.mag.example/a?id=7"),
        ("/a?sid=9", "https://www.mag.example/a"),
        (" /a\n", "https://www.mag.example/a"),
        ("/ä ö", "https://www.mag.example/%C3%A4%20%C3%B6"),
        ("javascript:alert(1)", None),
        ("mailto:desk@mag.example", None),
        ("https://user:secret@www.mag.example/", None),
        ("http://[::1", None),
        ("/?q=`", None),
        ("/" + "a" * 3000, None),
    ],
)
def test_an_address_has_one_form(href: str, there: str | None) -> None:
    assert address(href, BASE) == there


def test_spellings_of_one_page_are_one() -> None:
    spellings = ("http://mag.example/a", "https://www.mag.example/a/", "https://mag.example/a#x")
    assert len({key(each) for each in spellings}) == 1
    assert key("https://mag.example/a") != key("https://mag.example/a?page=2")


def test_only_the_sites_own_hosts_are_walked() -> None:
    assert is_ours("https://www.mag.example/a", {"mag.example"})
    assert not is_ours("https://shop.mag.example/a", {"mag.example"})
    assert not is_ours("https://mag.example.evil.example/", {"mag.example"})
    assert not is_ours("https://mag.example:8443/", {"mag.example"})


LEFT_ALONE = """/login /account/logout /Sign-Out /wp-admin/x /basket?add=1 /p?replytocom=3 /p?action=delete /a.pdf
/x/photo.JPG /a/b/a/b/a/b /0/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16"""


@pytest.mark.parametrize("path", LEFT_ALONE.split())
def test_what_does_something_or_is_no_page_is_left_alone(path: str) -> None:
    assert refusal(f"https://mag.example{path}")


@pytest.mark.parametrize(
    "path", ["/", "/best-kettles", "/fashion/login-outfits", "/2026/11/23/x", "/a.html", "/v1.2/notes"]
)
def test_pages_are_not_left_alone(path: str) -> None:
    assert refusal(f"https://mag.example{path}") == ""


def test_a_calendar_without_end_has_an_end() -> None:
    traps = Traps()
    refused = [traps.refusal(f"https://mag.example/calendar/{2000 + n // 12}/{n % 12}") for n in range(1000)]
    assert refused.count("") == 300
    assert refused[-1] == "300 addresses of the form mag.example/calendar/0/0 are enough"


def test_filters_without_end_have_an_end() -> None:
    traps = Traps()
    refused = [traps.refusal(f"https://mag.example/shoes?size={n}&colour=red") for n in range(100)]
    assert refused.count("") == 20


def test_articles_with_words_in_their_paths_are_never_too_many() -> None:
    traps = Traps()
    names = ("".join(chr(97 + int(digit)) for digit in str(n)) for n in range(1000))
    assert not any(traps.refusal(f"https://mag.example/2026/11/{name}") for name in names)


def test_a_start_may_be_typed_without_its_scheme() -> None:
    assert checked_start(" mag.example/news ") == "https://mag.example/news"
    with pytest.raises(InvalidUrl):
        checked_start("ftp://mag.example/")
