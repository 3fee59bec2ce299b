"""The node-local link table: what every path answers, readable with the database stopped.

A folder that the processes of a node share. `links.mdb` is a symbolic link to the file that answers. A rebuild fills a
new file beside it and then changes the link over: readers see the old table or the new one, editors wait for neither,
and the old file's space is free as soon as the last process has noticed.

Hosts are as `affiliate.urls.host_key` makes them, paths are percent-decoded text. Which link is meant where host, path and
token do not say the same: docs/decisions/0009-the-token-names-the-link.md.
"""

import contextlib
import fcntl
import os
import secrets
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote
from zlib import crc32

import lmdb

from affiliate.errors import AffiliateError
from affiliate.ids import is_placement_token
from affiliate.redirect import table_file
from affiliate.redirect.table_file import FORMAT, TableFile, Transaction

_LOOK_EVERY = 0.1  # seconds between two looks at whether another process wrote
_AT_ONCE = 5_000  # entries of one write where there are very many: what a write changed stays in memory until its end
_REMEMBERED = 16_384  # found paths a process keeps; worst case (2,000-character paths) about 60 MB
_PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))  # everything that may stand in a Location as it is

PathChange = tuple[int, str, "Entry | None"]  # the id of a site, a path, what it answers; None takes the path away
Placed = tuple[str, int]  # the token of a placement and the id of its link, which never changes
Change = PathChange | Placed


class TableDamaged(AffiliateError):
    """The link table's file is not a readable table; it has to be rebuilt from the database."""

    def __init__(self, folder: Path, reason: str) -> None:
        self.folder = folder
        super().__init__(f"The link table in {folder} is damaged ({reason}); it has to be rebuilt from the database.")


class Entry(NamedTuple):
    """What a path answers: Location is `before`, the sub-id if `has_slot`, `refusal` if the reader asks not to be
    tracked, and `after`.

    `token` is the link's default placement. A `reason` (retired, expired, direct) says why this is not the link's
    own deep link; with nothing before and after it, the reader gets the 404 page. `refusal` is the network's own way of
    being told, "" where it has none. `referrer_policy` is the programme's, "" where it has none of its own. `target` is the
    advertiser's page without tracking, "" where `before` is that already.
    """

    link_id: int
    token: str
    before: str
    after: str
    has_slot: bool
    reason: str = ""
    refusal: str = ""
    referrer_policy: str = ""
    target: str = ""


AGREED, OVERRULED, RESCUED = range(3)


class Found(NamedTuple):
    """An entry and the placement token that the path carried, or "" for bare use.

    `decided` says what the token was needed for: OVERRULED, host and path alone lead to another link; RESCUED, they lead
    to links of several sites.
    """

    entry: Entry
    token: str
    decided: int = AGREED


class Unclear(NamedTuple):
    """Several sites have a link at the path, and neither host nor token says which is meant. `targets` are the advertisers'
    pages that they lead to, without tracking, the oldest site's first; may be empty."""

    targets: tuple[str, ...]


class LinkTable:
    """The link table in a folder, made with the first write.

    Safe in many threads and after a fork: a process opens its own environment. What another process wrote is seen
    within a tenth of a second. Methods raise TableDamaged where the file is unreadable.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._name = folder / "links.mdb"
        self._file: TableFile | None = None
        self._forks = -1
        self._last_write = -1
        self._look_at = 0.0
        self._looking = threading.Lock()
        self._hosts: dict[str, bytes] = {}
        self._may_look_elsewhere = True
        self._forget()

    def find(self, host: str, path: str) -> Found | Unclear | None:
        """What a request's path means: the whole path first, exactly; then without a last segment that is `-` and a
        valid placement token; then the whole path with or without its trailing slash, in any case; of the host's site,
        else of the only one that has it (which nobody knows while the table of several sites is not built: None then). A token that names a placement decides, whatever link host and path lead to. The
        answer may be a tenth of a second old."""
        if time.monotonic() >= self._look_at or self._forks != table_file.forks:
            self._look()
        return self._remembered(host, path)

    def has_host(self, host: str) -> bool:
        """Whether this host is a site's. The answer may be a tenth of a second old."""
        self._current()
        return host in self._hosts

    def checkpoint(self) -> int | None:
        """The number given with the last write that had one; None for a table that has to be rebuilt. Of the file in the
        table's place, also while readers still answer from the one before it."""
        file = self._in_place()
        with self._damage_said():
            return file.checkpoint() if file else None

    def gaps(self) -> list[tuple[int, int]]:
        """What is missing below the checkpoint: spans of the outbox's ids, both ends included."""
        file = self._in_place()
        with self._damage_said():
            return file.gaps() if file else []

    def count(self) -> int:
        """How many paths answer."""
        with self._damage_said():
            file = self._current()
            return file.count() if file else 0

    def is_damaged(self) -> bool:
        """Whether it cannot be read, or any process of the node met an entry that it could not read."""
        try:
            file = self._current()
        except TableDamaged:
            return True
        return file is not None and _mark_of_damage(file).exists()

    def apply(
        self,
        changes: Iterable[Change],
        *,
        hosts: Mapping[str, int] | None = None,
        checkpoint: int | None = None,
        gaps: Sequence[tuple[int, int]] = (),
    ) -> None:
        """Puts or removes paths, puts placements, sets the hosts of all sites, and remembers how far the caller's outbox is
        applied (all up to the checkpoint but for the gaps), all in one write that is on disk before this returns. `changes`
        are read when the write has begun.

        A checkpoint says that everything before it is in the table, so only a built table takes one: TableDamaged, and
        nothing is written, where the file was taken away or replaced since the caller looked."""
        with self._damage_said():
            self.folder.mkdir(parents=True, exist_ok=True)
            with _locked(self.folder / "writing.lock"):
                if not self._name.exists():
                    if checkpoint is not None:
                        raise TableDamaged(self.folder, "there is none to bring up to date")
                    _point(self._name, _made(self.folder))
                file = table_file.opened(self._name)  # not what readers still hold
                if checkpoint is not None and file.checkpoint() is None:
                    raise TableDamaged(self.folder, "it is not built yet")
                file.environment.reader_check()  # a reader killed with -9 leaves its slot, and pages, behind
                _write(file, changes, hosts, checkpoint, gaps)
        self._look_at = 0.0

    def replace(self, entries: Iterable[Change], *, hosts: Mapping[str, int], checkpoint: int) -> None:
        """Another table in place of this one; a reader sees the old one or the new one."""
        rest = iter(entries)
        with self.rebuilding() as new:
            while some := list(islice(rest, _AT_ONCE)):
                new.apply(some)
            new.apply((), hosts=hosts, checkpoint=checkpoint)
            with new.taking_over():
                pass

    @contextlib.contextmanager
    def rebuilding(self) -> Iterator["NewTable"]:
        """An empty table beside this one, to be filled and to take over. A second rebuild waits for the first. Nothing
        of the new table is left where the block ends before it took over; where the process dies, `tidy` cleans up."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with _locked(self.folder / "building.lock"):
            with _locked(self.folder / "writing.lock"):
                self._tidy()
            new = NewTable(self._name)
            try:
                yield new
            finally:
                new.close()
                with _locked(self.folder / "writing.lock"):
                    self._tidy()
                self._look_at = 0.0

    def tidy(self) -> None:
        """Removes what a killed rebuild left behind; does nothing while one is running."""
        with (
            contextlib.suppress(FileNotFoundError, BlockingIOError),
            _locked(self.folder / "building.lock", wait=False),
            _locked(self.folder / "writing.lock"),
        ):
            self._tidy()

    def _tidy(self) -> None:
        current = self._name.resolve().name
        kept = {self._name.name, current, f"{current}-lock", f"{current}.damaged", "writing.lock", "building.lock"}
        for path in self.folder.iterdir():
            if path.name not in kept:
                path.unlink(missing_ok=True)

    def close(self) -> None:
        """Lets go of the file; the next use opens it again."""
        with self._looking:
            self._file = None
            self._look_at = 0.0
            self._forget()

    def _in_place(self) -> TableFile | None:
        with self._damage_said(), contextlib.suppress(FileNotFoundError):
            return table_file.opened(self._name)
        return None

    def _current(self) -> TableFile | None:
        if time.monotonic() >= self._look_at or self._forks != table_file.forks:
            self._look()
        return self._file

    def _look(self) -> None:
        """Notices another process's writes (LMDB numbers them) and another file in the table's place."""
        if self._forks != table_file.forks:  # what the parent held is not ours, and its lock may be held for ever
            self._file, self._forks, self._looking = None, table_file.forks, threading.Lock()
        with self._damage_said(), self._looking:
            file = self._newest()
            last_write = file.last_write() if file else 0
            if file is not self._file or last_write != self._last_write:
                self._hosts = file.hosts() if file else {}
                is_whole = file is not None and file.checkpoint() is not None
                self._may_look_elsewhere = is_whole or len(set(self._hosts.values())) < 2
                self._file, self._last_write = file, last_write
                self._forget()
            self._look_at = time.monotonic() + _LOOK_EVERY

    def _forget(self) -> None:
        """A new memory, not an emptied one: a thread that is still reading the old state remembers it in the old one."""
        self._remembered = lru_cache(_REMEMBERED)(self._search)

    def _newest(self) -> TableFile | None:
        """The file in the table's place; while there is none, or none that is built, the one held so far."""
        held = self._file
        try:
            status = self._name.stat()
            if held and held.identity == (status.st_dev, status.st_ino):
                return held
            file = table_file.opened(self._name)
        except FileNotFoundError:
            return held
        except (OSError, lmdb.Error):
            if held:
                return held
            raise
        return held if held and file.checkpoint() is None else file

    def _search(self, host: str, path: str) -> Found | Unclear | None:
        file = self._file
        if file is None:
            return None
        try:
            with file.begin() as transaction:
                return _find(file, transaction, path, self._hosts.get(host), elsewhere=self._may_look_elsewhere)
        except lmdb.Error as problem:
            with contextlib.suppress(OSError):
                _mark_of_damage(file).touch()
            raise TableDamaged(self.folder, str(problem)) from problem

    @contextlib.contextmanager
    def _damage_said(self) -> Iterator[None]:
        try:
            yield
        except (OSError, lmdb.Error) as problem:
            raise TableDamaged(self.folder, str(problem)) from problem


class NewTable:
    """A table that is being filled, unknown to readers. Memory stays small: each `apply` is a write of its own, and none
    waits for the disk until the table takes over."""

    def __init__(self, name: Path) -> None:
        self._name = name
        self._file = TableFile(_made(name.parent), sync=False)

    def apply(
        self,
        changes: Iterable[Change],
        *,
        hosts: Mapping[str, int] | None = None,
        checkpoint: int | None = None,
        gaps: Sequence[tuple[int, int]] = (),
    ) -> None:
        _write(self._file, changes, hosts, checkpoint, gaps)

    @contextlib.contextmanager
    def taking_over(self) -> Iterator[None]:
        """Edits of the old table wait while this block is running; when it ends, this one is on disk and answers."""
        self._file.environment.sync(True)  # most of it, before anybody waits
        with _locked(self._name.with_name("writing.lock")):
            yield
            self._file.environment.sync(True)
            self.close()  # readers of this process open it anew, and a process may not hold two
            _point(self._name, self._file.file)

    def close(self) -> None:
        self._file.environment.close()


def header_safe(url: str) -> str:
    """The URL as it stands in a Location: printable ASCII byte for byte, everything else percent-encoded as UTF-8."""
    return url if url.isascii() and url.isprintable() and " " not in url else quote(url, safe=_PRINTABLE)


@contextlib.contextmanager
def _locked(file: Path, *, wait: bool = True) -> Iterator[None]:
    """Holds a lock between processes and threads. BlockingIOError where it is taken and is not to be waited for."""
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield
    finally:
        os.close(descriptor)


def _made(folder: Path) -> Path:
    """An empty table file under a name that was never used: LMDB's lock file goes by the name, and each file needs its
    own."""
    file = folder / f"links-{secrets.token_hex(8)}.mdb"
    TableFile(file, sync=False).environment.close()
    return file


def _point(name: Path, file: Path) -> None:
    """Makes the name lead to this file, in one step that is on disk before this returns."""
    new = name.with_suffix(".new")
    new.unlink(missing_ok=True)
    new.symlink_to(file.name)
    new.replace(name)
    descriptor = os.open(name.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _mark_of_damage(file: TableFile) -> Path:
    return file.file.with_name(f"{file.file.name}.damaged")


def _write(
    file: TableFile,
    changes: Iterable[Change],
    hosts: Mapping[str, int] | None,
    checkpoint: int | None,
    gaps: Sequence[tuple[int, int]],
) -> None:
    with file.begin(write=True) as transaction:
        for change in changes:
            if len(change) == 2:
                file.put_token(transaction, *change)
            else:
                _write_path(file, transaction, *change)
        if hosts is not None:
            file.set_hosts(transaction, hosts)
        if checkpoint is not None:
            file.set_checkpoint(transaction, checkpoint, gaps)


def _write_path(file: TableFile, transaction: Transaction, site: int, path: str, entry: Entry | None) -> None:
    if entry is not None:
        file.put(transaction, site, path, _encode(entry), entry.link_id)
    elif value := file.delete(transaction, site, path):
        file.forget_link(transaction, _decode(value).link_id)


def _find(
    file: TableFile, transaction: Transaction, path: str, site: bytes | None, *, elsewhere: bool
) -> Found | Unclear | None:
    if site is not None and (value := file.exact(transaction, path, site)):
        return Found(_decode(value), "")
    rest, _, last = path.rstrip("/").rpartition("/")
    token = last[1:].lower() if last.startswith("-") else ""
    if not is_placement_token(token):
        token = ""
    elif site is not None and (
        value := file.exact(transaction, rest, site)
    ):  # as nearly every article's link is asked for
        entry = _decode(value)
        link_id = file.link_of(transaction, token)
        if link_id is None or link_id == entry.link_id:
            return Found(entry, token)
        return _named(file, transaction, (entry,), token, link_id)
    values, carries = _values(file, transaction, path, rest if token else "", site, elsewhere=elsewhere)
    if not values:
        return None
    entries = [_decode(value) for value in values]
    if carries and (link_id := file.link_of(transaction, token)) is not None:
        return _named(file, transaction, entries, token, link_id)
    if len(entries) > 1:
        return Unclear(tuple(dict.fromkeys(filter(None, (entry.target or entry.before for entry in entries)))))
    return Found(entries[0], token if carries else "")


def _values(
    file: TableFile, transaction: Transaction, path: str, rest: str, site: bytes | None, *, elsewhere: bool
) -> tuple[list[bytes], bool]:
    """What stands at the path, and whether that is so without its token; `rest` is the path without it, "" where it has
    none. Of the site, else of all that have it, if these may be looked at (`elsewhere`)."""
    for wanted in (*(() if site is None else (site,)), *((None,) if elsewhere else ())):
        if wanted is None and (
            values := file.exactly(transaction, path, None)
        ):  # of the site it was looked for already
            return values, False
        if rest and (values := file.tolerant(transaction, rest, wanted)):
            return values, True
        if values := file.tolerant(transaction, path, wanted):
            return values, False
    return [], False


def _named(
    file: TableFile, transaction: Transaction, entries: Sequence[Entry], token: str, link_id: int
) -> Found | None:
    """The link that a token names, beside the entries that stand at its path; None while that link answers nowhere."""
    here = next((entry for entry in entries if entry.link_id == link_id), None)
    if here is None:
        value = file.by_link(transaction, link_id)
        there = _decode(value) if value else None
        if there is None or there.link_id != link_id:
            return None
        return Found(there, token, RESCUED if len(entries) > 1 else OVERRULED)
    return Found(here, token, RESCUED if len(entries) > 1 else AGREED)


def _encode(entry: Entry) -> bytes:
    """The format's byte, CRC-32 of the rest, then the fields as UTF-8 with NUL between."""
    link_id, token, before, after, has_slot, *texts, target = entry
    slot = "1" if has_slot else ""
    urls = header_safe(before), header_safe(after)
    text = "\0".join((str(link_id), token, *urls, slot, *texts, header_safe(target))).encode()
    return FORMAT + crc32(text).to_bytes(4, "little") + text


def _decode(value: bytes) -> Entry:
    text = value[5:]
    if value[:1] != FORMAT or crc32(text) != int.from_bytes(value[1:5], "little"):
        raise lmdb.CorruptedError("an entry's checksum is wrong")
    link_id, token, before, after, slot, *texts = text.decode().split("\0")
    return Entry(int(link_id), token, before, after, bool(slot), *texts)
