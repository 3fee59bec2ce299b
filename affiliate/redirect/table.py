"""The node-local link table: what every path answers, readable with the database stopped.

One LMDB environment, shared by the processes of a node, keyed by (host, path). Hosts are lower case without port; the
host `*` answers wherever no table host does (127.0.0.1, a new domain). Paths are percent-decoded text.

`paths` holds the entries under their exact path; `folded` leads from the path in lower case without a trailing slash
to the exact ones, so that tolerance costs nothing where the path was right.
"""

import contextlib
import os
import threading
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

_FORMAT = b"2"  # another one is rebuilt from the database
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
    """What a path answers: Location is `before`, the sub-id if `has_slot`, `refusal` if the reader asks not to be
    tracked, and `after`.

    `token` is the link's default placement. A `reason` (retired, expired, direct) says why this is not the link's
    own deep link; with nothing before and after it, the reader gets the 404 page. `refusal` is the network's own way of
    being told, "" where it has none. `referrer_policy` is the programme's, "" where it has none of its own.
    """

    link_id: int
    token: str
    before: str
    after: str
    has_slot: bool
    reason: str = ""
    refusal: str = ""
    referrer_policy: str = ""


class Found(NamedTuple):
    """An entry and the placement token that the path carried, or "" for bare use."""

    entry: Entry
    token: str


class _Opened:
    """One open environment. LMDB allows a process only one per file, so tables of the same folder share it."""

    def __init__(self, folder: Path, file: Path) -> None:
        environment = lmdb.open(str(file), subdir=False, map_size=_MAP_BYTES, max_dbs=4, max_readers=1024)
        info, page = environment.info(), environment.stat()["psize"]
        if file.stat().st_size < (info["last_pgno"] + 1) * page:  # reading past the end would kill the process
            raise lmdb.CorruptedError("the file was cut")
        self.environment = environment
        self.paths = environment.open_db(b"paths")
        self.folded = environment.open_db(b"folded", dupsort=True)
        self.meta = environment.open_db(b"meta")
        with environment.begin() as transaction:
            version = transaction.get(b"format", _FORMAT, db=self.meta)
        if version != _FORMAT:
            raise TableDamaged(folder, f"format {version.decode(errors='replace')} is not {_FORMAT.decode()}")

    def built(self) -> bool:
        with self.environment.begin() as transaction:
            return transaction.get(b"checkpoint", db=self.meta) is not None

    def last_write(self) -> int:
        return int(self.environment.info()["last_txnid"])


_shared: WeakValueDictionary[tuple[int, int], _Opened] = WeakValueDictionary()  # by device and inode


_generation = 0  # counts forks; cheaper than getpid(2) on every look-up
_opening = threading.RLock()  # the first requests of a worker come in several threads at once


def _leave_to_the_parent() -> None:
    """An environment must not be used in a forked child; closing it there leaves the parent's alone."""
    global _generation, _opening  # noqa: PLW0603 - the process is what they describe
    _generation += 1
    _opening = threading.RLock()  # a thread that held it is not in the child
    for opened in list(_shared.values()):
        opened.environment.close()
    _shared.clear()


os.register_at_fork(after_in_child=_leave_to_the_parent)


class LinkTable:
    """The link table in a folder, made on first use.

    Safe in many threads and after a fork: a process opens its own environment. What another process wrote is seen
    within a tenth of a second. Methods raise TableDamaged where the file is unreadable.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file = folder / "links.mdb"
        self._opened: _Opened | None = None
        self._generation = -1
        self._look_at = 0.0
        self._state: tuple[int, int] = (0, 0)  # inode, last write
        self._remembered = lru_cache(_REMEMBERED)(self._search)
        self._remembered_host = lru_cache(1024)(self._search_host)

    def get(self, host: str, path: str) -> Entry | None:
        """The entry of a path: exact, else with or without its trailing slash, else in another case; of this host,
        else of `*`."""
        with self._reading() as (opened, transaction):
            return _entry(opened, transaction, host, path) or _entry(opened, transaction, ANY_HOST, path)

    def find(self, host: str, path: str) -> Found | None:
        """What a request's path means: the whole path first, exactly; then without a last segment that is `-` and a
        valid placement token; then the whole path tolerantly. The answer may be a tenth of a second old."""
        self._look()
        return self._remembered(host, path)

    def apply(self, changes: Iterable[Change], *, checkpoint: int | None = None) -> None:
        """Puts or removes (None) paths, and remembers how far the caller's outbox is applied, all in one write that
        is on disk before this returns."""
        with self._writing() as (opened, transaction):
            for host, path, entry in changes:
                _put(opened, transaction, host, path, entry)
            _set_checkpoint(opened, transaction, checkpoint)

    def replace(self, entries: Iterable[tuple[str, str, Entry]], *, checkpoint: int | None = None) -> None:
        """Swaps the whole table in one write: a reader sees the old one or the new one."""
        with self._writing() as (opened, transaction):
            for database in (opened.paths, opened.folded, opened.meta):
                transaction.drop(database, delete=False)
            for host, path, entry in entries:
                _put(opened, transaction, host, path, entry)
            _set_checkpoint(opened, transaction, checkpoint)

    def checkpoint(self) -> int | None:
        """The number given to the last `apply` or `replace`; None for a table that has to be rebuilt."""
        with self._reading() as (opened, transaction):
            stored = transaction.get(b"checkpoint", db=opened.meta)
        return int(stored) if stored is not None and self._file.exists() else None

    def count(self) -> int:
        """How many paths answer."""
        with self._reading() as (opened, transaction):
            return int(transaction.stat(opened.paths)["entries"])

    def has_host(self, host: str) -> bool:
        """Whether any path answers on exactly this host. The answer may be a tenth of a second old."""
        self._look()
        return self._remembered_host(host)

    def _search_host(self, host: str) -> bool:
        start = _key(host, "")
        with self._reading() as (opened, transaction), transaction.cursor(opened.paths) as cursor:
            return bool(cursor.set_range(start)) and cursor.key().startswith(start)

    def recreate(self) -> None:
        """Sets a damaged table aside as `links.mdb.damaged` and begins an empty one. Other processes go on with what
        they have until the new one is built (has a checkpoint)."""
        self.close()
        with contextlib.suppress(FileNotFoundError):
            self._file.replace(self._file.with_suffix(".mdb.damaged"))
        self._open()

    def close(self) -> None:
        """Lets go of the environment; the next use opens it again."""
        self._opened = None
        self._generation = -1
        self._forget()

    def _forget(self) -> None:
        self._remembered.cache_clear()
        self._remembered_host.cache_clear()

    def _search(self, host: str, path: str) -> Found | None:
        with self._reading() as (opened, transaction):
            return _find(opened, transaction, host, path) or _find(opened, transaction, ANY_HOST, path)

    def _look(self) -> None:
        """Notices, now and then, another process's writes (LMDB numbers them) and another file in the table's place."""
        if self._generation == _generation and time.monotonic() < self._look_at:
            return
        with _opening:
            opened = self._opened
            if opened is None or self._generation != _generation:
                opened = self._open()
            elif self._inode() not in (0, self._state[0]):
                opened = self._change_over(opened)
            state = (self._state[0], opened.last_write())
            if state != self._state:
                self._state = state
                self._forget()
            self._look_at = time.monotonic() + _LOOK_EVERY

    def _change_over(self, current: _Opened) -> _Opened:
        """Takes the new file once it is built; until then readers are answered from the one that is gone."""
        inode = self._state[0]
        new = self._open()
        if new.built():
            return new
        self._opened, self._state = current, (inode, self._state[1])
        return current

    def _inode(self) -> int:
        try:
            return self._file.stat().st_ino
        except FileNotFoundError:
            return 0

    def _open(self) -> _Opened:
        self._forget()
        self.folder.mkdir(parents=True, exist_ok=True)
        if not self._file.exists():  # a lock file that is left over belongs to those who hold the old table
            self._file.with_suffix(".mdb-lock").unlink(missing_ok=True)
        try:
            opened = self._shared() or _Opened(self.folder, self._file)
        except lmdb.Error as problem:
            raise TableDamaged(self.folder, str(problem)) from problem
        status = self._file.stat()
        _shared[status.st_dev, status.st_ino] = opened
        self._opened, self._generation, self._state = opened, _generation, (status.st_ino, -1)
        return opened

    def _shared(self) -> _Opened | None:
        try:
            status = self._file.stat()
        except FileNotFoundError:
            return None
        return _shared.get((status.st_dev, status.st_ino))

    @contextlib.contextmanager
    def _reading(self) -> Iterator[tuple[_Opened, Any]]:
        self._look()
        opened = self._opened
        if opened is None:  # closed by another thread just now
            with _opening:
                opened = self._open()
        try:
            try:
                transaction = opened.environment.begin()
            except lmdb.MapResizedError:
                opened.environment.set_mapsize(0)  # adopt the size that the other process chose
                transaction = opened.environment.begin()
            with transaction:
                yield opened, transaction
        except lmdb.Error as problem:
            raise TableDamaged(self.folder, str(problem)) from problem

    @contextlib.contextmanager
    def _writing(self) -> Iterator[tuple[_Opened, Any]]:
        with _opening:
            opened = self._opened
            if opened is None or self._generation != _generation or self._inode() != self._state[0]:
                opened = self._open()
        try:
            opened.environment.reader_check()  # a reader killed with -9 leaves its slot, and pages, behind
            with opened.environment.begin(write=True) as transaction:
                yield opened, transaction
        except lmdb.Error as problem:
            raise TableDamaged(self.folder, str(problem)) from problem
        self._look_at = 0.0


def header_safe(url: str) -> str:
    """The URL as it stands in a Location: printable ASCII byte for byte, everything else percent-encoded as UTF-8."""
    return url if url.isascii() and url.isprintable() and " " not in url else quote(url, safe=_PRINTABLE)


def _find(opened: _Opened, transaction: Any, host: str, path: str) -> Found | None:
    if exact := _exact(opened, transaction, _key(host, path)):
        return Found(exact, "")
    rest, _, last = path.rstrip("/").rpartition("/")
    token = last[1:].lower()
    if last.startswith("-") and is_placement_token(token) and (entry := _entry(opened, transaction, host, rest)):
        return Found(entry, token)
    tolerant = _entry(opened, transaction, host, path)
    return Found(tolerant, "") if tolerant else None


def _entry(opened: _Opened, transaction: Any, host: str, path: str) -> Entry | None:
    other_slash = path[:-1] if path.endswith("/") else path + "/"
    for exact in (path, other_slash):
        if entry := _exact(opened, transaction, _key(host, exact)):
            return entry
    key = transaction.get(_key(host, _fold(path)), db=opened.folded)
    return _exact(opened, transaction, key) if key is not None else None


def _exact(opened: _Opened, transaction: Any, key: bytes) -> Entry | None:
    value = transaction.get(key, db=opened.paths)
    return _decode(value) if value is not None else None


def _key(host: str, path: str) -> bytes:
    key = f"{host}\0{path}".encode("utf-8", "surrogatepass")
    if len(key) <= _LONGEST_KEY:
        return key
    return key[: _LONGEST_KEY - 33] + b"\0" + blake2b(key, digest_size=32).digest()


def _fold(path: str) -> str:
    return path.rstrip("/").lower()


def _encode(entry: Entry) -> bytes:
    """Format 2: the byte "2", CRC-32 of the rest, then the fields as UTF-8 with NUL between."""
    link_id, token, before, after, has_slot, *texts = entry
    slot = "1" if has_slot else ""
    text = "\0".join((str(link_id), token, header_safe(before), header_safe(after), slot, *texts)).encode()
    return _FORMAT + crc32(text).to_bytes(4, "little") + text


def _decode(value: bytes) -> Entry:
    text = value[5:]
    if value[:1] != _FORMAT or crc32(text) != int.from_bytes(value[1:5], "little"):
        raise lmdb.CorruptedError("an entry's checksum is wrong")
    link_id, token, before, after, slot, *texts = text.decode().split("\0")
    return Entry(int(link_id), token, before, after, bool(slot), *texts)


def _put(opened: _Opened, transaction: Any, host: str, path: str, entry: Entry | None) -> None:
    key, folded = _key(host, path), _key(host, _fold(path))
    if entry is None:
        transaction.delete(key, db=opened.paths)
        transaction.delete(folded, key, db=opened.folded)
    else:
        transaction.put(key, _encode(entry), db=opened.paths)
        transaction.put(folded, key, db=opened.folded, dupdata=False)


def _set_checkpoint(opened: _Opened, transaction: Any, checkpoint: int | None) -> None:
    transaction.put(b"format", _FORMAT, db=opened.meta)
    if checkpoint is not None:
        transaction.put(b"checkpoint", b"%d" % checkpoint, db=opened.meta)
