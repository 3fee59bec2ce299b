"""Pages and pictures that records name by their SHA-256: kept once, in the database, so that several nodes have them and a
backup takes them along."""

import zlib
from datetime import datetime
from hashlib import sha256

from sqlalchemy.orm import Session

from affiliate.store.tables import EvidenceFile

HTML, JPEG = "text/html", "image/jpeg"
_ZLIB = "zlib"


class Damaged(Exception):
    """A kept file that cannot be unpacked to the size that is noted of it."""


def keep(session: Session, content: bytes, media_type: str, *, now: datetime) -> str:
    """Keeps a file unless it is kept already; its SHA-256. Called behind the chain's lock, so that two writers never keep
    the same file at once."""
    digest = sha256(content).hexdigest()
    if session.get(EvidenceFile, digest) is None:
        is_text = media_type.startswith("text/")
        session.add(
            EvidenceFile(
                sha256=digest,
                media_type=media_type,
                size=len(content),
                packing=_ZLIB if is_text else "",
                content=zlib.compress(content, 6) if is_text else content,
                added_at=now,
            )
        )
        session.flush()
    return digest


def unpacked(file: EvidenceFile) -> bytes:
    """The file as it was kept. Damaged if that cannot be had, however it was tampered with: no more is unpacked than its size
    says."""
    if file.packing != _ZLIB:
        return file.content
    unpacker = zlib.decompressobj()
    try:
        content = unpacker.decompress(file.content, file.size + 1)
    except zlib.error as problem:
        raise Damaged(str(problem)) from problem
    if len(content) != file.size or not unpacker.eof:
        raise Damaged(f"{len(content)} bytes where {file.size} are noted")
    return content
