"""Pictures of a page for people: its first window, and the place of its first paid link."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from affiliate.disclosure.browser.windows import Opened, Window
from affiliate.disclosure.pages.page import Page


def pictures(opened: Opened) -> Iterator[tuple[str, bytes]]:
    """For each window the name and the JPEG of its first screen ("360x740"), and of the first paid link that is seen
    further down ("360x740-link")."""
    for screen in opened.screens:
        yield screen.name, screen.picture()
        below = _first_link(screen)
        if below is not None:
            yield f"{screen.name}-link", screen.picture(below)


def _first_link(screen: Window) -> float | None:
    """Where to scroll to so that the first paid link stands in the middle; None if it is in the first window, or nowhere."""
    sight = Page(screen.html, screen=screen).sight
    heights = [look.y for _link, look in sight.shown_links] if sight else []
    if not heights or min(heights) < screen.height:
        return None
    return min(heights) - screen.height / 2


def keep(opened: Opened, name: str, folder: Path) -> list[Path]:
    """Writes them to a folder, which is made if need be; files of the same name are replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = _stem(name)
    paths = []
    for kind, content in pictures(opened):
        path = folder / f"{stem}-{kind}.jpg"
        path.write_bytes(content)
        paths.append(path)
    return paths


def _stem(name: str) -> str:
    """What a file or an address is called, as part of a file's name."""
    parts = urlsplit(name)
    said = f"{parts.hostname}{parts.path}" if parts.scheme in ("http", "https") else Path(name).stem
    return re.sub(r"[^\w.]+", "-", said).strip("-.")[:80] or "page"
