"""The articles' text: all our own, about nobody, and fit for what the demo has to show."""

import re
from html.parser import HTMLParser
from importlib.resources import files
from urllib.parse import urlsplit

import pytest

from affiliate.demo.newsdesk import STORIES, Story
from affiliate.demo.world import SHOPS, TITLES, UK, WARES, shop_of


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.urls: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.urls += [value for name, value in attrs if name in ("href", "src") and value]


def links_of(html: str) -> list[str]:
    parser = _Links()
    parser.feed(html)
    return parser.urls


def story(file: str) -> Story:
    return next(each for each in STORIES if each.file == file)


def words_of(html: str) -> int:
    return len(re.sub(r"<[^>]+>", " ", html).split())


@pytest.mark.parametrize("each", STORIES, ids=lambda each: each.file)
def test_no_article_names_a_host_that_could_be_somebody_s(each: Story) -> None:
    hosts = {host for url in links_of(each.html) if (host := urlsplit(url).hostname)}
    assert {host for host in hosts if not host.endswith(".example")} == set()
    mentioned = set(re.findall(r"\b[a-z0-9-]+\.(?:com|net|org|co|uk|io|shop|tv)\b", each.html))
    assert mentioned == set()


@pytest.mark.parametrize("each", STORIES, ids=lambda each: each.file)
def test_an_article_is_long_enough_to_be_read_and_says_nothing_of_its_own_disclosure(each: Story) -> None:
    assert 250 <= words_of(each.html) <= 950
    assert each.html.count("<h1>") == 1
    assert not re.search(r"commission|affiliate|sponsored|paid link", each.html, re.IGNORECASE)


def test_every_file_of_the_folder_is_published() -> None:
    folder = files("affiliate.demo") / "articles"
    assert {entry.name for entry in folder.iterdir()} == {f"{each.file}.html" for each in STORIES}


def test_the_partywear_story_has_fourteen_product_links_to_nine_advertisers_of_four_networks_or_more() -> None:
    partywear = story("marble-print-partywear")
    targets = [url.partition("?utm")[0] for url in links_of(partywear.html) if url.startswith("http")]
    shops = [shop_of(ware) for target in targets for ware in WARES if (ware.url, ware.title) == (target, UK)]
    assert partywear.kind == "product-led"
    assert len(targets) == len(set(targets)) == len(shops) == 14
    assert len({shop.name for shop in shops}) == 9
    assert {shop.network for shop in shops} >= {"awin", "rakuten", "impact", "cj"}


def test_the_bereavement_story_has_links_to_advertisers_that_would_pay() -> None:
    tribute = story("remembering-hettie-marlpool")
    paying = [shop.host for shop in SHOPS if shop.title == UK]
    hosts = [urlsplit(url).hostname or "" for url in links_of(tribute.html)]
    assert "bereavement" in tribute.tags
    assert sum(host.removeprefix("www.") in paying for host in hosts) == 2


def test_the_newsroom_has_several_authors_and_sections_on_both_sites() -> None:
    assert {each.title_key for each in STORIES} == {title.key for title in TITLES}
    assert len({each.author for each in STORIES}) >= 3
    assert len({each.section for each in STORIES}) >= 4


def test_ids_at_the_networks_can_be_nobody_s() -> None:
    assert all(int(shop.ref) > 2**31 for shop in SHOPS if shop.network != "template")
    assert all(shop.host.endswith(".example") for shop in SHOPS)
