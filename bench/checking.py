"""How long do checks take? Static ones of whole articles, rendered ones in both windows beside a bare load of the same page.

    python bench/checking.py [--static 1000] [--rendered 50]

The page is an article of about 1,200 words and 12 paid links in a magazine's layout (sticky menu, missing web fonts, lazy
pictures, a cookie bar), against the profiles us, uk and amazon. "bare" opens the same page in the same Chromium, in a fresh
context of each window, waits for its load and asks nothing: what a rendered check cannot be faster than.
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from playwright.async_api import Browser, async_playwright

from affiliate.disclosure.browser.program import find_chromium, flags, node_of_its_own
from affiliate.disclosure.browser.windows import WINDOWS, Chromium
from affiliate.disclosure.check import check

PROFILES = ("us", "uk", "amazon")
WORDS = "Body text of the article, long enough to be read and to scroll past in a window of any size. " * 6
LINK = "https://www.awin1.com/cread.php?awinmid={}&awinaffid=2&ued=https%3A%2F%2Fshop.example%2Fp{}"


def article(number: int) -> str:
    parts = "".join(
        f'<p>{WORDS}</p><p>(Ad) Our pick: <a href="{LINK.format(n, number)}" rel="sponsored">Kettle {n}</a>.</p>'
        f'<img src="https://cdn.example/{n}.jpg" loading="lazy" width="640" height="360" alt="">'
        for n in range(12)
    )
    return (
        '<!doctype html><html lang="en-GB"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f'<meta name="x-content-kind" content="product-led"><title>Kettles {number}</title><link rel="stylesheet" '
        'href="https://cdn.example/site.css"><style>@font-face{font-family:D;src:url(https://fonts.example/d.woff2)}'
        "body{font:18px/1.5 D,serif;margin:0 auto;max-width:680px}.top{position:sticky;top:0;height:64px;background:#fff}"
        ".bar{position:fixed;bottom:0;height:120px;background:#222;color:#fff}</style></head><body><header class='top'><nav>"
        f'<a href="/">Home</a></nav></header><article><p>Ad</p><h1>The best kettles, tested {number}</h1><p>We earn a commission '
        f'if you buy through links on this page.</p>{parts}</article><div class="bar">We use cookies.</div></body></html>'
    )


def static(pages: list[str]) -> list[float]:
    return [seconds for page in pages for seconds in _timed(lambda page=page: check(page, PROFILES))]


def rendered(pages: list[str]) -> list[float]:
    def look(page: str) -> None:
        with chromium.text(page) as opened:
            check(opened.html, PROFILES, screens=opened.screens)

    with Chromium() as chromium:
        look(pages[0])
        return [seconds for page in pages for seconds in _timed(lambda page=page: look(page))]


async def bare(pages: list[str], folder: Path) -> list[float]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_chromium(), args=flags())
        took = []
        for page in pages:
            (folder / "page.html").write_text(page, encoding="utf-8")
            began = time.perf_counter()
            await asyncio.gather(*(_load(browser, size, folder / "page.html") for size in WINDOWS))
            took.append(time.perf_counter() - began)
        await browser.close()
        return took


async def _load(browser: Browser, size: tuple[int, int], file: Path) -> None:
    context = await browser.new_context(viewport={"width": size[0], "height": size[1]}, offline=True)
    page = await context.new_page()
    await page.goto(file.as_uri(), wait_until="load")
    await context.close()


def _timed(work: "object") -> Iterator[float]:
    began = time.perf_counter()
    work()  # type: ignore[operator]
    yield time.perf_counter() - began


def told(took: list[float]) -> dict[str, float]:
    return {
        "seconds": round(sum(took), 2),
        "median_ms": round(statistics.median(took) * 1000, 1),
        "longest_ms": round(max(took) * 1000, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--static", type=int, default=1000)
    parser.add_argument("--rendered", type=int, default=50)
    asked = parser.parse_args()
    node = node_of_its_own()
    if node:
        import os

        os.environ["PLAYWRIGHT_NODEJS_PATH"] = node
    in_windows = [article(number) for number in range(asked.rendered)]
    with tempfile.TemporaryDirectory() as folder:
        loads = asyncio.run(bare(in_windows, Path(folder)))
    looks = rendered(in_windows)
    found = {
        "static": told(static([article(number) for number in range(asked.static)])),
        "rendered, both windows": told(looks),
        "bare load, both windows": told(loads),
        "rendered to bare": round(statistics.median(looks) / statistics.median(loads), 2),
    }
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
