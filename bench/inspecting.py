"""How fast and how well are links taken apart? Our inspect beside urllib.parse, and the score by field over real links.

    python bench/inspecting.py [--seconds 2]

One process, links a second of CPU time, JSON included. The links are those of tests/networks, taken apart by hand: half of them
have a layer within a layer, and all of them a target that every network must say it does not know. The other set are
advertisers' pages, which is what an article has most of. The reference reads the parts of an address and of its query, which is the
least that anybody needs. (Not called inspect.py: that is a module of Python's own.)
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

sys.path.insert(0, str(Path(__file__).parents[1]))

from affiliate.networks.inspect import inspect
from tests.networks.facts import real_links

PAGES = [f"https://www.shop{number}.example/p/dress-{number}?colour=red&size=12" for number in range(100)]
FIELDS = ("network", "publisher_id", "advertiser_id", "sub_ids", "target_url")


def take_apart(url: str) -> None:
    inspect(url).as_json()


def read(url: str) -> None:
    parse_qsl(urlsplit(url).query)


def rate(work: Callable[[str], None], urls: Sequence[str], seconds: float) -> float:
    """Calls a second of CPU time."""
    done, began = 0, time.process_time()
    while (spent := time.process_time() - began) < seconds:
        for url in urls:
            work(url)
        done += len(urls)
    return done / spent


def score(facts: list[dict[str, str]]) -> dict[str, dict[str, int]]:
    """By field: read right (also: nothing, where there is nothing), wrong, missed, invented where there is nothing."""
    totals = {field: dict.fromkeys(("right", "wrong", "missed", "invented"), 0) for field in FIELDS}
    for fact in facts:
        told = inspect(fact["url"]).as_json()
        values = list(told["sub_ids"].values())
        named = [f"{name}={value}" for name, value in told["sub_ids"].items()]
        told["sub_ids"] = fact["subid"] if [fact["subid"]] in (values, named) else "&".join(values)
        wanted = {**fact, "sub_ids": fact["subid"], "target_url": fact["destination"]}
        for field in FIELDS:
            totals[field][_verdict(wanted[field] or None, told[field] or None)] += 1
    return totals


def _verdict(wanted: str | None, told: str | None) -> str:
    if wanted == told:
        return "right"
    return "invented" if wanted is None else "missed" if told is None else "wrong"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=2)
    seconds = parser.parse_args().seconds
    facts = real_links()
    sets = {"links": [fact["url"] for fact in facts], "pages": PAGES}
    speed = {}
    for name, urls in sets.items():
        ours, reference = rate(take_apart, urls, seconds), rate(read, urls, seconds)
        speed[name] = {"inspect": round(ours), "urllib.parse": round(reference), "ratio": round(ours / reference, 2)}
    print(json.dumps({"links": len(facts), "score": score(facts), "links_per_second": speed}, indent=2))


if __name__ == "__main__":
    main()
