"""Style, script and icon, under addresses that change with their content."""

import hashlib
from functools import lru_cache
from pathlib import Path

from flask import url_for

FOLDER = Path(__file__).parent / "static"


def static_url(path: str) -> str:
    """The address of a static file, with the version that lets browsers keep it for ever."""
    return url_for("static", filename=path, v=version_of(path))


def version_of(path: str) -> str:
    """Ten hex digits of the content's SHA-256; empty if there is no such file."""
    file = FOLDER / path
    try:
        return _digest(file, file.stat().st_mtime_ns)
    except OSError:
        return ""


@lru_cache(maxsize=64)
def _digest(file: Path, _changed: int) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:10]
