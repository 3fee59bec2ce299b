"""What a file is called, as it is kept and shown. Never used as a path."""

import unicodedata

_LONGEST = 255  # characters; the end of a longer name is kept, where files differ
# Control and format characters (line breaks, NUL, what turns the direction of writing), halves of characters, separators of
# lines: in a list, a log or a terminal they would make one name look like another, or like further lines.
_UNSHOWN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def kept_name(name: str) -> str:
    """A name in one line, in the order in which it is written, at most 255 characters."""
    shown = (" " if unicodedata.category(character) in _UNSHOWN else character for character in name[-4 * _LONGEST :])
    return " ".join("".join(shown).split())[-_LONGEST:] or "(no name)"
