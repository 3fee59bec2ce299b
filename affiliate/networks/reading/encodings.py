"""In which encoding a text file is written, found by looking at its bytes."""

import codecs
from typing import BinaryIO

from affiliate.errors import UnreadableFile

_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_PIECE = 1 << 16  # bytes looked at in one go
_NOT_IN_CP1252 = bytes([0x81, 0x8D, 0x8F, 0x90, 0x9D])


def found_encoding(file: BinaryIO) -> str:
    """UTF-8 if the whole file is UTF-8, UTF-16 by its mark or its zeros, else cp1252, or latin-1 where bytes stand that
    cp1252 does not know. UnreadableFile for what is no text. The file is read through once and left at its beginning."""
    file.seek(0)
    beginning = file.read(4096)
    file.seek(0)
    for mark, encoding in _BOMS:
        if beginning.startswith(mark):
            return encoding
    if (zeros := beginning.count(0)) > len(beginning) // 4:
        in_front = beginning[::2].count(0)
        return "utf-16-be" if in_front > zeros // 2 else "utf-16-le"
    try:
        return _single_bytes_or_utf8(file)
    finally:
        file.seek(0)


def _single_bytes_or_utf8(file: BinaryIO) -> str:
    utf8 = codecs.getincrementaldecoder("utf-8")()
    encoding = "utf-8"
    while piece := file.read(_PIECE):
        if b"\x00" in piece:
            raise UnreadableFile("The file", "it is no text; a spreadsheet must be saved as XLSX or CSV first.")
        if encoding == "utf-8" and not _goes_on(utf8, piece):
            encoding = "cp1252"
        if encoding == "cp1252" and any(byte in piece for byte in _NOT_IN_CP1252):
            return "latin-1"
    return encoding if encoding != "utf-8" or _goes_on(utf8, b"", final=True) else "cp1252"


def _goes_on(decoder: codecs.IncrementalDecoder, piece: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(piece, final)
    except UnicodeDecodeError:
        return False
    return True
