"""How fast an article of 200 kB with 60 links is rewritten, against parsing and writing it out with BeautifulSoup.

Both run in this process, alternately; what counts is the ratio. Run it: `python bench/rewrite.py`
"""

import statistics
import time
from collections.abc import Callable

from bs4 import BeautifulSoup

from affiliate.articles.document import Anchor
from affiliate.articles.rewrite import Replacement, rewrite
from affiliate.disclosure.block import Notice
from affiliate.disclosure.texts import disclosure_text

ROUNDS = 200
TARGET_RATIO = 20
TARGET_P99_MS = 15


def article(size: int = 200_000, links: int = 60) -> str:
    """A made-up article: paragraphs with inline markup, images, lists, and links spread evenly."""
    block = '<p class="body">Marble print is <em>back</em> &ndash; and <strong>everywhere</strong>, from {}.</p>\r\n'
    blocks = size // 277
    parts = ["<article><h1>Marble print on the high street</h1>\r\n"]
    for number in range(blocks):
        shop = "the shops"
        if number * links // blocks != (number + 1) * links // blocks:
            shop = f'<a class="shop" href="https://shop.example/p/{number}?a=1&amp;b=2">a dress for number {number}</a>'
        parts.append(block.format(shop))
        parts.append(
            f'<figure><img src="/img/{number}.jpg" alt="A dress"><figcaption>Picture {number}</figcaption></figure>'
        )
        parts.append("<ul><li>one</li><li>two <span>three</span></li></ul>\r\n<!-- advert -->\r\n")
    return "".join(parts) + "</article>"


def decide(_url: str, anchor: Anchor) -> Replacement:
    token = f"a{anchor.number:011d}"
    return Replacement(f"/go/dress/-{token}", token)


def milliseconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def main() -> None:
    html = article()
    notice = Notice(disclosure_text("uk", "en"), product_led=True)
    ours, theirs = [], []
    for round_number in range(ROUNDS):
        ours.append(milliseconds(lambda: rewrite(html, decide, notice=notice)))
        if round_number % 20 == 0:
            theirs.append(milliseconds(lambda: str(BeautifulSoup(html, "html.parser"))))
    p99 = statistics.quantiles(ours, n=100)[98]
    ratio = statistics.median(theirs) / statistics.median(ours)
    print(f"article: {len(html):,} characters, {html.count('<a ')} links")
    print(f"rewrite: median {statistics.median(ours):.2f} ms, p99 {p99:.2f} ms (target p99 under {TARGET_P99_MS} ms)")
    print(f"BeautifulSoup + html.parser, parse and write out: median {statistics.median(theirs):.1f} ms")
    print(f"ratio: {ratio:.1f} (target at least {TARGET_RATIO})")


if __name__ == "__main__":
    main()
