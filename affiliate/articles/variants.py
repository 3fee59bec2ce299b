"""The forms in which an article reaches its readers: each carries the disclosure in full, none relies on another."""

from affiliate.errors import InvalidInput

WEB, AMP, FEED, NEWSLETTER, APP = VARIANTS = ("web", "amp", "feed", "newsletter", "app")
# The short text of a feed's item that has a full one beside it: readers see either of them.
SUMMARY = "feed-summary"

# AMP's rules allow no `ping` on links, and mail programs and apps do not send one.
PINGING = frozenset({WEB})
# Read elsewhere than on the site, where a relative address leads nowhere.
AWAY = frozenset({FEED, SUMMARY, NEWSLETTER, APP})


def checked_variant(name: str) -> str:
    """InvalidInput for another one, naming those that there are."""
    if name not in VARIANTS:
        raise InvalidInput(f"{name!r} is no variant of an article; there are {', '.join(VARIANTS)}.")
    return name


def placement_kind(variant: str) -> str:
    """What placements of a variant are called: those of the page are the article's."""
    return "article" if variant == WEB else variant
