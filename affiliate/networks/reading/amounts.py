"""Amounts as people and spreadsheets write them."""

import re
from collections.abc import Iterable
from functools import cache, lru_cache

_SYMBOLS = "$£€¥ \u00a0\u202f"
ANY_MARK = "*"
_USUAL = re.compile(r"-?[0-9]+\.[0-9]{1,2}", re.ASCII)  # nearly all amounts: told at a glance


def plain_amount(text: str, decimal: str) -> str | None:
    """An amount as spreadsheets write it as a plain decimal: currency signs, proper thousands marks and accounting
    brackets taken off. None for what does not fit the decimal mark, so that it is refused and not misread: "1,5" is no
    amount where the mark is a point."""
    bare = text.strip(_SYMBOLS)
    sign = ""
    if bare.startswith("(") and bare.endswith(")"):
        sign, bare = "-", bare[1:-1].strip(_SYMBOLS)
    elif bare[:1] in ("-", "+", "−"):
        sign, bare = "-" if bare[0] != "+" else "", bare[1:].strip(_SYMBOLS)
    found = _amount(decimal).fullmatch(bare)
    if not found:
        return None
    whole = "".join(filter(str.isdecimal, found.group(1)))
    return f"{sign}{whole}.{found.group(2) or '0'}"


@cache
def _amount(decimal: str) -> re.Pattern[str]:
    thousands = "," if decimal == "." else "."
    grouped = (
        rf"[1-9][0-9]{{0,2}}(?:[{re.escape(thousands)} '’\u00a0\u202f][0-9]{{3}})+|[0-9]+"  # no thousand begins with 0
    )
    return re.compile(rf"({grouped})(?:{re.escape(decimal)}([0-9]+))?")


def marks_of(text: str) -> str:
    """The decimal marks with which a text is an amount, as one text: "." or "," where only one is possible, ".," where
    both are and the amount is another with each ("1.000"), ANY_MARK where the mark makes no difference ("12"), "" where it is
    no amount at all."""
    return "." if _USUAL.fullmatch(text) else _marks_of(text)


@lru_cache(maxsize=20_000)  # prices come again
def _marks_of(text: str) -> str:
    point, comma = plain_amount(text, "."), plain_amount(text, ",")
    if point == comma:
        return ANY_MARK if point is not None else ""
    return ("." if point is not None else "") + ("," if comma is not None else "")


def decimal_marks(texts: Iterable[str]) -> frozenset[str]:
    """What the decimal mark may be, as far as these amounts tell: both marks where nothing tells ("1,250", "12"), none where
    they contradict each other ("1.50" beside "1,50"). What is no amount tells nothing."""
    possible = {".", ","}
    for text in texts:
        if len(proven := marks_of(text)) == 1 and proven in ".,":
            possible &= {proven}
    return frozenset(possible)
