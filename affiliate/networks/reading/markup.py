"""XML: the repeated element of a document, one at a time."""

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import BinaryIO
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from affiliate.errors import UnreadableFile
from affiliate.networks.reading.table import FILE, XML, Knows, Record, Shape, Table

_LOOKED_AT = 5_000  # elements by which the repeated one is found
_DEEPEST = 50
_DEEPEST_READ = 500  # elements in one another; beyond, it is no report but takes gigabytes


def read_markup(file: BinaryIO, knows: Knows | None, element: str | None = None) -> Table:
    """Cuts an XML document into its repeated elements: those of the name given, or found by their columns. Columns are the
    names of what is inside, joined by dots; attributes begin with @. Entities are refused, whatever they would become."""
    element = element or _repeated(file, knows)
    if element is None:
        raise UnreadableFile(FILE, "no element in it holds the fields of a row.")
    columns = dict.fromkeys(name for record in islice(_elements(file, element), 100) for name in record)
    records: Iterator[Record] = ((number, {**row}) for number, row in enumerate(_elements(file, element), start=1))
    return Table(Shape(XML, place=element), tuple(columns), records)


def _repeated(file: BinaryIO, knows: Knows | None) -> str | None:
    """The name of the element that holds rows: of those with fields inside, the one that shows most of the known columns,
    then the one that is there most often, then the one with most fields."""
    times: Counter[str] = Counter()
    columns: dict[str, dict[str, None]] = {}
    for _, element in islice(_events(file, "end"), _LOOKED_AT):
        fields = [_name(inner) for inner in element if not len(inner)]
        if fields or (element.attrib and not (element.text or "").strip()):
            name = _name(element)
            times[name] += 1
            seen = columns.setdefault(name, {})
            if times[name] <= 100:
                seen.update(dict.fromkeys(_flat(element)))
    if not times:
        return None
    return max(times, key=lambda name: (knows(tuple(columns[name])) if knows else 0, times[name], len(columns[name])))


def _events(file: BinaryIO, *which: str) -> Iterator[tuple[str, Element]]:
    file.seek(0)
    try:
        depth = 0
        for event, element in iterparse(file, events=("start", "end"), forbid_entities=True, forbid_external=True):
            depth += 1 if event == "start" else -1
            if depth > _DEEPEST_READ:
                raise UnreadableFile(FILE, f"its elements stand in one another more than {_DEEPEST_READ} deep.")
            if event in which:
                yield event, element
    except ParseError as problem:
        raise UnreadableFile(FILE, f"it is no whole XML ({problem}).") from problem
    except DefusedXmlException as problem:
        raise UnreadableFile(FILE, "it defines entities of its own, which no report does.") from problem
    except (ValueError, LookupError) as problem:
        raise UnreadableFile(FILE, f"it cannot be read as XML ({problem}).") from problem


def _elements(file: BinaryIO, wanted: str) -> Iterator[dict[str, object]]:
    """The fields of each element of this name; what was read is let go, so that memory stays that of one row."""
    around: list[Element] = []
    inside = 0
    for event, element in _events(file, "start", "end"):
        is_wanted = _name(element) == wanted
        if event == "start":
            around.append(element)
            inside += is_wanted
            continue
        around.pop()
        inside -= is_wanted
        if is_wanted and not inside:
            yield _flat(element)
        if not inside and around:
            around[-1].remove(element)


def _flat(element: Element) -> dict[str, object]:
    record: dict[str, object] = {}
    for name, text in _fields(element, "", 0):
        number, key = 1, name
        while key in record:
            number += 1
            key = f"{name} ({number})"
        record[key] = text
    return record


def _fields(element: Element, path: str, depth: int) -> Iterator[tuple[str, str | None]]:
    """The texts below an element, each under the path of names to it."""
    if depth > _DEEPEST:
        raise UnreadableFile(FILE, "it is nested deeper than any report.")
    for name, value in element.attrib.items():
        yield f"{path}@{_local(name)}", value.strip() or None
    for inner in element:
        below = f"{path}{_name(inner)}"
        if len(inner) or inner.attrib:
            yield from _fields(inner, f"{below}.", depth + 1)
        if not len(inner):
            yield below, (inner.text or "").strip() or None


def _name(element: Element) -> str:
    return _local(str(element.tag))


def _local(name: str) -> str:
    return name.rpartition("}")[2]
