"""A small number for each of many transactions, by their ids."""

import zlib
from array import array
from collections.abc import Iterator
from typing import Literal, Self

_PAGE_BITS = 8  # ids that are booked together lie side by side: a million of them fill 4,000 pages
_PAGE = 1 << _PAGE_BITS
_WITHIN = _PAGE - 1


class Marks:
    """0 where nothing was marked. `width` is B for numbers up to 255 (a million ids take about 2 MB), I for those of 32
    bits (5 MB); a dict would take 150."""

    def __init__(self, width: Literal["B", "I"]) -> None:
        self._width = width
        self._empty = array(width, bytes(_PAGE * array(width).itemsize))
        self._pages: dict[int, array[int]] = {}

    def __getitem__(self, number: int) -> int:
        page = self._pages.get(number >> _PAGE_BITS)
        return page[number & _WITHIN] if page else 0

    def __setitem__(self, number: int, mark: int) -> None:
        page = self._pages.get(number >> _PAGE_BITS)
        if page is None:
            page = self._pages[number >> _PAGE_BITS] = self._empty[:]
        page[number & _WITHIN] = mark

    def __bool__(self) -> bool:
        return bool(self._pages)

    def items(self) -> Iterator[tuple[int, int]]:
        """(id, mark) of all that are marked, in the order of the ids."""
        for number in sorted(self._pages):
            for place, mark in enumerate(self._pages[number]):
                if mark:
                    yield number * _PAGE + place, mark

    def packed(self) -> bytes:
        """For keeping; only of width B, whose bytes mean the same on every machine."""
        pages = (number.to_bytes(8, "big") + self._pages[number].tobytes() for number in sorted(self._pages))
        return zlib.compress(b"".join(pages), 1)

    @classmethod
    def unpacked(cls, kept: bytes) -> Self:
        marks = cls("B")
        pages = zlib.decompress(kept)
        for start in range(0, len(pages), 8 + _PAGE):
            marks._pages[int.from_bytes(pages[start : start + 8], "big")] = array(
                "B", pages[start + 8 : start + 8 + _PAGE]
            )
        return marks
