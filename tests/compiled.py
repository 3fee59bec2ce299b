"""What the tests of one worker compile once instead of once a test: statements, templates, routes and the schema.

Each test has engines and web applications of its own, and each of those would compile all of these anew: two thirds of the
time of a test of a page. What is shared is what depends on nothing but the source: a template's code goes by its text, a
statement's by its structure and the dialect, a route's by its rule.
"""

import shutil
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import Engine, create_engine, event
from werkzeug.routing import Rule

from affiliate.store import Store, migrations
from affiliate.store import engine as store_engine


class TemplatesInMemory(BytecodeCache):
    def __init__(self) -> None:
        self._compiled: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if code := self._compiled.get(bucket.key):
            bucket.load_bytecode(BytesIO(code))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._compiled[bucket.key] = bucket.bytecode_to_string()


def share(patch: pytest.MonkeyPatch, folder: Path) -> None:
    """`folder` is the worker's own, for the embedded database that the others are copied from."""
    patch.setattr(migrations, "upgrade", _copying(migrations.upgrade, folder / "migrated.db"))
    patch.setattr(Flask, "jinja_options", {**Flask.jinja_options, "bytecode_cache": TemplatesInMemory()})
    patch.setattr(Rule, "_compile_builder", _remembering(Rule._compile_builder))
    patch.setattr(store_engine, "create_engine", _sharing(create_engine))


def _copying(upgrade: Callable[[Store], bool], migrated: Path) -> Callable[[Store], bool]:
    """An embedded database that is not there yet is a copy of one that was migrated: a hundredth of the time."""

    def copied(store: Store) -> bool:
        path = Path(store.url.database) if store.is_sqlite and store.url.database else None
        if path is None or path.exists():
            return upgrade(store)
        if not migrated.exists():
            original = Store(f"sqlite:///{migrated.with_suffix('.original')}")
            upgrade(original)
            original.backup(migrated)
            original.close()
        shutil.copyfile(migrated, path)
        return True

    return copied


def _remembering(
    compile_builder: Callable[[Rule, bool], Callable[..., Any]],
) -> Callable[[Rule, bool], Callable[..., Any]]:
    made: dict[tuple[object, ...], Callable[..., Any]] = {}

    def compiled(rule: Rule, append_unknown: bool = True) -> Callable[..., Any]:
        if rule.defaults:  # they stand in the code as values
            return compile_builder(rule, append_unknown)
        key = (rule.rule, tuple(rule._trace), append_unknown)
        if key not in made:
            made[key] = compile_builder(rule, append_unknown)
        return made[key]

    return compiled


def _sharing(create_engine: Callable[..., Engine]) -> Callable[..., Engine]:
    """Engines of one kind use the dialect of the first one that connected, which has looked at the server's version and is
    part of the key under which a statement is remembered, and its cache."""
    connected: dict[str, Engine] = {}

    def create(*arguments: Any, **settings: Any) -> Engine:
        made = create_engine(*arguments, **settings)
        kind = made.dialect.name
        if first := connected.get(kind):
            made.dialect, made._compiled_cache = first.dialect, first._compiled_cache
        else:
            event.listen(made, "engine_connect", lambda _: connected.setdefault(kind, made))
        return made

    return create
