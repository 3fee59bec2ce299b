"""The grammar of new slugs, and proposals for them. Paths last for ever, so this stays as it is."""

import re
import unicodedata
from collections.abc import Callable, Collection, Sequence
from urllib.parse import unquote

from affiliate.errors import InvalidSlug
from affiliate.urls import parse_web_url

PREFIX = "/go/"
LONGEST = 200
_SEGMENT = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_FILE_ENDING = re.compile(r"\.(?:html?|php|aspx?|jsp)$", re.IGNORECASE)
_NOT_WORDS = re.compile(r"[^a-z0-9]+")
_LONGEST_PROPOSAL = 60
_DOUBLINGS = 24  # numbers that are asked for at once: up to 16,777,216


def checked_slug(slug: str) -> str:
    """A slug as typed, with or without /go/ before it, checked: lower-case words joined by single hyphens, several
    segments allowed. InvalidSlug says what is wrong."""
    text = slug.strip().removeprefix(PREFIX).strip("/")
    if not text:
        raise InvalidSlug(slug, "it is empty.")
    if len(text) > LONGEST:
        raise InvalidSlug(slug, f"it is longer than {LONGEST} characters.")
    for segment in text.split("/"):
        if not _SEGMENT.fullmatch(segment):
            raise InvalidSlug(slug, "use lower-case letters and digits, words joined by single hyphens.")
    return text


def words(text: str) -> str:
    """The text as a slug's words: accents folded, everything else to single hyphens, cut at a word's end."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower().replace("'", "")
    joined = _NOT_WORDS.sub("-", plain).strip("-")
    if len(joined) <= _LONGEST_PROPOSAL:
        return joined
    return joined[: _LONGEST_PROPOSAL + 1].rpartition("-")[0] or joined[:_LONGEST_PROPOSAL]


def proposal(target_url: str, name: str | None = None) -> str:
    """A readable slug from the product's name, else from the last telling part of its address, else from its host."""
    if name and words(name):
        return words(name)
    parsed = parse_web_url(target_url)
    for segment in reversed(parsed.path.split("/")):
        candidate = words(_FILE_ENDING.sub("", unquote(segment)))
        if re.search(r"[a-z]{3}", candidate):
            return candidate
    return words(parsed.host.removeprefix("www.").partition(".")[0]) or "link"


def numbered(slug: str, number: int) -> str:
    return slug if number < 2 else f"{slug}-{number}"


def free_numbered(slug: str, taken: Callable[[Sequence[str]], Collection[str]]) -> str:
    """The slug, or it with a free number behind it: the first one, where numbers were given in their order. `taken` says which
    of some slugs are taken.

    Asks a few times for a few, however many are taken: sites have thousands of products whose addresses tell nothing.
    """
    numbers: Sequence[int] = [2**power for power in range(_DOUBLINGS)]
    while True:
        known = taken([numbered(slug, number) for number in numbers])
        free = next(at for at, number in enumerate(numbers) if numbered(slug, number) not in known)
        if free == 0 or numbers[free] - numbers[free - 1] == 1:
            return numbered(slug, numbers[free])
        last, high = numbers[free - 1], numbers[free]
        numbers = [*range(last, high, max(1, (high - last) // _DOUBLINGS)), high]
