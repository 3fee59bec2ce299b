"""Amounts as people and spreadsheets write them."""

import re
from collections.abc import Iterable
from functools import cache

_SYMBOLS = "$£€¥ \u00a0\u202f"
_POINT_OR_COMMA = re.compile(r"[.,]")
_TAIL = re.compile(r"([.,])([0-9]+)$")


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
    grouped = rf"[0-9]{{1,3}}(?:[{re.escape(thousands)} '’\u00a0\u202f][0-9]{{3}})+|[0-9]+"
    return re.compile(rf"({grouped})(?:{re.escape(decimal)}([0-9]+))?")


def decimal_marks(texts: Iterable[str]) -> frozenset[str]:
    """What the decimal mark may be, as far as these amounts tell: both marks where nothing tells ("1,250", "12"), none where
    they contradict each other ("1.50" beside "1,50")."""
    possible = {".", ","}
    for text in texts:
        bare = text.strip(_SYMBOLS).strip("()").strip(_SYMBOLS)
        marks = _POINT_OR_COMMA.findall(bare)
        tail = _TAIL.search(bare)
        if not marks or not tail:
            continue
        if len(set(marks)) == 2:
            possible &= {tail.group(1)}
        elif len(marks) == 1 and len(tail.group(2)) != 3:
            possible &= {marks[0]}
        elif len(marks) > 1:
            possible -= {marks[0]}
        elif bare.lstrip("-+−").startswith("0"):
            possible &= {marks[0]}  # 0,125: no thousand begins with a nought
    return frozenset(possible)
