"""What reading a page costs, by the shape of the page: CPU seconds for a megabyte, and how they grow when it doubles.

Run it: `python bench/shapes.py [CHARACTERS]`. Printed are the five dearest shapes of each stage; more than 2.6 is marked.
"""

import sys
import time
from collections.abc import Callable
from contextlib import suppress

from affiliate.errors import InvalidDocument
from tests.pages.shapes import SHAPES, sized
from tests.pages.test_growth import MOST_GROWTH, STAGES

CHARACTERS = 300_000
DEAREST = 5
_LEAST = 0.05  # CPU seconds: what takes less is not compared


def seconds(stage: Callable[[str], None], html: str) -> float:
    began = time.process_time()
    with suppress(InvalidDocument):
        stage(html)
    return time.process_time() - began


def main() -> None:
    characters = int(sys.argv[1]) if len(sys.argv) > 1 else CHARACTERS
    for stage in STAGES:
        stage(sized(SHAPES["links"], 1000))  # patterns and packs are read once
        print(f"{stage.__name__}, {characters:,} characters:")
        costs = []
        for name, shape in SHAPES.items():
            whole, half = (sized(shape, size) for size in (characters, characters // 2))
            before, after = seconds(stage, half), seconds(stage, whole)
            costs.append((after / len(whole) * 1e6, after / before if before > _LEAST else 0.0, name))
        for cost, growth, name in sorted(costs, reverse=True)[:DEAREST]:
            mark = "  grows faster than the page" if growth > MOST_GROWTH else ""
            print(f"  {cost:6.2f} s/MB, twice as long: {growth:.1f} times  {name}{mark}")


if __name__ == "__main__":
    main()
