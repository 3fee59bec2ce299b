"""Bringing a database to the schema that this version of the product needs."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from affiliate.store.engine import Store


def configuration(store: Store) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "alembic"))
    config.attributes["engine"] = store.engine
    return config


def newest() -> str | None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "alembic"))
    return ScriptDirectory.from_config(config).get_current_head()


def current(store: Store) -> str | None:
    """The revision the database is at; None for an empty one."""
    with store.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def upgrade(store: Store) -> bool:
    """Creates or migrates the schema; repeated calls change nothing. True if anything was done.

    Each migration runs in one transaction: after a failure the database is as it was before it.
    """
    if current(store) == newest():
        return False
    command.upgrade(configuration(store), "head")
    return True
