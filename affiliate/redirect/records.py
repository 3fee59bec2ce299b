"""What the journal keeps of a click, and how it stands in a segment.

A record is a mark, the length of the body and its CRC-32, then the body: time, visitor, and the *shape*, which is
everything that many clicks have in common (link, flags, texts). The loader meets few shapes and many clicks, so a shape
can be looked up as the bytes it is, without being read again.
"""

import struct
from typing import NamedTuple
from zlib import crc32

# What the hop saw. Bits are never reused: journals of an older version may still lie there.
GPC = 1
DNT = 2
PREFETCH = 4
TOKEN_IN_PATH = 8
INTERNAL = 16
BEACON = 32
IMPLAUSIBLE = 64

MARK = b"\xffck\xfe"  # 0xff and 0xfe never occur in UTF-8, so no text inside a record looks like a mark
FRAME = struct.Struct("<4sII")  # mark, length of the body, its CRC-32
MOMENT = struct.Struct("<qq")  # time (ms), visitor
_SHAPE = struct.Struct("<qH")  # link, flags
_TEXTS = 7
# characters of token, country, user agent, referrer host, path, host, reason
_LIMITS = (12, 2, 512, 255, 1000, 255, 40)
LARGEST_BODY = MOMENT.size + _SHAPE.size + 4 * sum(_LIMITS) + _TEXTS


class ClickRecord(NamedTuple):
    """One answered GET, or one beacon of a direct link. `time_ms` is UTC since 1970. `visitor` is the day's keyed hash as
    a signed 64-bit number, 0 where none may be made. Of the address there is nothing, of the referrer no query, and its
    path only where the referrer is ours."""

    time_ms: int
    visitor: int
    link_id: int
    flags: int
    token: str
    country: str
    user_agent: str
    referrer_host: str
    referrer_path: str
    host: str
    reason: str


class Journalled(NamedTuple):
    """A record as it was read: its shape is still bytes."""

    time_ms: int
    visitor: int
    shape: bytes

    def parts(self) -> "Parts | None":
        """The shape taken apart; None if it is none, although its checksum was right."""
        texts = self.shape[_SHAPE.size :].split(b"\0")
        if len(texts) != _TEXTS:
            return None
        return (*_SHAPE.unpack_from(self.shape), *texts)

    def record(self) -> ClickRecord:
        """ValueError if the shape is none, although its checksum was right."""
        parts = self.parts()
        if parts is None:
            raise ValueError("the body is no click")
        return ClickRecord(
            self.time_ms, self.visitor, parts[0], parts[1], *(text.decode("utf-8", "replace") for text in parts[2:])
        )

    def framed(self) -> bytes:
        return _framed(MOMENT.pack(self.time_ms, self.visitor) + self.shape)


# link, flags, and as UTF-8: token, country, user agent, referrer host, referrer path, host, reason
Parts = tuple[int, int, bytes, bytes, bytes, bytes, bytes, bytes, bytes]


def frame(click: ClickRecord) -> bytes:
    """A record as it stands in a segment. Texts are cut to their limits, and NUL, which stands between them, is left
    out."""
    texts = "\0".join(click[4:])
    if len(texts) > 255 or texts.count("\0") != _TEXTS - 1:
        texts = "\0".join(text[:limit].replace("\0", "") for text, limit in zip(click[4:], _LIMITS, strict=True))
    return _framed(MOMENT.pack(*click[:2]) + _SHAPE.pack(*click[2:4]) + texts.encode("utf-8", "replace"))


def _framed(body: bytes) -> bytes:
    return FRAME.pack(MARK, len(body), crc32(body)) + body
