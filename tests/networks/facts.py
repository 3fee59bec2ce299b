"""Links found in the wild, taken apart by hand: links.tsv, further_links.tsv and found_links.tsv, each row with its source."""

import csv
from pathlib import Path

from affiliate.networks.inspect import inspect

_FILES = [Path(__file__).parent / name for name in ("links.tsv", "further_links.tsv", "found_links.tsv")]


def real_links() -> list[dict[str, str]]:
    return [fact for file in _FILES for fact in _rows(file)]


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def misread(fact: dict[str, str]) -> dict[str, object]:
    """What inspect tells otherwise than the fact: {} where the link is read exactly. A sub-id stands as its value, or as
    name=value where it is not in the network's usual place."""
    told = inspect(fact["url"]).as_json()
    parts = {
        "network": fact["network"],
        "publisher_id": fact["publisher_id"] or None,
        "advertiser_id": fact["advertiser_id"] or None,
        "target_url": fact["destination"] or None,
    }
    wrong = {name: told[name] for name, right in parts.items() if told[name] != right}
    values, named = list(told["sub_ids"].values()), [f"{name}={value}" for name, value in told["sub_ids"].items()]
    right = [fact["subid"]] if fact["subid"] else []
    return wrong if right in (values, named) else wrong | {"sub_ids": told["sub_ids"]}
