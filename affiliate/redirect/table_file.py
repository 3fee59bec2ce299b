"""One file of the link table: an LMDB environment with its keys. What the values mean is the table's business.

`paths` holds the values under path and site, the oldest site first; `folded` leads from a path in lower case without a
trailing slash to those that are written otherwise, so that tolerance costs nothing where the path was right; `tokens`
holds the link of every placement, `links` the key of one path of every link; `hosts` says which site a host is; `meta`
holds format, checkpoint and gaps.
"""

import json
import os
import threading
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import lmdb

from affiliate.urls import host_key

FORMAT = b"4"  # another one is rebuilt from the database
_MAP_BYTES = 32 << 30  # address space, not disk: a million links take 0.3 GB, and a map that never grows never resizes
_LONGEST_KEY = 511  # LMDB's own limit; longer paths end in a hash
_SITE_BYTES = 4
_LINK_BYTES = 8
_DATABASES = 6
_TOKEN = slice(1, 11)  # what tells placement tokens apart: without the `a` that all have, and the check character

Transaction = Any  # lmdb.Transaction is generic in its stubs and not when it runs


class TableFile:
    """An open file. LMDB allows a process only one environment per file, so ask `opened`. lmdb.Error for a file that is
    no table, is of another format or was cut."""

    def __init__(self, file: Path, *, sync: bool = True) -> None:
        self.file = file
        self.environment, writable = _environment(file, sync=sync)
        status = file.stat()
        self.identity = (status.st_dev, status.st_ino)
        if status.st_size < (self.environment.info()["last_pgno"] + 1) * self.environment.stat()["psize"]:
            raise lmdb.CorruptedError("the file was cut")  # reading past the end would kill the process
        self.paths = self.environment.open_db(b"paths", create=writable)
        self.folded = self.environment.open_db(b"folded", dupsort=True, create=writable)
        self._tokens = self.environment.open_db(b"tokens", create=writable)
        self._links = self.environment.open_db(b"links", create=writable)
        self._hosts = self.environment.open_db(b"hosts", create=writable)
        self._meta = self.environment.open_db(b"meta", create=writable)
        with self.begin() as transaction:
            version = transaction.get(b"format", FORMAT, db=self._meta)
        if version != FORMAT:
            raise lmdb.VersionMismatchError(f"format {version.decode(errors='replace')} is not {FORMAT.decode()}")

    def begin(self, *, write: bool = False) -> Transaction:
        """A transaction whose database is `paths`."""
        try:
            return self.environment.begin(self.paths, write=write)
        except lmdb.MapResizedError:
            self.environment.set_mapsize(0)  # adopt the size that another process chose
            return self.environment.begin(self.paths, write=write)

    def last_write(self) -> int:
        return int(self.environment.info()["last_txnid"])

    def hosts(self) -> dict[str, bytes]:
        """The hosts of all sites, each with the site as `suffix` makes it."""
        with self.begin() as transaction, transaction.cursor(self._hosts) as cursor:
            return {host.decode(): site for host, site in cursor}

    def checkpoint(self) -> int | None:
        with self.begin() as transaction:
            stored = transaction.get(b"checkpoint", db=self._meta)
        return None if stored is None else int(stored)

    def gaps(self) -> list[tuple[int, int]]:
        with self.begin() as transaction:
            return [(first, last) for first, last in json.loads(transaction.get(b"gaps", b"[]", db=self._meta))]

    def count(self) -> int:
        with self.begin() as transaction:
            return int(transaction.stat(self.paths)["entries"])

    # The writing methods leave alone what is so already: a transaction that changes nothing costs no disk, and no other
    # process its memory.

    def put(self, transaction: Transaction, site: int, path: str, value: bytes, link_id: int) -> None:
        key, folded, link = _key(path) + suffix(site), fold(path), link_id.to_bytes(_LINK_BYTES, "big")
        if transaction.get(key) != value:
            transaction.put(key, value)
            if folded != path:
                transaction.put(_key(folded) + suffix(site), key, db=self.folded, dupdata=False)
        if transaction.get(link, db=self._links) is None:
            transaction.put(link, key, db=self._links)

    def delete(self, transaction: Transaction, site: int, path: str) -> bytes | None:
        """Takes a path away; the value that it had, None where there was none."""
        key, folded = _key(path) + suffix(site), fold(path)
        value: bytes | None = transaction.pop(key)
        if value is not None and folded != path:
            transaction.delete(_key(folded) + suffix(site), key, db=self.folded)
        return value

    def put_token(self, transaction: Transaction, token: str, link_id: int) -> None:
        key, link = token[_TOKEN].encode(), link_id.to_bytes(_LINK_BYTES, "big")
        if transaction.get(key, db=self._tokens) != link:
            transaction.put(key, link, db=self._tokens)

    def forget_link(self, transaction: Transaction, link_id: int) -> None:
        """The link is found by none of its tokens until one of its paths is put again."""
        transaction.delete(link_id.to_bytes(_LINK_BYTES, "big"), db=self._links)

    def set_hosts(self, transaction: Transaction, hosts: Mapping[str, int]) -> None:
        wanted = {host_key(host): suffix(site) for host, site in hosts.items()}
        if wanted != self.hosts():
            transaction.drop(self._hosts, delete=False)
            for host, site in wanted.items():
                transaction.put(host.encode(), site, db=self._hosts)

    def set_checkpoint(self, transaction: Transaction, checkpoint: int, gaps: Sequence[tuple[int, int]]) -> None:
        wanted = {b"format": FORMAT, b"checkpoint": b"%d" % checkpoint, b"gaps": json.dumps(gaps).encode()}
        for name, value in wanted.items():
            if transaction.get(name, db=self._meta) != value:
                transaction.put(name, value, db=self._meta)

    def link_of(self, transaction: Transaction, token: str) -> int | None:
        """The link of a placement; None for a token that is not in the table."""
        link = transaction.get(token[_TOKEN].encode(), None, self._tokens)
        return None if link is None else int.from_bytes(link, "big")

    def by_link(self, transaction: Transaction, link_id: int) -> bytes | None:
        """The value of one of the link's paths; None where it has none, or may have lost it to another link."""
        key = transaction.get(link_id.to_bytes(_LINK_BYTES, "big"), db=self._links)
        return transaction.get(key) if key is not None else None

    def exact(self, transaction: Transaction, path: str, site: bytes) -> bytes | None:
        """The value of a path of a site, as `suffix` makes it."""
        value: bytes | None = transaction.get(_key(path) + site)
        return value

    def exactly(self, transaction: Transaction, path: str, site: bytes | None) -> list[bytes]:
        """The value of a path of a site; where that is None, of every site that has the path, the oldest one first."""
        if site is None:
            return _of_all_sites(transaction, self.paths, _key(path))
        value = self.exact(transaction, path, site)
        return [] if value is None else [value]

    def tolerant(self, transaction: Transaction, path: str, site: bytes | None) -> list[bytes]:
        """As `exactly`: of the path as it is, else with or without its trailing slash, else in another case."""
        folded = fold(path)
        for spelling in (path, path[:-1] if path.endswith("/") else path + "/", folded):
            if values := self.exactly(transaction, spelling, site):
                return values
        if site is None:
            keys = _of_all_sites(transaction, self.folded, _key(folded))
        else:
            key = transaction.get(_key(folded) + site, db=self.folded)
            keys = [] if key is None else [key]
        return [value for key in keys if (value := transaction.get(key)) is not None]


def _environment(file: Path, *, sync: bool) -> tuple[Any, bool]:
    """The environment, and whether it may be written. On a disk that is read-only nobody writes, so readers need no lock."""
    settings: dict[str, Any] = {
        "subdir": False,
        "map_size": _MAP_BYTES,
        "max_dbs": _DATABASES,
        "max_readers": 1024,
        "sync": sync,
    }
    try:
        return lmdb.open(str(file), **settings), True
    except lmdb.Error:
        if not _is_on_a_read_only_disk(file):
            raise
        return lmdb.open(str(file), readonly=True, lock=False, **settings), False


def _is_on_a_read_only_disk(file: Path) -> bool:
    return file.exists() and bool(os.statvfs(file).f_flag & os.ST_RDONLY)


def fold(path: str) -> str:
    return path.rstrip("/").lower()


def _of_all_sites(transaction: Transaction, database: Any, key: bytes) -> list[bytes]:
    """The first value under this key of each site."""
    values: list[bytes] = []
    with transaction.cursor(database) as cursor:
        there = cursor.set_range(key)
        while there and cursor.key()[:-_SITE_BYTES] == key:
            values.append(cursor.value())
            there = cursor.next_nodup()
    return values


def _key(path: str) -> bytes:
    """To be followed by the site."""
    key = f"{path}\0".encode("utf-8", "surrogatepass")
    if len(key) <= _LONGEST_KEY - _SITE_BYTES:
        return key
    return key[: _LONGEST_KEY - _SITE_BYTES - 33] + blake2b(key, digest_size=32).digest() + b"\0"


def suffix(site: int) -> bytes:
    return site.to_bytes(_SITE_BYTES, "big")


_shared: WeakValueDictionary[tuple[int, int], TableFile] = WeakValueDictionary()  # by device and inode
_opening = threading.RLock()  # the first requests of a worker come in several threads at once
forks = 0  # changes in a forked child, where everything opened before belongs to the parent; cheaper than getpid(2)


def opened(name: Path) -> TableFile:
    """The file that this name leads to, opened once a process. FileNotFoundError, or lmdb.Error where it is no table."""
    with _opening:
        for _ in range(10):
            file = name.resolve()
            status = file.stat()
            identity = (status.st_dev, status.st_ino)
            if known := _shared.get(identity):
                return known
            made = TableFile(file)
            if made.identity == identity:
                _shared[identity] = made
                return made
            made.environment.close()  # a new table took over this moment, and LMDB made an empty file of the old name
        raise lmdb.DiskError("the file changes faster than it can be opened")


def _leave_to_the_parent() -> None:
    """An environment must not be used in a forked child; closing it there leaves the parent's alone."""
    global forks, _opening  # noqa: PLW0603 - the process is what they describe
    forks += 1
    _opening = threading.RLock()  # a thread that held it is not in the child
    for file in list(_shared.values()):
        file.environment.close()
    _shared.clear()


os.register_at_fork(after_in_child=_leave_to_the_parent)
