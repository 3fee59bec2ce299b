"""The node-local link table: what every path answers, readable with the database stopped.

One LMDB environment, shared by the processes of a node, keyed by (host, path). Hosts are lower case without port; the
host `*` answers wherever no table host does (127.0.0.1, a new domain). Paths are percent-decoded text.

`paths` holds the entries under their exact path; `folded` leads from the path in lower case without a trailing slash
to the exact ones, so that tolerance costs nothing where the path was right.
"""

import contextlib
import os
import time
from collections.abc import Iterable, Iterator
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote
from weakref import WeakValueDictionary
from zlib import crc32

import lmdb

from affiliate.errors import AffiliateError
from affiliate.ids import is_placement_token

ANY_HOST = "*"

_FORMAT = 1
_MAP_BYTES = 32 << 30  # address space, not disk: a million links take 0.3 GB, and a map that never grows never resizes
_LONGEST_KEY = 511  # LMDB's own limit; longer keys end in a hash
_LOOK_EVERY = 0.1  # seconds between two looks at whether another process wrote
_REMEMBERED = 16_384  # found paths a process keeps; worst case (2,000-character paths) about 60 MB
_PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))  # everything that may stand in a Location as it is

Change = tuple[str, str, "Entry | None"]


class TableDamaged(AffiliateError):
    """The link table's file is not a readable table; it can be recreated and rebuilt from the database."""

    def __init__(self, folder: Path, reason: str) -> None:
        self.folder = folder
        super().__init__(f"The link table in {folder} is damaged ({reason}); it has to be rebuilt from the database.")


class Entry(NamedTuple):
    """What a path answers: Location is `before`, the sub-id if `has_slot`, and `after`.

    `token` is the link's default placement. A `reason` (retired, expired, direct) says why this is not the link's
    own deep link; with nothing before and after it, the reader gets the 404 page.
    """

    link_id: int
    token: str
    before: str
    after: str
    has_slot: bool
    reason: str = ""


class Found(NamedTuple):
    """An entry and the placement token that the path carried, or "" for bare use."""

    entry: Entry
    token: str


_environments: WeakValueDictionary[tuple[int, int, int], Any] = WeakValueDictionary()


class LinkTable:
    """The link table in a folder, made on first use.

    Safe in many threads and after a fork: a process opens its own environment. What another process wrote is seen
    within a tenth of a second. Methods raise TableDamaged where the file is unreadable.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file = folder / "links.mdb"
        self._environment: Any = None
        self._pid = 0
        self._look_at = 0.0
        self._state: tuple[int, int] = (0, 0)
        self._remembered = lru_cache(_REMEMBERED)(self._search)

    def get(self, host: str, path: str) -> Entry | None:
        """The entry of a path: exact, else with or without its trailing slash, else in another case; of this host,
        else of `*`."""
        with self._reading() as transaction:
            return self._entry(transaction, host, path) or self._entry(transaction, ANY_HOST, path)

    def find(self, host: str, path: str) -> Found | None:
        """What a request's path means: the whole path first, exactly; then without a last segment that is `-` and a
        valid placement token; then the whole path tolerantly. The answer may be a tenth of a second old."""
        self._look()
        return self._remembered(host, path)

    def apply(self, changes: Iterable[Change], *, checkpoint: int | None = None) -> None:
        """Puts or removes (None) paths, and remembers how far the caller's outbox is applied, all in one write that
        is on disk before this returns."""
        with self._writing() as transaction:
            for host, path, entry in changes:
                _put(transaction, self._databases, host, path, entry)
            _set_checkpoint(transaction, self._databases, checkpoint)

    def replace(self, entries: Iterable[tuple[str, str, Entry]], *, checkpoint: int | None = None) -> None:
        """Swaps the whole table in one write: a reader sees the old one or the new one."""
        with self._writing() as transaction:
            for database in self._databases:
                transaction.drop(database, delete=False)
            for host, path, entry in entries:
                _put(transaction, self._databases, host, path, entry)
            _set_checkpoint(transaction, self._databases, checkpoint)

    def checkpoint(self) -> int | None:
        """The number given to the last `apply` or `replace`; None for a table that has to be rebuilt."""
        with self._reading() as transaction:
            stored = transaction.get(b"checkpoint", db=self._databases[2])
        return int(stored) if stored is not None else None

    def count(self) -> int:
        """How many paths answer."""
        with self._reading() as transaction:
            return int(transaction.stat(self._databases[0])["entries"])

    def has_host(self, host: str) -> bool:
        """Whether any path answers on exactly this host."""
        start = _key(host, "")
        with self._reading() as transaction, transaction.cursor(self._databases[0]) as cursor:
            return bool(cursor.set_range(start)) and cursor.key().startswith(start)

    def recreate(self) -> None:
        """Sets a damaged table aside as `links.mdb.damaged` and begins an empty one, which other processes open within
        a tenth of a second."""
        self.close()
        with contextlib.suppress(FileNotFoundError):
            self._file.replace(self._file.with_suffix(".mdb.damaged"))
        self._file.with_suffix(".mdb-lock").unlink(missing_ok=True)
        self._open()

    def close(self) -> None:
        """Lets go of the environment; the next use opens it again."""
        self._environment = None
        self._pid = 0
        self._remembered.cache_clear()

    def _search(self, host: str, path: str) -> Found | None:
        with self._reading() as transaction:
            return self._search_host(transaction, host, path) or self._search_host(transaction, ANY_HOST, path)

    def _search_host(self, transaction: Any, host: str, path: str) -> Found | None:
        if exact := self._exact(transaction, _key(host, path)):
            return Found(exact, "")
        rest, _, last = path.rstrip("/").rpartition("/")
        token = last[1:].lower()
        if last.startswith("-") and is_placement_token(token) and (entry := self._entry(transaction, host, rest)):
            return Found(entry, token)
        tolerant = self._entry(transaction, host, path)
        return Found(tolerant, "") if tolerant else None

    def _entry(self, transaction: Any, host: str, path: str) -> Entry | None:
        other_slash = path[:-1] if path.endswith("/") else path + "/"
        for exact in (path, other_slash):
            if entry := self._exact(transaction, _key(host, exact)):
                return entry
        key = transaction.get(_key(host, _fold(path)), db=self._databases[1])
        return self._exact(transaction, key) if key is not None else None

    def _exact(self, transaction: Any, key: bytes) -> Entry | None:
        value = transaction.get(key, db=self._databases[0])
        return _decode(value, self.folder) if value is not None else None

    def _look(self) -> None:
        """Notices, now and then, another process's writes (LMDB numbers them) and a file that was set aside."""
        if os.getpid() == self._pid and time.monotonic() < self._look_at:
            return
        self._look_at = time.monotonic() + _LOOK_EVERY
        try:
            inode = self._file.stat().st_ino
        except FileNotFoundError:
            inode = 0
        if os.getpid() != self._pid or inode != self._state[0]:
            self._open()
        state = (self._state[0], int(self._environment.info()["last_txnid"]))
        if state != self._state:
            self._state = state
            self._remembered.cache_clear()

    def _open(self) -> None:
        self.close()
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            status = self._file.stat()
        except FileNotFoundError:
            status = None
        shared = _environments.get((os.getpid(), status.st_dev, status.st_ino)) if status else None
        try:
            self._environment = shared or _open_environment(self._file)
            self._databases = tuple(
                self._environment.open_db(name, dupsort=name == b"folded") for name in (b"paths", b"folded", b"meta")
            )
            with self._environment.begin() as transaction:
                version = transaction.get(b"format", db=self._databases[2])
            if version is None:
                with self._environment.begin(write=True) as transaction:
                    transaction.put(b"format", b"%d" % _FORMAT, db=self._databases[2])
        except lmdb.Error as problem:
            self._environment = None
            raise TableDamaged(self.folder, str(problem)) from problem
        if version not in (None, b"%d" % _FORMAT):
            self._environment = None
            raise TableDamaged(self.folder, f"format {version.decode(errors='replace')} is not {_FORMAT}")
        status = self._file.stat()
        _environments[os.getpid(), status.st_dev, status.st_ino] = self._environment
        self._state = (status.st_ino, -1)
        self._pid = os.getpid()

    @contextlib.contextmanager
    def _reading(self) -> Iterator[Any]:
        self._look()
        try:
            try:
                transaction = self._environment.begin()
            except lmdb.MapResizedError:
                self._environment.set_mapsize(0)  # adopt the size that the other process chose
                transaction = self._environment.begin()
            with transaction:
                yield transaction
        except lmdb.Error as problem:
            raise TableDamaged(self.folder, str(problem)) from problem

    @contextlib.contextmanager
    def _writing(self) -> Iterator[Any]:
        self._look_at = 0.0
        self._look()
        try:
            self._environment.reader_check()  # a reader killed with -9 leaves its slot, and pages, behind
            with self._environment.begin(write=True) as transaction:
                yield transaction
        except lmdb.Error as problem:
            raise TableDamaged(self.folder, str(problem)) from problem
        self._look_at = 0.0


def header_safe(url: str) -> str:
    """The URL as it stands in a Location: printable ASCII byte for byte, everything else percent-encoded as UTF-8."""
    return url if url.isascii() and url.isprintable() and " " not in url else quote(url, safe=_PRINTABLE)


def _open_environment(file: Path) -> Any:
    environment = lmdb.open(
        str(file), subdir=False, map_size=_MAP_BYTES, max_dbs=4, max_readers=1024, metasync=True, sync=True
    )
    info, page = environment.info(), environment.stat()["psize"]
    if file.stat().st_size < (info["last_pgno"] + 1) * page:  # reading past the end would kill the process
        raise lmdb.CorruptedError("the file was cut")
    return environment


def _key(host: str, path: str) -> bytes:
    key = f"{host}\0{path}".encode("utf-8", "surrogatepass")
    if len(key) <= _LONGEST_KEY:
        return key
    return key[: _LONGEST_KEY - 33] + b"\0" + blake2b(key, digest_size=32).digest()


def _fold(path: str) -> str:
    return path.rstrip("/").lower()


def _encode(entry: Entry) -> bytes:
    """Format 1: version byte, CRC-32 of the rest, then the fields as UTF-8 with NUL between."""
    slot = "1" if entry.has_slot else ""
    fields = (str(entry.link_id), entry.token, header_safe(entry.before), header_safe(entry.after), slot, entry.reason)
    text = "\0".join(fields).encode()
    return bytes([_FORMAT]) + crc32(text).to_bytes(4, "little") + text


def _decode(value: bytes, folder: Path) -> Entry:
    text = value[5:]
    if value[0] != _FORMAT or crc32(text) != int.from_bytes(value[1:5], "little"):
        raise TableDamaged(folder, "an entry's checksum is wrong")
    link_id, token, before, after, slot, reason = text.decode().split("\0")
    return Entry(int(link_id), token, before, after, bool(slot), reason)


def _put(transaction: Any, databases: tuple[Any, ...], host: str, path: str, entry: Entry | None) -> None:
    key, folded = _key(host, path), _key(host, _fold(path))
    if entry is None:
        transaction.delete(key, db=databases[0])
        transaction.delete(folded, key, db=databases[1])
    else:
        transaction.put(key, _encode(entry), db=databases[0])
        transaction.put(folded, key, db=databases[1], dupdata=False)


def _set_checkpoint(transaction: Any, databases: tuple[Any, ...], checkpoint: int | None) -> None:
    transaction.put(b"format", b"%d" % _FORMAT, db=databases[2])
    if checkpoint is not None:
        transaction.put(b"checkpoint", b"%d" % checkpoint, db=databases[2])
