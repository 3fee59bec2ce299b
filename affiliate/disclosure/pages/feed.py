"""The items of an RSS or Atom feed, each as the page that a feed reader makes of it: its title and its content."""

from collections.abc import Iterator
from html import escape
from xml.etree import ElementTree as ET

from affiliate.errors import InvalidDocument

_ITEMS = frozenset({"item", "entry"})
_CONTENTS = ("encoded", "content", "description", "summary")


def items(xml: str) -> tuple[str, ...]:
    """The items' HTML in their order, the title of each as its `<h1>`. InvalidDocument for what is no well-formed feed or
    has a document type, in which entities could be made up."""
    if "<!DOCTYPE" in xml or "<!ENTITY" in xml:
        raise InvalidDocument("The feed has a document type; feeds need none, and it is not read.")
    try:
        root = ET.fromstring(xml.removeprefix("\ufeff").lstrip())  # noqa: S314 - no entities: see above
    except ET.ParseError as problem:
        raise InvalidDocument(f"The feed is not well-formed XML: {problem}.") from problem
    return tuple(_html(element) for element in root.iter() if _name(element) in _ITEMS)


def _html(item: ET.Element) -> str:
    parts = {name: element for element in reversed(item) if (name := _name(element))}
    address = _address(item)
    title = _markup(parts["title"]) if "title" in parts else ""
    if address:
        title = f'<a href="{escape(address)}">{title}</a>'
    contents = (_markup(parts[name]) for name in _CONTENTS if name in parts)
    return f"<h1>{title}</h1>{next((content for content in contents if content.strip()), '')}"


def _address(item: ET.Element) -> str:
    """Where the title leads: RSS has it as text, Atom as an attribute."""
    links = [element for element in item if _name(element) == "link" and element.get("rel", "alternate") == "alternate"]
    return next((address for link in links if (address := (link.text or link.get("href") or "").strip())), "")


def _markup(element: ET.Element) -> str:
    """HTML that is written as text, or elements of XHTML."""
    return (element.text or "") + "".join(_xhtml(element))


def _xhtml(element: ET.Element) -> Iterator[str]:
    """What elements of XHTML stand in an element, as HTML. Without recursion: they stand in one another as deep as they like."""
    waiting: list[ET.Element | str] = list(reversed(element))
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            yield each
            continue
        attributes = "".join(f' {name.rpartition("}")[2]}="{escape(value)}"' for name, value in each.items())
        yield f"<{_name(each)}{attributes}>{escape(each.text or '')}"
        waiting.append(f"</{_name(each)}>{escape(each.tail or '')}")
        waiting.extend(reversed(each))


def _name(element: ET.Element) -> str:
    """Without its namespace, of which feeds use many."""
    return element.tag.rpartition("}")[2]
