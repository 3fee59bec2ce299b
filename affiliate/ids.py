"""Tokens that travel through other people's systems.

A placement token is `a`, ten random characters of base 36 and one check character, in lower case: twelve characters
that survive lower-casing and fit every documented sub-id limit (the smallest seen is 32). A click-unique sub-id is the
placement token and sixteen more random characters. A text that was not made by us does not decode: the check character
catches every single wrong character and nearly every swap of neighbours.
"""

import re
import secrets

ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
PLACEMENT_LENGTH = 12

_VALUE = {character: value for value, character in enumerate(ALPHABET)}
_DOUBLED = {character: sum(divmod(2 * value, 36)) for character, value in _VALUE.items()}
_CANDIDATE = re.compile(r"a[0-9a-z]{11}(?:[0-9a-z]{16})?")


def _check_character(body: str) -> str:
    """Luhn's algorithm over base 36 (ISO/IEC 7812-1, annex B, with 36 for 10). Every second redirect asks."""
    total = sum(map(_DOUBLED.__getitem__, body[::-2])) + sum(map(_VALUE.__getitem__, body[-2::-2]))
    return ALPHABET[-total % 36]


def random_characters(count: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(count))


def new_placement_token() -> str:
    body = "a" + random_characters(PLACEMENT_LENGTH - 2)
    return body + _check_character(body)


def is_placement_token(text: str) -> bool:
    """Whether this exact text has the form and the check character of a placement token (existence is another matter)."""
    if len(text) != PLACEMENT_LENGTH or text[0] != "a":
        return False
    try:
        return _check_character(text[:-1]) == text[-1]
    except KeyError:
        return False


def placement_of_sub_id(sub_id: str | None) -> str | None:
    """The placement token that a sub-id from a network's report carries, or None for a foreign one.

    Accepts what networks do to it: upper case, and our token standing behind somebody else's with a `-`
    (`summer-a0123456789x`). Letters of other words around it never decode.
    """
    if not sub_id:
        return None
    for part in reversed(re.split(r"[^0-9a-z]+", sub_id.strip().lower())):
        if _CANDIDATE.fullmatch(part) and is_placement_token(part[:PLACEMENT_LENGTH]):
            return part[:PLACEMENT_LENGTH]
    return None
