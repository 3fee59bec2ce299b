"""Links as they come: with parts swapped, cut off, encoded twice, wrapped once more, with rubbish in them. Nothing breaks, and
nothing is told that does not stand in the link."""

import random
import re
from collections.abc import Callable, Iterator
from urllib.parse import quote

import pytest

from affiliate.errors import InvalidUrl
from affiliate.networks.base import Layer
from affiliate.networks.carried import as_address, decode_once
from affiliate.networks.inspect import Inspected, inspect
from affiliate.urls import encode, parse_web_url, split_query
from tests.networks.facts import real_links

_LINKS = real_links()
_RUBBISH = [
    "%",
    "%2",
    "%zz",
    "%00",
    "%E9",
    "%F0%9F",
    "&",
    "&&",
    "=",
    "?",
    "#",
    "//",
    "://",
    "/",
    "(",
    ")",
    "[",
    "]]",
    "{x}",
    "é",
]
_RUBBISH += [
    "&url=",
    "&u=http",
    "http%3A//",
    ":80",
    ".",
    "..",
    "+",
    "&tag=x-20",
    "&campid=1",
    "/c/1/2/3",
    "destination:",
    "url(",
    "😀",
]
_LAYERS: list[Callable[[str], str]] = [
    lambda url: f"https://www.awin1.com/cread.php?awinmid=1&awinaffid=2&clickref=x&ued={encode(url)}",
    lambda url: f"https://go.publisher.example/?id=1X2&xs=1&url={encode(url)}",
    lambda url: f"https://www.anrdoezrs.net/links/77/type/dlg/sid/theirs/{url}",
    lambda url: f"https://prf.hn/click/camref:1101l/pubref:p/destination:{url}",
    lambda url: f"https://clk.tradedoubler.com/click?p(1)a(2)url({url})",
    lambda url: f"http://click.linksynergy.com/fs-bin/click?id=3JVIZPzOhac&offerid=1.1&RD_PARM1={encode(encode(url))}",
]

_CHANGES: list[Callable[[str], str]] = [
    str.upper,
    str.lower,
    str.title,
    lambda name: quote(name).replace("a", "%61"),
]


def _shuffled(url: str, dice: random.Random) -> str:
    path, query, fragment = split_query(url)
    pairs = (query or "").split("&")
    dice.shuffle(pairs)
    return f"{path}?{'&'.join(pairs)}{fragment}"


def _named_otherwise(url: str, dice: random.Random) -> str:
    path, query, fragment = split_query(url)
    change = dice.choice(_CHANGES)
    pairs = [pair.partition("=") for pair in (query or "").split("&")]
    return f"{path}?{'&'.join(change(name) + mark + value for name, mark, value in pairs)}{fragment}"


def _cut(url: str, dice: random.Random) -> str:
    return url[: dice.randrange(8, len(url) + 1)]


def _dirty(url: str, dice: random.Random) -> str:
    at = dice.randrange(len(url) + 1)
    return url[:at] + dice.choice(_RUBBISH) + url[at + dice.randrange(3) :]


def _encoded(url: str, dice: random.Random) -> str:
    at = dice.randrange(8, len(url) + 1)
    return url[:at] + quote(url[at:], safe=dice.choice(["", "/", "&=", "/?&="]))


def _decoded(url: str, _dice: random.Random) -> str:
    return decode_once(url)


def _wrapped(url: str, dice: random.Random) -> str:
    return dice.choice(_LAYERS)(url)


def _crossed(url: str, dice: random.Random) -> str:
    """The host of one link before the parts of another."""
    scheme, _, rest = url.partition("://")
    other = dice.choice(_LINKS)["url"].partition("://")[2]
    return f"{scheme}://{rest.partition('/')[0]}/{other.partition('/')[2]}"


def _as_html(url: str, dice: random.Random) -> str:
    return url.replace("&", dice.choice(["&amp;", "&#038;", "&#38;", "&#x26;"]))


_MUTATIONS = [_shuffled, _named_otherwise, _cut, _dirty, _dirty, _encoded, _decoded, _wrapped, _crossed, _as_html]


def _mutated(count: int) -> Iterator[str]:
    dice = random.Random("links")
    for _ in range(count):
        url = dice.choice(_LINKS)["url"]
        for mutate in dice.choices(_MUTATIONS, k=dice.randrange(1, 5)):
            url = mutate(url, dice)[:8_000]
        yield url


def _spoken(url: str) -> list[str]:
    """The link as it stands and after each decoding, as HTML and not."""
    texts = [url, as_address(url)]
    for text in texts:
        for next_text in (decode_once(text), as_address(text)):
            if next_text not in texts and len(texts) < 30:
                texts.append(next_text)
    return texts


def _invented(told: Inspected) -> list[str]:
    texts = _spoken(told.url)
    bare = re.compile(r"^(?:aid|offer|camref|gotolink|banner|tool|compteur|mclic):")
    printed: list[str] = []
    for layer in told.layers:
        printed += [bare.sub("", part) for part in (layer.publisher_id, layer.advertiser_id) if part]
        printed += layer.sub_ids.values()
        if layer.target and layer.wrapped:
            printed.append(layer.target)
        elif layer.target:
            printed += re.split("[?&#]", layer.target)
    return [part for part in printed if not any(part in text for text in texts)]


def test_ten_thousand_mutated_links_break_nothing_and_nothing_is_invented() -> None:
    read = 0
    for url in _mutated(10_000):
        try:
            told = inspect(url)
        except InvalidUrl:
            with pytest.raises(InvalidUrl):
                parse_web_url(url)
            continue
        assert told.url == url.strip()
        assert _invented(told) == [], url
        read += bool(told.layers)
    assert read > 6_000


def _parts(layer: Layer) -> tuple[object, ...]:
    values = list(layer.sub_ids.values())
    return layer.network, layer.publisher_id, layer.advertiser_id, sorted(values), layer.target, layer.wrapped


def _harmless(url: str, dice: random.Random) -> Iterator[str]:
    """The same link, written otherwise."""
    scheme, _, rest = url.partition("://")
    host = re.split("[/?#]", rest, maxsplit=1)[0]
    yield f"HTTP://{rest}"
    yield f"https://{host.upper()}{rest[len(host) :]}"
    yield f"{scheme}://{host}:8443{rest[len(host) :]}"
    yield f"  {url}\n"
    yield _as_html(url, dice)
    pairs = (split_query(as_address(url))[1] or "").split("&")
    if all("=" in pair and "://" not in pair for pair in pairs):
        yield _shuffled(as_address(url), dice)
        yield _named_otherwise(as_address(url), dice)


@pytest.mark.parametrize("fact", _LINKS, ids=lambda fact: f"{fact['network']}-{fact['url'][8:70]}")
def test_a_link_written_otherwise_says_the_same(fact: dict[str, str]) -> None:
    right = [_parts(layer) for layer in inspect(fact["url"]).layers]
    for url in _harmless(fact["url"], random.Random(fact["url"])):
        told = [_parts(layer) for layer in inspect(url).layers]
        assert told[0][:4] == right[0][:4], url
        assert len(told) == len(right)
    for wrap in _LAYERS:
        assert _parts(inspect(wrap(fact["url"])).layers[1]) == right[0], wrap(fact["url"])


@pytest.mark.parametrize("url", ["https://www.awin1.com/cread.php?awinmid=1&ued=\ud83d", "https://\udcff.example/"])
def test_half_a_character_is_refused(url: str) -> None:
    with pytest.raises(InvalidUrl):
        inspect(url)
