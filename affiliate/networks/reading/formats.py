"""Which kind of table a file is: told by its first bytes, never by its name."""

from typing import BinaryIO

from affiliate.errors import UnreadableFile
from affiliate.networks.reading.delimited import read_delimited
from affiliate.networks.reading.markup import read_markup
from affiliate.networks.reading.objects import read_objects
from affiliate.networks.reading.table import FILE, Knows, Table

_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
_GZIP = b"\x1f\x8b"


def open_table(
    file: BinaryIO, knows: Knows | None = None, *, place: str | None = None, encoding: str | None = None
) -> Table:
    """The table in a file (which must be seekable). `knows` helps to find the header, the sheet and the list; `place` names
    the sheet, the JSON path or the XML element where looking is not enough, `encoding` that of a CSV. UnreadableFile for
    what is no table; its records, too, raise it where the file turns out to be cut off."""
    file.seek(0)
    beginning = file.read(4096)
    file.seek(0)
    if beginning.startswith(b"PK\x03\x04"):
        from affiliate.networks.reading.workbook import read_workbook  # openpyxl takes longer than all other formats

        return read_workbook(file, knows, place)
    if beginning.startswith(_OLD_EXCEL):
        raise UnreadableFile(FILE, "it is an .xls of old; save it as XLSX or CSV.")
    if beginning.startswith(_GZIP):
        raise UnreadableFile(FILE, "it is compressed; unpack it first.")
    text = beginning.removeprefix(b"\xef\xbb\xbf").removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff")
    start = text.replace(b"\x00", b"").lstrip()
    if start[:1] in (b"{", b"["):
        return read_objects(file, knows, place)
    if start[:14].lower().startswith((b"<html", b"<!doctype html")):
        raise UnreadableFile(FILE, "it is a web page; log in to the network and download the report itself.")
    if start[:1] == b"<":
        return read_markup(file, knows, place)
    return read_delimited(file, knows, encoding)
