"""Sitemaps, feeds and robots.txt as real sites and hostile ones write them."""

import gzip

import pytest

from affiliate.disclosure.crawl.robots import USER_AGENT, Robots
from affiliate.disclosure.crawl.sitemaps import read
from affiliate.errors import UnreadableFile
from tests.disclosure.crawl.magazine import index, rss, sitemap

HOME = "https://mag.example"


def test_the_newest_pages_of_a_sitemap_come_first() -> None:
    listed = read(
        sitemap((f"{HOME}/old", "2020-01-01"), f"{HOME}/undated", (f"{HOME}/new", "2026-11-01")).encode(), "s"
    )
    assert listed.pages == (f"{HOME}/new", f"{HOME}/old", f"{HOME}/undated")


def test_an_index_names_sitemaps() -> None:
    listed = read(index(f"{HOME}/a.xml", f"{HOME}/b.xml.gz").encode(), "s")
    assert (listed.pages, listed.sitemaps) == ((), (f"{HOME}/a.xml", f"{HOME}/b.xml.gz"))


def test_a_packed_sitemap_is_unpacked_and_one_that_grows_too_large_is_refused() -> None:
    assert read(gzip.compress(sitemap(f"{HOME}/a").encode()), "s").pages == (f"{HOME}/a",)
    with pytest.raises(UnreadableFile, match=r"larger than 52,428,800 bytes"):
        read(gzip.compress(b" " * 60_000_000), "s")
    with pytest.raises(UnreadableFile, match="damaged"):
        read(gzip.compress(sitemap(f"{HOME}/a").encode())[:-20], "s")


def test_a_text_file_is_a_sitemap_too() -> None:
    assert read(f"{HOME}/a\r\n\nnonsense\n{HOME}/b\n".encode(), "s").pages == (f"{HOME}/a", f"{HOME}/b")


def test_pictures_in_a_sitemap_are_no_pages() -> None:
    xml = (
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:i="http://www.google.com/schemas/sitemap-image/1.1">'
        f"<url><i:image><i:loc>{HOME}/a.jpg</i:loc></i:image><loc> {HOME}/a </loc></url></urlset>"
    )
    assert read(xml.encode(), "s").pages == (f"{HOME}/a",)


def test_feeds_name_pages() -> None:
    listed = read(rss((f"{HOME}/a", "A & B")).encode(), "f")
    assert (listed.pages, listed.is_feed) == ((f"{HOME}/a",), True)
    atom = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><link href="https://mag.example/"/>'
        f'<entry><link rel="enclosure" href="{HOME}/x.mp3"/><link href="{HOME}/b"/></entry></feed>'
    )
    assert read(atom.encode(), "f").pages == (f"{HOME}/b",)


def test_what_stood_before_a_break_is_kept() -> None:
    assert read(sitemap(f"{HOME}/a", f"{HOME}/b").encode()[:-30], "s").pages == (f"{HOME}/a",)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"<html><body>Not found</body></html>", "neither a sitemap nor a feed"),
        (b"<urlset><url><loc>x", "no well-formed XML"),
        (b'<!DOCTYPE u [<!ENTITY a "b">]><urlset>&a;</urlset>', "defines entities"),
        (
            b'<!DOCTYPE u [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><urlset><url><loc>&b;</loc></url></urlset>',
            "defines entities",
        ),
        (
            b'<!DOCTYPE u SYSTEM "file:///etc/passwd" [<!ENTITY x SYSTEM "file:///etc/passwd">]><urlset>&x;</urlset>',
            "entities",
        ),
    ],
)
def test_other_and_hostile_xml_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(UnreadableFile, match=reason):
        read(content, "s")


def test_no_more_addresses_are_taken_than_a_sitemap_may_have() -> None:
    assert len(read(sitemap(*(f"{HOME}/{n}" for n in range(50_200))).encode(), "s").pages) == 50_000


def test_robots_txt_may_speak_to_us_by_name() -> None:
    robots = Robots(
        "User-agent: *\nDisallow: /\n\nUser-agent: AffiliateCheck\nDisallow: /private/*/x$\nCrawl-delay: 2.5\n"
    )
    assert robots.may("https://mag.example/news")
    assert not robots.may("https://mag.example/private/a/x")
    assert robots.may("https://mag.example/private/a/xy")
    assert robots.delay == 2.5
    assert USER_AGENT.startswith("AffiliateCheck/")


def test_a_delay_of_an_hour_is_a_slip() -> None:
    assert Robots("User-agent: *\nCrawl-delay: 3600\n").delay == 120
    assert Robots("User-agent: *\nRequest-rate: 1/5\n").delay == 5
    assert Robots("User-agent: *\nCrawl-delay: soon\n").delay == 0


def test_a_hostile_robots_txt_takes_no_forever() -> None:
    robots = Robots("User-agent: *\n" + f"Disallow: {'/*a' * 300}b\n" * 200)
    assert robots.may("https://mag.example/" + "a" * 1900)
